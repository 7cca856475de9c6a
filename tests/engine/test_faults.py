"""Whatever fails, whenever somebody cancels: one end, the rig as found, a readable package."""

import itertools

import pytest

from focusbench.af_packages import PackageRecorder, open_package
from focusbench.curve import Outcome
from focusbench.engine import PointMeasured, RunFinished, Warned
from focusbench.errors import DeviceNotConnected, DeviceRefused, TooFewStars
from tests.engine.faulty_rig import HOME, OPTIONS, FaultyRig

HOME_OUTCOMES = (Outcome.CANCELLED, Outcome.FAILED, Outcome.NOT_FOCUSED, Outcome.LOST)


@pytest.fixture
def faulty(monkeypatch):
    return FaultyRig(monkeypatch)


def refuse(*_):
    raise DeviceRefused("device", "It will not.")


def gone(*_, **__):
    raise DeviceNotConnected("device", "The cable was pulled.")


def at(number, action):
    """Meddle with one call, or with every call from one on where `number` is negative."""

    def meddle(call, *_):
        return action if call == number or call >= -number > 0 else None

    return meddle


def assert_package_tells_the_same(record):
    package = open_package(record.package_path)
    assert package.record.outcome == record.outcome
    assert package.record.diagnosis == record.diagnosis
    assert package.record.final_position == record.final_position
    assert len(package.record.points) == len(record.points)


# ------------------------------------------------------------------------------------ Cancel


def test_cancel_at_every_event_of_a_run_goes_back(monkeypatch, tmp_path):
    for number in itertools.count(1):
        faulty = FaultyRig(monkeypatch)

        def cancel(_, faulty=faulty, number=number):
            if len(faulty.events) == number:
                faulty.session.cancel()

        faulty.session.subscribe(cancel)
        record = faulty.run(recorder=PackageRecorder(tmp_path, keep="numbers"))
        assert faulty.session.wait(30)
        if len(faulty.events) < number:
            assert number > 15  # every event of the run has had its turn
            return
        if record.outcome != Outcome.CANCELLED:  # it came with the very last event
            assert record.outcome == Outcome.FOCUSED
            assert faulty.session.progress.dismissed
        faulty.assert_one_end(record)
        faulty.assert_as_found()
        assert faulty.focuser.real.position() == HOME
        assert_package_tells_the_same(record)


@pytest.mark.parametrize(
    ("device", "method"),
    [
        ("focuser", "start_move"),
        ("focuser", "is_moving"),
        ("camera", "start_exposure"),
        ("camera", "image_ready"),
        ("camera", "read_image"),
        ("wheel", "filter"),
        ("wheel", "start_change"),
    ],
)
def test_cancel_while_a_device_is_busy_goes_back(monkeypatch, device, method):
    """At every single call: each move, exposure, download and turn of the wheel, and in each."""
    for number in itertools.count(1):
        faulty = FaultyRig(monkeypatch)
        pressed = []

        def press(call, *_, faulty=faulty, number=number, pressed=pressed):
            if call == number and faulty.session.running and not pressed:
                pressed.append(call)
                faulty.session.cancel()

        getattr(faulty, device).at[method] = press
        record = faulty.run()
        assert faulty.session.wait(30)
        if not pressed:
            assert record.outcome == Outcome.FOCUSED
            assert number > 2
            return
        assert record.outcome == Outcome.CANCELLED or faulty.session.progress.dismissed
        faulty.assert_one_end(record)
        faulty.assert_as_found()
        assert faulty.focuser.real.position() == HOME


@pytest.mark.parametrize("number", range(1, 7))
def test_cancel_in_the_middle_of_a_measurement_goes_back(faulty, number):
    faulty.at_measurement[number] = faulty.session.cancel
    record = faulty.run()
    assert record.outcome == Outcome.CANCELLED
    # What was measured when Cancel came is kept.
    assert len(record.points) == number
    faulty.assert_one_end(record)
    faulty.assert_as_found()
    assert faulty.focuser.real.position() == HOME


# ------------------------------------------------------------------------------------ the focuser


@pytest.mark.parametrize("move", [1, 2, 9])
def test_a_move_that_is_refused_fails_the_run_at_home(faulty, move):
    faulty.focuser.at["start_move"] = at(move, refuse)
    record = faulty.run()
    assert record.outcome == Outcome.FAILED
    assert record.diagnosis.startswith("It will not.")
    assert record.final_position == faulty.focuser.real.position() == HOME
    faulty.assert_one_end(record)
    faulty.assert_as_found()


