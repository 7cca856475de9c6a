"""What a V-curve that is not sound may be: explanations of the same points, compared.

Each explanation says how the points came about; its evidence is the probability it gives them,
everything unknown integrated out. What is reported is its logarithm less that of a sound V-curve:
e³ is twenty times.
"""

import dataclasses
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from focusbench.doctor.v_fit import (
    KAPPA_SD,
    LN_TAU_PRIOR,
    USUAL_TAUS,
    Explanations,
    Fitted,
    FloatArray,
    fit,
    ln_curve,
)

ShapeCode = Literal[
    "backlash",
    "donut_plateau",
    "asymmetry",
    "outlier",
    "galaxy",
    "noise",
    "flat",
    "stray_end",
]
"""What may be the matter; `stray_end` is no finding: an end that cannot be judged."""

LEAST_POINTS = 5
LEAST_PASSED = 3
"""So few points must lie on the curve itself where the others are explained otherwise."""

WILD_TAUS = (0.14, 0.2, 0.3)
"""Scatter that no seeing makes; `auto` refuses to focus from 0.13 on."""
ASYMMETRY_SD = 0.35
PLAY = np.arange(0.75, 4.1, 0.25)
"""Play of the drive that is asked about, step sizes; less does no harm."""
PLAY_OUTWARD_PRIOR = 0.2
"""Probability that a run whose order is unknown sampled outward; all known programs go inward."""
BAD_DENSITY = 0.3
"""Of a bad point, per unit of ln(metric): anywhere within a factor of 5 up or down."""
BAD_BELOW = 0.2
"""Share of the bad points that read too little."""
MOST_ON_PLATEAU = 6
"""Points a wing."""
PLATEAU_FALL, PLATEAU_FALL_SD = 0.04, 0.06
"""How the metric falls beyond the largest donut that is still measured whole, per step size."""
PLATEAU_RANGE = 3.0
"""Its height may be anything within this range of ln(metric)."""
CLIFF_SHARE, CLIFF_DENSITY = 0.4, 0.7
"""Or it falls to anything, where the detector loses the donuts."""
SPREAD_SD, SPREAD_DENSITY = 0.25, 0.4
"""How unlike the star-to-star scatter of frames of stars is, as ln; and where it may be with
something else among them, per unit of ln."""
LEAST_WIDER, LEAST_OFF = 1.5, 0.08
"""What galaxies do at least: to the scatter, and to ln(metric)."""
MOST_FROM_SPREAD = 10.0
LEAST_OF_BESIDE = 0.8
"""Share of the objects of the frames beside that are there still, nearer to focus."""


@dataclass(frozen=True)
class Curve:
    """The points of a V-curve, as explanations need them, in the order taken.

    Attributes
    ----------
    x : float array, shape (n,), step sizes
    ln_y : float array, shape (n,)
    variance : float array, shape (n,)
        (standard error / metric)²; 0 where unknown.
    spread : float array, shape (n,)
        ln of the star-to-star scatter over the metric; NaN where unknown.
    n_stars : float array, shape (n,)
        NaN where unknown.
    time_ordered : bool
    before : float array, shape (m,), step sizes
        Where the focuser was before, in order: it tells how much play was taken up.
    """

    x: FloatArray
    ln_y: FloatArray
    variance: FloatArray
    spread: FloatArray
    n_stars: FloatArray
    time_ordered: bool
    before: FloatArray


@dataclass(frozen=True)
class Explained:
    """One explanation of the points, the likeliest of its kind.

    Attributes
    ----------
    evidence : float
        ln of how many times better than a sound V-curve it explains the points, all of its kind
        together.
    x0, x0_error, ln_b : float, step sizes
        The V-curve it leaves.
    shape : float array, shape (5,)
        x0, ln b, α, γ, κ.
    tau : float
        Relative scatter of the frames.
    apart : tuple of int
        Points that it does not lay the curve through.
    play : float, step sizes
    """

    evidence: float
    shape: FloatArray
    x0_error: float
    tau: float
    apart: tuple[int, ...] = ()
    play: float = 0.0

    @property
    def x0(self) -> float:
        """Where focus is."""
        return float(self.shape[0])

    def grown(self, x: FloatArray | float) -> FloatArray:
        """ln of the metric over its minimum."""
        at = np.atleast_1d(np.asarray(x, dtype=float))
        return ln_curve(self.shape, at) - self.shape[2]


