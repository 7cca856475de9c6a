"""What is drawn of a run: a pure function from `RunProgress` to lines, points and words."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from focusbench.curve import CurveFit, FocusPoint, Outcome, Rejected, evaluate
from focusbench.engine import RunProgress
from focusbench.widgets.wording import metric_name, plus_minus, position

Numbers = NDArray[np.float64]
Span = tuple[float, float]

MAX_TICKS = 11
"""More positions than this are labelled every second, third … one."""

_NOTHING: Numbers = np.empty(0)


@dataclass(frozen=True)
class Polyline:
    """Points joined by a line; empty where nothing is drawn."""

    x: Numbers = field(default_factory=lambda: _NOTHING)
    y: Numbers = field(default_factory=lambda: _NOTHING)

    def __bool__(self) -> bool:
        return len(self.x) > 0


@dataclass(frozen=True)
class CurvePicture:
    """Everything on the chart, in steps and pixels.

    Attributes
    ----------
    x_range : (float, float), steps
    x_ticks, y_ticks : float array
    y_top : float, pixels
        The y axis always begins at 0: a half-flux radius is a length.
    used, not_used, earlier : Polyline
        Points of this sweep that count, those that do not, and points of earlier sweeps.
    reasons : tuple of str, one per point not used
    error_bars : (float array, float array), each of shape (n, 2)
        One two-point line a used point.
    two_lines, deciding, model : Polyline
        The V, the curve that decides where it is another one, and the hyperbola beside it.
    two_lines_ok, two_lines_decide : bool
        Green or red; strong or thin.
    zone, error_band : (float, float) or None, steps
    best : float or None, steps
    best_text : str
    validation : Polyline
    numbers : mapping of str to tuple of int
        Which points of the run, from 0, each of `used`, `not_used`, `earlier`, `validation` shows.
    metric : str
        What is measured, in words ("HFR").
    note : str
        One sentence where the lines and the deciding curve disagree on focus.
    """

    x_range: Span
    x_ticks: Numbers
    y_ticks: Numbers
    y_top: float
    used: Polyline = Polyline()
    not_used: Polyline = Polyline()
    earlier: Polyline = Polyline()
    reasons: tuple[str, ...] = ()
    error_bars: tuple[Numbers, Numbers] = (_NOTHING, _NOTHING)
    two_lines: Polyline = Polyline()
    two_lines_ok: bool = True
    two_lines_decide: bool = True
    deciding: Polyline = Polyline()
    model: Polyline = Polyline()
    zone: Span | None = None
    error_band: Span | None = None
    best: float | None = None
    best_text: str = ""
    validation: Polyline = Polyline()
    numbers: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    metric: str = "HFR"
    note: str = ""


def picture(progress: RunProgress, coming: tuple[int, ...] = (), metric: str = "") -> CurvePicture:
    """Decide what is drawn of a run.

    Parameters
    ----------
    progress : RunProgress
        A run going on, a finished one, or the fold of a saved package's events.
    coming : tuple of int, steps
        Positions of the sweep that Run would take; drawn as axis while there is no run.
    metric : str
        What is measured, in words, where the run's options do not tell.
    """
    sweep = progress.sweep_points
    rejected, reasons = _rejections(progress, sweep)
    drawn = [not r and math.isfinite(p.metric) for p, r in zip(sweep, rejected, strict=True)]
    counted = [p for p, yes in zip(sweep, drawn, strict=True) if yes]
    out = [(p, why) for p, yes, why in zip(sweep, drawn, reasons, strict=True) if not yes]
    swept = _where(progress, lambda p: p.sweep == progress.sweep and p.role != "validation")
    numbers = {
        "used": tuple(i for i, yes in zip(swept, drawn, strict=True) if yes),
        "not_used": tuple(i for i, yes in zip(swept, drawn, strict=True) if not yes),
        "earlier": _where(progress, lambda p: p.sweep != progress.sweep and p.counts),
        "validation": _where(
            progress, lambda p: p.role == "validation" and math.isfinite(p.metric)
        ),
    }
    earlier = [progress.points[i] for i in numbers["earlier"]]
    checks = [progress.points[i] for i in numbers["validation"]]
    tops = [p.metric + (p.error or 0.0) for p in counted]
    tops += [p.metric for p in (*earlier, *checks, *(p for p, _ in out)) if np.isfinite(p.metric)]
    y_top, y_ticks = _y_axis(max(tops, default=0.0))
    x_range, x_ticks = _x_axis(progress, coming)
    # A frame that could not be measured has no height: its X stands at the foot of the chart.
    foot = 0.03 * y_top
    bars = [p for p in counted if p.error]
    best = progress.best
    fits = best.fits if best else {}
    curve = best.curve if best else ""
    positions = [p.position for p in counted]
    lines_fit = fits.get("two_lines")
    lines = _draw(lines_fit, positions, y_top) if progress.decided else Polyline()
    deciding = model = Polyline()
    if progress.decided and curve != "two_lines":
        decider = fits.get(curve)
        deciding = _draw(decider if decider and decider.ok else None, positions, y_top)
    if curve != "hyperbola" or not progress.decided:
        # A glance on the way: drawn from the third point on, also where it decides nothing yet.
        hyperbola = fits.get("hyperbola")
        shows = hyperbola is not None and (hyperbola.ok or not progress.decided)
        model = _draw(hyperbola if shows else None, positions, y_top)
    middle = best.best_position if best else None
    error = best.best_position_error if best else None
    decided_at = middle if progress.decided else None
    return CurvePicture(
        x_range=x_range,
        x_ticks=x_ticks,
        y_ticks=y_ticks,
        y_top=y_top,
        used=_points(counted),
        not_used=Polyline(
            np.array([p.position for p, _ in out], float),
            np.array([p.metric if math.isfinite(p.metric) else foot for p, _ in out], float),
        ),
        earlier=_points(earlier),
        reasons=tuple(why for _, why in out),
        error_bars=(
            np.array([[p.position, p.position] for p in bars], float),
            np.array([[p.metric - (p.error or 0), p.metric + (p.error or 0)] for p in bars], float),
        ),
        two_lines=lines,
        two_lines_ok=lines_fit is not None and lines_fit.ok,
        two_lines_decide=curve == "two_lines" and decided_at is not None,
        deciding=deciding,
        model=model,
        zone=_around(middle, best.zone if best else None),
        error_band=_around(decided_at, error),
        best=decided_at,
        best_text=_best_text(progress, decided_at, error),
        validation=_points(checks),
        numbers=numbers,
        metric=metric if metric and progress.options is None else metric_name(progress.options),
        note=_note(lines_fit, curve, decided_at, by_curve=best.outcome is Outcome.FOCUSED)
        if progress.decided and best is not None
        else "",
    )


def _rejections(
    progress: RunProgress, sweep: tuple[FocusPoint, ...]
) -> tuple[list[Rejected], list[str]]:
    """Why each point of the sweep does not count: by its frame, or by the fit of all points."""
    best = progress.best
    fitted = best is not None and len(best.rejected) == len(sweep)
    rejected, reasons = [], []
    for i, point in enumerate(sweep):
        by_fit = best.rejected[i] if best and fitted else Rejected.NO
        why = point.reason or (best.reasons[i] if best and fitted and best.reasons else "")
        rejected.append(point.rejected | by_fit)
        reasons.append(why)
    return rejected, reasons


def _where(progress: RunProgress, holds: Callable[[FocusPoint], bool]) -> tuple[int, ...]:
    """Numbers of the points that something holds for, from 0."""
    return tuple(i for i, point in enumerate(progress.points) if holds(point))


def _points(points: list[FocusPoint]) -> Polyline:
    return Polyline(
        np.array([p.position for p in points], float), np.array([p.metric for p in points], float)
    )


def _draw(fit: CurveFit | None, positions: list[float], y_top: float) -> Polyline:
    """A curve over the sampled range; kinks are on the grid, and nothing leaves the chart."""
    if fit is None or not fit.parameters or len(positions) < 2:
        return Polyline()
    x = np.linspace(min(positions), max(positions), 121)
    if fit.best_position is not None and x[0] < fit.best_position < x[-1]:
        x = np.union1d(x, [fit.best_position])
    y = np.asarray(evaluate(fit, x), float)
    inside = np.isfinite(y) & (y >= 0) & (y <= y_top)
    return Polyline(x[inside], y[inside])


def _around(middle: float | None, half: float | None) -> Span | None:
    return None if middle is None or half is None else (middle - half, middle + half)


def _best_text(progress: RunProgress, best: float | None, error: float | None) -> str:
    if best is None:
        return ""
    if progress.best is not None and progress.best.outcome is Outcome.LOWEST_POINTS:
        return f"{position(best)}, lowest three"
    return position(best) if error is None else f"{position(best)} {plus_minus(error)}"


def _note(lines: CurveFit | None, curve: str, best: float | None, *, by_curve: bool) -> str:
    if lines is None or not lines.ok or lines.best_position is None or best is None:
        return ""
    if curve == "two_lines":
        return ""
    cross = f"lines cross at {position(lines.best_position)}"
    return f"{cross}, the curve decides: {position(best)}" if by_curve else cross


def _x_axis(progress: RunProgress, coming: tuple[int, ...]) -> tuple[Span, Numbers]:
    places = {float(p) for p in progress.positions}
    places |= {float(p.position) for p in progress.points if p.role != "validation"}
    places = places or {float(p) for p in coming} or {0.0, 1.0}
    x = np.array(sorted(places))
    step = float(np.diff(x).min()) if len(x) > 1 else 1.0
    every = math.ceil(len(x) / MAX_TICKS)
    return (float(x[0] - 0.7 * step), float(x[-1] + 0.7 * step)), x[::every]


def _y_axis(largest: float) -> tuple[float, Numbers]:
    """From 0 to the next even number above 1.08 × the largest value, with at most six ticks."""
    if largest <= 0:
        return 10.0, np.arange(0.0, 11.0, 2.0)
    top = 2.0 * math.floor(1.08 * largest / 2 + 1)
    step = 2.0
    for candidate in (2.0, 4.0, 10.0, 20.0, 50.0, 100.0, 500.0):
        step = candidate
        if top / candidate <= 6:
            break
    top = step * math.ceil(top / step) if step > 4 else top
    return top, np.arange(0.0, top + step / 2, step)
