"""The sequence panel on a quick rig: what it says and shows, and what its buttons do."""

import dataclasses
import re
import threading
import time

import pytest
from ipywidgets.widgets import widget as widget_module

import focusbench as fb
from focusbench.curve import Outcome
from focusbench.engine import Activity
from focusbench.errors import OptionsError
from focusbench.sequence import (
    FocusRun,
    FocusStarted,
    FrameStarted,
    FrameTaken,
    Night,
    NightEnded,
    NightProgress,
)
from focusbench.triggers import Decided, Decision, FrameKind, LightFrame, Trigger
from focusbench.tuning import SimulatedNight, compare_triggers
from focusbench.widgets.night_pictures import comparison_html, history_html, run_words
from focusbench.widgets.night_tables import triggers_html
from focusbench.widgets.night_words import NightState, expected_words, roughly, say_night
from tests.sequence.quick_rig import NO_TRIGGERS, QUICK, QuickRig, plan

FRAMES = plan(("L", 60, 3), ("Ha", 120, 2))


@pytest.fixture
def quick(monkeypatch):
    return QuickRig(monkeypatch)


def panel_on(quick, sequence=FRAMES, folder=None):
    panel = fb.SequencePanel(quick.rig, sequence, folder)
    panel.night.subscribe(quick.events.append)
    return panel


def text(html):
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", html.value)).strip()


def wait_until(condition, seconds=30.0):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.01)


def start(panel):
    panel.start_button.click()
    panel.refresh()


def hold(quick, panel, kind, number=1):
    """Keep the night at an event until released; returns (reached, release)."""
    reached, release = threading.Event(), threading.Event()

    def here():
        reached.set()
        assert release.wait(30)

    panel.night.subscribe(quick.when(kind, here, number))
    return reached, release


# ------------------------------------------------------------------------------ a night


def test_before_the_start_it_says_what_will_be_done(quick):
    panel = panel_on(quick)
    assert "Ready for 5 frames, 7 min of exposures." in text(panel._words)
    assert "Nothing is kept." in text(panel._words)
    assert "▶ M 31 L 60 s 1×1 0 / 3 M 31 Ha 120 s 1×1 0 / 2" in text(panel._rows)
    assert (panel.start_button.description, panel.start_button.disabled) == ("Start", False)
    for button in (panel.pause_button, panel.focus_button, panel.stop_button):
        assert button.disabled
        assert button.tooltip == "No sequence is running."
    panel.close()


def test_a_night_from_start_to_end(quick):
    triggers = NO_TRIGGERS.replace(before_first_frame=True, on_filter_change=True)
    panel = panel_on(quick, plan(("L", 60, 3), ("Ha", 120, 2), triggers=triggers))
    start(panel)
    assert panel.night.wait(30)
    panel.refresh()
    assert "✓ All 5 frames are taken. 2 focus runs." in text(panel._words)
    assert "✓ M 31 L 60 s 1×1 3 / 3 ✓ M 31 Ha 120 s 1×1 2 / 2" in text(panel._rows)
    assert "filter change: L → Ha" in text(panel._facts)
    assert "Filter change still Ha" in text(panel._triggers)
    assert panel._history.value.count("<circle") == 5
    assert panel.start_button.disabled
    assert panel.start_button.tooltip == "All frames are taken."
    panel.close()


def test_while_a_frame_is_taken_it_says_which_and_what_comes(quick):
    triggers = NO_TRIGGERS.replace(every_frames=2)
    panel = panel_on(quick, plan(("L", 60, 3), triggers=triggers))
    reached, release = hold(quick, panel, FrameStarted, 2)
    start(panel)
    assert reached.wait(10)
    panel.refresh()
    assert "M 31, L 2 of 3" in text(panel._words)
    assert "Next auto focus: frames: 1 of 2 frames, in about 1 min." in text(panel._words)
    assert "Frames 1 of 2 frames" in text(panel._triggers)
    release.set()
    assert panel.night.wait(30)
    panel.close()


def test_pause_and_resume_are_one_button(quick):
    panel = panel_on(quick)
    reached, release = hold(quick, panel, FrameStarted, 2)
    start(panel)
    assert reached.wait(10)
    panel.refresh()
    panel.pause_button.click()
    panel.refresh()
    assert "Pausing after this frame" in text(panel._words)
    release.set()
    wait_until(lambda: panel.night.progress.phase == "paused")
    panel.refresh()
    assert "Paused. Resume goes on with M 31, L 3 of 3." in text(panel._words)
    assert panel.pause_button.description == "Resume"
    assert sum(panel.night.progress.done) == 2
    panel.pause_button.click()
    assert panel.night.wait(30)
    panel.refresh()
    assert panel.night.progress.complete
    assert panel.pause_button.description == "Pause"
    panel.close()


