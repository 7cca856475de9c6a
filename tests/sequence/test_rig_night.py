"""A night on the devices of a rig: order, delays, wishes, failures, files."""

import dataclasses
import re
import threading
import time

import pytest

from focusbench.af_packages import open_package
from focusbench.curve import Outcome
from focusbench.engine import PointMeasured
from focusbench.errors import DeviceError, FrameError, OptionsError, RunInProgress
from focusbench.frames import Frame, read_frame, write_frame
from focusbench.options import SequenceOptions
from focusbench.sequence import (
    JOURNAL,
    Asked,
    Centred,
    FilterTurned,
    FocusEnded,
    FocuserFound,
    FocuserSent,
    FocusStarted,
    FrameLost,
    FrameStarted,
    FrameTaken,
    Night,
    NightContinued,
    NightEnded,
    NightStarted,
    NightWarned,
    Paused,
    Resumed,
    read_night,
    rig_lights,
)
from focusbench.triggers import Trigger
from tests.sequence.quick_rig import BEST, NO_TRIGGERS, QUICK, SHIFT, WITH_OFFSETS, QuickRig, plan

FIRST = NO_TRIGGERS.replace(before_first_frame=True)
CHANGE = NO_TRIGGERS.replace(on_filter_change=True)


@pytest.fixture
def quick(monkeypatch):
    return QuickRig(monkeypatch)


# --------------------------------------------------------------------------------- the plain night


def test_all_frames_are_taken_in_the_order_of_the_plan(quick):
    night = quick.run(plan(("L", 60, 2), ("Ha", 120, 1)))
    assert [(f.number, f.kind.filter, f.kind.exposure_s) for f in night.progress.frames] == [
        (1, "L", 60),
        (2, "L", 60),
        (3, "Ha", 120),
    ]
    assert night.progress.complete
    assert night.progress.ended_why == "all frames are taken"
    assert isinstance(quick.events[0], NightStarted)
    assert [type(e) for e in quick.told(NightEnded)] == [type(quick.events[-1])]
    # Exposures and two seconds of the wheel: nothing else takes time.
    assert night.progress.time_s - night.progress.started_s == pytest.approx(242, abs=0.2)


def test_frames_are_fits_files_that_say_what_they_are(quick, tmp_path):
    night = quick.run(plan(("Ha", 60, 2)), tmp_path)
    files = sorted(path.name for path in (tmp_path / "lights").iterdir())
    assert files == ["M-31_Ha_60s_0001.fits", "M-31_Ha_60s_0002.fits"]
    frame = read_frame(tmp_path / night.progress.frames[1].file)
    assert (frame.filter, frame.exposure_s, frame.position) == ("Ha", 60, BEST)
    assert frame.temperature_c == 10.0
    assert frame.header["OBJECT"] == "M 31"
    assert frame.header["IMAGETYP"] == "LIGHT"
    assert frame.time_s == pytest.approx(night.progress.frames[1].time_s, abs=1e-3)


def test_the_journal_holds_the_night_as_it_was_seen_live(quick, tmp_path):
    night = quick.run(plan(("L", 60, 2), ("Ha", 60, 1), triggers=FIRST), tmp_path)
    assert read_night(tmp_path) == night.progress
    assert len(night.progress.runs) == 1
    history = night.progress.history.dataset
    assert history.n_runs.values.tolist() == [1, 0, 0]
    assert history.filter.values.tolist() == ["L", "L", "Ha"]


def test_airmass_and_side_are_known_where_site_and_coordinates_are(quick, tmp_path):
    site = SequenceOptions(latitude_deg=48, longitude_deg=11)
    quick.run(plan(("L", 60, 1), options=site, ra_h=4, dec_deg=41), tmp_path)
    (frame,) = [event.frame for event in quick.told(FrameTaken)]
    assert frame.airmass == pytest.approx(1.02, abs=0.02)
    assert frame.west is False
    assert read_frame(tmp_path / frame.file).header["AIRMASS"] == pytest.approx(
        frame.airmass, abs=1e-4
    )


def test_a_frame_without_stars_is_a_frame_all_the_same(quick):
    quick.stars = 0
    night = quick.run(plan(("L", 60, 1)))
    assert [(f.hfr, f.n_stars) for f in night.progress.frames] == [(None, 0)]


