"""What every device must do, whoever made it.

To test an implementation, subclass its contract in a test module and give the fixtures::

    class TestMyFocuser(FocuserContract):
        @pytest.fixture
        def clock(self): ...
        @pytest.fixture
        def focuser(self, clock): ...
"""

import threading

import numpy as np
import pytest

from focusbench.devices import (
    Camera,
    Clock,
    FilterWheel,
    Focuser,
    Stop,
    Thermometer,
    wait_until,
)
from focusbench.errors import DeviceRefused, RunCancelled
from focusbench.frames import Frame


def wait(done, clock, timeout_s=30.0, stop: Stop | None = None):
    wait_until(done, clock, stop=stop, timeout_s=timeout_s, device="device", doing="did not finish")


class _Devices:
    @pytest.fixture
    def clock(self):
        """Clock that the device runs on."""
        raise NotImplementedError


class FocuserContract(_Devices):
    """Fixture `focuser`: one that can go at least `travel` steps either way."""

    travel = 100
    """How far the tests move, steps."""
    moves_take_time = True
    """Whether a move can be seen going on; False for focusers that jump."""

    @pytest.fixture
    def focuser(self, clock):
        raise NotImplementedError

    @pytest.fixture
    def go(self, focuser, clock):
        def go(position):
            focuser.start_move(position)
            wait(lambda: not focuser.is_moving(), clock)
            return focuser.position()

        return go

    def test_focuser_is_one(self, focuser):
        assert isinstance(focuser, Focuser)
        assert focuser.name

    def test_position_is_a_whole_number_within_the_limits(self, focuser):
        low, high = focuser.limits
        assert low < high
        assert isinstance(focuser.position(), int)
        assert low <= focuser.position() <= high

    def test_move_ends_where_it_was_sent(self, focuser, go):
        start = focuser.position()
        for position in (start + self.travel, start - self.travel, start):
            assert go(position) == position

    def test_move_to_where_it_stands_ends(self, focuser, go):
        start = focuser.position()
        assert go(start) == start

    def test_start_move_returns_before_the_move_ends(self, focuser, clock):
        if not self.moves_take_time:
            pytest.skip("this focuser jumps")
        start = focuser.position()
        focuser.start_move(start + self.travel)
        assert focuser.is_moving()
        assert start <= focuser.position() < start + self.travel
        wait(lambda: not focuser.is_moving(), clock)
        assert focuser.position() == start + self.travel

    def test_position_runs_evenly_while_moving(self, focuser, clock):
        if not self.moves_take_time:
            pytest.skip("this focuser jumps")
        focuser.start_move(focuser.position() + self.travel)
        seen = []
        while focuser.is_moving():
            seen.append(focuser.position())
            clock.sleep(0.02)
        assert seen == sorted(seen)
        assert len(set(seen)) > 2

    def test_halt_stops_a_move_on_its_way(self, focuser, clock):
        start = focuser.position()
        focuser.start_move(start + self.travel)
        clock.sleep(0.05)
        focuser.halt()
        wait(lambda: not focuser.is_moving(), clock)
        stopped = focuser.position()
        clock.sleep(0.3)
        assert focuser.position() == stopped
        assert start <= stopped <= start + self.travel
        if self.moves_take_time:
            assert stopped < start + self.travel

    def test_halt_without_a_move_is_harmless(self, focuser):
        start = focuser.position()
        focuser.halt()
        assert not focuser.is_moving()
        assert focuser.position() == start

    def test_focuser_moves_again_after_a_halt(self, focuser, clock, go):
        start = focuser.position()
        focuser.start_move(start + self.travel)
        focuser.halt()
        wait(lambda: not focuser.is_moving(), clock)
        assert go(start) == start

    def test_temperature_compensation_is_kept_as_set_or_refused(self, focuser):
        found = focuser.temperature_compensation()
        if found is None:
            with pytest.raises(DeviceRefused):
                focuser.set_temperature_compensation(True)
            return
        for on in (True, False, found):
            focuser.set_temperature_compensation(on)
            assert focuser.temperature_compensation() is on

    @pytest.mark.parametrize("side", ["below", "above"])
    def test_move_beyond_the_limits_is_refused_and_moves_nothing(self, focuser, side):
        low, high = focuser.limits
        start = focuser.position()
        beyond = low - 1 if side == "below" else high + 1
        with pytest.raises(DeviceRefused, match=str(abs(beyond))) as caught:
            focuser.start_move(beyond)
        assert caught.value.device == "focuser"
        assert not focuser.is_moving()
        assert focuser.position() == start

    def test_wait_for_a_move_can_be_cancelled(self, focuser, clock):
        stop = threading.Event()
        stop.set()
        focuser.start_move(focuser.position() + self.travel)
        with pytest.raises(RunCancelled):
            wait(lambda: not focuser.is_moving(), clock, stop=stop)
        focuser.halt()
        wait(lambda: not focuser.is_moving(), clock)


