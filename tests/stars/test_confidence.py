"""What makes the confidence in a frame's value low."""

import numpy as np
import pytest

from focusbench.stars import STAR_FIELDS, Measurement
from focusbench.stars.doubt import doubt
from focusbench.stars.finding import Found
from focusbench.stars.meter import StarSize


@pytest.mark.parametrize(
    ("n_stars", "scatter", "confidence"),
    [(100, 0.2, "good"), (3, 0.2, "good"), (2, 0.2, "low"), (100, 1.6, "low"), (1, None, "low")],
)
def test_few_stars_or_stars_that_disagree_are_said(n_stars, scatter, confidence):
    measured = Measurement("hfr", "", 3.0, None, scatter, n_stars)
    assert measured.confidence == confidence


def stars(sizes, snr, flux=1e5):
    table = np.zeros(len(sizes), STAR_FIELDS)
    table["hfr"], table["snr"], table["flux"], table["used"] = sizes, snr, flux, True
    return table


def found(r50=3.0, **what):
    no = np.zeros(0, bool)
    return Found(np.zeros((0, 20)), StarSize(r50, 1.7 * r50), (0, 0, 9, 9), no, no, no, no, **what)


@pytest.fixture
def bright_and_faint():
    """Signal to noise of 60 stars, and the noise of their radii."""
    rng = np.random.default_rng(4)
    snr = 20.0 / rng.uniform(0.005, 1, 60)
    return snr, rng.normal(size=60) * 1.5 / snr


def test_stars_that_agree_within_their_noise_are_trusted(bright_and_faint):
    snr, noise = bright_and_faint
    assert doubt(found(), stars(3 * np.exp(noise), snr)) == ""


@pytest.mark.parametrize("sign", [1, -1])
def test_radii_that_change_with_the_flux_are_not(bright_and_faint, sign):
    snr, noise = bright_and_faint
    sizes = 3 * np.exp(noise + sign * 3.0 / snr)
    assert doubt(found(), stars(sizes, snr)) == "bright and faint stars differ in size"


def test_a_value_known_to_three_per_cent_is_trusted_and_a_worse_one_is_not():
    few = stars(np.array([2.7, 2.8, 3.0, 3.2, 3.3]), 300.0)
    assert "too few, too faint or too unlike" in doubt(found(), few)
    assert doubt(found(), stars(np.array([2.95, 2.98, 3.0, 3.02, 3.05]), 300.0)) == ""


def test_a_size_that_the_first_guess_did_not_expect_is_not(bright_and_faint):
    snr, noise = bright_and_faint
    assert doubt(found(3.5), stars(3 * np.exp(noise), snr)) != ""


def test_a_sky_rounded_by_more_than_the_stars_can_bear_is_not(bright_and_faint):
    snr, noise = bright_and_faint
    table = stars(3 * np.exp(noise), snr, flux=1000.0)
    assert doubt(found(sky_error=0.001), table) == ""
    assert "steps in which the camera counts" in doubt(found(sky_error=0.3), table)
    assert doubt(found(sky_error=0.3), stars(3 * np.exp(noise), snr, flux=1e6)) == ""


def test_few_stars_on_an_uneven_sky_and_a_rival_size_are_not():
    alike = stars(np.array([2.98, 3.0, 3.02]), 300.0)
    assert doubt(found(), alike) == ""
    assert doubt(found(uneven=5.0), alike) == "uneven sky and few stars"
    assert doubt(found(rivalry=0.8), alike) == "objects of another size are as many"
