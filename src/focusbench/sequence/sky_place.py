"""Where a target stands: its airmass, and on which side of the meridian."""

import math
from typing import NamedTuple

J2000_S = 946_728_000.0
"""Unix time of the epoch J2000.0, 1 January 2000, 12:00 UTC, seconds."""

_DAY_S = 86_400.0


class SkyPlace(NamedTuple):
    """Airmass, and whether a target is past the meridian; None where not known."""

    airmass: float | None = None
    west: bool | None = None


def sky_place(
    ra_h: float | None,
    dec_deg: float | None,
    latitude_deg: float | None,
    longitude_deg: float | None,
    time_s: float,
) -> SkyPlace:
    """Airmass and side of the meridian at a moment.

    Sidereal time after Meeus, Astronomical Algorithms, eq. 12.4 (its linear part); airmass after
    Kasten & Young 1989 (Appl. Opt. 28, 4735). Precession, refraction and UT1−UTC are left out:
    they move the airmass by less than a hundredth above 20°.

    Parameters
    ----------
    ra_h, dec_deg : float or None, hours and degrees
    latitude_deg, longitude_deg : float or None, degrees
        North and east are positive.
    time_s : float, seconds
        Unix time.

    Returns
    -------
    SkyPlace
        Without an airmass where the target is below the horizon.

    Examples
    --------
    >>> place = sky_place(0.7, 41.3, 48.0, 11.0, 1_700_000_000)
    >>> round(place.airmass, 2), place.west
    (1.07, True)
    """
    if ra_h is None or dec_deg is None or latitude_deg is None or longitude_deg is None:
        return SkyPlace()
    days = (time_s - J2000_S) / _DAY_S
    sidereal_deg = 280.46061837 + 360.98564736629 * days + longitude_deg
    hour_angle_deg = (sidereal_deg - 15 * ra_h) % 360
    dec, latitude = math.radians(dec_deg), math.radians(latitude_deg)
    sine = math.sin(latitude) * math.sin(dec) + math.cos(latitude) * math.cos(dec) * math.cos(
        math.radians(hour_angle_deg)
    )
    altitude_deg = math.degrees(math.asin(min(1.0, max(-1.0, sine))))
    west = 0 < hour_angle_deg < 180
    if altitude_deg <= 0:
        return SkyPlace(None, west)
    return SkyPlace(1 / (sine + 0.50572 * (altitude_deg + 6.07995) ** -1.6364), west)
