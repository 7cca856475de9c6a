"""The session on the simulated rig: Run again, Cancel, and what may break without harm."""

import threading

import pytest

from focusbench.curve import Outcome
from focusbench.engine import (
    FocusSession,
    MoveStarted,
    PointMeasured,
    PointStarted,
    RunDismissed,
    RunFinished,
    Warned,
    request_cancel,
)
from focusbench.errors import PackageError, RunInProgress
from focusbench.options import AutofocusOptions
from focusbench.simulator import simulated_rig

QUICK = {"shape": (240, 320), "n_stars": 60}
"""A small sensor, so that a run of ten frames takes a fraction of a second."""


@pytest.fixture
def rig():
    return simulated_rig(best_focus=10_250, start=10_230, seed=5, **QUICK)


class Log(list):
    """A watcher that remembers."""

    def __call__(self, event):
        self.append(event)

    def kinds(self):
        return [type(event) for event in self]


class CancelAt:
    """A watcher that presses Cancel at the n-th event of a kind."""

    def __init__(self, session, kind, n):
        self.session, self.kind, self.left = session, kind, n

    def __call__(self, event):
        if isinstance(event, self.kind):
            self.left -= 1
            if self.left == 0:
                self.session.cancel()


def test_there_is_one_session_per_rig(rig):
    other = simulated_rig(seed=5, **QUICK)
    assert FocusSession.of(rig) is FocusSession.of(rig)
    assert FocusSession.of(rig) is not FocusSession.of(other)


def test_run_focuses_the_simulated_rig(rig):
    record = FocusSession.of(rig).run(AutofocusOptions())
    assert record.outcome == Outcome.FOCUSED
    assert rig.focuser.position() == record.final_position
    assert record.best_position == pytest.approx(rig.true_best_focus(), abs=15)
    assert all(p.n_stars >= 5 for p in record.points)
    assert record.duration_s > 9 * 3


def test_cancel_after_a_run_goes_back_to_the_start(rig):
    session, log = FocusSession.of(rig), Log()
    session.run(AutofocusOptions())
    session.subscribe(log)
    assert session.can_cancel
    session.cancel()
    assert session.wait(30)
    assert rig.focuser.position() == 10_230
    assert log.kinds() == [MoveStarted, RunDismissed]
    assert session.progress.dismissed
    assert not session.can_cancel
    assert session.last_best is None
    assert not session.can_run_again


def test_accepted_run_can_no_longer_be_cancelled(rig):
    session = FocusSession.of(rig)
    record = session.run(AutofocusOptions())
    session.accept()
    assert not session.can_cancel
    session.cancel()
    assert session.wait(30)
    assert rig.focuser.position() == record.final_position


def test_run_again_is_centred_on_the_last_best_focus_and_cancel_returns_there(rig):
    session = FocusSession.of(rig)
    first = session.run(AutofocusOptions())
    log = Log()
    session.subscribe(log)
    second = session.run(AutofocusOptions(), again=True)
    assert log[0].centre == log[0].return_position == first.final_position
    assert second.outcome == Outcome.FOCUSED
    session.cancel()
    assert session.wait(30)
    assert rig.focuser.position() == first.final_position == session.last_best


def test_run_again_cancelled_in_mid_run_returns_to_the_last_best_focus(rig):
    session = FocusSession.of(rig)
    first = session.run(AutofocusOptions())
    session.subscribe(CancelAt(session, PointMeasured, 4))
    second = session.run(AutofocusOptions(), again=True)
    assert second.outcome == Outcome.CANCELLED
    assert rig.focuser.position() == first.final_position
    assert session.can_run_again


def test_run_again_after_a_run_without_focus_is_centred_on_its_lowest_point():
    rig = simulated_rig(best_focus=10_250, start=10_650, seed=6, **QUICK)
    session = FocusSession.of(rig)
    options = AutofocusOptions(smart_focus=False, step_size=30)
    first = session.run(options)
    assert first.outcome == Outcome.NOT_FOCUSED
    assert rig.focuser.position() == 10_650
    log = Log()
    session.subscribe(log)
    session.run(options, again=True)
    lowest = min((p for p in first.points if p.counts), key=lambda p: p.metric)
    assert log[0].centre == lowest.position
    assert log[0].return_position == 10_650


@pytest.mark.parametrize("kind", [PointStarted, PointMeasured])
@pytest.mark.parametrize("n", [1, 5, 9])
def test_cancel_in_mid_run_returns_to_the_start(rig, kind, n):
    session, log = FocusSession.of(rig), Log()
    session.subscribe(log)
    session.subscribe(CancelAt(session, kind, n))
    record = session.run(AutofocusOptions())
    assert record.outcome == Outcome.CANCELLED
    assert rig.focuser.position() == record.final_position == 10_230
    assert not rig.focuser.is_moving()
    assert log.kinds().count(RunFinished) == 1


@pytest.mark.parametrize("moment", ["moving", "exposing"])
def test_cancel_acts_while_the_rig_is_busy(moment):
    # A live clock at normal speed: a 60 s exposure, or a slow move, would outlast the test.
    rig = simulated_rig(start=10_230, seed=5, live=True, focuser_speed=60.0, **QUICK)
    session = FocusSession.of(rig)
    exposure_s = 60 if moment == "exposing" else 0.2
    step = 5 if moment == "exposing" else 60
    session.start(AutofocusOptions(step_size=step, exposure_s=exposure_s))
    seen = threading.Event()
    for _ in range(300):
        if session.activity.kind == moment and rig.focuser.position() != 10_230:
            seen.set()
            break
        seen.wait(0.02)
    assert seen.is_set()
    session.cancel()
    assert session.wait(10)
    assert session.record.outcome == Outcome.CANCELLED
    assert rig.focuser.position() == 10_230
    assert not rig.focuser.is_moving()


