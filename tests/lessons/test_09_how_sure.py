"""What lesson 9 claims."""

import math

import numpy as np
import pytest

from focusbench import lessons
from focusbench.options import AutofocusOptions

LESSON = "09_how_sure"

SD = 0.027
"""Of a share of 300 runs that is 0.68 in the long run: √(0.68 · 0.32 / 300)."""


def test_bars_hold_the_truth_as_often_as_they_say(lesson):
    assert lesson["runs.held()"] == pytest.approx(0.683, abs=3 * SD)
    assert lesson["runs.held_95"] == pytest.approx(0.954, abs=3 * 0.0125)
    assert lesson["runs.focused.mean()"] > 0.99


def test_picture_counts_the_bars_that_it_shows(lesson):
    words = next(words for words in lesson.pictures if "50 error bars" in words)
    hold, miss = (int(word) for word in words.split() if word.isdigit() and word != "50")
    assert hold + miss == 50
    assert 16 - 10 <= miss <= 16 + 10  # three times √(50 · 0.68 · 0.32)


def test_bars_twice_as_long_hold_more_than_they_promise(lesson):
    assert lesson["runs.held(times=0.5)"] < lesson["runs.held()"] < lesson["held"]
    assert lesson["held"] > 0.88
    # Sharp as well as honest: what is said is what is true, within a third.
    assert lesson["runs.typical() / runs.true_error()"] == pytest.approx(1, abs=1 / 3)


def test_hyperbola_keeps_its_promise_only_where_the_arms_are_alike(lesson):
    assert lesson["alike.held('hyperbola')"] == pytest.approx(0.68, abs=4 * SD)
    assert lesson["usual.held('hyperbola')"] < 0.45
    assert lesson["usual.held('parabola')"] < 0.55
    assert lesson["odd.held()"] < 0.6
    assert lesson["lines"] > 1.5 * lesson["usual.typical()"]


def test_steadier_air_helps_more_than_more_points(lesson):
    assert lesson["calm"] < lesson["more"] < 1.1 * lesson["nine"]
    assert lesson["windy"] > 1.3 * lesson["nine"]
    assert lesson["split['longer half']"] > 1.3 * lesson["split['shorter half']"]
    # "Over the same range".
    assert pytest.approx(8 * 60, rel=0.01) == 14 * 34


def test_run_of_the_reader_is_well_inside_its_zone(lesson):
    assert lesson["one['error']"] < 0.3 * lesson["one['zone']"]
    assert lesson["one['best focus']"] == pytest.approx(lessons.true_focus("good"), abs=10)
    assert AutofocusOptions().zone_tolerance == 0.05
    assert lesson.complaints == []


def test_the_same_seed_gives_the_same_runs():
    one, again, other = (lessons.repeat(5, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one.found["auto"], again.found["auto"])
    assert not np.array_equal(one.truth, other.truth)


def test_share_is_that_of_bars_counted_by_hand():
    runs = lessons.repeat(40, seed=3)
    by_hand = [
        abs(found - truth) <= error
        for found, truth, error, focused in zip(
            runs.found["auto"], runs.truth, runs.error["auto"], runs.focused, strict=True
        )
        if focused and math.isfinite(error)
    ]
    assert runs.held() == pytest.approx(sum(by_hand) / len(by_hand))
