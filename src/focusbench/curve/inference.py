"""All of `auto` for one V-curve as one compiled call, from the points to the `ANSWER`.

No Python in between: many curves can be inferred in a compiled loop.
"""

import math

import numba as nb
import numpy as np

from focusbench.curve.conditions import (
    BAD_POINTS,
    BEYOND_FOCUS,
    FLAT,
    LEAST_GAIN,
    LEAST_KEPT,
    LEAST_KEPT_POINTS,
    LEAST_ON_A_SIDE,
    LEAST_WITHIN_STEP,
    MET,
    MOST_OUTSIDE,
    OUTSIDE,
    SLOPE,
    UNCERTAIN,
)
from focusbench.curve.grids import SUMMARY, begin, narrow, sum_up, write_noise
from focusbench.curve.kernel import kernel
from focusbench.curve.likelihood import (
    BEST_B,
    KAPPA_VARIANCE,
    LANES,
    MOST_ODDS,
    TILE,
    X0,
    B,
    K,
    best_shapes,
    climb,
)
from focusbench.curve.priors import BEYOND, FADING, LAG, LINE_SLOPE_SD, LN_B_SD, LN_TAU, TAUS
from focusbench.curve.straight_line import straight

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
    "n_inner",
    "n_outer",
    "failed",
]
"""What `infer` writes, in this order: the `SUMMARY`; the curve with its minimum at x0; what the
points alone say of κ; what they say of no curve at all and of a straight line; kept points on both
sides, and the first of the `conditions` that fails."""

_X0, _P_WITHIN, _P_BELOW, _P_ABOVE, _LN_MASS, _KAPPA, _KAPPA_VARIANCE, _T, _J, _K = (
    SUMMARY.index(name)
    for name in (
        *("x0", "p_within", "p_below", "p_above", "ln_mass"),
        *("kappa", "kappa_variance", "t", "j", "k"),
    )
)
_SHAPE, _KAPPA_SEEN, _GAINS, _SLOPE_LINE, _SIDES = (
    ANSWER.index(name) for name in ("ln_b", "kappa_seen", "gain_over_flat", "slope_line", "n_inner")
)
_N_ANSWER = len(ANSWER)
_GRIDS = ((9, 0.3, 12.0), (17, 0.1, 8.0))
"""The finer grids: nodes, tolerance in ln p, and the ln by which what is not worked out again may
be behind. The first is generous: the grid before it may have missed a sharp peak."""

_LINE = nb.types.Array(nb.f8, 1, "C")
_RANKS = nb.types.Array(nb.i8, 1, "C")
_TABLE = nb.types.Array(nb.f8, 2, "C")
_CUBE = nb.types.Array(nb.f8, 3, "C")
_SHAPES = nb.types.Array(nb.f8, 4, "C")


@kernel(nb.void(_LINE, _LINE, _CUBE, nb.f8, _LINE, nb.i8, _TABLE))
def look_at_points(x, ln_y, noise, x0, shape, t, points):
    """Write for each point the odds that it is bad, and its height in standard deviations."""
    for i in range(x.size):
        u = (x[i] - x0) * math.exp(-shape[0])
        drawn = shape[1] + shape[2] * math.log(1 + u * u) + shape[3] * u * abs(u) / (1 + u * u)
        height = ln_y[i] - drawn
        sharper = 0.5 * height * height * (noise[t, 0, i] - noise[t, 1, i])
        points[0, i] = noise[t, 2, i] * math.exp(min(sharper, MOST_ODDS))
        points[1, i] = height * math.sqrt(noise[t, 0, i])