def test_hfr_is_given_at_binning_1(quick):
    sequence = plan(("L", 60, 1))
    (row,) = sequence.rows
    binned = dataclasses.replace(row.target, events=(row.frames.replace(binning=2),))
    night = quick.run(dataclasses.replace(sequence, targets=(binned,)))
    assert night.progress.frames[0].hfr == pytest.approx(2 * 1.9, rel=0.01)


# ---------------------------------------------------------------------------------- focus when due


def test_on_a_filter_change_wheel_comes_first_then_the_offset_then_focus(quick):
    quick.run(plan(("L", 60, 1), ("Ha", 60, 1), autofocus=WITH_OFFSETS, triggers=CHANGE))
    kinds = (FilterTurned, FocuserSent, FocusStarted, FrameStarted)
    assert [type(event) for event in quick.told(*kinds)] == [
        FrameStarted,
        FilterTurned,
        FocuserSent,
        FocusStarted,
        FrameStarted,
    ]
    (sent,) = quick.told(FocuserSent)
    assert (sent.position, sent.why) == (BEST + SHIFT, "filter offset")
    (ended,) = quick.told(FocusEnded)
    assert ended.run.start_position == BEST + SHIFT
    assert ended.run.filter == "Ha"
    assert abs(ended.run.final_position - BEST - SHIFT) <= 4


def test_without_adjusting_the_filter_change_moves_nothing(quick):
    quick.run(plan(("L", 60, 1), ("Ha", 60, 1)))
    assert quick.told(FocuserSent) == []
    assert quick.rig.focuser.position() == BEST


def test_there_and_back_again_ends_where_it_began(quick):
    rows = [("L", 10, 1), ("Ha", 10, 1)] * 3 + [("L", 10, 1)]
    quick.run(plan(*rows, autofocus=WITH_OFFSETS))
    assert [event.position - BEST for event in quick.told(FocuserSent)] == [60, 0, 60, 0, 60, 0]


def test_with_a_focus_filter_frames_are_taken_where_their_own_filter_focuses(quick):
    autofocus = WITH_OFFSETS.replace(focus_filter="L")
    night = quick.run(plan(("Ha", 60, 2), autofocus=autofocus, triggers=FIRST))
    (run,) = night.progress.runs
    assert abs(run.best_position - BEST) <= 4
    assert abs(run.final_position - BEST - SHIFT) <= 4
    assert [frame.position for frame in night.progress.frames] == [run.final_position] * 2
    assert night.progress.decided.due == ()


def test_flip_temperature_and_filter_change_due_together_make_one_run(monkeypatch, tmp_path):
    quick = QuickRig(monkeypatch, temperature_c_per_h=-6.0)
    triggers = CHANGE.replace(every_c=1, after_centring=True)
    night = quick.night(plan(("L", 300, 2), ("Ha", 60, 1), triggers=triggers), tmp_path)
    night.subscribe(quick.when(FrameStarted, lambda: night.centred(flipped=True), 2))
    night.start()
    assert night.wait(60)
    (run,) = night.progress.runs
    assert run.triggers == (Trigger.CENTRING, Trigger.FILTER, Trigger.TEMPERATURE)
    # Between the frame and the run, the wheel turns for 2 s; nothing else takes time.
    frame_s = quick.told(FrameTaken)[1].time_s
    assert run.started_s - frame_s == pytest.approx(2, abs=1e-3)
    assert quick.told(FrameStarted)[2].time_s - run.ended_s == pytest.approx(0, abs=1e-3)
    assert quick.told(Centred)[0].flipped
    package = open_package(tmp_path / run.package)
    assert package.record.reasons == (
        "centring: after meridian flip",
        "filter change: L → Ha",
        "temperature: 10.0 °C → 9.0 °C: 1.0 ≥ 1.0",
    )
    assert night.progress.state.happened == ()


def test_no_trigger_is_asked_where_auto_focus_is_not_used_but_focus_now_works(quick):
    night = quick.night(plan(("L", 60, 3), triggers=FIRST.replace(use_auto_focus=False)))
    night.subscribe(quick.when(FrameStarted, night.focus_now, 2))
    night.start()
    assert night.wait(60)
    (run,) = night.progress.runs
    assert (run.triggers, run.words) == ((), "by hand")
    order = quick.told(FrameTaken, FocusEnded)
    assert [type(event) for event in order] == [FrameTaken, FrameTaken, FocusEnded, FrameTaken]


