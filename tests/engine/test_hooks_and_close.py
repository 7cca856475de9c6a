"""What is called around a run, and how long a sequence waits after it."""

import threading

import pytest

from focusbench.curve import Outcome
from focusbench.engine import (
    MoveStarted,
    PointMeasured,
    RunDismissed,
    RunFinished,
    RunStarted,
    SweepStarted,
)
from focusbench.errors import DeviceNotConnected, OptionsError
from focusbench.options import AutofocusOptions
from tests.engine.faulty_rig import HOME, FaultyRig
from tests.engine.faulty_rig import OPTIONS as WHOLE

OPTIONS = AutofocusOptions(data_points=5, step_size=80, exposure_s=0.3)


@pytest.fixture
def faulty(monkeypatch):
    return FaultyRig(monkeypatch)


@pytest.fixture
def hooks(faulty):
    """The order of hooks, events and moves."""
    order = []
    faulty.session.before_run = lambda: order.append("before")
    faulty.session.after_run = lambda: order.append("after")
    faulty.session.subscribe(order.append)
    return order


def gone(*_):
    raise DeviceNotConnected("camera", "The cable was pulled.")


@pytest.mark.parametrize("end", ["FOCUSED", "CANCELLED", "FAILED"])
def test_both_hooks_are_called_once_whatever_the_end(faulty, hooks, end):
    if end == "CANCELLED":
        faulty.at_measurement[2] = faulty.session.cancel
    elif end == "FAILED":
        faulty.camera.at["read_image"] = lambda call, *_: gone
    assert faulty.run(OPTIONS).outcome == end
    assert (hooks.count("before"), hooks.count("after")) == (1, 1)
    assert hooks[0] == "before"
    assert isinstance(hooks[1], RunStarted)
    assert isinstance(hooks[-1], RunFinished)
    assert hooks[-2] == "after"


def test_guiding_goes_on_when_the_rig_is_left_as_found(faulty):
    faulty.session.after_run = faulty.assert_as_found
    faulty.at_measurement[2] = faulty.session.cancel
    record = faulty.run()
    assert record.warnings == ()
    assert record.outcome == Outcome.CANCELLED


def test_nothing_is_called_where_no_run_begins(faulty, hooks):
    with pytest.raises(OptionsError):
        faulty.run(OPTIONS.replace(focus_filter="none such"))
    assert hooks == []


def test_the_second_hook_is_called_though_the_rig_does_not_answer(faulty, hooks):
    calls = []

    def position(call, *_):
        calls.append(call)
        return gone if call == 1 else None

    faulty.focuser.at["position"] = position
    with pytest.raises(DeviceNotConnected):
        faulty.run(OPTIONS)
    assert hooks == ["before", "after"]


def test_a_hook_that_breaks_is_a_warning(faulty):
    faulty.session.before_run = lambda: 1 / 0
    faulty.session.after_run = lambda: {}["guider"]
    record = faulty.run(OPTIONS)
    assert record.outcome == Outcome.FOCUSED
    assert record.warnings == (
        "before_run did not work: division by zero",
        "after_run did not work: 'guider'",
    )
    assert isinstance(faulty.events[-1], RunFinished)


# ---------------------------------------------------------------------------------- close delay


def during_the_delay(faulty, moments):
    """Do something when so many seconds of the rig's clock have passed since the run."""
    clock, sleep = faulty.rig.clock, faulty.rig.clock.sleep
    began_s = clock.now()
    moments = sorted(moments.items())

    def watched(seconds, stop=None):
        if moments and not faulty.session.running and clock.now() - began_s >= moments[0][0]:
            moments.pop(0)[1]()
        return sleep(seconds, stop)

    clock.sleep = watched
    return began_s


@pytest.mark.parametrize("delay_s", [0, 20])
def test_a_finished_run_is_accepted_when_the_close_delay_is_over(faulty, delay_s):
    faulty.run(OPTIONS.replace(close_delay_s=delay_s))
    began_s = faulty.rig.clock.now()
    assert faulty.session.can_cancel
    faulty.session.wait_for_close()
    assert faulty.rig.clock.now() - began_s == pytest.approx(delay_s, abs=0.2)
    assert not faulty.session.can_cancel
    assert faulty.session.record.final_position == faulty.focuser.real.position()


def test_closing_the_dialog_ends_the_delay(faulty):
    faulty.run(OPTIONS.replace(close_delay_s=20))
    began_s = during_the_delay(faulty, {5: faulty.session.accept})
    faulty.session.wait_for_close()
    assert faulty.rig.clock.now() - began_s == pytest.approx(5, abs=0.3)


def test_cancel_in_the_delay_goes_back_and_starts_it_anew(faulty):
    faulty.run(OPTIONS.replace(close_delay_s=20))
    began_s = during_the_delay(faulty, {5: faulty.session.cancel})
    faulty.session.wait_for_close()
    assert faulty.focuser.real.position() == HOME
    assert [type(event) for event in faulty.events[-2:]] == [MoveStarted, RunDismissed]
    assert 25 < faulty.rig.clock.now() - began_s < 27
    faulty.assert_as_found()


def test_run_again_in_the_delay_starts_it_anew(faulty):
    options = OPTIONS.replace(close_delay_s=20)
    first = faulty.run(options)
    began_s = during_the_delay(faulty, {5: lambda: faulty.session.start(options, again=True)})
    faulty.session.wait_for_close()
    second = faulty.session.record
    assert second is not first
    assert second.return_position == first.final_position
    passed_s = faulty.rig.clock.now() - began_s
    assert passed_s == pytest.approx(5 + second.duration_s + 20, abs=1)
    assert not faulty.session.can_cancel


def test_a_sequence_that_is_stopped_waits_no_longer(faulty):
    stop = threading.Event()
    faulty.run(OPTIONS.replace(close_delay_s=20))
    during_the_delay(faulty, {5: stop.set})
    faulty.session.wait_for_close(stop)
    assert faulty.session.can_cancel


def test_cancel_after_a_run_leaves_the_rig_as_found(faulty):
    faulty.run()
    faulty.session.cancel()
    assert faulty.session.wait(30)
    assert faulty.focuser.real.position() == HOME
    faulty.assert_as_found()


def test_run_again_with_a_focus_filter_is_centred_on_best_focus_of_the_filter_in_the_beam(faulty):
    first = faulty.run()
    n = sum(isinstance(event, PointMeasured) for event in faulty.events)
    second = faulty.session.run(first.options, again=True)
    started = [event for event in faulty.events if isinstance(event, RunStarted)]
    assert started[1].centre == started[1].return_position == first.final_position
    assert second.points[0].position == first.final_position + first.focus_shift + 160
    assert sum(isinstance(event, PointMeasured) for event in faulty.events) == 2 * n


def test_run_again_without_best_focus_is_centred_on_the_lowest_point_in_its_own_filter(monkeypatch):
    faulty = FaultyRig(monkeypatch, HOME + 500)
    options = WHOLE.replace(smart_focus=False)
    first = faulty.run(options)
    assert first.outcome == Outcome.NOT_FOCUSED
    lowest = min(first.points, key=lambda p: p.metric).position
    faulty.session.run(options, again=True)
    started = [event for event in faulty.events if isinstance(event, RunStarted)]
    sweeps = [event for event in faulty.events if isinstance(event, SweepStarted)]
    assert started[1].return_position == HOME + 500
    assert sweeps[1].positions == options.sweep_positions(lowest)
