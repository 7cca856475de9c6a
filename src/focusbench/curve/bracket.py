"""Whether the points bracket their minimum, and the average of the lowest of them."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from focusbench.curve.counted import Counted, measured
from focusbench.curve.points import FocusPoint
from focusbench.curve.results import BestFocus, CurveFit
from focusbench.curve.smooth import fit_hyperbola
from focusbench.curve.zone import evaluate

RISE_SIGMA = 3.0
WORSE = 1.03
WORSE_POINTS = 5
USUAL_SCATTER = 0.025
"""Relative scatter of a frame where nothing tells it: the median of the prior of `auto`."""


@dataclass(frozen=True)
class Bracket:
    """How the counted points lie around the lowest one. Inner is the smaller position.

    Attributes
    ----------
    bracketed : bool
        At least two counted points on each side of the lowest, and each side's end above it by
        more than three of their combined standard errors.
    inner_short, outer_short : bool
        The side that this fails on.
    lowest_position : float or None, steps
        None where no point counts.
    only_worse : bool
        The first five points only get worse, each by more than 3 %.
    """

    bracketed: bool
    inner_short: bool
    outer_short: bool
    lowest_position: float | None
    only_worse: bool


class LowestPoints(NamedTuple):
    """The three neighbouring points whose mean metric is lowest."""

    position: float
    """Average position, each point weighted by 1/metric, steps."""
    expected: float
    """Mean of their metrics, pixels."""
    used: tuple[bool, ...]
    """Which of the points given they are."""


def bracketing(points: Sequence[FocusPoint], best: BestFocus | None = None) -> Bracket:
    """Tell whether the minimum is bracketed, and on which side it is not.

    Parameters
    ----------
    points : sequence of FocusPoint
        In the order taken.
    best : BestFocus, optional
        Fit of the same points: its rejected points do not count, and where frames give no errors
        the residual scatter of its best curve stands in for them.
    """
    with np.errstate(all="ignore"):
        counted = Counted.of(points, best)
        if len(counted) == 0:
            return Bracket(False, True, True, None, False)
        fits = list(best.fits.values()) if best else []
        if not fits and counted.error is None:
            fits = [fit_hyperbola(counted)]
        inner, outer = rises(counted, fits, needed=2)
        return Bracket(
            bracketed=inner and outer,
            inner_short=not inner,
            outer_short=not outer,
            lowest_position=float(counted.x[counted.y.argmin()]),
            only_worse=_worsens(counted.y[:WORSE_POINTS].tolist()),
        )


def only_worse(points: Sequence[FocusPoint]) -> bool:
    """Whether the first five counted points only get worse, each by more than 3 %.

    What `bracketing` says of it, for a question that is put after every point.
    """
    first: list[float] = []
    for point in points:
        if point.counts and measured(point):
            first.append(point.metric)
            if len(first) == WORSE_POINTS:
                return _worsens(first)
    return False


def _worsens(first: list[float]) -> bool:
    enough = len(first) == WORSE_POINTS
    return enough and all(b > WORSE * a for a, b in itertools.pairwise(first))


def lowest_points(points: Sequence[FocusPoint]) -> LowestPoints | None:
    """Average the three lowest neighbouring points, as SGPro does where its lines find no fit.

    SGPro does not publish its weights; 1/metric is used. None with fewer than three points.
    """
    return lowest_of(Counted.of(points))


def lowest_of(counted: Counted) -> LowestPoints | None:
    """`lowest_points` of points already counted."""
    if len(counted) < 3:
        return None
    order = np.argsort(counted.x, kind="stable")
    y = counted.y[order]
    start = int((y[:-2] + y[1:-1] + y[2:]).argmin())
    three = order[start : start + 3]
    metric = counted.y[three]
    kept = np.zeros(len(counted), dtype=bool)
    kept[three] = True
    return LowestPoints(
        position=float(np.average(counted.x[three], weights=1 / metric)),
        expected=float(metric.mean()),
        used=counted.used(kept),
    )


def rises(counted: Counted, fits: Sequence[CurveFit], needed: int) -> tuple[bool, bool]:
    """Whether the inner and the outer side have risen.

    A side has risen when it holds `needed` points beyond the lowest and its end stands above the
    lowest by more than three combined standard errors.
    """
    lowest = int(counted.y.argmin())

    def risen(sign: int) -> bool:
        distance = sign * (counted.x - counted.x[lowest])
        end = int(distance.argmax())
        if counted.error is not None:
            sigma = math.hypot(counted.error[end], counted.error[lowest])
        else:
            sigma = _residual_scatter(counted, fits)
        enough = int(np.sum(distance > 0)) >= needed
        return enough and bool(counted.y[end] - counted.y[lowest] > RISE_SIGMA * sigma)

    return risen(-1), risen(1)


def _residual_scatter(counted: Counted, fits: Sequence[CurveFit]) -> float:
    """Scatter of the points about the curve they fit best, pixels."""
    scatters = []
    for fit in fits:
        free = len(counted) - 3
        if fit.curve != "two_lines" and fit.parameters and free > 0:
            residual = counted.y - evaluate(fit, counted.x)
            scatters.append(math.sqrt(float(residual @ residual) / free))
    usable = [s for s in scatters if math.isfinite(s)]
    return min(usable) if usable else math.sqrt(2) * USUAL_SCATTER * float(counted.y.min())
