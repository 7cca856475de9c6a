"""All of `auto` for one V-curve as one compiled call, from the points to the `ANSWER`.

No Python in between: many curves can be inferred in a compiled loop.
"""

import math

import numba as nb
import numpy as np

from focusbench.curve.grids import SUMMARY, begin, narrow, sum_up, write_noise
from focusbench.curve.kernel import kernel
from focusbench.curve.likelihood import best_shape, climb, straight
from focusbench.curve.priors import (
    BEYOND,
    FADING,
    GAMMA_SD,
    LAG,
    LINE_SLOPE_SD,
    LN_B_SD,
    LN_TAU,
    TAUS,
)

ANSWER = [
    *SUMMARY,
    "ln_b",
    "alpha",
    "gamma",
    "kappa_there",
    "kappa_seen",
    "kappa_error",
    "gain_over_flat",
    "gain_over_line",
    "slope_line",
]
"""What `infer` writes, in this order: the `SUMMARY`, then the curve with its minimum at x0, what
the points alone say of κ, and what they say of no curve at all and of a straight line."""

_KAPPA, _KAPPA_VARIANCE, _T, _J, _K = (
    SUMMARY.index(name) for name in ("kappa", "kappa_variance", "t", "j", "k")
)
_LN_MASS, _N = SUMMARY.index("ln_mass"), len(SUMMARY)
_LINE = nb.types.Array(nb.f8, 1, "C")
_RANKS = nb.types.Array(nb.i8, 1, "C")
_TABLE = nb.types.Array(nb.f8, 2, "C")


@kernel(nb.void(_LINE, _LINE, _LINE, _RANKS, nb.i8, nb.f8, nb.f8, _LINE, _TABLE))
def infer(x, ln_y, variance, rank, n_lagging, kappa, kappa_sd, answer, points):
    """Infer the position of best focus; arguments as `posterior.posterior` has them.

    Writes `answer`, and for each point in `points`, shape (2, n), the odds that it is bad and its
    height above the curve in its own standard deviations, at the mode.
    """
    n, n_lags, n_models = x.size, n_lagging + 1, TAUS.size * FADING.size
    low, high = x[0], x[0]
    middle = np.zeros(2)
    for i in range(n):
        low, high = min(low, x[i]), max(high, x[i])
        middle[0] += x[i] / n
        middle[1] += ln_y[i] / n
    span = high - low
    prior = np.array([math.log(span / 5), kappa, 1 / (kappa_sd * kappa_sd)])
    ln_prior = np.empty((n_models, n_lags))
    for t in range(n_models):
        for k in range(n_lags):
            ln_prior[t, k] = LN_TAU[t % TAUS.size] + math.log(LAG[k] / LAG[:n_lags].sum())
    noise, work = np.empty((n_models, 4, n)), np.empty((5, n))
    write_noise(ln_y, variance, noise)

    # The whole range first, where scatter that does not fade will do to find the place; then twice
    # more, finer, where the probability is.
    size = max(25, 2 * n + 7)
    nodes, theta = np.empty(size), np.empty((TAUS.size, size, n_lags, 4))
    ln_p = np.empty((TAUS.size, size, n_lags))
    begin(x, ln_y, prior, low - BEYOND * span, high + BEYOND * span, nodes, theta, ln_p)
    climb(x, ln_y, rank, noise, nodes, prior, work, True, 3, 0.3, theta, ln_p)
    for size, tolerance in ((9, 0.1), (17, 0.01)):
        finer, finer_theta = np.empty(size), np.empty((n_models, size, n_lags, 4))
        finer_ln_p = np.empty((n_models, size, n_lags))
        narrow(ln_prior, nodes, theta, ln_p, finer, finer_theta, finer_ln_p)
        nodes, theta, ln_p = finer, finer_theta, finer_ln_p
        climb(x, ln_y, rank, noise, nodes, prior, work, False, 8, tolerance, theta, ln_p)
    sum_up(ln_prior, nodes, theta, ln_p, low, high, answer)

    t, j, k = int(answer[_T]), int(answer[_J]), int(answer[_K])
    shape, found = theta[t, j, k].copy(), np.empty(2)
    for i in range(n):
        u = (x[i] - nodes[j]) * math.exp(-shape[0])
        drawn = shape[1] + shape[2] * math.log(1 + u * u) + shape[3] * u * abs(u) / (1 + u * u)
        height = ln_y[i] - drawn
        sharper = min(0.5 * height * height * (noise[t, 0, i] - noise[t, 1, i]), 300.0)
        points[0, i] = noise[t, 2, i] * math.exp(sharper)
        points[1, i] = height * math.sqrt(noise[t, 0, i])
    # The curve to draw has its minimum where best focus is said to be.
    best_shape(x, ln_y, rank, noise, t, k, answer[0], prior, work, 8, 1e-3, shape, found)
    for m in range(4):
        answer[_N + m] = shape[m]
    # κ as the points alone tell it: what was known of it is taken out again.
    precision = 1 / (answer[_KAPPA_VARIANCE] + found[1])
    seen = max(precision - prior[2], 1e-3 * precision)
    answer[_N + 4] = (answer[_KAPPA] * precision - kappa * prior[2]) / seen
    answer[_N + 5] = 1 / math.sqrt(seen)

    ln_evidence = answer[_LN_MASS] - math.log(span * (1 + 2 * BEYOND))
    ln_evidence -= math.log(LN_B_SD * GAMMA_SD * kappa_sd)
    ln_null, slope = np.empty((n_models, n_lags)), np.empty((n_models, n_lags))
    for model, slope_sd in enumerate((1e-6, LINE_SLOPE_SD)):
        straight(x, ln_y, rank, noise, slope_sd, middle, ln_null, slope)
        top = -math.inf
        for t in range(n_models):
            for k in range(n_lags):
                ln_null[t, k] += ln_prior[t, k]
                if ln_null[t, k] > top:
                    top = ln_null[t, k]
                    answer[_N + 8] = slope[t, k]
        total = 0.0
        for t in range(n_models):
            for k in range(n_lags):
                total += math.exp(ln_null[t, k] - top)
        answer[_N + 6 + model] = ln_evidence - top - math.log(total)
