"""Measures stars, each on the image on which it is a few pixels wide."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from focusbench.stars.growth import COLUMNS
from focusbench.stars.levels import Bands, Levels
from focusbench.stars.pixels import nth
from focusbench.stars.source import Source
from focusbench.stars.stamps import measure_stars

_NO_U2 = np.zeros((1, 1), np.uint16)
_NO_MOSAIC = np.zeros((2, 2), np.float32)


def aperture_of(r50: NDArray[np.float64], r90: NDArray[np.float64]) -> NDArray[np.float64]:
    """Radius within which the flux of a star is summed, from those of its half and 9 tenths, px.

    r90 + 1.3 (r90 − r50) + 3 px: 3.4 σ and 3 px of a Gaussian, 1.3 radii of a disc and 3 px,
    99 % of a Moffat profile (β = 3) of FWHM 3.5 px. Wings wider than r90 = 2 r50 are cut: there
    sky and neighbours outweigh the star.
    """
    r90 = np.minimum(r90, 2.0 * r50)
    return np.asarray(r90 + 1.3 * (r90 - r50) + 3.0)


@dataclass(frozen=True)
class StarSize:
    """Width that the stars of one frame share: radii of half and nine tenths of the flux, px."""

    r50: float
    r90: float

    @property
    def aperture(self) -> float:
        """Radius within which the flux is summed."""
        return float(aperture_of(np.array(self.r50), np.array(self.r90)))


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
        size: StarSize | list[StarSize] | NDArray[np.float64],
        least_r50: float = 3.0,
        n_profiles: int = 0,
        rough: bool = False,
    ) -> NDArray[np.float64]:
        """Measure the stars near some places.

        Parameters
        ----------
        x, y : arrays, shape (n,), pixels of the frame
        size : StarSize, one for each, or array of shape (n, 2): r50 and r90
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
        if isinstance(size, StarSize):
            size = [size]
        sizes = np.array([(s.r50, s.r90) for s in size]) if isinstance(size, list) else size
        n = len(x)
        rows = np.empty((n, len(COLUMNS)))
        stars = np.empty((n, 6))
        stars[:, 0], stars[:, 1], stars[:, 2:4] = x, y, sizes
        stars[:, 4] = aperture_of(stars[:, 2], stars[:, 3])
        # the ring in which the sky is measured ends here
        stars[:, 5] = 1.35 * stars[:, 4] + 3.0
        levels = self._levels_for(stars[:, 2], least_r50)
        cares = np.full(n, 0 if rough else 1)
        cares[:n_profiles] = 2
        keys = levels * 4 + cares
        for key in sorted(set(keys.tolist())):
            at = np.flatnonzero(keys == key) if (keys[0] != keys).any() else slice(None)
            rows[at] = self._on_level(key // 4, stars[at], key % 4)
        return rows

    def _on_level(self, level: int, stars: NDArray[np.float64], care: int) -> NDArray[np.float64]:
        """Rows of stars measured on one level; below 0 it is the frame itself, then folded."""
        top, left = self._levels.window[:2]
        rows = np.empty((len(stars), len(COLUMNS)))
        if level < 0:
            head, window = self._frame.head, self._window
            scale, clean, full = 1.0, True, self._frame.full
            fold = max(self._levels.factor >> -level, 1)
            box = 1.0 - 1.0 / fold**2
            mosaic = self._mosaic
        else:
            image = self._levels.images[level]
            head = (_NO_U2, image, False, np.uint32(0))
            window = np.array([0, 0, *image.shape], dtype=np.int64)
            scale = float(self._levels.scale(level))
            fold, box, clean, full = 1, 1.0 - 1.0 / scale**2, False, 3e38
            mosaic = _NO_MOSAIC
            stars[:, 0] -= left
            stars[:, 1] -= top
        floor, sigma = self._floor / scale / fold, self._levels.noise / scale

        def work(first: int, last: int) -> None:
            measure_stars(
                *head,
                window,
                stars,
                scale,
                fold,
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

        self._bands(len(stars), work)
        if level >= 0:
            rows[:, 0] += left
            rows[:, 1] += top
        return rows

    def _levels_for(self, r50: NDArray[np.float64], least: float) -> NDArray[np.intp]:
        """Coarsest images on which r50 is at least `least` pixels, or 2.5 on the frame itself.

        −1, −2 are the frame itself, its pixels folded to twice, four times the resolution of
        level 0, as far as it goes; folded they lose nothing that 2.5 pixels do not hold.
        """
        r50 = np.maximum(r50 / self._levels.factor, 1e-9)
        levels = np.floor(np.log2(r50 / least))
        folded = np.minimum(np.floor(np.log2(r50 / min(least, 2.5))), -1)
        levels = np.where(levels < 0, folded, levels)
        return np.clip(levels, -2, len(self._levels.images) - 1).astype(np.intp)


def _mosaic(frame: Source, window: tuple[int, int, int, int], noise: float) -> NDArray[np.float32]:
    """What the four places of a colour mosaic read more than their mean, ADU; zeros for none.

    Stars are then measured on all pixels, each colour above its own sky: nothing is smeared, and
    over many stars the colours' unlike weight averages out.
    """
    offsets = np.zeros((2, 2), np.float32)
    top, left, height, width = window
    if min(height, width) < 64:
        return offsets
    step = 2 * max(1, round((height * width / 4_000) ** 0.5 / 2))
    n_y, n_x = (height - 2) // step, (width - 2) // step
    values = np.empty((2, 2, n_y, n_x), np.float32)
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
    with np.errstate(invalid="ignore"):  # infinities
        difference = (values - values.mean(axis=(0, 1))).reshape(4, -1)
    difference = np.ascontiguousarray(difference[:, np.isfinite(difference).all(axis=0)])
    n = difference.shape[1]
    if n == 0:
        return offsets
    block = np.array([nth(one, n, n // 2) for one in difference]).reshape(2, 2)
    if np.ptp(block) > max(0.7 * noise, 2.0 * frame.step):
        offsets[:] = block
    return offsets
