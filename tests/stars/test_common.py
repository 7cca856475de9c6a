"""The same stars in every frame: they are followed as the telescope moves and the focus changes."""

import numpy as np
import pytest

from focusbench.errors import MeasurementError, TooFewStars
from focusbench.stars import STAR_FIELDS, Measurement, common_stars, measure_common

SHAPE = (500, 600)


def table(places, hfr, used=True):
    """A table of stars as `measure` makes it, brightest first."""
    stars = np.zeros(len(places), STAR_FIELDS)
    stars["x"], stars["y"], stars["hfr"], stars["used"] = places[:, 0], places[:, 1], hfr, used
    return stars


def values(results):
    return np.array([r.value if isinstance(r, Measurement) else np.nan for r in results])


@pytest.fixture
def run():
    """Seven frames of 60 stars, each with its own factor; sharp in the middle, drifting."""
    rng = np.random.default_rng(5)
    places = rng.uniform(0, 1000, (60, 2))
    factors = np.exp(rng.normal(0, 0.1, 60))
    truth = np.hypot(2.0, 3.0 * np.arange(-3, 4))
    drift = np.cumsum(rng.normal(0, 25, (7, 2)), axis=0)
    return places, factors * np.exp(rng.normal(0, 0.01, (7, 60))), truth, drift


def test_stars_that_vanish_do_not_move_the_value(run):
    places, factors, truth, drift = run
    whole = [table(places + drift[k], truth[k] * factors[k]) for k in range(7)]
    wide_first = np.argsort(-factors[0])
    lossy = list(whole)
    for k, lost in ((1, wide_first[:35]), (5, wide_first[-35:])):
        lossy[k] = np.delete(whole[k], lost)
    plain = np.array([np.median(t["hfr"]) for t in lossy])
    every, some = values(common_stars(whole)), values(common_stars(lossy))
    # the stars that are left differ by a tenth; followed, by a tenth of that and noise over √25
    assert np.abs(np.log(plain / every))[[1, 5]].min() > 0.05
    assert np.abs(np.log(some / every)).max() < 0.01


def test_with_every_star_in_every_frame_the_value_is_the_median(run):
    places, factors, truth, drift = run
    whole = [table(places + drift[k], truth[k] * factors[k]) for k in range(7)]
    medians = [np.median(t["hfr"]) for t in whole]
    # the logarithm lies between, where two stars share the middle
    assert values(common_stars(whole)) == pytest.approx(medians, rel=1e-3)


def test_the_error_leaves_out_how_stars_differ_from_each_other(run):
    places, factors, truth, drift = run
    found = common_stars([table(places + drift[k], truth[k] * factors[k]) for k in range(7)])
    # noise of 1 % over 60 stars; a median of 60 gives it within 35 %
    expected = 1.2533 * 0.01 / 60**0.5
    for one in found:
        assert one.error / one.value == pytest.approx(expected, rel=0.35)


def test_the_field_may_turn_and_grow(run):
    places, factors, truth, _ = run
    turn = np.array([[1.002, 0.004], [-0.004, 1.002]])
    tables = [
        table(places, truth[3] * factors[3]),
        table(places @ turn + 30, truth[4] * factors[4]),
    ]
    assert [r.n_stars for r in common_stars(tables)] == [60, 60]


def test_a_frame_of_another_field_has_no_common_stars(run):
    places, factors, truth, drift = run
    tables = [table(places + drift[k], truth[k] * factors[k]) for k in range(7)]
    tables[2] = table(np.random.default_rng(9).uniform(0, 1000, (60, 2)), truth[2] * factors[2])
    found = common_stars(tables, min_stars=10)
    assert isinstance(found[2], TooFewStars)
    assert all(isinstance(r, Measurement) for k, r in enumerate(found) if k != 2)


def test_a_single_star_is_followed(run):
    _, _, truth, _ = run
    tables = [table(np.array([[40.0 + 3 * k, 30.0]]), truth[k]) for k in range(7)]
    assert values(common_stars(tables)) == pytest.approx(truth)


def test_nothing_gives_nothing():
    assert common_stars([]) == []
    empty = np.zeros(0, STAR_FIELDS)
    assert all(isinstance(r, TooFewStars) for r in common_stars([empty, empty]))


def test_rendered_stars_are_followed_from_focus_to_donuts(star, field):
    frames = []
    for radius in (20.0, 8.0, 0.0, 8.0, 20.0):
        kind = star(radius=radius, obstruction=0.3, fwhm=3.0)
        frame, _ = field(kind, n_stars=14, shape=SHAPE, flux=(3e5, 8e5), seed=3)
        frames.append(np.roll(frame, (len(frames) * 7, len(frames) * -9), axis=(0, 1)))
    frames.append(np.full(SHAPE, 400, np.uint16))
    *found, dark = measure_common(frames)
    assert isinstance(dark, MeasurementError)
    assert min(r.n_stars for r in found) >= 5
    assert values(found[:2]) == pytest.approx(values(found[:2:-1]), rel=0.02)
    assert all(not r.stars["reason"][r.stars["used"]].astype(bool).any() for r in found)
