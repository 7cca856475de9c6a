"""Where the stars are: peaks of the level on which a star is about three pixels wide.

At full resolution a donut is a ring of fragments; on that level it is one peak. What is wider
than a star (nebulae, a galaxy, a gradient) is removed there as the same level smoothed at four
times the scale.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from focusbench.stars import pyramid
from focusbench.stars.levels import Bands, Levels
from focusbench.stars.pixels import nth

_SMOOTH_NOISE = 0.375
"""Noise left by the binomial kernel (1 2 1)²/16: √(6²)/16."""

LOWEST_SIGNIFICANCE = 5.0
_ROUNDS = 10


@dataclass(frozen=True, eq=False)
class Peaks:
    """Peaks, most significant first: x, y in pixels of the frame, the level they were seen on."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    significance: NDArray[np.float64]
    level: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: NDArray[np.generic]) -> "Peaks":
        return Peaks(self.x[index], self.y[index], self.significance[index], self.level[index])


class Detail:
    """Peaks of each level, found when asked for.

    Parameters
    ----------
    levels : Levels
    bands : Bands
    """

    def __init__(self, levels: Levels, bands: Bands) -> None:
        self._levels, self._bands = levels, bands
        self._smoothed: dict[int, NDArray[np.float32]] = {}
        self._peaks: dict[int, Peaks] = {}
        self._detail: dict[int, NDArray[np.float32]] = {}

    def scale(self, k: int) -> int:
        """Pixels of the frame, along a side, in one of level k's."""
        return self._levels.scale(k)

    def _smooth(self, k: int) -> NDArray[np.float32]:
        if k not in self._smoothed:
            image, out = self._levels.images[k], self._levels.spare[k]
            self._bands(len(image), lambda a, b: pyramid.smooth(image, out, a, b))
            self._smoothed[k] = out
        return self._smoothed[k]

    def _above_surrounding(self, k: int, noise: float) -> tuple[NDArray[np.float32], float]:
        """What of level k stands out of its wide surrounding, and how much that varies.

        The surrounding holds the stars, too: around bright donuts it is so high that faint ones
        are lost. Where it varies by more than the noise, stars count in it up to three times
        that variation alone. Waves of a nebula stay below that, so that they count as before.
        """
        coarse = self._levels.images[k + 2 : k + 3]
        detail = self._smooth(k)
        if not coarse:
            return detail, _variation(detail)
        detail = detail.copy() if k >= 2 else self._smoothed.pop(k)
        self._take_off(detail, self._smooth(k + 2))
        seen = _variation(detail)
        before = np.zeros_like(coarse[0])
        for _ in range(_ROUNDS):
            if seen < 1.4 * noise:
                break
            light, wide = np.empty_like(before), np.empty_like(before)
            pyramid.excess(detail, np.float32(3.0 * seen), light, 0, len(light))
            pyramid.smooth(light, wide, 0, len(wide))
            self._take_off(detail, before - wide)
            was, seen, before = seen, _variation(detail), wide
            if seen > 0.8 * was:
                break
        return detail, seen

    def _take_off(self, image: NDArray[np.float32], wide: NDArray[np.float32]) -> None:
        self._bands(len(image), lambda a, b: pyramid.take_off(image, wide, a, b))

    def uneven(
        self, k: int, x: NDArray[np.float64], y: NDArray[np.float64], radius: float
    ) -> float:
        """How much more level k varies away from the stars at x, y than noise makes it."""
        detail, scale = self._detail[k], self._levels.scale(k)
        step = max(1, round((detail.size / 6_000) ** 0.5))
        sample = detail[::step, ::step]
        noise = self._levels.noise / scale * _SMOOTH_NOISE
        top, left = self._levels.window[:2]
        per_step = step * scale
        free = _far_from(
            (x - left + 0.5) / per_step - 0.5 / step,
            (y - top + 0.5) / per_step - 0.5 / step,
            radius / per_step,
            sample.shape,
        )
        some = sample[free]
        if len(some) < 100:
            return 1.0
        # Upwards alone: the smoothed level that was taken off leaves troughs between stars.
        return max(float(nth(some, len(some), int(0.8413 * len(some)))), 0.0) / noise

    def peaks(self, k: int, n_most: int = 4000) -> Peaks:
        """Peaks of level k above the noise, most significant first."""
        if k in self._peaks:
            return self._peaks[k]
        levels = self._levels
        noise = levels.noise / levels.scale(k) * _SMOOTH_NOISE
        detail, seen = self._above_surrounding(k, noise)
        self._detail[k] = detail
        found = np.empty((n_most, 3), np.float32)
        bar = LOWEST_SIGNIFICANCE * max(noise, min(seen, 2 * noise))
        n = pyramid.peaks(detail, np.float32(bar), found)
        x, y, height = found[np.argsort(-found[:n, 2], kind="stable")].astype(np.float64).T
        scale = levels.scale(k)
        top, left = levels.window[:2]
        self._peaks[k] = Peaks(
            np.asarray((x + 0.5) * scale - 0.5 + left, np.float64),
            np.asarray((y + 0.5) * scale - 0.5 + top, np.float64),
            np.asarray(height / noise, np.float64),
            np.full(n, k),
        )
        return self._peaks[k]


def _variation(image: NDArray[np.float32]) -> float:
    """Standard deviation of an image's darker part, in which few stars are."""
    step = max(1, round((image.size / 4_000) ** 0.5))
    sample = image[::step, ::step].ravel()
    low, high = (nth(sample, sample.size, share * sample.size // 10) for share in (1, 4))
    return float(high - low) / 1.028  # those quantiles of a Gaussian differ by 1.028 σ


def _far_from(
    x: NDArray[np.float64], y: NDArray[np.float64], radius: float, shape: tuple[int, ...]
) -> NDArray[np.bool_]:
    """Pixels of an image whose middles have none of the places x, y within `radius`."""
    free = np.ones(shape, bool)
    columns, rows = np.rint(x).astype(np.intp), np.rint(y).astype(np.intp)
    reach = int(radius + 0.5)
    for j in range(-reach, reach + 1):
        for i in range(-reach, reach + 1):
            near = (rows + j - y) ** 2 + (columns + i - x) ** 2 <= radius**2
            near &= (rows + j >= 0) & (rows + j < shape[0])
            near &= (columns + i >= 0) & (columns + i < shape[1])
            free[rows[near] + j, columns[near] + i] = False
    return free


def apart(peaks: Peaks, radius: float, n_most: int) -> NDArray[np.intp]:
    """Indices of the peaks farther than `radius` from all stronger ones that were taken."""
    taken = np.empty(n_most, np.int64)
    return taken[: pyramid.apart(peaks.x, peaks.y, radius, taken)]


def seeds(detail: Detail, n_levels: int, n_each: int) -> Peaks:
    """The most significant peaks of every level, well apart on their level."""
    parts = []
    for k in range(n_levels):
        peaks = detail.peaks(k)
        peaks = peaks[np.arange(min(40 * n_each, len(peaks)))]
        free = apart(peaks, 4.0 * detail.scale(k), 8 * n_each)
        # the best half, and others from further down: the best may all lie on a bright trail
        rest = free[n_each // 2 :]
        spread = rest[:: max(1, -(-len(rest) // (n_each - n_each // 2)))]
        parts.append(peaks[np.r_[free[: n_each // 2], spread]])
    return Peaks(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("x", "y", "significance", "level")
        )
    )
