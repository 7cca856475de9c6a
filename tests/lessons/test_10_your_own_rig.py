"""What lesson 10 claims."""

import pytest

from focusbench import lessons
from focusbench.errors import PackageError

LESSON = "10_your_own_rig"


def test_findings_and_positions_tell_of_play_and_drift(lesson):
    assert "lag behind the curve" in " ".join(lesson["told"])
    positions = lesson["runs.best_position.values.tolist()"]
    assert positions == sorted(positions, reverse=True)
    # Four hours at −1.5 °C and 20 steps per °C.
    assert lesson["moved"] == pytest.approx(4 * 1.5 * 20, abs=25)


def test_backlash_and_temperature_are_those_of_the_simulated_rig(lesson):
    low, high = lesson["list(play.interval_95)"]
    assert low - 2 < 50 < high
    assert lesson["slope.steps_per_c"] == pytest.approx(20, abs=3)
    assert lesson["slope.verdict"] == "explains"
    assert lesson["new.backlash"] >= 50
    assert lesson["new.final_move"] == "in"


def test_advice_is_the_cheaper_setting_and_the_next_night_is_in_the_zone(lesson):
    assert lesson["new.data_points"] < lesson["old.data_points"]
    assert lesson["new.step_size"] > lesson["old.step_size"]
    assert max(lesson["after"]) < 0.5 * lesson["zone"]
    assert "this is" in lesson.said  # per cent of the time of the rule of thumb


def test_every_answer_of_the_advice_is_said(lesson):
    for part in (
        "advice.settings.advice.sentence",
        "advice.exposure.summary",
        "advice.backlash.sentence",
        "advice.temperature.sentence",
    ):
        assert lesson[part] in lesson.said
    assert lesson.complaints == []


def test_runs_of_last_night_are_made_once(lesson):
    assert lesson["len(made)"] == 5
    assert lesson["lessons.last_night(rig, folder, options) == made"]


def test_folder_without_packages_is_refused(tmp_path):
    with pytest.raises(PackageError, match="No AF package in"):
        lessons.advise(tmp_path)