@pytest.mark.parametrize("times", [1, 2])
def test_a_refused_next_move_costs_no_point_and_is_tried_once_more(faulty, times):
    # Moves 1 and 2 are the way out and back in; 3 and 4 go to the second and third point.
    faulty.focuser.at["start_move"] = lambda call, _: refuse if 4 <= call < 4 + times else None
    record = faulty.run()
    assert record.outcome == (Outcome.FOCUSED if times == 1 else Outcome.FAILED)
    assert len(record.points) == (6 if times == 1 else 2)
    faulty.assert_one_end(record)
    faulty.assert_as_found()


@pytest.mark.parametrize("poll", [1, 20, 55])
def test_a_move_that_never_ends_is_halted_and_fails_the_run_at_home(faulty, poll):
    def stuck(call, *_):
        halted = faulty.focuser.calls.get("halt")
        return (lambda: True) if call >= poll and not halted else None

    faulty.focuser.at["is_moving"] = stuck
    record = faulty.run()
    assert record.outcome == Outcome.FAILED
    assert "did not finish its move" in record.diagnosis
    assert record.final_position == HOME
    faulty.assert_one_end(record)
    faulty.assert_as_found()


def test_a_focuser_that_stays_stuck_is_said_and_all_else_is_as_found(faulty):
    faulty.focuser.at["is_moving"] = at(-20, lambda: True)
    record = faulty.run()
    assert record.outcome == Outcome.FAILED
    assert f"did not get back to {HOME}" in record.diagnosis
    faulty.assert_one_end(record)
    faulty.assert_as_found()


@pytest.mark.parametrize("move", [1, 3, 8, 9])
def test_a_focuser_that_slips_fails_the_run_at_home(faulty, move):
    start_move = faulty.focuser.real.start_move
    faulty.focuser.at["start_move"] = at(move, lambda position: start_move(position - 50))
    record = faulty.run()
    assert record.outcome == Outcome.FAILED
    assert "The focuser stopped at" in record.diagnosis
    assert record.final_position == HOME
    faulty.assert_one_end(record)
    faulty.assert_as_found()


def test_drivers_that_say_late_that_they_move_are_waited_for(faulty):
    """A moment after its command, the focuser says that it rests, and the wheel the old filter."""
    clock, asked = faulty.rig.clock, {"start_move": -9.0, "start_change": -9.0}

    def remember(method):
        def meddle(*_):
            asked[method] = clock.now()

        return meddle

    def soon_after(method, answer):
        return lambda *_: answer if clock.now() - asked[method] < 0.15 else None

    faulty.focuser.at["start_move"] = remember("start_move")
    faulty.focuser.at["is_moving"] = soon_after("start_move", lambda: False)
    faulty.wheel.at["start_change"] = remember("start_change")
    faulty.wheel.at["filter"] = soon_after("start_change", lambda: "L")
    record = faulty.run()
    assert record.outcome == Outcome.FOCUSED
    assert record.warnings == ()
    faulty.assert_one_end(record)
    faulty.assert_as_found()


@pytest.mark.parametrize("exposure", [1, 3, 6])
def test_a_focuser_moved_by_someone_else_is_left_alone(faulty, exposure):
    def meddle(call, *_):
        if call == 6 * exposure - 3:
            faulty.focuser.real.start_move(10_555)

    faulty.camera.at["image_ready"] = meddle
    record = faulty.run()
    faulty.rig.clock.sleep(10)
    assert record.outcome == Outcome.FAILED
    assert "by someone else" in record.diagnosis
    assert faulty.focuser.calls["start_move"] <= 9
    assert faulty.focuser.real.position() == 10_555
    faulty.assert_one_end(record)
    faulty.assert_as_found()


@pytest.mark.parametrize("call", [3, 12, 30])
def test_a_focuser_that_is_gone_is_said(faulty, call):
    for method in ("position", "start_move", "is_moving", "halt"):
        faulty.focuser.at[method] = at(-call, gone)
    record = faulty.run()
    assert record.outcome == Outcome.FAILED
    assert "The cable was pulled." in record.diagnosis
    faulty.assert_one_end(record)
    assert faulty.wheel.real.filter() == "L"
    assert faulty.camera.real.readout_mode() == "Normal"


