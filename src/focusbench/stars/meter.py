"""Measures stars, each on the image on which it is a few pixels wide."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from focusbench.stars.growth import COLUMNS, measure_stars
from focusbench.stars.levels import Bands, Levels
from focusbench.stars.source import Source

_NO_U2 = np.zeros((1, 1), np.uint16)
_NO_MOSAIC = np.zeros((2, 2), np.float32)


@dataclass(frozen=True)
class StarSize:
    """Width that the stars of one frame share: radii of half and nine tenths of the flux, px."""

    r50: float
    r90: float

    @property
    def aperture(self) -> float:
        """Radius within which the flux is summed.

        r90 + 1.3 (r90 − r50) + 3 px: 3.4 σ and 3 px of a Gaussian, 1.3 radii of a disc and 3 px,
        99 % of a Moffat profile (β = 3) of FWHM 3.5 px. Wings wider than r90 = 2 r50 are cut: there
        sky and neighbours outweigh the star.
        """
        r90 = min(self.r90, 2.0 * self.r50)
        return r90 + 1.3 * (r90 - self.r50) + 3.0

    @property
    def outer(self) -> float:
        """Outer radius of the ring in which the sky is measured."""
        return 1.35 * self.aperture + 3.0


class Meter:
    """Measures stars, each on the image on which it is a few pixels wide.

    Parameters
    ----------
    frame : Source
    levels : Levels
        The same frame at several scales.
    bands : Bands
    """

    def __init__(self, frame: Source, levels: Levels, bands: Bands) -> None:
        self._frame, self._levels, self._bands = frame, levels, bands
        self._window = np.array(levels.window, dtype=np.int64)
        self._mosaic = _mosaic(frame, levels.window, levels.noise)
        self._floor = 0.289 * frame.step or levels.noise * 1e-3

    def __call__(
        self,
        x: NDArray[np.float64],
        y: NDArray[np.float64],
        size: list[StarSize] | StarSize,
        least_r50: float = 2.5,
        n_profiles: int = 0,
        rough: bool = False,
    ) -> NDArray[np.float64]:
        """Measure the stars near some places.

        Parameters
        ----------
        x, y : arrays, shape (n,), pixels of the frame
        size : StarSize, or one for each
            Sets the aperture.
        least_r50 : float, pixels
            Half-flux radius that a star has at least on the image on which it is measured.
        n_profiles : int
            Of how many, from the first on, FWHM and ASTAP's diameter are measured as well.
        rough : bool
            For a first guess of the size.

        Returns
        -------
        array, shape (n, len(COLUMNS)), pixels of the frame, ADU
        """
        n = len(x)
        rows = np.full((n, len(COLUMNS)), np.nan)
        stars = np.empty((n, 6))
        stars[:, 0], stars[:, 1] = x, y
        sizes = [size] if isinstance(size, StarSize) else size
        stars[:, 2:] = [(s.r50, s.r90, s.aperture, s.outer) for s in sizes]
        which = np.broadcast_to(np.array([self._level_for(s.r50, least_r50) for s in sizes]), n)
        for level in np.unique(which):
            at = np.flatnonzero(which == level)
            part = np.ascontiguousarray(stars[at])
            n_cared = int((at < n_profiles).sum())
            rows[at] = self._on_level(int(level), part, n_cared, 0 if rough else 1)
        return rows

    def _on_level(
        self, level: int, stars: NDArray[np.float64], n_cared: int, care: int
    ) -> NDArray[np.float64]:
        """Rows of stars measured on one level; −1 is the frame itself."""
        top, left = self._levels.window[:2]
        rows = np.empty((len(stars), len(COLUMNS)))
        if level < 0:
            head, window = self._frame.head, self._window
            scale, box, clean, full = 1.0, 0.0, True, self._frame.full
            mosaic = self._mosaic
        else:
            image = self._levels.images[level]
            head = (_NO_U2, image, False, np.uint32(0))
            window = np.array([0, 0, *image.shape], dtype=np.int64)
            scale = float(self._levels.scale(level))
            box, clean, full = 1.0 - 1.0 / scale**2, False, 3e38
            mosaic = _NO_MOSAIC
            stars[:, 0] -= left
            stars[:, 1] -= top
        floor, sigma = self._floor / scale, self._levels.noise / scale

        def work(first: int, last: int, care: int) -> None:
            measure_stars(
                *head,
                window,
                stars,
                scale,
                box,
                floor,
                sigma,
                full,
                clean,
                care,
                mosaic,
                rows,
                first,
                last,
            )

        self._bands(n_cared, lambda a, b: work(a, b, 2))
        self._bands(len(stars) - n_cared, lambda a, b: work(n_cared + a, n_cared + b, care))
        if level >= 0:
            rows[:, 0] += left
            rows[:, 1] += top
        return rows

    def _level_for(self, r50: float, least: float) -> int:
        """Coarsest image on which r50 is at least `least` pixels; −1 is the frame itself."""
        k = int(np.floor(np.log2(max(r50 / least / self._levels.factor, 1e-9))))
        return min(max(k, -1), len(self._levels.images) - 1)


def _mosaic(frame: Source, window: tuple[int, int, int, int], noise: float) -> NDArray[np.float32]:
    """What the four places of a colour mosaic read more than their mean, ADU; zeros for none.

    Stars are then measured on all pixels, each colour above its own sky: nothing is smeared, and
    over many stars the colours' unlike weight averages out.
    """
    offsets = np.zeros((2, 2), np.float32)
    top, left, height, width = window
    if min(height, width) < 64:
        return offsets
    step = 2 * max(1, round((height * width / 30_000) ** 0.5 / 2))
    n_y, n_x = (height - 2) // step, (width - 2) // step
    values = np.empty((2, 2, n_y, n_x))
    for j in range(2):
        for i in range(2):
            y, x = (top & ~1) + j, (left & ~1) + i
            part = np.s_[y : y + n_y * step : step, x : x + n_x * step : step]
            if frame.is_u2:
                sample = frame.u2[part]
                sample = sample.byteswap() if frame.swap else sample
                values[j, i] = sample ^ np.uint16(frame.flip)
            else:
                values[j, i] = frame.f4[part]
    values[~np.isfinite(values)] = np.nan
    difference = values - values.mean(axis=(0, 1))
    block = (
        np.nanmedian(difference, axis=(2, 3))
        if np.isnan(values).any()
        else np.median(difference, axis=(2, 3))
    )
    if np.ptp(block) > max(0.7 * noise, 2.0 * frame.step):
        offsets[:] = block
    return offsets
