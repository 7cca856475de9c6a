"""The mosaic of a camera raw file (Canon, Nikon, Sony, Fuji, Adobe DNG …), through `rawpy`."""

import io
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from focusbench.errors import FrameError
from focusbench.frames.fits_blocks import Header

RAW_SUFFIXES = (
    ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".raf", ".dng", ".orf", ".rw2", ".pef", ".srw"
)  # fmt: skip
"""Endings of the names of camera raw files, lower case."""


def raw_image(body: bytes, name: str) -> tuple[Header, NDArray[np.generic]]:
    """Header and visible pixels of a camera raw file, neither scaled nor interpolated.

    The black level stays in the pixels and is said in the header, as in FITS files of astronomy
    cameras: what measures stars takes the sky off anyhow, and darks hold the same level.

    Returns
    -------
    header : dict
        BAYERPAT (colours of the first pixels, row by row: 4 letters, or 36 of Fuji's X-Trans),
        BLKLEVEL and SATURATE (ADU), EXPTIME (s), ISOSPEED, as far as the file tells.
    pixels : uint16 array, shape (n_y, n_x), or (3, n_y, n_x) from sensors with stacked colours

    Raises
    ------
    FrameError
        `rawpy` is not installed, or cannot read the file.
    """
    try:
        rawpy: Any = import_module("rawpy")
    except ImportError:
        raise FrameError(
            f"{name} is a camera raw file, which needs one more package: "
            'pip install "focusbench[raw]".'
        ) from None
    try:
        with rawpy.imread(io.BytesIO(body)) as raw:
            # The array lies in memory that the library frees.
            pixels = np.array(raw.raw_image_visible, dtype=np.uint16)
            header = _header(raw)
    except Exception as error:  # rawpy raises whatever its C library made of the bytes
        raise FrameError(
            f"{name} is no camera raw file that can be read ({error or type(error).__name__}); "
            "copy it again or convert it to DNG or FITS."
        ) from error
    return header, np.moveaxis(pixels[..., :3], 2, 0) if pixels.ndim == 3 else pixels


def _header(raw: Any) -> Header:
    header: Header = {}
    pattern = raw.raw_pattern
    if pattern is not None and pattern.size > 1:
        # The pattern starts at the corner of the sensor, the visible pixels after its margins.
        margins = (-raw.sizes.top_margin, -raw.sizes.left_margin)
        colours = np.roll(pattern, margins, axis=(0, 1)).ravel()
        header["BAYERPAT"] = "".join(chr(raw.color_desc[colour]) for colour in colours)
    black = raw.black_level_per_channel
    if black:
        header["BLKLEVEL"] = float(np.mean(black))
    if raw.white_level:
        header["SATURATE"] = int(raw.white_level)
    other = getattr(raw, "other", None)  # older versions do not tell
    if other is not None and other.shutter_speed > 0:
        header["EXPTIME"] = round(float(other.shutter_speed), 6)
    if other is not None and other.iso_speed > 0:
        header["ISOSPEED"] = round(float(other.iso_speed))
    return header
