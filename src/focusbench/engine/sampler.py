"""What the run asks for a point: a rig, a saved package, or a simulated curve."""

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from focusbench.curve import FocusPoint
from focusbench.devices import Stop
from focusbench.frames import Frame


@dataclass(frozen=True)
class Sample:
    """One point as the sampler gives it, with what it was measured from.

    `point.rejected` is already set where the frame had too few stars; sweep and role are filled
    in by the run. `stars` has a table for each frame, None where it could not be measured.
    """

    point: FocusPoint
    frames: tuple[Frame, ...] = field(default=(), repr=False)
    stars: tuple[NDArray[np.void] | None, ...] = field(default=(), repr=False)


class Passing(int):
    """A position, steps, that the focuser only passes on its way: no backlash is taken up there."""


@runtime_checkable
class Sampler(Protocol):
    """Gives points of the V-curve.

    Every call but `end` may raise `~focusbench.errors.RunCancelled` (within 0.2 s of `stop` being
    set; the move is halted, the exposure aborted) or `~focusbench.errors.DeviceError`.
    """

    def now(self) -> float:
        """Unix time on the sampler's own clock, seconds."""
        ...

    def describe(self) -> dict[str, object]:
        """What a record remembers of where its points came from."""
        ...

    def position(self) -> int:
        """Position of the focuser now, steps."""
        ...

    def filter(self) -> str | None:
        """Name of the filter in the beam; None without a wheel."""
        ...

    def begin(self, travel: tuple[int, int]) -> None:
        """Make ready for the run's frames and moves; what is changed is put back by `end`.

        `travel` is how far moves may overshoot, steps: the smallest and the largest position.
        """
        ...

    def change_filter(self, name: str, stop: Stop | None) -> None:
        """Bring a filter into the beam and wait; exposures are its own from then on."""
        ...

    def move_to(self, position: int, stop: Stop | None, *, via: int | None = None) -> int:
        """Move there, backlash taken up, and wait; returns where the focuser stands.

        With `via`, it goes there first: best focus is approached from outside like every
        sampled point. What overshoots is clamped to the focuser's limits and the largest travel.
        """
        ...

    def sample(self, position: int, stop: Stop | None, then: int | None = None) -> Sample:
        """Move there, expose and measure.

        `then` is the next position where it is already known: the move there starts as soon as
        the shutter has closed, and the frame is measured meanwhile. A `Passing` one is on the way
        of the `move_to` that follows.
        """
        ...

    def notices(self) -> tuple[str, ...]:
        """What a person should know and was not told before."""
        ...

    def end(self) -> tuple[str, ...]:
        """Stop what goes on, and put back what `begin` changed; returns what could not be."""
        ...
