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
from focusbench.curve.kernel import (
    FINAL,
    GAMMA,
    LN_PRIOR_SCALE,
    LN_TAU_PRIOR,
    SEARCH,
    TAUS,
    Effort,
    maximise,
    mixture,
    shape,
    straight_evidence,
)

LAG_PRIOR = (0.70, 0.12, 0.10, 0.08)
BEYOND = 0.35
"""How far beyond each end focus is looked for, as a share of the sampled range."""


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
    lagging, bad : bool array, shape (n,)
        At the mode: points that lag; other points that are more likely bad than good.
    deviation : float array, shape (n,)
        Distance of each point from the curve at the mode, in its own standard deviations.
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


def lag_hypotheses(x: FloatArray, time_ordered: bool) -> BoolArray:
    """Which points lag if the first k after every reversal do, for every k worth asking about.

    At least five points are always left.

    Parameters
    ----------
    x : float array, shape (n,)
        Positions in the order taken.
    time_ordered : bool
        Whether that order is known.

    Returns
    -------
    bool array, shape (n_hypotheses, n)
        Row k; the first row is all False.
    """
    none = np.zeros((1, x.size), dtype=bool)
    if not time_ordered:
        return none
    rank = reversal_ranks(x)
    rows = [rank < k for k in range(len(LAG_PRIOR))]
    allowed = [row for row in rows if x.size - int(row.sum()) >= MIN_POINTS]
    return np.array(allowed) if allowed else none


