"""What lesson 6 claims."""

import numpy as np
import pytest

from focusbench import lessons
from focusbench.lessons import SeenCurve

LESSON = "06_smart_focus"


def test_start_outside_costs_fewer_points_than_one_inside(lesson):
    outside, inside = (lesson[f"lessons.n_points({one})"] for one in ("outside", "inside"))
    assert 9 < outside < inside
    assert lesson["lessons.n_sweeps(outside)"] == 1
    # Five points that only get worse, and the next sweep begins around the first of them.
    assert lesson["in_sweeps"] == 2
    assert lesson["[p.sweep for p in inside.points].count(0)"] == 5


def test_smart_focus_finds_focus_from_every_start_where_the_curve_is_a_v(lesson):
    assert lesson["on.in_focus"] == 1
    assert lesson["off.in_focus"] < 0.4
    assert lesson["off.n_points"] == 9


def test_curve_read_within_a_radius_bends_over(lesson):
    assert lesson["min(whole.metric[:5]) > max(whole.metric[5:-5])"]
    # A plateau at the ends, lower than what it was half-way out.
    assert (
        lesson["max(cut.metric[5:-5])"] > lesson["max(cut.metric[:3].max(), cut.metric[-3:].max())"]
    )
    assert lesson["max(cut.metric)"] < lesson["radius_px"]


def test_on_the_bent_curve_it_walks_away_and_comes_home(lesson):
    assert lesson["lessons.astray(far, cut.focus)"] >= 3 * 60
    assert not lesson["far.focused"]
    assert lesson["far.final_position"] == lesson["far.start_position"]
    assert lesson["cut_on.in_focus"] < 0.6
    for ends in ("cut_on", "cut_off", "left", "tuned"):
        assert lesson[f"{ends}.elsewhere"] == 0


def test_leash_bounds_every_move(lesson):
    leashed = "lessons.walk(cut, cut.focus - 480, max_travel=400)"
    places = lesson[f"[p.position for p in {leashed}.points]"]
    start = lesson[f"{leashed}.start_position"]
    assert places
    assert max(abs(place - start) for place in places) <= 400


def test_smaller_steps_help_and_switching_off_does_not(lesson):
    assert lesson["tuned.in_focus"] > lesson["cut_on.in_focus"] + 0.1
    assert lesson["cut_off.in_focus"] < lesson["cut_on.in_focus"] - 0.1
    assert lesson["cut_off.n_points"] < lesson["cut_on.n_points"]


def test_sample_run_turned_round(lesson):
    assert lesson["max(p.sweep for p in package.focus_points)"] >= 1
    assert lesson.complaints == []


def test_run_that_began_at_focus_went_nowhere_astray():
    x = np.arange(9_000, 11_501, 10)
    record = lessons.walk(SeenCurve(x, 2 * np.hypot(1, (x - 10_250) / 80)), 10_250)
    assert lessons.astray(record, 10_250) == 0
    assert record.best_position == pytest.approx(10_250, abs=15)


def test_sample_that_is_not_there_is_told_with_those_that_are():
    with pytest.raises(ValueError, match="'fog'; there are good, "):
        lessons.sample("fog")
