"""One way in which the points of a V-curve may have come about: what each cause file gives."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from focusbench.doctor.v_fit import KAPPA_SD, FloatArray, ln_curve

BoolArray = NDArray[np.bool_]
Cause = Literal[
    "sound",
    "backlash",
    "donut_plateau",
    "asymmetry",
    "outlier",
    "galaxy",
    "noise",
    "flat",
    "stray_end",
]
"""What may be the matter with a curve. `sound` is nothing; `stray_end` is an end that cannot be
judged, and no finding."""

LEAST_PASSED = 3
"""So few points must lie on the curve itself where the others are explained otherwise."""


@dataclass(frozen=True)
class Curve:
    """The points of a V-curve, in the order taken.

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

    def __len__(self) -> int:
        return len(self.x)

    @property
    def by_place(self) -> NDArray[np.intp]:
        """Indices of the points from the inner to the outer end."""
        return np.argsort(self.x, kind="stable")

    def all_but(self, places: slice) -> BoolArray:
        """All points but those at some places, counted from the inner end."""
        mask = np.ones(len(self), dtype=bool)
        mask[self.by_place[places]] = False
        return mask


@dataclass(frozen=True)
class Laid:
    """A curve laid through the points of a candidate.

    Attributes
    ----------
    curve : Curve
    shape : float array, shape (5,)
        x0, ln b, α, γ, κ.
    tau : float
        Relative scatter of the frames.
    """

    curve: Curve
    shape: FloatArray
    tau: float

    @property
    def drawn(self) -> FloatArray:
        """Ln of the metric that the curve has where the focuser said it stood. Shape (n,)."""
        return ln_curve(self.shape, self.curve.x)

    @property
    def off(self) -> FloatArray:
        """Height of every point above the curve, ln(metric). Shape (n,)."""
        return np.asarray(self.curve.ln_y - self.drawn)

    @property
    def sigma(self) -> FloatArray:
        """Standard deviation of a sound point, ln(metric). Shape (n,)."""
        return np.sqrt(self.curve.variance + self.tau**2)


@dataclass(frozen=True)
class Candidate:
    """One way in which the points may have come about.

    Attributes
    ----------
    cause : Cause
    x : float array, shape (n,), step sizes
        Where the drawtube stood.
    passes : bool array, shape (n,)
        Points through which the curve goes.
    ln_prior : float
        Among the candidates of its cause.
    kappa_sd : float
        How unlike the wings may be.
    play : float, step sizes
    rest : callable
        ln density of the points through which the curve does not go; −∞ where the cause would
        not have left them there.
    """

    cause: Cause
    x: FloatArray
    passes: BoolArray
    ln_prior: float = 0.0
    kappa_sd: float = KAPPA_SD
    play: float = 0.0
    rest: Callable[[Laid], float] | None = None

    @property
    def apart(self) -> tuple[int, ...]:
        """Indices of the points through which the curve does not go."""
        return tuple(np.flatnonzero(~self.passes).tolist())


def sound(curve: Curve) -> list[Candidate]:
    """Nothing is the matter."""
    return [Candidate("sound", curve.x, np.ones(len(curve), dtype=bool))]


ASYMMETRY_SD = 0.35
"""κ of wings whose slopes are in the ratio e^(2κ), up to 2 and more."""


def asymmetry(curve: Curve) -> list[Candidate]:
    """One wing is much steeper than the other."""
    everything = np.ones(len(curve), dtype=bool)
    return [Candidate("asymmetry", curve.x, everything, kappa_sd=ASYMMETRY_SD)]


LEAST_PLAY, MOST_PLAY = 0.75, 4.0
"""Play of the drive that is asked about, step sizes; less does no harm."""
OUTWARD_PRIOR = 0.2
"""Probability that a run whose order is unknown sampled outward: known programs go inward."""


def backlash(curve: Curve) -> list[Candidate]:
    """The drawtube follows the motor only when the play is taken up.

    It stands between the motor's position less the play and the motor's position; inward it
    follows at once. Hence the first points after a move outward are all taken at one place.
    """
    ways = [(1.0, 1.0)]
    order = np.arange(len(curve))
    if not curve.time_ordered:
        ways = [(1.0, 1 - OUTWARD_PRIOR), (-1.0, OUTWARD_PRIOR)]
    plays = np.arange(LEAST_PLAY, MOST_PLAY + 0.1, 0.25)
    everything = np.ones(len(curve), dtype=bool)
    found = []
    for way, share in ways:
        x = way * curve.x
        if not curve.time_ordered:
            order = np.argsort(-x, kind="stable")
        for play in plays:
            stood, at = np.empty_like(x), -math.inf
            for position in curve.before:
                at = min(max(at, position - play), position)
            for i in order:
                at = stood[i] = min(max(at, x[i] - play), x[i])
            ln_prior = math.log(share / len(plays))
            found.append(Candidate("backlash", way * stood, everything, ln_prior, play=float(play)))
    return found