def posterior(
    x: FloatArray, ln_y: FloatArray, variance: FloatArray, lagging: BoolArray
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
    lagging : bool array, shape (n_hypotheses, n)
        From `lag_hypotheses`.

    Returns
    -------
    Posterior
    """
    low, high = float(x.min()), float(x.max())
    span = high - low
    ln_b0 = math.log(span / 5)
    ln_lag_prior = np.log(np.array(LAG_PRIOR[: len(lagging)]) / sum(LAG_PRIOR[: len(lagging)]))
    ln_prior = (LN_TAU_PRIOR - np.logaddexp.reduce(LN_TAU_PRIOR))[:, None] + ln_lag_prior
    data = (x, ln_y, variance, lagging, ln_b0)

    # Whole range, τ from wide to narrow, each starting where the wider one ended: at first every
    # point is believed a little, at last only those that agree. No subset is ever searched.
    nodes = np.linspace(low - BEYOND * span, high + BEYOND * span, max(25, 2 * x.size + 7))
    every_lag = np.arange(len(lagging))
    start = _start(x, ln_y, nodes, ln_b0)[None, :, None, :].repeat(len(lagging), axis=2)
    theta = np.empty((len(TAUS), len(nodes), len(lagging), 4))
    ln_p = np.empty(theta.shape[:3])
    for t in range(len(TAUS)):
        start, ln_p[t : t + 1] = _fit_grid(data, nodes, np.array([t]), every_lag, start, SEARCH)
        theta[t] = start[0]
    taus, lags = np.arange(len(TAUS)), every_lag

    # Twice more, finer, where the probability is.
    for n_nodes in (25, 41):
        joint = ln_p + ln_prior[np.ix_(taus, lags)][:, None, :]
        of_x = np.logaddexp.reduce(joint, axis=(0, 2))
        best = np.flatnonzero(of_x > of_x.max() - 9)
        first, last = max(best[0] - 1, 0), min(best[-1] + 1, len(nodes) - 1)
        finer = np.linspace(nodes[first], nodes[last], n_nodes)
        of_tau = np.logaddexp.reduce(joint, axis=(1, 2))
        of_lag = np.logaddexp.reduce(joint, axis=(0, 1))
        keep_tau = np.flatnonzero(of_tau > of_tau.max() - 6)
        keep_lag = np.flatnonzero(of_lag > of_lag.max() - 5)
        left = np.clip(np.searchsorted(nodes, finer) - 1, 0, len(nodes) - 2)
        share = ((finer - nodes[left]) / (nodes[left + 1] - nodes[left]))[:, None, None]
        start = (1 - share) * theta[np.ix_(keep_tau, left, keep_lag)]
        start += share * theta[np.ix_(keep_tau, left + 1, keep_lag)]
        nodes, taus, lags = finer, taus[keep_tau], lags[keep_lag]
        theta, ln_p = _fit_grid(data, nodes, taus, lags, start)

    joint = ln_p + ln_prior[np.ix_(taus, lags)][:, None, :]
    of_x = np.logaddexp.reduce(joint, axis=(0, 2))
    fine = np.linspace(nodes[0], nodes[-1], 40 * 20 + 1)
    density = np.exp(np.interp(fine, nodes, of_x) - of_x.max())
    cumulative = np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]))])
    area = cumulative[-1] * (fine[1] - fine[0])
    cumulative /= cumulative[-1]
    x0, below, above, low_95, high_95 = np.interp(
        [0.5, 0.158655, 0.841345, 0.025, 0.975], cumulative, fine
    )

    def p_below(position: float) -> float:
        return float(np.interp(position, fine, cumulative, left=0.0, right=1.0))

    of_tau = np.exp(np.logaddexp.reduce(joint, axis=(1, 2)) - np.logaddexp.reduce(joint, axis=None))
    ln_tau = float(of_tau @ np.log(TAUS[taus]))
    t, node, k = (int(i) for i in np.unravel_index(int(joint.argmax()), joint.shape))
    lag = lagging[lags[k]]
    bad, deviation = _judge(x, ln_y, variance, nodes[node], TAUS[taus[t]], theta[t, node, k])
    # The curve to draw has its minimum where best focus is said to be.
    drawn, _ = _fit_grid(
        data, np.array([x0]), taus[[t]], lags[[k]], theta[t, node, k].reshape(1, 1, 1, 4)
    )
    ln_b, alpha, gamma, kappa = drawn[0, 0, 0].tolist()

    ln_evidence = of_x.max() + math.log(area / (span * (1 + 2 * BEYOND))) - LN_PRIOR_SCALE
    ln_null, slope = straight_evidence(x, ln_y, variance, lagging, ln_prior)
    return Posterior(
        x0=float(x0),
        sigma=float(above - below) / 2,
        interval_95=(float(low_95), float(high_95)),
        p_within_step=p_below(x0 + 1) - p_below(x0 - 1),
        p_below=p_below(low + 1),
        p_above=1 - p_below(high - 1),
        gain_over_flat=float(ln_evidence - ln_null[0]),
        gain_over_line=float(ln_evidence - ln_null[1]),
        slope_line=slope,
        tau=math.exp(ln_tau),
        n_lagging=int(lags[k]),
        ln_b=ln_b,
        alpha=alpha,
        gamma=gamma,
        kappa=kappa,
        lagging=lag,
        bad=bad & ~lag,
        deviation=deviation,
    )


def _start(x: FloatArray, ln_y: FloatArray, nodes: FloatArray, ln_b0: float) -> FloatArray:
    """First guess for every x0: the prior's shape, at the height of the points. (n_nodes, 4)."""
    even, _ = shape((x[None, :] - nodes[:, None]) * math.exp(-ln_b0))
    theta = np.zeros((len(nodes), 4))
    theta[:, 0] = ln_b0
    theta[:, 1] = np.median(ln_y - GAMMA * even, axis=1)
    theta[:, 2] = GAMMA
    return theta


def _fit_grid(
    data: tuple[FloatArray, FloatArray, FloatArray, BoolArray, float],
    nodes: FloatArray,
    taus: NDArray[np.intp],
    lags: NDArray[np.intp],
    start: FloatArray,
    effort: Effort = FINAL,
) -> tuple[FloatArray, FloatArray]:
    """Fit every (τ, x0, k); `start` and the result (n_taus, n_nodes, n_lags, 4)."""
    x, ln_y, variance, lagging, ln_b0 = data
    size = (len(taus), len(nodes), len(lags))
    tau = np.broadcast_to(TAUS[taus][:, None, None], size).reshape(-1, 1)
    x0 = np.broadcast_to(nodes[None, :, None], size).reshape(-1, 1)
    lag = np.broadcast_to(lagging[lags][None, None], (*size, x.size)).reshape(-1, x.size)
    fit = maximise(x - x0, ln_y, variance + tau * tau, lag, ln_b0, start.reshape(-1, 4), effort)
    return fit.theta.reshape(*size, 4), fit.ln_marginal.reshape(size)


def _judge(
    x: FloatArray,
    ln_y: FloatArray,
    variance: FloatArray,
    x0: float,
    tau: float,
    theta: FloatArray,
) -> tuple[BoolArray, FloatArray]:
    """Points more likely bad than good, and their distance from the curve in sigma."""
    even, odd = shape((x - x0) * math.exp(-theta[0]))
    v = variance + tau * tau
    r = ln_y - (theta[1] + theta[2] * even + theta[3] * odd)
    _, _, p_good = mixture(r, v)
    return p_good < 0.5, np.abs(r) / np.sqrt(v)
