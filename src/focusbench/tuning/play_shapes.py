"""The shape of a rig's V-curve, integrated out over all runs that tell of its play.

Asymmetry κ and bend γ look like play, and are one for all runs of a rig but for a little wander.
Many runs know them much better than their priors do, so that nodes laid over the priors would step
over the place that counts: they are laid where the runs themselves put the shape, for the plays
that come into question.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.special import logsumexp

from focusbench.curve import GAMMA, GAMMA_SD, KAPPA_SD, WANDER
from focusbench.tuning.play_evidence import GAMMA_WANDER, IMPOSSIBLE, Shapes

FloatArray = NDArray[np.float64]
LnLikelihood = Callable[[FloatArray, Shapes], FloatArray]
"""Of plays and shapes, shape (κ, γ, play)."""

KAPPA_PRIOR = (0.0, float(np.sqrt(KAPPA_SD**2 - WANDER**2)))
"""Of rigs: the spread without that from run to run."""
GAMMA_PRIOR = (GAMMA, float(np.sqrt(GAMMA_SD**2 - GAMMA_WANDER**2)))
REACH = 2.5
"""Standard deviations within which a shape is looked for."""
APART = 1.8
"""Distance of nodes, in the smallest standard deviation: a spline between them follows a normal
curve's logarithm exactly, and what differs from it closely."""
MOST_NODES = 7
ROUNDS = 2
N_FINE = 61


def shapes_for(ln_likelihood: LnLikelihood, plays: FloatArray) -> Shapes:
    """Choose the shapes at which to work out the likelihood.

    Parameters
    ----------
    ln_likelihood : callable
        Of all runs together.
    plays : float array
        A few plays between which the answer lies: for each, the runs put the shape elsewhere.
    """
    shapes = Shapes(
        _between(*_ends(*KAPPA_PRIOR), KAPPA_PRIOR[1]),
        _between(*_ends(*GAMMA_PRIOR), GAMMA_PRIOR[1]),
    )
    for _ in range(ROUNDS):
        ln_l = ln_likelihood(plays, shapes)
        fine, ln_p = _refined(ln_l, shapes)
        p = np.exp(ln_p - ln_p.max(axis=(0, 1)))
        laid = []
        for axis, (at, prior) in enumerate(
            ((fine.kappas, KAPPA_PRIOR), (fine.gammas, GAMMA_PRIOR))
        ):
            weight = p.sum(axis=1 - axis) / p.sum(axis=(0, 1))
            mean = at @ weight
            sd = np.sqrt(np.maximum(at**2 @ weight - mean**2, (0.1 * prior[1]) ** 2))
            low, high = _ends(mean, sd)
            least, most = _ends(*prior)
            laid.append(_between(max(low.min(), least), min(high.max(), most), float(sd.min())))
        shapes = Shapes(*laid)
    return shapes


def over_shapes(ln_l: FloatArray, shapes: Shapes) -> FloatArray:
    """Sum a likelihood, shape (κ, γ, play), over the shapes with their priors; shape (play,)."""
    _, ln_p = _refined(ln_l, shapes)
    return np.asarray(logsumexp(ln_p, axis=(0, 1)))


def _refined(ln_l: FloatArray, shapes: Shapes) -> tuple[Shapes, FloatArray]:
    """Ln of likelihood and prior on a fine grid of shapes."""
    fine = Shapes(
        *(np.linspace(nodes[0], nodes[-1], N_FINE) for nodes in (shapes.kappas, shapes.gammas))
    )
    ln_l = np.where(np.isfinite(ln_l), ln_l, IMPOSSIBLE)
    ln_l = CubicSpline(shapes.kappas, ln_l)(fine.kappas)
    ln_l = CubicSpline(shapes.gammas, ln_l, axis=1)(fine.gammas)
    kappa, gamma = (
        -0.5 * ((at - mean) / sd) ** 2
        for at, (mean, sd) in ((fine.kappas, KAPPA_PRIOR), (fine.gammas, GAMMA_PRIOR))
    )
    return fine, ln_l + (kappa[:, None] + gamma[None, :])[..., None]


def _ends(mean: FloatArray | float, sd: FloatArray | float) -> tuple[FloatArray, FloatArray]:
    return np.asarray(mean - REACH * sd), np.asarray(mean + REACH * sd)


def _between(low: FloatArray, high: FloatArray, sd: float) -> FloatArray:
    """Even nodes from end to end, close enough for what has this standard deviation."""
    n = int(np.clip(np.ceil((high - low) / (APART * sd)) + 1, 3, MOST_NODES))
    return np.linspace(low, high, n)
