"""Candidates whose wings end on a plateau: donuts that are not measured whole."""

import math

import numpy as np

from focusbench.doctor.candidates import LEAST_PASSED, BoolArray, Candidate, Curve, Laid
from focusbench.doctor.v_fit import FloatArray

MOST_ON_WING = 6
MOST_BEYOND = 20.0
"""Step sizes over which it may go on falling."""
FALL, FALL_SD = 0.04, 0.06
"""How the metric falls beyond the largest donut that is still measured whole, per step size."""
LN_RANGE = math.log(3.0)
"""The height of the plateau may be anything within this range of ln(metric), as ln."""
CLIFF_SHARE, CLIFF_DENSITY = 0.4, 0.7
"""Or it falls to anything, where the detector loses the donuts; per unit of ln(metric)."""


def plateaus(curve: Curve) -> list[Candidate]:
    """Beyond some size the metric no longer grows, on every wing that reaches it."""
    n = len(curve)
    lowest = int(curve.ln_y[curve.by_place].argmin())
    ends = [
        (inner, outer)
        for inner in range(min(lowest, MOST_ON_WING) + 1)
        for outer in range(min(n - 1 - lowest, MOST_ON_WING) + 1)
        if inner + outer and n - inner - outer >= LEAST_PASSED
    ]
    # Few points on the plateau are likelier than many.
    weights = [((1 + inner) * (1 + outer)) ** -0.5 for inner, outer in ends]
    found = []
    for (inner, outer), weight in zip(ends, weights, strict=True):
        mask = curve.all_but(slice(0, inner)) & curve.all_but(slice(n - outer, n))
        ln_prior = math.log(weight / sum(weights))
        found.append(Candidate("donut_plateau", curve.x, mask, ln_prior, rest=_Beyond(mask)))
    return found


class _Beyond:
    """ln density of the points beyond the ceiling."""

    def __init__(self, passes: BoolArray) -> None:
        self._passes = passes

    def __call__(self, laid: Laid) -> float:
        passes, apart = self._passes, ~self._passes
        drawn, ln_y, sigma = laid.drawn, laid.curve.ln_y, laid.sigma
        top, highest = float(ln_y[passes].max()), float(ln_y[apart].max())
        # Optics would go on above all of them.
        if (drawn[apart] < ln_y[apart] - sigma[apart]).any():
            return -math.inf
        plateau = cliff = -math.inf
        if (drawn[apart] > highest - 2 * sigma[apart]).all() and top < highest + 2 * sigma.max():
            beyond = _beyond_the_first(laid.curve.x - laid.shape[0], apart)
            plateau = math.log(1 - CLIFF_SHARE) + _ln_plateau(ln_y[apart], sigma[apart], beyond)
        if (drawn[apart] > top - sigma[apart]).all() and highest < top:
            cliff = math.log(CLIFF_SHARE) + int(apart.sum()) * math.log(CLIFF_DENSITY)
        return float(np.logaddexp(plateau, cliff))


def _beyond_the_first(distance: FloatArray, apart: BoolArray) -> FloatArray:
    """How far each point of a plateau lies beyond the first one of its wing, step sizes."""
    beyond = np.zeros_like(distance)
    for side in (-1, 1):
        here = apart & (side * distance > 0)
        if here.any():
            outward = side * distance[here]
            beyond[here] = np.minimum(outward - outward.min(), MOST_BEYOND)
    return beyond[apart]


def _ln_plateau(ln_y: FloatArray, sigma: FloatArray, beyond: FloatArray) -> float:
    """Ln density of points on a plateau that falls a little.

    ln y = c − f·beyond + e with c flat over `LN_RANGE` and f normal around `FALL`.
    """
    n = len(ln_y)
    covariance = np.diag(sigma**2) + FALL_SD**2 * np.outer(beyond, beyond)
    value = ln_y + FALL * beyond
    inverse = np.linalg.inv(covariance)
    total = float(inverse.sum())
    off = value - float(inverse.sum(axis=0) @ value) / total
    ln_det = float(np.linalg.slogdet(covariance)[1])
    height = -0.5 * (float(off @ inverse @ off) + ln_det + (n - 1) * math.log(2 * math.pi))
    return height - 0.5 * math.log(total) - LN_RANGE
