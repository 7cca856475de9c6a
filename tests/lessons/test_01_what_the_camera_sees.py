"""What lesson 1 claims."""

import numpy as np
import pytest

import focusbench as fb
from focusbench import lessons
from focusbench.lessons.star_pictures import half_maximum_widths

LESSON = "01_what_the_camera_sees"


def test_star_is_smallest_at_true_focus_and_three_times_as_large_at_the_ends(lesson):
    assert lesson["sharpest"] == 10_250
    assert abs(lesson["rig.true_best_focus()"] - 10_250) < 5
    # The seeing alone: a Moffat profile of 3 px has a half-flux radius of 1.9 (README of the rig).
    assert lesson["smallest"] == pytest.approx(1.9, abs=0.1)
    assert 2.8 < lesson["widest / smallest"] < 3.6


def test_circle_of_half_the_light_is_the_half_flux_radius(lesson):
    # Added up pixel by pixel, and as runs measure it: two ways that share no code.
    shares = lesson[
        "[float(lessons.star_pictures.light_within(looked, i, looked.hfr_of_star(i)))"
        " for i in range(len(looked))]"
    ]
    assert shares == pytest.approx([0.5] * 9, abs=0.02)


def test_one_frame_does_not_tell_which_way(lesson):
    assert lesson["inside"] == pytest.approx(lesson["outside"], rel=0.03)


def test_half_flux_radius_asks_nothing_of_brightness_and_width_at_half_maximum_does(lesson):
    assert lesson["ratio['hfr']"] == pytest.approx(1, abs=0.03)
    assert lesson["ratio['width']"] > 1.2


def test_cloud_narrows_the_width_and_leaves_the_half_flux_radius():
    # What the quiz says, tried: the same stars out of focus, through a cloud.
    sky = {"seed": 3, "obstruction": 0.35, "shape": (240, 320), "n_stars": 60}
    cloudy = lessons.through_focus(fb.simulated_rig(**sky, clouds=[(0, 1e6, 0.4)]), [10_010])
    clear = lessons.through_focus(fb.simulated_rig(**sky), [10_010])
    n = cloudy.n_stars[0]  # the brightest stars of both, so that the same are compared
    narrow, wide = (np.median(half_maximum_widths(one, 0)[:n]) for one in (cloudy, clear))
    assert narrow < 0.95 * wide
    dim, bright = (np.median(one.stars(0)["hfr"][:n]) for one in (cloudy, clear))
    assert dim == pytest.approx(bright, rel=0.03)


def test_profile_fitted_to_the_whole_star_mends_much_of_it(lesson):
    # Ours, a Moffat profile through the mean radial profile, in the two widest frames.
    ratios = []
    for index in (0, -1):
        stars = f"fb.measure_frame(looked.frames[{index}], metric='fwhm').stars"
        table = lesson[f"[[s['flux'], s['fwhm']] for s in {stars} if s['used']]"]
        fwhm = [width for _, width in sorted(table, reverse=True)]
        half = len(fwhm) // 2
        ratios.append(np.median(fwhm[:half]) / np.median(fwhm[-half:]))
    assert abs(np.mean(ratios) - 1) < 0.25 * (lesson["ratio['width']"] - 1)


def test_refractor_shows_disks_that_are_smaller(lesson):
    assert lesson["disks"] < lesson["widest"]
    # Geometry: half of a ring's light lies within √((1 + ε²)/2) of its radius.
    assert lesson["disks / widest"] == pytest.approx(((1 + 0) / (1 + 0.35**2)) ** 0.5, rel=0.04)


def test_answers_and_words_are_there(lesson):
    assert lesson.complaints == []
    assert "10250" in lesson.answers[0]
    assert len(lesson.pictures) >= 5


def test_numbers_told_in_words_are_true(lesson):
    assert lesson["len(looked)"] == 9  # "Nine frames were taken"
