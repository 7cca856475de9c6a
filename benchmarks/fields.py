"""Fields of stars with known truth, rendered without any code of focusbench.

Optics: a Moffat profile (seeing; Moffat 1969, β = 3) convolved with a uniformly lit annulus (the
shadow of the telescope's aperture in a plane out of focus). Rendered at four times the
resolution, summed into pixels at quarter-pixel positions. The truth is the radius that holds half
of the noise-free, pixel-integrated star.
"""

from dataclasses import dataclass

import numpy as np
from scipy.signal import fftconvolve

OVERSAMPLING = 4  # even: quarter-pixel positions are whole fine pixels
SKY = 400.0  # electrons, one a data number
READ_NOISE = 5.0


@dataclass(frozen=True)
class Optics:
    """What one star looks like.

    Attributes
    ----------
    radius : float, pixels
        Outer radius of the donut; 0 in focus.
    obstruction : float
        Inner radius over the outer one.
    seeing : float, pixels
        FWHM of the Moffat profile.
    """

    radius: float
    obstruction: float = 0.0
    seeing: float = 3.5


@dataclass(frozen=True)
class Field:
    """A rendered frame and what is in it.

    Attributes
    ----------
    pixels : uint16 array, shape (n_y, n_x), ADU
    x, y, flux : arrays, shape (n_stars,)
    hfr : float, pixels
        Half-flux radius of every star.
    hot, cosmic : arrays, shape (n, 2)
        x, y of hot pixels, and of every pixel that a cosmic ray lit.
    optics : Optics
    """

    pixels: np.ndarray
    x: np.ndarray
    y: np.ndarray
    flux: np.ndarray
    hfr: float
    hot: np.ndarray
    cosmic: np.ndarray
    optics: Optics


def fine_star(optics: Optics) -> np.ndarray:
    """One star of flux 1 at `OVERSAMPLING` times the resolution, centred on the middle pixel."""
    reach = optics.radius + 8 * optics.seeing + 4
    half = int(np.ceil(reach)) * OVERSAMPLING + OVERSAMPLING
    axis = np.arange(-half, half + 1) / OVERSAMPLING
    r2 = axis[:, None] ** 2 + axis**2
    core = optics.seeing / 2 / np.sqrt(2 ** (1 / 3) - 1)
    star = (1 + r2 / core**2) ** -3.0
    if optics.radius > 0:
        # the lit share of each fine pixel, from its distance to the edges
        r = np.sqrt(r2) * OVERSAMPLING
        outer = optics.radius * OVERSAMPLING
        lit = np.clip(outer - r + 0.5, 0, 1)
        lit -= np.clip(optics.obstruction * outer - r + 0.5, 0, 1) if optics.obstruction else 0
        star = np.maximum(fftconvolve(star, lit, mode="same"), 0)
    return star / star.sum()


def on_pixels(fine: np.ndarray) -> np.ndarray:
    """Light that a pixel holds, for pixels centred on every fine sample."""
    # With an even number of samples the box is one wide of the centre, so its two ends count half.
    ends = np.full(OVERSAMPLING + 1, 1.0)
    ends[[0, -1]] = 0.5
    return np.maximum(fftconvolve(fine, np.outer(ends, ends), mode="same"), 0)


def stamps(optics: Optics) -> np.ndarray:
    """Pixel-integrated stars at all quarter-pixel offsets, as from `stamps_of`."""
    return stamps_of(fine_star(optics))