# ------------------------------------------------------------------------------------- close delay


def first_run(quick, delay_s):
    sequence = plan(("L", 60, 1), autofocus=QUICK.replace(close_delay_s=delay_s), triggers=FIRST)
    return quick.night(sequence)


def finish(quick, night):
    night.start()
    assert night.wait(60)
    (frame,) = quick.told(FrameStarted)
    return frame.time_s, night.progress.runs


def over(quick):
    """When the first run was over, on the rig's clock; None before that."""

    def ended():
        record = quick.session.record
        return None if record is None else record.started_s + record.duration_s

    return ended


@pytest.mark.parametrize("delay_s", [0, 30])
def test_the_frame_after_a_run_waits_the_close_delay_to_the_second(quick, delay_s):
    began_s, (run,) = finish(quick, first_run(quick, delay_s))
    assert began_s - run.ended_s == pytest.approx(delay_s, abs=1e-3)
    assert run.outcome == Outcome.FOCUSED
    assert not quick.session.can_cancel


def test_run_again_in_the_delay_makes_a_second_run_and_starts_the_delay_anew(quick):
    night = first_run(quick, 30)
    options = night.progress.sequence.autofocus

    def again():
        quick.session.start(options, again=True)

    quick.at({20: again}, over(quick))
    began_s, (first, second) = finish(quick, night)
    assert second.started_s - first.ended_s == pytest.approx(20, abs=0.1)
    assert began_s - second.ended_s == pytest.approx(30, abs=1e-3)
    assert (first.triggers, first.words) == (
        (Trigger.FIRST_FRAME,),
        "first frame: none was taken yet",
    )
    assert (second.triggers, second.words) == ((), "run again")
    assert second.start_position == first.final_position
    assert night.progress.hold.position == second.final_position


def test_cancel_in_the_delay_goes_back_and_leaves_the_triggers_as_they_were(monkeypatch):
    quick = QuickRig(monkeypatch, start=BEST - 40)
    night = first_run(quick, 30)
    quick.at({20: quick.session.cancel}, over(quick))
    began_s, (run,) = finish(quick, night)
    # 40 steps back at 250 a second, looked at every 0.1 s; then the delay anew.
    assert began_s - run.ended_s == pytest.approx(20 + 0.2 + 30, abs=0.2)
    assert run.outcome == Outcome.CANCELLED
    assert night.progress.frames[0].position == BEST - 40
    assert not night.progress.state.reference.focused
    assert night.progress.hold.position == BEST - 40


def test_run_again_and_then_cancel_keeps_the_first_run(quick):
    night = first_run(quick, 30)
    options = night.progress.sequence.autofocus
    moments = {10: lambda: quick.session.start(options, again=True), 12: quick.session.cancel}
    quick.at(moments, over(quick))
    _, (first, second) = finish(quick, night)
    assert (first.outcome, second.outcome) == (Outcome.FOCUSED, Outcome.CANCELLED)
    assert night.progress.frames[0].position == first.final_position
    assert night.progress.state.reference.focused


# ------------------------------------------------------------------------------------- failed runs


def clouded(quick, triggers, rows=(("L", 60, 6),)):
    """A night whose first run sees no stars; they come back after the second frame."""

    def clear():
        quick.stars = 50

    quick.stars = 0
    night = quick.night(plan(*rows, triggers=triggers))
    night.subscribe(quick.when(FrameTaken, clear, 2))
    return night


def test_a_failed_run_does_not_stop_the_night(quick):
    night = clouded(quick, FIRST)
    night.start()
    assert night.wait(60)
    (run,) = night.progress.runs
    assert run.outcome == Outcome.NOT_FOCUSED
    assert "cannot be used" in run.diagnosis
    assert night.progress.complete
    assert {frame.position for frame in night.progress.frames} == {BEST}


