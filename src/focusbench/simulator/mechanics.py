"""What moves: the focuser's drive with its play, the filter wheel, and the temperature."""

import threading
from bisect import bisect_right
from dataclasses import dataclass

from focusbench.devices import Clock

SAME_TIME_S = 1e-6
"""Moments less than this apart are one: Unix time as a float resolves 0.2 µs."""


@dataclass(frozen=True)
class _Move:
    """A move at constant speed, and where the mechanics stood when it began."""

    start_s: float
    origin: float
    target: int
    mechanical: float


class Drive:
    """Motor and drawtube, with play between them.

    The motor moves at constant speed. The drawtube follows it inward at once and outward only
    when the play has been taken up: it always stands between the motor's position minus the
    backlash and the motor's position. Hence a position approached inward is where the focuser
    says; approached outward, the drawtube lags `backlash` steps behind.

    All moves are remembered, so that the place at any past moment can be asked for: a frame
    fetched late must still show where the drawtube stood in mid-exposure.

    Parameters
    ----------
    clock : Clock
    position : int, steps
        Where it stands, approached inward.
    backlash : int, steps
    speed : float, steps per second
    """

    def __init__(self, clock: Clock, position: int, *, backlash: int, speed: float) -> None:
        self._clock = clock
        self._backlash = backlash
        self._speed = speed
        self._moves = [_Move(clock.now(), position, position, position)]
        self._lock = threading.RLock()

    def start(self, target: int) -> None:
        """Begin to move from wherever the motor is now."""
        with self._lock:
            now = self._clock.now()
            self._moves.append(_Move(now, self.motor(now), target, self.drawtube(now)))

    def halt(self) -> None:
        """Stop at the nearest whole step."""
        with self._lock:
            now = self._clock.now()
            if self.is_moving(now):
                here = round(self.motor(now))
                self._moves.append(_Move(now, here, here, self.drawtube(now)))

    def is_moving(self, time_s: float) -> bool:
        """Whether the motor runs at that time."""
        return self.motor(time_s) != self._move(time_s).target

    def target(self, time_s: float) -> int:
        """Where it stands, or goes, at that time, steps."""
        return self._move(time_s).target

    def motor(self, time_s: float) -> float:
        """Position of the motor, which is what the focuser reports, steps."""
        move = self._move(time_s)
        way = move.target - move.origin
        travelled = (time_s - move.start_s) * self._speed
        if travelled + SAME_TIME_S * self._speed >= abs(way):
            return move.target
        return move.origin + (travelled if way > 0 else -travelled)

    def drawtube(self, time_s: float) -> float:
        """Where the drawtube really is, in steps of positions approached inward."""
        with self._lock:
            motor, began_at = self.motor(time_s), self._move(time_s).mechanical
        # Within one move the motor never turns back, so the way it took does not matter.
        return min(max(began_at, motor - self._backlash), motor)

    def _move(self, time_s: float) -> _Move:
        with self._lock:
            began = bisect_right(self._moves, time_s, key=lambda move: move.start_s)
            return self._moves[max(0, began - 1)]


class Turret:
    """The wheel that filters sit in; every change takes the same time and is remembered.

    Parameters
    ----------
    clock : Clock
    turn_s : float, seconds
        How long it takes from one filter to any other.
    """

    def __init__(self, clock: Clock, *, turn_s: float) -> None:
        self._clock = clock
        self._turn_s = turn_s
        self._changes = [(-float("inf"), 0)]
        self._lock = threading.Lock()

    def start(self, slot: int) -> None:
        """Begin to turn; a wheel already there does not stir."""
        now = self._clock.now()
        if self.slot(now) != slot:
            with self._lock:
                self._changes.append((now, slot))

    def slot(self, time_s: float) -> int | None:
        """Slot in the beam at that time, from 0; None while the wheel turns."""
        with self._lock:
            began = bisect_right(self._changes, time_s, key=lambda change: change[0])
            start_s, slot = self._changes[max(0, began - 1)]
        return slot if time_s - start_s + SAME_TIME_S >= self._turn_s else None


@dataclass(frozen=True)
class ThermalDrift:
    """Air that cools evenly, and best focus that follows it.

    Attributes
    ----------
    start_s : float, seconds
        Unix time at which the air has `start_c` and best focus is unshifted.
    start_c : float, °C
    c_per_h : float, °C per hour
        Negative while it cools.
    steps_per_c : float, steps per °C
        Positive: best focus lies further out the warmer it is.
    """

    start_s: float
    start_c: float = 10.0
    c_per_h: float = -1.0
    steps_per_c: float = 20.0

    def temperature_c(self, time_s: float) -> float:
        """Temperature of the air, °C."""
        return self.start_c + self.c_per_h * (time_s - self.start_s) / 3600

    def shift(self, time_s: float) -> float:
        """How far best focus has moved since the start, steps."""
        return self.steps_per_c * (self.temperature_c(time_s) - self.start_c)
