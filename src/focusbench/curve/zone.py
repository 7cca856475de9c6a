"""Drawing a fitted curve, and the zone around best focus."""

import math

import numpy as np
from numpy.typing import ArrayLike

from focusbench.curve.auto import auto_curve
from focusbench.curve.counted import FloatArray
from focusbench.curve.results import CurveFit


def evaluate(fit: CurveFit, positions: ArrayLike) -> FloatArray:
    """Metric that a fitted curve has at some positions, to draw it.

    Parameters
    ----------
    fit : CurveFit
        Any curve. Two lines are drawn to where they cross, or, where they do not, to the position
        of the lowest point.
    positions : array_like of float, shape (n,), steps

    Returns
    -------
    float array, shape (n,), pixels
        NaN where the curve could not be fitted.
    """
    x = np.asarray(positions, dtype=float)
    p = fit.parameters
    if not p:
        return np.full(x.shape, math.nan)
    match fit.curve:
        case "auto":
            return auto_curve(p, x)
        case "hyperbola":
            return np.asarray(np.hypot(p["a"], p["slope"] * (x - p["x0"])))
        case "parabola":
            return np.asarray(p["minimum"] + p["curvature"] * (x - p["x0"]) ** 2)
        case "two_lines":
            turn = p["reference"] if fit.best_position is None else fit.best_position
            d = x - p["reference"]
            left = p["left_intercept"] + p["left_slope"] * d
            right = p["right_intercept"] + p["right_slope"] * d
            return np.where(x < turn, left, right)
    return np.full(x.shape, math.nan)


def zone_of(fit: CurveFit, tolerance: float) -> float | None:
    """Half width of the zone in which a curve lies within `tolerance` of its minimum, steps.

    Hyperbola: b·√((1 + tolerance)² − 1). None for two lines, whose minimum is no star's.
    """
    p = fit.parameters
    if not p:
        return None
    match fit.curve:
        case "auto":
            width = p["b"] * math.sqrt((1 + tolerance) ** (1 / p["gamma"]) - 1)
        case "hyperbola":
            width = p["b"] * math.sqrt((1 + tolerance) ** 2 - 1)
        case "parabola":
            width = math.sqrt(max(tolerance * p["minimum"] / p["curvature"], 0.0))
        case _:
            return None
    return width if math.isfinite(width) else None


def classic_zone(
    focal_ratio: float,
    pixel_um: float,
    slope_px_per_step: float,
    *,
    obstruction: float = 0.0,
    wavelength_um: float = 0.55,
) -> float | None:
    """Classic critical focus zone, ± 2.44·λ·N², in steps through the slope of the V.

    Out of focus by δ µm a star is a disk of radius δ/(2N) µm. Its half-flux radius is k times
    that, k = √((1 + ε²)/2) with the central obstruction ε. So the far slope of the V tells the
    focuser's travel, 2·N·pixel·slope/k µm per step, without a data sheet.

    Parameters
    ----------
    focal_ratio : float
    pixel_um : float, µm
        Size of the pixels in which the metric is counted (binned, where the frames were).
    slope_px_per_step : float, pixels per step
        Far slope of the V in half-flux radius, as in ``fits["hyperbola"].parameters["slope"]``.
    obstruction : float
        Diameter of the central obstruction as a share of the aperture.
    wavelength_um : float, µm

    Returns
    -------
    float or None, steps
        Half width; None where a number given is not positive.
    """
    if not (focal_ratio > 0 and pixel_um > 0 and slope_px_per_step > 0):
        return None
    k = math.sqrt((1 + obstruction**2) / 2)
    um_per_step = 2 * focal_ratio * pixel_um * slope_px_per_step / k
    return 2.44 * wavelength_um * focal_ratio**2 / um_per_step
