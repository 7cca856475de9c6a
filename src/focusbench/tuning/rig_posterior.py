"""What several runs of one rig say together of its V-curve and its noise, as draws; compiled.

The model is that of the curve `auto`, with one shape for all runs: for run r

    ln y = α_r + γ·ln(1 + u²) + κ·u|u| / (1 + u²) + e,    u = (tube − x_r) / b

`tube` is where the drawtube stands. The drive has play B: the drawtube stands between the motor's
position less B and the motor's position. e is normal with variance v = SE² + τ²·growth^−2φ, or,
with probability ε, v + 0.40²: a bad point.

Draws are made by Metropolis, one unknown at a time (Metropolis et al. 1953,
doi:10.1063/1.1699114); the widths of the proposals are settled in the runs that are thrown away.
Unknowns that look alike move together: κ with all x_r, γ with b, b with all α_r.
"""

import math

import numba as nb
import numpy as np

from focusbench.tuning.kernel import kernel

SHARED = ("ln_b", "gamma", "kappa", "ln_tau", "fading", "logit_bad", "lag")
"""The unknowns of the rig; two of each run, x and α, come after them."""
N_SHARED = len(SHARED)

# Those of `auto`, typed again: a kernel is compiled with them, and only a change in its own room
# compiles it anew.
GAMMA, GAMMA_SD = 0.52, 0.04
KAPPA_SD = 0.07
LN_B_SD = 1.0
LN_TAU, LN_TAU_SD = math.log(0.03), 0.5
"""Scatter from frame to frame in focus: 1.8 to 5 % in two thirds of the rigs."""
FADING, FADING_SD, MOST_FADING = 1.6, 0.4, 2.0
"""What blurs a star from frame to frame, seeing or shaking, adds to the donut in quadrature:
metric² = blur² + donut², so that δmetric/metric = (blur/metric)²·δblur/blur and φ is 2. Less where
part of the scatter is a share of the metric whatever its size."""
MOST_GROWTH = math.log(3)
BAD, GOOD = 0.5, 50.0
"""Beta prior of the share of bad points: 1 % expected."""
BAD_VARIANCE = 0.40**2
LAG_MEAN = 0.5
"""Mean of the exponential prior of the play, in units of b at the start."""

_LINE = nb.types.Array(nb.f8, 1, "C")
_WHOLE = nb.types.Array(nb.i8, 1, "C")
_TABLE = nb.types.Array(nb.f8, 2, "C")


@kernel(nb.void(_LINE, _WHOLE, _WHOLE, _LINE, nb.f8, _LINE))
def drawtube(leg, run, point, start, lag, tube):
    """Follow the drawtube along the legs of all runs; writes where it stands at each point."""
    stands, before = 0.0, -1
    for i in range(leg.size):
        if run[i] != before:
            before = run[i]
            stands = start[before]
        stands = min(max(stands, leg[i] - lag), leg[i])
        if point[i] >= 0:
            tube[point[i]] = stands


@kernel(nb.f8(_LINE, _LINE, _LINE, _LINE, _WHOLE, nb.i8))
def ln_likelihood(theta, tube, ln_y, variance, first, run):
    """Of the points of one run."""
    per_b, gamma, kappa = math.exp(-theta[0]), theta[1], theta[2]
    tau2, fading = math.exp(2 * theta[3]), theta[4]
    bad = 1 / (1 + math.exp(-theta[5]))
    x0, alpha = theta[N_SHARED + 2 * run], theta[N_SHARED + 2 * run + 1]
    total = 0.0
    for i in range(first[run], first[run + 1]):
        u = (tube[i] - x0) * per_b
        growth = gamma * math.log(1 + u * u) + kappa * u * abs(u) / (1 + u * u)
        r = ln_y[i] - alpha - growth
        v = variance[i] + tau2 * math.exp(-2 * fading * min(max(growth, 0.0), MOST_GROWTH))
        wide = v + BAD_VARIANCE
        p = (1 - bad) / math.sqrt(v) * math.exp(-0.5 * r * r / v)
        p += bad / math.sqrt(wide) * math.exp(-0.5 * r * r / wide)
        total += math.log(max(p, 1e-300))
    return total


