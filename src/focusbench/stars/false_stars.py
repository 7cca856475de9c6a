"""Which of the objects found are stars to be used, and why the others are not."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from focusbench.stars.ensemble import FAINTEST_SNR, MOST_STARS, median
from focusbench.stars.finding import Found
from focusbench.stars.growth import COLUMN
from focusbench.stars.measurement import STAR_FIELDS

FEW = 5
"""Fewer stars than these are doubted one by one."""
_MANY = 30
"""Of as many stars the scatter is known to an eighth."""
_WINGS = 1.45
"""r90 / r50 above which stars have wings; a disc has 1.34. The window that moments are freed of
holds back so much of wings that only of bright stars the elongation says something."""
_SURELY_LONG = 60.0
"""Signal to noise below which round stars with wings were seen to have any elongation; what is no
star, a piece of a trail, is told by its half-flux radius there."""
_UNLIKE = 4.0
"""How many times the usual scatter makes an object unlike the stars."""

Flags = NDArray[np.bool_]
Numbers = NDArray[np.float64]


def star_table(found: Found, min_diameter_px: float, min_stars: int) -> NDArray[np.void]:
    """Table of all objects, each with the first reason, if any, not to use it.

    Parameters
    ----------
    found : Found
    min_diameter_px : float, pixels of the frame
    min_stars : int
        As many sure stars are enough to do without doubtful ones.

    Returns
    -------
    structured array, columns as in `STAR_FIELDS`
    """
    rows, size = found.rows, found.size
    c = {name: rows[:, k] for name, k in COLUMN.items()}
    table = np.zeros(len(rows), STAR_FIELDS)
    for name in ("x", "y", "flux", "snr", "peak", "diameter", "elongation"):
        table[name] = c[name]
    table["hfr"], table["hfr_mean_radius"] = c["r50"], c["mean_radius"]
    table["hfd_astap"], table["fwhm"] = c["hfd_astap"], c["fwhm"]
    table["saturated"] = found.saturated
    reason, good = table["reason"], table["used"]
    good[:] = True

    def drop(where: Flags, why: str) -> None:
        reason[where & good] = why
        good[where] = False

    with np.errstate(invalid="ignore", divide="ignore"):
        top, left, height, width = found.window
        inside = np.minimum.reduce(
            [c["x"] - left, c["y"] - top, left + width - 1 - c["x"], top + height - 1 - c["y"]]
        )
        drop(~np.isfinite(c["r50"]) | ~(c["snr"] > FAINTEST_SNR), "too faint")
        drop(inside < 1.1 * size.r90 + 1.0, "touches the border")
        drop(table["saturated"], "saturated")
        drop(c["missing"] > 0.15, "touches the border or missing pixels")
        drop((c["mended"] > 0) & (c["sharpest"] > 0.6), "hot pixel or cosmic ray")
        drop(c["diameter"] < min_diameter_px, "smaller than the minimum star diameter")
        drop(found.blended, "blended with a neighbour")
        drop(c["lopsided"] > np.maximum(0.12, 4.0 / c["snr"]), "blended with a neighbour")
        usual = median(c["elongation"][good]) if good.any() else 1.0
        long = c["elongation"] > 1.5 * max(usual, 1.0)
        if _winged(c, good):
            long &= (c["snr"] > _SURELY_LONG) | (np.abs(np.log(c["r50"] / size.r50)) > 0.12)
        drop(long, "elongated")
        drop(c["r50"] < 0.6 * size.r50, "sharper than the optics")
        drop(c["r50"] > 1.6 * size.r50, "wider than the stars")
        clear = good & ~found.unclear
        if clear.sum() >= FEW:
            drop(found.unclear, "not clear of the uneven sky")
        else:
            odd = np.abs(np.log(c["r50"] / size.r50)) > 0.07
            odd |= c["r90"] / c["r50"] > 1.05 * size.r90 / size.r50
            drop(found.unclear & odd, "not clear of the uneven sky")
        _drop_unlike(c, found.crowded, good, drop)
        if 2 < good.sum() < FEW:
            # A noisy radius must not decide between two sure ones.
            weak = good & (c["snr"] < 0.1 * np.sort(c["snr"][good])[-2])
            if good.sum() - weak.sum() >= max(2, min_stars):
                drop(weak, "too faint beside the others")
    drop(np.cumsum(good) > MOST_STARS, f"beyond the {MOST_STARS} brightest")
    return table


def _drop_unlike(
    c: dict[str, Numbers],
    crowded: Flags,
    good: Flags,
    drop: Callable[[Flags, str], None],
) -> None:
    """Drop what differs from the other stars in shape by more than noise and optics make it.

    The noise of ln elongation, ln r90 / r50 and ln r50 is at least some number over the signal to
    noise: 2.5, 0.6 and 1.5, seen on rendered stars. Where a frame's stars differ by more (tilt,
    coma; in focus r90 is far more noisy), that is what counts. Two donuts that lie on each other
    are longer than one, and wider at nine tenths of the light. A star whose neighbour is known may
    be so, too, and is no two stars taken for one: what counts is that its r50 is not far off.
    """
    snr = np.maximum(c["snr"], 1.0)
    steepness = c["r90"] / c["r50"]
    for values, noise, least, above, below in (
        (c["elongation"], 0.02 + 2.5 / snr, 0.15, "elongated", ""),
        (steepness, 0.004 + 0.6 / snr, 0.04, "blended or no star", ""),
        (c["r50"], 0.01 + 1.5 / snr, 0.08, "wider than the stars", "sharper than the stars"),
    ):
        if good.sum() < 3:
            return
        away = np.log(values / median(values[good]))
        bar = np.maximum(least, _UNLIKE * noise * _excess(away / noise, noise, good))
        if above == "elongated" and _winged(c, good):
            continue
        if values is steepness:
            # 1 - F = (1 + r²/a²)^-2 of a Moffat profile: where F is off at r90, ln r90 is so by
            # s + 1.7 s² outwards, s being what the slope there says.
            bar *= 1.0 + 1.7 * bar
        bar[crowded] *= 2.0 if below else np.inf
        if below:
            drop(away < -bar, below)
        drop(away > bar, above)


def _winged(c: dict[str, Numbers], good: Flags) -> bool:
    return bool(good.any()) and median((c["r90"] / c["r50"])[good]) > _WINGS


def _excess(away: Numbers, noise: Numbers, good: Flags) -> float:
    """How much more values scatter than their noise; of many, also how much less, to a half.

    Of all, and of the half with the least noise, in which the optics show.
    """
    best = good & (noise <= median(noise[good]))
    least = 0.5 if good.sum() >= _MANY else 1.0
    return max(least, *(1.4826 * median(np.abs(away[some])) for some in (good, best)))