def stamps_of(fine: np.ndarray) -> np.ndarray:
    """Pixel-integrated stamps of a star given at `OVERSAMPLING` times the resolution.

    Parameters
    ----------
    fine : array, shape (m, m)
        Centred on its middle sample.

    Returns
    -------
    array, shape (OVERSAMPLING, OVERSAMPLING, n, n)
        Index j, i: the centre lies at (n // 2 + i / OVERSAMPLING, n // 2 + j / OVERSAMPLING).
    """
    box = on_pixels(fine)
    middle = len(box) // 2
    n = 2 * (middle // OVERSAMPLING) - 1
    out = np.empty((OVERSAMPLING, OVERSAMPLING, n, n), np.float32)
    for j in range(OVERSAMPLING):
        for i in range(OVERSAMPLING):
            first = middle - (n // 2) * OVERSAMPLING
            rows = first - j + OVERSAMPLING * np.arange(n)
            columns = first - i + OVERSAMPLING * np.arange(n)
            out[j, i] = box[np.ix_(rows, columns)]
    return out


def half_flux_radius(bank: np.ndarray, share: float = 0.5) -> float:
    """Radius that holds half, or another share, of the picture that the pixels are samples of.

    That is the star smeared once by a pixel. To spread each pixel's light over its square
    would smear it twice: 1.5 % more at 2.3 px.

    Parameters
    ----------
    bank : array, shape (OVERSAMPLING, OVERSAMPLING, n, n)
        As from `stamps_of`: together they are that picture.
    """
    n = bank.shape[-1]
    # Row j, r of the bank is fine row OVERSAMPLING r − j.
    box = bank[::-1, ::-1].transpose(2, 0, 3, 1).reshape(n * OVERSAMPLING, n * OVERSAMPLING)
    middle = OVERSAMPLING * (n // 2) + OVERSAMPLING - 1
    axis = (np.arange(len(box)) - middle) / OVERSAMPLING
    r = np.hypot(axis[:, None], axis).ravel()
    order = np.argsort(r)
    held = np.cumsum(box.ravel()[order], dtype=float)
    # the samples on one circle count together: interpolate between circles, in the area
    area = np.arange(1, len(r) + 1) / OVERSAMPLING**2
    return float(np.sqrt(np.interp(share, held / held[-1], area) / np.pi))


def power_law(n: int, faintest: float, rng: np.random.Generator) -> np.ndarray:
    """Fluxes with as many stars above F as 1 / F, from `faintest` to 2,000 times it."""
    share = rng.uniform(1 / 2000, 1, n)
    return faintest / share


def render(
    shape: tuple[int, int], optics: Optics, n_stars: int, faintest: float, seed: int
) -> Field:
    """A field of stars on a sky with a gradient of 15 %, hot pixels and cosmic rays."""
    rng = np.random.default_rng(seed)
    n_y, n_x = shape
    bank = stamps(optics)
    size = bank.shape[-1]
    image = np.empty(shape, np.float32)
    tilt = np.linspace(-0.075, 0.075, n_x, dtype=np.float32)
    image[:] = SKY * (1 + tilt)
    fx = rng.integers(0, n_x * OVERSAMPLING, n_stars)
    fy = rng.integers(0, n_y * OVERSAMPLING, n_stars)
    flux = power_law(n_stars, faintest, rng)
    for x4, y4, f in zip(fx, fy, flux, strict=True):
        (x, i), (y, j) = divmod(x4, OVERSAMPLING), divmod(y4, OVERSAMPLING)
        top, left = y - size // 2, x - size // 2
        y0, y1, x0, x1 = max(top, 0), min(top + size, n_y), max(left, 0), min(left + size, n_x)
        image[y0:y1, x0:x1] += f * bank[j, i, y0 - top : y1 - top, x0 - left : x1 - left]
    pixels = np.empty(shape, np.uint16)
    for row in range(0, n_y, 512):  # in strips, for the memory's sake
        part = image[row : row + 512]
        noise = rng.standard_normal(part.shape, dtype=np.float32)
        part += noise * np.sqrt(part + np.float32(READ_NOISE**2))
        pixels[row : row + 512] = np.clip(np.rint(part), 0, 65535)
    hot = _hot_pixels(pixels, rng)
    cosmic = _cosmic_rays(pixels, rng)
    return Field(
        pixels,
        fx / OVERSAMPLING,
        fy / OVERSAMPLING,
        flux,
        half_flux_radius(bank),
        hot,
        cosmic,
        optics,
    )


def _hot_pixels(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Three in 100,000 pixels, each tenth with a neighbour; 2,000 to 60,000 above the sky."""
    n_y, n_x = pixels.shape
    n = round(3e-5 * pixels.size)
    y, x = rng.integers(0, n_y, n), rng.integers(0, n_x - 1, n)
    pair = n // 10
    y, x = np.r_[y, y[:pair]], np.r_[x, x[:pair] + 1]
    height = 10 ** rng.uniform(3.3, 4.78, len(x))
    pixels[y, x] = np.minimum(pixels[y, x] + height, 65535)
    return np.c_[x, y]


def _cosmic_rays(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Four a megapixel: straight tracks of 2 to 12 pixels, 500 to 5,000 a pixel."""
    n_y, n_x = pixels.shape
    lit = []
    for _ in range(round(4e-6 * pixels.size)):
        x, y, angle = rng.uniform(0, n_x), rng.uniform(0, n_y), rng.uniform(0, np.pi)
        along = np.arange(rng.integers(2, 13))
        px = np.rint(x + along * np.cos(angle)).astype(int)
        py = np.rint(y + along * np.sin(angle)).astype(int)
        inside = (px >= 0) & (px < n_x) & (py >= 0) & (py < n_y)
        px, py = px[inside], py[inside]
        height = rng.uniform(500, 5000) * rng.uniform(0.7, 1.3, len(px))
        pixels[py, px] = np.minimum(pixels[py, px] + height, 65535)
        lit.append(np.c_[px, py])
    return np.concatenate(lit) if lit else np.zeros((0, 2), int)
