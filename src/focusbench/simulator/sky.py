"""The sky: where the stars are, how bright, and the light between them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FAINTEST_E_PER_S = 800 / 3
BRIGHTEST_E_PER_S = 1_500_000 / 3
"""Rates of the faintest and of the brightest star drawn: 800 and 1.5 million electrons in an
exposure of 3 s. On the default rig the one has a signal to noise ratio of 13 in focus and is lost
at the ends of the sweep, the other saturates twice over."""

COUNT_SLOPE = 0.8
"""N(brighter than f) ∝ f^−0.8: between the −1.5 of evenly spread stars and the still flatter
counts towards the Milky Way; star counts of 0.32 dex a magnitude."""

GALAXY_E_PER_S = (500.0, 2500.0)
"""Rates of the galaxies drawn: plain in focus, and below the noise when spread over a donut."""


@dataclass(frozen=True, eq=False)
class Galaxies:
    """Round smudges, wider than any star.

    Attributes
    ----------
    x, y, rate_e_per_s : float array, shape (n_galaxies,)
        As of stars.
    fwhm_px : float, pixels at 1×1
        Their own width, to which seeing and defocus come.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    rate_e_per_s: NDArray[np.float64]
    fwhm_px: float


@dataclass(frozen=True, eq=False)
class Sky:
    """A field of stars and its background.

    Attributes
    ----------
    x, y : float array, shape (n_stars,), pixels at 1×1
        Column and row from the centre of the first pixel.
    rate_e_per_s : float array, shape (n_stars,), electrons per second
        Whole light of each star.
    background_e_per_s : float, electrons per second and pixel
        Mean light of the sky.
    gradient : float
        Difference of the sky between two opposite corners, over its mean.
    galaxies : Galaxies or None
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    rate_e_per_s: NDArray[np.float64]
    background_e_per_s: float = 20.0
    gradient: float = 0.05
    galaxies: Galaxies | None = None

    def background(self, shape: tuple[int, int]) -> NDArray[np.float64]:
        """Light of the sky alone, electrons per second and pixel, shape `shape`."""
        row = np.linspace(-0.25, 0.25, shape[0])[:, None]
        column = np.linspace(-0.25, 0.25, shape[1])[None, :]
        return self.background_e_per_s * (1 + self.gradient * (row + column))


def random_sky(
    rng: np.random.Generator,
    shape: tuple[int, int],
    n_stars: int,
    *,
    background_e_per_s: float = 20.0,
) -> Sky:
    """Draw a star field.

    Places are uniform over the frame. Brightness follows a truncated power law, one star from
    each of `n_stars` equal shares of it, so that no field is by chance without bright stars.

    Parameters
    ----------
    rng : numpy.random.Generator
    shape : (int, int)
        Rows and columns of the frame at 1×1.
    n_stars : int
    background_e_per_s : float, electrons per second and pixel
    """
    share = (np.arange(n_stars) + rng.random(n_stars)) / max(n_stars, 1)
    # Inverse of the truncated power law's cumulative distribution.
    faint, bright = FAINTEST_E_PER_S**-COUNT_SLOPE, BRIGHTEST_E_PER_S**-COUNT_SLOPE
    return Sky(
        x=rng.uniform(-0.5, shape[1] - 0.5, n_stars),
        y=rng.uniform(-0.5, shape[0] - 0.5, n_stars),
        rate_e_per_s=(faint - share * (faint - bright)) ** (-1 / COUNT_SLOPE),
        background_e_per_s=background_e_per_s,
    )


def random_galaxies(
    rng: np.random.Generator, shape: tuple[int, int], n_galaxies: int, fwhm_px: float
) -> Galaxies:
    """Draw galaxies, uniform over the frame and in the logarithm of their brightness."""
    low, high = np.log(GALAXY_E_PER_S)
    return Galaxies(
        x=rng.uniform(-0.5, shape[1] - 0.5, n_galaxies),
        y=rng.uniform(-0.5, shape[0] - 0.5, n_galaxies),
        rate_e_per_s=np.exp(rng.uniform(low, high, n_galaxies)),
        fwhm_px=fwhm_px,
    )
