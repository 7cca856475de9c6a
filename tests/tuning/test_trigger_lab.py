"""The trigger laboratory: nights that were, asked what other triggers would have done."""

import dataclasses
import math

import numpy as np
import pytest

from focusbench.curve import Outcome
from focusbench.errors import OptionsError, PackageError
from focusbench.options import SequenceOptions, TriggerOptions
from focusbench.sequence import FocusRun, ImageHistory
from focusbench.triggers import FrameKind, LightFrame, Trigger
from focusbench.tuning import SimulatedNight, as_it_was, compare_triggers, replay_history
from focusbench.tuning.focus_course import FocusCourse
from focusbench.tuning.simulated_night import Cloud
from focusbench.tuning.trigger_comparison import night_of

T0 = 1_760_000_000.0
OFF = TriggerOptions(before_first_frame=False, on_filter_change=False)
REFERENCE = TriggerOptions(every_c=1, history="hfr", history_percent=20)
ZONE = 22.0


def frame(i, *, hfr=2.0, stars=100, degrees=10.0, position=1000, filter="L", **more):
    kind = FrameKind("M 31", filter, 1, 300.0)
    return LightFrame(
        kind,
        T0 + 150 + 300 * i,
        i + 1,
        hfr=hfr,
        n_stars=stars,
        temperature_c=degrees,
        position=position,
        **more,
    )


def run(after, best, *, degrees=10.0, start=None, filter="L", words="temperature: due"):
    """A run between frame `after` and the next."""
    ended_s = T0 + 300 * (after + 1)
    return FocusRun(
        Outcome.FOCUSED,
        "",
        ended_s - 100,
        ended_s,
        words=words,
        start_position=start,
        final_position=round(best),
        best_position=best,
        temperature_c=degrees,
        filter=filter,
    )


def fired(night):
    return [alarm.before_frame + 1 for alarm in night.alarms]


# ------------------------------------------------------------------------------ what fires when


def test_every_degree_fires_where_the_degree_is_reached():
    history = ImageHistory(tuple(frame(i, degrees=10 - 0.25 * i) for i in range(12)))
    night = replay_history(history, OFF.replace(every_c=1))
    assert fired(night) == [5, 9]
    assert night.alarms[0].words == "temperature: 10.0 °C → 9.0 °C: 1.0 ≥ 1.0"
    assert " before frame 5: temperature: 10.0 °C → 9.0 °C" in night.words[0]


def test_every_frames_and_minutes_count_from_the_run_that_would_have_been_made():
    history = ImageHistory(tuple(frame(i) for i in range(10)))
    assert fired(replay_history(history, OFF.replace(every_frames=3))) == [4, 7, 10]
    assert fired(replay_history(history, OFF.replace(every_minutes=20))) == [5, 9]


def test_first_frame_and_filter_changes():
    filters = "LLRRL"
    history = ImageHistory(tuple(frame(i, filter=f) for i, f in enumerate(filters)))
    night = replay_history(history, TriggerOptions())
    assert fired(night) == [1, 3, 5]
    assert [alarm.triggers for alarm in night.alarms] == [
        (Trigger.FIRST_FRAME,),
        (Trigger.FILTER,),
        (Trigger.FILTER,),
    ]


def test_several_that_are_due_are_one_alarm():
    history = ImageHistory(tuple(frame(i, degrees=10 - 0.5 * i) for i in range(4)))
    night = replay_history(history, OFF.replace(every_c=1, every_frames=2))
    assert night.alarms[0].triggers == (Trigger.FRAMES, Trigger.TEMPERATURE)
    assert fired(night) == [3]


def test_frames_may_stand_in_any_order():
    frames = [frame(i, degrees=10 - 0.25 * i) for i in range(12)]
    shuffled = [frames[i] for i in np.random.default_rng(1).permutation(12)]
    straight, mixed = (
        replay_history(ImageHistory(tuple(each)), OFF.replace(every_c=1))
        for each in (frames, shuffled)
    )
    assert mixed.words == straight.words


def test_off_calls_for_nothing():
    history = ImageHistory(tuple(frame(i, degrees=10 - i) for i in range(5)))
    assert replay_history(history, OFF.replace(use_auto_focus=False, every_c=1)).alarms == ()


def test_under_cloud_a_run_does_not_focus_and_the_cool_down_holds():
    frames = tuple(frame(i, hfr=None if 3 <= i < 9 else 2.0, stars=0) for i in range(14))
    night = replay_history(ImageHistory(frames), OFF.replace(every_frames=3, cool_down_minutes=20))
    assert [(a.before_frame + 1, a.focused) for a in night.alarms] == [
        (4, False),
        (8, False),
        (12, True),
    ]
    assert night.verdicts["no focus"] == 2


