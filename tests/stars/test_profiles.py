"""FWHM and ASTAP's diameter, against closed forms; why a measurement is in doubt."""

import numpy as np
import pytest

from focusbench.stars import measure


def _alone(star, shift=(0.31, -0.17)):
    stamp = star.stamp(*shift)
    return 100.0 + 1e6 * np.pad(stamp, 20)


@pytest.mark.parametrize("sigma", [2.6, 4.0, 6.0])
def test_fwhm_of_a_gaussian_is_that_of_its_closed_form(star, sigma):
    measured = measure(_alone(star(sigma=sigma)), metric="fwhm")
    # The renderer places and samples to a sixth of a pixel.
    assert measured.value == pytest.approx(2.3548 * sigma, rel=0.01)


@pytest.mark.parametrize("fwhm", [4.0, 7.0])
def test_fwhm_of_a_moffat_profile_is_its_own(star, fwhm):
    measured = measure(_alone(star(fwhm=fwhm)), metric="fwhm")
    assert measured.value == pytest.approx(fwhm, rel=0.015)


@pytest.mark.parametrize("radius", [8.0, 20.0])
def test_astaps_diameter_of_a_disk_is_four_thirds_of_its_radius(star, radius):
    measured = measure(_alone(star(radius)), metric="hfd_astap")
    assert measured.value == pytest.approx(4 / 3 * radius, rel=0.01)


def test_two_threads_measure_what_one_does(star, field):
    pixels, _ = field(star(6, 0.3, fwhm=3.0), n_stars=60, seed=15)
    one, two = measure(pixels), measure(pixels, n_threads=2)
    for name in one.stars.dtype.names:
        np.testing.assert_array_equal(one.stars[name], two.stars[name])


def test_byte_order_sign_and_order_of_axes_do_not_matter(star, field):
    pixels, _ = field(star(6, 0.3, fwhm=3.0), n_stars=60, seed=16)
    expected = measure(pixels).value
    assert measure((pixels.astype(np.int32) - 32_768).astype(">i2")).value == expected
    by_columns = measure(np.asfortranarray(pixels))
    # The other axis comes first: sums differ in their last digits, peaks in their order.
    assert by_columns.value == pytest.approx(expected, rel=0.01)
    used = by_columns.stars[by_columns.stars["used"]]
    assert used["x"].max() > pixels.shape[0]


def test_plain_fields_are_trusted_and_two_stars_are_not(star, field):
    shape = star(8, 0.35, fwhm=3.0)
    assert measure(field(shape, n_stars=60, seed=17)[0]).confidence_reason == ""
    alone = measure(_alone(shape))
    assert alone.confidence == "low"
    assert alone.confidence_reason == "only one star"
