"""Skies that are hard to measure under, each rendered with known truth.

Rendered here, with the stars of `fields.py`, without any code of focusbench.
"""

from collections.abc import Callable

import numpy as np
from fields import (
    OVERSAMPLING,
    READ_NOISE,
    Optics,
    fine_star,
    half_flux_radius,
    power_law,
    stamps_of,
)
from scene import Scene, bank_of, faintest_flux, noisy, scene_of, spots
from scipy.ndimage import gaussian_filter
from scipy.signal import fftconvolve

SEEING = (2.2, 3.5, 5.0)
SHAPES = ((1000, 1400), (1600, 2200), (2050, 3070))


def ripple(
    shape: tuple[int, int], rng: np.random.Generator, short: float, long: float
) -> np.ndarray:
    """Random structure of wavelengths `short` to `long` pixels, between −1 and 1."""
    n_y, n_x = shape
    frequency = np.hypot(np.fft.fftfreq(n_y)[:, None], np.fft.rfftfreq(n_x))
    band = (frequency > 1 / long) & (frequency < 1 / short)
    phases = np.exp(2j * np.pi * rng.random(band.shape)) * rng.rayleigh(1.0, band.shape)
    wave = np.fft.irfft2(band * phases, s=shape)
    return (wave / np.abs(wave).max()).astype(np.float32)


def plain(optics, rng):
    """Nothing hard: 60 stars on an even sky."""
    scene = scene_of((1200, 1600), optics, rng)
    scene.stars(60)
    return scene, spots(noisy(scene), rng)


def nebula(optics, rng):
    """40 stars on a bright nebula with 30 % structure of 250 to 350 px."""
    scene = scene_of(SHAPES[rng.integers(3)], optics, rng, sky=10 ** rng.uniform(2.6, 3.6))
    scene.light *= 1 + 0.3 * ripple(scene.shape, rng, 250, 350)
    scene.stars(40)
    return scene, spots(noisy(scene), rng)


def knots(optics, rng):
    """40 stars on bright knots, each a Gaussian of 250 to 350 px full width, 30 % of the sky."""
    scene = scene_of(SHAPES[rng.integers(3)], optics, rng, sky=10 ** rng.uniform(2.6, 3.6))
    n_y, n_x = scene.shape
    structure = np.zeros(scene.shape, np.float32)
    for _ in range(round(n_y * n_x / 140_000)):
        x, y, sigma = rng.uniform(0, n_x), rng.uniform(0, n_y), rng.uniform(250, 350) / 2.3548
        across = np.exp(-0.5 * ((np.arange(n_x) - x) / sigma) ** 2)
        down = np.exp(-0.5 * ((np.arange(n_y) - y) / sigma) ** 2)
        structure += (rng.uniform(0.3, 1) * down[:, None] * across).astype(np.float32)
    scene.light *= 1 + 0.3 * structure
    scene.stars(40)
    return scene, spots(noisy(scene), rng)


def galaxy(optics, rng):
    """A spiral galaxy over a quarter of the frame: core, disc, arms with knots; 50 stars."""
    scene = scene_of((1400, 1900), optics, rng)
    n_y, n_x = scene.shape
    cx, cy = n_x * rng.uniform(0.35, 0.65), n_y * rng.uniform(0.35, 0.65)
    turn, flat = rng.uniform(0, np.pi), rng.uniform(0.5, 0.9)
    y, x = np.mgrid[:n_y, :n_x].astype(np.float32)
    u = (x - cx) * np.cos(turn) + (y - cy) * np.sin(turn)
    v = ((y - cy) * np.cos(turn) - (x - cx) * np.sin(turn)) / flat
    r = np.hypot(u, v)
    size = np.sqrt(n_y * n_x / 4 / np.pi / flat)  # its visible area is a quarter of the frame
    arms = 1 + 0.5 * np.cos(2 * np.arctan2(v, u) - 5 * np.log(r / 30 + 1))
    bright = 10 ** rng.uniform(2.3, 3.5)
    disc = bright * np.exp(-3.5 * r / size) * arms
    disc += 10 * bright * np.exp(-((r / 25 + 0.01) ** 0.6) * 2.5)
    scene.light += fftconvolve(disc, bank_of(optics)[0][0, 0], mode="same").astype(np.float32)
    bank = bank_of(optics)[0]
    for _ in range(25):  # knots in the arms: points and small clouds
        a, d = rng.uniform(0, 2 * np.pi), size * rng.uniform(0.1, 0.8)
        kx = cx + d * (np.cos(a) * np.cos(turn) - flat * np.sin(a) * np.sin(turn))
        ky = cy + d * (np.cos(a) * np.sin(turn) + flat * np.sin(a) * np.cos(turn))
        flux, wide = faintest_flux(optics.radius) * rng.uniform(0.3, 2), rng.uniform(2, 12)
        for _ in range(20):
            dx, dy = rng.normal(0, wide, 2)
            scene.put(bank, 4 * (kx + dx), 4 * (ky + dy), flux / 20)
    scene.stars(50)
    return scene, spots(noisy(scene), rng)


