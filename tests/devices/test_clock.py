"""Real and virtual time."""

import threading

import pytest

from focusbench.devices import RealClock, VirtualClock
from tests.contracts.device_contracts import ClockContract


class TestVirtualClock(ClockContract):
    @pytest.fixture
    def clock(self):
        return VirtualClock()

    def test_time_passes_only_in_sleep_and_exactly(self):
        clock = VirtualClock(start=1000.0)
        assert clock.now() == 1000.0
        clock.sleep(3600.25)
        assert clock.now() == 4600.25
        assert clock.now() == 4600.25

    def test_no_time_passes_where_stop_is_set(self):
        clock, stop = VirtualClock(start=1000.0), threading.Event()
        stop.set()
        clock.sleep(5.0, stop)
        assert clock.now() == 1000.0

    def test_no_second_is_lost_between_threads(self):
        clock = VirtualClock(start=0.0)
        threads = [
            threading.Thread(target=lambda: [clock.sleep(1.0) for _ in range(500)])
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert clock.now() == 2000.0


class TestRealClock(ClockContract):
    @pytest.fixture
    def clock(self):
        return RealClock()


class TestFastClock(ClockContract):
    @pytest.fixture
    def clock(self):
        return RealClock(speed=100.0)

    def test_an_hour_passes_in_a_moment(self):
        clock = RealClock(speed=360_000.0)
        began_s = clock.now()
        clock.sleep(3600.0)
        assert clock.now() - began_s >= 3600.0 - 1e-6
