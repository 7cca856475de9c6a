"""The first image of a FITS file, plain or tile-compressed."""

import math

import numpy as np
from numpy.typing import NDArray

from focusbench.errors import FrameError
from focusbench.frames.fits_blocks import Body, Header, Unit, image_of, units
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


def _unpacked(body: Body, unit: Unit) -> NDArray[np.generic]:
    """Pixels of a tile-compressed unit."""
    from astropy.io import fits

    if unit.data_start + unit.data_size > len(body):
        raise ValueError("it ends before its last pixel")
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
