"""A straight line through runs whose stated errors are not the whole truth.

For run i with the row xᵢ of the design, and its session s(i),

    yᵢ = xᵢ·θ + a_s(i) + eᵢ,      eᵢ ~ t_ν(0, σᵢ² + ω²),      a_s ~ N(0, ψ²)

σ is the error each run states, ω what runs scatter beyond it, ν how heavy the tails are (a run that
followed a satellite trail), ψ how far sessions differ (a camera taken off and put back). None of
the three is chosen: θ is found for each of a grid of them, and the answers are weighed by how well
they explain the runs (Laplace's method; flat priors on θ and on ln ω and ln ψ, which give Student's
intervals where the errors are normal and unknown). Weighted by Fisher's information of the t, as
Lange, Little and Taylor 1989, doi:10.2307/2290063, have it: a run that lies far off counts little.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, stdtr

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

TAILS = np.array([2.0, 4.0, 30.0])
"""ν: a run in ten far off, a run in fifty, none."""
N_SCATTERS, N_SESSION_SPREADS = 17, 7
ALIKE = 0.5
"""Prior probability that sessions do not differ."""
STEPS = 25


@dataclass(frozen=True, eq=False)
class Mixture:
    """A quantity as a weighted sum of Student's distributions.

    Attributes
    ----------
    weight, centre, scale, df : float array, shape (k,)
    """

    weight: FloatArray
    centre: FloatArray
    scale: FloatArray
    df: FloatArray

    @property
    def mean(self) -> float:
        """Weighted centre."""
        return float(self.weight @ self.centre)

    def below(self, value: float) -> float:
        """Probability that it is less than `value`."""
        z = (value - self.centre) / self.scale
        return float(self.weight @ stdtr(self.df, z))

    def quantile(self, share: float) -> float:
        """Where so much of the probability lies below; by bisection."""
        reach = 60 * float(self.scale.max()) + float(np.ptp(self.centre))
        low, high = self.mean - reach, self.mean + reach
        for _ in range(42):
            middle = (low + high) / 2
            low, high = (middle, high) if self.below(middle) < share else (low, middle)
        return (low + high) / 2

    def interval(self, share: float = 0.95) -> tuple[float, float]:
        """Equal tails."""
        return self.quantile((1 - share) / 2), self.quantile((1 + share) / 2)

    @property
    def error(self) -> float:
        """Half the 68 % interval."""
        low, high = self.interval(0.682689)
        return (high - low) / 2


@dataclass(frozen=True, eq=False)
class Regression:
    """Coefficients for every node of the grid of (ω, ν, ψ), and the weights of the nodes.

    Attributes
    ----------
    weight : float array, shape (k,)
    theta : float array, shape (k, p)
    covariance : float array, shape (k, p, p)
    scatter, tails, session_spread : float array, shape (k,)
        ω, ν, ψ of each node.
    pull : float array, shape (n,)
        How much each run counts, 0 (far off) to about 1.
    """

    weight: FloatArray
    theta: FloatArray
    covariance: FloatArray
    scatter: FloatArray
    tails: FloatArray
    session_spread: FloatArray
    pull: FloatArray

    def combination(self, row: FloatArray) -> Mixture:
        """What is known of a linear combination of the coefficients; `row`, shape (p,)."""
        variance = np.einsum("i,kij,j->k", row, self.covariance, row)
        normal = np.full(len(self.weight), 1e6)
        scale = np.sqrt(np.maximum(variance, 1e-18))
        return Mixture(self.weight, self.theta @ row, scale, normal)

    def next_run(self, row: FloatArray, error: float = 0.0) -> Mixture:
        """What another run will say: coefficients, its error, its scatter and session."""
        known = self.combination(row)
        own = error**2 + self.scatter**2
        rest = known.scale**2 + self.session_spread**2
        # A normal and a t together: a t of the same tails, less heavy the less of it is the run's.
        share = own / np.maximum(own + rest, 1e-18)
        df = self.tails / np.maximum(share, 1e-3)
        return Mixture(self.weight, known.centre, np.sqrt(own + rest + 1e-18), df)


def regress(
    design: FloatArray, y: FloatArray, error: FloatArray, session: IntArray | None = None
) -> Regression:
    """Fit the model of this module.

    Parameters
    ----------
    design : float array, shape (n, p)
        Of full rank, n > p.
    y, error : float array, shape (n,)
        What each run found, and its standard error (0 where not known).
    session : int array, shape (n,), optional
        Which session each run belongs to, from 0; left out, sessions do not differ.

    Returns
    -------
    Regression
    """
    n, p = design.shape
    rough = _rough_scatter(design, y)
    floor = max(float(np.median(error)), 0.02 * rough, 1e-6)
    omegas = np.geomspace(3 * max(rough, floor), 0.1 * floor, N_SCATTERS)
    n_sessions = 0 if session is None else int(session.max()) + 1
    many = n_sessions > 1 and n_sessions < n
    psis = np.array([0.0, *np.geomspace(floor / 3, 10 * max(rough, floor), N_SESSION_SPREADS - 1)])
    psis = psis if many else psis[:1]
    dummies = np.eye(n_sessions)[session] if many else np.zeros((n, 0))
    x = np.hstack([design, dummies])
    scale = np.concatenate([np.sqrt((design**2).mean(axis=0)), np.ones(dummies.shape[1])])
    x = x / scale
    tails, spreads = (a.ravel() for a in np.meshgrid(TAILS, psis, indexing="ij"))
    ridge = np.zeros((len(tails), x.shape[1]))
    ridge[:, p:] = 1 / np.maximum(spreads[:, None], 1e-3 * floor) ** 2
    theta = np.tile(np.linalg.lstsq(x, y, rcond=None)[0], (len(tails), 1))
    theta[:, p:] = 0
    found = []
    for omega in omegas:
        # From wide to narrow, each beginning where the wider one ended: far runs let go one by one.
        variance = error**2 + omega**2
        theta, ln_p, covariance, pull = _climb(x, y, variance, tails, ridge, theta)
        ln_p -= dummies.shape[1] * np.log(np.maximum(spreads, 1e-3 * floor))
        found.append((ln_p, theta, covariance, pull))
    ln_p = np.stack([f[0] for f in found])
    if many:
        ln_p += np.where(spreads > 0, np.log((1 - ALIKE) / (len(psis) - 1)), np.log(ALIKE))
    weight = np.exp(ln_p - ln_p.max()).ravel()
    weight /= weight.sum()
    thetas = np.concatenate([f[1] for f in found]) / scale
    covariances = np.concatenate([f[2] for f in found]) / np.outer(scale, scale)
    pulls = np.concatenate([f[3] for f in found])
    kept = weight > 1e-6
    return Regression(
        weight=weight[kept] / weight[kept].sum(),
        theta=thetas[kept, :p],
        covariance=covariances[kept, :p, :p],
        scatter=np.repeat(omegas, len(tails))[kept],
        tails=np.tile(tails, len(omegas))[kept],
        session_spread=np.tile(spreads, len(omegas))[kept],
        pull=weight @ pulls,
    )


def _climb(
    x: FloatArray,
    y: FloatArray,
    variance: FloatArray,
    tails: FloatArray,
    ridge: FloatArray,
    theta: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Best coefficients for each ν and ψ, shape (k, p), by iterated weights (EM).

    Also the ln of their integrated likelihood, their covariances and the runs' weights.
    """
    nu = tails[:, None]
    for _ in range(STEPS):
        residual = y - theta @ x.T
        pull = (nu + 1) / (nu + residual**2 / variance)
        w = pull / variance
        normal = (w[:, None, :] * x.T) @ x
        normal[:, range(x.shape[1]), range(x.shape[1])] += ridge
        there = np.asarray(np.linalg.solve(normal, ((w * y) @ x)[..., None])[..., 0], float)
        done = np.abs(there - theta).max() < 1e-6 * (np.abs(there).max() + 1)
        theta = there
        if done:
            break
    residual = y - theta @ x.T
    z2 = residual**2 / variance
    pull = (nu + 1) / (nu + z2)
    ln_l = (
        gammaln((nu + 1) / 2)
        - gammaln(nu / 2)
        - 0.5 * np.log(nu * np.pi * variance)
        - (nu + 1) / 2 * np.log1p(z2 / nu)
    ).sum(axis=1)
    ln_l -= 0.5 * (ridge * theta**2).sum(axis=1)
    w = pull * (nu + 1) / (nu + 3) / variance
    information = (w[:, None, :] * x.T) @ x
    information[:, range(x.shape[1]), range(x.shape[1])] += ridge
    covariance = np.asarray(np.linalg.inv(information), float)
    ln_p = ln_l - 0.5 * np.linalg.slogdet(information)[1]
    return theta, ln_p, covariance, pull * nu / (nu + 1)


def _rough_scatter(design: FloatArray, y: FloatArray) -> float:
    """Scatter about the plain line, as it is without bad runs: 1.4826 times the median."""
    residual = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    free = max(len(y) - design.shape[1], 1)
    middle = 1.4826 * float(np.median(np.abs(residual)))
    return max(middle, 0.3 * float(np.sqrt((residual**2).sum() / free)))
