"""What is remembered of a run among many: one JSON object, made of an open package.

Keys are those of `Package` and of the dataset of one run; points are columns. What is unknown is
null, so that the object is strict JSON.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from focusbench.af_packages.package import Package
from focusbench.curve import CURVES, FocusPoint
from focusbench.engine import verdict

Entry = dict[str, Any]

POINT_COLUMNS = {
    "position": ("Focuser position", "steps"),
    "time": ("Middle of the exposure", "seconds since 1970-01-01T00:00:00+00:00"),
    "temperature": ("Temperature", "degC"),
    "metric": ("Deciding metric", "px"),
    "metric_error": ("Deciding metric, standard error", "px"),
    "metric_scatter": ("Deciding metric, scatter between stars", "px"),
    "n_stars": ("Stars used", "1"),
}
"""Columns of numbers that every run has, with their long names and units."""


def entry_of(package: Package) -> Entry:
    """Make the entry of a run; its curves are fitted where nobody fitted them before."""
    points, best = package.focus_points, package.decided
    record = package.record
    fits = [best.fits.get(name) for name in CURVES]
    return {
        "name": package.name,
        "run": package.run,
        "format": package.format,
        "metric": package.metric,
        "definition": package.definition,
        "filter": package.filter,
        "rig": package.rig,
        "started": _known(package.started_s),
        "step_size": _known(package.step_size),
        "time_ordered": package.time_ordered,
        "outcome": str(record.outcome if record else best.outcome),
        "diagnosis": record.diagnosis if record else best.diagnosis or verdict(best),
        "validation_passed": record.validation.passed if record and record.validation else None,
        "curve": best.curve,
        "best_position": _known(best.best_position),
        "best_position_error": _known(best.best_position_error),
        "expected_metric": _known(best.expected_metric),
        "zone": _known(best.zone),
        "curves": [
            [_known(f.best_position), _known(f.best_position_error)] if f and f.ok else [None, None]
            for f in fits
        ],
        "found": next(iter(package.found.values()), None),
        "notes": " ".join(package.notes),
        "points": _columns(points),
        "others": {
            name: [_known(p.others.get(name)) for p in points]
            for name in sorted({name for p in points for name in p.others} - {package.metric})
        },
        "sweep": [p.sweep for p in points],
        "role": [p.role for p in points],
        "rejected": [int(p.rejected) for p in points],
        "reason": [p.reason for p in points],
    }


def zone_is_told(notes: str) -> bool:
    """Whether the times of a run are true ones; else they read as UTC what stood in the file."""
    return "read as UTC" not in notes


def _columns(points: Sequence[FocusPoint]) -> dict[str, list[float | None]]:
    return {
        "position": [_known(p.position) for p in points],
        "time": [_known(p.time_s) for p in points],
        "temperature": [_known(p.temperature_c) for p in points],
        "metric": [_known(p.metric) for p in points],
        "metric_error": [_known(p.error) for p in points],
        "metric_scatter": [_known(p.scatter) for p in points],
        "n_stars": [_known(p.n_stars) for p in points],
    }


def _known(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value


_TEXTS = ("name", "format", "metric", "definition", "outcome", "diagnosis", "curve", "notes")


def is_entry(entry: object) -> bool:
    """Whether a value from a file is an entry that can be used."""
    if not isinstance(entry, Mapping) or not all(isinstance(entry.get(t), str) for t in _TEXTS):
        return False
    if entry.get("validation_passed") not in (None, True, False):
        return False
    points, others, curves = entry.get("points"), entry.get("others"), entry.get("curves")
    if not (isinstance(points, Mapping) and isinstance(others, Mapping)):
        return False
    n = len(points["position"]) if isinstance(points.get("position"), list) else -1
    columns = [points.get(name) for name in POINT_COLUMNS]
    columns += [*others.values(), *(entry.get(k) for k in ("sweep", "role", "rejected", "reason"))]
    return (
        all(isinstance(column, list) and len(column) == n for column in columns)
        and isinstance(curves, list)
        and len(curves) == len(CURVES)
        and all(isinstance(pair, list) and len(pair) == 2 for pair in curves)
    )