@dataclass(frozen=True)
class _Tried:
    """One of the batch: ln of its prior and of what else it explains, for every τ or for all."""

    which: int
    ln_prior: FloatArray | float
    play: float = 0.0


class Comparison:
    """All explanations of one curve."""

    def __init__(self, curve: Curve) -> None:
        self.curve = curve
        n = len(curve.x)
        self._batch: list[tuple[FloatArray, NDArray[np.bool_], float]] = []
        everything = np.ones(n, dtype=bool)
        self._add(curve.x, everything, KAPPA_SD)
        self._add(curve.x, everything, ASYMMETRY_SD)
        self._plays = [self._add(x, everything, KAPPA_SD) for _, _, x in self._lagging()]
        masks = {m.tobytes(): m for m in [*self._single(), *(m for m, _ in self._ends()), *self._bottoms()]}
        self._masked = {key: self._add(curve.x, m, KAPPA_SD) for key, m in masks.items()}
        x, passes, kappa_sd = zip(*self._batch, strict=True)
        self._these = Explanations(np.array(x), np.array(passes), np.array(kappa_sd))
        self._fitted = fit(self._these, curve.ln_y, curve.variance, USUAL_TAUS)

    def _add(self, x: FloatArray, passes: NDArray[np.bool_], kappa_sd: float) -> int:
        self._batch.append((x, passes, kappa_sd))
        return len(self._batch) - 1

    # ------------------------------------------------------------------------------ the V itself

    @cached_property
    def sound(self) -> Explained:
        """A V-curve without trouble; its evidence is absolute, not compared."""
        return self._likeliest([_Tried(0, 0.0)])

    def _likeliest(self, tried: list["_Tried"]) -> Explained:
        """Likeliest of a kind, with the evidence of the whole kind."""
        ln = np.array(
            [self._fitted.ln_evidence[k.which] + LN_TAU_PRIOR + k.ln_prior for k in tried]
        )
        k, t = np.unravel_index(int(ln.argmax()), ln.shape)
        which = tried[k].which
        return Explained(
            float(np.logaddexp.reduce(ln, axis=None)),
            self._fitted.shape[which, t],
            float(self._fitted.x0_error[which, t]),
            USUAL_TAUS[t],
            tuple(np.flatnonzero(~self._these.passes[which]).tolist()),
            tried[k].play,
        )

    def _compared(self, tried: list["_Tried"]) -> Explained | None:
        """Likeliest of a kind, its evidence compared with a sound curve's; None where none is."""
        if not tried or all(np.max(k.ln_prior) == -math.inf for k in tried):
            return None
        likeliest = self._likeliest(tried)
        evidence = likeliest.evidence - self.sound.evidence
        return dataclasses.replace(likeliest, evidence=evidence)

    # ---------------------------------------------------------------------------- explanations

    @cached_property
    def asymmetry(self) -> Explained | None:
        """One wing is much steeper than the other."""
        return self._compared([_Tried(1, 0.0)])

    @cached_property
    def backlash(self) -> Explained | None:
        """The first points were not where the focuser said."""
        return self._compared(
            [
                _Tried(which, ln_prior, play)
                for which, (ln_prior, play, _) in zip(self._plays, self._lagging(), strict=True)
            ]
        )

    @cached_property
    def outlier(self) -> Explained | None:
        """One bad point."""
        return self._bad_point(alone=False)

    @cached_property
    def stray_end(self) -> Explained | None:
        """An end point off the curve where hardly another lies beyond focus."""
        return self._bad_point(alone=True)

    def _bad_point(self, alone: bool) -> Explained | None:
        found = []
        for mask in self._single():
            which = self._masked[mask.tobytes()]
            i = int(np.flatnonzero(~mask)[0])
            if self._alone(which, i) is not alone:
                continue
            share = BAD_BELOW if self._off(which)[i] < 0 else 1 - BAD_BELOW
            ln_prior = math.log(2 * share * BAD_DENSITY / len(mask))
            found.append(_Tried(which, ln_prior))
        return self._compared(found)

    @cached_property
    def galaxy(self) -> Explained | None:
        """Something wider than stars is counted near focus, in some frames or in all.

        It raises the frames in which it is counted, and makes what is counted there unlike.
        """
        found = []
        masks = self._bottoms()
        for mask in masks:
            which = self._masked[mask.tobytes()]
            off = self._off(which)[~mask]
            gain = self._unlike(mask)
            if (off > LEAST_OFF).all() and gain > 0 and not self._thinned(mask):
                ln_prior = len(off) * math.log(2 * BAD_DENSITY) - math.log(len(masks))
                found.append(_Tried(which, gain + ln_prior))
        return self._compared(found)

    def _unlike(self, mask: NDArray[np.bool_]) -> float:
        """ln of how much likelier the spread of some frames is with something else in them.

        Stars blurred alike differ by so many pixels, stars unlike by themselves by such a share:
        the frames have to stand out in both.
        """
        known = np.isfinite(self.curve.spread)
        if not known[~mask].all() or known[mask].sum() < LEAST_PASSED:
            return -math.inf
        others = mask & known
        in_px = self.curve.spread + self.curve.ln_y
        wider = np.minimum(
            self.curve.spread[~mask] - float(np.median(self.curve.spread[others])),
            in_px[~mask] - float(np.median(in_px[others])),
        )
        if (wider < math.log(LEAST_WIDER)).any():
            return -math.inf
        # The standard error of ln(scatter) of n stars.
        sd = np.hypot(SPREAD_SD, np.nan_to_num(np.sqrt(0.5 / self.curve.n_stars[~mask])))
        normal = -0.5 * (wider / sd) ** 2 - np.log(sd * math.sqrt(2 * math.pi))
        return min(float((math.log(SPREAD_DENSITY) - normal).sum()), MOST_FROM_SPREAD)

    def _thinned(self, mask: NDArray[np.bool_]) -> bool:
        """Whether stars are missing in these frames: a gust loses stars, a galaxy adds some."""
        by_place = np.argsort(self.curve.x, kind="stable")
        inside = np.flatnonzero(~mask[by_place])
        n_stars = self.curve.n_stars[by_place]
        beside = min(n_stars[inside[0] - 1], n_stars[inside[-1] + 1])
        return bool((n_stars[inside] < LEAST_OF_BESIDE * beside).any())

    @cached_property
    def donut_plateau(self) -> Explained | None:
        """Beyond some size the metric no longer grows, on every wing that reaches it."""
        found = []
        ends = self._ends()
        for mask, ln_prior in ends:
            which = self._masked[mask.tobytes()]
            beyond = [self._beyond_ceiling(which, mask, t) for t in range(len(USUAL_TAUS))]
            found.append(_Tried(which, np.array(beyond) + ln_prior))
        return self._compared(found)

    @cached_property
    def flat(self) -> Explained:
        """No curve at all: one value, with the scatter of seeing."""
        return self._flat(USUAL_TAUS)

    @cached_property
    def noise(self) -> Explained:
        """Scatter beyond all seeing, with a curve below it or not."""
        wild = fit(
            Explanations(*(a[:1] for a in (self._these.x, self._these.passes)), np.array([KAPPA_SD])),
            self.curve.ln_y,
            self.curve.variance,
            WILD_TAUS,
        )
        t = int(wild.ln_evidence[0].argmax())
        flat = self._flat(WILD_TAUS)
        evidence = np.logaddexp(_ln_mean(wild.ln_evidence[0]) - self.sound.evidence, flat.evidence)
        return Explained(
            float(evidence - math.log(2)),
            wild.shape[0, t],
            float(wild.x0_error[0, t]),
            WILD_TAUS[t],
        )

    def _flat(self, taus: tuple[float, ...]) -> Explained:
        ln, levels = [], []
        for tau in taus:
            v = self.curve.variance + tau * tau
            level = float((self.curve.ln_y / v).sum() / (1 / v).sum())
            off = self.curve.ln_y - level
            # The level is integrated over; α of the V-curve is, too, without a prior.
            ln.append(
                -0.5 * float((off**2 / v + np.log(2 * math.pi * v)).sum())
                - 0.5 * math.log((1 / v).sum())
            )
            levels.append(level)
        t = int(np.argmax(ln))
        shape = np.array([float(self.curve.x.mean()), 10.0, levels[t], 0.5, 0.0])
        prior = LN_TAU_PRIOR if taus is USUAL_TAUS else -math.log(len(taus))
        evidence = float(np.logaddexp.reduce(np.array(ln) + prior)) - self.sound.evidence
        return Explained(evidence, shape, math.inf, taus[t])

    # ------------------------------------------------------------------------------- their parts

    def _lagging(self) -> list[tuple[float, float, FloatArray]]:
        """ln prior, play, and where the drawtube stood at every point, for each play."""
        ways = [(1, 1.0)]
        if not self.curve.time_ordered:
            ways = [(1, 1 - PLAY_OUTWARD_PRIOR), (-1, PLAY_OUTWARD_PRIOR)]
        found = []
        for way, share in ways:
            x = way * self.curve.x
            if not self.curve.time_ordered:
                # As if sampled inward, from the outermost point.
                order = np.argsort(-x, kind="stable")
            else:
                order = np.arange(len(x))
            for play in PLAY:
                stood = np.empty_like(x)
                at = -math.inf
                for position in self.curve.before:
                    at = min(max(at, position - play), position)
                for i in order:
                    at = min(max(at, x[i] - play), x[i])
                    stood[i] = at
                found.append((math.log(share / len(PLAY)), float(play), way * stood))
        return found

    def _single(self) -> list[NDArray[np.bool_]]:
        """All points but one."""
        n = len(self.curve.x)
        return list(~np.eye(n, dtype=bool)) if n > LEAST_POINTS - 1 else []

    def _bottoms(self) -> list[NDArray[np.bool_]]:
        """All points but one to three neighbours that have others on both sides."""
        n = len(self.curve.x)
        if not np.isfinite(self.curve.spread).any():
            return []
        by_place = np.argsort(self.curve.x, kind="stable")
        masks = []
        for length in (1, 2, 3):
            for first in range(2, n - length - 1):
                mask = np.ones(n, dtype=bool)
                mask[by_place[first : first + length]] = False
                if length <= n / 3 and mask.sum() > LEAST_PASSED:
                    masks.append(mask)
        return masks

    def _ends(self) -> list[tuple[NDArray[np.bool_], float]]:
        """All points but some at the ends, and the ln prior: few are likelier than many."""
        n = len(self.curve.x)
        by_place = np.argsort(self.curve.x, kind="stable")
        lowest = int(self.curve.ln_y[by_place].argmin())
        masks, weights = [], []
        for inner in range(min(lowest, MOST_ON_PLATEAU) + 1):
            for outer in range(min(n - 1 - lowest, MOST_ON_PLATEAU) + 1):
                if inner + outer == 0 or n - inner - outer < LEAST_PASSED:
                    continue
                mask = np.ones(n, dtype=bool)
                mask[by_place[:inner]] = False
                mask[by_place[n - outer :]] = False
                masks.append(mask)
                weights.append(((1 + inner) * (1 + outer)) ** -0.5)
        return [(m, math.log(w / sum(weights))) for m, w in zip(masks, weights, strict=True)]

    def _alone(self, which: int, i: int) -> bool:
        """Whether a point is at an end and has but one more beyond focus: a wing, or a bad point?

        Nothing tells which; what can be told is that the sweep ends there.
        """
        t = int(self._fitted.ln_evidence[which].argmax())
        side = np.sign(self.curve.x[i] - self._fitted.shape[which, t, 0])
        beyond = side * (self.curve.x - self._fitted.shape[which, t, 0])
        return bool(beyond[i] == beyond.max() and np.sum(beyond > 0.25) <= 2)

    def _off(self, which: int) -> FloatArray:
        """Height of every point above the curve, ln(metric)."""
        t = int(self._fitted.ln_evidence[which].argmax())
        return self.curve.ln_y - ln_curve(self._fitted.shape[which, t], self._these.x[which])

    def _beyond_ceiling(self, which: int, passes: NDArray[np.bool_], t: int) -> float:
        """ln density of the points beyond the ceiling; −∞ where no ceiling explains them."""
        shape = self._fitted.shape[which, t]
        drawn, ln_y = ln_curve(shape, self.curve.x), self.curve.ln_y
        sigma = np.sqrt(self.curve.variance + USUAL_TAUS[t] ** 2)
        apart = ~passes
        top, highest = float(ln_y[passes].max()), float(ln_y[apart].max())
        # Optics would go on above all of them.
        if (drawn[apart] < ln_y[apart] - sigma[apart]).any():
            return -math.inf
        plateau = cliff = -math.inf
        if (drawn[apart] > highest - 2 * sigma[apart]).all() and top < highest + 2 * sigma.max():
            plateau = math.log(1 - CLIFF_SHARE) + _ln_plateau(
                ln_y[apart], sigma[apart], _beyond_the_first(self.curve.x - shape[0], apart)
            )
        if (drawn[apart] > top - sigma[apart]).all() and highest < top:
            cliff = math.log(CLIFF_SHARE) + int(apart.sum()) * math.log(CLIFF_DENSITY)
        return float(np.logaddexp(plateau, cliff))


