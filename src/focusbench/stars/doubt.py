"""Whether to trust a frame's value: what speaks against it, as far as it was seen."""

import numpy as np
from numpy.typing import NDArray

from focusbench.stars.ensemble import ensemble, median, weights_of
from focusbench.stars.false_stars import FEW
from focusbench.stars.finding import Found

_LARGEST_ERROR = 0.03
"""What the standard error may reach, as a share of the value."""
_ROUNDING = 0.04
"""How far the camera's steps may put the value off."""
_TREND = 0.035
"""How far faint stars may pull the value away from what bright ones say."""


def doubt(found: Found, stars: NDArray[np.void]) -> str:
    """Why the frame's value may be wrong; empty where nothing speaks against it.

    Parameters
    ----------
    found : Found
    stars : structured array
        As `star_table` makes it of `found`.
    """
    used = stars[stars["used"]]
    if len(used) < 2:
        return ""
    sizes, weights = used["hfr"], weights_of(used["snr"])
    value, scatter, error = ensemble(sizes, weights)
    if scatter is not None and scatter > 0.3 * value:
        return "the stars differ in size"
    if error is not None and error > _LARGEST_ERROR * value:
        return "the stars are too few, too faint or too unlike each other"
    if abs(np.log(value / found.size.r50)) > 0.08 or _trend(sizes, used["snr"]) > _TREND:
        return "bright and faint stars differ in size"
    if _rounded(found, median(used["flux"])) > _ROUNDING:
        return "the noise is less than the steps in which the camera counts"
    if found.uneven > 3.0 and len(used) < FEW:
        return "uneven sky and few stars"
    if found.rivalry > 0.6:
        return "objects of another size are as many"
    return ""


def _trend(sizes: NDArray[np.float64], snr: NDArray[np.float64]) -> float:
    """By which share faint stars pull the value away from what the brightest say.

    A sky that is a little too high or too low under the stars changes ln r50 by an amount that goes
    as 1 / flux. That is fitted, by least squares with Huber's weights; the slope times the mean
    1 / flux is the pull. 0 where the slope is within three standard errors, or stars are few.
    """
    if len(sizes) < 4 * FEW:
        return 0.0
    y, u, own = np.log(sizes), 1.0 / snr, weights_of(snr)
    weight = own**2
    for _ in range(5):
        total = weight.sum()
        u0, y0 = (weight @ u) / total, (weight @ y) / total
        spread = float(weight @ (u - u0) ** 2)
        slope = float(weight @ ((u - u0) * (y - y0))) / max(spread, 1e-30)
        away = np.abs(y - y0 - slope * (u - u0)) * own
        scale = 1.4826 * median(away) + 1e-12
        weight = own**2 * np.minimum(1.0, 1.345 * scale / np.maximum(away, 1e-12))
    sure = abs(slope) > 3.0 * scale / max(spread, 1e-30) ** 0.5
    return abs(slope) * float(u0) if sure else 0.0


def _rounded(found: Found, flux: float) -> float:
    """Share by which the radius of a star of that flux is off, if the sky is by `sky_error`.

    π (A² / 2 − r50²) sky_error / (r50 dF/dr), with A the aperture and r50 dF/dr about the flux.
    """
    light = np.pi * found.sky_error * (0.5 * found.size.aperture**2 - found.size.r50**2)
    return light / flux
