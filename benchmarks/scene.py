"""A frame in the making: stars on a sky, and what a camera makes of it; no code of focusbench."""

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from fields import (
    OVERSAMPLING,
    READ_NOISE,
    Optics,
    _cosmic_rays,
    _hot_pixels,
    half_flux_radius,
    power_law,
    stamps,
)


@dataclass
class Scene:
    """A frame in the making: light in electrons, and what is to be done to it.

    Attributes
    ----------
    light : float32 array, shape (n_y, n_x), electrons
    optics : Optics
    rng : numpy.random.Generator
    truth : list of float, pixels
        Half-flux radius of each star.
    header : dict
    """

    light: np.ndarray
    optics: Optics
    rng: np.random.Generator
    truth: list[float] = field(default_factory=list)
    header: dict[str, object] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.light.shape

    def places(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """x, y of n places, in quarters of a pixel."""
        n_y, n_x = self.shape
        return (
            self.rng.integers(0, n_x * OVERSAMPLING, n),
            self.rng.integers(0, n_y * OVERSAMPLING, n),
        )

    def put(self, bank: np.ndarray, x4: int, y4: int, flux: float) -> None:
        """Add a star of `bank` at x4, y4 quarters of a pixel."""
        (x, i), (y, j) = divmod(int(x4), OVERSAMPLING), divmod(int(y4), OVERSAMPLING)
        size = bank.shape[-1]
        n_y, n_x = self.shape
        top, left = y - size // 2, x - size // 2
        y0, y1, x0, x1 = max(top, 0), min(top + size, n_y), max(left, 0), min(left + size, n_x)
        if y0 < y1 and x0 < x1:
            part = bank[j, i, y0 - top : y1 - top, x0 - left : x1 - left]
            self.light[y0:y1, x0:x1] += flux * part

    def stars(self, n: int, brighter: float = 1.0) -> None:
        """Stars at random places; the faintest just stand out of a plain sky."""
        bank, hfr = bank_of(self.optics)
        faintest = brighter * faintest_flux(self.optics.radius)
        for x, y, f in zip(*self.places(n), power_law(n, faintest, self.rng), strict=True):
            self.put(bank, x, y, f)
        self.truth += [hfr] * n


@lru_cache(maxsize=4)
def bank_of(optics: Optics) -> tuple[np.ndarray, float]:
    """Stamps of a star, and its half-flux radius."""
    bank = stamps(optics)
    return bank, half_flux_radius(bank)


def faintest_flux(radius: float) -> float:
    """Electrons; 4,000 in focus, 8,000 at 8 px, 25,000 at 30 and 50,000 at 60."""
    return float(np.interp(radius, [0, 8, 30, 60], [4e3, 8e3, 2.5e4, 5e4]))


def noisy(scene: Scene, gain: float = 1.0, bias: float = 0.0, read_noise: float = READ_NOISE):
    """The camera's numbers: Poisson and read noise, `gain` electrons an ADU, uint16."""
    light = np.maximum(scene.light, 0)
    noise = scene.rng.standard_normal(light.shape, dtype=np.float32)
    read = (light + noise * np.sqrt(light + np.float32(read_noise**2))) / gain + bias
    return np.clip(np.rint(read), 0, 65535).astype(np.uint16)


def spots(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Three hot pixels in 100,000, and four cosmic rays a megapixel."""
    _hot_pixels(pixels, rng)
    _cosmic_rays(pixels, rng)
    return pixels


def scene_of(
    shape: tuple[int, int], optics: Optics, rng: np.random.Generator, sky: float = 400.0
) -> Scene:
    """An even sky with a gradient of 15 %."""
    slope = np.linspace(-0.075, 0.075, shape[1], dtype=np.float32)
    return Scene(np.full(shape, sky, np.float32) * (1 + slope), optics, rng)
