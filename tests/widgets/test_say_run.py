"""What the say line says in each state of a run."""

import dataclasses
import math
from pathlib import Path
from typing import Any

import pytest

from focusbench.curve import BestFocus, FocusPoint, Outcome, find_best_focus
from focusbench.engine import Activity, PointStarted, RunProgress, RunRecord, Validation
from focusbench.options import AutofocusOptions
from focusbench.widgets.forecast import fraction_done, seconds_left
from focusbench.widgets.sampling_advice import say_sampling
from focusbench.widgets.say_line import PanelState
from focusbench.widgets.say_run import say

OPTIONS = AutofocusOptions(step_size=60, data_points=9, exposure_s=3)
POSITIONS = OPTIONS.sweep_positions(10_250)


def points(n: int, *, every_s: float = 5.0) -> tuple[FocusPoint, ...]:
    """The first points of a sweep, one every five seconds, the first taken at 1010 s."""
    return tuple(
        FocusPoint(position, 3.0, time_s=1010 + i * every_s)
        for i, position in enumerate(POSITIONS[:n])
    )


def running(n_points: int = 6, **changes: Any) -> RunProgress:
    """A run that has taken some points and is busy with the next."""
    current = PointStarted(n_points + 1, 9, POSITIONS[n_points], 0, "sweep")
    progress = RunProgress(
        phase="sweeping",
        options=OPTIONS,
        start_position=10_250,
        return_position=10_250,
        started_s=1000.0,
        positions=POSITIONS,
        points=points(n_points),
        current=current,
    )
    return dataclasses.replace(progress, **changes)


def finished(outcome: Outcome = Outcome.FOCUSED, **changes: Any) -> RunProgress:
    """A finished run: by default focused well inside the zone and validated."""
    best = BestFocus(outcome, "auto", 10_247.2, 4.1, expected_metric=2.58, zone=22.0)
    best = dataclasses.replace(best, **changes.pop("best", {}))
    record = RunRecord(
        outcome=outcome,
        diagnosis="",
        options=OPTIONS,
        start_position=10_250,
        return_position=10_250,
        final_position=10_247,
        points=points(9),
        best=best,
        validation=Validation(2.61, 2.58, 1.2, True),
        duration_s=64.0,
    )
    record = dataclasses.replace(record, **changes)
    return RunProgress(phase="finished", record=record, best=best, points=record.points)


BUSY = PanelState(running=True, position=10_384, return_position=10_250, now_s=1044.0)
IDLE = PanelState(position=10_247, return_position=10_250)
NOTHING = Activity()


def test_an_idle_panel_that_knows_nothing_asks_for_rough_focus_by_hand():
    line = say(RunProgress(), NOTHING, PanelState(position=10_250))
    assert line.first == "Ready."
    assert line.second.startswith("Focus roughly by hand first")


def test_an_idle_panel_that_knows_a_focus_says_where_a_run_would_go():
    state = PanelState(position=10_250, last_best=10_262.0, options=OPTIONS)
    line = say(RunProgress(), NOTHING, state)
    assert line.second == ("Run starts at 10490 and steps in to 10010. Last focus: 10262.")


def test_exposing_counts_the_seconds_and_says_what_cancel_does():
    line = say(running(), Activity("exposing", 10_130, 1042.2, 3.0), BUSY)
    assert line.first == "Point 7 of 9: exposing at 10130, 1.8 of 3 s."
    assert line.second.startswith("About ")
    assert line.second.endswith("Cancel brings the focuser back to 10250.")
    assert line.busy


def test_turning_says_so():
    assert say(running(0), Activity("turning"), BUSY).first == "The filter wheel turns."


def test_moving_says_where_to_and_where_it_is():
    line = say(running(0), Activity("moving", 10_490), BUSY)
    assert line.first == "Point 1 of 9: moving to 10490, now 10384."


def test_measuring_is_named():
    assert say(running(), Activity("measuring", 10_130), BUSY).first == "Point 7 of 9: measuring."


def test_the_first_frame_on_a_computer_says_why_it_waits():
    line = say(running(), Activity("preparing", 10_130), BUSY)
    assert line.first.startswith("Point 7 of 9: preparing the star measurement")
    assert "once per computer" in line.first


def test_smart_focus_says_that_it_goes_on():
    current = PointStarted(10, 10, 9950, 0, "extension")
    progress = running(8, current=current, extension="The curve still falls inward.")
    line = say(progress, Activity("exposing", 9950, 1044.0, 3.0), BUSY)
    assert line.first.startswith("The curve still falls inward. Point 10 of 10: exposing at 9950")


