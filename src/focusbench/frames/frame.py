"""A frame: pixels and what is known about how they were taken."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Frame:
    """One exposure.

    Attributes
    ----------
    pixels : array, shape (n_y, n_x), ADU
        As the camera or file gave them; any integer or float type, either byte order.
    exposure_s : float or None, seconds
    binning : int
    position : float or None, steps
        Focuser position; None where unknown.
    filter : str or None
    temperature_c : float or None, °C
        At the focuser.
    time_s : float or None, seconds
        Middle of the exposure, Unix time.
    header : mapping
        Everything else that was said, under FITS keywords.
    source : str
        File name, or "" for a frame that came from a camera.
    """

    pixels: NDArray[np.generic]
    exposure_s: float | None = None
    binning: int = 1
    position: float | None = None
    filter: str | None = None
    temperature_c: float | None = None
    time_s: float | None = None
    header: Mapping[str, object] = field(default_factory=dict, repr=False)
    source: str = ""
