"""What triggers are asked about: the state of a night since its last focus.

The state is frozen; each function here returns the state after one thing has happened. Nothing
looks at a clock: whoever calls says what time it is.
"""

import dataclasses
from dataclasses import dataclass, field
from typing import Literal

from focusbench.triggers.frames import FrameKind, LightFrame

Happened = Literal["start", "resume", "centring", "meridian flip"]
"""What calls for focus once, if its trigger is on."""


@dataclass(frozen=True)
class Reference:
    """How things stood at the last focus, or at the start of the night where there was none.

    Attributes
    ----------
    elapsed_s : float, seconds
        Running time of the night.
    temperature_c : float or None, °C
        None until a temperature is known.
    filter : str or None
        Filter in the beam.
    focused : bool
        Whether a run focused; False for the start of the night.
    """

    elapsed_s: float = 0.0
    temperature_c: float | None = None
    filter: str | None = None
    focused: bool = False


@dataclass(frozen=True)
class TriggerState:
    """Everything that triggers look at.

    Attributes
    ----------
    time_s : float, seconds
        Unix time when somebody last looked.
    next : FrameKind
        What the next frame will be.
    temperature_c : float or None, °C
        Temperature now; None without a sensor, or while it does not answer.
    west : bool or None
        Whether the next frame's target is past the meridian.
    elapsed_s : float, seconds
        Running time of the night: pauses, and hours that a clock was set by, are not in it.
    reference : Reference
    frames : tuple of LightFrame
        Those taken since the last focus.
    happened : tuple of str
        What happened since the last focus, in order.
    failed_s : float or None, seconds
        Running time when the last run ended, if it did not focus; None after one that did.
    went_back_s : float, seconds
        How far the clock was set back since the last focus.
    """

    time_s: float
    next: FrameKind = field(default_factory=FrameKind)
    temperature_c: float | None = None
    west: bool | None = None
    elapsed_s: float = 0.0
    reference: Reference = field(default_factory=Reference)
    frames: tuple[LightFrame, ...] = ()
    happened: tuple[Happened, ...] = ("start",)
    failed_s: float | None = None
    went_back_s: float = 0.0

    @property
    def since_focus_s(self) -> float:
        """Running time since the last focus, seconds."""
        return self.elapsed_s - self.reference.elapsed_s


def begun(
    time_s: float, next: FrameKind | None = None, temperature_c: float | None = None
) -> TriggerState:
    """State of a night that begins: as if the telescope were in focus now."""
    first = next or FrameKind()
    return TriggerState(
        time_s=time_s,
        next=first,
        temperature_c=temperature_c,
        reference=Reference(temperature_c=temperature_c, filter=first.filter),
    )


def observed(
    state: TriggerState,
    *,
    time_s: float,
    next: FrameKind,
    temperature_c: float | None,
    west: bool | None = None,
) -> TriggerState:
    """Time has passed: look around before the triggers are asked.

    A clock that went back adds nothing to the running time and takes nothing from it. Where the
    last focus knew no temperature, the first one known since then is its reference.
    """
    passed_s = time_s - state.time_s
    reference = state.reference
    if reference.temperature_c is None:
        reference = dataclasses.replace(reference, temperature_c=temperature_c)
    return dataclasses.replace(
        state,
        time_s=time_s,
        next=next,
        temperature_c=temperature_c,
        west=west,
        elapsed_s=state.elapsed_s + max(0.0, passed_s),
        went_back_s=state.went_back_s + max(0.0, -passed_s),
        reference=reference,
    )


def after_frame(state: TriggerState, frame: LightFrame) -> TriggerState:
    """A light frame was taken."""
    return dataclasses.replace(state, frames=(*state.frames, frame))


def after_run(
    state: TriggerState,
    *,
    focused: bool,
    temperature_c: float | None = None,
    filter: str | None = None,
) -> TriggerState:
    """A run is over; call `observed` first, so that the time is that of its end.

    Parameters
    ----------
    state : TriggerState
    focused : bool
        Whether it focused and was not cancelled. Then every reference is set; otherwise all stay
        as they were, and the cool-down begins.
    temperature_c : float or None, °C
        Temperature of the run's points; that of the state where not given.
    filter : str or None
        Filter in the beam after the run; that of the next frame where not given.
    """
    if not focused:
        return dataclasses.replace(state, failed_s=state.elapsed_s)
    return dataclasses.replace(
        state,
        reference=Reference(
            elapsed_s=state.elapsed_s,
            temperature_c=state.temperature_c if temperature_c is None else temperature_c,
            filter=state.next.filter if filter is None else filter,
            focused=True,
        ),
        frames=(),
        happened=(),
        failed_s=None,
        went_back_s=0.0,
    )


def after_pause(state: TriggerState, time_s: float) -> TriggerState:
    """The night goes on: counters have the values that they had when it paused."""
    return _happens(dataclasses.replace(state, time_s=time_s), "resume")


def after_centring(state: TriggerState, *, flipped: bool = False) -> TriggerState:
    """The target was centred, or the mount flipped to the other side of the pier."""
    return _happens(state, "meridian flip" if flipped else "centring")


def _happens(state: TriggerState, what: Happened) -> TriggerState:
    if what in state.happened:
        return state
    return dataclasses.replace(state, happened=(*state.happened, what))