def test_a_focuser_that_cannot_even_say_where_it_stands_begins_no_run(faulty):
    faulty.focuser.at["position"] = at(1, gone)
    with pytest.raises(DeviceNotConnected, match="cable"):
        faulty.run()
    assert faulty.events == []
    assert faulty.session.error == "The cable was pulled."
    faulty.assert_as_found()
    assert faulty.run().outcome == Outcome.FOCUSED


# ------------------------------------------------------------------------------------ the camera


@pytest.mark.parametrize("method", ["start_exposure", "image_ready", "read_image"])
@pytest.mark.parametrize("number", [1, 3, 6])
def test_a_camera_error_fails_the_run_at_home_with_its_points(faulty, method, number):
    call = 6 * number - 3 if method == "image_ready" else number
    faulty.camera.at[method] = at(call, gone)
    record = faulty.run()
    assert record.outcome == Outcome.FAILED
    assert record.diagnosis.startswith("The cable was pulled.")
    assert record.final_position == faulty.focuser.real.position() == HOME
    assert len(record.points) == number - 1
    faulty.assert_one_end(record)
    faulty.assert_as_found()


def test_a_camera_that_never_delivers_fails_the_run_at_home(faulty):
    faulty.camera.at["image_ready"] = at(-10, lambda: False)
    record = faulty.run()
    assert record.outcome == Outcome.FAILED
    assert "did not deliver its frame" in record.diagnosis
    assert record.final_position == HOME
    faulty.assert_one_end(record)


@pytest.mark.parametrize("method", ["set_gain", "set_readout_mode"])
def test_a_camera_that_refuses_its_setting_fails_before_anything_moved(faulty, method):
    faulty.camera.at[method] = at(1, refuse)
    record = faulty.run()
    assert record.outcome == Outcome.FAILED
    assert "start_move" not in faulty.focuser.calls
    faulty.assert_one_end(record)
    faulty.assert_as_found()


def too_few():
    raise TooFewStars(2, 5)


def test_a_frame_without_stars_is_a_red_x(faulty):
    faulty.at_measurement[2] = too_few
    record = faulty.run()
    assert record.outcome == Outcome.FOCUSED
    assert record.points[1].reason == "2 stars, 5 needed"
    faulty.assert_one_end(record)
    faulty.assert_as_found()


def test_frames_without_any_stars_are_no_focus(faulty):
    faulty.at_measurement["every"] = too_few
    record = faulty.run()
    assert record.outcome == Outcome.NOT_FOCUSED
    assert "frames cannot be used (2 stars, 5 needed)" in record.diagnosis
    assert record.final_position == HOME
    faulty.assert_one_end(record)
    faulty.assert_as_found()


# ------------------------------------------------------------------------------------ the others


@pytest.mark.parametrize("way", ["there", "back"])
@pytest.mark.parametrize("fault", ["refuses", "is stuck", "stops elsewhere"])
def test_a_filter_wheel_that_fails_fails_the_run_at_home(faulty, fault, way):
    change = 1 if way == "there" else 2
    wheel = faulty.wheel
    if fault == "refuses":
        wheel.at["start_change"] = at(change, refuse)
    elif fault == "is stuck":
        wheel.at["filter"] = lambda _, *__: (
            (lambda: None) if wheel.calls.get("start_change") == change else None
        )
    else:
        other = "L" if way == "there" else "Ha"
        wheel.at["start_change"] = at(change, lambda _: wheel.real.start_change(other))
    record = faulty.run()
    assert record.outcome == Outcome.FAILED
    assert record.final_position == HOME
    assert record.diagnosis
    faulty.assert_one_end(record)
    if fault == "is stuck":
        # It did turn, but does not say so: the run cannot know.
        assert way == "back" or "L is not back in the beam" in record.diagnosis
    else:
        faulty.assert_as_found()


def test_a_temperature_sensor_that_is_gone_costs_one_warning(faulty):
    faulty.thermometer.at["temperature_c"] = at(-3, gone)
    record = faulty.run()
    assert record.outcome == Outcome.FOCUSED
    assert record.warnings == ("The temperature is no longer known: The cable was pulled.",)
    assert [p.temperature_c is None for p in record.points] == [False] * 2 + [True] * 4
    faulty.assert_one_end(record)
    faulty.assert_as_found()