def test_a_run_by_hand_would_have_been_made_anyway():
    frames = tuple(frame(i) for i in range(9))
    history = ImageHistory(frames, (run(1, 1000, words="by hand"),))
    assert fired(replay_history(history, OFF.replace(every_frames=4))) == [7]
    others = ImageHistory(frames, (run(1, 1000),))
    assert fired(replay_history(others, OFF.replace(every_frames=4))) == [5, 9]


# ------------------------------------------------------------------------------ needed or false


def drifting(slope=-10.0):
    """Best focus drifts by 10 steps a frame; a run after every third; the zone is ± 22 steps."""
    frames, runs, position = [], [], 1000
    b = ZONE / math.sqrt(1.05**2 - 1)
    for i in range(12):
        if i and i % 3 == 0:
            best = 1000 + slope * i
            runs.append(run(i - 1, best, start=position))
            position = round(best)
        off = position - (1000 + slope * (i + 0.5))
        frames.append(frame(i, position=position, hfr=2 * math.hypot(1, off / b)))
    return ImageHistory(tuple(frames), tuple(runs))


def test_alarms_are_judged_by_what_the_nights_own_runs_found():
    night = as_it_was(drifting(), zone=ZONE)
    # Three frames of drift, 10 steps each, since the run before.
    assert [alarm.off for alarm in night.alarms] == pytest.approx([30, 30, 30])
    assert night.verdicts == {"needed": 3}
    still = as_it_was(drifting(slope=-2.0), zone=ZONE)
    assert still.verdicts == {"false": 3}


def test_without_the_zone_nobody_says_that_an_alarm_was_needed():
    night = replay_history(drifting(), OFF.replace(every_frames=3))
    assert night.verdicts == {"not known": len(night.alarms)}
    assert math.isnan(night.in_zone)
    assert any("Give the zone" in note for note in night.notes)


def test_frames_after_a_run_that_was_not_made_are_modelled_and_said_to_be():
    # With no trigger at all the focuser would have stayed at 1000, and HFR gone up all night.
    night = replay_history(drifting(), OFF, zone=ZONE)
    b = ZONE / math.sqrt(1.05**2 - 1)
    best = [1000 - 10 * (i + 0.5) for i in range(4, 9)]
    expected = [2 * math.hypot(1, (1000 - place) / b) for place in best]
    assert night.hfr[4:9] == pytest.approx(expected, rel=0.05)
    assert any("are modelled" in note for note in night.notes)
    history = replay_history(drifting(), OFF.replace(history="hfr", history_frames=1), zone=ZONE)
    assert history.alarms[-1].basis == "modelled"
    assert "[frames modelled]" in history.words[-1]


def test_without_runs_what_cannot_be_known_is_said():
    frames = tuple(frame(i, hfr=2.0 + 0.1 * i, position=None) for i in range(12))
    night = replay_history(
        ImageHistory(frames), OFF.replace(history="hfr", history_frames=1), zone=ZONE
    )
    assert fired(night) == [6, 12]
    assert [alarm.basis for alarm in night.alarms] == ["recorded", "not known"]
    assert any("Without a focus run nobody knows" in note for note in night.notes)
    assert math.isnan(night.in_zone)


def test_runs_are_read_off_moves_where_a_table_names_none():
    frames = tuple(frame(i, position=1000 if i < 5 else 960) for i in range(10))
    night = as_it_was(ImageHistory(frames), zone=ZONE)
    assert fired(night) == [6]
    assert any("each move of the focuser" in note for note in night.notes)


def test_where_the_focuser_stood_before_the_first_run_may_not_be_known():
    frames = tuple(frame(i) for i in range(4))
    first = run(-1, 1000)
    night = replay_history(ImageHistory(frames, (first,)), TriggerOptions(), zone=ZONE)
    assert fired(night) == [1]
    assert night.verdicts == {"not known": 1}
    assert night.in_zone == 1
    assert any("before the first run is not told" in note for note in night.notes)
    known = dataclasses.replace(first, start_position=1040)
    night = replay_history(ImageHistory(frames, (known,)), TriggerOptions(), zone=ZONE)
    assert night.alarms[0].off == pytest.approx(40)
    assert night.verdicts == {"needed": 1}