def test_focus_now_makes_a_run_before_the_next_frame(quick):
    panel = panel_on(quick)
    reached, release = hold(quick, panel, FrameStarted, 2)
    start(panel)
    assert reached.wait(10)
    panel.refresh()
    panel.focus_button.click()
    release.set()
    assert panel.night.wait(30)
    panel.refresh()
    (run,) = panel.night.progress.runs
    assert (run.words, run.focused) == ("by hand", True)
    order = [type(event) for event in quick.told(FrameTaken, FocusStarted)]
    assert order.index(FocusStarted) == 2
    panel.close()


def test_while_it_focuses_the_run_is_shown_and_can_be_cancelled(quick):
    triggers = NO_TRIGGERS.replace(before_first_frame=True)
    panel = panel_on(quick, plan(("L", 60, 2), triggers=triggers))
    began = threading.Event()
    release = threading.Event()

    def exposing(event):
        if type(event).__name__ == "SampleStarted" or panel.session.progress.points:
            began.set()
            release.wait(30)

    panel.session.subscribe(exposing)
    start(panel)
    assert began.wait(10)
    panel.refresh()
    assert panel.focus_button.description == "Cancel focus"
    assert "Focusing." in text(panel._words)
    assert "Why: first frame: none was taken yet." in text(panel._words)
    assert "fb-hidden" not in panel._run_shown._dom_classes
    panel.focus_button.click()
    release.set()
    assert panel.night.wait(30)
    panel.refresh()
    assert [run.outcome for run in panel.night.progress.runs] == [Outcome.CANCELLED]
    assert panel.night.progress.complete
    assert "fb-hidden" in panel._run_shown._dom_classes
    panel.close()


@pytest.mark.parametrize("press", ["go on", "run again"])
def test_in_the_close_delay_the_run_can_be_made_again_or_closed(quick, press):
    triggers = NO_TRIGGERS.replace(before_first_frame=True)
    patient = QUICK.replace(close_delay_s=30)
    panel = panel_on(quick, plan(("L", 60, 1), autofocus=patient, triggers=triggers))
    over, release = threading.Event(), threading.Event()

    def ended():
        record = quick.session.record
        return None if record is None else record.started_s + record.duration_s

    quick.at({5: lambda: (over.set(), release.wait(30))}, ended)
    start(panel)
    assert over.wait(10)
    panel.refresh()
    assert text(panel._words).startswith("Focused at 102")
    assert "fb-hidden" not in panel._closing._dom_classes
    (panel.close_button if press == "go on" else panel.run_again_button).click()
    release.set()
    assert panel.night.wait(30)
    panel.refresh()
    assert "fb-hidden" in panel._closing._dom_classes
    runs = panel.night.progress.runs
    (frame,) = quick.told(FrameStarted)
    if press == "go on":
        assert len(runs) == 1
        assert frame.time_s - runs[0].ended_s == pytest.approx(5, abs=0.5)
    else:
        assert [run.words for run in runs] == ["first frame: none was taken yet", "run again"]
        assert frame.time_s - runs[1].ended_s == pytest.approx(30, abs=0.2)
    panel.close()


@pytest.mark.parametrize(("answer", "frames"), [("after", 2), ("now", 1)])
def test_stop_asks_once_and_go_on_continues(quick, tmp_path, answer, frames):
    panel = panel_on(quick, folder=tmp_path / "night")
    reached, release = hold(quick, panel, FrameStarted, 2)
    start(panel)
    assert reached.wait(10)
    panel.stop_button.click()
    panel.refresh()
    assert "fb-hidden" not in panel._asking._dom_classes
    assert "Stop after this frame, or now" in text(panel._question)
    (panel.after_frame_button if answer == "after" else panel.stop_now_button).click()
    panel.refresh()
    assert "fb-hidden" in panel._asking._dom_classes
    assert "Stopping" in text(panel._words)
    release.set()
    assert panel.night.wait(30)
    panel.refresh()
    assert sum(panel.night.progress.done) == frames
    assert f"– Stopped. {frames} of 5 frames are taken" in text(panel._words)
    assert panel.start_button.description == "Go on"
    panel.start_button.click()
    panel.refresh()
    assert panel.night.wait(30)
    assert panel.night.progress.complete
    numbers = [frame.number for frame in panel.night.progress.frames]
    assert numbers == [1, 2, 3, 4, 5]
    panel.close()


def test_stop_can_be_taken_back(quick):
    panel = panel_on(quick)
    reached, release = hold(quick, panel, FrameStarted, 2)
    start(panel)
    assert reached.wait(10)
    panel.stop_button.click()
    panel.refresh()
    panel.after_frame_button.click()
    panel.go_on_button.click()
    release.set()
    assert panel.night.wait(30)
    assert panel.night.progress.complete
    panel.close()


