"""The V-curve and the curves laid through it: where each puts best focus, and why."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from focusbench.curve import (
    CURVES,
    BestFocus,
    CurveFit,
    FocusPoint,
    evaluate,
    find_best_focus,
    lowest_points,
)
from focusbench.lessons.flipbook import Flipbook
from focusbench.lessons.pictures import FIT, INK, MUTED, OTHER, POINT, Picture, X, new_axes, style

NAMES = {
    "two_lines": "two lines",
    "parabola": "parabola",
    "hyperbola": "hyperbola",
    "auto": "auto",
}
LOOKS: dict[str, dict[str, Any]] = {
    "two_lines": {"color": OTHER, "ls": (0, (6, 2))},
    "parabola": {"color": X, "ls": (0, (1, 1.4))},
    "hyperbola": {"color": MUTED, "ls": "-."},
    "auto": {"color": FIT, "ls": "-"},
}

FSQ_RUN = {
    25013: 7.01,
    24988: 5.81,
    24963: 4.58,
    24938: 3.38,
    24913: 2.77,
    24888: 2.64,
    24863: 3.41,
    24838: 4.46,
    24813: 5.75,
}
"""A real run of Sequence Generator Pro, position to HFR: FSQ-106N, 600D, 8 s, binned 2×2, told by
its user in SGPro's forum (thread 6612). SGPro's answer was `SGPRO_ANSWER`."""
SGPRO_ANSWER = 24901


def points_of(curve: dict[int, float]) -> list[FocusPoint]:
    """Focus points from positions and half-flux radii, in the order taken."""
    return [FocusPoint(position=position, metric=hfr) for position, hfr in curve.items()]


def fsq_run() -> list[FocusPoint]:
    """Points of the real run.

    Examples
    --------
    >>> from focusbench import lessons
    >>> len(lessons.fsq_run())
    9
    """
    return points_of(FSQ_RUN)


def fits_of(points: Sequence[FocusPoint]) -> Mapping[str, CurveFit]:
    """All curves fitted to the points, by the names that the option `curve` has.

    Examples
    --------
    >>> from focusbench import lessons
    >>> fit = lessons.fits_of(lessons.fsq_run())["parabola"]
    >>> round(fit.best_position, 1), round(fit.r_squared, 3)
    (24901.7, 0.977)
    """
    return find_best_focus(points).fits


def crossing_height(points: Sequence[FocusPoint]) -> float:
    """Metric at which the two lines cross, pixels; NaN where they do not.

    Examples
    --------
    >>> from focusbench import lessons
    >>> round(lessons.crossing_height(lessons.fsq_run()), 2)
    1.59
    """
    fit = fits_of(points)["two_lines"]
    at = fit.best_position
    return math.nan if at is None else float(evaluate(fit, [at])[0])


def positions_by_curve(points: Sequence[FocusPoint]) -> dict[str, float]:
    """Where each curve puts best focus, steps, by its name in words; NaN where it cannot.

    Examples
    --------
    >>> from focusbench import lessons
    >>> round(lessons.positions_by_curve(lessons.fsq_run())["two lines"])
    24901
    """
    fits = fits_of(points)
    places = {name: fits[curve].best_position for curve, name in NAMES.items()}
    return {name: math.nan if at is None else at for name, at in places.items()}


def three_lowest(points: Sequence[FocusPoint]) -> dict[str, float]:
    """The average of the three lowest neighbouring points, by three weights, steps.

    SGPro falls back to it where its lines find no fit, and does not publish the weights.

    Examples
    --------
    >>> from focusbench import lessons
    >>> round(lessons.three_lowest(lessons.fsq_run())["weights 1/HFR"])
    24911
    """
    lowest = lowest_points(points)
    if lowest is None:
        return {}
    three = [point for point, used in zip(points, lowest.used, strict=True) if used]
    x = np.array([point.position for point in three])
    y = np.array([point.metric for point in three])
    return {
        "equal weights": float(x.mean()),
        "weights 1/HFR": float(np.average(x, weights=1 / y)),
        "weights 1/HFR²": float(np.average(x, weights=1 / y**2)),
    }


def fits_picture(
    points: Sequence[FocusPoint],
    *,
    curves: Iterable[str] = tuple(NAMES),
    truth: float | None = None,
) -> Picture:
    """The points with the curves through them, and beside them where each puts best focus.

    Parameters
    ----------
    points : sequence of FocusPoint
    curves : iterable of {"two_lines", "parabola", "hyperbola", "auto"}
    truth : float, optional, steps
        True best focus, where it is known.

    Examples
    --------
    >>> from focusbench import lessons
    >>> lessons.fits_picture(lessons.fsq_run()).words
    'Best focus: two lines 24901, parabola 24902, hyperbola 24900, auto 24898.'
    """
    swept = [one for one in points if one.role != "validation" and math.isfinite(one.metric)]
    best = find_best_focus(swept)
    wanted = [curve for curve in CURVES[1:] + CURVES[:1] if curve in set(curves)]
    figure, (left, right) = new_axes(2, width=9.0, height=3.4)
    style(left, x="focuser position, steps; out →", y="HFR, px")
    _draw_points(left, swept, best)
    for curve in wanted:
        _draw_fit(left, best, curve, swept)
    left.set_ylim(0, 1.15 * max(one.metric for one in swept))
    left.legend(frameon=False, fontsize=9, loc="upper center")
    left.locator_params(axis="x", nbins=5, integer=True)
    found = {NAMES[curve]: best.fits[curve].best_position for curve in wanted}
    _places(right, best, wanted, truth)
    told = [f"{name} {'none' if at is None else f'{at:.0f}'}" for name, at in found.items()]
    true = "" if truth is None else f" True best focus is {truth:.0f}."
    return Picture(figure, f"Best focus: {', '.join(told)}.{true}")


def start_off(step_size: int = 60, *, focus: int = 10_250, b: float = 80.0) -> Flipbook:
    """Slide where the run begins: nine points of a hyperbola, not centred on its minimum.

    No noise, and a true hyperbola: whatever a curve is off here, its shape is to blame.

    Parameters
    ----------
    step_size : int, steps
    focus : int, steps
    b : float, steps
        Distance from focus at which HFR is √2 times its minimum.

    Examples
    --------
    >>> from focusbench import lessons
    >>> lessons.start_off().slider.value
    0
    """

    def draw(off: int) -> Picture:
        points = clean_points(off, step_size, focus=focus, b=b)
        return fits_picture(points, curves=("two_lines", "parabola", "hyperbola"), truth=focus)

    return Flipbook("Centre of the run, data points outside focus", range(-3, 4), draw,
                    start=0)  # fmt: skip


def clean_points(
    off: int, step_size: int = 60, *, focus: int = 10_250, b: float = 80.0, minimum: float = 1.9
) -> list[FocusPoint]:
    """Nine points of a hyperbola without noise, their centre `off` of them outside focus.

    Examples
    --------
    >>> from focusbench import lessons
    >>> [point.position for point in lessons.clean_points(0)][:2]
    [10490, 10430]
    """
    positions = focus + step_size * (off + np.arange(4, -5, -1))
    return points_of(
        {int(at): minimum * math.hypot(1, (at - focus) / b) for at in positions.tolist()}
    )


def _draw_points(axes: Any, points: Sequence[FocusPoint], best: BestFocus) -> None:
    x: NDArray[np.float64] = np.array([one.position for one in points])
    y = np.array([one.metric for one in points])
    out = np.array([bool(flag) for flag in best.rejected])
    axes.plot(x[~out], y[~out], "o", color=POINT, ms=6, zorder=3)
    if out.any():
        axes.plot(x[out], y[out], "x", color=X, ms=9, mew=2.5, zorder=3, label="left out by auto")


def _draw_fit(axes: Any, best: BestFocus, curve: str, points: Sequence[FocusPoint]) -> None:
    fit = best.fits[curve]
    if not fit.parameters:
        return
    places = [one.position for one in points]
    x = np.linspace(min(places), max(places), 241)
    if fit.best_position is not None:
        x = np.union1d(x, [fit.best_position])
    axes.plot(x, evaluate(fit, x), lw=1.8, label=NAMES[curve], **LOOKS[curve])


def _places(axes: Any, best: BestFocus, curves: Sequence[str], truth: float | None) -> None:
    """Where each curve puts best focus, one line each, with its error bar."""
    style(axes, x="best focus, steps")
    axes.grid(visible=False)
    for row, curve in enumerate(curves):
        fit = best.fits[curve]
        if fit.best_position is None:
            axes.annotate("finds no focus", (0.02, -row), xycoords=("axes fraction", "data"),
                          fontsize=9, color=MUTED, va="center",
                          backgroundcolor="white")  # fmt: skip
            continue
        color = LOOKS[curve]["color"]
        axes.errorbar([fit.best_position], [-row], xerr=[[fit.best_position_error or 0.0]] * 2,
                      fmt="o", color=color, ms=7, capsize=3)  # fmt: skip
        axes.annotate(f"{fit.best_position:.0f}", (fit.best_position, -row), (0, 7), ha="center",
                      textcoords="offset points", fontsize=9, color=INK,
                      bbox={"facecolor": "white", "lw": 0, "pad": 1})  # fmt: skip
    if truth is not None:
        axes.axvline(truth, color=INK, lw=1.2)
        axes.annotate("true focus", (truth, 0.72), (3, -2), textcoords="offset points",
                      fontsize=9, color=INK)  # fmt: skip
    axes.set_yticks([-row for row in range(len(curves))], [NAMES[curve] for curve in curves])
    axes.set_ylim(0.75 - len(curves), 0.75)
    axes.margins(x=0.25)
    axes.ticklabel_format(axis="x", useOffset=False, style="plain")
    axes.locator_params(axis="x", nbins=5, integer=True)