def test_retry_runs_again_when_the_cool_down_is_over(quick):
    triggers = FIRST.replace(after_failure="retry", cool_down_minutes=3)
    night = clouded(quick, triggers)
    night.start()
    assert night.wait(60)
    first, second = night.progress.runs
    assert first.outcome == Outcome.NOT_FOCUSED
    assert second.triggers == (Trigger.RETRY,)
    assert second.outcome == Outcome.FOCUSED
    # Three frames of a minute: the first moment between frames at which 3 minutes are over.
    assert second.started_s - first.ended_s == pytest.approx(180, abs=1)


def test_a_night_that_is_to_stop_after_a_failure_pauses_and_says_why(quick):
    night = clouded(quick, FIRST.replace(after_failure="stop"))

    def go_on():
        quick.stars = 50
        night.resume()

    night.subscribe(quick.when(Paused, go_on))
    night.start()
    assert night.wait(60)
    (paused,) = quick.told(Paused)
    assert paused.why.startswith("The run did not focus: ")
    assert [type(e) for e in quick.told(Paused, Resumed, FrameStarted)][:3] == [
        Paused,
        Resumed,
        FrameStarted,
    ]
    assert night.progress.complete


def test_a_focuser_left_elsewhere_by_a_failed_run_goes_back_to_the_last_good_position(quick):
    night = clouded(quick, FIRST)
    run = quick.session.start

    def astray(*args, **kwargs):
        run(*args, **kwargs)
        quick.session.wait()
        quick.rig.focuser.start_move(BEST + 500)
        quick.clock.sleep(5)

    quick.session.start = astray
    night.start()
    assert night.wait(60)
    (sent,) = quick.told(FocuserSent)
    assert (sent.position, sent.why) == (BEST, "last good position")
    assert {frame.position for frame in night.progress.frames} == {BEST}


# -------------------------------------------------------------------------------- before it begins


@pytest.mark.parametrize(
    ("rows", "autofocus", "says"),
    [
        ((), QUICK, "has no frames: add a target"),
        ((("OIII", 60, 1),), QUICK, "no filter 'OIII'; it has L, Ha"),
        ((("L", 60, 1),), QUICK.replace(focus_filter="R"), "no filter 'R'"),
    ],
)
def test_what_the_rig_cannot_do_is_said_before_the_first_frame(quick, rows, autofocus, says):
    night = quick.night(plan(*rows, autofocus=autofocus))
    with pytest.raises(OptionsError, match=says):
        night.start()
    assert not night.running
    assert quick.events == []


def test_darks_of_all_exposures_of_all_filters_are_looked_for_before_the_first_frame(
    quick, tmp_path
):
    pixels = quick.rig.telescope.frame(1, quick.start_s, 1.0)
    for seconds in (1, 60):
        write_frame(Frame(pixels, exposure_s=seconds), tmp_path / f"{seconds}_dark.fits")
    filters = {"L": {"exposure_s": 1}, "Ha": {"exposure_s": 30}}
    autofocus = QUICK.replace(dark_folder=str(tmp_path), filters=filters)
    night = quick.night(plan(("L", 60, 1), ("Ha", 60, 1), autofocus=autofocus))
    with pytest.raises(OptionsError, match="30 s"):
        night.start()
    assert quick.events == []
    # Where every run is made with L, Ha needs none.
    ok = plan(("L", 60, 1), ("Ha", 60, 1), autofocus=autofocus.replace(focus_filter="L"))
    assert quick.run(ok).progress.complete


def test_filters_without_focus_points_are_told_where_focus_should_be_adjusted(quick):
    autofocus = WITH_OFFSETS.replace(filters={"L": {"focus_point": 9_000}})
    quick.run(plan(("L", 60, 1), ("Ha", 60, 1), ("L", 60, 1), autofocus=autofocus))
    said = [event.message for event in quick.told(NightWarned)]
    assert len(said) == 2
    assert said[0].startswith("The focus points of L and Ha are not both known")
    assert quick.rig.focuser.position() == BEST


# ------------------------------------------------------------------------------------------ wishes


def test_pause_lets_the_frame_end_and_resume_goes_on(quick):
    night = quick.night(plan(("L", 60, 3)))
    night.subscribe(quick.when(FrameStarted, night.pause))
    night.subscribe(quick.when(Paused, lambda: (quick.clock.sleep(600), night.resume())))
    night.start()
    assert night.wait(60)
    assert [type(e) for e in quick.told(FrameTaken, Paused, Resumed)] == [
        FrameTaken,
        Paused,
        Resumed,
        FrameTaken,
        FrameTaken,
    ]
    # Ten minutes of pause are no part of the running time.
    assert night.progress.state.elapsed_s == pytest.approx(180, abs=1)