def test_a_table_of_nina_is_replayed(tmp_path):
    head = (
        "ExposureNumber,FilePath,FilterName,ExposureStart,Duration,Binning,DetectedStars,HFR,"
        "FocuserPosition,FocuserTemp,PierSide,Airmass,ExposureStartUTC,ImageType"
    )
    lines = [
        f"{i},C:\\lights\\{i}.fits,Ha,2025-10-09 22:{2 * i:02d},120,1x1,400,{2 + 0.01 * i:.4f},"
        f"{8000 if i < 12 else 7960},{8 - 0.1 * i:.2f},East,1.2,"
        f"2025-10-09T20:{2 * i:02d}:00.0000000Z,LIGHT"
        for i in range(24)
    ]
    path = tmp_path / "ImageMetaData.csv"
    path.write_text("\n".join([head, *lines]), encoding="utf-8")
    compared = compare_triggers(path, {"1 °C": OFF.replace(every_c=1)}, zone=ZONE)
    assert fired(compared.nights["as it was"][0]) == [13]
    assert compared.nights["as it was"][0].verdicts == {"needed": 1}
    assert fired(compared.nights["1 °C"][0]) == [11, 21]
    assert "names no focus run" in compared.table


def test_triggers_on_what_a_history_does_not_hold_say_so():
    history = ImageHistory((frame(0), frame(1)))
    notes = replay_history(history, OFF.replace(on_resume=True)).notes
    assert any("Pauses, centrings" in note for note in notes)


def test_an_empty_history_is_refused():
    with pytest.raises(PackageError, match="has no frame"):
        replay_history(ImageHistory(), OFF)


def test_time_and_frames_lost_are_those_of_the_runs():
    history = ImageHistory(tuple(frame(i) for i in range(9)))
    night = replay_history(history, OFF.replace(every_frames=4), run_s=150)
    assert (night.focusing_s, night.frames_lost) == (300, 1.0)
    unknown = replay_history(history, OFF.replace(every_frames=4))
    assert math.isnan(unknown.focusing_s)
    assert any("length of a run" in note for note in unknown.notes)


# ------------------------------------------------------------------------------ best focus


def test_the_course_of_focus_has_a_slope_offsets_and_goes_through_every_run():
    offsets, rng = {"L": 0.0, "R": 12.0}, np.random.default_rng(3)
    runs = [
        run(i, 1000 + 20 * (10 - 0.4 * i) + offsets[f] + rng.normal(0, 1), degrees=10 - 0.4 * i,
            filter=f)
        for i, f in enumerate("LLLRRRLR")
    ]  # fmt: skip
    course = FocusCourse.of(runs)
    # Errors of 1 step over 2.8 °C in 8 runs: the slope is known to about 0.5 steps/°C.
    assert course.slope == pytest.approx(20, abs=2)
    assert course.offsets["R"] - course.offsets["L"] == pytest.approx(12, abs=3)
    for each in runs:
        middle_s = (each.started_s + each.ended_s) / 2
        assert course.at(middle_s, each.temperature_c, each.filter) == pytest.approx(
            each.best_position, abs=1e-6
        )
    assert math.isnan(course.at(T0, 10.0, "B"))


def test_runs_that_did_not_focus_tell_nothing():
    lost = dataclasses.replace(run(0, 500), outcome=Outcome.NOT_FOCUSED)
    assert FocusCourse.of([lost]) is None


# ------------------------------------------------------------------------------ simulated nights


def test_a_replayed_night_comes_to_what_living_it_came_to():
    """The laboratory judged by truth: other triggers on a history, and lived through."""
    sets = {"1 °C": OFF.replace(every_c=1), "hour": OFF.replace(every_minutes=60)}
    runs, shares = [], []
    for seed in range(4):
        night = SimulatedNight.reference(seed)
        lived = night.live(REFERENCE).progress
        history = lived.history
        asked = compare_triggers(history, sets, zone=ZONE).dataset
        truly = compare_triggers(night, sets).dataset
        names = list(sets)
        runs.append(asked.runs.sel(trigger_set=names).values - truly.runs.values)
        shares.append(asked.in_zone.sel(trigger_set=names).values - truly.in_zone.values)
    # Frames shift by a minute or so with each run, and clouds hide a run in one and not in the
    # other: a run or two differ; best focus from the runs is right to some steps of a zone of 22.
    assert np.abs(runs).max() <= 3
    assert abs(np.mean(shares)) < 0.05


def test_best_focus_read_from_a_nights_runs_is_near_the_truth():
    night = SimulatedNight.reference(2)
    lived = night.live(REFERENCE)
    history = lived.progress.history
    told = as_it_was(history, zone=ZONE).off_focus - lived.off_focus
    # Runs are right to 3 steps (rms) on this sky.
    assert np.sqrt(np.mean(told**2)) < 5


def test_the_reference_triggers_keep_the_reference_night_in_focus():
    nights = [night_of(SimulatedNight.reference(s).live(REFERENCE), REFERENCE) for s in range(6)]
    assert np.mean([night.in_zone for night in nights]) >= 0.9
    assert min(night.in_zone for night in nights) >= 0.6
    never = night_of(SimulatedNight.reference(0).live(OFF), OFF)
    assert never.in_zone < 0.3


