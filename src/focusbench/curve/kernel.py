"""The arithmetic of the estimator: its curve, its noise, and fits of both to many nodes at once.

Plain arrays in, plain arrays out; positions are in step sizes, metrics in ln.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from focusbench.curve.counted import BoolArray, FloatArray

BAD_SHARE = 0.04
"""Prior probability that a point is bad."""
BAD_VARIANCE = 0.40**2
"""Variance that a bad point has on top of everybody's, in ln(metric)."""
GAMMA, GAMMA_SD = 0.52, 0.04
KAPPA_SD = 0.07
LN_B_SD = 0.7
LINE_SLOPE_SD = 0.2
"""Slope of the straight line that a V-curve must beat, in ln(metric) per step size."""
TAUS = np.geomspace(0.18, 0.005, 7)
LN_TAU_PRIOR = -0.5 * ((np.log(TAUS) - math.log(0.025)) / 1.2) ** 2
LAG_LN_DENSITY = math.log(1.25)
"""Density of a lagging point: anywhere below the curve, on the scale where the normal densities
are written without 1/√(2π)."""
LAG_LN_DENSITY_ABOVE = -3.0
"""The same where the point stands above the curve, where lag cannot put it."""


class Effort(NamedTuple):
    """When a fit has arrived: after so many iterations, or when a step promises so little."""

    max_iterations: int
    tolerance: float
    """In 2·ln p."""


SEARCH = Effort(4, 0.1)
"""For the first grid, which only finds where to look; every τ starts where the wider one ended."""
FINAL = Effort(8, 1e-3)

_PRIOR_MEAN = np.array([0.0, 0.0, GAMMA, 0.0])
_PRECISION = np.array([LN_B_SD**-2, 0.0, GAMMA_SD**-2, KAPPA_SD**-2])
LN_PRIOR_SCALE = math.log(LN_B_SD * GAMMA_SD * KAPPA_SD)


class Maxima(NamedTuple):
    """Maxima over (ln b, α, γ, κ) for a batch of nodes (x0, τ, lagging points)."""

    theta: FloatArray
    """(n_nodes, 4)"""
    ln_marginal: FloatArray
    """(n_nodes,): ln posterior less ½ ln det H."""


