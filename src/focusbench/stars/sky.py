"""Pixels made ready for measuring: sky taken off, noise known, single hot pixels mended."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from focusbench.errors import MeasurementError

_SMALLEST_SIDE_PX = 8
_LARGEST_VALUE = 1e12
_CELL_PX = 128
_MOST_CELLS = 16
_CELL_SAMPLES = 1024


@dataclass(frozen=True, eq=False)
class SkySubtracted:
    """A frame without its sky.

    Attributes
    ----------
    image : float32 array, shape (n_y, n_x), ADU
        Above the sky; 0 where `valid` is False.
    valid : bool array, shape (n_y, n_x)
        False where the frame held no finite number.
    saturated : bool array, shape (n_y, n_x)
    noise : float, ADU
        Standard deviation of one sky pixel.
    """

    image: NDArray[np.float32]
    valid: NDArray[np.bool_]
    saturated: NDArray[np.bool_]
    noise: float


def subtract_sky(pixels: NDArray[np.generic]) -> SkySubtracted:
    """Take the sky off a frame.

    The sky is a smooth surface of second order through the modes of cells that are larger than
    any donut, so that no star is mistaken for sky; each star takes off its own local rest later.

    Parameters
    ----------
    pixels : array, shape (n_y, n_x), ADU
        Any real type, either byte order; NaN and infinite pixels are left out.

    Raises
    ------
    MeasurementError
        Not two-dimensional, too small, no numbers in it, or all the same.
    """
    image, valid = _as_float(pixels)
    quantum = 1.0 if pixels.dtype.kind in "iu" else 0.0
    low, high = float(image.min()), float(image.max())
    if low == high:
        raise MeasurementError(f"Every pixel of the frame is {low:g}; is the shutter open?")
    saturated = _saturated(pixels, image, high)

    image -= _sky_surface(image, valid, quantum)
    image[~valid] = 0.0
    step = max(1, round((image.size / 50_000) ** 0.5))
    sample = image[::step, ::step]
    level, noise = _clipped(sample[valid[::step, ::step]], quantum)
    image -= np.float32(level)
    image[~valid] = 0.0
    # Rounded or noise-free frames have sky pixels that hardly differ; without a floor the last
    # bit would look like a thousand stars.
    noise = max(noise, 0.5 * quantum, 1e-6 * (high - low))
    _mend_hot_pixels(image, noise)
    return SkySubtracted(image, valid, saturated, noise)


def _as_float(pixels: NDArray[np.generic]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Copy of the pixels as float32, and where they hold a number."""
    if pixels.ndim != 2:
        raise MeasurementError(
            f"A frame has two dimensions, this one has {pixels.ndim}; give one plane of it."
        )
    if pixels.dtype.kind not in "buif":
        raise MeasurementError(f"Pixels of type {pixels.dtype} cannot be measured; give numbers.")
    if min(pixels.shape) < _SMALLEST_SIDE_PX:
        raise MeasurementError(
            f"The frame is too small to hold a star: {pixels.shape[1]} × {pixels.shape[0]} pixels, "
            f"at least {_SMALLEST_SIDE_PX} × {_SMALLEST_SIDE_PX} are needed."
        )
    with np.errstate(over="ignore", invalid="ignore"):
        image = pixels.astype(np.float32)
        if pixels.dtype.kind == "f":
            valid = np.abs(image) < _LARGEST_VALUE
        else:
            valid = np.ones(pixels.shape, bool)
    if not valid.any():
        raise MeasurementError("The frame holds no numbers: every pixel is NaN or infinite.")
    image[~valid] = image[valid].min()
    return image, valid


def _saturated(
    pixels: NDArray[np.generic], image: NDArray[np.float32], high: float
) -> NDArray[np.bool_]:
    """Pixels that hit the top of the converter.

    The top of the type, or a value that several pixels share as the highest of the frame: cameras
    of 12 or 14 bits, and those that subtract a bias, stop below the top of the type.
    """
    if pixels.dtype.kind not in "iu":
        return np.zeros(pixels.shape, bool)
    top = float(np.iinfo(str(pixels.dtype.newbyteorder("="))).max)
    if high < 1000:
        return image >= top
    at_the_top = image >= high
    level = high if np.count_nonzero(at_the_top) >= 4 else top
    return image >= min(level, 0.98 * top)