@kernel(nb.void(_LINE, _LINE, _RANKS, _CUBE, _TABLE, nb.f8, _LINE))
def compare_with_lines(x, ln_y, rank, noise, ln_prior, ln_evidence, answer):
    """Write the gains over no curve and over a line, and the line's slope."""
    n_models, n_lags = ln_prior.shape
    ln_null, slope = np.empty((2, n_models, n_lags)), np.empty((2, n_models, n_lags))
    straight(x, ln_y, rank, noise, x.mean(), ln_y.mean(), ln_null, slope)
    for curve in range(2):
        top = -math.inf
        for t in range(n_models):
            for k in range(n_lags):
                ln_null[curve, t, k] += ln_prior[t, k]
                if ln_null[curve, t, k] > top:
                    top = ln_null[curve, t, k]
                    answer[_SLOPE_LINE] = slope[curve, t, k]
        total = 0.0
        for t in range(n_models):
            for k in range(n_lags):
                total += math.exp(ln_null[curve, t, k] - top)
        answer[_GAINS + curve] = ln_evidence - top - math.log(total)
    answer[_GAINS] += math.log(1e-6)
    answer[_GAINS + 1] += math.log(LINE_SLOPE_SD)


@kernel(nb.void(_LINE, _TABLE, _RANKS, _LINE))
def decide(x, points, rank, answer):
    """Count what is kept of the points on both sides, and write the condition that fails."""
    n_kept, n_inner, n_outer = 0, 0, 0
    for i in range(x.size):
        if rank[i] >= answer[_K] and not points[0, i] > 1:
            n_kept += 1
            n_inner += x[i] < answer[_X0] - BEYOND_FOCUS
            n_outer += x[i] > answer[_X0] + BEYOND_FOCUS
    over_flat, over_line = answer[_GAINS], answer[_GAINS + 1]
    too_few = n_kept < max(LEAST_KEPT_POINTS, math.ceil(LEAST_KEPT * x.size))
    failed = MET
    if min(over_flat, over_line) < LEAST_GAIN:
        failed = FLAT if over_flat - over_line < LEAST_GAIN else SLOPE
    elif answer[_P_BELOW] + answer[_P_ABOVE] > MOST_OUTSIDE:
        failed = OUTSIDE
    elif answer[_P_WITHIN] < LEAST_WITHIN_STEP:
        failed = UNCERTAIN
    elif too_few or min(n_inner, n_outer) < LEAST_ON_A_SIDE:
        failed = BAD_POINTS
    answer[_SIDES], answer[_SIDES + 1], answer[_SIDES + 2] = n_inner, n_outer, failed


@kernel(nb.types.Tuple((_LINE, _TABLE, _CUBE))(_LINE, _LINE, _LINE, nb.i8, _LINE))
def expect(x, ln_y, variance, n_lagging, known):
    """What is known before any fit.

    Returns (ln b, κ, 1/sd², γ, 1/sd²); the ln prior of each noise model and k; and what each noise
    model says of each point, as `write_noise` has it.
    """
    n_lags, n_models = n_lagging + 1, TAUS.size * FADING.size
    prior = np.empty(5)
    prior[0] = math.log((x.max() - x.min()) / 5)
    prior[1], prior[2] = known[0], 1 / (known[1] * known[1])
    prior[3], prior[4] = known[2], 1 / (known[3] * known[3])
    ln_prior = np.empty((n_models, n_lags))
    all_lags = LAG[:n_lags].sum()
    for k in range(n_lags):
        ln_lag = math.log(LAG[k] / all_lags)
        for t in range(n_models):
            ln_prior[t, k] = LN_TAU[t % TAUS.size] + ln_lag
    noise = np.empty((n_models, 4, x.size))
    write_noise(ln_y, variance, noise)
    return prior, ln_prior, noise


