"""A point of the V-curve, and why a point may not count."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Role = Literal["sweep", "extension", "validation"]


class Rejected(enum.IntFlag):
    """Why a point does not count (a red X); several reasons may hold at once."""

    NO = 0
    FEW_STARS = 1
    """The frame had too few stars, or could not be measured."""
    OUTLIER = 2
    """The curve does not pass there (a satellite, a galaxy, a gust)."""
    LAG = 4
    """One of the first points after a reversal: the drive had not yet taken up its backlash."""
    QUALITY = 8
    """Marked as an outlier by the program that made a foreign run."""


@dataclass(frozen=True, slots=True)
class FocusPoint:
    """One data point: the focus metric of the frame, or frames, taken at one position.

    Attributes
    ----------
    position : int or float, steps
        Commanded position. Whole for our own runs; foreign runs may have fractions.
    metric : float, pixels
        Value of the deciding metric; NaN where the frame could not be measured.
    error : float or None, pixels
        Standard error of `metric` from this frame's own stars; None where unknown.
    scatter : float or None, pixels
        Star-to-star scatter of the metric within the frame. Not an error bar.
    n_stars : int or None
        Stars used.
    time_s : float or None, seconds
        Middle of the exposure, Unix time.
    temperature_c : float or None, °C
    sweep : int
        Which sweep of the run, from 0.
    role : {"sweep", "extension", "validation"}
        A validation point is never fitted.
    rejected : Rejected
        Why the point does not count; `Rejected.NO` where it does.
    reason : str
        The same in words, shown above the red X ("3 stars, 5 needed").
    others : mapping of str to float
        Other metrics of the same frame, by name, pixels.
    """

    position: float
    metric: float
    error: float | None = None
    scatter: float | None = None
    n_stars: int | None = None
    time_s: float | None = None
    temperature_c: float | None = None
    sweep: int = 0
    role: Role = "sweep"
    rejected: Rejected = Rejected.NO
    reason: str = ""
    others: Mapping[str, float] = field(default_factory=dict)

    @property
    def counts(self) -> bool:
        """Whether the point may be fitted."""
        return self.role != "validation" and self.rejected == Rejected.NO
