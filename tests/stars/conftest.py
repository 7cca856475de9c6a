"""A small renderer of stars with known truth, independent of the simulator."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

OVERSAMPLING = 6


@dataclass(frozen=True, eq=False)
class Star:
    """Light of one star on a fine grid around its centre, sum 1."""

    fine: np.ndarray
    hfr: float
    """Radius that holds half of the light, pixels, from the fine grid."""

    def stamp(self, shift_x: float, shift_y: float) -> np.ndarray:
        """Light per pixel, the star's centre (shift_x, shift_y) off the middle pixel's centre."""
        dx, dy = round(shift_x * OVERSAMPLING), round(shift_y * OVERSAMPLING)
        moved = np.roll(self.fine, (dy, dx), axis=(0, 1))
        n = len(moved) // OVERSAMPLING
        return moved.reshape(n, OVERSAMPLING, n, OVERSAMPLING).sum(axis=(1, 3))


def _grid(half_px: int) -> np.ndarray:
    n = (2 * half_px + 1) * OVERSAMPLING
    return (np.arange(n) - (n - 1) / 2) / OVERSAMPLING


def make_star(
    radius: float = 0.0,
    obstruction: float = 0.0,
    fwhm: float = 0.0,
    beta: float = 3.0,
    sigma: float = 0.0,
) -> Star:
    """Defocused pupil (disk or annulus) convolved with Moffat seeing, or a Gaussian."""
    half_px = int(1.3 * radius + 8 * fwhm + 6 * sigma) + 4
    axis = _grid(half_px)
    squared = axis[:, None] ** 2 + axis[None, :] ** 2
    light = np.zeros_like(squared)
    if radius > 0:
        distance = np.sqrt(squared)
        # Edges one fine pixel soft, so that the area of the pupil is right.
        step = 1.0 / OVERSAMPLING

        def disk(r: float) -> np.ndarray:
            return np.clip((r - distance) / step + 0.5, 0, 1)

        light = disk(radius) - (disk(obstruction * radius) if obstruction > 0 else 0)
    if sigma > 0:
        light = np.exp(-squared / (2 * sigma**2))
    if fwhm > 0:
        alpha = fwhm / (2 * np.sqrt(2 ** (1 / beta) - 1))
        seeing = (1 + squared / alpha**2) ** -beta
        if radius > 0:
            spectrum = np.fft.rfft2(light) * np.fft.rfft2(np.fft.ifftshift(seeing))
            light = np.fft.irfft2(spectrum, s=light.shape)
            # ifftshift of an even grid is half a fine pixel off; undo what that moved.
            light = (light + light[::-1, ::-1]) / 2
        else:
            light = seeing
    light = np.clip(light, 0, None) / light.sum()
    distance = np.sqrt(squared).ravel()
    order = np.argsort(distance)
    held = np.cumsum(light.ravel()[order])
    return Star(light, float(distance[order][np.searchsorted(held, 0.5)]))


def render_field(
    star: Star,
    *,
    n_stars: int = 100,
    shape: tuple[int, int] = (768, 1024),
    sky: float = 400.0,
    noise: float = 6.0,
    flux: tuple[float, float] = (3e4, 8e5),
    hot_pixels: int = 0,
    seed: int = 1,
) -> tuple[np.ndarray, np.ndarray]:
    """A 16-bit frame of stars at random places; also the table (x, y, flux) of what is there.

    Stars keep a width from each other where there is room; fluxes follow a power law.
    """
    rng = np.random.default_rng(seed)
    half = len(star.fine) // OVERSAMPLING // 2
    image = np.full(shape, sky, float)
    places: list[tuple[float, float, float]] = []
    for _ in range(50 * n_stars):
        if len(places) == n_stars:
            break
        x, y = rng.uniform(0, shape[1] - 1), rng.uniform(0, shape[0] - 1)
        if any(np.hypot(x - px, y - py) < 3.2 * star.hfr for px, py, _ in places):
            continue
        # Number of stars brighter than f goes as 1/f.
        low, high = flux
        f = 1 / (1 / low - rng.uniform() * (1 / low - 1 / high))
        places.append((x, y, f))
        _add(image, star, x, y, f, half)
    image += rng.normal(0, 1, shape) * np.sqrt(noise**2 + np.clip(image - sky, 0, None))
    rows, columns = rng.integers(0, shape[0], hot_pixels), rng.integers(0, shape[1], hot_pixels)
    image[rows, columns] += rng.uniform(500, 30_000, hot_pixels)
    pairs = max(1, hot_pixels // 10) if hot_pixels else 0
    image[rows[:pairs], np.clip(columns[:pairs] + 1, 0, shape[1] - 1)] += 5_000
    frame = np.clip(np.rint(image), 0, 65_535).astype(np.uint16)
    return frame, np.array([*places]).reshape(-1, 3)


def _add(image: np.ndarray, star: Star, x: float, y: float, flux: float, half: int) -> None:
    column, row = round(x), round(y)
    stamp = flux * star.stamp(x - column, y - row)
    top, left = row - half, column - half
    a, b = max(0, top), min(image.shape[0], top + len(stamp))
    c, d = max(0, left), min(image.shape[1], left + len(stamp))
    image[a:b, c:d] += stamp[a - top : b - top, c - left : d - left]


@pytest.fixture(scope="session")
def star() -> Callable[..., Star]:
    return make_star


@pytest.fixture(scope="session")
def field() -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    return render_field
