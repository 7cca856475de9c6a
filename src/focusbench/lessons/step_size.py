"""How far up the arms to measure: error of best focus against the height of the ends."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from focusbench.curve import (
    GAMMA,
    FocusPoint,
    Outcome,
    classic_zone,
    evaluate,
    find_best_focus,
    zone_of,
)
from focusbench.lessons.pictures import INK, MUTED, OTHER, POINT, Picture, X, new_axes, style

RATIOS = (1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0)
NOISES = (0.03, 0.08)
BEND, WINGS = (0.50, 0.60), 0.10
"""Rigs differ: exponent of the wings, and half the difference of their slopes, as a share. The
population that the figures of `auto` are stated for."""
_LOOKS: tuple[dict[str, Any], ...] = (
    {"marker": "o", "color": POINT},
    {"marker": "^", "color": OTHER, "ls": "--"},
    {"marker": "s", "color": X, "ls": ":"},
)


@dataclass(frozen=True)
class RangeResult:
    """What many runs with ends at one height came to.

    Attributes
    ----------
    ratio : float
        Metric at the ends over its minimum.
    noise : float
        Scatter of a point, as a share of its value.
    error : float
        Root mean square error of the runs that focused, in b, the width of the V-curve.
    focused : float
        Share of the runs that focused.
    """

    ratio: float
    noise: float
    error: float
    focused: float


def range_study(
    ratios: Iterable[float] = RATIOS,
    noises: Iterable[float] = NOISES,
    *,
    n_runs: int = 40,
    data_points: int = 9,
    seed: int = 0,
) -> list[RangeResult]:
    """Focus on many simulated V-curves whose ends read so many times the minimum.

    Parameters
    ----------
    ratios : iterable of float, above 1
    noises : iterable of float
    n_runs : int
        For each ratio and noise; the same rigs for each.
    data_points : int
    seed : int

    Examples
    --------
    >>> from focusbench import lessons
    >>> shallow, good = lessons.range_study([1.2, 2.5], [0.08], n_runs=20)
    >>> shallow.focused < good.focused
    True
    """
    ratios = list(ratios)
    found = []
    for noise in noises:
        for ratio in ratios:
            runs = [
                _one_run(ratio, noise, data_points, np.random.default_rng([seed, number]))
                for number in range(n_runs)
            ]
            errors = [error for error, focused in runs if focused]
            rms = math.sqrt(float(np.mean(np.square(errors)))) if errors else math.nan
            found.append(RangeResult(ratio, noise, rms, len(errors) / n_runs))
    return found


def _one_run(ratio: float, noise: float, n: int, rng: np.random.Generator) -> tuple[float, bool]:
    """Error in b, and whether the run focused; positions in b, focus at 0."""
    reach = math.sqrt(ratio ** (1 / GAMMA) - 1)
    step = 2 * reach / (n - 1)
    x = np.linspace(reach, -reach, n) + step * rng.uniform(-0.5, 0.5)
    gamma, wings = rng.uniform(*BEND), rng.uniform(-WINGS, WINGS)
    y = 2.0 * (1 + (x * (1 + wings * np.sign(x))) ** 2) ** gamma
    y *= 1 + noise * rng.standard_normal(n)
    points = [FocusPoint(position=float(a), metric=float(b)) for a, b in zip(x, y, strict=True)]
    best = find_best_focus(points, step_size=step)
    if best.outcome is not Outcome.FOCUSED or best.best_position is None:
        return math.nan, False
    return best.best_position, True


def range_picture(results: Sequence[RangeResult]) -> Picture:
    """Error, and share of runs that focus, against the height of the ends.

    Examples
    --------
    >>> from focusbench import lessons
    >>> results = lessons.range_study([1.2, 2.5], [0.08], n_runs=20)
    >>> lessons.range_picture(results).words[:20]
    'With ends at 1.2 tim'
    """
    figure, (left, right) = new_axes(2, width=9.0, height=3.3)
    style(left, x="ends over minimum", y="error of best focus, % of b (HFR there: √2 × minimum)")
    style(right, x="ends over minimum", y="runs that focus, %")
    noises = sorted({one.noise for one in results})
    for noise, look in zip(noises, _LOOKS, strict=False):
        mine = [one for one in results if one.noise == noise]
        ratios = [one.ratio for one in mine]
        label = f"frames scatter by {100 * noise:.0f} %"
        left.plot(ratios, [100 * one.error for one in mine], lw=1.5, label=label, **look)
        right.plot(ratios, [100 * one.focused for one in mine], lw=1.5, **look)
    for axes in (left, right):
        axes.axvspan(3, 4, color=MUTED, alpha=0.15, lw=0)
        axes.set_ylim(bottom=0)
    right.annotate("SGPro's 3 to 4", (3.05, 6), fontsize=9, color=INK)
    left.legend(frameon=False, fontsize=9, loc="lower right")
    worst = min(results, key=lambda one: one.focused)
    return Picture(
        figure,
        f"With ends at {worst.ratio:g} times the minimum {100 * worst.focused:.0f} % of the "
        f"runs focus where points scatter by {100 * worst.noise:.0f} %.",
    )


def ends_ratio(points: Sequence[FocusPoint]) -> float:
    """How many times higher the ends of a run are than its fitted minimum; NaN without a fit.

    Examples
    --------
    >>> import focusbench as fb
    >>> from focusbench import lessons
    >>> package = fb.open_package(fb.sample_packages()[0])
    >>> 3 < lessons.ends_ratio(package.focus_points) < 4
    True
    """
    swept = [one for one in points if one.role != "validation" and math.isfinite(one.metric)]
    fit = find_best_focus(swept).fits["hyperbola"]
    if fit.best_position is None or not fit.expected_metric:
        return math.nan
    places = [one.position for one in swept]
    ends = evaluate(fit, [min(places), max(places)])
    return float(ends.mean() / fit.expected_metric)


@dataclass(frozen=True)
class Zones:
    """How near is near enough, two ways, steps either side of focus.

    Attributes
    ----------
    zone : float
        Within it the V-curve lies within 5 % of its minimum: from the run alone.
    critical : float
        The classic critical focus zone, 2.44·λ·N²: from the optics, without air.
    """

    zone: float
    critical: float


def zones_of(
    points: Sequence[FocusPoint], *, focal_ratio: float, pixel_um: float, obstruction: float = 0.0
) -> Zones:
    """Zone of a run, and the classic critical focus zone of its optics.

    Parameters
    ----------
    points : sequence of FocusPoint
    focal_ratio : float
    pixel_um : float, µm
        Of a pixel in which the metric is counted.
    obstruction : float

    Examples
    --------
    >>> import focusbench as fb
    >>> from focusbench import lessons
    >>> points = fb.open_package(fb.sample_packages()[0]).focus_points
    >>> zones = lessons.zones_of(points, focal_ratio=7.0, pixel_um=3.76, obstruction=0.3)
    >>> 20 < zones.zone < 30 < zones.critical
    True
    """
    swept = [one for one in points if one.role != "validation" and math.isfinite(one.metric)]
    fit = find_best_focus(swept).fits["hyperbola"]
    slope = fit.parameters.get("slope", math.nan)
    critical = classic_zone(focal_ratio, pixel_um, slope, obstruction=obstruction)
    return Zones(zone_of(fit, 0.05) or math.nan, math.nan if critical is None else critical)
