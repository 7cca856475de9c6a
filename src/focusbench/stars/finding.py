"""The stars of a frame: what size they share, which objects are stars, and which to use."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from focusbench.stars.detection import Detail
from focusbench.stars.frame_size import frame_size
from focusbench.stars.growth import COLUMN, COLUMNS
from focusbench.stars.levels import Bands, Levels
from focusbench.stars.meter import Meter, StarSize
from focusbench.stars.neighbours import pairs
from focusbench.stars.saturation import saturated
from focusbench.stars.source import Source

MOST_LOOKED_AT = 360
"""Objects that are measured; some turn out to be no stars."""
MOST_PROFILES = 50
"""Stars whose FWHM and HFD are measured where these are not what was asked for."""

_CLEAR = 6.0
"""How many times the sky's variation something stands out of it that is no part of it."""


@dataclass(frozen=True, eq=False)
class Found:
    """Objects of a frame that might be stars, most significant first.

    Attributes
    ----------
    rows : array, shape (n, len(COLUMNS))
        What was measured of each.
    size : StarSize
        Size that the stars have in common.
    window : (top, left, height, width)
        Part of the frame that was measured.
    blended : bool array, shape (n,)
        Whether another object lies in the aperture.
    crowded : bool array, shape (n,)
        Whether the light of another object reaches into the aperture.
    saturated : bool array, shape (n,)
        Whether two or more of its pixels are full.
    unclear : bool array, shape (n,)
        Whether what lies under it may be structure of the sky.
    uneven : float
        How much more the sky varies at the stars' scale than noise makes it.
    rivalry : float
        Weight of objects of another size over that of the stars.
    sky_error : float, ADU
        By how much the sky may be off since the camera counts in steps.
    """

    rows: NDArray[np.float64]
    size: StarSize
    window: tuple[int, int, int, int]
    blended: NDArray[np.bool_]
    crowded: NDArray[np.bool_]
    saturated: NDArray[np.bool_]
    unclear: NDArray[np.bool_]
    uneven: float = 1.0
    rivalry: float = 0.0
    sky_error: float = 0.0


def find_stars(data: Source, levels: Levels, bands: Bands, *, every_profile: bool) -> Found:
    """Find the stars of a frame and measure each; `every_profile`: FWHM and HFD of all."""
    meter = Meter(data, levels, bands)
    detail = Detail(levels, bands)
    size, rivalry = frame_size(data, levels, detail, meter)
    if size is None:
        no = np.zeros(0, bool)
        return Found(np.zeros((0, len(COLUMNS))), StarSize(1, 2), levels.window, no, no, no, no)
    # the level on which a star's half-flux radius is about 1.2 pixels
    level = int(np.clip(round(np.log2(size.r50 / 1.2 / levels.factor)), 0, len(levels.images) - 1))
    peaks = detail.peaks(level)
    peaks = peaks[np.arange(min(len(peaks), 1500))]
    n = min(len(peaks), MOST_LOOKED_AT)
    rows = meter(peaks.x[:n], peaks.y[:n], size, n_profiles=n if every_profile else MOST_PROFILES)
    uneven = _uneven(detail, level, rows, peaks.significance[:n], size)
    # peaks that settled on the same star are one: the most significant stands for it
    at = np.where(np.isfinite(rows[:, :2]), rows[:, :2], np.c_[peaks.x, peaks.y][:n])
    same = pairs(at, 0.7 * size.r50 + 0.5)
    first = np.ones(n, bool)
    first[same.max(axis=1)] = False
    order = np.flatnonzero(first)
    rows, significance = rows[order], peaks.significance[order]
    blended, crowded = _neighboured(
        np.r_[at[order], np.c_[peaks.x, peaks.y][n:]],
        np.r_[significance, peaks.significance[n:]],
        (size.aperture + 0.3 * size.r50, size.aperture + size.r90),
    )
    return Found(
        rows,
        size,
        levels.window,
        blended[: len(rows)],
        crowded[: len(rows)],
        saturated(data, rows),
        significance < (_CLEAR * uneven if uneven > 3.0 else 0.0),
        uneven,
        rivalry,
        _rounding(data, levels.noise),
    )


def _uneven(
    detail: Detail,
    level: int,
    rows: NDArray[np.float64],
    significance: NDArray[np.float64],
    size: StarSize,
) -> float:
    """How much more the sky varies, away from the stars, than noise makes it.

    Stars are at first those that are sharp, since a wave of the sky may be as large as a star. What
    stands clear of the variation seen then is a star as well, or several that lie on each other.
    """
    with np.errstate(invalid="ignore"):
        unlike = np.abs(np.log(rows[:, COLUMN["r50"]] / size.r50))
        steepness = rows[:, COLUMN["r90"]] / rows[:, COLUMN["r50"]] * size.r50 / size.r90
    star = (unlike < 0.15) & (steepness < 1.1)
    similar = (unlike < 0.4) & (steepness < 1.4)
    while True:
        uneven = detail.uneven(level, rows[star, 0], rows[star, 1], 2.2 * size.r90)
        more = star | similar & (significance > _CLEAR * uneven)
        if uneven <= 3.0 or not (more & ~star).any():
            return uneven
        star = more


def _rounding(data: Source, noise: float) -> float:
    """By how much the mean of rounded pixels may be off, ADU.

    At worst step / π · exp(−2π² σ² / step²) with noise σ: the first harmonic of the saw-tooth that
    rounding makes (Widrow, Kollár, Quantization Noise, 2008, chapter 4). As the noise is coarse
    where this matters, it is taken again from neighbouring pixels, less the 1/12 step² of rounding.
    """
    step = data.step
    if noise > 0.8 * step:
        return 0.0
    n_y, n_x = data.shape
    every = max(1, round((n_y * n_x / 20_000) ** 0.5))
    left = data.part(slice(0, n_y, every), slice(0, n_x - 1, every)).astype(np.float64)
    right = data.part(slice(0, n_y, every), slice(1, n_x, every)).astype(np.float64)
    apart = (left - right) / step
    variance = max(0.0, float(np.mean(apart[np.abs(apart) <= 3] ** 2)) / 2.0 - 1.0 / 12.0)
    return step / np.pi * float(np.exp(-2.0 * np.pi**2 * variance))


def _neighboured(
    places: NDArray[np.float64], weight: NDArray[np.float64], reaches: tuple[float, float]
) -> list[NDArray[np.bool_]]:
    """Which places have another within each reach that weighs a twenty-fifth of it or more."""
    close = pairs(places, max(reaches))
    i, j = np.r_[close, close[:, ::-1]].T
    heavy = weight[j] > 0.04 * weight[i]
    i, j = i[heavy], j[heavy]
    apart = np.hypot(*(places[i] - places[j]).T)
    each = []
    for reach in reaches:
        flag = np.zeros(len(places), bool)
        flag[i[apart <= reach]] = True
        each.append(flag)
    return each