def _clipped(values: NDArray[np.float32], quantum: float) -> tuple[float, float]:
    """Mode and standard deviation of the sky among `values`, stars clipped away.

    The clip uses the median absolute deviation, the result the standard deviation: that of
    rounded values jumps in steps of a whole ADU, this one does not.
    """
    kept = values
    centre = spread = 0.0
    for _ in range(8):
        centre = float(np.median(kept))
        spread = max(1.4826 * float(np.median(np.abs(kept - centre))), 0.5 * quantum)
        inside = kept[np.abs(kept - centre) <= 3.0 * spread]
        if inside.size == kept.size or inside.size == 0:
            break
        kept = inside
    mean, std = float(np.mean(kept, dtype=np.float64)), float(np.std(kept, dtype=np.float64))
    # SExtractor's mode (Bertin & Arnouts 1996); in a cell that is mostly star it misleads.
    mode = 2.5 * centre - 1.5 * mean if abs(mean - centre) < 0.3 * std else centre
    # The mode of rounded values is one of a few; their mean is not.
    return (mean if std < 2.0 * quantum else mode), std


def _sky_surface(
    image: NDArray[np.float32], valid: NDArray[np.bool_], quantum: float
) -> NDArray[np.float32]:
    """Sky of every pixel (or one number, shape (1, 1), for a small frame)."""
    n_y, n_x = (min(_MOST_CELLS, round(side / _CELL_PX)) for side in image.shape)
    rows = np.linspace(0, image.shape[0], n_y + 1).astype(int) if n_y else np.zeros(1, int)
    columns = np.linspace(0, image.shape[1], n_x + 1).astype(int) if n_x else np.zeros(1, int)
    cells = []
    for top, bottom in pairwise(rows):
        for left, right in pairwise(columns):
            step = max(1, int(((bottom - top) * (right - left) / _CELL_SAMPLES) ** 0.5))
            part = np.s_[top:bottom:step, left:right:step]
            values = image[part][valid[part]]
            if values.size >= 64:
                mode, _ = _clipped(values, quantum)
                cells.append(((top + bottom) / 2, (left + right) / 2, mode))
    if min(n_y, n_x) < 3 or len(cells) < 9:
        return np.zeros((1, 1), np.float32)  # the caller takes the level off
    y, x, level = np.array(cells).T
    y, x = y / image.shape[0] - 0.5, x / image.shape[1] - 0.5
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)
    kept = np.ones(len(level), bool)
    weights = np.zeros(6)
    for _ in range(4):
        weights, *_ = np.linalg.lstsq(terms[kept], level[kept], rcond=None)
        rest = level - terms @ weights
        spread = 1.4826 * np.median(np.abs(rest[kept] - np.median(rest[kept])))
        inside = np.abs(rest) <= 3.0 * spread
        if inside.sum() < 7 or (inside == kept).all():
            break
        kept = inside
    c, cx, cy, cxx, cxy, cyy = (np.float32(w) for w in weights)
    yy = ((np.arange(image.shape[0], dtype=np.float32) + 0.5) / image.shape[0] - 0.5)[:, None]
    xx = ((np.arange(image.shape[1], dtype=np.float32) + 0.5) / image.shape[1] - 0.5)[None, :]
    surface: NDArray[np.float32] = (c + cx * xx + cxx * xx * xx) + (cy + cxy * xx) * yy
    surface += cyy * yy * yy
    return surface


def _mend_hot_pixels(image: NDArray[np.float32], noise: float) -> None:
    """Replace, in place, pixels that no optics can have lit by the median around them.

    Through any telescope at least three of the eight neighbours of a bright pixel are lit, too; a
    hot pixel has none, a pair of them one, a cosmic ray's track two.
    """
    width = image.shape[1]
    bright = np.flatnonzero(image > 8.0 * noise)
    row, column = np.divmod(bright, width)
    bright = bright[(row > 0) & (row < image.shape[0] - 1) & (column > 0) & (column < width - 1)]
    flat = image.reshape(-1)
    around = np.array([-width - 1, -width, -width + 1, -1, 1, width - 1, width, width + 1])
    neighbours = np.sort(flat[bright[:, None] + around], axis=1)
    hot = neighbours[:, 5] < 0.2 * flat[bright] + noise
    flat[bright[hot]] = 0.5 * (neighbours[hot, 3] + neighbours[hot, 4])
