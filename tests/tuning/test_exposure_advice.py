"""Exposure advice from one frame against frames that were rendered at other exposures."""

import numpy as np
import pytest

import focusbench as fb
from focusbench.errors import FrameError, MeasurementError
from focusbench.frames import Frame
from focusbench.simulator import Optics, Sensor, random_sky, render_frame
from focusbench.tuning import star_scatter

SENSOR = Sensor(shape=(320, 420))


def rendered(seed, exposure_s, *, n_stars=60, sky=20.0, defocus_um=200.0, binning=1, bright=1.0):
    field = random_sky(
        np.random.default_rng([seed, 1]), SENSOR.shape, n_stars, background_e_per_s=sky
    )
    pixels = render_frame(
        field,
        Optics(7.0, 0.3),
        SENSOR,
        defocus_um=defocus_um,
        fwhm_px=3.0,
        exposure_s=exposure_s,
        binning=binning,
        transparency=bright,
        rng=np.random.default_rng([seed, 2, round(1000 * exposure_s)]),
    )
    header = {"EGAIN": SENSOR.gain_e_per_adu, "RDNOISE": SENSOR.read_noise_e}
    return Frame(pixels, exposure_s=exposure_s, binning=binning, header=header)


@pytest.mark.parametrize(
    ("sky", "defocus_um", "taken_s", "others"),
    [(20.0, 200.0, 2.0, (0.5,)), (200.0, 0.0, 1.0, (4.0,))],
)
def test_the_error_at_another_exposure_is_the_scatter_there(sky, defocus_um, taken_s, others):
    """Predicted from single frames, seen over fields of other stars, within a factor 1.6.

    20 frames tell their scatter to a sixth (1 σ), the median of 5 predictions is known to a tenth;
    `benchmarks/exposure_advice.py` compares more of both.
    """
    advice = [
        fb.advise_exposure(
            rendered(seed, taken_s, sky=sky, defocus_um=defocus_um), min_stars=2, binnings=(1,)
        )
        for seed in range(5)
    ]
    for exposure_s in others:
        row = [a.dataset.sel(binning=1, exposure_s=exposure_s) for a in advice]
        seen = [
            fb.measure_frame(rendered(50 + k, exposure_s, sky=sky, defocus_um=defocus_um))
            for k in range(20)
        ]
        values = np.array([m.value for m in seen])
        predicted = np.median([float(r.relative_error) for r in row])
        assert 1 / 1.6 < predicted / (values.std(ddof=1) / values.mean()) < 1.6
        n_stars = np.median([int(r.n_stars) for r in row])
        # Stars that are not even found now are not counted at longer exposures.
        least = 0.75 if exposure_s < taken_s else 0.5
        assert least < n_stars / np.median([m.n_stars for m in seen]) < 1.33


def test_the_shortest_exposure_that_is_good_enough_is_advised():
    advice = fb.advise_exposure(rendered(1, 3.0), at_least_s=0.0, wanted=0.01, binnings=(1,))
    errors = advice.dataset.relative_error.sel(binning=1)
    enough = errors.exposure_s.values[errors.values <= 0.01]
    assert advice.exposure_s == enough.min()
    assert advice.relative_error <= 0.01
    assert advice.n_stars >= 5
    assert f"{advice.exposure_s:g} s at 1×1" in advice.summary
    stricter = fb.advise_exposure(rendered(1, 3.0), at_least_s=0.0, wanted=0.005, binnings=(1,))
    assert stricter.exposure_s > advice.exposure_s


def test_exposures_too_short_for_the_seeing_are_not_advised():
    advice = fb.advise_exposure(rendered(1, 3.0))
    assert advice.exposure_s == 2.0
    assert "seeing evens out only from 2 s on" in advice.summary


def test_where_no_exposure_is_enough_it_says_so():
    advice = fb.advise_exposure(rendered(1, 3.0), wanted=1e-5)
    assert advice.exposure_s is None
    assert advice.summary.startswith("No exposure up to 80 s")


def test_longer_exposures_that_saturate_stars_are_warned_of():
    bright = rendered(2, 1.0, defocus_um=0.0, bright=12.0)
    advice = fb.advise_exposure(bright, at_least_s=20.0)
    assert any("saturate at 20 s" in words for words in advice.warnings)
    counts = advice.dataset.n_saturated
    assert (np.diff(counts.values) >= 0).all()
    # As many as measuring a frame of 20 s finds, within a quarter.
    there = fb.measure_frame(rendered(2, 20.0, defocus_um=0.0, bright=12.0)).stars["saturated"]
    assert int(counts.sel(exposure_s=20.0)) == pytest.approx(there.sum(), rel=0.25)


def test_pixels_larger_than_the_stars_are_warned_of_and_not_advised():
    advice = fb.advise_exposure(rendered(3, 3.0, defocus_um=0.0))
    assert any("4×4" in words or "2×2" in words for words in advice.warnings)
    assert advice.binning < 4


def test_what_the_header_does_not_say_is_stated():
    silent = Frame(rendered(1, 3.0).pixels, exposure_s=3.0)
    assert len(fb.advise_exposure(silent).assumptions) == 2
    told = fb.advise_exposure(silent, gain_e_per_adu=0.8, read_noise_e=3.0)
    assert told.assumptions == ()
    known = fb.advise_exposure(rendered(1, 3.0))
    np.testing.assert_allclose(told.dataset.relative_error, known.dataset.relative_error)


def test_a_frame_without_exposure_or_stars_is_refused():
    with pytest.raises(FrameError, match="EXPTIME"):
        fb.advise_exposure(Frame(rendered(1, 3.0).pixels))
    noise = np.random.default_rng(0).normal(500, 10, (200, 200)).astype(np.uint16)
    with pytest.raises(MeasurementError):
        fb.advise_exposure(Frame(noise, exposure_s=3.0))


def test_own_and_noise_scatter_of_stars_are_told_apart():
    rng = np.random.default_rng(0)
    snr = 10 ** rng.uniform(1.1, 3.5, 300)
    off = np.hypot(0.02, 1.8 / snr) * rng.standard_t(4, 300)
    own, per_noise = star_scatter(off, snr)
    assert own == pytest.approx(0.02, rel=0.3)
    assert per_noise == pytest.approx(1.8, rel=0.3)
