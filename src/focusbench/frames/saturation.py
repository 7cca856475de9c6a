"""The value at which the pixels of a frame are full."""

import math

import numpy as np

from focusbench.frames.frame import Frame

_ROWS = 64  # looked at at a time, so that they stay in the processor's cache


def saturation_level(frame: Frame) -> float:
    """Value from which on a pixel of the frame is saturated.

    What the header says (SATURATE). Else, for integers, a highest value of 1000 or more at which
    pixels pile up: four or more, and more than in the hundredth part below it. Cameras of 12 or
    14 bits, and those that subtract a bias, stop below the top of their type. Else that top.

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
    strips = [slice(first, first + _ROWS) for first in range(0, len(raw), _ROWS)]
    highs = [int(raw[rows].astype(native, copy=False).max()) for rows in strips]
    high = max(highs)
    if high + zero >= 1000:
        nearly = math.ceil(0.99 * (high + zero)) - zero
        n_highest = n_high = 0
        for rows, top in zip(strips, highs, strict=True):
            if top >= nearly:  # few strips hold such a pixel
                strip = raw[rows].astype(native, copy=False)
                n_highest += int(np.count_nonzero(strip == high))
                n_high += int(np.count_nonzero(strip >= nearly))
        if n_highest >= 4 and 2 * n_highest > n_high:
            return float(high + zero)
    return float(np.iinfo(str(native)).max) + zero
