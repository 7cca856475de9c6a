"""The value at which the pixels of a frame are full."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from focusbench.frames.frame import Frame

_ROWS = 64  # looked at at a time, so that they stay in the processor's cache


@dataclass(frozen=True, eq=False)
class RowMaxima:
    """Highest pixels of a frame's rows, as they lie in memory.

    Attributes
    ----------
    first : int
        Row from which on they were looked at.
    n_rows : int
        How many rows each of `highest` stands for.
    highest : array of integers
        In the numbers that are stored.
    """

    first: int
    n_rows: int
    highest: NDArray[np.int64]


def saturation_level(frame: Frame, maxima: RowMaxima | None = None) -> float:
    """Value from which on a pixel of the frame is saturated.

    What the header says (SATURATE). Else, for integers, a highest value of 1000 or more at which
    pixels pile up: four or more, and more than in the hundredth part below it. Cameras of 12 or
    14 bits, and those that subtract a bias, stop below the top of their type. Else that top.

    Parameters
    ----------
    frame : Frame
    maxima : RowMaxima, optional
        Where the pixels that count have been looked at already, which else takes as long as
        reading all of them.

    Returns
    -------
    float, ADU
        Infinite for floats whose header says nothing.
    """
    said = frame.header.get("SATURATE")
    if isinstance(said, int | float) and not isinstance(said, bool) and said > 0:
        return float(said)
    raw, zero = frame.stored
    if raw.dtype.kind not in "iu" or raw.size == 0:
        return math.inf
    if raw.flags.f_contiguous:
        raw = raw.T  # strips as they lie in memory
    native = raw.dtype.newbyteorder("=")
    if maxima is None:
        starts = range(0, len(raw), _ROWS)
        each = [int(raw[y : y + _ROWS].astype(native, copy=False).max()) for y in starts]
        maxima = RowMaxima(0, _ROWS, np.array(each))
    high = int(maxima.highest.max())
    if high + zero >= 1000:
        nearly = math.ceil(0.99 * (high + zero)) - zero
        n_highest = n_high = 0
        for k in np.flatnonzero(maxima.highest >= nearly).tolist():  # few strips
            y = maxima.first + k * maxima.n_rows
            strip = raw[y : y + maxima.n_rows].astype(native, copy=False)
            n_highest += int(np.count_nonzero(strip == high))
            n_high += int(np.count_nonzero(strip >= nearly))
        if n_highest >= 4 and 2 * n_highest > n_high:
            return float(high + zero)
    return float(np.iinfo(str(native)).max) + zero