def test_on_resume_focus_is_run_where_wanted(quick):
    night = quick.night(plan(("L", 60, 3), triggers=NO_TRIGGERS.replace(on_resume=True)))
    night.subscribe(quick.when(FrameStarted, night.pause))
    night.subscribe(quick.when(Paused, night.resume))
    night.start()
    assert night.wait(60)
    (run,) = night.progress.runs
    assert run.triggers == (Trigger.RESUME,)


def test_focus_now_works_while_paused(quick):
    night = quick.night(plan(("L", 60, 2)))
    night.subscribe(quick.when(FrameStarted, night.pause))
    night.subscribe(quick.when(Paused, night.focus_now))
    night.subscribe(quick.when(FocusEnded, night.resume))
    night.start()
    assert night.wait(60)
    assert [type(e) for e in quick.told(Paused, FocusEnded, Resumed)] == [
        Paused,
        FocusEnded,
        Resumed,
    ]


def test_a_run_by_hand_in_a_pause_sets_every_reference(quick):
    night = quick.night(plan(("L", 60, 4), triggers=NO_TRIGGERS.replace(every_frames=3)))

    def by_hand():
        quick.session.run(QUICK)
        quick.session.accept()
        night.resume()

    night.subscribe(quick.when(FrameStarted, night.pause, 2))
    night.subscribe(quick.when(Paused, lambda: threading.Timer(0.05, by_hand).start()))
    night.start()
    assert night.wait(60)
    (run,) = night.progress.runs
    assert run.words == "by hand"
    assert len(night.progress.state.frames) == 2


def test_a_focuser_moved_by_hand_in_a_pause_is_where_the_night_goes_on(quick):
    night = quick.night(plan(("L", 60, 2)))

    def moved():
        quick.rig.focuser.start_move(BEST + 30)
        quick.clock.sleep(5)
        night.resume()

    night.subscribe(quick.when(FrameStarted, night.pause))
    night.subscribe(quick.when(Paused, moved))
    night.start()
    assert night.wait(60)
    (found,) = quick.told(FocuserFound)
    assert found.position == BEST + 30
    assert [frame.position for frame in night.progress.frames] == [BEST, BEST + 30]
    (said,) = quick.told(NightWarned)
    assert said.message == f"The focuser was moved to {BEST + 30}; the sequence goes on from there."


def test_while_a_frame_is_taken_nobody_else_gets_the_rig(quick):
    night = quick.night(plan(("L", 60, 1)))
    refused = []

    def run_too():
        quick.session.start(QUICK)
        quick.session.wait()
        refused.append(quick.session.error)

    night.subscribe(quick.when(FrameStarted, run_too))
    night.start()
    assert night.wait(60)
    assert refused == ["Simulated rig is busy with a sequence; pause it first."]


@pytest.mark.parametrize("kept", [True, False])
def test_a_stopped_night_ends_within_the_frame_and_goes_on_when_started_again(
    quick, tmp_path, kept
):
    night = quick.night(plan(("L", 60, 3)), tmp_path if kept else None)
    quick.at({90: night.stop})
    night.start()
    assert night.wait(60)
    assert night.progress.ended_why == "stopped"
    assert night.progress.done == (1,)
    assert quick.clock.now() - quick.start_s == pytest.approx(90, abs=0.3)
    assert quick.rig.camera.is_idle()
    night.start()
    assert night.wait(60)
    assert night.progress.done == (3,)
    assert len(quick.told(NightStarted)) == len(quick.told(NightContinued)) == 1
    assert [frame.number for frame in night.progress.frames] == [1, 2, 3]
    assert not kept or read_night(tmp_path) == night.progress


def test_a_run_is_cancelled_when_the_night_is_stopped(monkeypatch):
    quick = QuickRig(monkeypatch, start=BEST - 40)
    night = quick.night(plan(("L", 60, 1), triggers=FIRST))
    # The run's thread waits a moment in real time, so that the night's can hear of it.
    quick.at({3: lambda: (night.stop(), time.sleep(0.5))})
    night.start()
    assert night.wait(60)
    assert night.progress.runs[0].outcome == Outcome.CANCELLED
    assert night.progress.ended_why == "stopped"
    assert quick.rig.focuser.position() == BEST - 40


