"""Whole auto focus runs over Alpaca: as good as at the telescope, and honest when it breaks."""

import contextlib
import itertools
import re
import time

import pytest

from focusbench.af_packages import PackageRecorder, open_package
from focusbench.alpaca import AlpacaServer, connect_alpaca, link
from focusbench.curve import Outcome
from focusbench.engine import CurvesFitted, FocusSession, PointMeasured, RunFinished, Validated
from focusbench.options import AutofocusOptions
from focusbench.simulator import Filter, simulated_rig
from tests.alpaca.fault_proxy import Fault, FaultProxy

OPTIONS = AutofocusOptions(step_size=100, data_points=5, exposure_s=3, smart_focus=False)
N_FRAMES = 6  # with the one that validates

RIG = {"seed": 5, "shape": (240, 320), "n_stars": 90, "focus_steps_per_c": 0, "backlash": 0}
LIVE = {"live": True, "speed": 60.0, "download_s": 0.0}


@pytest.fixture
def simulated():
    return simulated_rig(**RIG, **LIVE)


@pytest.fixture
def server(simulated):
    with AlpacaServer(simulated, port=0, discovery=False) as server:
        yield server


@pytest.fixture
def proxy(server):
    with FaultProxy(server.address) as proxy:
        yield proxy


@pytest.fixture
def impatient(monkeypatch):
    """A client that gives a server up sooner."""
    monkeypatch.setattr(link, "PAUSES_S", (0.01, 0.05))
    monkeypatch.setattr(link, "ANSWER_TIMEOUT_S", 3.0)


def run(rig, options=OPTIONS):
    return FocusSession.of(rig).run(options)


@pytest.fixture(scope="module")
def in_process():
    return run(simulated_rig(**RIG))


def assert_same(record, expected):
    assert record.outcome == expected.outcome == Outcome.FOCUSED, record.diagnosis
    assert [p.position for p in record.points] == [p.position for p in expected.points]
    assert [p.metric for p in record.points] == pytest.approx(
        [p.metric for p in expected.points], abs=1e-6
    )
    assert record.best_position == pytest.approx(expected.best_position, abs=1e-6)
    assert record.final_position == expected.final_position


def test_a_run_over_alpaca_is_the_run_in_this_process(server, in_process):
    assert_same(run(connect_alpaca(server.address)), in_process)


def test_lost_late_cut_and_garbled_answers_change_nothing(proxy, in_process, impatient):
    rig = connect_alpaca(proxy.address)
    faults = itertools.cycle(
        [
            *(Fault.LOST_QUESTION, Fault.LOST_ANSWER, Fault.CUT, Fault.ERROR_500),
            *(Fault.GARBLED, Fault.DELAY, Fault.REPEATED),
        ]
    )
    count = itertools.count()

    def choose(verb, member):
        hits = verb == "GET" and next(count) % 4 == 3
        return next(faults) if hits else None

    proxy.choose = choose
    assert_same(run(rig), in_process)
    assert {fault for fault, _, _ in proxy.hit} >= set(Fault) - {Fault.HANGS}


@pytest.mark.parametrize("fault", [Fault.LOST_ANSWER, Fault.ERROR_500])
def test_moves_and_exposures_are_not_given_twice_while_the_first_may_have_got_through(
    proxy, in_process, impatient, fault
):
    rig = connect_alpaca(proxy.address)
    first = {"move", "startexposure"}

    def choose(verb, member):
        if verb == "PUT" and member in first:
            first.discard(member)
            return fault
        return None

    proxy.choose = choose
    assert_same(run(rig), in_process)
    assert proxy.arrived.count(("PUT", "startexposure")) == N_FRAMES
    asked = [member for verb, member in proxy.asked if verb == "PUT" and member == "move"]
    arrived = [member for verb, member in proxy.arrived if verb == "PUT" and member == "move"]
    assert len(asked) - len(arrived) == (fault is Fault.ERROR_500)


def stops_after(n_frames, action):
    """A choice of faults that acts once so many frames have been fetched."""
    fetched = itertools.count(1)

    def choose(verb, member):
        if member == "imagearray" and next(fetched) == n_frames:
            action()
        return None

    return choose


def test_a_server_that_is_lost_in_mid_run_ends_it_with_what_was_measured(
    proxy, simulated, in_process, impatient
):
    rig = connect_alpaca(proxy.address)
    session = FocusSession.of(rig)
    lost = []

    def choose(verb, member):
        if sum(one == ("GET", "imagearray") for one in proxy.asked) >= 3 and member == "imageready":
            lost.append(True)
        return Fault.LOST_QUESTION if lost else None

    proxy.choose = choose
    record = session.run(OPTIONS)
    assert record.outcome == Outcome.FAILED
    assert "camera" in record.diagnosis
    assert "does not answer" in record.diagnosis
    assert "did not get back" in record.diagnosis
    assert record.final_position is None
    assert [p.metric for p in record.points] == [p.metric for p in in_process.points[:3]]
    # The last command was carried out, and nothing moves on. When the server is back, so is the
    # rig: nothing has to be connected anew.
    while simulated.focuser.is_moving() or not simulated.camera.image_ready():
        time.sleep(0.01)
    assert simulated.focuser.position() == in_process.points[3].position
    simulated.focuser.start_move(in_process.start_position)
    while simulated.focuser.is_moving():
        time.sleep(0.01)
    proxy.choose = lambda verb, member: None
    assert session.run(OPTIONS).outcome == Outcome.FOCUSED