def clouds(optics, rng):
    """Clouds of 200 to 900 px, lit by the moon: they dim the stars by up to 70 %."""
    scene = scene_of((1300, 1700), optics, rng, sky=0.0)
    thick = gaussian_filter(rng.standard_normal((130, 170)), 12)
    fine = gaussian_filter(rng.standard_normal((130, 170)), 5)
    cover = thick / thick.std() + 0.4 * fine / fine.std()
    cover = np.clip((cover - cover.min()) / np.ptp(cover), 0, 1)
    cover = np.kron(cover, np.ones((10, 10))).astype(np.float32)
    cover = gaussian_filter(cover, 8)
    scene.stars(80, brighter=1.5)
    scene.light *= 1 - 0.7 * cover
    scene.light += 400 + 900 * cover
    return scene, spots(noisy(scene), rng)


def trail(optics, rng):
    """A bright satellite's trail across 60 stars."""
    scene = scene_of((1200, 1600), optics, rng)
    scene.stars(60)
    n_y, n_x = scene.shape
    bank, angle = bank_of(optics)[0], rng.uniform(0.1, 1.3) * rng.choice([-1, 1])
    x0, y0 = n_x * rng.uniform(0.3, 0.7), n_y * rng.uniform(0.3, 0.7)
    flux = faintest_flux(optics.radius) * 10 ** rng.uniform(-1, 0.3)
    for s in np.arange(-2200, 2200, 2.0):
        scene.put(bank, 4 * (x0 + s * np.cos(angle)), 4 * (y0 + s * np.sin(angle)), flux)
    return scene, spots(noisy(scene), rng)


def ray_star(optics: Optics, stretch: float, coma: float, angle: float) -> np.ndarray:
    """Bank of one star with coma (transverse ray aberration, Mahajan 2011) and its own defocus.

    A ray through the pupil at ρ, θ falls at defocus · ρ (cos θ, sin θ) + coma · ρ² (2 + cos 2θ,
    sin 2θ); pixels.
    """
    seen = Optics(abs(optics.radius + stretch), optics.obstruction, optics.seeing)
    rho = np.sqrt((np.arange(400) + 0.5) / 400 * (1 - seen.obstruction**2) + seen.obstruction**2)
    theta = (np.arange(720) + 0.5) / 720 * 2 * np.pi
    rho, theta = rho[:, None], theta[None, :]
    u = seen.radius * rho * np.cos(theta) + coma * rho**2 * (2 + np.cos(2 * theta))
    v = seen.radius * rho * np.sin(theta) + coma * rho**2 * np.sin(2 * theta)
    u, v = u - u.mean(), v - v.mean()
    x, y = u * np.cos(angle) - v * np.sin(angle), u * np.sin(angle) + v * np.cos(angle)
    half = int(np.ceil(seen.radius + 3 * coma + 8 * seen.seeing + 4)) * OVERSAMPLING
    n = 2 * half + 1
    spot = np.histogram2d(
        (y * OVERSAMPLING).ravel(),
        (x * OVERSAMPLING).ravel(),
        bins=n,
        range=[[-half - 0.5, half + 0.5]] * 2,
    )[0]
    axis = np.arange(-half, half + 1) / OVERSAMPLING
    core = seen.seeing / 2 / np.sqrt(2 ** (1 / 3) - 1)
    moffat = (1 + (axis[:, None] ** 2 + axis**2) / core**2) ** -3.0
    fine = np.maximum(fftconvolve(spot, moffat, mode="same"), 0)
    return stamps_of(fine / fine.sum())


