"""The value of a frame, and how honest its error is."""

import numpy as np
import pytest

from focusbench.stars import measure
from focusbench.stars.ensemble import ensemble, weights_of


def test_alike_weights_give_the_median():
    rng = np.random.default_rng(1)
    for n in (1, 2, 3, 10, 101):
        values = rng.normal(3, 0.3, n)
        assert ensemble(values)[0] == pytest.approx(np.median(values), rel=1e-12)
        assert ensemble(values, np.full(n, 0.2))[0] == pytest.approx(np.median(values), rel=1e-12)


def test_a_heavy_value_outweighs_light_ones():
    values = np.array([2.0, 3.0, 4.0, 5.0, 6.0])
    assert ensemble(values, np.array([100.0, 1, 1, 1, 1]))[0] < 2.6


def test_scatter_is_that_of_single_values():
    values = np.array([1.0, 2.0, 3.0, 4.0, 9.0])
    assert ensemble(values)[1] == pytest.approx(1.4826)


def test_one_value_has_neither_scatter_nor_error():
    assert ensemble(np.array([2.5])) == (2.5, None, None)


def test_of_normal_values_the_error_is_the_textbooks():
    rng = np.random.default_rng(2)
    errors = [ensemble(rng.normal(3, 1, 400))[2] for _ in range(100)]
    # Single errors scatter by a fifth at this number, their mean by a fiftieth.
    assert np.mean(errors) == pytest.approx(1.2533 / 400**0.5, rel=0.06)


# With 15 stars that differ by nothing but noise the error is a third too long.
@pytest.mark.parametrize(
    ("n", "optics_scatter"), [(15, 0.03), (60, 0.03), (300, 0.03), (60, 0.005), (300, 0.005)]
)
def test_values_of_bright_and_faint_stars_scatter_as_stated(n, optics_scatter):
    rng = np.random.default_rng(n)
    values, errors = [], []
    for _ in range(400):
        # Number of stars brighter than f goes as 1/f; the noise of a radius is 2/SNR in focus.
        snr = 20.0 / rng.uniform(0.002, 1, n)
        sizes = 3 * np.exp(rng.normal(size=n) * np.hypot(optics_scatter, 2.0 / snr))
        value, _, error = ensemble(sizes, weights_of(snr))
        values.append(value)
        errors.append(error)
    stated = np.mean(np.square(errors)) ** 0.5
    # 400 values know their scatter to 3.5 %; the bound is what is promised of frames.
    assert 0.8 < np.std(values) / stated < 1.2


def test_weights_make_the_value_of_such_stars_surer():
    rng = np.random.default_rng(3)
    plain, weighted = [], []
    for _ in range(200):
        snr = 20.0 / rng.uniform(0.002, 1, 60)
        sizes = 3 * np.exp(rng.normal(size=60) * 2.0 / snr)
        plain.append(ensemble(sizes)[0])
        weighted.append(ensemble(sizes, weights_of(snr))[0])
    assert np.std(weighted) < 0.85 * np.std(plain)


def test_error_scatter_and_value_are_those_of_the_stars_used(star, field):
    measured = measure(field(star(4, 0.3, fwhm=3.0), n_stars=40, seed=3)[0])
    used = measured.stars[measured.stars["used"]]
    expected = ensemble(used["hfr"], weights_of(used["snr"]))
    assert (measured.value, measured.scatter, measured.error) == expected
    assert measured.n_stars == len(used)


@pytest.mark.parametrize(("radius", "n_stars"), [(0, 60), (0, 15), (8, 40)])
def test_the_standard_error_tells_how_frames_scatter(star, field, radius, n_stars):
    shape = star(radius, 0.35 if radius else 0.0, fwhm=3.0)
    frames = [
        measure(
            field(shape, n_stars=n_stars, shape=(400, 500), flux=(6e3 + 2e3 * radius, 4e5), seed=k)[
                0
            ]
        )
        for k in range(24)
    ]
    stated = np.mean([frame.error**2 for frame in frames]) ** 0.5
    seen = np.std([frame.value for frame in frames], ddof=1)
    # 24 frames know a standard deviation to 15 %; 200 of each kind, to 20 % in all, are measured
    # by benchmarks/star_errors.py.
    assert 0.55 < seen / stated < 1.5
