"""From a frame to its focus metric: find the stars, measure each, drop the false ones."""

import numpy as np
from numpy.typing import NDArray

from focusbench.errors import MeasurementError, OptionsError, TooFewStars
from focusbench.frames import Frame, bayer_pattern, crop, luminance
from focusbench.stars.astap_cli import (
    ASTAP_CLI_DEFINITION,
    ASTAP_CLI_METRIC,
    measure_with_astap,
)
from focusbench.stars.detection import Peaks, find_peaks, strongest
from focusbench.stars.measurement import STAR_FIELDS, Measurement
from focusbench.stars.photometry import Photometry, StarSize, photometry
from focusbench.stars.photutils_provider import (
    PHOTUTILS_DEFINITION,
    PHOTUTILS_METRIC,
    measure_with_photutils,
)
from focusbench.stars.sky import SkySubtracted, subtract_sky

OWN_METRICS = {
    "hfr": "Half-flux radius: radius of the circle around the star's centroid that holds half of "
    "its flux (curve of growth), in pixels of the frame.",
    "hfr_mean_radius": "Mean distance of the star's flux from its centroid, each pixel weighted "
    "by its flux, in pixels of the frame.",
}
METRICS = {
    **OWN_METRICS,
    PHOTUTILS_METRIC: PHOTUTILS_DEFINITION,
    ASTAP_CLI_METRIC: ASTAP_CLI_DEFINITION,
}
"""The metrics that `measure` knows, with what each means; a colon names another provider."""

MOST_STARS = 300
_SEEDS = 40
_LOWEST_SNR = 10.0
_LARGEST_AXIS_RATIO = 1.5
_FEWEST_TO_COMPARE = 5


