"""The points that count, as arrays, and what every fit needs of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from focusbench.curve.points import FocusPoint
from focusbench.curve.priors import MIN_POINTS
from focusbench.curve.results import BestFocus

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

METRIC_RANGE = (1e-9, 1e9)
"""A number outside is no measurement, whatever its unit; nor is it safe to square."""
POSITION_LIMIT = 1e12


@dataclass(frozen=True, eq=False)
class Counted:
    """Points that may be fitted, in the order taken.

    Attributes
    ----------
    index : int array, shape (n,)
        Where each stands among the points given.
    n_given : int
    x : float array, shape (n,), steps
    y : float array, shape (n,), pixels
    error : float array, shape (n,), pixels, or None
        Standard errors; None unless every point has one.
    scatter : float array, shape (n,), pixels, or None
        Star-to-star scatter; None unless every point has it.
    relative_variance : float array, shape (n,)
        (error / y)², 0 where a point has no error.
    """

    index: NDArray[np.intp]
    n_given: int
    x: FloatArray
    y: FloatArray
    error: FloatArray | None
    scatter: FloatArray | None
    relative_variance: FloatArray

    @classmethod
    def of(cls, points: Sequence[FocusPoint], best: BestFocus | None = None) -> "Counted":
        """Take the points that count; those that `best` rejected do not."""
        rejected = best.rejected if best and len(best.rejected) == len(points) else None
        index = [
            i
            for i, point in enumerate(points)
            if point.counts and measured(point) and not (rejected and rejected[i])
        ]
        kept = [points[i] for i in index]
        y = np.array([p.metric for p in kept], dtype=float)
        error = _column([p.error for p in kept])
        scatter = _column([p.scatter for p in kept])
        known = np.isfinite(error)
        relative = np.where(known, np.minimum(error / y, 1e3), 0.0)
        return cls(
            index=np.array(index, dtype=np.intp),
            n_given=len(points),
            x=np.array([p.position for p in kept], dtype=float),
            y=y,
            error=error if known.all() else None,
            scatter=scatter if np.isfinite(scatter).all() else None,
            relative_variance=relative**2,
        )

    def __len__(self) -> int:
        return len(self.index)

    @property
    def n_positions(self) -> int:
        """Different positions."""
        return len(set(self.x.tolist()))

    def weights(self) -> FloatArray:
        """Weights of the parabola and the hyperbola, 1/pixels² or 1. Shape (n,).

        1/error² where every point has an error; else 1/scatter² (N.I.N.A. weighs so) where every
        point has a scatter; else none.
        """
        spread = self.error if self.error is not None else self.scatter
        if spread is None:
            return np.ones(len(self))
        # A point that claims to be a thousand times better than another is not believed.
        spread = np.maximum(spread, 1e-3 * spread.max())
        return np.asarray(1 / spread**2)

    def used(self, kept: BoolArray | None = None) -> tuple[bool, ...]:
        """Which of the points given were fitted; `kept` picks among those that count."""
        flags = np.zeros(self.n_given, dtype=bool)
        flags[self.index if kept is None else self.index[kept]] = True
        return tuple(flags.tolist())


def measured(point: FocusPoint) -> bool:
    """Whether the point has a position and a positive metric at all."""
    low, high = METRIC_RANGE
    return low < point.metric < high and abs(point.position) < POSITION_LIMIT


def _column(values: Sequence[float | None]) -> FloatArray:
    """Errors or scatters; NaN where unknown, not positive, or absurd."""
    low, high = METRIC_RANGE
    usable = (v if v is not None and low < v < high else math.nan for v in values)
    return np.array(list(usable), dtype=float)


def misplaced(x0: float, counted: Counted) -> tuple[str, int]:
    """Say why a minimum at `x0` is not between the points, and in which direction to go on.

    A minimum counts only with two counted points beyond it on each side (one, where fewer than
    five count at all): an end may be bent over by noise or by a donut that no longer grows.

    Returns
    -------
    reason : str
        Empty where the minimum lies between the points.
    direction : int
        −1 inward, +1 outward, 0 where nothing is wrong.
    """
    needed = 2 if len(counted) >= MIN_POINTS else 1
    below = np.count_nonzero(counted.x < x0)
    above = np.count_nonzero(counted.x > x0)
    if min(below, above) >= needed:
        return "", 0
    if below < above:
        return "The minimum lies at or beyond the inner end of the points: go on inward.", -1
    return "The minimum lies at or beyond the outer end of the points: go on outward.", 1


def standard_error(
    variance: float, chi2: float, n_fitted: int, n_parameters: int, counted: Counted
) -> tuple[float | None, float | None]:
    """Half the 68 % and half the 95 % interval of a fitted position, steps.

    Five counted points or more: from their scatter about the curve, with Student's t. Fewer: from
    the frames' own standard errors; None without those.

    Parameters
    ----------
    variance : float, steps²
        From the weighted normal equations, of a point of weight 1.
    chi2 : float
        Weighted sum of squared residuals.
    n_fitted, n_parameters : int
    counted : Counted
    """
    from scipy.special import stdtrit

    dof = n_fitted - n_parameters
    if len(counted) >= MIN_POINTS and dof > 0:
        scaled = variance * chi2 / dof
        factors = float(stdtrit(dof, 0.841345)), float(stdtrit(dof, 0.975))
    elif counted.error is not None:
        scaled, factors = variance, (1.0, 1.959964)
    else:
        return None, None
    if not (math.isfinite(scaled) and scaled >= 0):
        return None, None
    return factors[0] * math.sqrt(scaled), factors[1] * math.sqrt(scaled)


def r_squared(y: FloatArray, model: FloatArray, weights: FloatArray) -> float | None:
    """Coefficient of determination, weighted; None where the points do not differ."""
    mean = (weights @ y) / weights.sum()
    total = float(weights @ (y - mean) ** 2)
    return 1 - float(weights @ (y - model) ** 2) / total if total > 0 else None
