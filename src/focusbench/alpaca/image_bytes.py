"""ImageBytes, Alpaca's binary form of an image.

Layout and numbers are those of "Alpaca API Reference", ASCOM Initiative, section ImageBytes: eleven
little-endian 32-bit integers, then the pixels, the last axis fastest: [x][y] or [x][y][colour].
"""

import struct

import numpy as np
from alpaca.camera import raise_alpaca_if
from numpy.typing import NDArray

from focusbench.errors import DeviceRefused

_PIXELS_AT_A_TIME = 65_536  # so that they are looked at and copied within the processor's cache
_COLUMNS_AT_A_TIME = 16  # five times as fast as all of them, on a frame of 16 million pixels
HEADER = struct.Struct("<iiIIiiiiiii")

# The numbers of the standard's ImageArrayElementTypes, as they are sent.
_PIXEL_TYPES = {
    1: "<i2",
    2: "<i4",
    3: "<f8",
    4: "<f4",
    5: "<u8",
    6: "u1",
    7: "<i8",
    8: "<u2",
    9: "<u4",
}


class BrokenImage(DeviceRefused):
    """An answer that is no whole image."""


def decode_image_bytes(body: bytes | bytearray) -> NDArray[np.generic]:
    """Pixels of an ImageBytes answer.

    Parameters
    ----------
    body : bytes or bytearray
        The whole answer.

    Returns
    -------
    array, shape (n_y, n_x), ADU
        A view of `body`, which is x-major, seen transposed: nothing is copied. Two exceptions:
        32-bit whole numbers, the form that most drivers send, become uint16 where all of them
        fit, half of what was sent and as cameras count; the planes of a colour image are averaged.

    Raises
    ------
    alpaca.exceptions.*
        The error that the answer carries instead of an image.
    BrokenImage
        The answer is none, or not whole.
    """
    if len(body) < HEADER.size:
        raise _broken(f"{len(body)} bytes, and its header alone has {HEADER.size}")
    version, error, _, _, start, _, sent_type, rank, n_x, n_y, n_colours = HEADER.unpack_from(body)
    if version != 1:
        raise _broken(f"ImageBytes version {version}, and 1 is the only one known")
    if error:
        raise_alpaca_if(error, body[start:].decode("utf-8", errors="replace"))
    if sent_type not in _PIXEL_TYPES:
        raise _broken(f"pixels of the unknown type {sent_type}")
    if rank not in (2, 3):
        raise _broken(f"{rank} axes, and 2 or 3 are possible")
    shape = (n_x, n_y) if rank == 2 else (n_x, n_y, n_colours)
    pixel_type = np.dtype(_PIXEL_TYPES[sent_type])
    if min(shape) < 1 or start < HEADER.size:
        raise _broken(f"shape {shape} from byte {start} on")
    needed = start + int(np.prod(shape, dtype=np.int64)) * pixel_type.itemsize
    if len(body) < needed:
        raise _broken(f"{len(body)} bytes of {needed}")
    pixels = np.frombuffer(
        body, pixel_type, count=(needed - start) // pixel_type.itemsize, offset=start
    )
    image = pixels.reshape(shape)
    if rank == 3:
        image = image.mean(axis=2, dtype=np.float32)
    elif image.dtype.kind in "iu" and image.dtype.itemsize == 4:
        image = _narrowed(image)
    return image.T


def by_rows(pixels: NDArray[np.generic]) -> NDArray[np.generic]:
    """The same array with its last axis fastest in memory; copied only where it has to be.

    Parameters
    ----------
    pixels : array, shape (n, m)
    """
    if pixels.flags.c_contiguous:
        return pixels
    copy = np.empty(pixels.shape, pixels.dtype)
    for first in range(0, pixels.shape[1], _COLUMNS_AT_A_TIME):
        strip = slice(first, first + _COLUMNS_AT_A_TIME)
        copy[:, strip] = pixels[:, strip]
    return copy


def _narrowed(image: NDArray[np.generic]) -> NDArray[np.generic]:
    """The same numbers as uint16, or the image itself where one of them does not fit."""
    narrow = np.empty(image.shape, np.uint16)
    step = max(1, _PIXELS_AT_A_TIME // image.shape[1])
    for first in range(0, len(image), step):
        strip = image[first : first + step]
        if strip.min() < 0 or strip.max() > 65535:
            return image
        np.copyto(narrow[first : first + step], strip, casting="unsafe")
    return narrow


def _broken(what: str) -> BrokenImage:
    return BrokenImage("camera", f"The camera sent a broken image: {what}.")
