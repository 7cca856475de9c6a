"""A program as one would write it in an evening, to see what the rules of a better one are for.

It takes for a star whatever is bright: connected pixels above the noise. No rule tells a hot pixel
or a galaxy from a star, only a minimum diameter that a person sets.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from focusbench.frames import Frame

THRESHOLD = 5.0
"""A pixel is bright where it stands so many times the noise above the sky."""

OBJECT = np.dtype([("x", "f8"), ("y", "f8"), ("diameter", "f8"), ("hfr", "f8")])


@dataclass(frozen=True, eq=False)
class PlainReading:
    """What the plain program reads in a frame.

    Attributes
    ----------
    objects : structured array, shape (n_objects,)
        Everything bright: x, y, diameter of a circle of the same area, hfr; pixels.
    min_diameter_px : float, pixels
        Smaller objects are left out.
    """

    objects: NDArray[np.void] = field(repr=False)
    min_diameter_px: float = 0.0

    @property
    def counted(self) -> NDArray[np.void]:
        """The objects that are not too small."""
        kept: NDArray[np.void] = self.objects[self.objects["diameter"] >= self.min_diameter_px]
        return kept

    @property
    def value(self) -> float:
        """Mean half-flux radius of those counted, pixels; NaN without any."""
        return float(self.counted["hfr"].mean()) if len(self.counted) else math.nan

    def n_stars(self, x: NDArray[np.float64], y: NDArray[np.float64], near_px: float = 3.0) -> int:
        """How many of those counted lie where there is a star.

        Parameters
        ----------
        x, y : float array, shape (n_stars,), pixels
            Where the stars are, as a simulated sky knows.
        near_px : float, pixels
        """
        off = np.hypot(self.counted["x"][:, None] - x, self.counted["y"][:, None] - y)
        return int(np.sum(off.min(axis=1, initial=np.inf) <= near_px))


def plain_reading(frame: Frame, min_diameter_px: float = 0.0) -> PlainReading:
    """Read a frame as the plain program does.

    Parameters
    ----------
    frame : Frame
    min_diameter_px : float, pixels

    Examples
    --------
    >>> import focusbench as fb
    >>> from focusbench import lessons
    >>> frame = lessons.take_frame(fb.simulated_rig(seed=5, hot_share=1e-3), 10_250)
    >>> lessons.plain_reading(frame).value < lessons.plain_reading(frame, 3).value
    True
    """
    from scipy.ndimage import find_objects, label

    light = frame.pixels.astype(np.float64)
    light -= np.median(light)
    noise = 1.4826 * np.median(np.abs(light))
    marked, _ = label(light > THRESHOLD * noise, structure=np.ones((3, 3)))
    found = [
        _object(light, marked == number, box)
        for number, box in enumerate(find_objects(marked), start=1)
    ]
    return PlainReading(np.array(found, OBJECT), min_diameter_px)


def _object(
    light: NDArray[np.float64], mine: NDArray[np.bool_], box: tuple[slice, slice]
) -> tuple[float, float, float, float]:
    """Place, diameter and half-flux radius of one object."""
    rows, columns = np.nonzero(mine[box])
    flux = light[box][rows, columns]
    y, x = np.average(rows, weights=flux), np.average(columns, weights=flux)
    distance = np.hypot(rows - y, columns - x)
    order = np.argsort(distance)
    half = np.searchsorted(np.cumsum(flux[order]), flux.sum() / 2)
    # Half of a single pixel lies within 0.4 pixels of its middle.
    hfr = max(float(distance[order][min(half, len(order) - 1)]), math.sqrt(0.5 / math.pi))
    diameter = 2 * math.sqrt(len(flux) / math.pi)
    return float(x + box[1].start), float(y + box[0].start), diameter, hfr
