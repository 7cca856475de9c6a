"""The value at which the pixels of a frame are full."""

import math

import numpy as np

from focusbench.frames.frame import Frame


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
    pixels = frame.pixels
    if pixels.dtype.kind not in "iu" or pixels.size == 0:
        return math.inf
    high = float(pixels.max())
    if high >= 1000:
        n_highest = np.count_nonzero(np.greater_equal(pixels, high))
        n_high = np.count_nonzero(np.greater_equal(pixels, 0.99 * high))
        if n_highest >= 4 and 2 * n_highest > n_high:
            return high
    return float(np.iinfo(str(pixels.dtype.newbyteorder("="))).max)
