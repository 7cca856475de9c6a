"""The error of best focus without any simulation, from step size, number of points and scatter.

For sweeps centred to a quarter of their range, whose ends read 1.3 to 6 times the minimum, with
steps up to 1.5 b and errors that are a share of the metric. Bad points, drift and lagging points
are not in it. It agrees with the bound of Cramér and Rao for three parameters to 1 to 3 % from 7
points on, and is low by 4 to 13 % with 5.
"""

import math

import numpy as np

from focusbench.curve import KAPPA_SD

# At 9 points, by R, what the ends read over the minimum: how far best focus moves by κ, in b; and
# how well κ is seen, for scatter 1. From runs simulated with known truth.
_R = (1.3, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0)
_SHIFT = (0.64, 0.81, 1.12, 1.35, 1.54, 1.87, 2.51)
_SEEN = (4.7, 3.0, 1.8, 1.35, 1.13, 0.89, 0.69)


def formula_holds(step_size: float, data_points: int, b: float) -> bool:
    """Whether a sweep is one that the formula was made for."""
    ends = math.hypot(1, 0.5 * (data_points - 1) * step_size / b)
    return data_points >= 5 and step_size <= 1.5 * b and _R[0] <= ends <= _R[-1]


def position_error(
    step_size: float,
    data_points: int,
    b: float,
    relative_scatter: float,
    *,
    kappa_sd: float = KAPPA_SD,
) -> float:
    """Standard error of best focus of one sweep, of a rig with unknown asymmetry.

    σ² = σ₃² + c²b² / (1/s² + 1/σ_κ²): σ₃ with the shape known (symmetric, wings straight); the rest
    since the asymmetry κ has to be told from the same points, or is only known to s = `kappa_sd`.

    Parameters
    ----------
    step_size : float, steps
    data_points : int
    b : float, steps
        Of the hyperbola: where its wings begin to be straight.
    relative_scatter : float
        Of a point, as a share of its value: √(relative standard error² + τ²).
    kappa_sd : float

    Returns
    -------
    float, steps
    """
    shape_known, per_kappa, sees = _parts(step_size, data_points, b, relative_scatter)
    return math.hypot(shape_known, per_kappa / math.sqrt(kappa_sd**-2 + sees**-2))


def position_scatter(
    step_size: float, data_points: int, b: float, relative_scatter: float, kappa: float
) -> float:
    """Root mean square of best focus, over sweeps of one rig, about where focus is.

    The asymmetry that an estimator finds is w·(what it sees), w = s² / (s² + σ_κ²): with the noise
    of what it sees it wanders by w·σ_κ, and by (1 − w)·κ it is always off. The mean over rigs,
    κ² = s², is `position_error`².

    Parameters
    ----------
    kappa : float
        The rig's, as many of its points tell it; the others as in `position_error`.
    """
    shape_known, per_kappa, sees = _parts(step_size, data_points, b, relative_scatter)
    w = KAPPA_SD**2 / (KAPPA_SD**2 + sees**2)
    return math.hypot(shape_known, per_kappa * math.hypot(w * sees, (1 - w) * kappa))


def _parts(
    step_size: float, data_points: int, b: float, relative_scatter: float
) -> tuple[float, float, float]:
    """σ₃ in steps; steps per κ; standard error of κ."""
    n = data_points
    u = 0.5 * (n - 1) * step_size / b
    wide = u * n / (n - 1)  # each point stands for half a step on either side
    information = math.atan(wide) - wide / (1 + wide**2)
    shape_known = relative_scatter * b * math.sqrt(2 * wide / (n * information))
    ends = math.log(math.hypot(1, u))
    shift = float(np.interp(ends, np.log(_R), _SHIFT))
    seen = float(np.interp(ends, np.log(_R), _SEEN)) * relative_scatter * math.sqrt(9 / n)
    return shape_known, shift * b, seen
