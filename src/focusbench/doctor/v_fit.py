"""How well a V-curve explains some points, for many explanations at once.

The curve is the one of `focusbench.curve`: with u = (x − x0) / b,

    ln y = α + γ·ln(1 + u²) + κ·u|u| / (1 + u²) + e,    e ~ N(0, SE² + τ²)

An explanation says where the drawtube really stood, which points the curve has to pass, how
unlike its wings may be, and how much frames scatter. Each is fitted by damped Gauss-Newton steps
and its evidence, the probability of the points with the curve's five parameters integrated out,
is taken by Laplace's method. Fitted together: a hundred explanations cost little more than one.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

WINGS = ((0.52, 0.04), (0.9, 0.3))
"""γ and its standard deviation: of telescopes as they are, and of numbers that are no such thing
(a detector of its own mind, a made-up run)."""
LN_ODD_WINGS = math.log(0.05)
"""The second is rare."""
KAPPA_SD = 0.06
"""Wings of a sound rig: slopes within about ± 12 % of each other."""
LN_B_SD = 1.0
MOST_OFF = 6.0
"""A curve e^6 times wider or narrower than a good one is flat, or a spike."""
BEYOND = 0.6
"""Standard deviation of focus from the middle of the points, as a share of their range."""
USUAL_TAUS = (0.01, 0.02, 0.04, 0.08)
"""Relative scatter of frames that is seeing and no trouble."""
LN_TAU_PRIOR = np.log((0.25, 0.35, 0.3, 0.1))
START_TAU = 0.035
N_CLIMB, N_POLISH = 14, 5


@dataclass(frozen=True)
class Fitted:
    """What became of them, for every explanation and relative scatter τ.

    Attributes
    ----------
    ln_evidence : float array, shape (h, t)
    shape : float array, shape (h, t, 5)
        x0, ln b, α, γ, κ.
    x0_error : float array, shape (h, t), step sizes
    """

    ln_evidence: FloatArray
    shape: FloatArray
    x0_error: FloatArray


def fit(
    x: FloatArray,
    passes: NDArray[np.bool_],
    kappa_sd: FloatArray,
    ln_y: FloatArray,
    variance: FloatArray,
    taus: tuple[float, ...],
) -> Fitted:
    """Fit every explanation with every scatter, and with both kinds of wings.

    The evidence is that of both kinds together, the rest that of the likelier one.

    Parameters
    ----------
    x : float array, shape (h, n), step sizes
        Where the drawtube stood.
    passes : bool array, shape (h, n)
        Points through which the curve goes.
    kappa_sd : float array, shape (h,)
        How unlike the wings may be.
    ln_y : float array, shape (n,)
    variance : float array, shape (n,)
        (standard error / metric)² of each frame; 0 where unknown.
    taus : tuple of float
    """
    problem = _Problem(x, passes, kappa_sd, ln_y, variance)
    starts = _starts(problem, WINGS[0][0])
    usual, at = _fit(problem, starts, N_CLIMB, taus, WINGS[0])
    # Whatever its wings are, the curve lies where the usual one does, or nearly.
    odd, _ = _fit(problem, at[:, None], N_POLISH, taus, WINGS[1])
    ln_odd = odd.ln_evidence + LN_ODD_WINGS
    better = ln_odd > usual.ln_evidence
    return Fitted(
        np.logaddexp(usual.ln_evidence + math.log1p(-math.exp(LN_ODD_WINGS)), ln_odd),
        np.where(better[:, :, None], odd.shape, usual.shape),
        np.where(better, odd.x0_error, usual.x0_error),
    )


@dataclass(frozen=True)
class _Problem:
    """The arguments of `fit`."""

    x: FloatArray
    passes: NDArray[np.bool_]
    kappa_sd: FloatArray
    ln_y: FloatArray
    variance: FloatArray

    @property
    def span(self) -> float:
        """Length of the sweep, step sizes."""
        return max(float(np.ptp(self.x)), 1e-9)

    def batch(self, times: int, tau2: FloatArray, wings: tuple[float, float]) -> "_Batch":
        """Every explanation so many times over, each with its own τ²: shape (h·times,)."""
        gamma, gamma_sd = wings
        middle = (float(self.x.min()) + float(self.x.max())) / 2
        precision = np.zeros((len(self.x), 5))
        precision[:, 0] = (BEYOND * self.span) ** -2
        precision[:, 1] = LN_B_SD**-2
        precision[:, 3] = gamma_sd**-2
        precision[:, 4] = self.kappa_sd**-2
        return _Batch(
            np.repeat(self.x, times, axis=0),
            np.repeat(self.passes, times, axis=0),
            self.ln_y,
            tau2[:, None] + self.variance,
            np.array([middle, math.log(self.span / 5), 0.0, gamma, 0.0]),
            np.repeat(precision, times, axis=0),
        )


def _fit(
    problem: _Problem,
    starts: FloatArray,
    n_steps: int,
    taus: tuple[float, ...],
    wings: tuple[float, float],
) -> tuple[Fitted, FloatArray]:
    """Fit with γ of the mean and standard deviation that `wings` gives.

    Climbs from `starts`, shape (h, s, 5), with one scatter, then from the best of them with each.
    Returns the shape in between, too: (h, 5).
    """
    h, n_starts, _ = starts.shape
    t = len(taus)
    coarse = problem.batch(n_starts, np.full(h * n_starts, START_TAU**2), wings)
    shape = coarse.climb(starts.reshape(-1, 5), n_steps)
    best = coarse.look(shape)[0].reshape(h, n_starts).argmax(axis=1)
    at = shape.reshape(h, n_starts, 5)[np.arange(h), best]

    fine = problem.batch(t, np.tile(np.square(taus), h), wings)
    shape = fine.climb(np.repeat(at, t, axis=0), N_POLISH)
    height, _, hessian = fine.look(shape)
    # α has no prior: its factor is the same for every explanation, and left out.
    own = 0.5 * np.log(np.where(fine.precision > 0, fine.precision, 1.0)).sum(axis=1)
    ln_evidence = height - 0.5 * np.linalg.slogdet(hessian)[1] + own
    x0_error = np.sqrt(np.linalg.inv(hessian)[:, 0, 0])
    fitted = Fitted(ln_evidence.reshape(h, t), shape.reshape(h, t, 5), x0_error.reshape(h, t))
    return fitted, at


def ln_curve(shape: FloatArray, x: FloatArray) -> FloatArray:
    """Logarithm of the fitted metric; `shape` is (…, 5), `x` (…, n)."""
    u = (x - shape[..., 0:1]) * np.exp(-shape[..., 1:2])
    u2 = u * u
    even, odd = np.log1p(u2), u * np.abs(u) / (1 + u2)
    return np.asarray(shape[..., 2:3] + shape[..., 3:4] * even + shape[..., 4:5] * odd)


def _starts(problem: _Problem, gamma: float) -> FloatArray:
    """Three shapes to climb from, for each explanation: around the lowest points it passes."""
    x, span = problem.x, problem.span
    passed = np.where(problem.passes, problem.ln_y, np.inf)
    lowest = np.argsort(passed, axis=1, kind="stable")[:, :2]
    at = np.take_along_axis(x, lowest, axis=1)
    starts = np.zeros((len(x), 3, 5))
    starts[:, :, 0] = np.stack([at[:, 0], at.mean(axis=1), at[:, 0]], axis=1)
    starts[:, :, 1] = np.log([span / 6, span / 6, span / 2])
    starts[:, :, 2] = passed.min(axis=1)[:, None]
    starts[:, :, 3] = gamma
    return starts


@dataclass(frozen=True)
class _Batch:
    """Arrays of a batch of least-squares problems with Gaussian priors."""

    x: FloatArray
    passes: NDArray[np.bool_]
    ln_y: FloatArray
    variance: FloatArray
    prior: FloatArray
    precision: FloatArray

    def look(self, shape: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Height of the posterior, its gradient, and Gauss-Newton's Hessian."""
        inverse_b = np.exp(-shape[:, 1:2])
        u = (self.x - shape[:, 0:1]) * inverse_b
        u2 = u * u
        even, odd = np.log1p(u2), u * np.abs(u) / (1 + u2)
        residual = self.ln_y - shape[:, 2:3] - shape[:, 3:4] * even - shape[:, 4:5] * odd
        weight = self.passes / self.variance
        # d(ln y)/du, then by the chain rule towards x0 and ln b.
        slope = (2 * shape[:, 3:4] * u + shape[:, 4:5] * 2 * np.abs(u) / (1 + u2)) / (1 + u2)
        jacobian = np.stack([-slope * inverse_b, -slope * u, np.ones_like(u), even, odd], axis=2)
        weighted = jacobian * weight[:, :, None]
        off = shape - self.prior
        gradient = np.einsum("hnp,hn->hp", weighted, residual) - self.precision * off
        hessian = np.einsum("hnp,hnq->hpq", weighted, jacobian)
        hessian += self.precision[:, :, None] * np.eye(5)
        norm = np.where(self.passes, np.log(2 * math.pi * self.variance), 0.0)
        height = -0.5 * (weight * residual**2 + norm).sum(axis=1)
        height -= 0.5 * (self.precision * off**2).sum(axis=1)
        return height, gradient, hessian

    def climb(self, shape: FloatArray, n_steps: int) -> FloatArray:
        """Take damped steps uphill."""
        damping = np.full(len(shape), 1e-2)
        height, gradient, hessian = self.look(shape)
        for _ in range(n_steps):
            diagonal = np.einsum("hpp->hp", hessian)
            damped = hessian + (damping[:, None] * diagonal)[:, :, None] * np.eye(5)
            step = np.linalg.solve(damped, gradient[:, :, None])[:, :, 0]
            step[:, 1] = np.clip(step[:, 1], -1, 1)
            there = shape + step
            there[:, 1] = np.clip(there[:, 1], self.prior[1] - MOST_OFF, self.prior[1] + MOST_OFF)
            new = self.look(there)
            better = new[0] >= height
            damping = np.clip(np.where(better, damping * 0.2, damping * 8), 1e-6, 1e6)
            shape = np.where(better[:, None], there, shape)
            height = np.where(better, new[0], height)
            gradient = np.where(better[:, None], new[1], gradient)
            hessian = np.where(better[:, None, None], new[2], hessian)
        return shape
