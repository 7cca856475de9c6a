"""Leave the margins of a frame out."""

from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from focusbench.errors import OptionsError
from focusbench.frames.frame import Frame

_FrameOrPixels = TypeVar("_FrameOrPixels", Frame, NDArray[np.generic])


def crop(frame: _FrameOrPixels, percent: float) -> _FrameOrPixels:
    """Leave out `percent` of each side's length, half of it at either end.

    SGPro: 5 % of 800 × 600 drops 20 px left and right, 15 px top and bottom.

    Parameters
    ----------
    frame : Frame, or array of shape (n_y, n_x)
        Not copied: the result looks at the same pixels.
    percent : float, per cent
        0 to below 100.

    Returns
    -------
    the same kind as given

    Raises
    ------
    OptionsError
        Less than 0 or nothing left.
    """
    if not 0.0 <= percent < 100.0:
        raise OptionsError(
            f"A crop of {percent:g} % leaves nothing to measure; give 0 to below 100 %.",
            "crop_percent",
        )
    if isinstance(frame, Frame):
        return replace(frame, pixels=crop(frame.pixels, percent))
    n_y, n_x = frame.shape[:2]
    top, left = (int(side * percent / 200.0 + 1e-9) for side in (n_y, n_x))
    return frame[top : n_y - top, left : n_x - left]
