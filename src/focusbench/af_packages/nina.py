"""Reads N.I.N.A.'s auto focus reports (JSON, versions 1 and 2).

A report lists its points by position, not by time. `Error` is the star-to-star scatter of the
frame, not a standard error; 1000 where no star was found. Numbers may be the string "NaN" or the
literal, objects may be null, `Version` is missing in old reports.
"""

import math
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from focusbench.af_packages.package import Package
from focusbench.af_packages.text import median_gap, number, number_or_none
from focusbench.curve import FocusPoint, Rejected
from focusbench.errors import PackageDamaged, PackageError

NO_STARS = 1000.0
"""What N.I.N.A. writes as `Error` of a frame without stars, pixels."""

_OWN_RESULTS = {
    "CalculatedFocusPoint": "its result",
    "HyperbolicMinimum": "hyperbola",
    "QuadraticMinimum": "parabola",
    "TrendLineIntersection": "two lines",
}


def is_report(document: object) -> bool:
    """Whether a JSON document is such a report."""
    return isinstance(document, dict) and isinstance(document.get("MeasurePoints"), list)


def read(document: Mapping[str, Any], source: Path) -> Package:
    """Read a report.

    Raises
    ------
    PackageError
        Made by contrast detection, or without points.
    PackageDamaged
        A point without position.
    """
    if document.get("Method") == "CONTRASTDETECTION":
        raise PackageError(
            f"{source} was made with contrast detection, which measures no stars; "
            "only N.I.N.A.'s star HFR runs can be opened."
        )
    temperature = number_or_none(document.get("Temperature"))
    points = tuple(_point(item, temperature, source) for item in document["MeasurePoints"])
    if not points:
        raise PackageError(f"{source} holds no points: N.I.N.A. wrote it for a run that failed.")
    points = tuple(sorted(points, key=lambda point: point.position))
    detector = document.get("StarDetectorName")
    definition = "flux-weighted mean distance from a star's centre, mean over the stars"
    return Package(
        source=source,
        format="N.I.N.A.",
        focus_points=points,
        metric="hfr_mean_radius",
        definition=f"{definition}; measured by {detector or 'N.I.N.A.'}",
        time_ordered=False,
        step_size=median_gap(point.position for point in points),
        filter=str(document.get("Filter") or "") or None,
        started_s=_started(document),
        notes=tuple(_notes(document)),
    )


def _point(item: object, temperature_c: float | None, source: Path) -> FocusPoint:
    if not isinstance(item, Mapping) or not math.isfinite(number(item.get("Position"))):
        raise PackageDamaged(
            f"{source} is damaged: {str(item)[:60]!r} is no point; export the report again."
        )
    value, scatter = number(item.get("Value")), number_or_none(item.get("Error"))
    rejected, reason = Rejected.NO, ""
    if not math.isfinite(value) or value <= 0 or scatter == NO_STARS:
        value, scatter = math.nan, None
        rejected, reason = Rejected.FEW_STARS, "no stars"
    elif item.get("IsOutlier") is True:
        rejected, reason = Rejected.QUALITY, "an outlier, says the program that made the run"
    return FocusPoint(
        position=number(item["Position"]),
        metric=value,
        scatter=scatter,
        temperature_c=temperature_c,
        rejected=rejected,
        reason=reason,
    )


def _notes(document: Mapping[str, Any]) -> list[str]:
    """Say what is unknown, and what N.I.N.A. itself made of the points."""
    found = {**_mapping(document.get("Intersections")), **document}
    said = [
        f"{words} {number(_mapping(found.get(name)).get('Position')):.0f}"
        for name, words in _OWN_RESULTS.items()
        if math.isfinite(number(_mapping(found.get(name)).get("Position")))
    ]
    notes = ["The report does not tell in which order the points were taken."]
    if said:
        notes.append(f"N.I.N.A. found: {', '.join(said)}.")
    return notes


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _started(document: Mapping[str, Any]) -> float | None:
    """Unix time at which the run began: the report's own, less how long the run took, seconds."""
    # Seven decimals are more than Python reads.
    stamp = re.sub(r"(\.\d{6})\d+", r"\1", str(document.get("Timestamp") or ""))
    try:
        written = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    took = re.fullmatch(
        r"(?:(\d+)\.)?(\d+):(\d+):(\d+(?:\.\d+)?)", str(document.get("Duration") or "")
    )
    if took is None or written.tzinfo is None:
        return None
    days, hours, minutes, seconds = (float(part or 0) for part in took.groups())
    return written.timestamp() - (86400 * days + 3600 * hours + 60 * minutes + seconds)
