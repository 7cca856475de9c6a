"""From ADU to grey: a dark sky, white stars, and a slider that is fine where it matters."""

import numpy as np
import pytest

from focusbench.widgets.stretch import SKY_GREY, Levels, Stretch


@pytest.fixture
def sky():
    frame = np.random.default_rng(1).normal(1000.0, 20.0, (300, 400))
    frame[::15, ::20] = 40_000.0
    return frame


def test_levels_are_those_of_the_sky(sky):
    levels = Levels.of(sky)
    assert levels.sky == pytest.approx(1000, abs=1)
    assert levels.noise == pytest.approx(20, rel=0.05)
    assert (levels.high, levels.bright) == (40_000, pytest.approx(40_000, rel=0.05))


def test_automatic_makes_the_sky_dark_grey_and_stars_white(sky):
    grey = Stretch.auto(Levels.of(sky)).grey(sky)
    assert np.median(grey) == pytest.approx(255 * SKY_GREY, abs=3)
    assert grey[0, 0] >= 250


@pytest.mark.parametrize("level", [0.0, 1000.0])
def test_a_picture_of_one_value_and_one_without_numbers_can_be_shown(level):
    flat = np.full((8, 8), level)
    assert Stretch.auto(Levels.of(flat)).grey(flat).std() == 0
    lost = np.full((8, 8), np.nan)
    assert (Stretch.auto(Levels.of(lost)).grey(lost) == 0).all()


@pytest.mark.parametrize("curve", ["linear", "asinh", "log"])
def test_every_curve_rises_from_black_to_white(curve):
    grey = Stretch(curve, 100.0, 200.0).grey(np.linspace(50.0, 250.0, 201)).astype(int)
    assert (grey[:51] == 0).all()
    assert (grey[150:] == 255).all()
    assert (np.diff(grey) >= 0).all()


def test_the_slider_is_fine_at_its_dark_end_and_finds_back(sky):
    levels = Levels.of(sky)
    assert levels.at(0.5) - levels.low < 0.06 * (levels.high - levels.low)
    for share in (0.0, 0.3, 1.0):
        assert levels.share(levels.at(share)) == pytest.approx(share, abs=1e-6)