@kernel(nb.f8(_LINE, nb.f8))
def ln_prior(theta, ln_b):
    """Of the unknowns of the rig; `ln_b` is where b is expected."""
    if not 0 <= theta[4] <= MOST_FADING or theta[6] < 0:
        return -math.inf
    p = -0.5 * ((theta[0] - ln_b) / LN_B_SD) ** 2
    p -= 0.5 * ((theta[1] - GAMMA) / GAMMA_SD) ** 2
    p -= 0.5 * (theta[2] / KAPPA_SD) ** 2
    p -= 0.5 * ((theta[3] - LN_TAU) / LN_TAU_SD) ** 2
    p -= 0.5 * ((theta[4] - FADING) / FADING_SD) ** 2
    # Beta in ε, times dε/d logit.
    p -= BAD * math.log(1 + math.exp(-theta[5])) + GOOD * math.log(1 + math.exp(theta[5]))
    return p - theta[6] / LAG_MEAN


@kernel(
    nb.void(
        *(_LINE, _WHOLE, _WHOLE, _LINE, _LINE, _LINE, _WHOLE),
        *(_LINE, nb.i8, nb.i8, nb.types.npy_rng, _TABLE),
    )
)
def sample_posterior(leg, run, point, start, ln_y, variance, first, theta, burn, thin, rng, draws):
    """Write draws of all unknowns, one a row.

    Parameters
    ----------
    leg : float array, shape (n_legs,)
        Where each run's motor went, in units of b at the start.
    run, point : int arrays, shape (n_legs,)
        Which run a leg is of; which point was taken at its end, −1 for none.
    start : float array, shape (n_runs,)
        Where the drawtube stood.
    ln_y, variance : float arrays, shape (n_points,)
    first : int array, shape (n_runs + 1,)
        Points of run r are first[r] to first[r + 1].
    theta : float array, shape (7 + 2·n_runs,)
        Where to begin; it is changed.
    burn, thin : int
        Iterations thrown away; iterations a draw.
    rng : numpy.random.Generator
    draws : float array, shape (n_draws, 7 + 2·n_runs)
    """
    n_runs, n = start.size, theta.size
    ln_b = theta[0]
    tube, other_tube = np.empty(ln_y.size), np.empty(ln_y.size)
    drawtube(leg, run, point, start, theta[6], tube)
    ln_l, other_l = np.empty(n_runs), np.empty(n_runs)
    for r in range(n_runs):
        ln_l[r] = ln_likelihood(theta, tube, ln_y, variance, first, r)
    prior = ln_prior(theta, ln_b)
    width, taken = np.full(n, 0.05), np.zeros(n)
    width[3], width[4], width[5] = 0.3, 0.5, 1.0
    other = theta.copy()
    total = burn + thin * draws.shape[0]
    for iteration in range(total):
        for k in range(n):
            other[:] = theta
            step = width[k] * rng.standard_normal()
            other[k] += step
            if k < N_SHARED:
                if k == 6:
                    other[6] = abs(other[6])
                share = rng.random()
                for r in range(n_runs):
                    if k == 2:
                        other[N_SHARED + 2 * r] -= 2.5 * share * step * math.exp(theta[0])
                    elif k == 0:
                        other[N_SHARED + 2 * r + 1] += (2 * share - 1) * step
                if k == 1:
                    other[0] += 4 * share * step
                other_prior = ln_prior(other, ln_b)
                if other_prior == -math.inf:
                    continue
                place = tube
                if k == 6:
                    drawtube(leg, run, point, start, other[6], other_tube)
                    place = other_tube
                gain = other_prior - prior
                for r in range(n_runs):
                    other_l[r] = ln_likelihood(other, place, ln_y, variance, first, r)
                    gain += other_l[r] - ln_l[r]
                if math.log(rng.random()) < gain:
                    theta[:] = other
                    ln_l[:] = other_l
                    prior = other_prior
                    if k == 6:
                        tube[:] = other_tube
                    taken[k] += 1
            else:
                r = (k - N_SHARED) // 2
                there = ln_likelihood(other, tube, ln_y, variance, first, r)
                if math.log(rng.random()) < there - ln_l[r]:
                    theta[k] = other[k]
                    ln_l[r] = there
                    taken[k] += 1
        if iteration < burn:
            if iteration % 50 == 49:
                for k in range(n):
                    width[k] *= math.exp(taken[k] / 50 - 0.44)
                    taken[k] = 0.0
        elif (iteration - burn) % thin == thin - 1:
            draws[(iteration - burn) // thin] = theta
