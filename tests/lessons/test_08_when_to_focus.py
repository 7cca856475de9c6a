"""What lesson 8 claims."""

import pytest

import focusbench as fb
from focusbench import lessons

LESSON = "08_when_to_focus"


def test_focusing_once_loses_the_night_and_filters_save_half_of_it(lesson):
    assert lesson["alone['runs']"] == 1
    assert lesson["alone['in_zone']"] < 0.15
    assert lesson["with_filters['in_zone']"] == pytest.approx(0.5, abs=0.15)


def test_temperature_may_change_by_the_zone_over_the_slope(lesson):
    assert lesson["allowed"] == pytest.approx(22 / 20)
    # Reckoned from the truth of the night, not from the numbers it was made with.
    night = fb.SimulatedNight.reference(seed=2)
    times = [60.0 * minute for minute in range(480)]
    start = night.true_focus(0.0, "L")
    out = next(t for t in times if abs(night.true_focus(t, "L") - start) > night.zone)
    assert night.temperature_c(0) - night.temperature_c(out) == pytest.approx(1.1, abs=0.05)


def test_half_a_degree_keeps_every_frame_and_pays_with_runs_for_nothing(lesson):
    assert lesson["half['in_zone']"] == pytest.approx(1, abs=0.01)
    assert 0.9 < lesson["one['in_zone']"] < lesson["half['in_zone']"]
    assert lesson["half['frames_lost']"] > lesson["one['frames_lost']"] + 1
    assert lesson["half['false_alarms'] / half['runs']"] == pytest.approx(0.5, abs=0.2)


def test_slider_shows_fewer_frames_in_the_zone_for_a_looser_trigger():
    night = fb.SimulatedNight.reference(seed=2)
    book = lessons.every_degrees(night, [0.5, 3])
    assert "58 %" in book.picture.words
    book.slider.value = 0.5
    assert "100 %" in book.picture.words


def test_history_is_the_last_to_notice_the_cold(lesson):
    by_watching = lesson["{name: one['in_zone'] for name, one in "
                         "lessons.figures_of(compared).items()}"]  # fmt: skip
    assert min(by_watching, key=by_watching.get) == "frames 20 % worse"
    assert max(by_watching, key=by_watching.get) == "every 1 °C"


def test_history_alone_finds_the_mirror_that_moved(lesson):
    assert lesson["history['in_zone']"] > 0.95
    assert lesson["cold['in_zone']"] < 0.9
    assert lesson["cold['false_alarms']"] > 0.5 * lesson["cold['runs']"]
    assert lesson["together['in_zone']"] > 0.95
    # The jump is of the truth: nothing but filters and the flip moves focus in that night.
    night = lessons.flat_night()
    before, after = (night.true_focus(3600 * h, "L") for h in (4.0, 4.5))
    assert after - before == pytest.approx(60)


def test_raw_history_gives_false_alarms_as_the_target_sinks(lesson):
    raw, corrected = (lesson[f"falling['{how}']['false_alarms']"] for how in ("raw", "corrected"))
    assert raw > 2 * corrected
    night = lessons.sinking_night(2)
    assert night.true_focus(0.0, "L") == night.true_focus(8 * 3600.0, "L")
    assert night.airmass(8 * 3600.0) > 2 * night.airmass(0.0)


def test_history_of_a_night_is_replayed(lesson):
    told = lesson.outputs[-1]["data"]["text/plain"]
    for name in ("as it was", "every hour", "every 30 frames", "every 1 °C", "frames 20 % worse"):
        assert name in told
    assert lesson.complaints == []
