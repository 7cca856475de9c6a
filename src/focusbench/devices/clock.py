"""The clock of a rig: real time at the telescope, virtual time in a simulated night.

Nothing else in focusbench looks at the wall clock, so that a whole night can be run in seconds.
"""

import threading
import time
from typing import Protocol, runtime_checkable

from focusbench.devices.waiting import Stop


@runtime_checkable
class Clock(Protocol):
    """Time, and waiting for it to pass."""

    def now(self) -> float:
        """Unix time, seconds."""
        ...

    def sleep(self, seconds: float, stop: Stop | None = None) -> bool:
        """Wait; returns early, and True, as soon as `stop` is set."""
        ...


class RealClock:
    """Time as it passes, or a given number of times faster for a demonstration.

    Parameters
    ----------
    speed : float
        How many seconds of the rig pass in one real second.
    """

    def __init__(self, speed: float = 1.0) -> None:
        # Counted from one reading of the wall clock, so that a clock correction during the
        # night neither shortens nor stretches a wait.
        self._start = time.time()
        self._start_monotonic = time.monotonic()
        self._speed = speed

    def now(self) -> float:
        """Unix time, seconds."""
        return self._start + (time.monotonic() - self._start_monotonic) * self._speed

    def sleep(self, seconds: float, stop: Stop | None = None) -> bool:
        """Wait; returns early, and True, as soon as `stop` is set."""
        real_seconds = max(0.0, seconds) / self._speed
        if stop is not None:
            return stop.wait(real_seconds)
        time.sleep(real_seconds)
        return False


FIRST_NIGHT_S = 946_756_800.0
"""1 January 2000, 20:00 UTC: nobody takes a simulated night for the last one."""


class VirtualClock:
    """Time that passes at once when somebody sleeps.

    Parameters
    ----------
    start : float, seconds
        Unix time at which the night begins.
    """

    def __init__(self, start: float = FIRST_NIGHT_S) -> None:
        self._now = start
        self._lock = threading.Lock()

    def now(self) -> float:
        """Unix time of the simulated night, seconds."""
        with self._lock:
            return self._now

    def sleep(self, seconds: float, stop: Stop | None = None) -> bool:
        """Move time on; True, and no time passes, where `stop` is set."""
        if stop is not None and stop.is_set():
            return True
        with self._lock:
            # To a microsecond: ten sleeps of 0.1 s are one second, and not a breath less.
            self._now = round(self._now + max(0.0, seconds), 6)
        return False
