"""Thinned and binned frames against frames that were rendered shorter or binned."""

import numpy as np
import pytest

from focusbench.errors import OptionsError
from focusbench.frames import Frame
from focusbench.simulator import Optics, Sensor, random_sky, render_frame
from focusbench.stars import measure
from focusbench.tuning import bin_frame, sensor_noise, thin

SENSOR = Sensor(shape=(400, 520))
SKY = random_sky(np.random.default_rng(4), SENSOR.shape, 60, background_e_per_s=20)


def rendered(exposure_s, seed, *, defocus_um=150.0, binning=1):
    pixels = render_frame(
        SKY,
        Optics(7.0, 0.3),
        SENSOR,
        defocus_um=defocus_um,
        fwhm_px=3.0,
        exposure_s=exposure_s,
        binning=binning,
        rng=np.random.default_rng(seed),
    )
    header = {"EGAIN": SENSOR.gain_e_per_adu, "RDNOISE": SENSOR.read_noise_e}
    return Frame(pixels, exposure_s=exposure_s, binning=binning, header=header)


@pytest.mark.parametrize("sky_e", [2.0, 20.0, 400.0])
@pytest.mark.parametrize("share", [0.1, 0.5])
def test_light_and_noise_are_those_of_the_shorter_exposure(sky_e, share):
    """Poisson counts λ with read noise r become counts of share·λ with the same read noise."""
    rng = np.random.default_rng(7)
    gain, read_e, star_e = 0.5, 3.0, 100.0
    light = np.full((500, 600), sky_e)
    light[:, :20] += star_e
    counted = rng.poisson(light) + read_e * rng.standard_normal(light.shape)
    frame = Frame(np.rint(300 + counted / gain).astype(np.uint16), exposure_s=4.0)
    thinned = thin(frame, share, rng, sensor_noise(frame, gain, read_e))
    electrons = gain * thinned.pixels.astype(float)
    star, sky = electrons[:, :20], electrons[:, 20:]
    assert thinned.exposure_s == pytest.approx(4 * share)
    # 10 000 pixels of the star tell its mean to 0.1 electrons, its variance to 1.4 %; the light of
    # the sky is told by the noise, to some per cent.
    assert star.mean() - sky.mean() == pytest.approx(share * star_e, abs=0.4)
    for part, light_e in ((sky, sky_e), (star, sky_e + star_e)):
        expected = share * light_e + read_e**2 + gain**2 / 12
        assert part.var() == pytest.approx(expected, rel=0.06)


def test_stars_of_a_thinned_frame_are_those_of_a_short_exposure():
    """Number, value and error agree with frames that the simulator exposed for that long."""
    short = [measure(rendered(1.0, seed)) for seed in range(5)]
    thinned = [
        measure(thin(rendered(5.0, 100 + seed), 0.2, np.random.default_rng(seed)))
        for seed in range(5)
    ]

    def mean(of, frames):
        return np.mean([getattr(m, of) for m in frames])

    assert mean("n_stars", thinned) == pytest.approx(mean("n_stars", short), rel=0.12)
    error = np.hypot(mean("error", thinned), mean("error", short)) / np.sqrt(5)
    assert mean("value", thinned) == pytest.approx(mean("value", short), abs=3 * error)
    # Errors of 5 frames with some 30 stars each are known to a tenth or two.
    assert mean("error", thinned) == pytest.approx(mean("error", short), rel=0.4)


def test_what_is_saturated_stays_saturated():
    pixels = np.random.default_rng(1).normal(500, 5, (64, 64)).astype(np.uint16)
    pixels[20:23, 30:33] = 65_535
    thinned = thin(Frame(pixels, header={"EGAIN": 1.0}), 0.1, np.random.default_rng(0))
    assert (thinned.pixels[20:23, 30:33] == 65_535).all()
    assert thinned.header["SATURATE"] == 65_535


def test_binned_pixels_are_means_and_keep_saturation():
    pixels = np.arange(7 * 9, dtype=np.uint16).reshape(7, 9)
    binned = bin_frame(Frame(pixels, header={"SATURATE": 40.0, "XPIXSZ": 3.0}), 2)
    assert binned.pixels.shape == (3, 4)
    assert binned.pixels[0, 0] == np.mean(pixels[:2, :2])
    assert binned.pixels[2, 0] == 40.0  # of 36, 37, 45, 46
    assert (binned.binning, binned.header["XPIXSZ"]) == (2, 6.0)


def test_a_binned_frame_measures_like_one_that_the_camera_binned():
    ours = [measure(bin_frame(rendered(3.0, seed), 2)) for seed in range(3)]
    camera = [measure(rendered(3.0, 50 + seed, binning=2)) for seed in range(3)]
    values = [np.mean([m.value for m in side]) for side in (ours, camera)]
    error = np.sqrt(np.mean([m.error**2 for m in (*ours, *camera)])) * np.sqrt(2 / 3)
    assert values[0] == pytest.approx(values[1], abs=3 * error)


def test_what_the_header_does_not_say_is_assumed_in_words():
    frame = rendered(3.0, 1)
    said = sensor_noise(frame)
    assert said.assumptions == ()
    assert said.sky_e == pytest.approx(60, rel=0.1)
    assert said.bias_adu == pytest.approx(500, abs=10)
    silent = sensor_noise(Frame(frame.pixels, exposure_s=3.0))
    assert [("gain" in words, "read noise" in words) for words in silent.assumptions] == [
        (True, False),
        (False, True),
    ]


@pytest.mark.parametrize("share", [0.0, -1.0, 1.5])
def test_a_share_out_of_bounds_is_refused(share):
    with pytest.raises(OptionsError, match="share of the exposure"):
        thin(rendered(3.0, 1), share, np.random.default_rng(0))
