"""Clouds, gusts, galaxies and a slipping drawtube do to a frame what they do to the sky."""

import dataclasses

import numpy as np
import pytest

import focusbench as fb
from focusbench.errors import OptionsError
from focusbench.simulator import SimulatedRig

SMALL = {"seed": 5, "shape": (96, 128), "n_stars": 25, "start": 10_250}


def frame(rig: SimulatedRig, at_s: float) -> np.ndarray:
    """Take the first exposure of the rig, `at_s` seconds after the start of its night."""
    telescope = rig.telescope
    return telescope.frame(1, telescope.drift.start_s + at_s, 3.0).astype(float)


def light(pixels: np.ndarray) -> float:
    return float((pixels - np.median(pixels)).sum())


def test_a_cloud_takes_its_share_of_the_light_of_stars_and_only_while_it_is_there():
    clear = fb.simulated_rig(**SMALL)
    cloudy = fb.simulated_rig(**SMALL, clouds=[(30, 60, 0.25)])
    assert np.array_equal(frame(cloudy, 10), frame(clear, 10))
    assert np.array_equal(frame(cloudy, 60), frame(clear, 60))
    # Bright stars saturate, which a cloud heals: a little more than the share is left.
    assert 0.2 < light(frame(cloudy, 40)) / light(frame(clear, 40)) < 0.5


def test_a_gust_blurs_and_keeps_the_light():
    calm = fb.simulated_rig(**SMALL)
    gusty = fb.simulated_rig(**SMALL, gusts=[(30, 60, 1.7)])
    assert frame(gusty, 40).max() <= frame(calm, 40).max()
    sharp = fb.measure_frame(frame(calm, 40)).value
    assert fb.measure_frame(frame(gusty, 40)).value > 1.3 * sharp


def test_galaxies_come_to_the_stars_and_leave_them_where_they_are():
    stars = fb.simulated_rig(**SMALL)
    both = fb.simulated_rig(**SMALL, n_galaxies=10, galaxy_px=6)
    assert np.array_equal(stars.sky.x, both.sky.x)
    assert stars.sky.galaxies is None
    assert len(both.sky.galaxies.x) == 10
    assert light(frame(both, 10)) > light(frame(stars, 10))
    again = fb.simulated_rig(**SMALL, n_galaxies=10, galaxy_px=6)
    assert np.array_equal(frame(both, 10), frame(again, 10))


@pytest.mark.parametrize(("start", "share"), [(10_350, 0.5), (10_150, 1.0)])
def test_a_slipping_drawtube_falls_short_outside_focus_alone(start, share):
    firm = fb.simulated_rig(**SMALL | {"start": start})
    slips = fb.simulated_rig(**SMALL | {"start": start}, outer_travel=0.5)
    at = firm.clock.now()
    assert slips.telescope.defocus_um(at) == pytest.approx(share * firm.telescope.defocus_um(at))
    assert slips.true_best_focus() == firm.true_best_focus()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("clouds", 0.5),
        ("clouds", [(0, 10)]),
        ("clouds", [(0, 10, 1.5)]),
        ("gusts", [(0, "10", 2)]),
        ("gusts", "windy"),
        ("outer_travel", 0),
        ("n_galaxies", -1),
        ("galaxy_px", 0),
    ],
)
def test_weather_that_cannot_be_is_told_by_its_name(name, value):
    with pytest.raises(OptionsError, match=name):
        fb.simulated_rig(**SMALL, **{name: value})


def test_weather_is_clear_by_default():
    telescope = fb.simulated_rig(**SMALL).telescope
    assert dataclasses.astuple(telescope.weather) == ((), ())
