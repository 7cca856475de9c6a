"""Best focus as a probability: the estimator behind the curve `auto`.

One curve in ln(metric). With u = (x − x0) / b,

    ln y = α + γ·ln(1 + u²) + κ·u|u| / (1 + u²) + e

γ bends the wings (½ is the hyperbola), κ makes one wing steeper than the other and leaves the
minimum at x0. The error e of a point is its frame's own standard error and an unknown scatter τ of
the frames; or, with probability 7 %, much more: a bad point. The scatter is a share of the metric
or, one as likely as the other, it is the seeing's and fades where donuts hide the seeing. The first
k points after a reversal may lag behind their commanded position (backlash). None of these unknowns
is chosen: the answer is the probability of x0 summed over all of them, each weighed by how well it
explains the points.

Everything here is plain arrays in, plain arrays out; positions are in step sizes. Source of the
model, priors and thresholds: simulated V-curves with known truth, where the 68 % and 95 %
intervals were tested (see CONTRIBUTING, "Decisions").
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from focusbench.curve.counted import BoolArray, FloatArray
from focusbench.curve.priors import GAMMA, GAMMA_SD


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
        Posterior geometric mean of the relative scatter near focus.
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
    n_inner, n_outer : int
        Kept points on either side of focus.
    failed : int
        The first of the `conditions` that is not met.
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
    n_inner: int
    n_outer: int
    failed: int


def reversal_ranks(x: FloatArray) -> NDArray[np.intp]:
    """How many points each stands after the last reversal, 0 for the first. Shape (n,)."""
    from focusbench.curve.kernel import KERNELS
    from focusbench.curve.reversals import rank_points

    KERNELS.compile()
    rank = np.empty(x.size, dtype=np.intp)
    rank_points(x, rank)
    return rank


def most_lagging(rank: NDArray[np.intp]) -> int:
    """Largest k worth asking about: if the first k after every reversal lag, five are left."""
    from focusbench.curve.kernel import KERNELS
    from focusbench.curve.reversals import count_lagging

    KERNELS.compile()
    return int(count_lagging(rank))


def posterior(
    x: FloatArray,
    ln_y: FloatArray,
    variance: FloatArray,
    rank: NDArray[np.intp],
    n_lagging: int,
    kappa: float,
    kappa_sd: float,
    gamma: float = GAMMA,
    gamma_sd: float = GAMMA_SD,
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
    kappa, kappa_sd : float
        What is known of κ: its expectation and standard deviation.
    gamma, gamma_sd : float
        The same of γ.

    Returns
    -------
    Posterior
    """
    from focusbench.curve.inference import ANSWER, infer
    from focusbench.curve.kernel import KERNELS

    KERNELS.compile()
    out, of_points = np.empty(len(ANSWER)), np.empty((2, x.size))
    known = np.array([kappa, kappa_sd, gamma, gamma_sd])
    infer(x, ln_y, variance, rank, n_lagging, known, out, of_points)
    return read_answer(out, of_points, rank)


def read_answer(answer: FloatArray, of_points: FloatArray, rank: NDArray[np.intp]) -> Posterior:
    """Put into words what `inference.infer` wrote: shapes (len(ANSWER),) and (2, n)."""
    from focusbench.curve.inference import ANSWER

    s = dict(zip(ANSWER, answer.tolist(), strict=True))
    lagging = rank < int(s["k"])
    return Posterior(
        x0=s["x0"],
        sigma=(s["above"] - s["below"]) / 2,
        interval_95=(s["low_95"], s["high_95"]),
        p_within_step=s["p_within"],
        p_below=s["p_below"],
        p_above=s["p_above"],
        gain_over_flat=s["gain_over_flat"],
        gain_over_line=s["gain_over_line"],
        slope_line=s["slope_line"],
        tau=math.exp(s["ln_tau"]),
        n_lagging=int(s["k"]),
        ln_b=s["ln_b"],
        alpha=s["alpha"],
        gamma=s["gamma"],
        kappa=s["kappa_there"],
        kappa_seen=s["kappa_seen"],
        kappa_error=s["kappa_error"],
        lagging=lagging,
        bad=(of_points[0] > 1) & ~lagging,
        deviation=of_points[1],
        n_inner=int(s["n_inner"]),
        n_outer=int(s["n_outer"]),
        failed=int(s["failed"]),
    )
