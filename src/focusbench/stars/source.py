"""The frame as the kernels take it."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from focusbench.errors import MeasurementError

_NO_U2 = np.zeros((1, 1), np.uint16)
_NO_BITS = np.uint32(0)
_NO_F4 = np.zeros((1, 1), np.float32)


@dataclass(frozen=True, eq=False)
class Source:
    """Pixels, not copied where they are uint16 or float32, whichever byte order or axis order.

    Attributes
    ----------
    u2, f4 : arrays, shape (n_y, n_x)
        The frame in one of them, a dummy of one pixel in the other.
    swap : bool
        The bytes of `u2` are to be swapped.
    flip : np.uint32
        Bits of `u2` to be inverted after that; 0x8000 turns int16 into uint16.
    transposed : bool
        x and y are exchanged, as in an Alpaca camera's image.
    step : float, ADU
        Between neighbouring values; 0 for numbers with a fraction. Cameras of 12 bits that fill 16
        count in steps of 16.
    full : float, ADU, as the kernels read them
        Value from which on a pixel is saturated.
    """

    u2: NDArray[np.uint16]
    f4: NDArray[np.float32]
    swap: bool = False
    flip: np.uint32 = _NO_BITS
    transposed: bool = False
    step: float = 1.0
    full: float = 3e38

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        image = self.u2 if self.f4.size <= 1 and self.u2.size > 1 else self.f4
        return int(image.shape[0]), int(image.shape[1])

    @property
    def is_u2(self) -> bool:
        """Whether the pixels are in `u2`."""
        return self.u2.size > 1

    @property
    def head(self) -> tuple[NDArray[np.uint16], NDArray[np.float32], bool, np.uint32]:
        """First arguments of every kernel that reads pixels."""
        return self.u2, self.f4, self.swap, self.flip

    def saturated_from(self, full: float) -> "Source":
        """The same pixels, of which those from a stored value of `full` on are saturated."""
        return replace(self, full=min(full + int(self.flip), 3e38))

    def part(self, rows: slice, columns: slice) -> NDArray[Any]:
        """Some of the pixels, as the kernels read them."""
        if not self.is_u2:
            return self.f4[rows, columns]
        part = self.u2[rows, columns]
        return (part.byteswap() if self.swap else part) ^ np.uint16(self.flip)


def source(pixels: NDArray[np.generic]) -> Source:
    """Look at an array as the kernels need it.

    Parameters
    ----------
    pixels : array, shape (n_y, n_x), ADU
        uint16 and int16 of either byte order are read in place, float32 too; others are
        converted to float32.

    Raises
    ------
    MeasurementError
        Not real numbers.
    """
    if pixels.dtype.kind not in "biuf":
        raise MeasurementError(f"Pixels of type {pixels.dtype} cannot be measured; give numbers.")
    transposed = not pixels.flags.c_contiguous and pixels.flags.f_contiguous
    if transposed:
        pixels = pixels.T
    whole = pixels.dtype.kind in "biu"
    if whole and pixels.dtype.itemsize == 2:
        flip = 0x8000 if pixels.dtype.kind == "i" else 0
        plain = np.ascontiguousarray(pixels)
        return Source(
            plain.view(np.uint16),
            _NO_F4,
            swap=not plain.dtype.isnative,
            flip=np.uint32(flip),
            transposed=transposed,
            step=_step(plain),
        )
    with np.errstate(over="ignore", invalid="ignore"):
        f4 = np.ascontiguousarray(pixels, dtype=np.float32)
    step = 1.0 if whole else 0.0
    return Source(_NO_U2, f4, transposed=transposed, step=step)


def _step(pixels: NDArray[np.integer]) -> float:
    """Largest power of two that divides what pixels differ by, in a sample of some thousand."""
    every = max(1, round((pixels.size / 6_000) ** 0.5))
    sample = pixels[::every, ::every]
    if sample.size == 0:
        return 1.0
    some, all_ = (int(f.reduce(sample, axis=None)) for f in (np.bitwise_or, np.bitwise_and))
    differing = (some & ~all_) & 0xFFFF
    if not pixels.dtype.isnative:
        differing = (differing >> 8) | (differing & 0xFF) << 8
    return float(differing & -differing) if differing else 1.0
