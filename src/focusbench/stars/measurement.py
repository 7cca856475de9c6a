"""What was measured of one frame."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

STAR_FIELDS = np.dtype(
    [
        ("x", "f8"),
        ("y", "f8"),
        ("flux", "f8"),
        ("snr", "f8"),
        ("peak", "f8"),
        ("diameter", "f8"),
        ("hfr", "f8"),
        ("hfr_mean_radius", "f8"),
        ("used", "?"),
        ("reason", "U40"),
    ]
)
"""Columns of the table of stars: x, y, hfr, diameter in pixels from the centre of the first one;
flux and peak in ADU above the sky; `reason` says why a star was not used."""


@dataclass(frozen=True, eq=False)
class Measurement:
    """The focus metric of one frame.

    Attributes
    ----------
    metric : str
        Name of the metric ("hfr").
    definition : str
        What that name means here, in one sentence.
    value : float, pixels
        Ensemble value of the frame: the median over the stars used.
    error : float or None, pixels
        Standard error of `value`: 1.2533 × scatter / √n for a median; None with one star.
    scatter : float or None, pixels
        Star-to-star scatter, 1.4826 × the median absolute deviation.
    n_stars : int
        Stars used.
    others : mapping of str to float
        The frame's other metrics, by name, pixels.
    stars : structured array, shape (n_objects,)
        Every object looked at, with `used` and `reason`; columns as in `STAR_FIELDS`.
    """

    metric: str
    definition: str
    value: float
    error: float | None
    scatter: float | None
    n_stars: int
    others: Mapping[str, float] = field(default_factory=dict)
    stars: NDArray[np.void] = field(default_factory=lambda: np.zeros(0, STAR_FIELDS), repr=False)

    @property
    def confidence(self) -> str:
        """Say "low" where the value rests on fewer than three stars or on stars that disagree.

        Stars of one frame share their focus; where they scatter by half the value, most of them
        are something else.
        """
        disagree = self.scatter is not None and self.scatter > 0.5 * self.value
        return "low" if self.n_stars < 3 or disagree else "good"
