"""From a frame to its focus metric: find the stars, measure each, drop the false ones."""

import numpy as np
from numpy.typing import NDArray

from focusbench.errors import MeasurementError, OptionsError, TooFewStars
from focusbench.frames import Frame, bayer_pattern, crop, luminance, saturation_level
from focusbench.stars.astap_cli import (
    ASTAP_CLI_DEFINITION,
    ASTAP_CLI_METRIC,
    measure_with_astap,
)
from focusbench.stars.ensemble import ensemble, weights_of
from focusbench.stars.measurement import Measurement
from focusbench.stars.photutils_provider import (
    PHOTUTILS_DEFINITION,
    PHOTUTILS_METRIC,
    measure_with_photutils,
)

OWN_METRICS = {
    "hfr": "Half-flux radius: radius of the circle around the star's centroid that holds half of "
    "its flux (curve of growth), in pixels of the frame.",
    "hfr_mean_radius": "Mean distance of the star's flux from its centroid, each pixel weighted "
    "by its flux, in pixels of the frame.",
    "hfd_astap": "Half-flux diameter after ASTAP: twice the flux-weighted mean distance from the "
    "centroid, within the radius that its lit pixels reach, in pixels of the frame.",
    "fwhm": "Full width at half maximum of a Moffat profile fitted to the mean radial profile, in "
    "pixels of the frame.",
}
_PROFILE_METRICS = ("hfd_astap", "fwhm")
METRICS = {
    **OWN_METRICS,
    PHOTUTILS_METRIC: PHOTUTILS_DEFINITION,
    ASTAP_CLI_METRIC: ASTAP_CLI_DEFINITION,
}
"""The metrics that `measure` knows, with what each means; a colon names another provider."""
_SMALLEST_SIDE_PX = 8


def measure(
    frame: Frame | NDArray[np.generic],
    *,
    metric: str = "hfr",
    min_star_diameter_px: float = 3.0,
    crop_percent: float = 0.0,
    min_stars: int = 1,
    n_threads: int = 1,
) -> Measurement:
    """Measure how sharp a frame's stars are.

    Parameters
    ----------
    frame : Frame, or array of shape (n_y, n_x), ADU
    metric : {"hfr", "hfr_mean_radius", "hfd_astap", "fwhm", "hfr:photutils", "hfd_astap:astap_cli"}
        See `METRICS`.
    min_star_diameter_px : float, pixels
        Stars whose footprint is smaller are dropped. Given for a frame at 1×1; divided by the
        frame's binning.
    crop_percent : float, per cent
        Of each side's length, left out of the measurement, half of it at either end.
    min_stars : int
        Fewest stars that make a measurement.
    n_threads : int
        Threads to measure in; the result is the same.

    Raises
    ------
    TooFewStars
        Fewer usable stars than `min_stars`.
    MeasurementError
        Not a frame that can be measured: not two-dimensional, too small, constant, no numbers.
    OptionsError
        An unknown metric, or a crop that leaves nothing.
    """
    if metric not in METRICS:
        raise OptionsError(
            f"There is no metric {metric!r}; there are {', '.join(METRICS)}.", "metric"
        )
    if metric == PHOTUTILS_METRIC:
        return measure_with_photutils(
            frame,
            min_star_diameter_px=min_star_diameter_px,
            crop_percent=crop_percent,
            min_stars=min_stars,
        )
    if metric == ASTAP_CLI_METRIC:
        return measure_with_astap(frame, min_stars=min_stars)
    whole = frame if isinstance(frame, Frame) else Frame(np.asarray(frame))
    n_axes = whole.stored[0].ndim
    if n_axes != 2:
        raise MeasurementError(
            f"A frame has two dimensions, this one has {n_axes}; give one plane of it."
        )
    if bayer_pattern(whole):
        with np.errstate(over="ignore", invalid="ignore"):  # numbers that no camera gives
            whole = luminance(whole)
    stars, doubt = _stars(
        whole,
        crop_percent,
        min_star_diameter_px / whole.binning,
        min_stars,
        every_profile=metric in _PROFILE_METRICS,
        n_threads=n_threads,
    )
    used = stars[stars["used"]]
    if len(used) < max(1, min_stars):
        raise TooFewStars(len(used), max(1, min_stars), stars)
    weights = weights_of(used["snr"])
    value, scatter, error = ensemble(used[metric], weights)
    unsure = () if metric in _PROFILE_METRICS else _PROFILE_METRICS
    others = {
        name: ensemble(used[name], weights)[0]
        for name in OWN_METRICS
        if name not in (metric, *unsure)
    }
    return Measurement(
        metric, OWN_METRICS[metric], value, error, scatter, len(used), others, stars, doubt
    )


def _stars(
    frame: Frame,
    crop_percent: float,
    min_diameter_px: float,
    min_stars: int,
    *,
    every_profile: bool,
    n_threads: int,
) -> tuple[NDArray[np.void], str]:
    """Table of everything that might be a star, and why its used ones may mislead."""
    # Here, since numba takes its time to import.
    from focusbench.stars.doubt import doubt
    from focusbench.stars.false_stars import star_table
    from focusbench.stars.finding import find_stars
    from focusbench.stars.kernel import KERNELS
    from focusbench.stars.levels import Bands, build
    from focusbench.stars.source import source

    KERNELS.compile()
    raw, zero = frame.stored
    data = source(raw)
    height, width = crop(raw, crop_percent).shape
    if data.transposed:
        height, width = width, height
    window = ((data.shape[0] - height) // 2, (data.shape[1] - width) // 2, height, width)
    if min(height, width) < _SMALLEST_SIDE_PX:
        raise MeasurementError(
            f"The frame is too small to hold a star: {width} × {height} pixels, "
            f"at least {_SMALLEST_SIDE_PX} × {_SMALLEST_SIDE_PX} are needed."
        )
    with Bands(n_threads) as bands:
        levels = build(data, window, bands)
        if levels is None:
            raise MeasurementError("The frame holds no numbers: every pixel is NaN or infinite.")
        data = data.saturated_from(saturation_level(frame, levels.highest) - zero)
        found = find_stars(data, levels, bands, every_profile=every_profile)
    stars = star_table(found, min_diameter_px, min_stars)
    why = doubt(found, stars)
    if not stars["used"].any() and np.all(raw == raw[0, 0]):
        raise MeasurementError(
            f"Every pixel of the frame is {raw[0, 0] + float(zero):g}; is the shutter open?"
        )
    if data.transposed:
        stars["x"], stars["y"] = stars["y"].copy(), stars["x"].copy()
    return stars, why
