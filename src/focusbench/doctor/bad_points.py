"""Candidates with points through which no curve goes: an outlier, galaxies, an end astray."""

import math

import numpy as np

from focusbench.doctor.candidates import LEAST_PASSED, BoolArray, Candidate, Curve, Laid

BAD_DENSITY = 0.6
"""Of a bad point, per unit of ln(metric): up to five times too high, or too low."""
BAD_BELOW = 0.2
"""Share of the bad points that read too little."""
BEYOND_FOCUS = 0.25
"""A point this many step sizes from focus tells on which side focus lies."""

MOST_RAISED = 3
SPREAD_SD, SPREAD_DENSITY = 0.25, 0.4
"""How unlike the star-to-star scatter of frames of stars is, as ln; and where it may be with
something else among them, per unit of ln."""
MOST_FROM_SPREAD = 10.0
LEAST_WIDER, LEAST_RAISED = math.log(1.5), 0.08
"""What galaxies do at least: to ln(scatter), and to ln(metric)."""
LEAST_STARS = 0.8
"""Of the objects in the frames beside, so many are there still nearer to focus: a gust loses
stars, a galaxy adds to them."""


def bad_points(curve: Curve) -> list[Candidate]:
    """One point is bad: a satellite, a gust."""
    found = []
    for i in range(len(curve)):
        mask = np.ones(len(curve), dtype=bool)
        mask[i] = False
        ln_prior = -math.log(len(curve))
        found += [
            Candidate("outlier", curve.x, mask, ln_prior, rest=_Bad(i, alone=False)),
            Candidate("stray_end", curve.x, mask, ln_prior, rest=_Bad(i, alone=True)),
        ]
    return found


class _Bad:
    """ln density of a bad point.

    At an end with but one other point beyond focus nothing tells a bad point from a steep wing:
    such an end is astray, and what can be told is that the sweep ends there.
    """

    def __init__(self, i: int, *, alone: bool) -> None:
        self._i = i
        self._alone = alone

    def __call__(self, laid: Laid) -> float:
        side = 1.0 if laid.curve.x[self._i] > laid.shape[0] else -1.0
        beyond = side * (laid.curve.x - laid.shape[0])
        at_end = beyond[self._i] == beyond.max()
        alone = bool(at_end and np.sum(beyond > BEYOND_FOCUS) <= 2)
        if alone is not self._alone:
            return -math.inf
        share = BAD_BELOW if laid.off[self._i] < 0 else 1 - BAD_BELOW
        return math.log(share * BAD_DENSITY)


def galaxies(curve: Curve) -> list[Candidate]:
    """Something wider than stars is counted near focus, and fades out of it.

    It raises one to three neighbouring points that have others on both sides, and makes what is
    counted there unlike.
    """
    if not np.isfinite(curve.spread).any():
        return []
    n = len(curve)
    masks = [
        curve.all_but(slice(first, first + length))
        for length in range(1, min(MOST_RAISED, n // 3) + 1)
        for first in range(2, n - length - 1)
        if n - length > LEAST_PASSED
    ]
    found = []
    for mask in masks:
        gain = _unlike(curve, mask)
        if gain > 0 and not _thinned(curve, mask):
            rest = _Raised(mask, gain)
            found.append(Candidate("galaxy", curve.x, mask, -math.log(len(masks)), rest=rest))
    return found


class _Raised:
    """ln density of points that something wide has raised, and of their scatter."""

    def __init__(self, mask: BoolArray, gain: float) -> None:
        self._apart = ~mask
        self._gain = gain

    def __call__(self, laid: Laid) -> float:
        if (laid.off[self._apart] < LEAST_RAISED).any():
            return -math.inf
        return int(self._apart.sum()) * math.log(BAD_DENSITY) + self._gain


def _unlike(curve: Curve, mask: BoolArray) -> float:
    """Ln of how much likelier the scatter of some frames is with something else in them.

    Stars blurred alike differ by so many pixels, stars unlike by themselves by such a share: the
    frames have to stand out in both.
    """
    known = np.isfinite(curve.spread)
    others = mask & known
    if not known[~mask].all() or others.sum() < LEAST_PASSED:
        return -math.inf
    in_px = curve.spread + curve.ln_y
    wider = np.minimum(
        curve.spread[~mask] - float(np.median(curve.spread[others])),
        in_px[~mask] - float(np.median(in_px[others])),
    )
    if (wider < LEAST_WIDER).any():
        return -math.inf
    # √(1 / 2n) is the standard error of ln(scatter) of n stars.
    sd = np.hypot(SPREAD_SD, np.nan_to_num(np.sqrt(0.5 / curve.n_stars[~mask])))
    normal = -0.5 * (wider / sd) ** 2 - np.log(sd * math.sqrt(2 * math.pi))
    return min(float((math.log(SPREAD_DENSITY) - normal).sum()), MOST_FROM_SPREAD)


def _thinned(curve: Curve, mask: BoolArray) -> bool:
    """Whether stars are missing in these frames."""
    inside = np.flatnonzero(~mask[curve.by_place])
    n_stars = curve.n_stars[curve.by_place]
    beside = min(n_stars[inside[0] - 1], n_stars[inside[-1] + 1])
    return bool((n_stars[inside] < LEAST_STARS * beside).any())
