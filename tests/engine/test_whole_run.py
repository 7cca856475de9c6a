"""Every option of a run that is about the rig, and what the run leaves behind."""

import logging
import math
from types import SimpleNamespace

import numpy as np
import pytest

from focusbench.af_packages import PackageRecorder, open_package
from focusbench.curve import Outcome
from focusbench.engine import (
    CurveSampler,
    FilterChanged,
    FocusSession,
    MoveStarted,
    PointStarted,
    RunFinished,
    SweepStarted,
    Validated,
    autofocus_run,
    log_warnings,
    measuring,
    tell_warnings,
)
from focusbench.errors import OptionsError, TooFewStars
from focusbench.frames import Frame, write_frame
from focusbench.options import AutofocusOptions
from focusbench.simulator import simulated_rig
from tests.engine.faulty_rig import BEST, HOME, OPTIONS, SHIFT, FaultyRig

PLAIN = AutofocusOptions(data_points=5, step_size=80, exposure_s=0.3)


@pytest.fixture
def faulty(monkeypatch):
    return FaultyRig(monkeypatch)


def commanded(faulty):
    """Positions that the focuser is sent to, as the run goes on."""
    sent = []
    faulty.focuser.at["start_move"] = lambda _, position: sent.append(position)
    return sent


# ------------------------------------------------------------------------------------ filters


def test_focus_filter_goes_wheel_offset_sweep_validation_wheel_back_offset_back(faulty):
    sent = commanded(faulty)
    record = faulty.run()
    told = (FilterChanged, SweepStarted, Validated, MoveStarted, RunFinished)
    kinds = [type(event) for event in faulty.events if isinstance(event, told)]
    assert kinds == [
        FilterChanged,
        SweepStarted,
        MoveStarted,
        Validated,
        FilterChanged,
        MoveStarted,
        RunFinished,
    ]
    there, back = [event for event in faulty.events if isinstance(event, FilterChanged)]
    assert (there.filter, there.focus_shift) == ("Ha", SHIFT)
    assert (back.filter, back.focus_shift) == ("L", -SHIFT)
    sweep = next(event for event in faulty.events if isinstance(event, SweepStarted))
    assert sweep.positions == OPTIONS.sweep_positions(HOME + SHIFT)
    assert sent[:2] == [sweep.positions[0] + 30, sweep.positions[0]]
    # best_position holds in the focus filter, final_position in the one that is in the beam.
    assert record.filter == "Ha"
    assert record.best_position == pytest.approx(BEST + SHIFT, abs=5)
    assert record.final_position == round(record.best_position - SHIFT)
    assert sent[-1] == faulty.focuser.real.position() == record.final_position
    assert record.validation.passed
    assert record.diagnosis.endswith(f"That is in Ha; with L it stands at {record.final_position}.")


def test_offset_back_outward_is_approached_inward_as_the_points_were(faulty):
    inward = {"L": {"focus_point": 9_060}, "Ha": {"focus_point": 9_000, "exposure_s": 0.4}}
    sent = commanded(faulty)
    record = faulty.run(OPTIONS.replace(filters=inward, backlash=0, step_size=120))
    assert record.focus_shift == -60
    assert sent[-2:] == [sent[0] + 60, record.final_position]


def test_frames_carry_the_filter_and_the_exposure_of_the_focus_filter(faulty):
    taken = []
    faulty.session.subscribe(lambda event: taken.extend(getattr(event, "frames", ())))
    faulty.run()
    assert {(frame.filter, frame.exposure_s) for frame in taken} == {("Ha", 0.4)}
    assert len(taken) == 6


def test_without_a_focus_filter_the_filter_in_the_beam_gives_the_exposure(faulty):
    taken = []
    faulty.session.subscribe(lambda event: taken.extend(getattr(event, "frames", ())))
    record = faulty.run(PLAIN.replace(filters={"L": {"exposure_s": 0.6}}))
    assert {(frame.filter, frame.exposure_s) for frame in taken} == {("L", 0.6)}
    assert record.filter == "L"
    assert "start_change" not in faulty.wheel.calls


