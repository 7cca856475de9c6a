"""SGPro's two lines: a straight line through each side of the V, focus where they cross."""

import numpy as np

from focusbench.curve.counted import (
    BoolArray,
    Counted,
    FloatArray,
    r_squared,
    standard_error,
)
from focusbench.curve.priors import MIN_POINTS
from focusbench.curve.results import CurveFit

BOTTOM = 1.2
"""The rounded bottom, below this many times the lowest metric, belongs to neither line."""
PREFERRED_A_SIDE = 3
NEEDED_A_SIDE = 2
OUTLIER_SIGMA = 3.0
USUAL_SCATTER = 0.025
"""A frame scatters by so much of its metric at least, however well its neighbours agree."""


def fit_two_lines(counted: Counted) -> tuple[CurveFit, dict[int, float]]:
    """Fit a line to each side and cross them.

    SGPro does not publish how it chooses the points. Here: those of at least 1.2 times the lowest
    metric, the outermost three of a side where fewer are; then a point further than three robust
    sigma from its line is left out, as long as two remain on its side. On the one complete SGPro
    run known this gives SGPro's own answer.

    Returns
    -------
    CurveFit
        `ok` (green) where both lines stand on two points or more, one falls and the other rises,
        and they cross inside the sampled range. Parameters, where both sides have a line:
        `reference` (position of the lowest point), `left_slope`, `left_intercept`, `right_slope`,
        `right_intercept` (metric at the reference), and `left_end`, `right_end`, the outermost
        positions fitted. `expected_metric` is left to the hyperbola: the crossing lies far below
        any star that can be measured.
    outliers : dict of int to float
        Points left out as outliers: index among the points given, distance in sigma.
    """
    x, y = counted.x, counted.y
    if len(counted) == 0:
        return CurveFit("two_lines", False, "No points count.", used=counted.used()), {}
    reference = float(x[y.argmin()])
    sides = [_choose(x < reference, counted), _choose(x > reference, counted)]
    d = x - reference
    sigma: dict[int, float] = {}
    while worst := _worst(sides, d, y):
        side, point, distance = worst
        sides[side][point] = False
        sigma[int(counted.index[point])] = distance
    used = counted.used(sides[0] | sides[1])
    lines = [_line(d[side], y[side]) for side in sides]
    if lines[0] is None or lines[1] is None:
        where = "inner" if lines[0] is None else "outer"
        reason = f"Fewer than two points for a line on the {where} side of the lowest one."
        return CurveFit("two_lines", False, reason, used=used), sigma
    (left_c, left_m), (right_c, right_m) = lines[0], lines[1]
    parameters = {
        "reference": reference,
        "left_slope": left_m,
        "left_intercept": left_c,
        "right_slope": right_m,
        "right_intercept": right_c,
        "left_end": float(x[sides[0]].min()),
        "right_end": float(x[sides[1]].max()),
    }
    if not left_m < 0 < right_m:
        reason = "The lines do not fall on one side and rise on the other."
        return CurveFit("two_lines", False, reason, parameters=parameters, used=used), sigma
    cross = (left_c - right_c) / (right_m - left_m)
    x0 = reference + cross
    inside = x.min() < x0 < x.max()
    error, half_95 = _crossing_error(cross, sides, d, counted, right_m - left_m)
    model = np.where(d < cross, left_c + left_m * d, right_c + right_m * d)
    fitted = sides[0] | sides[1]
    return CurveFit(
        curve="two_lines",
        ok=bool(inside),
        reason="" if inside else "The lines cross outside the points.",
        best_position=float(x0),
        best_position_error=error,
        interval_95=None if half_95 is None else (float(x0 - half_95), float(x0 + half_95)),
        r_squared=r_squared(y[fitted], model[fitted], np.ones(int(fitted.sum()))),
        parameters=parameters,
        used=used,
    ), sigma


def _choose(side: BoolArray, counted: Counted) -> BoolArray:
    """Points of one side that its line is fitted to."""
    high: BoolArray = side & (counted.y >= BOTTOM * counted.y.min())
    if high.sum() >= PREFERRED_A_SIDE:
        return high
    reference = counted.x[counted.y.argmin()]
    outermost = np.argsort(-np.abs(counted.x - reference), kind="stable")
    chosen = np.zeros_like(side)
    chosen[[i for i in outermost if side[i]][:PREFERRED_A_SIDE]] = True
    return chosen


def _line(d: FloatArray, y: FloatArray) -> tuple[float, float] | None:
    """Intercept and slope by plain least squares; None without two positions."""
    if len(d) < NEEDED_A_SIDE or d.min() == d.max():
        return None
    middle = d.sum() / len(d)
    away = d - middle
    slope = float(away @ y / (away @ away))
    return float(y.sum()) / len(y) - slope * float(middle), slope


def _worst(sides: list[BoolArray], d: FloatArray, y: FloatArray) -> tuple[int, int, float] | None:
    """Side, point and distance of the point furthest beyond three robust sigma, if any."""
    residual = np.zeros(len(y))
    fitted = np.zeros(len(y), dtype=bool)
    for side in sides:
        line = _line(d[side], y[side])
        if line is not None:
            residual[side] = np.abs(y[side] - line[0] - line[1] * d[side])
            fitted |= side
    known = sorted(residual[fitted].tolist())
    if not known:
        return None
    robust = 1.4826 * (known[(len(known) - 1) // 2] + known[len(known) // 2]) / 2
    distance = residual / np.maximum(robust, USUAL_SCATTER * y)
    for point in np.argsort(-distance).tolist():
        if distance[point] <= OUTLIER_SIGMA:
            return None
        number = 0 if sides[0][point] else 1
        if sides[number].sum() > NEEDED_A_SIDE:
            return number, point, float(distance[point])
    return None


def _crossing_error(
    cross: float, sides: list[BoolArray], d: FloatArray, counted: Counted, opening: float
) -> tuple[float | None, float | None]:
    """Half the 68 % and 95 % interval of the crossing.

    The gap between the lines where they cross has the variance of both lines there; the crossing
    moves by the gap over the difference of their slopes.
    """
    variance, chi2, n = 0.0, 0.0, 0
    few = len(counted) < MIN_POINTS
    for side in sides:
        ds = d[side]
        away = ds - ds.sum() / len(ds)
        reach = cross - float(ds.sum()) / len(ds)
        lever = 1 / len(ds) + reach / (away @ away) * away
        if few and counted.error is not None:
            lever *= counted.error[side]
        variance += float(lever @ lever)
        line = _line(ds, counted.y[side])
        if line is not None:
            residual = counted.y[side] - line[0] - line[1] * ds
            chi2 += float(residual @ residual)
        n += len(ds)
    if not few and n <= 4:
        return None, None
    return standard_error(variance / opening**2, chi2, n, 4, counted)