def test_one_night_at_a_time_on_a_rig(quick):
    night = quick.night(plan(("L", 60, 1)))
    refused = []

    def another():
        assert Night.on(quick.rig) is night
        with pytest.raises(RunInProgress, match="busy with a sequence"):
            quick.night(plan(("L", 60, 1))).start()
        refused.append(True)

    night.subscribe(quick.when(FrameStarted, another))
    night.start()
    assert night.wait(60)
    assert refused == [True]
    assert Night.on(quick.rig) is None


def test_another_sequence_is_not_mixed_into_the_night_of_a_folder(quick, tmp_path):
    quick.run(plan(("L", 60, 1)), tmp_path)
    with pytest.raises(OptionsError, match="holds the night of another sequence"):
        Night(quick.rig, plan(("L", 60, 2)), tmp_path)
    assert Night(quick.rig, folder=tmp_path).progress.complete


def test_a_night_without_a_sequence_is_refused(quick, tmp_path):
    with pytest.raises(OptionsError, match=r"none was given and .* holds none"):
        Night(quick.rig, folder=tmp_path)


def test_a_watcher_that_breaks_does_not_stop_the_night(quick):
    night = quick.night(plan(("L", 60, 2)))
    night.subscribe(lambda event: 1 / 0)
    night.start()
    assert night.wait(60)
    assert night.progress.complete


# ----------------------------------------------------------------------------------------- devices


def test_a_frame_that_the_camera_loses_is_taken_again(quick):
    read, calls = quick.rig.camera.read_image, []

    def once():
        calls.append(1)
        if len(calls) == 2:
            raise DeviceError("camera", "The download broke off.")
        return read()

    quick.rig.camera.read_image = once
    night = quick.run(plan(("L", 60, 3)))
    (lost,) = quick.told(FrameLost)
    assert lost.why == "The download broke off."
    assert [frame.number for frame in night.progress.frames] == [1, 2, 3]


def test_three_frames_lost_in_a_row_pause_the_night(quick):
    read = quick.rig.camera.read_image

    def broken():
        raise DeviceError("camera", "The cable was pulled.")

    def mended():
        quick.rig.camera.read_image = read
        night.resume()

    quick.rig.camera.read_image = broken
    night = quick.night(plan(("L", 60, 1)))
    night.subscribe(quick.when(Paused, mended))
    night.start()
    assert night.wait(60)
    assert len(quick.told(FrameLost)) == 3
    assert quick.told(Paused)[0].why == "3 frames were lost in a row: The cable was pulled."
    assert night.progress.complete


def test_a_disk_that_is_full_pauses_the_night_and_loses_nothing(quick, tmp_path, monkeypatch):
    write = rig_lights.write_frame

    def full(frame, path):
        path.write_bytes(b"half a frame")
        raise FrameError(f"{path} cannot be written: no space left on device.")

    def room():
        monkeypatch.setattr(rig_lights, "write_frame", write)
        night.resume()

    monkeypatch.setattr(rig_lights, "write_frame", full)
    night = quick.night(plan(("L", 60, 2)), tmp_path)
    night.subscribe(quick.when(Paused, room))
    night.start()
    assert night.wait(60)
    assert "no space left" in quick.told(Paused)[0].why
    assert night.progress.complete
    assert [path.suffix for path in (tmp_path / "lights").iterdir()] == [".fits", ".fits"]


def test_a_thermometer_that_fails_costs_the_temperature_not_the_night(quick):
    def broken():
        raise DeviceError("thermometer", "No answer.")

    quick.rig.thermometer.temperature_c = broken
    night = quick.run(plan(("L", 60, 2), triggers=NO_TRIGGERS.replace(every_c=1)))
    assert night.progress.complete
    words = [d.words for event in quick.told(Asked) for d in event.decided.decisions]
    assert words == ["the temperature is not known"] * 2


# ------------------------------------------------------------------------------------ compensation