def test_without_a_wheel_there_is_one_exposure():
    rig = simulated_rig(filters=None, seed=1, shape=(240, 320), n_stars=60)
    options = AutofocusOptions(exposure_s=2, filters={"L": {"exposure_s": 9}})
    record = FocusSession.of(rig).run(options)
    assert record.filter is None
    assert record.points[1].time_s - record.points[0].time_s < 5


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"adjust_focus_per_filter": False}, "not adjusted per filter"),
        ({"filters": {"Ha": {"focus_point": 1}}}, "focus points of L and Ha are not both known"),
    ],
)
def test_a_focus_filter_without_offset_is_a_warning(faulty, change, sentence):
    record = faulty.run(OPTIONS.replace(**change))
    assert record.outcome == Outcome.FOCUSED
    assert record.focus_shift == 0
    assert record.final_position == round(record.best_position)
    assert [sentence in warning for warning in record.warnings] == [True]


def test_a_filter_that_the_rig_does_not_have_begins_no_run(faulty):
    with pytest.raises(OptionsError, match="no filter 'OIII'; it has L, Ha"):
        faulty.run(OPTIONS.replace(focus_filter="OIII"))
    rig = simulated_rig(filters=None, seed=1, shape=(16, 16), n_stars=0)
    with pytest.raises(OptionsError, match="it has no filter wheel"):
        FocusSession.of(rig).run(OPTIONS)
    assert faulty.events == []


def test_the_dark_is_that_of_the_focus_filters_exposure(tmp_path):
    for seconds in (3, 20):
        write_frame(Frame(np.full((240, 320), 9, np.uint16)), tmp_path / f"{seconds}_dark.fits")
    rig = simulated_rig(seed=1, shape=(240, 320), n_stars=60)
    options = AutofocusOptions(
        data_points=5, filters={"Ha": {"exposure_s": 19}}, dark_folder=str(tmp_path)
    )
    session = FocusSession.of(rig)
    assert session.run(options).rig["dark"] == "3_dark.fits"
    assert session.run(options.replace(focus_filter="Ha")).rig["dark"] == "20_dark.fits"


# ------------------------------------------------------------------------------------ the camera


def test_frames_of_a_point_are_averaged_and_all_kept(faulty, tmp_path):
    record = faulty.run(PLAIN.replace(frames_per_point=3), recorder=PackageRecorder(tmp_path))
    assert record.outcome == Outcome.FOCUSED
    assert faulty.camera.calls["start_exposure"] == 18
    package = open_package(record.package_path)
    assert len(package.frames) == 18
    assert [name[-17:] for name in package.frames.names[:3]] == [
        f"s0_p00_f{i}_{HOME + 160}.fits"[-17:] for i in range(3)
    ]
    # Each frame has an error of 1 %; the mean of three has 1/√3 of it.
    point = record.points[0]
    assert point.error / point.metric == pytest.approx(0.01 / math.sqrt(3), rel=0.02)


def test_a_bad_frame_of_a_point_is_left_out_of_its_average(faulty):
    def too_few():
        raise TooFewStars(1, 5)

    faulty.at_measurement[2] = too_few
    record = faulty.run(PLAIN.replace(frames_per_point=3))
    first, second = record.points[:2]
    assert first.counts
    assert first.error / first.metric == pytest.approx(0.01 / math.sqrt(2), rel=0.02)
    assert second.error / second.metric == pytest.approx(0.01 / math.sqrt(3), rel=0.02)


def test_fast_download_saves_half_of_every_download(faulty):
    slow = faulty.run(PLAIN)
    fast = faulty.run(PLAIN.replace(fast_download=True))
    n = len(slow.points)
    assert slow.duration_s - fast.duration_s == pytest.approx(0.1 * n, abs=0.05 * n)
    faulty.assert_as_found()


def test_fast_download_without_a_fast_mode_is_a_warning(faulty, monkeypatch):
    monkeypatch.setattr(type(faulty.camera.real), "fast_readout_mode", None)
    record = faulty.run(PLAIN.replace(fast_download=True))
    assert record.outcome == Outcome.FOCUSED
    assert ["no read-out mode that is known to be fast" in w for w in record.warnings] == [True]


