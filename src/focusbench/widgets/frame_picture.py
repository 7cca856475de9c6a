"""The picture of a frame, or of a part of it, small enough for a page at any number of pixels."""

import struct
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from focusbench.frames import Frame, bayer_pattern
from focusbench.widgets.stretch import Stretch

MOST_PIXELS = 800_000
"""Of one picture; a panel has room for fewer on a screen of 1280 × 720, for more on a large one."""

MOST_BYTES = 430_000
"""Of one picture as it is sent."""


@dataclass(frozen=True)
class Region:
    """A part of a frame, in its pixels; x from the left edge, y from the top one, 0 at the edge."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Pixels from left to right."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Pixels from top to bottom."""
        return self.bottom - self.top

    @property
    def centre(self) -> tuple[float, float]:
        """Its middle."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def scaled(self, factor: float) -> "Region":
        """The same part of a frame that has `factor` times as many pixels a side."""
        return Region(*(factor * edge for edge in (self.left, self.top, self.right, self.bottom)))

    def zoomed(self, factor: float, shape: tuple[int, int]) -> "Region":
        """Its middle part, `factor` times larger on the screen; stays on the frame."""
        x, y = self.centre
        w, h = self.width / factor / 2, self.height / factor / 2
        return Region(x - w, y - h, x + w, y + h).on_frame(shape)

    def moved(self, right: float, down: float, shape: tuple[int, int]) -> "Region":
        """Shifted by shares of its own size; stays on the frame."""
        dx, dy = right * self.width, down * self.height
        return Region(self.left + dx, self.top + dy, self.right + dx, self.bottom + dy).on_frame(
            shape
        )

    def on_frame(self, shape: tuple[int, int]) -> "Region":
        """The nearest region of the same proportions that shows nothing but the frame."""
        n_y, n_x = shape
        if self.width >= n_x or self.height >= n_y:
            return whole(shape)
        left = min(max(self.left, 0.0), n_x - self.width)
        top = min(max(self.top, 0.0), n_y - self.height)
        return Region(left, top, left + self.width, top + self.height)


def whole(shape: tuple[int, int]) -> Region:
    """The whole of a frame of `shape` rows and columns."""
    return Region(0.0, 0.0, float(shape[1]), float(shape[0]))


@dataclass(frozen=True)
class Picture:
    """Means over squares of pixels of a part of a frame.

    Attributes
    ----------
    values : float32 array, ADU
    region : Region
        What it covers: whole squares, so a little more than was asked for.
    factor : int
        Side of a square, pixels; 1 shows the pixels themselves.
    """

    values: NDArray[np.float32]
    region: Region
    factor: int


def shrink(frame: Frame, region: Region, most_pixels: int = MOST_PIXELS) -> Picture:
    """Make the picture of a region: its pixels, or their means over squares where there are many.

    A mosaic of colours is averaged over an even number of pixels, so that no pattern shows.
    """
    pixels = frame.pixels
    n_y, n_x = pixels.shape
    top, left = max(0, int(region.top)), max(0, int(region.left))
    bottom, right = min(n_y, int(np.ceil(region.bottom))), min(n_x, int(np.ceil(region.right)))
    part = pixels[top : max(bottom, top + 1), left : max(right, left + 1)]
    factor = max(1, int(np.ceil((part.size / most_pixels) ** 0.5)))
    if factor > 1 and bayer_pattern(frame):
        factor += factor % 2
    factor = min(factor, *part.shape)
    values = part.astype(np.float32) if factor == 1 else _means(part, factor)
    rows, columns = (factor * n for n in values.shape)
    covered = Region(float(left), float(top), float(left + columns), float(top + rows))
    return Picture(values, covered, factor)


def _means(part: NDArray[np.generic], n: int) -> NDArray[np.float32]:
    """Means over squares of n × n pixels; what does not fill a square at the end is left out."""
    rows, columns = part.shape[0] // n, part.shape[1] // n
    part = part[: rows * n, : columns * n]
    kind = np.uint32 if part.dtype.kind == "u" and part.dtype.itemsize <= 2 else np.float32
    # Rows first, as they lie in memory: nine tenths of the work is then one pass over the pixels.
    sums = np.zeros((rows, columns * n), kind)
    for i in range(n):
        sums += part[i::n]
    across = sums.reshape(rows, columns, n).sum(axis=2, dtype=np.float32)
    return np.asarray(across / np.float32(n * n))


def png(picture: Picture, stretch: Stretch, most_bytes: int = MOST_BYTES) -> bytes:
    """The picture in grey, as a PNG file of at most `most_bytes`.

    Noise does not compress: where a picture is too large, it is given fewer greys.
    """
    grey = stretch.grey(picture.values)
    for mask in (0xFF, 0xFE, 0xFC, 0xF8, 0xF0):
        made = encode_png(grey & np.uint8(mask))
        if len(made) <= most_bytes:
            break
    return made


def encode_png(grey: NDArray[np.uint8]) -> bytes:
    """Write greys as a PNG file.

    Source: W3C, Portable Network Graphics (third edition), 2025. Rows are stored unfiltered and
    coded by Huffman's code alone: noise has no repetitions to look for.
    """
    n_y, n_x = grey.shape
    rows = np.zeros((n_y, n_x + 1), np.uint8)
    rows[:, 1:] = grey
    press = zlib.compressobj(1, zlib.DEFLATED, 15, 9, zlib.Z_HUFFMAN_ONLY)
    body = press.compress(rows.tobytes()) + press.flush()
    head = struct.pack(">IIBBBBB", n_x, n_y, 8, 0, 0, 0, 0)
    parts = (b"IHDR", head), (b"IDAT", body), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
