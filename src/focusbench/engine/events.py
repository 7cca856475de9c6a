"""What happens in a run, one frozen event each, named for what has just happened.

A run yields, in this order: one `RunStarted`; for every sweep a `SweepStarted`, then a
`PointStarted` and a `PointMeasured` for each point, and `CurvesFitted` at its end (again after
every extension); `MoveStarted` for the way to best focus or home; `PointStarted` and `Validated`
for the validation frame; any number of `Warned`; and exactly one `RunFinished`, whatever happens.
With a focus filter, `FilterChanged` stands before the first sweep and, followed by a `MoveStarted`
for the filter's offset, after the validation frame.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from focusbench.curve import BestFocus, FocusPoint, RigShape, Role
from focusbench.engine.record import RunRecord
from focusbench.frames import Frame
from focusbench.options import AutofocusOptions


@dataclass(frozen=True)
class Event:
    """Anything that happened in a run."""


@dataclass(frozen=True)
class RunStarted(Event):
    """The run knows where it stands and what it is going to do."""

    options: AutofocusOptions
    start_position: int
    return_position: int
    centre: int
    time_s: float
    rig: Mapping[str, object] = field(default_factory=dict, repr=False)
    rig_shape: RigShape | None = field(default=None, repr=False)
    """What earlier runs told of the rig's asymmetry; None where nothing was asked for."""
    reasons: tuple[str, ...] = ()
    """Why it is made, in words: every trigger that was due; empty where a person started it."""


@dataclass(frozen=True)
class FilterChanged(Event):
    """The wheel has turned: to the focus filter, or back to the one that was found."""

    filter: str
    focus_shift: int = 0
    """How much further out this filter focuses than the one before, steps."""


@dataclass(frozen=True)
class SweepStarted(Event):
    """A sweep begins; `positions` in the order in which they will be taken."""

    sweep: int
    positions: tuple[int, ...]


@dataclass(frozen=True)
class PointStarted(Event):
    """The sampler is asked for a point: a move, an exposure and a measurement follow."""

    number: int
    """Counted from 1 through the whole run, validation frame included."""
    planned: int
    """How many points the run expects to take now, validation frame not included."""
    position: int
    sweep: int
    role: Role


@dataclass(frozen=True)
class PointMeasured(Event):
    """A point was taken. Frames and stars ride along for whoever saves or shows them."""

    point: FocusPoint
    frames: tuple[Frame, ...] = field(default=(), repr=False, compare=False)
    stars: tuple[NDArray[np.void] | None, ...] = field(default=(), repr=False, compare=False)
    """One table for each frame; None where it could not be measured."""


@dataclass(frozen=True)
class CurvesFitted(Event):
    """The curves were fitted to decide: at the end of a sweep or after an extension."""

    best: BestFocus


@dataclass(frozen=True)
class SweepExtended(Event):
    """Smart focus goes on past the planned points."""

    sweep: int
    side: Literal["inner", "outer"]
    positions: tuple[int, ...]
    reason: str


@dataclass(frozen=True)
class MoveStarted(Event):
    """The focuser is sent to best focus, home, or by the offset of a filter."""

    position: int
    purpose: Literal["best focus", "home", "filter offset"]


@dataclass(frozen=True)
class Validated(Event):
    """The validation frame was compared with what the curve expects there."""

    point: FocusPoint
    expected: float | None
    deviation_percent: float | None
    passed: bool | None
    """None where nothing could be compared."""
    frames: tuple[Frame, ...] = field(default=(), repr=False, compare=False)
    stars: tuple[NDArray[np.void] | None, ...] = field(default=(), repr=False, compare=False)


@dataclass(frozen=True)
class Warned(Event):
    """Something a person should know; the run goes on."""

    message: str


@dataclass(frozen=True)
class RunFinished(Event):
    """The run is over; the last event of every run."""

    record: RunRecord


@dataclass(frozen=True)
class RunDismissed(Event):
    """A finished run was cancelled before it was accepted; the focuser went back."""

    return_position: int
