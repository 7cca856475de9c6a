"""The half-flux radius as photutils measures it: a second opinion on the same frame.

Nothing here is shared with our own measurement, so that where the two agree, both are right.
"""

from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from focusbench.errors import MeasurementError, TooFewStars
from focusbench.frames import Frame, crop, luminance, saturation_level
from focusbench.stars.ensemble import ensemble
from focusbench.stars.measurement import STAR_FIELDS, Measurement

PHOTUTILS_METRIC = "hfr:photutils"
PHOTUTILS_DEFINITION = (
    "Half-flux radius by photutils: radius of the circle around a segment's centroid that holds "
    "half of its Kron flux (SourceCatalog.flux_radius), in pixels of the frame."
)

# Values of photutils' own guide to segmentation …
_KERNEL_FWHM_PX = 3.0
_THRESHOLD_RMS = 1.5
_FEWEST_PIXELS = 10
# … but for the cells of the sky, which must be wider than a donut.
_SKY_CELL_PX = 192

_SMALLEST_SIDE_PX = 8
_LARGEST_VALUE = 1e12
_LOWEST_SNR = 10.0
_LARGEST_ELONGATION = 1.5
# Half of a single lit pixel lies within 0.4 pixels of its centre, half of a star with a full width
# at half maximum of 1.5 pixels within 0.75.
_SHARPEST_HFR_PX = 0.6

# photutils silences warnings by changing the filters of the whole process and putting them back;
# two threads in it at once may put back each other's, for good.
_ONE_AT_A_TIME = Lock()


def measure_with_photutils(
    frame: Frame | NDArray[np.generic],
    *,
    min_star_diameter_px: float = 3.0,
    crop_percent: float = 0.0,
    min_stars: int = 1,
) -> Measurement:
    """Measure the half-flux radius of a frame's stars with photutils.

    The recipe of photutils' guide: Background2D, once more without the sources; sources are 10
    or more connected pixels 1.5 times the noise above the sky in the smoothed frame; the radius
    holds half of the flux in the Kron aperture. Sources are not deblended, since that breaks
    donuts; blended ones are dropped as elongated.

    Donuts so faint that their pixels do not stand out of the noise are seen in fragments or not
    at all, and cosmic rays of several pixels count as stars. Threads measure one after the other.

    Parameters
    ----------
    frame : Frame, or array of shape (n_y, n_x), ADU
        Of a mosaic the luminance is measured.
    min_star_diameter_px : float, pixels
        Sources whose footprint is smaller are dropped. Given for a frame at 1×1; divided by the
        frame's binning.
    crop_percent : float, per cent
        Of each side's length, left out of the measurement, half of it at either end.
    min_stars : int
        Fewest stars that make a measurement.

    Returns
    -------
    Measurement
        `metric` is "hfr:photutils"; what photutils is not asked for is NaN in the table of stars.

    Raises
    ------
    TooFewStars
        Fewer usable stars than `min_stars`.
    MeasurementError
        Not a frame that can be measured: not two-dimensional, too small, constant, no numbers.
    OptionsError
        A crop that leaves nothing.
    """
    given = frame if isinstance(frame, Frame) else Frame(np.asarray(frame))
    _check(given.pixels)
    whole = luminance(given)
    pixels = crop(whole.pixels, crop_percent)
    full = saturation_level(whole)
    with _ONE_AT_A_TIME:
        stars = _stars(pixels, full, min_star_diameter_px / whole.binning)
    stars["x"] += (whole.pixels.shape[1] - pixels.shape[1]) // 2
    stars["y"] += (whole.pixels.shape[0] - pixels.shape[0]) // 2
    radii = stars["hfr"][stars["used"]]
    n = len(radii)
    if n < max(1, min_stars):
        raise TooFewStars(n, max(1, min_stars))
    value, scatter, error = ensemble(radii)
    return Measurement(
        PHOTUTILS_METRIC, PHOTUTILS_DEFINITION, value, error, scatter, n, stars=stars
    )


def _check(pixels: NDArray[np.generic]) -> None:
    """Refuse what is no plane of real numbers."""
    if pixels.ndim != 2:
        raise MeasurementError(
            f"A frame has two dimensions, this one has {pixels.ndim}; give one plane of it."
        )
    if pixels.dtype.kind not in "buif":
        raise MeasurementError(f"Pixels of type {pixels.dtype} cannot be measured; give numbers.")


