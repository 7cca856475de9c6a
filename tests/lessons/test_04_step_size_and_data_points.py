"""What lesson 4 claims."""

import pytest

import focusbench as fb
from focusbench import lessons
from focusbench.curve import FocusPoint
from focusbench.errors import OptionsError
from focusbench.lessons.tuning_game import POINTS, STEPS, GameRig

LESSON = "04_step_size_and_data_points"


def test_rule_of_thumb_divides_by_the_steps_of_one_side(lesson):
    assert lesson["step"] == 536  # the user's own figure was 547, by eye


def test_shallow_runs_fail_and_wide_ones_add_noise(lesson):
    assert lesson["low.ratio"] == 1.5
    assert lesson["low.focused"] < 0.9
    assert lesson["middle.ratio"] == 2.5
    assert lesson["middle.focused"] > 0.95
    assert lesson["high.error / middle.error"] > 1.2
    assert lesson["[one.focused for one in steady[2:]]"] == pytest.approx([1] * 5, abs=0.05)


def test_on_a_steady_night_two_to_four_times_are_alike(lesson):
    assert lesson["gentle"] < 1.25


def test_zones_are_those_of_the_optics_and_of_the_air(lesson):
    # ± 2.44·λ·N² of f/7 at 0.55 µm in steps of 1.75 µm; the rig's own optics say so.
    assert lesson["zones.critical"] == pytest.approx(2.44 * 0.55 * 49 / 1.75, rel=0.15)
    assert lesson["zones.zone"] == pytest.approx(29, rel=0.25)
    # At its edge the HFR has risen by about what the air does from frame to frame.
    assert lesson["scatter"] == pytest.approx(0.04, abs=0.025)


def test_zone_is_where_the_curve_has_risen_by_five_per_cent():
    points = [FocusPoint(x, 2.0 * (1 + (x / 100) ** 2) ** 0.5) for x in range(240, -241, -60)]
    zones = lessons.zones_of(points, focal_ratio=7.0, pixel_um=3.76)
    assert zones.zone == pytest.approx(100 * (1.05**2 - 1) ** 0.5, rel=0.01)


def test_learner_is_scored_against_the_advice(lesson):
    assert lesson["[one.name for one in scores.scores]"] == list(lesson["yours"])
    for one in range(3):
        advice = f"scores.scores[{one}].advice"
        assert lesson[f"{advice}.in_zone_rate"] >= 0.95
    # One setting for all: too many points for two rigs.
    assert lesson["scores['Newtonian'].points"] < 90
    assert lesson["scores['refractor'].points"] < 100
    assert lesson["scores.total"] == sum(lesson["[one.points for one in scores.scores]"])


def test_advice_followed_earns_all_points(lesson):
    again = lesson[
        "[lessons.score(rigs[:1], {'refractor': (one.step_size, one.data_points)}).total"
        " for one in [scores['refractor'].advice]]"
    ]
    assert again == [100]


def test_setting_that_hardly_moves_loses_points(lesson):
    few = lesson[
        "[[one.points, one.remark] for one in lessons.score(rigs[2:], {'long telescope': (30, 5)})"
        ".scores][0]"
    ]
    assert few[0] < 60
    assert few[1] == "step too small for so few points"


def test_rig_without_a_setting_is_named():
    rig = GameRig("refractor", None, None)
    with pytest.raises(OptionsError, match="refractor"):
        lessons.score([rig], {})


def test_ends_of_the_sample_are_three_to_four_times_its_minimum(lesson):
    ratio = lesson["lessons.ends_ratio(mine.focus_points)"]
    assert 3 < ratio < 4
    assert fb.analyze(fb.sample_packages()[0]).findings[0].code == "good"
    assert lesson.complaints == []


def test_numbers_told_in_words_are_true(lesson):
    assert 200 < lesson["len(results)"] * 40 < 1000  # "Hundreds of runs"
    assert lesson["len(scores.scores[0].yours.trials)"] in (60, 240)  # "Sixty nights, or more"
    grid = "lessons.tuning_game.usual_grid(rigs[0].model)"
    steps, points = lesson[f"[len(one) for one in {grid}]"]
    assert steps * points == 30  # "A full study tries thirty"
    assert len(range(steps)[STEPS]) * len(POINTS) == 4  # "It tried four settings a rig"
