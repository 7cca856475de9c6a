"""The one waiting loop."""

import threading

import pytest

from focusbench.devices import POLL_S, RealClock, VirtualClock, wait_until
from focusbench.errors import DeviceError, DeviceTimeout, RunCancelled


class Counter:
    """True from the n-th question on."""

    def __init__(self, n):
        self.n, self.asked = n, 0

    def __call__(self):
        self.asked += 1
        return self.asked >= self.n


def wait(done, clock, stop=None, timeout_s=60.0):
    wait_until(
        done,
        clock,
        stop=stop,
        timeout_s=timeout_s,
        device="focuser",
        doing="did not finish its move to 10490",
    )


def test_no_time_passes_where_it_is_done_already():
    clock = VirtualClock(start=0.0)
    wait(Counter(1), clock)
    assert clock.now() == 0.0


def test_device_is_asked_every_tenth_of_a_second():
    clock, done = VirtualClock(start=0.0), Counter(11)
    wait(done, clock)
    assert done.asked == 11
    assert clock.now() == pytest.approx(10 * POLL_S)
    assert POLL_S == 0.1


def test_time_out_names_the_device_and_what_it_did_not_do():
    clock = VirtualClock(start=0.0)
    with pytest.raises(DeviceTimeout, match="focuser did not finish its move to 10490") as caught:
        wait(lambda: False, clock, timeout_s=20.0)
    assert caught.value.device == "focuser"
    assert isinstance(caught.value, TimeoutError)
    # One pause late at most, and rounding of a sum of tenths.
    assert 20.0 <= clock.now() <= 20.0 + 2 * POLL_S


def test_device_is_asked_once_more_when_the_time_is_up():
    clock = VirtualClock(start=0.0)
    wait(lambda: clock.now() >= 1.0, clock, timeout_s=1.0)
    wait(lambda: True, clock, timeout_s=0.0)


def test_stop_set_before_is_seen_before_the_device_is_asked():
    stop, done = threading.Event(), Counter(1)
    stop.set()
    with pytest.raises(RunCancelled):
        wait(done, VirtualClock(), stop)
    assert done.asked == 0


def test_stop_set_while_the_device_is_busy_ends_the_wait():
    stop = threading.Event()

    def busy():
        stop.set()
        return False

    clock = VirtualClock(start=0.0)
    with pytest.raises(RunCancelled, match="focuser"):
        wait(busy, clock, stop)
    assert clock.now() == 0.0


def test_stop_set_by_another_thread_ends_a_real_pause():
    stop = threading.Event()
    timer = threading.Timer(0.05, stop.set)
    timer.start()
    with pytest.raises(RunCancelled):
        wait(lambda: False, RealClock(), stop)
    timer.join()


def test_error_of_the_device_comes_through():
    def broken():
        raise DeviceError("focuser", "The focuser has lost its link.")

    with pytest.raises(DeviceError, match="lost its link"):
        wait(broken, VirtualClock())
