"""The rig by hand: moves and frames, one at a time or in a loop, and never beside a run."""

import threading
import time

import pytest

from focusbench.engine import FocusSession, ManualFocus
from focusbench.errors import DeviceNotConnected, DeviceRefused
from focusbench.options import AutofocusOptions
from focusbench.simulator import simulated_rig

SMALL = {"shape": (120, 160), "n_stars": 30, "best_focus": 10_250, "start": 10_240}


@pytest.fixture
def rig():
    return simulated_rig(seed=4, **SMALL)


@pytest.fixture
def slow():
    """A rig in real time: a move takes 4 s for every 1000 steps, an exposure its seconds."""
    return simulated_rig(seed=4, live=True, download_s=0.1, **SMALL)


def until(condition, seconds=5.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.005)


def test_a_frame_is_taken_where_the_focuser_stands(rig):
    manual, seen = ManualFocus.of(rig), []
    manual.subscribe(seen.append)
    manual.take()
    assert manual.wait(90)
    (sample,) = seen
    assert (sample.point.position, manual.n_frames) == (10_240, 1)
    assert 1.0 < sample.point.metric < 4.0
    assert sample.frames[0].pixels.shape == (120, 160)
    assert rig.focuser.position() == 10_240


def test_a_move_takes_up_backlash_as_a_run_does(rig, monkeypatch):
    positions, start_move = [], rig.focuser.start_move
    monkeypatch.setattr(
        rig.focuser, "start_move", lambda p: (positions.append(p), start_move(p))[1]
    )
    manual = ManualFocus.of(rig)
    manual.options = AutofocusOptions(backlash=30)
    manual.move_to(10_300)
    assert manual.wait(5)
    assert positions == [10_330, 10_300]


def test_a_move_beyond_the_limit_is_refused_and_nothing_moves(rig):
    with pytest.raises(DeviceRefused, match="25100 is beyond the focuser's limit of 25000"):
        ManualFocus.of(rig).move_to(25_100)
    assert not ManualFocus.of(rig).busy


def test_distances_add_up_and_count_from_where_the_focuser_stands(slow):
    manual = ManualFocus.of(slow)
    for _ in range(3):
        manual.move_by(10)
    assert manual.wait(5)
    assert slow.focuser.position() == 10_270
    manual.move_by(-100_000)
    assert manual.wait(5)
    assert manual.trouble == "-89730 is beyond the focuser's limit of 0."
    assert slow.focuser.position() == 10_270


def test_stop_halts_the_focuser_where_it_is(slow):
    manual = ManualFocus.of(slow)
    manual.move_to(12_000)
    until(lambda: slow.focuser.position() > 10_260)
    manual.stop()
    assert manual.wait(5)
    stood = slow.focuser.position()
    assert not slow.focuser.is_moving()
    assert 10_260 < stood < 11_000
    assert manual.target is None


def test_another_target_in_mid_move_is_gone_to_at_once(slow):
    manual = ManualFocus.of(slow)
    manual.move_to(12_000)
    until(lambda: slow.focuser.position() > 10_260)
    manual.move_to(10_250)
    assert manual.wait(5)
    assert slow.focuser.position() == 10_250


def test_a_loop_goes_on_until_stop_and_lets_the_focuser_move_meanwhile(rig):
    manual, seen = ManualFocus.of(rig), []
    manual.subscribe(lambda sample: seen.append(sample.point.position))
    manual.take(repeat=True)
    until(lambda: len(seen) >= 2, 90)
    assert manual.looping
    manual.move_to(10_300)
    until(lambda: 10_300 in seen)
    manual.stop()
    assert manual.wait(5)
    assert set(seen) == {10_240, 10_300}


def test_stop_aborts_a_long_exposure(slow):
    manual = ManualFocus.of(slow)
    manual.options = AutofocusOptions(exposure_s=60)
    manual.take()
    until(lambda: manual.activity.kind == "exposing")
    manual.stop()
    assert manual.wait(2)
    # Aborted, and not still busy: a camera with an exposure going on would refuse.
    slow.camera.start_exposure(0.1)
    assert manual.n_frames == 0


def test_exposure_and_binning_may_change_in_a_loop(rig):
    manual, seen = ManualFocus.of(rig), []
    manual.subscribe(lambda sample: seen.append(sample.frames[0].binning))
    manual.take(repeat=True)
    until(lambda: 1 in seen, 90)
    manual.options = AutofocusOptions(binning=2)
    until(lambda: 2 in seen)
    manual.stop()
    assert manual.wait(5)


def test_nothing_is_done_by_hand_while_a_run_goes_on(rig):
    manual, told = ManualFocus.of(rig), []

    def try_to_move(event):
        if not told:
            manual.move_to(10_000)
            manual.wait(5)
            told.append(manual.trouble)

    session = FocusSession.of(rig)
    leave = session.subscribe(try_to_move)
    session.run(AutofocusOptions(data_points=3, smart_focus=False, exposure_s=1))
    leave()
    assert told == ["Simulated rig is busy with another run."]


def test_a_run_is_refused_while_frames_are_taken_by_hand_and_says_what_to_do(slow):
    manual = ManualFocus.of(slow)
    manual.take(repeat=True)
    until(lambda: manual.activity.kind == "exposing")
    session = FocusSession.of(slow)
    session.start(AutofocusOptions())
    assert session.wait(5)
    assert session.error == (
        "Simulated rig is busy with frames and moves by hand; stop them in the focus module."
    )
    manual.stop()
    assert manual.wait(5)


def test_what_breaks_is_said_and_the_next_wish_is_served(rig, monkeypatch):
    manual = ManualFocus.of(rig)

    def gone(*args, **kwargs):
        raise DeviceNotConnected("camera", "The camera is not connected.")

    monkeypatch.setattr(rig.camera, "start_exposure", gone)
    manual.take(repeat=True)
    assert manual.wait(5)
    assert manual.trouble == "The camera is not connected."
    monkeypatch.undo()
    manual.take()
    assert manual.wait(90)
    assert (manual.trouble, manual.n_frames) == ("", 1)


def test_the_hand_box_may_move_the_focuser_between_two_frames(rig):
    manual, seen = ManualFocus.of(rig), []
    twice = threading.Event()

    def look(sample):
        seen.append(sample.point.position)
        if len(seen) == 1:
            rig.focuser.start_move(10_270)
            rig.clock.sleep(60)
        elif seen[-1] == 10_270:
            twice.set()

    manual.subscribe(look)
    manual.take(repeat=True)
    assert twice.wait(20)
    manual.stop()
    assert manual.wait(5)
    assert manual.trouble == ""


def test_gain_and_compensation_are_as_found_afterwards(rig):
    rig.focuser.set_temperature_compensation(True)
    manual = ManualFocus.of(rig)
    manual.options = AutofocusOptions(gain=100)
    manual.take()
    assert manual.wait(90)
    assert rig.camera.gain() == 0
    assert rig.focuser.temperature_compensation()


def test_a_rig_has_one_hand(rig):
    assert ManualFocus.of(rig) is ManualFocus.of(rig)
