"""Sky, noise and sensor: what a rendered frame consists of."""

import numpy as np
import pytest

from focusbench.simulator import (
    Optics,
    Seeing,
    Sensor,
    Sky,
    random_sensor,
    random_sky,
    render_frame,
)

NO_STARS = np.zeros(0)


def frame_of(sky, sensor, *, exposure_s=3.0, binning=1, rng=None, defocus_um=0.0):
    return render_frame(
        sky,
        Optics(),
        sensor,
        defocus_um=defocus_um,
        fwhm_px=3.0,
        exposure_s=exposure_s,
        binning=binning,
        rng=rng,
    )


def dark_sky(background_e_per_s=20.0, gradient=0.0):
    return Sky(NO_STARS, NO_STARS, NO_STARS, background_e_per_s, gradient)


@pytest.mark.parametrize("gain", [0.25, 0.8, 2.0])
def test_noise_is_shot_noise_and_read_noise(gain):
    sensor = Sensor(shape=(400, 400), gain_e_per_adu=gain, read_noise_e=3.0, bias_adu=500.0)
    frame = frame_of(dark_sky(), sensor, rng=np.random.default_rng(1)).astype(float)
    electrons = 60.0
    assert frame.mean() == pytest.approx(500 + electrons / gain, abs=0.2 / gain)
    # Rounding to whole ADU adds 1/12 ADU². A variance of 160 000 pixels is good to 0.35 %.
    expected = (electrons + 3.0**2) / gain**2 + 1 / 12
    assert frame.var() == pytest.approx(expected, rel=0.015)


def test_noisy_frames_agree_on_average_with_the_expected_frame():
    rng = np.random.default_rng(2)
    sensor = Sensor(shape=(48, 64))
    light = rng.uniform(0, 20_000, sensor.shape)
    noisy = np.mean([sensor.read(light, 3.0, rng) for _ in range(400)], axis=0)
    # σ² of one frame: (electrons + read noise²)/gain²; 5 σ of the mean of 400, 3072 pixels.
    sigma = np.sqrt((light + 9) / 400) / sensor.gain_e_per_adu
    assert np.abs((noisy - sensor.expected(light, 3.0)) / sigma).max() < 5


def test_frame_is_what_a_16_bit_camera_gives():
    sky = Sky(np.array([20.0]), np.array([20.0]), np.array([1e7]))
    frame = frame_of(sky, Sensor(shape=(41, 41)), rng=np.random.default_rng(3))
    assert frame.dtype == np.uint16
    assert frame[20, 20] == 65_535
    assert frame_of(sky, Sensor(shape=(41, 41)))[20, 20] > 65_535


def test_signal_grows_with_the_exposure_and_the_bias_does_not():
    sensor = Sensor(shape=(20, 20), bias_adu=500.0, gain_e_per_adu=0.5)
    assert frame_of(dark_sky(), sensor, exposure_s=1.0).mean() == pytest.approx(540)
    assert frame_of(dark_sky(), sensor, exposure_s=4.0).mean() == pytest.approx(660)


def test_frame_without_any_light_can_be_read():
    frame = frame_of(dark_sky(0.0), Sensor(shape=(50, 50)), rng=np.random.default_rng(4))
    assert frame.mean() == pytest.approx(500, abs=1)


def test_sky_is_brighter_in_one_corner():
    sky = dark_sky(100.0, gradient=0.1).background((30, 40))
    assert sky.mean() == pytest.approx(100.0)
    assert sky[-1, -1] - sky[0, 0] == pytest.approx(10.0)


@pytest.mark.parametrize("binning", [2, 3, 4])
def test_binning_adds_the_numbers_of_the_pixels(binning):
    rng = np.random.default_rng(5)
    sensor = random_sensor(rng, (50, 62), hot_share=0.01)
    sky = random_sky(rng, sensor.shape, 10)
    full = frame_of(sky, sensor, rng=np.random.default_rng(6)).astype(int)
    binned = frame_of(sky, sensor, rng=np.random.default_rng(6), binning=binning)
    assert binned.shape == (50 // binning, 62 // binning)
    corner = full[binning : 2 * binning, :binning].sum()
    assert binned[1, 0] == min(corner, 65_535)


def test_binned_sum_is_clipped_and_does_not_wrap():
    sky = Sky(np.array([20.0]), np.array([20.0]), np.array([3e5]))
    frame = frame_of(sky, Sensor(shape=(40, 40)), binning=2, rng=np.random.default_rng(7))
    assert frame[10, 10] == 65_535


def test_hot_pixels_stand_in_every_frame_at_the_same_place():
    sensor = random_sensor(np.random.default_rng(8), (200, 300), hot_share=1e-3)
    assert len(sensor.hot_e_per_s) == 60
    for seed in (1, 2):
        frame = frame_of(dark_sky(), sensor, rng=np.random.default_rng(seed))
        hot = frame[sensor.hot_row, sensor.hot_column].astype(float) - 575
        # 100 electrons a second and more, over a noise of 10 ADU.
        assert (hot > 150).all()
        assert (frame > 700).sum() <= 60


def test_brightness_follows_the_power_law():
    sky = random_sky(np.random.default_rng(9), (768, 1024), 10_000)
    rates = np.sort(sky.rate_e_per_s)
    # Ten times as bright: 10^0.8 = 6.3 times as few; the end of the law adds 2 %.
    ratio = (rates > 400).sum() / (rates > 4_000).sum()
    assert ratio == pytest.approx(10**0.8, rel=0.03)
    assert rates[0] >= 800 / 3
    assert rates[-1] <= 500_000


def test_stars_are_spread_over_the_whole_frame():
    sky = random_sky(np.random.default_rng(10), (300, 400), 4_000)
    counts, _, _ = np.histogram2d(sky.y, sky.x, bins=(3, 4), range=((-0.5, 299.5), (-0.5, 399.5)))
    assert counts.sum() == 4_000
    # 333 ± 17 expected in each twelfth.
    assert np.abs(counts - 4_000 / 12).max() < 5 * np.sqrt(4_000 / 12)


@pytest.mark.parametrize("seed", range(5))
def test_every_default_field_has_enough_stars_in_focus_and_at_the_ends_of_the_sweep(seed):
    sky = random_sky(np.random.default_rng(seed), (768, 1024), 180)
    light = 3.0 * sky.rate_e_per_s

    def n_measurable(hfr_px, snr):
        # Circle of twice the half-flux radius; 60 e⁻ of sky and (3 e⁻)² a pixel.
        noise = np.sqrt(light + np.pi * (2 * hfr_px) ** 2 * (60 + 9))
        return (light / noise > snr).sum()

    assert 100 <= n_measurable(1.9, snr=20) <= 140
    assert n_measurable(6.2, snr=20) >= 45
    # Saturated: 65 535 ADU at 0.8 e⁻ each in the brightest pixel, 7 % of the light.
    assert (0.07 * light > 65_535 * 0.8).sum() <= 4


def test_seeing_varies_from_frame_to_frame_by_the_stated_share():
    rng = np.random.default_rng(11)
    fwhm_px = np.array([Seeing(3.0, 0.04).draw(rng) for _ in range(4_000)])
    # A standard deviation from 4 000 draws is good to 1.1 %.
    assert np.std(np.log(fwhm_px)) == pytest.approx(0.04, rel=0.05)
    assert np.median(fwhm_px) == pytest.approx(3.0, rel=0.003)


def test_seeing_without_variation_is_steady():
    assert Seeing(2.5, 0.0).draw(np.random.default_rng(12)) == 2.5
