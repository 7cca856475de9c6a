"""ImageBytes, Alpaca's binary form of an image, read as it arrives.

Layout and numbers are those of "Alpaca API Reference", ASCOM Initiative, section ImageBytes: eleven
little-endian 32-bit integers, then the pixels, the last axis fastest: [x][y] or [x][y][colour].
"""

import struct
from collections.abc import Callable

import numpy as np
from alpaca.camera import raise_alpaca_if
from numpy.typing import NDArray

from focusbench.errors import DeviceRefused

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

_COLUMNS_AT_A_TIME = 128  # about a megabyte: within the processor's cache
_TILE_ROWS = 256
_PADDING = 32  # columns of 4096 pixels would all fall on the same lines of the cache
_LONGEST_MESSAGE = 65_536
_LARGEST_BYTES = 1 << 32


class BrokenImage(DeviceRefused):
    """An answer that is no whole image."""


def read_image_bytes(
    read_into: Callable[[memoryview], int], n_bytes: int | None = None
) -> NDArray[np.generic]:
    """Read an image by rows; the frame stands in memory once, with its last axis fastest.

    Frames are saved and measured again by rows, and the metric of a star depends by a few parts in
    a thousand on the direction in which the frame is gone through.

    Parameters
    ----------
    read_into : callable, memoryview → int
        Puts the next bytes there, as many as there are, and returns how many; 0 at the end.
    n_bytes : int, optional
        Length of the whole answer, where it is known.

    Returns
    -------
    array, shape (n_y, n_x), ADU
        32-bit whole numbers, the form that most drivers send, become uint16 where all of them
        fit; the planes of a colour image are averaged.

    Raises
    ------
    alpaca.exceptions.*
        The error that the answer carries instead of an image.
    BrokenImage
        The answer is none, or not whole.
    """
    source = _Source(read_into)
    header = bytearray(HEADER.size)
    if source.fill(header) < HEADER.size:
        raise _broken(f"{source.n_read} bytes, and its header alone has {HEADER.size}")
    version, error, _, _, start, _, sent_type, rank, n_x, n_y, n_colours = HEADER.unpack(header)
    if version != 1:
        raise _broken(f"ImageBytes version {version}, and 1 is the only one known")
    if error:
        source.skip_to(start)
        raise_alpaca_if(error, source.rest(_LONGEST_MESSAGE).decode("utf-8", errors="replace"))
    if sent_type not in _PIXEL_TYPES:
        raise _broken(f"pixels of the unknown type {sent_type}")
    if rank not in (2, 3):
        raise _broken(f"{rank} axes, and 2 or 3 are possible")
    shape = (n_x, n_y) if rank == 2 else (n_x, n_y, n_colours)
    kind = np.dtype(_PIXEL_TYPES[sent_type])
    if min(shape) < 1 or start < HEADER.size:
        raise _broken(f"shape {shape} from byte {start} on")
    needed = start + int(np.prod(shape, dtype=object)) * kind.itemsize
    if needed > _LARGEST_BYTES:
        raise _broken(f"shape {shape}, more than {_LARGEST_BYTES} bytes")
    if n_bytes is not None and n_bytes < needed:
        raise _broken(f"{n_bytes} bytes of {needed}")
    source.skip_to(start)
    rows = _read_rows(source, shape, kind)
    if source.n_read < needed:
        raise _broken(f"{source.n_read} bytes of {needed}")
    return rows


def transposed(array: NDArray[np.generic]) -> NDArray[np.generic]:
    """A copy with the axes exchanged, its last axis fastest in memory.

    Parameters
    ----------
    array : array, shape (n, m)
    """
    copy = np.empty(array.shape[::-1], array.dtype)
    for first in range(0, len(array), _COLUMNS_AT_A_TIME):
        part = slice(first, first + _COLUMNS_AT_A_TIME)
        _transpose(array[part], copy[:, part])
    return copy


class _Source:
    """What comes, counted."""

    def __init__(self, read_into: Callable[[memoryview], int]) -> None:
        self._read_into = read_into
        self.n_read = 0

    def fill(self, room: bytearray | memoryview) -> int:
        """Read until the room is full or the end has come; returns how many bytes."""
        rest = memoryview(room)
        while rest and (n := self._read_into(rest)):
            rest = rest[n:]
            self.n_read += n
        return len(room) - len(rest)

    def skip_to(self, byte: int) -> None:
        """Pass over what is before a byte."""
        room = bytearray(4096)
        while self.n_read < byte and self.fill(memoryview(room)[: byte - self.n_read]):
            pass

    def rest(self, at_most: int) -> bytes:
        """What is left."""
        room = bytearray(at_most)
        return bytes(room[: self.fill(room)])


def _read_rows(source: _Source, shape: tuple[int, ...], kind: np.dtype) -> NDArray[np.generic]:
    """Pixels that are sent by columns, in rows; of a source that ends early, rubbish."""
    n_x, n_y = shape[:2]
    whole = kind.kind in "iu" and kind.itemsize == 4
    target = np.dtype(np.float32 if len(shape) == 3 else np.uint16 if whole else kind)
    rows: NDArray[np.generic] = np.empty((n_y, n_x), target)
    room = np.empty((min(_COLUMNS_AT_A_TIME, n_x), *shape[1:]), kind)
    for first in range(0, n_x, len(room)):
        columns = room[: min(len(room), n_x - first)]
        source.fill(columns.reshape(-1).view(np.uint8).data)
        if len(shape) == 3:
            columns = columns.mean(axis=2, dtype=np.float32)
        elif whole and rows.dtype == np.uint16 and not _fits(columns):
            rows = rows.astype(kind)
        _transpose(columns, rows[:, first : first + len(columns)])
    return rows


def _fits(columns: NDArray[np.generic]) -> bool:
    return bool(columns.min() >= 0 and columns.max() <= np.iinfo(np.uint16).max)


def _transpose(columns: NDArray[np.generic], rows: NDArray[np.generic]) -> None:
    """Copy columns into rows, tile by tile; twice as fast as all at once."""
    tile = np.empty((len(columns), _TILE_ROWS + _PADDING), rows.dtype)
    for first in range(0, len(rows), _TILE_ROWS):
        here = slice(first, min(first + _TILE_ROWS, len(rows)))
        part = tile[:, : here.stop - first]
        np.copyto(part, columns[:, here], casting="unsafe")
        rows[here] = part.T


def _broken(what: str) -> BrokenImage:
    return BrokenImage("camera", f"The camera sent a broken image: {what}.")
