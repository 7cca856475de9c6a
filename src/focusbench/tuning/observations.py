"""What saved runs tell of their rig, as plain arrays: points, the way of the motor, times."""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from focusbench.af_packages import Package
from focusbench.curve import FocusPoint, Outcome, Rejected
from focusbench.engine import RunRecord
from focusbench.options import AutofocusOptions
from focusbench.tuning.rig_model import FloatArray

LEAST_POINTS = 5
LEAST_GAIN = 2.5
"""ln evidence by which a run must show a V-curve to tell anything of it; as `auto` asks for."""


@dataclass(frozen=True, eq=False)
class Observed:
    """One run.

    Attributes
    ----------
    package : Package
    points : tuple of FocusPoint, n of them
        In the order taken, as measured, the validation frame last; without those without stars.
    legs : list of (float, int)
        Where the motor went, steps; and which point was taken there, −1 for none.
    start : float, steps
        Where the drawtube stood.
    x0, b, minimum : float
        Best focus, width and minimum by the run's own fit, to begin from.
    """

    package: Package
    points: tuple[FocusPoint, ...]
    legs: list[tuple[float, int]]
    start: float
    x0: float
    b: float
    minimum: float

    def relative_errors(self) -> FloatArray:
        """Standard error over metric of each point; 0 where unknown."""
        return np.array([(p.error or 0.0) / p.metric for p in self.points])


def observe(package: Package) -> Observed | None:
    """Take what a run tells of its rig's V-curve; None where it shows none."""
    points = tuple(
        _as_measured(point)
        for point in package.focus_points
        if point.role != "validation" and not point.rejected & Rejected.FEW_STARS
    )
    points = tuple(p for p in points if math.isfinite(p.metric) and p.metric > 0)
    if not package.time_ordered:
        points = tuple(sorted(points, key=lambda p: -p.position))
    if len({p.position for p in points}) < LEAST_POINTS:
        return None
    best = package.decided
    fit = best.fits.get("auto")
    parameters = fit.parameters if fit is not None else {}
    focused = best.outcome in (Outcome.FOCUSED, Outcome.LOWEST_POINTS)
    if not parameters or not (focused or parameters.get("gain", 0.0) >= LEAST_GAIN):
        return None
    record = package.record
    # Of a foreign run it is known only that the first point was approached outward.
    start = points[0].position - 1e9 if record is None else float(record.start_position)
    legs = way_of([p.position for p in points], start, package.options)
    checked = package.focus_points[-1]
    if record is not None and checked.role == "validation" and not checked.rejected:
        # One more point in focus, where the seeing shows most.
        legs += way_to_focus(checked.position, len(points), legs, record)
        points = (*points, checked)
    return Observed(
        package=package,
        points=points,
        legs=legs,
        start=start,
        x0=float(parameters["x0"]),
        b=float(parameters["b"]),
        minimum=float(parameters["a"]),
    )


def way_of(
    positions: Sequence[float], start: float, options: AutofocusOptions | None
) -> list[tuple[float, int]]:
    """Legs of the motor from point to point, overshoot for backlash included."""
    legs: list[tuple[float, int]] = []
    here = start
    backlash = options.backlash if options else 0
    inward = options is None or options.final_move == "in"
    for i, position in enumerate(positions):
        if backlash and position != here and (position > here) == inward:
            legs.append((position + (backlash if inward else -backlash), -1))
        legs.append((position, i))
        here = position
    return legs


def way_to_focus(
    target: float, point: int, legs: Sequence[tuple[float, int]], record: RunRecord
) -> list[tuple[float, int]]:
    """Legs from the last point of the sweep to best focus, as `final_approach` has it."""
    options, sweep = record.options, record.points[-1].sweep
    if options.final_approach == "direct" or (options.backlash and options.final_move == "out"):
        last = legs[-1][0]
        return [(p, point if i >= 0 else -1) for p, i in way_of([target], last, options)]
    first = next(p.position for p in record.points if p.sweep == sweep)
    return [(max(first, target + options.backlash), -1), (target, point)]


def spans(run: Observed) -> list[tuple[float, float, float]]:
    """Times between points: (frames, steps moved, seconds beyond the exposures) of each.

    Of our own runs also from the start to the first point.
    """
    options, record = run.package.options, run.package.record
    if any(p.time_s is None for p in run.points) or not run.package.time_ordered:
        return []
    times = np.array([p.time_s for p in run.points])
    exposure = _exposure_s(run.package)
    if exposure is None:
        return []
    frames = options.frames_per_point if options else 1
    settle = options.settle_s if options else 0.0
    moved, here = [], run.start
    pending = 0.0
    for position, point in run.legs:
        pending += abs(position - here)
        here = position
        if point >= 0:
            moved.append(pending)
            pending = 0.0
    found: list[tuple[float, float, float]] = [
        (frames, moved[i + 1], float(times[i + 1] - times[i]) - frames * exposure - settle)
        for i in range(len(times) - 1)
    ]
    if record is not None:
        # From the start to the middle of the first point's frames.
        began = float(times[0]) - record.started_s - frames * exposure / 2 - settle
        found.append(((frames - 1) / 2, moved[0], began))
    return [span for span in found if span[2] >= 0]


def _exposure_s(package: Package) -> float | None:
    if package.options is not None:
        return package.options.exposure_for(package.filter)
    exposure = package.settings.get("exposure_s")
    return float(exposure) if isinstance(exposure, int | float) else None


def _as_measured(point: FocusPoint) -> FocusPoint:
    """Return the point as it was before any fit."""
    rejected = point.rejected & ~(Rejected.OUTLIER | Rejected.LAG)
    return dataclasses.replace(point, rejected=rejected, reason="")