@kernel(
    nb.types.Tuple((nb.f8, _LINE, _SHAPES))(
        *(_LINE, _LINE, _RANKS, _CUBE, _LINE, _TABLE, _LINE, _LINE)
    )
)
def search(x, ln_y, rank, noise, prior, ln_prior, tile, answer):
    """Look for focus on finer and finer grids, and write the `SUMMARY` into `answer`.

    Returns the ln evidence of the V-curve, the nodes of the last grid, and its shapes.
    """
    n_models, n_lags = ln_prior.shape
    low, high = x.min(), x.max()
    span = high - low
    # The whole range first, where scatter that does not fade will do to find the place; then twice
    # more, finer, where the probability is.
    size = max(25, 2 * x.size + 7)
    nodes, theta = np.empty(size), np.empty((TAUS.size, size, n_lags, 4))
    ln_p = np.empty((TAUS.size, size, n_lags))
    begin(x, ln_y, prior, low - BEYOND * span, high + BEYOND * span, nodes, theta, ln_p)
    climb(
        *(x, ln_y, rank, noise, nodes, prior, tile, ln_prior),
        *(-math.inf, True, 3, 0.3, theta, ln_p),
    )
    for size, tolerance, cut in _GRIDS:
        finer, finer_theta = np.empty(size), np.empty((n_models, size, n_lags, 4))
        finer_ln_p = np.empty((n_models, size, n_lags))
        least = narrow(cut, ln_prior, nodes, theta, ln_p, finer, finer_theta, finer_ln_p)
        nodes, theta, ln_p = finer, finer_theta, finer_ln_p
        climb(
            *(x, ln_y, rank, noise, nodes, prior, tile, ln_prior),
            *(least, False, 8, tolerance, theta, ln_p),
        )
    sum_up(ln_prior, nodes, theta, ln_p, low, high, answer)
    ln_evidence = answer[_LN_MASS] - math.log(span * (1 + 2 * BEYOND))
    # Laplace's integrals lack what normalises the priors of ln b, κ and γ.
    ln_evidence += 0.5 * math.log(prior[2] * prior[4]) - math.log(LN_B_SD)
    return ln_evidence, nodes, theta


@kernel(nb.void(_LINE, _LINE, _LINE, _RANKS, nb.i8, _LINE, _LINE, _TABLE))
def infer(x, ln_y, variance, rank, n_lagging, known, answer, points):
    """Infer the position of best focus; arguments as `posterior.posterior` has them.

    Writes `answer`, and for each point in `points`, shape (2, n), the odds that it is bad and its
    height above the curve in its own standard deviations, at the mode.
    """
    tile = np.empty(TILE)
    prior, ln_prior, noise = expect(x, ln_y, variance, n_lagging, known)
    ln_evidence, nodes, theta = search(x, ln_y, rank, noise, prior, ln_prior, tile, answer)

    t, j, k = int(answer[_T]), int(answer[_J]), int(answer[_K])
    look_at_points(x, ln_y, noise, nodes[j], theta[t, j, k], t, points)
    # The curve to draw has its minimum where best focus is said to be.
    for lane in range(LANES):
        tile[X0 + lane], tile[K + lane] = answer[_X0], k
        for m in range(4):
            tile[B + m * LANES + lane] = theta[t, j, k, m]
    best_shapes(x, ln_y, rank, noise, t, prior, tile, 8, 1e-3)
    for m in range(4):
        answer[_SHAPE + m] = tile[BEST_B + m * LANES]
    # κ as the points alone tell it: what was known of it is taken out again.
    precision = 1 / (answer[_KAPPA_VARIANCE] + tile[KAPPA_VARIANCE])
    seen = max(precision - prior[2], 1e-3 * precision)
    answer[_KAPPA_SEEN] = (answer[_KAPPA] * precision - prior[1] * prior[2]) / seen
    answer[_KAPPA_SEEN + 1] = 1 / math.sqrt(seen)

    compare_with_lines(x, ln_y, rank, noise, ln_prior, ln_evidence, answer)
    decide(x, points, rank, answer)


@kernel(nb.void(_TABLE, _LINE, _LINE, _LINE, _LINE))
def evidences(x, ln_y, variance, known, ln_evidence):
    """Ln evidence of the V-curve over no curve for several guesses of where the points stood.

    No point is believed to lag. A guess that puts all points at one place gets −∞.
    """
    rank, tile = np.zeros(x.shape[1], np.int64), np.empty(TILE)
    answer = np.empty(_N_ANSWER)
    for guess in range(x.shape[0]):
        places = x[guess]
        if not places.max() > places.min():
            ln_evidence[guess] = -math.inf
            continue
        prior, ln_prior, noise = expect(places, ln_y, variance, 0, known)
        gain, _, _ = search(places, ln_y, rank, noise, prior, ln_prior, tile, answer)
        compare_with_lines(places, ln_y, rank, noise, ln_prior, gain, answer)
        ln_evidence[guess] = answer[_GAINS]
