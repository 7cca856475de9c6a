"""The half-flux radius rises with defocus, whatever the pupil and the seeing."""

import numpy as np
import pytest
from scipy.special import j1, kv

from focusbench.stars import measure

RADII = (0, 2, 4, 6, 8, 12, 16, 24, 32, 48, 64)


def _star(radius, obstruction, seeing, shift):
    """A star by its transfer function, so that no sampling of its edges is in the way.

    Moffat's (β = 3) is q² K₂(q) / 2 with q = k α, a disc's 2 J₁(k R) / (k R), a pixel's sinc; on
    half pixels, of which every second one is a pixel.
    """
    side = 2 * int(48 + 3 * radius)
    f = np.fft.fftfreq(2 * side, 0.5)
    along = f[: side + 1]
    k = np.linspace(1e-9, 2 * np.pi * 2**0.5, 6000)
    alpha = seeing / 2 / np.sqrt(2 ** (1 / 3) - 1)
    transfer = 0.5 * (k * alpha) ** 2 * kv(2, k * alpha)
    if radius > 0:
        disc = [2 * j1(k * r) / (k * r) * r**2 for r in (radius, obstruction * radius) if r]
        transfer *= (disc[0] - sum(disc[1:])) / (radius**2 * (1 - obstruction**2))
    image = np.interp(2 * np.pi * np.hypot(f[:, None], along), k, transfer)
    image = image * np.sinc(f)[:, None] * np.sinc(along)
    x, y = side / 2 + shift[0], side / 2 + shift[1]
    phase = np.exp(-2j * np.pi * (f[:, None] * y + along * x))
    return np.fft.irfft2(image * phase, s=(2 * side, 2 * side))[::2, ::2] * 4


@pytest.mark.parametrize("obstruction", [0.0, 0.35, 0.5])
@pytest.mark.parametrize("seeing", [1.8, 3.5, 6.0])
def test_without_noise_the_radius_rises_at_every_step(obstruction, seeing):
    rng = np.random.default_rng(int(100 * obstruction + seeing))
    values = []
    for radius in RADII:
        star = _star(radius, obstruction, seeing, rng.uniform(-0.5, 0.5, 2))
        values.append(measure(100.0 + 1e6 * star).value)
    assert (np.diff(values) > 0).all()
    # Well out of focus it is that of an annulus, R √((1 + ε²) / 2), which seeing widens a little.
    annulus = 64 * np.sqrt((1 + obstruction**2) / 2)
    assert values[-1] == pytest.approx(annulus, rel=0.01)


def test_in_fields_the_steps_stand_out_of_the_errors(star, field):
    values, errors = [], []
    for radius in (0, 2, 4, 8, 16):
        pixels, _ = field(star(radius, 0.35, fwhm=6.0), n_stars=60, flux=(3e4, 1e6), seed=radius)
        measured = measure(pixels)
        values.append(measured.value)
        errors.append(measured.error)
    # The least step, from the best focus to R = 2 under seeing of 6 px, is 7 % of the radius: with
    # sixty stars seven errors or more; with 300, measured by benchmarks/through_focus.py, 24.
    assert (np.diff(values) > 5 * np.hypot(errors[1:], errors[:-1])).all()