def test_gain_and_temperature_compensation_are_the_runs_own_while_it_lasts(faulty):
    seen = set()
    faulty.camera.at["read_image"] = lambda *_: seen.add(
        (faulty.camera.real.gain(), faulty.focuser.real.temperature_compensation())
    )
    faulty.run()
    assert seen == {(100, False)}
    faulty.assert_as_found()


def test_settle_time_passes_before_every_exposure(faulty):
    plain = faulty.run(PLAIN)
    settled = faulty.run(PLAIN.replace(settle_s=2))
    assert settled.duration_s - plain.duration_s == pytest.approx(2 * len(plain.points), abs=0.5)


def test_black_frames_are_red_xs_that_say_so():
    rig = simulated_rig(seed=1, shape=(64, 64), n_stars=0)
    record = FocusSession.of(rig).run(AutofocusOptions(data_points=3))
    assert record.outcome == Outcome.NOT_FOCUSED
    assert {p.reason for p in record.points} == {"no stars, 5 needed"}
    assert "is the cap off" in record.diagnosis
    assert rig.focuser.position() == record.start_position


@pytest.mark.parametrize("value", [0, 65_535])
def test_a_frame_of_one_value_is_a_red_x(monkeypatch, value):
    rig = simulated_rig(best_focus=10_250, seed=5, shape=(240, 320), n_stars=60)
    camera, number = rig.camera, []

    class Failing:
        def __getattr__(self, name):
            return getattr(camera, name)

        def read_image(self):
            frame = camera.read_image()
            number.append(1)
            if len(number) == 4:
                frame = Frame(np.full(frame.pixels.shape, value, np.uint16), exposure_s=3.0)
            return frame

    rig.camera = Failing()
    record = FocusSession.of(rig).run(AutofocusOptions())
    assert record.outcome == Outcome.FOCUSED
    assert [bool(p.reason) for p in record.points][3]


# ------------------------------------------------------------------------------------ backlash


def test_backlash_that_is_too_large_is_cut_at_the_largest_travel_with_a_warning(faulty):
    sent = commanded(faulty)
    record = faulty.run(PLAIN.replace(backlash=5_000))
    assert record.outcome == Outcome.FOCUSED
    limit = PLAIN.travel_limit
    assert max(sent) == HOME + limit
    assert min(sent) >= HOME - limit
    assert "The backlash of 5000 steps is more than there is room for" in record.warnings[0]
    assert f"turned round at {HOME + limit}" in record.warnings[0]
    faulty.assert_as_found()


def test_backlash_that_is_too_large_is_cut_at_the_focusers_limit(monkeypatch):
    faulty = FaultyRig(monkeypatch)
    monkeypatch.setattr(faulty.focuser.real, "_limits", (0, HOME + 200))
    sent = commanded(faulty)
    record = faulty.run(PLAIN.replace(backlash=5_000))
    assert record.outcome == Outcome.FOCUSED
    assert max(sent) == HOME + 200


@pytest.mark.parametrize("final_move", ["in", "out"])
@pytest.mark.parametrize("final_approach", ["as_sampled", "direct"])
def test_no_move_goes_beyond_the_largest_travel(monkeypatch, final_move, final_approach):
    # 160: the sweep just fits, and the next point inward, foreseen, would be too far.
    for start, travel in ((-900, 500), (-300, 500), (0, 160), (300, 500), (900, 160)):
        faulty = FaultyRig(monkeypatch, BEST + start)
        sent = commanded(faulty)
        options = PLAIN.replace(
            backlash=120, final_move=final_move, final_approach=final_approach, max_travel=travel
        )
        faulty.run(options)
        assert max(abs(position - BEST - start) for position in sent) <= travel


# ------------------------------------------------------------------------------------ time


@pytest.fixture
def slow_analysis(monkeypatch):
    """A rig with round times, each analysis of whose frames takes 0.5 s of its clock."""
    faulty = FaultyRig(monkeypatch)
    clock = faulty.rig.clock
    faulty.focuser.real._drive._speed = 100.0
    faulty.focuser.real.set_temperature_compensation(False)

    def measure(frame, **_):
        clock.sleep(0.5)
        value = 1.9 * math.hypot(1, (frame.position - HOME) / 77)
        return SimpleNamespace(
            value=value, error=0.02, scatter=0.1, n_stars=50, others={}, stars=None
        )

    monkeypatch.setattr(measuring, "measure", measure)
    return faulty


