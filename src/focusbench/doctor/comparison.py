"""All explanations of one curve, compared with a sound V-curve.

The evidence of an explanation is the probability it gives the points, everything unknown
integrated out (the Bayes factor). What is reported is its logarithm less that of a sound curve:
3 is twenty times.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from focusbench.doctor import candidates
from focusbench.doctor.bad_points import bad_points, galaxies
from focusbench.doctor.candidates import Candidate, Cause, Curve, Laid
from focusbench.doctor.plateaus import plateaus
from focusbench.doctor.v_fit import (
    LN_TAU_PRIOR,
    USUAL_TAUS,
    Fitted,
    FloatArray,
    fit,
    ln_curve,
)

LEAST_POINTS = 5
LEAST_PLACES = 3
WILD_TAUS = (0.14, 0.2, 0.3)
"""Relative scatter of frames that no seeing makes; `auto` bears with it, and widens its error."""
LN_WILD_PRIOR = np.full(len(WILD_TAUS), -math.log(len(WILD_TAUS)))
LN_NO_CURVE = 10.0
"""ln b of a curve that is flat over any sweep."""

CAUSES: tuple[Callable[[Curve], list[Candidate]], ...] = (
    candidates.sound,
    candidates.asymmetry,
    candidates.backlash,
    bad_points,
    galaxies,
    plateaus,
)


@dataclass(frozen=True)
class Explained:
    """The points as one cause explains them.

    Attributes
    ----------
    evidence : float
        ln of how many times better than a sound V-curve it explains the points.
    shape : float array, shape (5,)
        The V-curve it leaves: x0 and ln b in step sizes, α, γ, κ.
    x0_error : float, step sizes
    tau : float
        Relative scatter of the frames.
    apart : tuple of int
        Points through which the curve does not go.
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
        """Where focus is, step sizes."""
        return float(self.shape[0])

    def ln_metric(self, x: float) -> float:
        """Ln of the metric that the curve has at a position in step sizes."""
        return float(ln_curve(self.shape, np.array([x]))[0])

    def grown(self, x: FloatArray) -> FloatArray:
        """Ln of the metric over its minimum, at positions in step sizes."""
        return np.asarray(ln_curve(self.shape, x) - self.shape[2])


def compare(curve: Curve) -> dict[Cause, Explained]:
    """Explain a curve by every cause; empty with fewer than five points, or three places.

    Returns
    -------
    dict of Cause to Explained
        Causes that cannot have left the points where they are, are not in it; `sound` always is.
    """
    if len(curve) < LEAST_POINTS or len(np.unique(curve.x)) < LEAST_PLACES:
        return {}
    everyone = [candidate for cause in CAUSES for candidate in cause(curve)]
    fitted = _fit(everyone, curve, USUAL_TAUS)
    ln = fitted.ln_evidence + LN_TAU_PRIOR
    for h, candidate in enumerate(everyone):
        ln[h] += candidate.ln_prior + _rest(candidate, curve, fitted, h)
    sound = float(np.logaddexp.reduce(ln[0]))
    explained = {}
    for cause in dict.fromkeys(c.cause for c in everyone):
        these = np.array([h for h, c in enumerate(everyone) if c.cause == cause])
        total = float(np.logaddexp.reduce(ln[these], axis=None))
        if total > -math.inf:
            h, t = divmod(int(ln[these].argmax()), len(USUAL_TAUS))
            explained[cause] = _explained(
                total - sound, everyone[these[h]], fitted, int(these[h]), t, USUAL_TAUS
            )
    flat = _no_curve(curve, USUAL_TAUS, LN_TAU_PRIOR)
    explained["flat"] = Explained(flat - sound, _flat_shape(curve), math.inf, USUAL_TAUS[1])
    explained["noise"] = _noise(everyone[0], curve, sound)
    return explained


def _fit(these: list[Candidate], curve: Curve, taus: tuple[float, ...]) -> Fitted:
    """Fit a curve to each; what two candidates have in common is fitted once."""
    keys = [(c.x.tobytes(), c.passes.tobytes(), c.kappa_sd) for c in these]
    first = {key: these[i] for i, key in reversed(list(enumerate(keys)))}
    number = {key: i for i, key in enumerate(first)}
    different = list(first.values())
    fitted = fit(
        np.array([c.x for c in different]),
        np.array([c.passes for c in different]),
        np.array([c.kappa_sd for c in different]),
        curve.ln_y,
        curve.variance,
        taus,
    )
    which = [number[key] for key in keys]
    return Fitted(fitted.ln_evidence[which], fitted.shape[which], fitted.x0_error[which])


def _rest(candidate: Candidate, curve: Curve, fitted: Fitted, h: int) -> FloatArray:
    """Ln density, for every τ, of the points through which its curve does not go."""
    if candidate.rest is None:
        return np.zeros(len(USUAL_TAUS))
    return np.array(
        [candidate.rest(Laid(curve, fitted.shape[h, t], tau)) for t, tau in enumerate(USUAL_TAUS)]
    )


def _explained(
    evidence: float,
    candidate: Candidate,
    fitted: Fitted,
    h: int,
    t: int,
    taus: tuple[float, ...],
) -> Explained:
    return Explained(
        evidence,
        fitted.shape[h, t],
        float(fitted.x0_error[h, t]),
        taus[t],
        candidate.apart,
        candidate.play,
    )


def _noise(sound: Candidate, curve: Curve, ln_sound: float) -> Explained:
    """Scatter beyond all seeing, about a curve or about none."""
    fitted = _fit([sound], curve, WILD_TAUS)
    ln = fitted.ln_evidence[0] + LN_WILD_PRIOR
    about_none = _no_curve(curve, WILD_TAUS, LN_WILD_PRIOR)
    total = float(np.logaddexp(np.logaddexp.reduce(ln), about_none)) - math.log(2)
    return _explained(total - ln_sound, sound, fitted, 0, int(ln.argmax()), WILD_TAUS)


def _no_curve(curve: Curve, taus: tuple[float, ...], ln_prior: FloatArray) -> float:
    """Ln evidence of one level for all points; it is integrated over, as α of the curve is."""
    ln = []
    for tau in taus:
        variance = curve.variance + tau * tau
        weight = 1 / variance
        level = float(weight @ curve.ln_y / weight.sum())
        off = curve.ln_y - level
        height = float((weight * off**2 + np.log(2 * math.pi * variance)).sum())
        ln.append(-0.5 * (height + math.log(weight.sum())))
    return float(np.logaddexp.reduce(np.array(ln) + ln_prior))


def _flat_shape(curve: Curve) -> FloatArray:
    return np.array([curve.x.mean(), LN_NO_CURVE, curve.ln_y.mean(), 0.5, 0.0])