def test_a_night_ends_on_time_so_that_focusing_costs_frames():
    night = SimulatedNight.reference(1)
    often, never = (night.live(t).progress for t in (OFF.replace(every_frames=2), OFF))
    cost = night_of(night.live(OFF.replace(every_frames=2)), OFF).frames_lost
    assert len(never.frames) - len(often.frames) == pytest.approx(cost, abs=3)
    assert often.time_s - often.started_s < 8.2 * 3600


def test_a_night_goes_as_it_says():
    night = SimulatedNight(
        clouds=(Cloud(1.0, 0.5),), jumps=((6.0, 40.0),), drift_per_h=3.0, lag_h=2.0
    )
    assert night.temperature_c(0) == 12
    assert night.temperature_c(8 * 3600) == pytest.approx(4)
    assert night.true_focus(8 * 3600) == pytest.approx(10_250 - 160 + 24 + 40)
    behind = SimulatedNight(follows_h=1.0)
    assert behind.true_focus(5400) == SimulatedNight().true_focus(1800)
    assert night.true_focus(0, "B") - night.true_focus(0, "L") == 16
    assert (night.transparency(4000), night.transparency(6000)) == (0, 1)
    assert night.airmass(3 * 3600) == pytest.approx(1 / math.sin(math.radians(83)))
    logs = [
        math.log(SimulatedNight(seed=s).blur(t)) for s in range(30) for t in range(0, 28800, 7200)
    ]
    # 150 draws of 10 %, some of them alike: their scatter is known to about a tenth.
    assert np.std(logs) == pytest.approx(0.10, rel=0.35)
    with pytest.raises(OptionsError, match="zone of a night"):
        SimulatedNight(zone=0)


def test_the_same_seed_is_the_same_night():
    a, b = (SimulatedNight.reference(5).live(REFERENCE) for _ in range(2))
    assert np.array_equal(a.off_focus, b.off_focus)
    assert SimulatedNight.reference(6).lag_h != SimulatedNight.reference(5).lag_h


def test_compensation_keeps_focus_without_runs():
    night = SimulatedNight.reference(0).replace(filters=(), start_off=0)
    triggers = OFF
    following = night.live(triggers, options=SequenceOptions(steps_per_c=20))
    assert np.mean(np.abs(following.off_focus) <= ZONE) > 0.95
    assert np.mean(np.abs(night.live(triggers).off_focus) <= ZONE) < 0.4


# ------------------------------------------------------------------------------ side by side


def test_sets_side_by_side():
    asked = []
    compared = compare_triggers(
        [SimulatedNight.reference(s) for s in (0, 1)],
        {"reference": REFERENCE, "never": OFF},
        progress=lambda done, total: asked.append((done, total)),
    )
    assert dict(compared.dataset.sizes) == {"trigger_set": 2, "night": 2}
    assert asked == [(1, 4), (2, 4), (3, 4), (4, 4)]
    data = compared.dataset
    assert (data.runs.sel(trigger_set="never") == 0).all()
    judged = data.needed + data.false_alarms + data.no_focus
    assert (judged == data.runs).all()
    assert (data.in_zone.sel(trigger_set="reference") > data.in_zone.sel(trigger_set="never")).all()
    assert data.in_zone.attrs["long_name"]
    assert data.focusing.attrs["units"] == "s"
    head, reference, never = compared.table.splitlines()
    assert head.split()[-1] == "worst"
    assert reference.startswith("reference")
    assert never.startswith("never")


def test_a_night_that_was_stands_beside_the_others_as_it_was(tmp_path):
    drifting().to_csv(tmp_path / "night.csv")
    sets = {"every frame": OFF.replace(every_frames=1)}
    compared = compare_triggers(tmp_path / "night.csv", sets, zone=ZONE)
    assert list(compared.nights) == ["as it was", "every frame"]
    as_was = compared.nights["as it was"][0]
    assert fired(as_was) == [4, 7, 10]
    # The table does not tell where runs began: where the frame before was taken.
    assert as_was.verdicts == {"needed": 3}
    assert fired(compared.nights["every frame"][0]) == list(range(2, 13))


@pytest.mark.parametrize(
    ("nights", "sets", "said"),
    [([], {"a": OFF}, "no night"), ([drifting()], {}, "one or more"),
     ([drifting()], {"as it was": OFF}, "none called 'as it was'")],
)  # fmt: skip
def test_nothing_to_compare_is_refused(nights, sets, said):
    with pytest.raises(OptionsError, match=said):
        compare_triggers(nights, sets)