@pytest.mark.parametrize("focus_filter", [None, "Ha"])
@pytest.mark.parametrize("at", [PointMeasured, CurvesFitted, Validated])
def test_a_server_that_is_closed_in_mid_run_leaves_one_end_and_what_was_known_of_the_rig(
    tmp_path, impatient, focus_filter, at
):
    filters = {"L": Filter(), "Ha": Filter(40)}
    simulated = simulated_rig(**RIG, **LIVE, filters=filters, filter_change_s=0.1)
    open_server = contextlib.ExitStack()
    with open_server:
        server = open_server.enter_context(AlpacaServer(simulated, port=0, discovery=False))
        session = FocusSession.of(connect_alpaca(server.address, filter_wheel=0))
        events = []

        def watch(event):
            events.append(event)
            if isinstance(event, at):
                open_server.close()

        session.subscribe(watch)
        recorder = PackageRecorder(tmp_path)
        options = OPTIONS.replace(focus_filter=focus_filter, gain=100)
        record = session.run(options, recorder=recorder)
    ends = [event for event in events if isinstance(event, RunFinished)]
    assert ends == events[-1:] == [RunFinished(record)]
    # Of a run that is over but for asking where the focuser stands, the focus holds.
    held = at is Validated and focus_filter is None
    assert record.outcome == (Outcome.FOCUSED if held else Outcome.FAILED), record.diagnosis
    assert ("does not answer" in record.diagnosis) is not held
    assert session.error == ""
    assert record.rig["filter"] == "L"  # as it was when the run began
    assert record.filter == (focus_filter or "L")
    assert record.final_position is None
    assert any("gain is not as it was found" in warning for warning in record.warnings)
    assert ("L is not back in the beam" in record.diagnosis) is (focus_filter == "Ha")
    assert open_package(recorder.path).record == record


def test_a_server_that_is_restarted_in_mid_run_ends_it_and_serves_the_next(
    proxy, server, in_process, impatient
):
    rig = connect_alpaca(proxy.address)
    restarted = simulated_rig(**RIG, **LIVE)
    with AlpacaServer(restarted, port=0, discovery=False) as another:
        proxy.choose = stops_after(3, lambda: setattr(proxy, "target", another.address))
        record = run(rig)
        assert record.outcome == Outcome.FAILED
        assert "is not connected" in record.diagnosis
        assert not restarted.focuser.is_moving()
        assert_same(run(rig), in_process)


def test_cancel_acts_while_the_camera_hangs_and_the_focuser_answers(proxy, simulated):
    rig = connect_alpaca(proxy.address)
    session = FocusSession.of(rig)
    proxy.choose = lambda verb, member: Fault.HANGS if member == "imagearray" else None
    session.start(OPTIONS)
    while ("GET", "imagearray") not in proxy.asked:
        time.sleep(0.01)
    assert rig.focuser.position() == session.progress.start_position + 2 * OPTIONS.step_size
    session.cancel()
    assert session.wait(5.0), "the download would hang for half a minute"
    assert session.record.outcome == Outcome.CANCELLED
    assert simulated.focuser.position() == session.record.start_position


def test_the_exposure_of_a_client_that_vanished_is_not_taken_for_ones_own(server):
    gone, rig = connect_alpaca(server.address), connect_alpaca(server.address)
    gone.camera.start_exposure(60.0)
    record = run(rig)
    assert record.outcome == Outcome.FAILED
    assert "busy with another exposure" in record.diagnosis
    rig.camera.abort()
    assert not rig.camera.image_ready()
    # Nobody aborted it; when it has ended by itself the camera is free.
    while not gone.camera.image_ready():
        time.sleep(0.01)
    assert run(rig).outcome == Outcome.FOCUSED


def test_of_two_runs_at_once_each_is_right_or_says_that_it_was_disturbed(server, in_process):
    sessions = [FocusSession.of(connect_alpaca(server.address)) for _ in range(2)]
    for session in sessions:
        session.start(OPTIONS)
    for session in sessions:
        assert session.wait(60.0)
        record = session.record
        if record.outcome == Outcome.FOCUSED:
            assert record.best_position == pytest.approx(in_process.best_position, abs=20)
        else:
            assert record.outcome == Outcome.FAILED
            reasons = "busy with an|moved to .* by someone else|stopped at|no frame"
            assert re.search(reasons, record.diagnosis), record.diagnosis
    assert not all(session.record.outcome == Outcome.FOCUSED for session in sessions)