class CameraContract(_Devices):
    """Fixture `camera`: an idle one."""

    exposure_s = 0.2

    @pytest.fixture
    def camera(self, clock):
        raise NotImplementedError

    @pytest.fixture
    def take(self, camera, clock):
        def take(exposure_s=self.exposure_s, binning=1):
            camera.start_exposure(exposure_s, binning=binning)
            wait(camera.image_ready, clock)
            return camera.read_image()

        return take

    def test_camera_is_one(self, camera):
        assert isinstance(camera, Camera)
        assert camera.name
        assert camera.pixel_um is None or 0.1 < camera.pixel_um < 100
        assert camera.max_binning >= 1

    def test_frame_has_the_whole_sensor(self, camera, take):
        frame = take()
        assert isinstance(frame, Frame)
        assert frame.pixels.shape == camera.shape
        assert np.isfinite(frame.pixels.astype(float)).all()

    def test_frame_says_how_it_was_taken(self, take):
        frame = take()
        assert frame.exposure_s == pytest.approx(self.exposure_s)
        assert frame.binning == 1

    def test_binned_frame_is_smaller(self, camera, take):
        if camera.max_binning < 2:
            pytest.skip("this camera does not bin")
        frame = take(binning=2)
        assert frame.pixels.shape == (camera.shape[0] // 2, camera.shape[1] // 2)
        assert frame.binning == 2

    def test_readout_mode_is_kept_as_set(self, camera, take):
        modes = camera.readout_modes
        assert camera.readout_mode() in (modes or (None,))
        assert camera.fast_readout_mode in (None, *modes)
        for name in modes:
            camera.set_readout_mode(name)
            assert camera.readout_mode() == name
            assert take().pixels.shape == camera.shape

    def test_unknown_readout_mode_is_refused(self, camera):
        with pytest.raises(DeviceRefused, match="no such mode"):
            camera.set_readout_mode("no such mode")

    def test_gain_is_kept_as_set_or_refused(self, camera, take):
        found = camera.gain()
        if found is None:
            with pytest.raises(DeviceRefused):
                camera.set_gain(1)
            return
        for gain in (found + 1, found):
            camera.set_gain(gain)
            assert camera.gain() == gain
            assert take().pixels.shape == camera.shape

    def test_impossible_gain_is_refused_and_changes_nothing(self, camera):
        found = camera.gain()
        with pytest.raises(DeviceRefused):
            camera.set_gain(-1_000_000)
        assert camera.gain() == found

    def test_frame_is_not_ready_before_the_exposure_ends(self, camera, clock):
        began_s = clock.now()
        camera.start_exposure(self.exposure_s)
        assert not camera.image_ready()
        wait(camera.image_ready, clock)
        assert clock.now() >= began_s + self.exposure_s

    def test_no_frame_is_ready_before_the_first_exposure(self, camera):
        assert not camera.image_ready()

    def test_frame_cannot_be_fetched_before_it_is_ready(self, camera):
        camera.start_exposure(60.0)
        with pytest.raises(DeviceRefused):
            camera.read_image()
        camera.abort()

    def test_second_exposure_is_refused_while_one_is_going_on(self, camera):
        camera.start_exposure(60.0)
        with pytest.raises(DeviceRefused):
            camera.start_exposure(self.exposure_s)
        camera.abort()

    def test_aborted_exposure_gives_no_frame(self, camera, clock):
        camera.start_exposure(self.exposure_s)
        camera.abort()
        clock.sleep(self.exposure_s + 1)
        assert not camera.image_ready()

    def test_camera_exposes_again_after_an_abort(self, camera, take):
        camera.start_exposure(60.0)
        camera.abort()
        assert take().pixels.shape == camera.shape

    def test_abort_without_an_exposure_is_harmless(self, camera, take):
        camera.abort()
        assert take().pixels.shape == camera.shape

    @pytest.mark.parametrize("exposure_s", [-1.0, float("nan")])
    def test_impossible_exposure_is_refused(self, camera, exposure_s):
        with pytest.raises(DeviceRefused) as caught:
            camera.start_exposure(exposure_s)
        assert caught.value.device == "camera"

    def test_impossible_binning_is_refused(self, camera):
        for binning in (0, camera.max_binning + 1):
            with pytest.raises(DeviceRefused):
                camera.start_exposure(self.exposure_s, binning=binning)


class FilterWheelContract(_Devices):
    """Fixture `wheel`: one with two filters or more."""

    @pytest.fixture
    def wheel(self, clock):
        raise NotImplementedError

    def test_wheel_is_one(self, wheel):
        assert isinstance(wheel, FilterWheel)
        assert wheel.name
        assert len(wheel.filters) >= 2
        assert len(wheel.focus_offsets) in (0, len(wheel.filters))

    def test_wheel_turns_to_every_filter(self, wheel, clock):
        for name in (*wheel.filters, wheel.filters[0]):
            wheel.start_change(name)
            wait(lambda: wheel.filter() is not None, clock)
            assert wheel.filter() == name

    def test_unknown_filter_is_refused_and_changes_nothing(self, wheel, clock):
        wait(lambda: wheel.filter() is not None, clock)
        before = wheel.filter()
        with pytest.raises(DeviceRefused, match="no such filter"):
            wheel.start_change("no such filter")
        assert wheel.filter() == before


class ThermometerContract(_Devices):
    """Fixture `thermometer`."""

    @pytest.fixture
    def thermometer(self, clock):
        raise NotImplementedError

    def test_thermometer_reads_a_possible_temperature_or_none(self, thermometer):
        assert isinstance(thermometer, Thermometer)
        temperature_c = thermometer.temperature_c()
        assert temperature_c is None or -60 < temperature_c < 60


class ClockContract(_Devices):
    """Fixture `clock`, only."""

    def test_clock_is_one(self, clock):
        assert isinstance(clock, Clock)

    def test_sleep_lets_at_least_that_time_pass(self, clock):
        began_s = clock.now()
        assert clock.sleep(0.05) is False
        # Unix time as a float resolves 0.2 µs.
        assert clock.now() - began_s >= 0.05 - 1e-6

    def test_time_never_runs_backwards(self, clock):
        seen = []
        for _ in range(20):
            seen.append(clock.now())
            clock.sleep(0.0)
        assert seen == sorted(seen)

    def test_sleep_for_less_than_nothing_returns_at_once(self, clock):
        began_s = clock.now()
        assert clock.sleep(-60.0) is False
        assert began_s <= clock.now() < began_s + 30

    def test_stop_ends_a_sleep_early_and_says_so(self, clock):
        stop = threading.Event()
        stop.set()
        began_s = clock.now()
        assert clock.sleep(3600.0, stop) is True
        assert clock.now() - began_s < 1800

    def test_sleep_with_a_stop_that_is_not_set_sleeps(self, clock):
        began_s = clock.now()
        assert clock.sleep(0.05, threading.Event()) is False
        assert clock.now() - began_s >= 0.05 - 1e-6