# ------------------------------------------------------------------------------ several panels


def test_a_second_panel_shows_the_night_that_goes_on(quick):
    panel = panel_on(quick)
    reached, release = hold(quick, panel, FrameStarted, 2)
    start(panel)
    assert reached.wait(10)
    second = fb.SequencePanel(quick.rig)
    assert second.night is panel.night
    assert "started by another panel or page" in text(second._words)
    second.pause_button.click()
    release.set()
    wait_until(lambda: panel.night.progress.phase == "paused")
    panel.pause_button.click()
    assert panel.night.wait(30)
    panel.close()
    second.close()


def test_a_night_begun_elsewhere_on_the_rig_is_shown(quick):
    panel = panel_on(quick)
    other = quick.night(plan(("Ha", 60, 3)))
    reached, release = threading.Event(), threading.Event()
    other.subscribe(quick.when(FrameStarted, lambda: (reached.set(), release.wait(30)), number=2))
    other.start()
    assert reached.wait(10)
    panel.refresh()
    assert panel.night is other
    assert "M 31, Ha 2 of 3" in text(panel._words)
    assert panel.start_button.disabled
    release.set()
    assert other.wait(30)
    panel.close()


def test_a_night_that_was_broken_off_is_gone_on_with(quick, tmp_path):
    first = panel_on(quick, folder=tmp_path)
    quick.events.clear()
    reached, release = hold(quick, first, FrameTaken, 2)
    start(first)
    assert reached.wait(10)
    first.night.stop()
    release.set()
    assert first.night.wait(30)
    first.close()
    second = fb.SequencePanel(quick.rig, folder=tmp_path)
    assert second.start_button.description == "Go on"
    assert "2 of 5 frames are taken" in text(second._words)
    start(second)
    assert second.night.wait(30)
    assert second.night.progress.complete
    second.close()


def test_a_sequence_that_the_rig_cannot_do_says_why(quick):
    panel = panel_on(quick, plan(("SII", 60, 1)))
    start(panel)
    assert "✕" in text(panel._words)
    assert "SII" in text(panel._words)
    assert not panel.start_button.disabled
    panel.close()


def test_without_a_sequence_there_is_no_panel(quick):
    with pytest.raises(OptionsError, match="There is no sequence"):
        fb.SequencePanel(quick.rig, folder=None)


def test_close_leaves_no_widget_and_the_night_goes_on(quick):
    before = set(widget_module._instances)
    panel = panel_on(quick)
    reached, release = hold(quick, panel, FrameStarted, 1)
    start(panel)
    assert reached.wait(10)
    panel.close()
    assert set(widget_module._instances) <= before
    night = panel.night
    release.set()
    assert night.wait(30)
    assert night.progress.complete
    assert Night.on(quick.rig) is None
    assert quick.told(NightEnded)


# ------------------------------------------------------------------------------ words


def paused(**more):
    night = NightProgress(
        phase="exposing", sequence=FRAMES, started_s=1000.0, row=0, done=(1, 0), **more
    )
    return dataclasses.replace(night, state=dataclasses.replace(night.state, time_s=1000.0))


def test_a_failed_run_is_said_until_one_focuses():
    run = FocusRun(Outcome.NOT_FOCUSED, "Flat.", 900.0, 990.0, words="temperature: due")
    night = paused(runs=(run,))
    night = dataclasses.replace(night, state=dataclasses.replace(night.state, failed_s=90.0))
    line = say_night(night, Activity(), NightState(running=True, now_s=1010.0))
    assert line.sign == "!"
    assert "Auto focus failed at" in line.second
    assert "Flat. Frames are taken at the last good position, 0." in line.second
    focused = dataclasses.replace(night.state, failed_s=None)
    assert say_night(dataclasses.replace(night, state=focused), Activity(),
                     NightState(running=True, now_s=1010.0)).sign == ""  # fmt: skip


def test_the_countdown_of_a_frame():
    activity = Activity("exposing", None, 1000.0, 60.0)
    line = say_night(paused(), activity, NightState(running=True, now_s=1020.0))
    assert line.first == "M 31, L 2 of 3: exposing 60 s, 40 s left."
    pausing = NightState(running=True, pausing=True, now_s=1020.0)
    assert say_night(paused(), activity, pausing).first == (
        "Pausing after this frame, in 40 s: M 31, L 2 of 3."
    )


def test_the_next_run_is_foreseen_or_held():
    decided = Decided((Decision(Trigger.TEMPERATURE, False, "0.7 of 1.0", 1500.0),))
    assert expected_words(paused(decided=decided), 1100.0) == (
        "Next auto focus: temperature: 0.7 of 1.0, in about 25 min."
    )
    held = dataclasses.replace(decided, held="cool-down: 3.0 min of 10 min left")
    assert "not before the cool-down" in expected_words(paused(decided=held), 1100.0)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(4, "10 s"), (89, "1 min 30 s"), (400, "7 min"), (1500, "25 min"), (7700, "2 h 10 min"),
     (7200, "2 h")],
)  # fmt: skip
def test_a_time_to_come_is_no_more_exact_than_it_can_be(seconds, said):
    assert roughly(seconds) == said


