"""A light frame, as far as focus asks: what kind it is, and what was measured of its stars."""

import math
from dataclasses import dataclass

EXPOSURE_TOLERANCE = 0.10
"""Share by which exposures may differ whose frames are still compared."""

AIRMASS_EXPONENT = 0.6
"""Seeing grows as airmass^0.6: Fried's r₀ goes as (cos z)^0.6 (Fried 1966, JOSA 56, 1372)."""


@dataclass(frozen=True)
class FrameKind:
    """What makes frames comparable.

    Attributes
    ----------
    target : str
    filter : str or None
        None without a wheel.
    binning : int
    exposure_s : float, seconds
    """

    target: str = ""
    filter: str | None = None
    binning: int = 1
    exposure_s: float = 0.0

    def like(self, other: "FrameKind") -> bool:
        """Whether frames of the other kind may be compared: exposures within 10 % of each other.

        Examples
        --------
        >>> FrameKind("M 31", "L", 1, 300).like(FrameKind("M 31", "L", 1, 270))
        True
        """
        longer = max(self.exposure_s, other.exposure_s)
        apart = abs(self.exposure_s - other.exposure_s)
        return (self.target, self.filter, self.binning) == (
            other.target,
            other.filter,
            other.binning,
        ) and apart <= EXPOSURE_TOLERANCE * longer + 1e-9

    def __str__(self) -> str:
        binned = f", {self.binning}×{self.binning}" if self.binning > 1 else ""
        exposed = f"{self.exposure_s:g} s" if self.exposure_s else ""
        return " ".join(part for part in (self.target, self.filter, exposed) if part) + binned


@dataclass(frozen=True)
class LightFrame:
    """A light frame of an image history.

    Attributes
    ----------
    kind : FrameKind
    time_s : float, seconds
        Unix time of the middle of the exposure.
    number : int
        From 1, through the whole night.
    hfr : float or None, pixels at 1×1
        Half-flux radius; None where no star could be measured.
    hfr_error : float or None, pixels at 1×1
        Its standard error.
    n_stars : int or None
        Stars used; None where nobody counted.
    temperature_c : float or None, °C
    position : int or None, steps
        Where the focuser stood.
    airmass : float or None
    west : bool or None
        Whether the target was past the meridian, and sinking.
    file : str
        Where it was saved, relative to the night's folder; empty where it was not.
    """

    kind: FrameKind
    time_s: float
    number: int = 0
    hfr: float | None = None
    hfr_error: float | None = None
    n_stars: int | None = None
    temperature_c: float | None = None
    position: int | None = None
    airmass: float | None = None
    west: bool | None = None
    file: str = ""

    @property
    def measured(self) -> bool:
        """Whether stars were measured in it."""
        return self.hfr is not None and math.isfinite(self.hfr) and self.hfr > 0

    def hfr_at_airmass_of(self, other: "LightFrame") -> float | None:
        """HFR it would have had at the airmass of another frame, pixels at 1×1.

        HFR · (other's airmass / own)^0.6; the HFR as it is where an airmass is not known. Right
        where seeing makes the star; where optics add to it, this corrects a little too much.
        """
        if self.hfr is None or not self.airmass or not other.airmass:
            return self.hfr
        return self.hfr * float((other.airmass / self.airmass) ** AIRMASS_EXPONENT)
