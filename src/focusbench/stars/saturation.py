"""Saturated stars, also where a star was measured on a binned image, in which pixels are lost."""

import numpy as np
from numpy.typing import NDArray

from focusbench.stars.growth import COLUMN
from focusbench.stars.source import Source


def saturated(frame: Source, rows: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Objects of which two or more pixels within r90 are saturated; one may be a hot pixel.

    Parameters
    ----------
    frame : Source
    rows : array, shape (n, len(COLUMNS))
        As the meter gives them. Where an object was measured on a binned image nobody has counted
        its full pixels, but binning lowers its peak by less than half: only objects at least half
        as bright as what saturates are looked at.
    """
    x, y, peak, r90, n_full = (rows[:, COLUMN[c]] for c in ("x", "y", "peak", "r90", "full"))
    full = n_full >= 2
    if frame.full >= 3e38:
        return full
    n_y, n_x = frame.shape
    step = max(1, min(n_y, n_x) // 32)
    sky = float(np.median(frame.part(slice(0, n_y, step), slice(0, n_x, step))))
    with np.errstate(invalid="ignore"):
        bright = ~full & (peak > 0.5 * (frame.full - sky)) & np.isfinite(x + y + r90)
    for k in np.flatnonzero(bright):
        top, left = max(0, int(y[k] - r90[k])), max(0, int(x[k] - r90[k]))
        bottom, right = max(0, int(y[k] + r90[k]) + 2), max(0, int(x[k] + r90[k]) + 2)
        part = frame.part(slice(top, bottom), slice(left, right))
        full[k] = np.count_nonzero(part >= frame.full) >= 2
    return full
