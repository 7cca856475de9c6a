"""How well settings will focus a rig, answered at once from its V-curve and noise: one formula.

Of a learned rig `predict_error` asks it, of plain numbers `position_scatter`.

The expected error of best focus is that of an estimator which knows bend γ and asymmetry κ only
by their priors, as `auto` does. With the Jacobian J of ln(metric) at the planned points in
(x₀, α, ln b, γ, κ), their variances V, and the precision P of the priors,

    C = (JᵀV⁻¹J + P)⁻¹,    E[error²] = [C·JᵀV⁻¹J·C]₀₀ + [C·P·(θ − θ₀)]₀²

the first term the noise, the second what the priors pull (van Trees 1968, section 2.4). For evenly
spaced points and errors that are one share of the metric, this is the formula

    σ² = σ_r²·b²·2U'/(n·[atan U' − U'/(1 + U'²)]) + c²b²/(1/s_κ² + 1/σ_κ²)

of which the tests hold the table; unlike that it needs no limits on ends, steps or noise. What it
does not know, the simulation does: bad points, refused runs, points added by smart focus.
"""

import math

import numpy as np

from focusbench.curve import GAMMA, GAMMA_SD, KAPPA_SD, LN_B_SD
from focusbench.options import AutofocusOptions
from focusbench.tuning.model_sampler import ERROR_WITH_EXPOSURE
from focusbench.tuning.rig_model import MOST_GROWTH, FloatArray, RigModel

LAGGING = 0.05
"""A point that lags by more than this share of b tells nothing."""
ROUNDING = 1 / 12
"""Variance of going to whole steps."""


def predict_error(rig: RigModel, options: AutofocusOptions) -> FloatArray:
    """Expected rms error of best focus with these options, for every draw of the rig.

    Parameters
    ----------
    rig : RigModel
    options : AutofocusOptions
        Step size, data points, exposure, frames per point and backlash count.

    Returns
    -------
    float array, shape (n_draws,), steps
    """
    b, gamma, kappa = (rig.of(name)[:, None] for name in ("b", "gamma", "kappa"))
    n = max(options.data_points, 5) if options.smart_focus else options.data_points
    x = planned_positions(options.step_size, n)
    lag = np.maximum(rig.of("lag") - options.backlash, 0.0)[:, None]
    lagging = x - np.minimum(x, x[0] - lag) > LAGGING * b
    u = x / b
    growth = gamma * np.log1p(u * u) + kappa * u * np.abs(u) / (1 + u * u)
    weight = np.where(lagging, 0.0, 1 / _variance(rig, options, growth))
    variance = b[:, 0] ** 2 * _variance_in_b(u, gamma, kappa, weight)
    drift = rig.of("drift_per_min") * planned_duration(rig, options) / 120
    return np.asarray(np.sqrt(variance + drift**2 + ROUNDING))


def position_scatter(
    step_size: float,
    data_points: int,
    b: float,
    relative_scatter: float,
    *,
    gamma: float = GAMMA,
    kappa: float = KAPPA_SD,
) -> float:
    """Root mean square error of best focus over sweeps of one rig, whole steps left out.

    Parameters
    ----------
    step_size : float, steps
    data_points : int
    b : float, steps
        Width of the V-curve.
    relative_scatter : float
        Of a point, as a share of its value: √(relative standard error² + τ²).
    gamma, kappa : float
        The rig's bend and asymmetry. Without `kappa` the answer is that for rigs whose asymmetry
        is not known: a standard deviation of its prior pulls as much as they do on average.

    Returns
    -------
    float, steps

    Examples
    --------
    >>> from focusbench.tuning import position_scatter
    >>> round(position_scatter(step_size=60, data_points=9, b=85, relative_scatter=0.03), 1)
    4.4
    """
    u = planned_positions(step_size, data_points)[None, :] / b
    weight = np.full(u.shape, relative_scatter**-2)
    variance = _variance_in_b(u, np.array([[gamma]]), np.array([[kappa]]), weight)
    return b * math.sqrt(float(variance[0]))


def planned_positions(step_size: float, data_points: int) -> FloatArray:
    """Where the points of a sweep stand about focus, steps; outermost first.

    Focus lies somewhere between two points: a quarter of a step stands for that.
    """
    return np.asarray((data_points // 2 - np.arange(data_points) + 0.25) * float(step_size))


def _variance_in_b(
    u: FloatArray, gamma: FloatArray, kappa: FloatArray, weight: FloatArray
) -> FloatArray:
    """Expected error² of best focus in units of b²; u and weight of shape (n_draws, n_points)."""
    even, odd = np.log1p(u * u), u * np.abs(u) / (1 + u * u)
    slope = (2 * gamma * u + 2 * kappa * np.abs(u) / (1 + u * u)) / (1 + u * u)
    jacobian = np.stack([-slope, np.ones_like(u), -u * slope, even, odd], axis=-1)
    seen = np.einsum("dnp,dn,dnq->dpq", jacobian, weight, jacobian)
    known = np.diag([0.0, 0.0, LN_B_SD**-2, GAMMA_SD**-2, KAPPA_SD**-2])
    # Without two points on a side nothing is known of focus; a width of five b stands for that.
    flat = np.diag([0.04, 1e-4, 0.0, 0.0, 0.0])
    covariance = np.linalg.inv(seen + known + flat)
    noise = np.einsum("di,dij,dj->d", covariance[:, 0], seen, covariance[:, 0])
    off = np.zeros((len(u), 5))
    off[:, 3], off[:, 4] = gamma[:, 0] - GAMMA, kappa[:, 0]
    pull = np.einsum("di,ij,dj->d", covariance[:, 0], known, off)
    return np.asarray(noise + pull**2)


def planned_duration(rig: RigModel, options: AutofocusOptions) -> FloatArray:
    """Time of a run that needs no more than the planned points, for every draw, seconds."""
    step, n = options.step_size, options.data_points
    out = (n // 2) * step + options.backlash
    back = 2 * out if options.final_approach == "as_sampled" else out
    frames = (n + options.validation_frame) * options.frames_per_point
    exposing = frames * (rig.of("overhead_s") + options.exposure_s)
    settling = (n + options.validation_frame) * options.settle_s
    moving = (out + (n - 1) * step + back) * rig.of("s_per_step")
    return np.asarray(exposing + settling + moving)


def step_for_ratio(rig: RigModel, ratio: float, data_points: int) -> int:
    """Step size at which the ends of a sweep read `ratio` times the minimum, steps."""
    width = math.sqrt(ratio ** (1 / rig.typical("gamma")) - 1)
    half = max((data_points - 1) / 2, 1)
    return max(1, round(rig.typical("b") * width / half))


def _variance(rig: RigModel, options: AutofocusOptions, growth: FloatArray) -> FloatArray:
    """Variance of ln(metric) of each point, shape (n_draws, n_points)."""
    longer = options.exposure_s / rig.exposure_s
    star, scatter, rise, fading = (
        rig.of(name)[:, None] for name in ("star_error", "scatter", "star_error_growth", "fading")
    )
    stated = star * longer**ERROR_WITH_EXPOSURE * np.exp(rise * growth)
    air = scatter * np.exp(-fading * np.clip(growth, 0.0, MOST_GROWTH))
    return np.asarray((stated**2 + air**2) / options.frames_per_point)
