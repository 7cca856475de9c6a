"""Reads auto focus reports of N.I.N.A. (JSON, versions 1 and 2) and of its plug-in Hocus Focus.

A report lists its points by position, not by time. `Error` is the star-to-star scatter of the
frame, not a standard error; 1000 where no star was found. Numbers may be the string "NaN" or the
literal, objects may be null; `Version`, `Duration` and the detector are missing in version 1.
`PreviousFocusPoint` repeats the result and is not read. Hocus Focus adds what it was asked for
(`FocuserOptions`) and `FinalHFR`, a frame measured at the result.

The file is named after the profile that made it: two rigs may write into one folder.
"""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from focusbench.af_packages.order import ORDER
from focusbench.af_packages.package import Package
from focusbench.af_packages.text import (
    check_counts,
    median_gap,
    number,
    number_or_none,
    size_px,
    steps,
)
from focusbench.curve import FocusPoint, Rejected
from focusbench.errors import PackageDamaged, PackageError

NO_STARS = 1000.0
"""What N.I.N.A. writes as `Error` of a frame without stars, pixels."""

DEFINITION = "flux-weighted mean distance from a star's centre, mean over the stars"

_OWN_RESULTS = {
    "CalculatedFocusPoint": "its result",
    "HyperbolicMinimum": "hyperbola",
    "QuadraticMinimum": "parabola",
    "TrendLineIntersection": "two lines",
}
_ASKED = {
    "AutoFocusExposureTime": "exposure_s",
    "AutoFocusBinning": "binning",
    "AutoFocusStepSize": "step_size",
    "AutoFocusNumberOfFramesPerPoint": "frames_per_point",
    "FocuserSettleTime": "settle_s",
    "BacklashIn": "backlash_in",
    "BacklashOut": "backlash_out",
}
_PROFILE = re.compile(r"--([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$", re.I)


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
    check_counts(source, len(document["MeasurePoints"]))
    points = [_point(item, temperature, source) for item in document["MeasurePoints"]]
    if not points:
        raise PackageError(f"{source} holds no points: N.I.N.A. wrote it for a run that failed.")
    points.sort(key=lambda point: point.position)
    found, settings = _found(document), _settings(document)
    is_hocus = document.get("AutoFocuserName") == "Hocus Focus" or (
        "HocusFocusStarDetectionOptions" in document
    )
    final = size_px(document.get("FinalHFR"))
    if math.isfinite(final) and "its result" in found:
        points.append(
            FocusPoint(
                position=found["its result"],
                metric=final,
                temperature_c=temperature,
                role="validation",
            )
        )
    detector = document.get("StarDetectorName")
    started_s, notes = _started(document)
    step = number_or_none(settings.get("step_size"))
    profile = _PROFILE.search(source.stem)
    return Package(
        source=source,
        format="Hocus Focus" if is_hocus else "N.I.N.A.",
        focus_points=tuple(points),
        metric="hfr_mean_radius",
        definition=f"{DEFINITION}; measured by {detector or 'N.I.N.A.'}",
        time_ordered=False,
        step_size=step or median_gap(p.position for p in points if p.role != "validation"),
        filter=str(document.get("Filter") or "") or None,
        started_s=started_s,
        notes=("The report does not tell in which order the points were taken.", *notes)
        + ((_sentence(found, is_hocus),) if found else ()),
        unknown=(
            ORDER,
            "standard errors (its errors are the scatter between stars)",
            "how many stars were used",
            *(() if "exposure_s" in settings else ("the exposure time",)),
        ),
        settings=settings,
        found=found,
        rig=profile.group(1) if profile else None,
    )


def _point(item: object, temperature_c: float | None, source: Path) -> FocusPoint:
    if not isinstance(item, Mapping) or not math.isfinite(steps(item.get("Position"))):
        raise PackageDamaged(
            f"{source} is damaged: {str(item)[:60]!r} is no point; export the report again."
        )
    value, scatter = size_px(item.get("Value")), number_or_none(item.get("Error"))
    rejected, reason = Rejected.NO, ""
    if not math.isfinite(value) or scatter == NO_STARS:
        value, scatter = math.nan, None
        rejected, reason = Rejected.FEW_STARS, "no stars"
    elif item.get("IsOutlier") is True:
        rejected, reason = Rejected.QUALITY, "an outlier, says the program that made the run"
    return FocusPoint(
        position=steps(item["Position"]),
        metric=value,
        scatter=scatter,
        temperature_c=temperature_c,
        rejected=rejected,
        reason=reason,
    )


def _found(document: Mapping[str, Any]) -> dict[str, float]:
    """What the program itself made of the points, steps."""
    said = {**_mapping(document.get("Intersections")), **document}
    places = {
        words: steps(_mapping(said.get(name)).get("Position"))
        for name, words in _OWN_RESULTS.items()
    }
    return {words: place for words, place in places.items() if math.isfinite(place)}


def _sentence(found: Mapping[str, float], is_hocus: bool) -> str:
    said = ", ".join(f"{words} {place:.0f}" for words, place in found.items())
    return f"{'Hocus Focus' if is_hocus else 'N.I.N.A.'} found: {said}."


def _settings(document: Mapping[str, Any]) -> dict[str, object]:
    """What the report tells of how the run was asked for."""
    asked = {
        ours: number(_mapping(document.get("FocuserOptions")).get(theirs))
        for theirs, ours in _ASKED.items()
    }
    backlash = _mapping(document.get("BacklashCompensation"))
    asked |= {
        "backlash_in": number(backlash.get("BacklashIN")),
        "backlash_out": number(backlash.get("BacklashOUT")),
        "initial_position": number(_mapping(document.get("InitialFocusPoint")).get("Position")),
    }
    settings: dict[str, object] = {k: v for k, v in asked.items() if math.isfinite(v)}
    words = {
        "backlash_model": backlash.get("BacklashCompensationModel"),
        "fitting": document.get("Fitting"),
        "detector": document.get("StarDetectorName"),
    }
    return settings | {k: v[:80] for k, v in words.items() if isinstance(v, str) and v}


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _started(document: Mapping[str, Any]) -> tuple[float | None, tuple[str, ...]]:
    """Unix time at which the run began: the report's own, less how long the run took, seconds."""
    # Seven decimals are more than Python reads.
    stamp = re.sub(r"(\.\d{6})\d+", r"\1", str(document.get("Timestamp") or ""))
    try:
        written = datetime.fromisoformat(stamp)
        if written.tzinfo is None:
            written = written.replace(tzinfo=UTC)
        end_s = written.timestamp()
    except (ValueError, OverflowError, OSError):
        return None, ()
    took = re.fullmatch(
        r"(?:(\d+)\.)?(\d+):(\d+):(\d+(?:\.\d+)?)", str(document.get("Duration") or "")
    )
    if took is None:
        return end_s, ("The report does not tell how long the run took: it began before its time.",)
    days, hours, minutes, seconds = (float(part or 0) for part in took.groups())
    return end_s - (86400 * days + 3600 * hours + 60 * minutes + seconds), ()