def test_triggers_that_are_due_are_marked():
    decided = Decided((Decision(Trigger.FRAMES, True, "3 ≥ 3 frames", 0.0),), held="cool-down")
    html = triggers_html(paused(decided=decided))
    assert "● 3 ≥ 3 frames" in html
    assert "! cool-down" in html


# ------------------------------------------------------------------------------ pictures


def test_the_history_marks_frames_runs_and_frames_without_stars():
    kind = FrameKind("<M 31>", "L", 1, 60)
    frames = tuple(
        LightFrame(kind, 1000.0 + 60 * i, i + 1, None if i == 2 else 2.0 + i, n_stars=9 * i)
        for i in range(5)
    )
    runs = (
        FocusRun(Outcome.FOCUSED, "", 1000.0, 1010.0, (Trigger.TIME,), "time: due"),
        FocusRun(Outcome.LOST, "Too far.", 2000.0, 2900.0, (Trigger.FRAMES,), "frames: due"),
    )
    html = history_html(paused(frames=frames, runs=runs), 2950.0)
    # Four measured ones are discs, the one without stars an X.
    assert html.count("<circle") == 4
    assert "<M 31>" not in html
    assert "&lt;M 31&gt;" in html
    assert html.count("stroke-dasharray:1.5 3") == 2
    assert ">time</text>" in html
    assert "Too far (frames: due)" in html
    # No temperature was known: no strip for it.
    assert "°C</span>" not in html


def test_labels_of_a_history_stay_inside_it_and_apart():
    both = (Trigger.FILTER, Trigger.TEMPERATURE)
    times = ((1010.0, (Trigger.TIME,)), (1030.0, (Trigger.FRAMES,)), (2640.0, both))
    runs = tuple(FocusRun(Outcome.FOCUSED, "", t - 9, t, why, "due") for t, why in times)
    html = history_html(paused(runs=runs), 2700.0)
    assert ">time</text>" in html
    # It would be written over the first.
    assert ">frames</text>" not in html
    (last,) = re.findall(r"<text[^>]*>filter change, temperature</text>", html)
    assert 'text-anchor="end"' in last


def test_a_position_is_said_once_where_a_run_went_back():
    why = "Cancelled. The focuser is back at 10216."
    run = FocusRun(Outcome.CANCELLED, why, 0.0, 9.0, (), "filter change: L → Ha", None, 10216)
    assert run_words(run).count("10216") == 1


def test_an_empty_history_has_axes_and_nothing_else():
    html = history_html(paused(), 1000.0)
    assert "<circle" not in html
    assert "0 frames" in html


def test_sets_of_triggers_are_drawn_one_under_another():
    never = fb.TriggerOptions(before_first_frame=False, on_filter_change=False)
    night = SimulatedNight.reference(3).replace(hours=2.0)
    compared = compare_triggers(night, {"1 °C": never.replace(every_c=1), "<never>": never})
    html = comparison_html(compared)
    assert html.count('class="fb-set"') == 2
    assert "&lt;never&gt;" in html
    degrees, nothing = html.split('class="fb-set"')[1:]
    one = compared.nights["1 °C"][0]
    marks = one.verdicts["needed"] + one.verdicts["false"]
    assert degrees.count("<circle") == one.n_frames + marks
    assert nothing.count("<circle") == compared.nights["<never>"][0].n_frames
    outside = (abs(compared.nights["<never>"][0].off_focus) > night.zone).sum()
    assert nothing.count("fill:none;stroke:var(--fb-x)") == outside


def test_the_view_of_triggers_has_a_row_for_each_set_and_a_picture_for_each_night():
    never = fb.TriggerOptions(before_first_frame=False, on_filter_change=False)
    nights = [SimulatedNight.reference(seed).replace(hours=1.5) for seed in (1, 2)]
    before = set(widget_module._instances)
    view = fb.TriggerView(compare_triggers(nights, {"<a>": never, "b": never.replace(every_c=0.5)}))
    assert text(view._table).startswith("A night with Focus runs Needed False alarms")
    assert "&lt;a&gt; 0.0 0.0 0.0 0.0 0 0.0" in text(view._table)
    assert "Worst night" in text(view._table)
    first, runs = view._picture.value, view._runs.value
    view.nights.value = 1
    assert view._picture.value != first
    assert view._runs.value != runs
    assert "temperature: " in text(view._runs)
    view.close()
    assert set(widget_module._instances) <= before