def test_cancel_file_of_another_process_stops_the_run():
    rig = simulated_rig(start=10_230, seed=5, live=True, **QUICK)
    session = FocusSession.of(rig)
    session.start(AutofocusOptions(exposure_s=60))
    assert request_cancel() >= 1
    assert session.wait(10)
    assert session.record.outcome == Outcome.CANCELLED
    assert request_cancel() == 0


def test_second_run_on_a_busy_rig_is_refused():
    rig = simulated_rig(seed=5, live=True, **QUICK)
    session = FocusSession.of(rig)
    session.start(AutofocusOptions(exposure_s=60))
    with pytest.raises(RunInProgress, match="busy"):
        session.start(AutofocusOptions())
    session.cancel()
    assert session.wait(10)


def test_broken_watcher_is_dropped_and_the_run_goes_on(rig):
    session, calls = FocusSession.of(rig), []

    def broken(event):
        calls.append(event)
        raise RuntimeError("no such figure")

    session.subscribe(broken)
    assert session.run(AutofocusOptions()).outcome == Outcome.FOCUSED
    assert len(calls) == 1


class FailingRecorder:
    """A disk that fills up after some events."""

    path = None

    def __init__(self, events_until_full):
        self.left = events_until_full

    def record(self, event):
        self.left -= 1
        if self.left < 0:
            raise OSError(28, "No space left on device")


@pytest.mark.parametrize("events", [0, 5, 20])
def test_full_disk_costs_the_package_not_the_focus(rig, events):
    log = Log()
    FocusSession.of(rig).subscribe(log)
    record = FocusSession.of(rig).run(AutofocusOptions(), recorder=FailingRecorder(events))
    assert record.outcome == Outcome.FOCUSED
    assert record.package_path is None
    assert any("No space left" in warning for warning in record.warnings)
    assert sum(isinstance(e, Warned) for e in log) == 1


def test_run_that_must_be_saved_fails_when_it_cannot_be(rig):
    record = FocusSession.of(rig).run(
        AutofocusOptions(), recorder=FailingRecorder(5), require_package=True
    )
    assert record.outcome == Outcome.FAILED
    assert "No space left" in record.diagnosis
    assert rig.focuser.position() == 10_230


def test_package_error_of_a_recorder_is_told_in_its_own_words(rig):
    class Refusing:
        path = None

        def record(self, event):
            raise PackageError("The folder runs/ cannot be written.")

    record = FocusSession.of(rig).run(AutofocusOptions(), recorder=Refusing())
    assert record.warnings == ("Not saved: The folder runs/ cannot be written.",)


def test_focuser_moved_by_someone_else_ends_the_run_and_is_left_alone(rig):
    session = FocusSession.of(rig)

    def meddle(event):
        # During the exposure of the fifth point: the move there is over.
        if isinstance(event, PointMeasured) and event.point.position == 10_290:
            session.wait_for_meddling = True
            rig.focuser.start_move(10_900)

    session.subscribe(meddle)
    options = AutofocusOptions()
    record = session.run(options)
    # Whether it was noticed on the way or on arrival, the run has failed and says so.
    assert record.outcome == Outcome.FAILED
    assert "focuser" in record.diagnosis


def test_backlash_overshoots_outward_moves_and_comes_back_in(rig, monkeypatch):
    commanded = []
    start_move = rig.focuser.start_move
    monkeypatch.setattr(
        rig.focuser, "start_move", lambda p: (commanded.append(p), start_move(p))[1]
    )
    record = FocusSession.of(rig).run(AutofocusOptions(backlash=40))
    sweep = [10_470 - 60 * i for i in range(9)]
    assert commanded[:2] == [sweep[0] + 40, sweep[0]]
    assert commanded[2:10] == sweep[1:]
    assert commanded[10:] == [sweep[0], record.final_position]


def test_overshoot_is_clamped_to_the_limit_of_the_focuser(monkeypatch):
    rig = simulated_rig(best_focus=10_250, start=10_250, seed=5, limits=(0, 10_500), **QUICK)
    commanded = []
    start_move = rig.focuser.start_move
    monkeypatch.setattr(
        rig.focuser, "start_move", lambda p: (commanded.append(p), start_move(p))[1]
    )
    FocusSession.of(rig).run(AutofocusOptions(backlash=200))
    assert commanded[:2] == [10_500, 10_490]
    assert max(commanded) <= 10_500


def test_sweep_beyond_the_limit_is_a_failed_run_that_says_so():
    rig = simulated_rig(best_focus=10_250, start=10_250, seed=5, limits=(0, 10_400), **QUICK)
    record = FocusSession.of(rig).run(AutofocusOptions())
    assert record.outcome == Outcome.FAILED
    assert "10490" in record.diagnosis
    assert "10400" in record.diagnosis
    assert rig.focuser.position() == 10_250


def test_same_seed_gives_the_same_run():
    records = [
        FocusSession.of(simulated_rig(seed=7, start=10_230, **QUICK)).run(AutofocusOptions())
        for _ in range(2)
    ]
    assert records[0].points == records[1].points
    assert records[0].best_position == records[1].best_position