def _stars(pixels: NDArray[np.generic], full: float, min_diameter_px: float) -> NDArray[np.void]:
    """Table of every source in a frame, each with the first reason, if any, not to use it."""
    from photutils.segmentation import SourceCatalog
    from scipy.ndimage import gaussian_filter

    image, missing = _as_float(pixels)
    quantum = 1.0 if pixels.dtype.kind in "iu" else 0.0
    # Noise-free frames have none; without a floor the last bit would look like stars.
    floor = max(0.5 * quantum, 1e-6 * float(np.ptp(image[~missing])))
    sources: Any = None
    for _ in range(2):
        hidden = missing if sources is None else missing | sources.make_source_mask(size=7)
        sky, rms = _sky(image, hidden)
        net = np.where(missing, np.float32(0.0), image - sky)
        smooth = gaussian_filter(net, _KERNEL_FWHM_PX / 2.3548)
        noise = max(rms, floor)
        sources = _sources(smooth, _THRESHOLD_RMS * noise, missing)
        if sources is None:
            return np.zeros(0, STAR_FIELDS)

    catalog = SourceCatalog(net, sources, convolved_data=smooth, mask=missing)
    area = catalog.segment_area.value
    measured: dict[str, NDArray[np.generic]] = {
        "x": catalog.x_centroid,
        "y": catalog.y_centroid,
        "flux": catalog.kron_flux,
        "snr": catalog.segment_flux / (noise * np.sqrt(area)),
        "peak": catalog.max_value,
        "diameter": 2.0 * catalog.equivalent_radius.value,
        "hfr": catalog.flux_radius(0.5).value,
        "elongation": catalog.elongation.value,
        "saturated": np.isin(
            sources.labels, sources.data[np.greater_equal(pixels, full) & ~missing]
        ),
    }
    at_border = (
        (catalog.bbox_xmin == 0)
        | (catalog.bbox_ymin == 0)
        | (catalog.bbox_xmax == net.shape[1] - 1)
        | (catalog.bbox_ymax == net.shape[0] - 1)
    )
    table = np.zeros(len(area), STAR_FIELDS)
    for name in STAR_FIELDS.names or ():
        if name in measured:
            table[name] = measured[name]
        elif STAR_FIELDS[name].kind == "f":
            table[name] = np.nan

    reason = table["reason"]

    def drop(where: NDArray[np.bool_], why: str) -> None:
        reason[where & (reason == "")] = why

    hfr, elongation = table["hfr"], np.asarray(measured["elongation"], np.float64)
    faint = ~np.isfinite(hfr) | ~(table["snr"] >= _LOWEST_SNR) | ~(table["flux"] > 0.0)
    drop(faint, "too faint")
    drop(at_border, "touches the border")
    drop(np.asarray(measured["saturated"], np.bool_), "saturated")
    drop(table["diameter"] < min_diameter_px, "smaller than the minimum star diameter")
    drop(hfr < _SHARPEST_HFR_PX, "sharper than any optics")
    # Where all stars are trails, being one is no reason.
    good = elongation[(reason == "") & np.isfinite(elongation)]
    usual = float(np.median(good)) if len(good) else 1.0
    drop(~(elongation <= _LARGEST_ELONGATION * usual), "elongated")
    table["used"] = reason == ""
    return table


def _as_float(pixels: NDArray[np.generic]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Copy of the pixels as float32, and where they hold no number."""
    if min(pixels.shape) < _SMALLEST_SIDE_PX:
        raise MeasurementError(
            f"The frame is too small to hold a star: {pixels.shape[1]} × {pixels.shape[0]} pixels, "
            f"at least {_SMALLEST_SIDE_PX} × {_SMALLEST_SIDE_PX} are needed."
        )
    with np.errstate(over="ignore", invalid="ignore"):
        image = pixels.astype(np.float32)
        missing = ~(np.abs(image) < _LARGEST_VALUE)
    if missing.all():
        raise MeasurementError("The frame holds no numbers; take it again.")
    known = image[~missing]
    if known.min() == known.max():
        raise MeasurementError(f"Every pixel of the frame is {known[0]:g}; is the shutter open?")
    image[missing] = 0.0
    return image, missing


def _sky(
    image: NDArray[np.float32], hidden: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], float]:
    """Sky of every pixel, and the noise of one."""
    from photutils.background import Background2D

    if hidden.all():
        raise MeasurementError("photutils finds no sky between the stars of this frame.")
    # A cell counts with as few pixels as it has: between donuts there are not many.
    sky = Background2D(image, _SKY_CELL_PX, mask=hidden, exclude_percentile=100.0)
    return sky.background, float(sky.background_rms_median)


def _sources(smooth: NDArray[np.float32], threshold: float, missing: NDArray[np.bool_]) -> Any:
    """Label the sources: a SegmentationImage of photutils, or None where nothing stands out.

    photutils warns where it finds nothing. To silence that would change the warning filters of
    the whole process, so it is asked only when it will find something.
    """
    from photutils.segmentation import detect_sources
    from scipy.ndimage import label

    pieces, _ = label((smooth > threshold) & ~missing, structure=np.ones((3, 3)))
    if np.bincount(pieces.ravel())[1:].max(initial=0) < _FEWEST_PIXELS:
        return None
    return detect_sources(smooth, threshold, _FEWEST_PIXELS, mask=missing)