def test_starting_over_says_which_attempt_it_is():
    progress = running(5, sweep=1, current=PointStarted(6, 14, 10_490, 1, "sweep"))
    line = say(progress, Activity("moving", 10_490), BUSY)
    assert line.first == "No minimum yet: starting over around 10250, attempt 2 of 3."


def test_the_way_to_the_validation_frame_is_named():
    progress = running(8, current=PointStarted(10, 9, 10_247, 0, "validation"), phase="validating")
    line = say(progress, Activity("moving", 10_247), BUSY)
    assert line.first == "Going to 10247 for the validation frame."


def test_cancelling_says_where_the_focuser_goes():
    state = dataclasses.replace(BUSY, cancelling=True)
    line = say(running(), Activity("exposing", 10_130), state)
    assert (line.sign, line.first) == ("–", "Cancelling: the focuser goes back to 10250.")
    assert line.second == "Waiting for the camera to stop."


def test_a_lost_run_says_that_it_gave_up_and_what_to_do():
    why = "Not focused: going on to 10480 would be more than 400 steps from where the run began."
    line = say(
        finished(Outcome.LOST, diagnosis=why, final_position=10_250), Activity(), PanelState()
    )
    assert (line.sign, line.first) == ("✕", "Not focused: gave up. The focuser is back at 10250.")
    assert line.second.startswith("Going on to 10480 would be")
    assert "larger max. travel" in line.second


def test_an_attached_panel_says_since_when_the_run_goes_on():
    state = dataclasses.replace(BUSY, attached=True, now_s=1048.0)
    line = say(running(), Activity("exposing", 10_130), state)
    assert "This run was started 48 s ago" in line.second


def test_a_field_not_in_force_is_said_in_every_state():
    state = dataclasses.replace(IDLE, notes=("Step size is still 60.",))
    assert say(finished(), NOTHING, state).second.startswith("Step size is still 60. ")


def test_focused_gives_error_yardstick_and_validation():
    line = say(finished(), NOTHING, IDLE)
    assert (line.sign, line.first) == ("✓", "Focused at 10247, ± 4 steps.")
    assert line.second == (
        "Well inside the zone of good focus, ± 22. The validation frame agrees: 2.61 px, "
        "expected 2.58. Cancel goes back to 10250."
    )


def test_an_error_wider_than_the_zone_is_a_warning():
    line = say(finished(best={"best_position_error": 31.0}), NOTHING, IDLE)
    assert line.sign == "!"
    assert line.first == "Focused at 10247, ± 31 steps: wider than the zone of good focus, ± 22."
    assert "use 11 points" in line.second


def test_a_validation_frame_that_disagrees_is_a_warning_and_undoes_nothing():
    # The run says in its warning what it was; the panel must not name another cause.
    why = "The validation frame reads 2.01 px, 22 % below the expected 2.58 px. Sharper than that."
    progress = finished(validation=Validation(2.01, 2.58, -22.1, False), warnings=("Odd.", why))
    line = say(progress, NOTHING, IDLE)
    assert line.sign == "!"
    assert line.first == "Focused at 10247, but the validation frame disagrees."
    assert line.second == why


def test_lowest_points_say_that_there_is_no_fit():
    progress = finished(Outcome.LOWEST_POINTS, best={"diagnosis": "The points scatter by 22 %."})
    line = say(progress, NOTHING, IDLE)
    assert line.first == "No fit. Moved to 10247, the average of the three lowest points."
    assert line.second == "The points scatter by 22 %. Cancel goes back to 10250."


def test_not_focused_says_where_the_focuser_is_and_why():
    progress = finished(
        Outcome.NOT_FOCUSED, diagnosis="HFR only falls towards 10010.", final_position=10_250
    )
    line = say(progress, NOTHING, IDLE)
    assert line.first == "Not focused. The focuser is back at 10250."
    assert (line.sign, line.second) == ("✕", "HFR only falls towards 10010.")


def test_cancelled_says_what_was_kept():
    progress = finished(
        Outcome.CANCELLED,
        points=points(4),
        final_position=10_250,
        duration_s=31.0,
        package_path=Path("af_packages/x"),
    )
    line = say(progress, NOTHING, IDLE)
    assert (line.sign, line.first) == ("–", "Cancelled. The focuser is back at 10250.")
    assert line.second == "4 points were taken and saved in 31 s."


def test_a_failed_device_is_the_first_sentence():
    progress = finished(
        Outcome.FAILED,
        diagnosis="The camera did not deliver its frame within 63 s. The focuser is back at 10250.",
        points=points(4),
    )
    line = say(progress, NOTHING, IDLE)
    assert line.first == "The camera did not deliver its frame within 63 s."
    assert line.second == "The focuser is back at 10250. 4 points were taken in 1 min 04 s."


