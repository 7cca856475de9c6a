"""Best focus as a probability: the estimator behind the curve `auto`.

One curve in ln(metric). With u = (x − x0) / b,

    ln y = α + γ·ln(1 + u²) + κ·u|u| / (1 + u²) + e

γ bends the wings (½ is the hyperbola), κ makes one wing steeper than the other and leaves the
minimum at x0. The error e of a point is its frame's own standard error and an unknown scatter τ
common to all frames, or, with probability 4 %, much more: a bad point. The first k points after a
reversal may lag behind their commanded position (backlash). None of these unknowns is chosen: the
answer is the probability of x0 summed over all of them, each weighed by how well it explains the
points.

Everything here is plain arrays in, plain arrays out; positions are in step sizes. Source of the
model, priors and thresholds: simulated V-curves with known truth, where the 68 % and 95 %
intervals were tested (see CONTRIBUTING, "Decisions").
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from focusbench.curve.counted import MIN_POINTS, BoolArray, FloatArray
from focusbench.curve.priors import (
    GAMMA_SD,
    LINE_SLOPE_SD,
    LN_B_SD,
)
from focusbench.curve.rig_shape import RigShape

LAG_PRIOR = (0.70, 0.12, 0.10, 0.08)
TAUS = np.geomspace(0.18, 0.005, 7)
LN_TAU_PRIOR = -0.5 * ((np.log(TAUS) - math.log(0.025)) / 1.2) ** 2
LN_TAU_PRIOR -= np.logaddexp.reduce(LN_TAU_PRIOR)
BEYOND = 0.35
"""How far beyond each end focus is looked for, as a share of the sampled range."""
FINER = ((9, 0.1), (17, 0.01))
"""Nodes of the second and the third grid; how much 2·ln p may still be short of its maximum."""


class Posterior(NamedTuple):
    """What the points say about x0. Positions in step sizes, `n` points.

    Attributes
    ----------
    x0 : float
        Median.
    sigma : float
        Half the 68 % interval.
    interval_95 : (float, float)
    p_within_step : float
        Probability that the truth is no more than one step size from `x0`.
    p_below, p_above : float
        Probability that it is not at least one step size above the lowest position; below the
        highest one.
    gain_over_flat, gain_over_line : float
        ln evidence of the V-curve less that of no curve at all, and of a straight line in ln y.
    slope_line : float
        Slope of that line, ln(metric) per step size.
    tau : float
        Posterior geometric mean of the relative scatter.
    n_lagging : int
        Most probable number of lagging points after a reversal.
    ln_b, alpha, gamma, kappa : float
        The curve with its minimum at `x0`.
    kappa_seen, kappa_error : float
        κ as the points alone tell it, without what was known of the rig.
    lagging, bad : bool array, shape (n,)
        At the mode: points that lag; other points that are more likely bad than good.
    deviation : float array, shape (n,)
        Height of each point above the curve at the mode, in its own standard deviations.
    """

    x0: float
    sigma: float
    interval_95: tuple[float, float]
    p_within_step: float
    p_below: float
    p_above: float
    gain_over_flat: float
    gain_over_line: float
    slope_line: float
    tau: float
    n_lagging: int
    ln_b: float
    alpha: float
    gamma: float
    kappa: float
    kappa_seen: float
    kappa_error: float
    lagging: BoolArray
    bad: BoolArray
    deviation: FloatArray


def reversal_ranks(x: FloatArray) -> NDArray[np.intp]:
    """How many points each stands after the last reversal, 0 for the first. Shape (n,).

    A reversal is a move against the direction in which the sweep samples; the sweep itself
    begins with one.
    """
    moves = np.sign(np.diff(x))
    sampling = np.sign(moves.sum()) or -1.0
    rank = np.zeros(x.size, dtype=np.intp)
    for i, move in enumerate(moves):
        rank[i + 1] = 0 if move * sampling < 0 else rank[i] + 1
    return rank


def most_lagging(rank: NDArray[np.intp]) -> int:
    """Largest k worth asking about: if the first k after every reversal lag, five are left."""
    allowed = [k for k in range(len(LAG_PRIOR)) if np.sum(rank >= k) >= MIN_POINTS]
    return max(allowed, default=0)


def posterior(
    x: FloatArray,
    ln_y: FloatArray,
    variance: FloatArray,
    rank: NDArray[np.intp],
    n_lagging: int,
    rig: RigShape,
) -> Posterior:
    """Infer the position of best focus from the points of one V-curve.

    Parameters
    ----------
    x : float array, shape (n,), step sizes
        Positions, not all equal; n ≥ 5.
    ln_y : float array, shape (n,)
        ln(metric).
    variance : float array, shape (n,)
        (standard error / metric)² of each frame; 0 where unknown.
    rank : int array, shape (n,)
        From `reversal_ranks`.
    n_lagging : int
        Up to so many points after each reversal may lag; from `most_lagging`.
    rig : RigShape
        What is known of κ.

    Returns
    -------
    Posterior
    """
    from focusbench.curve.grids import PARTS, SUMMARY, begin, narrow, sum_up
    from focusbench.curve.kernel import KERNELS
    from focusbench.curve.likelihood import best_shape, climb, straight

    KERNELS.compile()
    low, high = float(x.min()), float(x.max())
    span = high - low
    kappa, kappa_sd = rig.prior()
    prior = np.array([math.log(span / 5), kappa, kappa_sd**-2])
    noise = np.empty((len(TAUS), 4, x.size))
    work = np.empty((5, x.size))
    data = (x, ln_y, rank, noise)
    lag_prior = np.array(LAG_PRIOR[: n_lagging + 1])
    ln_prior = LN_TAU_PRIOR[:, None] + np.log(lag_prior / lag_prior.sum())

    # The whole range first, then twice more, finer, where the probability is.
    grid = _empty_grid(max(25, 2 * x.size + 7), n_lagging)
    begin(x, ln_y, variance, TAUS, prior, BEYOND, noise, *grid)
    nodes, theta, ln_p = grid
    climb(*data, nodes, prior, work, True, 3, 0.3, theta, ln_p)
    for n_nodes, tolerance in FINER:
        finer = _empty_grid(n_nodes, n_lagging)
        narrow(ln_prior, *grid, *finer)
        grid = nodes, theta, ln_p = finer
        climb(*data, nodes, prior, work, False, 8, tolerance, theta, ln_p)
    out = np.empty(len(SUMMARY))
    room = np.empty(len(nodes)), np.empty(PARTS * (len(nodes) - 1) + 1)
    sum_up(ln_prior, TAUS, *grid, low, high, *room, out)
    s = dict(zip(SUMMARY, out.tolist(), strict=True))
    t, j, k = int(s["t"]), int(s["j"]), int(s["k"])

    shape, found = theta[t, j, k].copy(), np.empty(2)
    lagging = rank < k
    height = ln_y - _ln_curve(x - nodes[j], shape)
    odds = noise[t, 2] * np.exp(0.5 * height**2 * (noise[t, 0] - noise[t, 1]))
    # The curve to draw has its minimum where best focus is said to be.
    best_shape(*data, t, k, s["x0"], prior, work, 8, 1e-3, shape, found)
    ln_b, alpha, gamma, kappa_there = shape.tolist()

    # κ as the points alone tell it: what was known of it is taken out again.
    precision = 1 / (s["kappa_variance"] + found[1])
    seen = max(precision - prior[2], 1e-3 * precision)

    ln_evidence = s["ln_mass"] - math.log(span * (1 + 2 * BEYOND))
    ln_evidence -= math.log(LN_B_SD * GAMMA_SD * kappa_sd)
    middle = np.array([x.mean(), np.median(ln_y)])
    ln_null, slope = np.empty((2, *ln_prior.shape)), np.empty((2, *ln_prior.shape))
    for model, slope_sd in enumerate((1e-6, LINE_SLOPE_SD)):
        straight(*data, slope_sd, middle, ln_null[model], slope[model])
    ln_null += ln_prior
    ln_flat, ln_line = np.logaddexp.reduce(ln_null, axis=(1, 2)).tolist()
    return Posterior(
        x0=s["x0"],
        sigma=(s["above"] - s["below"]) / 2,
        interval_95=(s["low_95"], s["high_95"]),
        p_within_step=s["p_within"],
        p_below=s["p_below"],
        p_above=s["p_above"],
        gain_over_flat=ln_evidence - ln_flat,
        gain_over_line=ln_evidence - ln_line,
        slope_line=float(slope[1].flat[int(ln_null[1].argmax())]),
        tau=math.exp(s["ln_tau"]),
        n_lagging=k,
        ln_b=ln_b,
        alpha=alpha,
        gamma=gamma,
        kappa=kappa_there,
        kappa_seen=(s["kappa"] * precision - kappa * prior[2]) / seen,
        kappa_error=seen**-0.5,
        lagging=lagging,
        bad=(odds > 1) & ~lagging,
        deviation=height * np.sqrt(noise[t, 0]),
    )


def _empty_grid(n_nodes: int, n_lagging: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Room for x0, for (ln b, α, γ, κ) and for ln p at every (τ, x0, k)."""
    size = (len(TAUS), n_nodes, n_lagging + 1)
    return np.empty(n_nodes), np.empty((*size, 4)), np.empty(size)


def _ln_curve(dx: FloatArray, theta: FloatArray) -> FloatArray:
    u = dx * math.exp(-theta[0])
    curve = theta[1] + theta[2] * np.log1p(u * u) + theta[3] * u * np.abs(u) / (1 + u * u)
    return np.asarray(curve)