@pytest.mark.parametrize(
    ("device", "method", "number", "what"),
    [
        ("focuser", "set_temperature_compensation", 2, "temperature compensation"),
        ("camera", "set_gain", 2, "gain"),
        ("camera", "set_readout_mode", 2, "read-out mode"),
    ],
)
def test_what_cannot_be_put_back_is_a_warning(faulty, device, method, number, what):
    getattr(faulty, device).at[method] = at(number, refuse)
    record = faulty.run()
    assert record.outcome == Outcome.FOCUSED
    assert record.warnings == (f"The {what} is not as it was found: It will not.",)
    assert isinstance(faulty.events[-2], Warned)
    faulty.assert_one_end(record)


@pytest.mark.parametrize(
    ("device", "method"),
    [("focuser", "is_moving"), ("camera", "read_image"), ("wheel", "start_change")],
)
def test_an_error_that_nobody_foresaw_fails_the_run_at_home(faulty, device, method):
    getattr(faulty, device).at[method] = at(2, lambda *_: 1 / 0)
    record = faulty.run()
    assert record.outcome == Outcome.FAILED
    assert "ZeroDivisionError" in record.diagnosis
    assert record.final_position == HOME
    faulty.assert_one_end(record)
    faulty.assert_as_found()


def test_a_broken_watcher_is_dropped(faulty):
    calls = []

    def broken(event):
        calls.append(event)
        raise RuntimeError("no such figure")

    faulty.session.subscribe(broken)
    record = faulty.run()
    assert record.outcome == Outcome.FOCUSED
    assert len(calls) == 1
    faulty.assert_one_end(record)
    faulty.assert_as_found()


class FullDisk:
    """A recorder whose disk fills up after some events."""

    path = None

    def __init__(self, left):
        self.left = left

    def record(self, event):
        self.left -= 1
        if self.left < 0 or (self.left > 1000 and isinstance(event, RunFinished)):
            raise OSError(28, "No space left on device")


AT_THE_END = 2000


@pytest.mark.parametrize("left", [0, 4, 12, AT_THE_END])
def test_a_full_disk_costs_the_package(faulty, left):
    record = faulty.run(recorder=FullDisk(left))
    assert record.outcome == Outcome.FOCUSED
    assert record.package_path is None
    assert ["No space left" in warning for warning in record.warnings] == [True]
    assert isinstance(faulty.events[-1], RunFinished)
    faulty.assert_one_end(record)
    faulty.assert_as_found()


@pytest.mark.parametrize("left", [0, 4, 12, AT_THE_END])
def test_a_full_disk_fails_a_run_that_must_be_saved(faulty, left):
    record = faulty.run(recorder=FullDisk(left), require_package=True)
    assert record.outcome == Outcome.FAILED
    assert "No space left" in record.diagnosis
    assert f"back at {HOME}" in record.diagnosis
    assert faulty.focuser.real.position() == record.final_position == HOME
    faulty.assert_one_end(record)
    faulty.assert_as_found()


def test_a_run_that_must_be_saved_and_cannot_even_go_back_has_one_end(faulty):
    class FullAndCut(FullDisk):
        def record(self, event):
            if isinstance(event, RunFinished):
                faulty.focuser.at["start_move"] = faulty.focuser.at["position"] = lambda *_: gone
            super().record(event)

    record = faulty.run(recorder=FullAndCut(AT_THE_END), require_package=True)
    assert record.outcome == Outcome.FAILED
    assert f"did not get back to {HOME}: The cable was pulled." in record.diagnosis
    assert record.final_position is None
    faulty.assert_one_end(record)


@pytest.mark.parametrize("outcome", HOME_OUTCOMES)
def test_every_run_that_does_not_focus_leaves_a_readable_package(monkeypatch, tmp_path, outcome):
    start = HOME - 400 if outcome == Outcome.LOST else HOME
    faulty, options = FaultyRig(monkeypatch, start), OPTIONS
    if outcome == Outcome.CANCELLED:
        faulty.at_measurement[3] = faulty.session.cancel
    elif outcome == Outcome.FAILED:
        faulty.camera.at["read_image"] = at(4, gone)
    elif outcome == Outcome.NOT_FOCUSED:
        faulty.at_measurement["every"] = too_few
    else:
        options = options.replace(step_size=40, max_travel=100)
    record = faulty.run(options, recorder=PackageRecorder(tmp_path))
    assert record.outcome == outcome
    assert sum(isinstance(e, PointMeasured) for e in faulty.events) == len(record.points)
    assert_package_tells_the_same(record)
    assert faulty.focuser.real.position() == record.final_position == start
    faulty.assert_as_found()
