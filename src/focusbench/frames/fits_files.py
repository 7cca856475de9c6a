"""The first image of a FITS file, plain or tile-compressed."""

import math

import numpy as np
from numpy.typing import NDArray

from focusbench.errors import FrameError
from focusbench.frames.fits_blocks import Body, Header, Unit, image_of, units, whole_number
from focusbench.frames.frame import Stored
from focusbench.frames.keywords import is_layout

FITS_SUFFIXES = (".fits", ".fit", ".fts", ".fits.gz", ".fit.gz", ".fts.gz", ".fz")
"""Endings of the names of FITS files, lower case."""


def first_image(body: Body, name: str) -> tuple[Header, NDArray[np.generic] | Stored]:
    """Header and pixels of the first unit that holds two or three axes of pixels.

    Raises
    ------
    FrameError
        Not FITS, damaged, or without an image.
    """
    if body[:6] != b"SIMPLE":
        raise FrameError(
            f"{name} is not a FITS file, nor XISF or camera raw; give a file of such a kind."
        )
    try:
        primary: Header | None = None
        for unit in units(body):
            # The primary header often holds what the extension with the pixels does not repeat.
            primary = unit.header if primary is None else primary
            if unit.header.get("ZIMAGE") is True:
                return primary | unit.header, _unpacked(body, unit)
            is_image = unit.header.get("XTENSION", "IMAGE") == "IMAGE"
            if is_image and len(unit.axes) in (2, 3) and math.prod(unit.axes) > 0:
                return primary | unit.header, image_of(body, unit)
    except ValueError as error:
        raise FrameError(f"{name} is damaged: {error}. Copy it again or leave it out.") from error
    raise FrameError(f"{name} holds no image; give a FITS file with a picture in it.")


_LARGEST = 2**30
_MOST_PIXELS_PER_BYTE = 2000
"""A row of 10,000 equal pixels takes Rice some 6 bytes, and its entry in the table 8."""


def _check_size(unit: Unit) -> None:
    """See that a compressed picture can be as large as it says, before room is made for it."""
    header = unit.header
    count = min(whole_number(header.get("ZNAXIS"), 0), 999)
    sides = [whole_number(header.get(f"ZNAXIS{k}"), 0) for k in range(1, count + 1)]
    pixels = math.prod(sides)
    size = pixels * abs(whole_number(header.get("ZBITPIX"), 8)) // 8
    if min(sides, default=0) < 1 or size > _LARGEST:
        raise ValueError(f"it claims {size} bytes of pixels")
    if pixels > _MOST_PIXELS_PER_BYTE * unit.data_size:
        raise ValueError(f"its {unit.data_size} bytes cannot hold so large a picture")


def _unpacked(body: Body, unit: Unit) -> NDArray[np.generic]:
    """Pixels of a tile-compressed unit."""
    from astropy.io import fits

    if unit.data_start + unit.data_size > len(body):
        raise ValueError("it ends before its last pixel")
    _check_size(unit)
    words = {key: value for key, value in unit.header.items() if is_layout(key)}
    try:
        header = fits.Header(list(words.items()))
        table = fits.BinTableHDU.fromstring(
            header.tostring().encode("ascii")
            + body[unit.data_start : unit.data_start + unit.data_size]
        )
        pixels: NDArray[np.generic] = fits.CompImageHDU(bintable=table).data
    except Exception as error:  # astropy raises whatever the broken byte led it to
        raise ValueError("its compressed pixels cannot be unpacked") from error
    if pixels is None or pixels.ndim not in (2, 3):
        raise ValueError("its compressed pixels are no picture")
    return pixels
