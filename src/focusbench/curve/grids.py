"""The grids over noise models, x0 and k, compiled: how they begin, grow finer, and are summed up.

Explicit loops: they compile in a fraction of the time that array functions take.
"""

import math

import numba as nb
import numpy as np

from focusbench.curve.kernel import kernel
from focusbench.curve.priors import BAD_SHARE, BAD_VARIANCE, FADING, MOST_FADING, TAUS

SUMMARY = [
    "x0",
    "below",
    "above",
    "low_95",
    "high_95",
    "p_within",
    "p_below",
    "p_above",
    "ln_tau",
    "ln_mass",
    "kappa",
    "kappa_variance",
    "t",
    "j",
    "k",
]
"""What `sum_up` writes, in this order."""
PARTS = 12
"""Steps between two nodes, to sum up over."""

_LINE = nb.types.Array(nb.f8, 1, "C")
_TABLE = nb.types.Array(nb.f8, 2, "C")
_CUBE = nb.types.Array(nb.f8, 3, "C")
_SHAPES = nb.types.Array(nb.f8, 4, "C")
_GRID = (_LINE, _SHAPES, _CUBE)


@kernel(nb.void(_LINE, _LINE, _CUBE))
def write_noise(ln_y, variance, noise):
    """Write what each noise model, fading · τ, says of each point.

    1/v, 1/(v + BAD_VARIANCE), the odds of bad to good where there is no residual, and the ln
    density of a good point there.
    """
    # The second lowest point stands for the metric in focus: one may be bad.
    lowest, low = math.inf, math.inf
    for i in range(ln_y.size):
        if ln_y[i] < lowest:
            lowest, low = ln_y[i], lowest
        else:
            low = min(low, ln_y[i])
    for t in range(noise.shape[0]):
        tau, power = TAUS[t % TAUS.size], FADING[t // TAUS.size]
        for i in range(ln_y.size):
            growth = min(max(ln_y[i] - low, 0.0), MOST_FADING)
            v = variance[i] + tau * tau * math.exp(-2 * power * growth)
            wide = v + BAD_VARIANCE
            noise[t, 0, i] = 1 / v
            noise[t, 1, i] = 1 / wide
            noise[t, 2, i] = BAD_SHARE / (1 - BAD_SHARE) * math.sqrt(v / wide)
            noise[t, 3, i] = math.log(1 - BAD_SHARE) - 0.5 * math.log(v)


@kernel(nb.void(_LINE, _LINE, _LINE, nb.f8, nb.f8, *_GRID))
def begin(x, ln_y, prior, low, high, nodes, theta, ln_p):
    """Write the first grid: the prior's shape at the height of the points, from `low` to `high`."""
    per_b = math.exp(-prior[0])
    for j in range(nodes.size):
        nodes[j] = low + (high - low) * j / (nodes.size - 1)
        height = 0.0
        for i in range(x.size):
            u = (x[i] - nodes[j]) * per_b
            height += (ln_y[i] - prior[3] * math.log(1 + u * u)) / x.size
        for t in range(theta.shape[0]):
            for k in range(theta.shape[2]):
                ln_p[t, j, k] = 0.0
                theta[t, j, k, 0] = prior[0]
                theta[t, j, k, 1] = height
                theta[t, j, k, 2] = prior[3]
                theta[t, j, k, 3] = prior[1]


@kernel(nb.f8(nb.f8, _TABLE, *_GRID, *_GRID))
def narrow(cut, ln_prior, nodes, theta, ln_p, finer, finer_theta, finer_ln_p):
    """Lay a finer grid where the probability is; its shapes begin between the old ones.

    Nodes below e⁻⁹ of the best are left out, but for one each side; so are a noise model below e⁻⁶
    and a k below e⁻⁵, whose `finer_ln_p` becomes −∞. Where the finer grid has more noise models,
    they begin like those of the same τ, and all are tried. The other `finer_ln_p` are guesses, the
    better one of the two old nodes around; those below what is returned, `cut` behind the best,
    need not be worked out.
    """
    n_models, n, n_lags = ln_p.shape
    top = -math.inf
    for t in range(n_models):
        for j in range(n):
            for k in range(n_lags):
                top = max(top, ln_p[t, j, k] + ln_prior[t, k])
    first, last = n - 1, 0
    for t in range(n_models):
        for k in range(n_lags):
            for j in range(n):
                if ln_p[t, j, k] + ln_prior[t, k] > top - 9:
                    first, last = min(first, j), max(last, j)
    first, last = max(first - 1, 0), min(last + 1, n - 1)
    step = (last - first) / (finer.size - 1)
    for j in range(finer.size):
        place = first + step * j
        finer[j] = nodes[0] + (nodes[1] - nodes[0]) * place
        left = min(int(place), n - 2)
        share = place - left
        for t in range(finer_ln_p.shape[0]):
            like = t % n_models
            for k in range(n_lags):
                for m in range(4):
                    before, after = theta[like, left, k, m], theta[like, left + 1, k, m]
                    finer_theta[t, j, k, m] = before + share * (after - before)
                before, after = ln_p[like, left, k], ln_p[like, left + 1, k]
                finer_ln_p[t, j, k] = max(before, after)
    for t in range(n_models):
        best = -math.inf
        for k in range(n_lags):
            for j in range(n):
                best = max(best, ln_p[t, j, k] + ln_prior[t, k])
        if best < top - 6:
            for k in range(n_lags):
                for j in range(finer.size):
                    finer_ln_p[t, j, k] = -math.inf
    for k in range(n_lags):
        best = -math.inf
        for t in range(n_models):
            for j in range(n):
                best = max(best, ln_p[t, j, k] + ln_prior[t, k])
        if best < top - 5:
            for t in range(finer_ln_p.shape[0]):
                for j in range(finer.size):
                    finer_ln_p[t, j, k] = -math.inf
    return top - cut


@kernel(nb.f8(_LINE, nb.f8, nb.f8, nb.f8))
def share_below(cumulative, first, step, position):
    """Probability that focus lies below a position."""
    place = (position - first) / step
    if place <= 0:
        return 0.0
    if place >= cumulative.size - 1:
        return 1.0
    i = int(place)
    return cumulative[i] + (place - i) * (cumulative[i + 1] - cumulative[i])


@kernel(nb.f8(_LINE, nb.f8, nb.f8, nb.f8))
def position_of(cumulative, first, step, share):
    """Position below which a share of the probability lies."""
    i = 1
    while i < cumulative.size - 1 and cumulative[i] < share:
        i += 1
    rise = cumulative[i] - cumulative[i - 1]
    part = (share - cumulative[i - 1]) / rise if rise > 0 else 0.5
    return first + step * (i - 1 + part)


@kernel(nb.void(_TABLE, *_GRID, nb.f8, nb.f8, _LINE))
def sum_up(ln_prior, nodes, theta, ln_p, low, high, out):
    """Sum over all nodes and write the `SUMMARY`."""
    n_models, n, n_lags = ln_p.shape
    of_x, cumulative = np.empty(n), np.empty(PARTS * (n - 1) + 1)
    top, top_t, top_j, top_k = -math.inf, 0, 0, 0
    for t in range(n_models):
        for j in range(n):
            for k in range(n_lags):
                p = ln_p[t, j, k] + ln_prior[t, k]
                if p > top:
                    top, top_t, top_j, top_k = p, t, j, k
    total, ln_tau, kappa, kappa2 = 0.0, 0.0, 0.0, 0.0
    for j in range(n):
        of_x[j] = 0.0
        for t in range(n_models):
            for k in range(n_lags):
                p = ln_p[t, j, k] + ln_prior[t, k]
                if p < top - 40:
                    continue
                p = math.exp(p - top)
                of_x[j] += p
                ln_tau += p * math.log(TAUS[t % TAUS.size])
                kappa += p * theta[t, j, k, 3]
                kappa2 += p * theta[t, j, k, 3] ** 2
        total += of_x[j]
        of_x[j] = math.log(max(of_x[j], 1e-18))
    kappa /= total
    # From node to node ln p is a cubic through four of them (Catmull and Rom).
    cumulative[0] = 0.0
    before = math.exp(of_x[0])
    for j in range(n - 1):
        p1, p2 = of_x[j], of_x[j + 1]
        p0 = of_x[j - 1] if j else 2 * p1 - p2
        p3 = of_x[j + 2] if j < n - 2 else 2 * p2 - p1
        for part in range(1, PARTS + 1):
            s = part / PARTS
            bend = 2 * p0 - 5 * p1 + 4 * p2 - p3 + s * (3 * (p1 - p2) + p3 - p0)
            density = math.exp(p1 + 0.5 * s * (p2 - p0 + s * bend))
            i = j * PARTS + part
            cumulative[i] = cumulative[i - 1] + 0.5 * (before + density)
            before = density
    first, step = nodes[0], (nodes[1] - nodes[0]) / PARTS
    mass = cumulative[-1] * step
    for i in range(cumulative.size):
        cumulative[i] *= step / mass
    x0 = position_of(cumulative, first, step, 0.5)
    out[0] = x0
    out[1] = position_of(cumulative, first, step, 0.158655)
    out[2] = position_of(cumulative, first, step, 0.841345)
    out[3] = position_of(cumulative, first, step, 0.025)
    out[4] = position_of(cumulative, first, step, 0.975)
    out[5] = share_below(cumulative, first, step, x0 + 1)
    out[5] -= share_below(cumulative, first, step, x0 - 1)
    out[6] = share_below(cumulative, first, step, low + 1)
    out[7] = 1 - share_below(cumulative, first, step, high - 1)
    out[8] = ln_tau / total
    out[9] = top + math.log(mass)
    out[10] = kappa
    out[11] = max(kappa2 / total - kappa * kappa, 0.0)
    out[12], out[13], out[14] = top_t, top_j, top_k