def test_cancel_after_a_finished_run_says_that_the_focuser_went_back():
    progress = dataclasses.replace(finished(), dismissed=True)
    line = say(progress, NOTHING, dataclasses.replace(IDLE, position=10_250))
    assert line.first == "Undone. The focuser is back at 10250."


def test_trouble_with_a_button_is_said_in_the_same_place():
    line = say(RunProgress(), NOTHING, dataclasses.replace(IDLE, trouble="The rig is busy."))
    assert (line.sign, line.second) == ("✕", "The rig is busy.")


@pytest.mark.parametrize(
    ("n_taken", "expected"),
    [
        # Six of nine points at 5 s each: three more and the validation frame are 20 s, of which
        # 7.5 s have passed since the last exposure ended at 1036.5 s.
        (6, 4 * 5 - (1044 - 1036.5)),
        # Nothing taken yet: ten frames of 3 s and 3 s for all else, 44 s after the start.
        (0, 10 * 6 - 44),
    ],
    ids=["six taken", "none taken"],
)
def test_time_left_follows_the_pace_of_the_run(n_taken: int, expected: float):
    assert seconds_left(running(n_taken), 1044.0) == pytest.approx(expected)


def test_one_slow_point_does_not_spoil_the_forecast():
    slow_start = (points(1)[0], *points(4, every_s=5.0)[1:])
    late = tuple(dataclasses.replace(p, time_s=p.time_s + 40) for p in slow_start[1:])
    progress = running(4, points=(slow_start[0], *late))
    # Five points and the validation frame at 5 s; the last exposure ended at 1066.5 s.
    assert seconds_left(progress, 1066.5) == pytest.approx(6 * 5)


def test_the_bar_counts_the_validation_frame():
    assert fraction_done(running(6)) == pytest.approx(6 / 10)


def test_advice_says_what_the_run_will_do_before_it_does():
    text = say_sampling(OPTIONS, 10_250, 64.0)
    assert text == "Sweeps 10490 → 10010, 9 frames, about 1 min 05 s."


def test_advice_prefers_an_odd_number_of_points():
    text = say_sampling(OPTIONS.replace(data_points=8), 10_250, 50.0)
    assert text.endswith("An odd number of points puts one at the centre.")


def test_a_warning_does_not_hide_behind_a_tick():
    progress = finished(warnings=("Not saved: no space left on device.",))
    line = say(progress, NOTHING, IDLE)
    assert (line.sign, line.first) == ("!", "Focused at 10247, ± 4 steps, with a warning.")
    assert line.second.startswith("Not saved: no space left on device. Well inside the zone")


def test_a_warning_is_said_while_the_run_goes_on():
    line = say(running(warnings=("The temperature is no longer known",)), NOTHING, BUSY)
    assert (line.sign, line.busy) == ("!", True)
    assert line.second.startswith("The temperature is no longer known. About ")


def test_a_run_that_would_fail_is_said_before_it_is_tried():
    state = dataclasses.replace(IDLE, obstacles=("Sweep: 25140 is too far. Begin at 24760.",))
    line = say(RunProgress(), NOTHING, state)
    assert (line.sign, line.first) == ("✕", "Not ready: a run would fail.")
    assert line.second == "Sweep: 25140 is too far. Begin at 24760."


def test_advice_says_how_high_the_ends_will_read_by_the_last_curve():
    # y = 2·√(1 + (x/70)²): at 4 × 60 steps 7.1 px, 3.6 times the minimum.
    y = [FocusPoint(x, 2.0 * math.hypot(1, (x - 10_250) / 70), error=0.02) for x in POSITIONS]
    last = finished(points=tuple(y)).record
    last = dataclasses.replace(last, best=find_best_focus(y, step_size=60))
    assert "Ends at 3.6 times the minimum: good" in say_sampling(OPTIONS, 10_250, 54.0, last)
    half = OPTIONS.replace(step_size=30)
    assert "Ends at 2.0 times the minimum: too low" in say_sampling(half, 10_250, 54.0, last)
    twice = OPTIONS.replace(step_size=120)
    assert "times the minimum: too high (2.5 to 4)." in say_sampling(twice, 10_250, 54.0, last)
    other = OPTIONS.replace(metric="fwhm")
    assert "Ends" not in say_sampling(other, 10_250, 54.0, last)
    assert "Ends" not in say_sampling(OPTIONS, 10_250, 54.0, finished(Outcome.LOST).record)