def shape(u: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Even and odd part of the curve: ln(1 + u²) and u|u| / (1 + u²)."""
    u2 = u * u
    return np.log1p(u2), u * np.abs(u) / (1 + u2)


def mixture(r: FloatArray, v: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Log density of a residual, its weight −d ln p/dr / r, and its probability of being good."""
    wide = v + BAD_VARIANCE
    r2 = r * r
    good = math.log(1 - BAD_SHARE) - 0.5 * (np.log(v) + r2 / v)
    bad = math.log(BAD_SHARE) - 0.5 * (np.log(wide) + r2 / wide)
    ln_p = np.logaddexp(good, bad)
    p_good = np.exp(good - ln_p)
    return ln_p, p_good / v + (1 - p_good) / wide, p_good


def maximise(
    dx: FloatArray,
    ln_y: FloatArray,
    v: FloatArray,
    lag: BoolArray,
    ln_b0: float,
    theta: FloatArray,
    effort: Effort,
) -> Maxima:
    """Damped Gauss-Newton over (ln b, α, γ, κ) for all nodes at once.

    Parameters
    ----------
    dx, v : float array, shape (n_nodes, n)
        Distance from x0, and variance of a good point.
    lag : bool array, shape (n_nodes, n)
        Points left out as lagging.
    theta : float array, shape (n_nodes, 4)
        Where to start.
    effort : Effort
    """
    mean = _PRIOR_MEAN.copy()
    mean[0] = ln_b0
    used = (~lag).astype(float)
    diagonal = np.arange(4)

    def look(
        at: NDArray[np.intp], theta: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        u = dx[at] * np.exp(-theta[:, :1])
        u2 = u * u
        q = 1 / (1 + u2)
        gamma, kappa = theta[:, 2:3], theta[:, 3:4]
        jacobian = np.empty((*u.shape, 4))
        even, odd = jacobian[..., 2], jacobian[..., 3]
        np.log1p(u2, out=even)
        np.multiply(u * np.abs(u), q, out=odd)
        jacobian[..., 1] = 1
        jacobian[..., 0] = -2 * q * (gamma * u2 + kappa * odd)
        r = ln_y - (theta[:, 1:2] + gamma * even + kappa * odd)
        ln_p, weight, _ = mixture(r, v[at])
        off = theta - mean
        value = (used[at] * ln_p).sum(axis=1) - 0.5 * (off * off) @ _PRECISION
        weighted = (jacobian * (weight * used[at])[..., None]).transpose(0, 2, 1)
        gradient = (weighted @ r[..., None])[..., 0] - _PRECISION * off
        hessian = weighted @ jacobian
        hessian[:, diagonal, diagonal] += _PRECISION
        return value, gradient, hessian, r

    active = np.arange(len(theta))
    theta = theta.copy()
    value, gradient, hessian, r = look(active, theta)
    damping = np.full(len(theta), 1e-3)
    for _ in range(effort.max_iterations):
        damped = hessian[active]
        damped[:, diagonal, diagonal] *= 1 + damping[active, None]
        step = np.linalg.solve(damped, gradient[active, :, None])[..., 0]
        # What is still to be gained in ln p, were the curve straight in its parameters.
        going = (gradient[active] * step).sum(axis=1) > effort.tolerance
        if not going.any():
            break
        active, step = active[going], step[going]
        trial = theta[active] + step
        # b may not leave what any V-curve can have: e^±3.5 is five prior standard deviations.
        trial[:, 0] = np.clip(trial[:, 0], ln_b0 - 3.5, ln_b0 + 3.5)
        new = look(active, trial)
        better = new[0] >= value[active]
        damping[active] *= np.where(better, 0.1, 10)
        moved = active[better]
        theta[moved] = trial[better]
        value[moved], gradient[moved], hessian[moved], r[moved] = (part[better] for part in new)
    of_lag = np.where(r < 0.05, LAG_LN_DENSITY, LAG_LN_DENSITY_ABOVE)
    _, ln_det = np.linalg.slogdet(hessian)
    return Maxima(theta, value + (lag * of_lag).sum(axis=1) - 0.5 * ln_det)


def straight_evidence(
    x: FloatArray,
    ln_y: FloatArray,
    variance: FloatArray,
    lagging: BoolArray,
    ln_prior: FloatArray,
) -> tuple[FloatArray, float]:
    """Log evidence of no curve and of a straight line, under the same noise; the line's slope.

    "No curve" is the line whose slope is known to be nothing, so that both are one computation.
    """
    slope_sd = np.array([1e-6, LINE_SLOPE_SD])
    precision = np.repeat(slope_sd**-2, len(lagging))
    lag = np.tile(lagging, (2, 1))
    used = (~lag).astype(float)
    dx = x - x.mean()
    design = np.stack([np.ones_like(dx), dx], axis=1)
    theta = np.zeros((len(lag), 2))
    theta[:, 0] = np.median(ln_y)
    ln_p = np.empty((2, len(TAUS), len(lagging)))
    slopes = np.empty_like(ln_p)
    for t, tau in enumerate(TAUS):
        v = variance + tau * tau
        for _ in range(12):
            r = ln_y - theta @ design.T
            ln_point, weight, _ = mixture(r, v[None, :])
            weight *= used
            s0, s1, s2 = weight.sum(axis=1), weight @ dx, weight @ (dx * dx) + precision
            g0, g1 = (weight * r).sum(axis=1), (weight * r) @ dx - precision * theta[:, 1]
            det = s0 * s2 - s1 * s1
            move = np.stack([s2 * g0 - s1 * g1, s0 * g1 - s1 * g0], axis=1) / det[:, None]
            if np.all(move[:, 0] * g0 + move[:, 1] * g1 < 1e-2):
                break
            theta = theta + move
        of_lag = np.where(r < 0.05, LAG_LN_DENSITY, LAG_LN_DENSITY_ABOVE)
        value = (used * ln_point).sum(axis=1) + (lag * of_lag).sum(axis=1)
        value -= 0.5 * precision * theta[:, 1] ** 2 + 0.5 * np.log(det)
        ln_p[:, t] = value.reshape(2, -1)
        slopes[:, t] = theta[:, 1].reshape(2, -1)
    joint = ln_p + ln_prior
    evidence = np.logaddexp.reduce(joint, axis=(1, 2)) - np.log(slope_sd)
    return evidence, float(slopes[1].flat[int(joint[1].argmax())])