def _beyond_the_first(distance: FloatArray, apart: NDArray[np.bool_]) -> FloatArray:
    """How far each point of a plateau lies beyond the first one of its wing, step sizes."""
    beyond = np.zeros_like(distance)
    for side in (-1, 1):
        here = apart & (side * distance > 0)
        if here.any():
            beyond[here] = side * distance[here] - (side * distance[here]).min()
    return beyond[apart]


def _ln_plateau(ln_y: FloatArray, sigma: FloatArray, beyond: FloatArray) -> float:
    """ln density of points on a plateau that falls a little.

    ln y = c − f·beyond + e with c flat over `PLATEAU_RANGE` and f normal around `PLATEAU_FALL`.
    """
    n = len(ln_y)
    covariance = np.diag(sigma**2) + PLATEAU_FALL_SD**2 * np.outer(beyond, beyond)
    value = ln_y + PLATEAU_FALL * beyond
    inverse = np.linalg.inv(covariance)
    total = float(inverse.sum())
    off = value - float(inverse.sum(axis=0) @ value) / total
    ln_density = -0.5 * float(off @ inverse @ off) - 0.5 * float(np.linalg.slogdet(covariance)[1])
    return ln_density - 0.5 * (n - 1) * math.log(2 * math.pi) - 0.5 * math.log(total) - math.log(PLATEAU_RANGE)


def compare(curve: Curve) -> Comparison | None:
    """Compare all explanations; None where there are too few points."""
    return Comparison(curve) if len(curve.x) >= LEAST_POINTS else None


def _ln_mean(ln: FloatArray) -> float:
    return float(np.logaddexp.reduce(ln)) - math.log(len(ln))


__all__ = ["Comparison", "Curve", "Explained", "Fitted", "ShapeCode", "compare"]