def measure(
    frame: Frame | NDArray[np.generic],
    *,
    metric: str = "hfr",
    min_star_diameter_px: float = 3.0,
    crop_percent: float = 0.0,
    min_stars: int = 1,
) -> Measurement:
    """Measure how sharp a frame's stars are.

    Parameters
    ----------
    frame : Frame, or array of shape (n_y, n_x), ADU
    metric : {"hfr", "hfr_mean_radius", "hfr:photutils", "hfd_astap:astap_cli"}
        See `METRICS`.
    min_star_diameter_px : float, pixels
        Stars whose footprint is smaller are dropped. Given for a frame at 1×1; divided by the
        frame's binning.
    crop_percent : float, per cent
        Of each side's length, left out of the measurement, half of it at either end.
    min_stars : int
        Fewest stars that make a measurement.

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
    if whole.pixels.ndim != 2:
        raise MeasurementError(
            f"A frame has two dimensions, this one has {whole.pixels.ndim}; give one plane of it."
        )
    if bayer_pattern(whole):
        whole = luminance(whole)
    pixels = crop(whole.pixels, crop_percent)
    stars = _measure_stars(subtract_sky(pixels), min_star_diameter_px / whole.binning)
    stars["x"] += (whole.pixels.shape[1] - pixels.shape[1]) // 2
    stars["y"] += (whole.pixels.shape[0] - pixels.shape[0]) // 2
    used = stars[stars["used"]]
    if len(used) < max(1, min_stars):
        raise TooFewStars(len(used), max(1, min_stars))
    value, scatter, error = _ensemble(used[metric])
    others = {name: _ensemble(used[name])[0] for name in OWN_METRICS if name != metric}
    return Measurement(metric, OWN_METRICS[metric], value, error, scatter, len(used), others, stars)


def _ensemble(values: NDArray[np.float64]) -> tuple[float, float | None, float | None]:
    """Median, star-to-star scatter (1.4826 × MAD) and standard error (1.2533 × scatter / √n)."""
    value = float(np.median(values))
    if len(values) < 2:
        return value, None, None
    scatter = 1.4826 * float(np.median(np.abs(values - value)))
    return value, scatter, 1.2533 * scatter / len(values) ** 0.5


def _measure_stars(sky: SkySubtracted, min_diameter_px: float) -> NDArray[np.void]:
    """Table of everything that might be a star, most significant first."""
    peaks = find_peaks(sky.image, sky.noise)
    if len(peaks) == 0:
        return np.zeros(0, STAR_FIELDS)
    # First what scale the frame's stars have, each peak judged at its own scale …
    own = peaks[strongest(peaks, 2.5 * peaks.scale, 2 * MOST_STARS)]
    scale = _weighted_median(own.scale, own.significance)
    size = _frame_size(sky, own[_of_scale(own, scale)][:_SEEDS], scale)
    # … then the stars themselves, now that a star's width is known, at that scale alone: a finer
    # one would show the fragments of a donut, a coarser one would merge neighbours.
    alike = peaks[peaks.scale == scale]
    candidates = alike[strongest(alike, 1.25 * size.r90, 2 * MOST_STARS)]
    return _table(photometry(sky, candidates, size), size, min_diameter_px)


def _of_scale(peaks: Peaks, scale: float) -> NDArray[np.bool_]:
    """Peaks of the given scale and its neighbours, one octave up and down."""
    return np.abs(np.log2(peaks.scale / scale)) < 1.5


def _weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, 0.5 * total[-1])])


def _frame_size(sky: SkySubtracted, seeds: Peaks, scale: float) -> StarSize:
    """Width that the most significant stars have in common.

    The aperture follows from the width, and the width from the light in the aperture; started
    from a narrow star of this scale, a few rounds settle to a hundredth. The scale bounds the
    width: a uniform disc seen best at a scale has 1.1 to 2.2 times that for its radius, a
    Gaussian 0.8 to 1.7 times for its half-flux radius. The finest scale takes all that is finer.
    """
    size = StarSize(r50=1.1 * scale, r90=1.6 * scale)
    for _ in range(8):
        stars = photometry(sky, seeds, size)
        whole = np.isfinite(stars.r90) & (stars.snr > 0)
        best = whole & ~stars.saturated & ~stars.at_border & (stars.clear > 0.6)
        good = best if best.any() else whole
        if not good.any():
            break
        r50 = _weighted_median(stars.r50[good], stars.snr[good])
        r90 = _weighted_median(stars.r90[good], stars.snr[good])
        r50 = min(max(r50, 0.4), 2.2 * scale)
        before, size = size, StarSize(r50, min(max(r90, 1.2 * r50), 3.0 * r50))
        if abs(size.aperture - before.aperture) < 0.01 * size.aperture:
            break
    return size


def _table(stars: Photometry, size: StarSize, min_diameter_px: float) -> NDArray[np.void]:
    """The table of stars, each with the first reason, if any, not to use it."""
    table = np.zeros(len(stars.x), STAR_FIELDS)
    for name in ("x", "y", "flux", "snr", "peak", "diameter"):
        table[name] = getattr(stars, name)
    table["hfr"], table["hfr_mean_radius"] = stars.r50, stars.mean_radius

    reason = table["reason"]

    def drop(where: NDArray[np.bool_], why: str) -> None:
        reason[where & (reason == "")] = why

    drop(~np.isfinite(stars.r50) | (stars.snr < _LOWEST_SNR), "too faint")
    drop(stars.at_border, "touches the border")
    drop(stars.saturated, "saturated")
    drop(stars.diameter < min_diameter_px, "smaller than the minimum star diameter")
    drop(stars.blended, "blended with a neighbour")
    drop(stars.clear < 0.6, "hidden by a neighbour or missing pixels")
    good = reason == ""
    if good.any():
        usual = float(np.median(stars.axis_ratio[good]))
        drop(stars.axis_ratio > _LARGEST_AXIS_RATIO * max(usual, 1.0), "elongated")
    # Through one telescope stars differ by field curvature and noise, not by more than this.
    drop(stars.r50 < 0.6 * size.r50, "sharper than the optics")
    drop(stars.r50 > 1.6 * size.r50, "wider than the stars")
    good = reason == ""
    if good.sum() >= _FEWEST_TO_COMPARE:
        middle, scatter, _ = _ensemble(stars.r50[good])
        unlike = np.abs(stars.r50 - middle) > max(5.0 * (scatter or 0.0), 0.1 * middle)
        drop(unlike, "unlike the other stars")
    drop(np.cumsum(reason == "") > MOST_STARS, f"beyond the {MOST_STARS} most significant")
    table["used"] = reason == ""
    return table
