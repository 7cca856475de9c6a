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
        ("hfd_astap", "f8"),
        ("fwhm", "f8"),
        ("elongation", "f8"),
        ("saturated", "?"),
        ("used", "?"),
        ("reason", "U40"),
    ]
)
"""Columns of the table of stars: x and y in pixels from the centre of the first one; diameter, hfr,
hfr_mean_radius, hfd_astap and fwhm in pixels; flux and peak in ADU above the sky; elongation is the
long axis over the short one; `reason` says why a star was not used. What was not measured is NaN:
hfd_astap and fwhm are of the brightest stars alone, unless asked for."""


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
        Ensemble value of the frame: the median over the stars used, of our own metrics weighted
        by the signal to noise (see `ensemble`).
    error : float or None, pixels
        Standard error of `value`, by the quantiles around the median; None with one star.
    scatter : float or None, pixels
        Star-to-star scatter, 1.4826 × the median absolute deviation.
    n_stars : int
        Stars used.
    others : mapping of str to float
        The frame's other metrics, by name, pixels; those measured of every star used.
    stars : structured array, shape (n_objects,)
        Every object looked at, with `used` and `reason`; columns as in `STAR_FIELDS`.
    doubt : str
        Why the value may be wrong, as far as it was seen while measuring; empty where nothing
        speaks against it.
    """

    metric: str
    definition: str
    value: float
    error: float | None
    scatter: float | None
    n_stars: int
    others: Mapping[str, float] = field(default_factory=dict)
    stars: NDArray[np.void] = field(default_factory=lambda: np.zeros(0, STAR_FIELDS), repr=False)
    doubt: str = ""

    @property
    def confidence(self) -> str:
        """Say "low" where there is a reason to doubt the value, else "good"."""
        return "low" if self.confidence_reason else "good"

    @property
    def confidence_reason(self) -> str:
        """Why the confidence is low; empty where it is good.

        Stars of one frame share their focus; where they scatter by half the value, most of them
        are something else.
        """
        if self.n_stars < 3:
            return "only one star" if self.n_stars == 1 else f"only {self.n_stars} stars"
        if self.scatter is not None and self.scatter > 0.5 * self.value:
            return "the stars differ in size"
        return self.doubt