def coma(optics, rng):
    """Tilt and coma that grow towards the corners, 80 stars; the truth is their median radius."""
    scene = scene_of((1300, 1700), optics, rng)
    n_y, n_x = scene.shape
    n, cells = 80, 6
    tilt, strength = rng.uniform(1, 2), rng.uniform(1.5, 3)
    x, y = scene.places(n)
    flux = power_law(n, faintest_flux(optics.radius), rng)
    cell = (y * cells // (n_y * OVERSAMPLING)) * cells + x * cells // (n_x * OVERSAMPLING)
    for k in np.unique(cell):
        u = ((k % cells) + 0.5) / cells * 2 - 1
        v = ((k // cells) + 0.5) / cells * 2 - 1
        bank = ray_star(optics, tilt * u, strength * np.hypot(u, v) / 2**0.5, np.arctan2(v, u))
        hfr = half_flux_radius(bank)
        for s in np.flatnonzero(cell == k):
            scene.put(bank, x[s], y[s], flux[s])
            scene.truth.append(hfr)
    return scene, spots(noisy(scene), rng)


def trailed(optics, rng):
    """Guiding failed: every star is drawn out by 4 to 10 px."""
    scene = scene_of((1200, 1600), optics, rng)
    fine = fine_star(optics)
    length, angle = rng.uniform(4, 10), rng.uniform(0, np.pi)
    pad = int(np.ceil(length * OVERSAMPLING / 2)) + OVERSAMPLING
    fine = np.pad(fine, pad)
    line = np.zeros_like(fine)
    middle = len(fine) // 2
    for s in np.linspace(-length / 2, length / 2, 400):
        at = middle + np.rint(OVERSAMPLING * s * np.array([np.sin(angle), np.cos(angle)]))
        line[tuple(at.astype(int))] += 1 / 400
    bank = stamps_of(np.maximum(fftconvolve(fine, line, mode="same"), 0))
    for x, y, f in zip(
        *scene.places(60), power_law(60, faintest_flux(optics.radius), rng), strict=True
    ):
        scene.put(bank, x, y, f)
    scene.truth.append(half_flux_radius(bank))
    return scene, spots(noisy(scene), rng)


def bayer(optics, rng):
    """A colour mosaic, its stars of many colours; every second frame does not say so."""
    scene = scene_of((1200, 1600), optics, rng)
    bank, hfr = bank_of(optics)
    planes = []
    x, y = scene.places(60)
    flux = 1.5 * power_law(60, faintest_flux(optics.radius), rng)
    warm = rng.normal(0, 0.25, 60)
    for sky, share, slope in ((0.5, 0.6, 1), (1.0, 1.0, 0), (0.7, 0.55, -1)):
        plane = Scene(scene.light * np.float32(sky), optics, rng)
        for k in range(60):
            plane.put(bank, x[k], y[k], flux[k] * share * np.exp(slope * warm[k]))
        planes.append(plane.light)
    red, green, blue = planes
    scene.light = green
    scene.light[::2, ::2], scene.light[1::2, 1::2] = red[::2, ::2], blue[1::2, 1::2]
    scene.truth.append(hfr)
    if rng.random() < 0.5:
        scene.header["BAYERPAT"] = "RGGB"
    return scene, spots(noisy(scene), rng)


def odd_width(optics, rng):
    """A width and a height that no power of two divides."""
    scene = scene_of((1157, 1623), optics, rng)
    scene.stars(60)
    return scene, spots(noisy(scene), rng)


def dead_columns(optics, rng):
    """Dead, dim and bright columns, whole and in part, and a dead row."""
    scene = scene_of((1200, 1600), optics, rng)
    scene.stars(70)
    pixels = spots(noisy(scene), rng)
    n_y, n_x = pixels.shape
    pixels[:, rng.integers(0, n_x, 5)] = 0
    pixels[rng.integers(0, n_y)] = 0
    for x in rng.integers(0, n_x, 6):
        pixels[rng.integers(0, n_y) :, x] = rng.choice([0, 250, 2_000, 65_535])
    x = rng.integers(0, n_x - 1)
    pixels[:, x : x + 2] = 0
    return scene, pixels


def saturated(optics, rng):
    """A third of the stars are saturated, at 16 bits or at a full well of 14 bits."""
    scene = scene_of((1200, 1600), optics, rng)
    bank, hfr = bank_of(optics)
    top = int(rng.choice([16_383, 65_535]))
    peak = float(bank[0, 0].max())
    n = 60
    flux = (top / peak) * 10 ** rng.uniform(-1.6, 0.8, n)
    for x, y, f in zip(*scene.places(n), flux, strict=True):
        scene.put(bank, x, y, f)
    scene.truth.append(hfr)
    return scene, np.minimum(spots(noisy(scene), rng), top).astype(np.uint16)


def short(optics, rng):
    """A short exposure: the noise is less than one ADU."""
    scene = scene_of((1200, 1600), optics, rng, sky=10.0)
    scene.stars(60, brighter=0.5)
    gain = rng.uniform(8, 20)
    return scene, spots(noisy(scene, gain, bias=rng.uniform(20, 200), read_noise=2.0), rng)


def overscan(optics, rng):
    """A strip of 64 columns and 20 rows that saw no light."""
    scene = scene_of((1200, 1664), optics, rng)
    scene.stars(60)
    pixels = spots(noisy(scene, bias=1000.0), rng)
    blind = lambda part: np.rint(rng.normal(1000, READ_NOISE, part.shape)).astype(np.uint16)  # noqa: E731
    pixels[:, -64:] = blind(pixels[:, -64:])
    pixels[:20] = blind(pixels[:20])
    return scene, pixels


SKIES: dict[str, Callable] = {
    "plain": plain,
    "nebula": nebula,
    "knots": knots,
    "galaxy": galaxy,
    "clouds": clouds,
    "trail": trail,
    "coma": coma,
    "trailed": trailed,
    "bayer": bayer,
    "odd width": odd_width,
    "dead columns": dead_columns,
    "saturated": saturated,
    "short": short,
    "overscan": overscan,
}


def render(
    sky: str, radius: float, obstruction: float, seed: int
) -> tuple[np.ndarray, dict[str, object], float]:
    """One frame.

    Returns
    -------
    pixels : uint16 array
    header : dict
    truth : float, pixels
        Median half-flux radius of its stars.
    """
    place = list(SKIES).index(sky)
    rng = np.random.default_rng([seed, place, int(10 * radius), int(100 * obstruction)])
    optics = Optics(radius, obstruction, float(rng.choice(SEEING)))
    scene, pixels = SKIES[sky](optics, rng)
    return pixels, scene.header, float(np.median(scene.truth))