@pytest.mark.parametrize(
    ("final_approach", "n_analyses"),
    [
        # The way out begins while the last point is analysed; the validation frame's is left.
        ("as_sampled", 1),
        # Where the direct way goes is not known before.
        ("direct", 2),
    ],
)
def test_run_lasts_its_moves_settles_exposures_and_downloads_and_one_analysis(
    slow_analysis, final_approach, n_analyses
):
    options = AutofocusOptions(
        step_size=60, exposure_s=1.0, settle_s=0.3, final_approach=final_approach
    )
    record = slow_analysis.run(options)
    assert record.outcome == Outcome.FOCUSED
    assert record.final_position == HOME
    out = 240 if final_approach == "direct" else 480 + 240
    moves_s = (240 + 8 * 60 + out) / 100
    frames_s = 10 * (0.3 + 1.0 + 0.2)
    assert record.duration_s == pytest.approx(moves_s + frames_s + n_analyses * 0.5, abs=1e-3)


def test_frames_of_one_point_are_analysed_while_the_next_is_exposed(slow_analysis):
    options = AutofocusOptions(step_size=60, exposure_s=1.0, frames_per_point=4)
    record = slow_analysis.run(options)
    moves_s = (240 + 8 * 60 + 480 + 240) / 100
    assert record.duration_s == pytest.approx(moves_s + 40 * 1.2 + 0.5, abs=1e-3)


def test_smart_focus_goes_on_inward_without_waiting_for_the_analysis(slow_analysis):
    rig = slow_analysis.rig
    rig.focuser.real.start_move(HOME + 180)
    rig.clock.sleep(10)
    options = AutofocusOptions(step_size=60, exposure_s=1.0, validation_frame=False)
    record = slow_analysis.run(options)
    assert record.outcome == Outcome.FOCUSED
    n = len(record.points)
    assert n > 9
    innermost = min(p.position for p in record.points)
    out = HOME + 180 + 240
    steps = 240 + (out - innermost) + (out - innermost) + (out - record.final_position)
    # The last point tells that it was the last: its analysis is waited for.
    assert record.duration_s == pytest.approx(steps / 100 + n * 1.2 + 0.5, abs=0.11)


# ------------------------------------------------------------------------------------ SGPro


FSQ = dict(
    zip(
        range(25_013, 24_812, -25),
        (7.01, 5.81, 4.58, 3.38, 2.77, 2.64, 3.41, 4.46, 5.75),
        strict=True,
    )
)
"""The one complete real run of SGPro that is known (FSQ-106, step 25): it said 24901."""


def test_the_preset_focuses_sgpros_own_run_where_sgpro_did():
    sampler = CurveSampler(lambda p: FSQ.get(round(p), 2.7), start=24_913)
    options = AutofocusOptions.as_sgpro(step_size=25)
    events = list(autofocus_run(options, sampler))
    taken = [event.position for event in events if isinstance(event, PointStarted)]
    record = events[-1].record
    assert taken[:9] == list(FSQ)
    assert record.outcome == Outcome.FOCUSED
    assert record.best.curve == "two_lines"
    assert record.best_position == pytest.approx(24_901, abs=1)
    # The shortest way, no overshoot; then the validation frame there, and nothing is undone.
    assert sampler.visited[-2:] == [24_813, record.final_position]
    assert taken[9:] == [record.final_position]
    assert record.expected_metric == pytest.approx(2.645, abs=0.05)


# ------------------------------------------------------------------------------------ warnings


def test_warnings_go_to_a_log_and_to_a_callable(faulty, caplog):
    told = []
    faulty.session.subscribe(tell_warnings(told.append))
    faulty.session.subscribe(log_warnings)
    with caplog.at_level(logging.WARNING):
        record = faulty.run(OPTIONS.replace(adjust_focus_per_filter=False))
    assert told == list(record.warnings)
    assert [line.message for line in caplog.records] == told


def test_a_warning_sink_that_breaks_costs_no_run(faulty):
    faulty.session.subscribe(tell_warnings(lambda message: 1 / 0))
    record = faulty.run(OPTIONS.replace(adjust_focus_per_filter=False))
    assert record.outcome == Outcome.FOCUSED
