"""What lesson 5 claims. The rig has 80 steps of play."""

import pytest

from focusbench import lessons
from focusbench.lessons.play import FOCUS

LESSON = "05_backlash"


def test_two_curves_are_the_play_apart(lesson):
    assert lesson["looked.shift"] == pytest.approx(80, abs=8)


@pytest.mark.parametrize("play", [0, 40, 80, 160])
def test_slider_ends_inside_focus_by_the_play(play):
    told, tube, home = lessons.play._sweep(play, 60, 9)
    assert home == FOCUS - play
    # The drawtube catches up as soon as the motor has come in by the play.
    lag = told - tube
    assert lag[0] == play
    assert (lag[told <= told[0] - play] == 0).all()


def test_run_that_goes_home_directly_ends_inside_focus_and_the_validation_frame_says_so(lesson):
    assert lesson["direct.record.outcome.value"] == "FOCUSED"
    assert lesson["direct.record.best_position"] == pytest.approx(10_250, abs=15)
    assert lesson["direct.off"] == pytest.approx(-80, abs=15)
    assert lesson["direct.deviation_percent"] > 25
    assert not lesson["direct.record.validation.passed"]


def test_first_two_points_are_alike_where_a_clean_run_has_them_apart(lesson):
    assert lesson["second.metric / first.metric"] == pytest.approx(1, abs=0.08)
    clean = lesson["[p.metric for p in measured.points[:2]]"]
    assert clean[0] > 1.2 * clean[1]


def test_measured_backlash_holds_the_truth_and_the_advice_covers_it(lesson):
    assert lesson["low"] < 80 < lesson["high"]
    assert lesson["found.advice"] >= lesson["high"]


def test_every_cure_ends_in_focus(lesson):
    off = lesson["[one.off for one in tried.runs]"]
    assert off == pytest.approx([0] * 4, abs=15)
    assert all(lesson["[one.record.validation.passed for one in tried.runs]"])


def test_out_takes_longer_and_its_numbers_are_off_by_the_play(lesson):
    assert lesson["out.duration_s - measured.duration_s"] > 2
    assert lesson["out.best_position - measured.best_position"] == pytest.approx(80, abs=12)


def test_too_much_costs_time_alone(lesson):
    assert 0 < lesson["much.duration_s - measured.duration_s"] < 10


def test_sample_tells_its_170_steps(lesson):
    low, high = lesson["fb.find_backlash(sample).interval_95"]
    assert low < 170 < high or high > 165


def test_table_marks_the_validation_frame_that_warned(lesson):
    table = lesson["lessons.Endings((direct, *tried.runs))._repr_markdown_()"].splitlines()
    assert [line.count("**!**") for line in table] == [0, 0, 1, 0, 0, 0, 0]
    assert f"| −{-lesson['direct.off']:.0f} steps" in table[2]  # a true minus


def test_only_the_run_that_went_wrong_warns(lesson):
    assert all("validation frame" in said for said in lesson.complaints)
    assert len("".join(lesson.complaints).strip().splitlines()) == 1
