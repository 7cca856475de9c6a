"""What a V-curve that is not sound may be: explanations of the same points, compared.

Each explanation says how the points came about; its evidence is the probability it gives them,
everything unknown integrated out. What is reported is its logarithm less that of a sound V-curve:
e³ is twenty times.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from focusbench.doctor.v_fit import (
    KAPPA_SD,
    USUAL_TAUS,
    Explanations,
    Fitted,
    FloatArray,
    fit,
    ln_curve,
)

ShapeCode = Literal["backlash", "donut_plateau", "asymmetry", "outlier", "galaxy", "noise", "flat"]

LEAST_POINTS = 5
LEAST_PASSED = 3
"""So few points must lie on the curve itself where the others are explained otherwise."""

WILD_TAUS = (0.12, 0.17, 0.24, 0.35)
ASYMMETRY_SD = 0.35
PLAY = np.arange(0.75, 4.1, 0.25)
"""Play of the drive that is asked about, step sizes; less does no harm."""
PLAY_OUTWARD_PRIOR = 0.2
"""Probability that a run whose order is unknown sampled outward; all known programs go inward."""
BAD_DENSITY = 0.3
"""Of a bad point, per unit of ln(metric): anywhere within a factor of 5 up or down."""
BAD_BELOW = 0.3
"""Share of the bad points that read too little."""
PLATEAU_FALL, PLATEAU_FALL_SD = 0.03, 0.05
"""How the metric falls beyond the largest donut that is still measured whole, per step size."""
CLIFF_SHARE, CLIFF_DENSITY = 0.25, 0.7
"""Or it falls to anything, where the detector loses the donuts."""
SPREAD_SD = 0.25
"""How unlike the star-to-star scatter of frames is, as ln."""
SPREAD_DENSITY = 0.4


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
    time_ordered : bool
    """

    x: FloatArray
    ln_y: FloatArray
    variance: FloatArray
    spread: FloatArray
    time_ordered: bool


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
        masks = {m.tobytes(): m for m in [*self._single(), *self._ends(), *self._bottoms()]}
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
        return self._one(0, self._ln(0))

    def _ln(self, which: int) -> float:
        """Evidence of one of the batch, its scatter integrated out."""
        return _ln_mean(self._fitted.ln_evidence[which])

    def _one(self, which: int, evidence: float, play: float = 0.0) -> Explained:
        t = int(self._fitted.ln_evidence[which].argmax())
        return Explained(
            evidence,
            self._fitted.shape[which, t],
            float(self._fitted.x0_error[which, t]),
            USUAL_TAUS[t],
            tuple(np.flatnonzero(~self._these.passes[which]).tolist()),
            play,
        )

    def _best(self, found: list[tuple[float, int, float]]) -> Explained | None:
        """Likeliest of a kind; its evidence is that of the kind, compared with a sound curve.

        `found` holds ln(prior · evidence), which of the batch, and the play.
        """
        if not found:
            return None
        ln = np.array([f[0] for f in found])
        _, which, play = found[int(ln.argmax())]
        return self._one(which, float(np.logaddexp.reduce(ln)) - self.sound.evidence, play)

    # ---------------------------------------------------------------------------- explanations

    @cached_property
    def asymmetry(self) -> Explained | None:
        """One wing is much steeper than the other."""
        return self._best([(self._ln(1), 1, 0.0)])

    @cached_property
    def backlash(self) -> Explained | None:
        """The first points were not where the focuser said."""
        return self._best(
            [
                (self._ln(which) + ln_prior, which, play)
                for which, (ln_prior, play, _) in zip(self._plays, self._lagging(), strict=True)
            ]
        )

    @cached_property
    def outlier(self) -> Explained | None:
        """One bad point."""
        found = []
        for mask in self._single():
            which = self._masked[mask.tobytes()]
            i = int(np.flatnonzero(~mask)[0])
            share = BAD_BELOW if self._off(which)[i] < 0 else 1 - BAD_BELOW
            ln_prior = math.log(2 * share * BAD_DENSITY / len(mask))
            found.append((self._ln(which) + ln_prior, which, 0.0))
        return self._best(found)

    @cached_property
    def galaxy(self) -> Explained | None:
        """Wide objects raise the bottom, and are unlike the stars among which they are counted."""
        found = []
        spread = self.curve.spread
        for mask in self._bottoms():
            which = self._masked[mask.tobytes()]
            off = self._off(which)[~mask]
            usual = spread[mask][np.isfinite(spread[mask])]
            if len(usual) < LEAST_PASSED or (off < 0).any():
                continue
            wide = spread[~mask] - float(np.median(usual))
            if not np.isfinite(wide).all() or (wide < math.log(1.5)).any():
                continue
            normal = -0.5 * (wide / SPREAD_SD) ** 2 - math.log(SPREAD_SD * math.sqrt(2 * math.pi))
            gain = float((math.log(SPREAD_DENSITY) - normal).sum())
            ln_prior = len(off) * math.log(2 * BAD_DENSITY) - math.log(len(self._bottoms()))
            found.append((self._ln(which) + gain + ln_prior, which, 0.0))
        return self._best(found)

    @cached_property
    def donut_plateau(self) -> Explained | None:
        """Beyond some size the metric no longer grows, on every wing that reaches it."""
        found = []
        ends = self._ends()
        for mask in ends:
            which = self._masked[mask.tobytes()]
            beyond = self._beyond_ceiling(which, mask)
            if beyond is not None:
                found.append((self._ln(which) + beyond - math.log(len(ends)), which, 0.0))
        return self._best(found)

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
        evidence = _ln_mean(np.array(ln)) - self.sound.evidence
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
                if mask.sum() > LEAST_PASSED:
                    masks.append(mask)
        return masks

    def _ends(self) -> list[NDArray[np.bool_]]:
        """All points but some at the ends: so many inner ones, so many outer ones."""
        n = len(self.curve.x)
        by_place = np.argsort(self.curve.x, kind="stable")
        lowest = int(self.curve.ln_y[by_place].argmin())
        masks = []
        for inner in range(min(lowest, 6) + 1):
            for outer in range(min(n - 1 - lowest, 6) + 1):
                if inner + outer == 0 or n - inner - outer < LEAST_PASSED:
                    continue
                mask = np.ones(n, dtype=bool)
                mask[by_place[:inner]] = False
                mask[by_place[n - outer :]] = False
                masks.append(mask)
        return masks

    def _off(self, which: int) -> FloatArray:
        """Height of every point above the curve, ln(metric)."""
        t = int(self._fitted.ln_evidence[which].argmax())
        return self.curve.ln_y - ln_curve(self._fitted.shape[which, t], self._these.x[which])

    def _beyond_ceiling(self, which: int, passes: NDArray[np.bool_]) -> float | None:
        """ln density of the points beyond the ceiling; None where no ceiling explains them."""
        t = int(self._fitted.ln_evidence[which].argmax())
        shape = self._fitted.shape[which, t]
        drawn, ln_y = ln_curve(shape, self.curve.x), self.curve.ln_y
        sigma = np.sqrt(self.curve.variance + USUAL_TAUS[t] ** 2)
        apart = ~passes
        highest = float(ln_y[apart].max())
        # Optics would go on well above; what passes the curve stays below the ceiling.
        if (drawn[apart] < ln_y[apart] - sigma[apart]).any():
            return None
        if (drawn[apart] < highest - 2 * sigma[apart]).any():
            return None
        if (ln_y[passes] > highest + 2 * sigma[passes]).any():
            return None
        side = np.sign(self.curve.x - shape[0])
        beyond = np.zeros_like(drawn)
        for s in (-1, 1):
            here = apart & (side == s)
            if here.any():
                distance = s * (self.curve.x[here] - shape[0])
                beyond[here] = distance - distance.min()
        n = int(apart.sum())
        # ln y = c − f·beyond: f ~ N(PLATEAU_FALL, its sd), c flat over 3 in ln.
        cov = np.diag(sigma[apart] ** 2) + PLATEAU_FALL_SD**2 * np.outer(
            beyond[apart], beyond[apart]
        )
        value = ln_y[apart] + PLATEAU_FALL * beyond[apart]
        inverse = np.linalg.inv(cov)
        ones = np.ones(n)
        total = float(ones @ inverse @ ones)
        level = float(ones @ inverse @ value) / total
        off = value - level
        plateau = -0.5 * float(off @ inverse @ off) - 0.5 * np.linalg.slogdet(cov)[1]
        plateau += -0.5 * (n - 1) * math.log(2 * math.pi) - 0.5 * math.log(total) - math.log(3)
        plateau += math.log(1 - CLIFF_SHARE)
        cliff = n * math.log(CLIFF_DENSITY) + math.log(CLIFF_SHARE)
        top = float(ln_y[passes].max())
        if (ln_y[apart] > top).any():
            cliff = -math.inf
        return float(np.logaddexp(plateau, cliff))


def compare(curve: Curve) -> Comparison | None:
    """Compare all explanations; None where there are too few points."""
    return Comparison(curve) if len(curve.x) >= LEAST_POINTS else None


def _ln_mean(ln: FloatArray) -> float:
    return float(np.logaddexp.reduce(ln)) - math.log(len(ln))


__all__ = ["Comparison", "Curve", "Explained", "Fitted", "ShapeCode", "compare"]