def test_between_runs_the_focuser_follows_the_temperature(monkeypatch):
    quick = QuickRig(monkeypatch, temperature_c_per_h=-6.0)
    options = SequenceOptions(steps_per_c=20)
    night = quick.run(plan(("L", 300, 5), triggers=FIRST, options=options))
    start = night.progress.hold.position
    # 0.1 °C a minute, 20 steps/°C: 10 steps inward for each frame of 5 minutes.
    moved = [start - frame.position for frame in night.progress.frames]
    assert moved == pytest.approx([0, 10, 20, 30, 40], abs=1)
    assert {event.why for event in quick.told(FocuserSent)} == {"temperature"}


def test_a_focuser_that_follows_by_itself_is_left_to_do_so(monkeypatch):
    quick = QuickRig(monkeypatch, temperature_c_per_h=-6.0)
    quick.rig.focuser.set_temperature_compensation(True)
    options = SequenceOptions(steps_per_c=20)
    rows = (("L", 300, 3), ("Ha", 300, 2))
    night = quick.run(plan(*rows, options=options, autofocus=WITH_OFFSETS))
    (said,) = quick.told(NightWarned)
    assert said.message.startswith("The focuser follows the temperature by itself")
    assert quick.rig.focuser.temperature_compensation() is True
    assert [event.why for event in quick.told(FocuserSent)] == ["filter offset"]
    off = [
        f.position - BEST - (SHIFT if f.kind.filter == "Ha" else 0) for f in night.progress.frames
    ]
    assert off == pytest.approx([0, -10, -20, -30, -40], abs=2)


# -------------------------------------------------------------------------- people and triggers


def test_a_run_that_a_person_cancels_neither_pauses_the_night_nor_comes_back_at_once(quick):
    triggers = FIRST.replace(every_frames=2, after_failure="stop", cool_down_minutes=3)
    night = quick.night(plan(("L", 60, 6), triggers=triggers))

    def cancel(event):
        if isinstance(event, PointMeasured) and len(quick.told(FocusStarted)) == 2:
            quick.session.cancel()

    quick.session.subscribe(cancel)
    night.start()
    assert night.wait(60)
    first, cancelled, third = night.progress.runs
    assert (first.outcome, cancelled.outcome) == (Outcome.FOCUSED, Outcome.CANCELLED)
    assert quick.told(Paused) == []
    # References stay: it is due again, but not before three minutes have passed.
    assert third.triggers == (Trigger.FRAMES,)
    assert 180 <= third.started_s - cancelled.ended_s < 241


def test_worse_frames_start_a_run_and_its_next_frame_is_the_baseline(monkeypatch):
    quick = QuickRig(monkeypatch)
    triggers = FIRST.replace(history="hfr", history_percent=20, history_frames=2)
    night = quick.night(plan(("L", 60, 8), triggers=triggers))

    def slip():
        # The drawtube slips by 70 steps, and no counter of the focuser tells.
        telescope = quick.rig.telescope
        quick.rig.telescope = dataclasses.replace(telescope, best_focus=BEST + 70)

    night.subscribe(quick.when(FrameTaken, slip, 3))
    night.start()
    assert night.wait(60)
    first, second = night.progress.runs
    assert second.triggers == (Trigger.HISTORY,)
    assert re.match(r"image history: HFR 1\.[89]\d → 2\.[456]\d: ", second.words)
    assert second.final_position - first.final_position == pytest.approx(70, abs=8)
    taken = [frame.number for frame in night.progress.state.frames]
    assert taken == [6, 7, 8]


def test_a_killed_runs_focus_filter_does_not_stay_in_the_beam(monkeypatch, tmp_path):
    quick = QuickRig(monkeypatch)
    autofocus = WITH_OFFSETS.replace(focus_filter="Ha")
    quick.run(plan((None, 60, 1), autofocus=autofocus, triggers=FIRST), tmp_path)
    journal = tmp_path / JOURNAL
    lines = journal.read_bytes().splitlines(keepends=True)
    begun = next(i for i, line in enumerate(lines) if b'"FocusStarted"' in line)
    journal.write_bytes(b"".join(lines[: begun + 1]))
    again = QuickRig(monkeypatch)
    again.rig.filter_wheel.start_change("Ha")
    again.clock.sleep(10)
    night = again.night(None, tmp_path)
    night.start()
    assert night.wait(60)
    (frame,) = night.progress.frames
    assert frame.kind.filter == "L"
    assert frame.position == pytest.approx(BEST, abs=8)
