"""What happens in a night, one frozen event each, named for what has just happened.

A night tells, in this order: `NightStarted`, or `NightContinued` where it was broken off; before
each frame `FocuserFound` (somebody moved it), `FilterTurned`, `FocuserSent` where needed, and
`Asked` with the triggers' answers; where a run is made `FocusStarted` and one `FocusEnded` for each
run (Run again makes another); `FrameStarted`, then `FrameTaken` or `FrameLost`; at last
`NightEnded`. `Paused` and `Resumed`, `Centred` and `NightWarned` come between frames.

What changes what is done next is in the events: a `NightProgress` folded from them, live or from
the journal, is all that a night knows.
"""

from dataclasses import dataclass
from typing import Literal

from focusbench.curve import Outcome
from focusbench.sequence.plan import Sequence
from focusbench.triggers import Decided, FrameKind, LightFrame, Trigger

Why = Literal["filter offset", "temperature", "last good position"]


@dataclass(frozen=True)
class NightEvent:
    """Anything that happened in a night.

    Attributes
    ----------
    time_s : float, seconds
        Unix time on the rig's clock.
    """

    time_s: float


@dataclass(frozen=True)
class NightStarted(NightEvent):
    """The night begins, as if the telescope were in focus."""

    sequence: Sequence
    position: int
    filter: str | None
    temperature_c: float | None


@dataclass(frozen=True)
class NightContinued(NightEvent):
    """The night goes on where it was broken off: the kernel was killed, or it was stopped."""


@dataclass(frozen=True)
class FocuserFound(NightEvent):
    """The focuser stands elsewhere than the night left it: it goes on from there."""

    position: int
    filter: str | None
    temperature_c: float | None


@dataclass(frozen=True)
class FilterTurned(NightEvent):
    """The wheel is sent to a filter."""

    filter: str


@dataclass(frozen=True)
class FocuserSent(NightEvent):
    """The focuser is sent somewhere between runs."""

    position: int
    why: Why


@dataclass(frozen=True)
class Asked(NightEvent):
    """The triggers were asked before a frame.

    Attributes
    ----------
    row : int
        Of the sequence, from 0.
    next : FrameKind
        What the frame will be.
    temperature_c, airmass, west
        How things stand.
    decided : Decided
        What the triggers answer.
    """

    row: int
    next: FrameKind
    temperature_c: float | None
    airmass: float | None
    west: bool | None
    decided: Decided


@dataclass(frozen=True)
class FocusStarted(NightEvent):
    """A focus run begins; `words` is all that was due, or "by hand"."""

    triggers: tuple[Trigger, ...]
    words: str


@dataclass(frozen=True)
class FocusRun:
    """What a night remembers of a focus run.

    Attributes
    ----------
    outcome : Outcome
        CANCELLED also where it was cancelled after its end.
    diagnosis : str
        What came of it, one sentence.
    started_s, ended_s : float, seconds
        Unix time; the close delay is not in it.
    triggers : tuple of Trigger
        All that were due; empty for a run by hand or Run again.
    words : str
        Why it was made: what the triggers said, "by hand" or "run again".
    start_position, final_position : int or None, steps
    best_position, best_position_error : float or None, steps
        In the filter of its points.
    metric : float or None, pixels
        Of the validation frame; the expected one where none was taken.
    temperature_c : float or None, °C
        Mean of its points.
    filter : str or None
        In the beam before and after it.
    package : str
        Where it was saved, relative to the night's folder; empty where it was not.
    """

    outcome: Outcome
    diagnosis: str
    started_s: float
    ended_s: float
    triggers: tuple[Trigger, ...] = ()
    words: str = ""
    start_position: int | None = None
    final_position: int | None = None
    best_position: float | None = None
    best_position_error: float | None = None
    metric: float | None = None
    temperature_c: float | None = None
    filter: str | None = None
    package: str = ""

    @property
    def focused(self) -> bool:
        """Whether the focuser was left at a focus."""
        return self.outcome in (Outcome.FOCUSED, Outcome.LOWEST_POINTS)


@dataclass(frozen=True)
class FocusEnded(NightEvent):
    """A focus run is over and can no longer be cancelled."""

    run: FocusRun


@dataclass(frozen=True)
class FrameStarted(NightEvent):
    """An exposure begins; `number` counts from 1 through the night."""

    row: int
    number: int


@dataclass(frozen=True)
class FrameTaken(NightEvent):
    """A light frame was taken, measured and saved."""

    row: int
    frame: LightFrame


@dataclass(frozen=True)
class FrameLost(NightEvent):
    """A frame could not be taken or saved; it is taken again."""

    row: int
    why: str


@dataclass(frozen=True)
class Paused(NightEvent):
    """Nothing is taken until somebody resumes."""

    why: str


@dataclass(frozen=True)
class Resumed(NightEvent):
    """The night goes on after a pause."""


@dataclass(frozen=True)
class Centred(NightEvent):
    """The target was centred; `flipped`: the mount changed to the other side of the pier."""

    flipped: bool = False


@dataclass(frozen=True)
class NightWarned(NightEvent):
    """Something a person should know; the night goes on."""

    message: str


@dataclass(frozen=True)
class NightEnded(NightEvent):
    """The night is over; `complete` where every frame was taken."""

    complete: bool
    why: str
