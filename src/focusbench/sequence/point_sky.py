"""Sky and telescope of a night without pixels: how everything goes, by formula."""

import math
from collections.abc import Callable
from dataclasses import dataclass

Course = Callable[[float], float]
"""How something goes through a night: seconds since its start → value."""


def _always_one(since_s: float) -> float:
    return 1.0


def _no_offset(filter: str | None) -> float:
    return 0.0


@dataclass(frozen=True)
class PointSky:
    """Sky and telescope of a night of points.

    HFR = minimum · blur · airmass^0.6 · √(1 + (steps from best focus / b)²), with scatter.

    Attributes
    ----------
    best_focus : callable, seconds → steps
        Best focus without a filter: the truth.
    temperature_c : callable or None, seconds → °C
        What the thermometer reads; None without one.
    filter_offset : callable, filter → steps
        How much further out a filter focuses.
    filters : tuple of str
        In the wheel; empty without one.
    minimum_px : float, pixels
        HFR in focus at the zenith.
    b : float, steps
        Distance from focus at which HFR is √2 times its minimum; the zone of 5 % is ± 0.32 b.
    blur : callable, seconds → factor
        Of the seeing.
    transparency : callable, seconds → share
        Of the light of stars that comes through.
    airmass : callable or None, seconds → airmass
        None: from coordinates and site, where the sequence has them.
    west : callable or None, seconds → bool
    scatter : float
        Of a frame's HFR from the formula: 0.03 is 3 %.
    star_error : float
        Standard error that is stated for a frame's HFR, as a share of it.
    n_stars : float
        Stars in focus at the zenith without clouds, in any exposure.
    """

    best_focus: Course
    temperature_c: Course | None = None
    filter_offset: Callable[[str | None], float] = _no_offset
    filters: tuple[str, ...] = ()
    minimum_px: float = 1.9
    b: float = 70.0
    blur: Course = _always_one
    transparency: Course = _always_one
    airmass: Course | None = None
    west: Callable[[float], bool] | None = None
    scatter: float = 0.03
    star_error: float = 0.01
    n_stars: float = 120.0

    @property
    def zone(self) -> float:
        """Half width of the zone in which HFR is within 5 % of its minimum, steps."""
        return self.b * math.sqrt(1.05**2 - 1)
