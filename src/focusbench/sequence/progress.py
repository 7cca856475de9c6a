"""The state of a night: a fold of its events, the same live and from the journal."""

import dataclasses
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from focusbench.curve import Outcome
from focusbench.sequence import events
from focusbench.sequence.events import FocusRun, NightEvent
from focusbench.sequence.history import ImageHistory
from focusbench.sequence.hold import Hold
from focusbench.sequence.plan import Row, Sequence
from focusbench.triggers import (
    Decided,
    LightFrame,
    TriggerState,
    after_centring,
    after_frame,
    after_pause,
    after_run,
    begun,
    decide,
    observed,
)

Phase = Literal["idle", "preparing", "focusing", "exposing", "paused", "ended"]


class Expected(NamedTuple):
    """A focus run that should come: why, and when (Unix time, seconds)."""

    words: str
    time_s: float


@dataclass(frozen=True)
class NightProgress:
    """Everything that is known of a night, and all that a panel needs to show it.

    Attributes
    ----------
    phase : {"idle", "preparing", "focusing", "exposing", "paused", "ended"}
    sequence : Sequence
    started_s, time_s : float, seconds
        Unix time of the start, and of the last event.
    row : int or None
        Of `sequence.rows`: that of the frame being taken, or of the last one.
    done : tuple of int
        Frames taken of each row.
    frames : tuple of LightFrame
        All light frames of the night: the image history.
    runs : tuple of FocusRun
        All focus runs, those by hand too.
    state : TriggerState
        What the triggers are asked about.
    decided : Decided
        What they answered last, at `state.time_s`; see `expected_run`.
    focus_words : str
        Why a run is going on; empty where none is.
    hold : Hold
        The last focus.
    filter : str or None
        In the beam, as far as the night knows.
    left_at : int, steps
        Where the night left the focuser.
    unsettled : bool
        Whether it may stand elsewhere, since a move or a run was begun.
    temperature_c : float or None, °C
        The last one known.
    airmass : float or None
        Of the target, when the triggers were asked last.
    paused_why : str
        Empty where it is not paused.
    ended_why : str
        Empty while it goes on.
    complete : bool
        Whether every frame was taken.
    lost : int
        Frames that had to be taken again.
    warnings : tuple of str
    """

    phase: Phase = "idle"
    sequence: Sequence = field(default_factory=Sequence)
    started_s: float = 0.0
    time_s: float = 0.0
    row: int | None = None
    done: tuple[int, ...] = ()
    frames: tuple[LightFrame, ...] = ()
    runs: tuple[FocusRun, ...] = ()
    state: TriggerState = field(default_factory=lambda: TriggerState(0.0))
    decided: Decided = field(default_factory=Decided)
    focus_words: str = ""
    hold: Hold = field(default_factory=lambda: Hold(0))
    filter: str | None = None
    left_at: int = 0
    unsettled: bool = False
    temperature_c: float | None = None
    airmass: float | None = None
    paused_why: str = ""
    ended_why: str = ""
    complete: bool = False
    lost: int = 0
    warnings: tuple[str, ...] = ()

    @property
    def next_row(self) -> int | None:
        """The first row that still lacks frames; None where all are taken."""
        for number, (row, done) in enumerate(zip(self.sequence.rows, self.done, strict=True)):
            if done < row.frames.count:
                return number
        return None

    @property
    def current(self) -> Row | None:
        """The row of the frame being taken, or of the last one."""
        return None if self.row is None else self.sequence.rows[self.row]

    @property
    def left_s(self) -> float:
        """Exposures still to be taken, seconds; focus runs and downloads not counted."""
        return sum(
            (row.frames.count - done) * row.frames.exposure_s
            for row, done in zip(self.sequence.rows, self.done, strict=True)
        )

    @property
    def expected_run(self) -> Expected | None:
        """The focus run that should come next if all goes on as it does; None where none should.

        What the triggers foresee, and the next change of filter in the plan.
        """
        candidates = []
        soonest = self.decided.next
        if soonest is not None and soonest.expected_s is not None:
            at_s = self.state.time_s + soonest.expected_s
            candidates.append(Expected(str(soonest), at_s))
        triggers = self.sequence.triggers
        if triggers.use_auto_focus and triggers.on_filter_change and self.next_row is not None:
            left_s, now = 0.0, self.state.reference.filter
            for row, done in zip(self.sequence.rows, self.done, strict=True):
                left = row.frames.count - done
                if left > 0 and now is not None and row.frames.filter not in (None, now):
                    words = f"filter change: {now} → {row.frames.filter}"
                    candidates.append(Expected(words, self.state.time_s + left_s))
                    break
                left_s += left * row.frames.exposure_s
        return min(candidates, key=lambda each: each.time_s) if candidates else None

    @property
    def history(self) -> ImageHistory:
        """The image history: frames and runs, as xarray and CSV."""
        return ImageHistory(self.frames, self.runs)

    @property
    def target_position(self) -> int:
        """Where the focuser belongs now, steps."""
        return self.hold.position_at(self.sequence, self.temperature_c, self.filter)


def fold(progress: NightProgress, event: NightEvent) -> NightProgress:
    """Return the progress after one more event. Pure; unknown events change nothing."""
    return dataclasses.replace(_after(progress, event), time_s=event.time_s)


def _after(progress: NightProgress, event: NightEvent) -> NightProgress:
    change = dataclasses.replace
    match event:
        case events.NightStarted():
            return _started(event)
        case events.NightContinued():
            return change(
                progress,
                phase="preparing",
                state=after_pause(_forgiven(progress), event.time_s),
                paused_why="",
                ended_why="",
                focus_words="",
            )
        case events.FocuserFound():
            return change(
                progress,
                hold=Hold(event.position, event.temperature_c, event.filter),
                filter=event.filter,
                left_at=event.position,
                unsettled=False,
            )
        case events.FilterTurned():
            return change(progress, phase="preparing", filter=event.filter)
        case events.FocuserSent():
            return change(progress, phase="preparing", left_at=event.position, unsettled=True)
        case events.Asked():
            return _asked(progress, event)
        case events.FocusStarted():
            return change(progress, phase="focusing", focus_words=event.words, unsettled=True)
        case events.FocusEnded():
            return _focused(progress, event)
        case events.FrameStarted():
            return change(progress, phase="exposing", row=event.row, unsettled=False)
        case events.FrameTaken():
            return change(
                progress,
                phase="preparing",
                done=tuple(n + (row == event.row) for row, n in enumerate(progress.done)),
                frames=(*progress.frames, event.frame),
                state=after_frame(progress.state, event.frame),
            )
        case events.FrameLost():
            return change(progress, phase="preparing", lost=progress.lost + 1)
        case events.Paused():
            state = _later(progress, event.time_s)
            return change(progress, phase="paused", paused_why=event.why, state=state)
        case events.Resumed():
            state = after_pause(progress.state, event.time_s)
            return change(progress, phase="preparing", paused_why="", state=state)
        case events.Centred():
            state = after_centring(progress.state, flipped=event.flipped)
            return change(progress, state=state)
        case events.NightWarned():
            return change(progress, warnings=(*progress.warnings, event.message))
        case events.NightEnded():
            return change(
                progress,
                phase="ended",
                ended_why=event.why,
                complete=event.complete,
                focus_words="",
                state=_later(progress, event.time_s),
            )
    return progress


def _started(event: events.NightStarted) -> NightProgress:
    rows = event.sequence.rows
    first = rows[0].kind if rows else None
    state = begun(event.time_s, first, event.temperature_c)
    return NightProgress(
        phase="preparing",
        sequence=event.sequence,
        started_s=event.time_s,
        done=(0,) * len(rows),
        state=state,
        hold=Hold(event.position, event.temperature_c, event.filter),
        filter=event.filter,
        left_at=event.position,
        temperature_c=event.temperature_c,
    )


def _asked(progress: NightProgress, event: events.Asked) -> NightProgress:
    temperature_c = progress.temperature_c if event.temperature_c is None else event.temperature_c
    hold = progress.hold
    if hold.temperature_c is None:
        hold = dataclasses.replace(hold, temperature_c=temperature_c)
    return dataclasses.replace(
        progress,
        state=observed(
            progress.state,
            time_s=event.time_s,
            next=event.next,
            temperature_c=event.temperature_c,
            west=event.west,
        ),
        row=event.row,
        decided=event.decided,
        hold=hold,
        temperature_c=temperature_c,
        airmass=event.airmass,
    )


def _focused(progress: NightProgress, event: events.FocusEnded) -> NightProgress:
    run = event.run
    state = after_run(
        _later(progress, event.time_s),
        focused=run.focused,
        temperature_c=run.temperature_c,
        filter=run.filter,
    )
    progress = dataclasses.replace(
        progress,
        phase="paused" if progress.paused_why else "preparing",
        runs=(*progress.runs, run),
        state=state,
        decided=decide(state, progress.sequence.triggers),
        filter=progress.filter if run.filter is None else run.filter,
        focus_words="",
    )
    if not run.focused or run.final_position is None:
        return progress
    return dataclasses.replace(
        progress,
        hold=Hold(run.final_position, run.temperature_c, run.filter),
        left_at=run.final_position,
        unsettled=False,
        temperature_c=progress.temperature_c if run.temperature_c is None else run.temperature_c,
    )


def _forgiven(progress: NightProgress) -> TriggerState:
    """The triggers' state without the cool-down of a run that was cancelled to stop the night.

    That was no failure of focus: what was due then is due when the night goes on.
    """
    cancelled = bool(progress.runs) and progress.runs[-1].outcome == Outcome.CANCELLED
    return dataclasses.replace(progress.state, failed_s=None) if cancelled else progress.state


def _later(progress: NightProgress, time_s: float) -> TriggerState:
    """The triggers' state at a later time, everything else as it was."""
    state = progress.state
    if progress.paused_why:
        # Time in a pause does not count.
        return dataclasses.replace(state, time_s=time_s)
    return observed(
        state,
        time_s=time_s,
        next=state.next,
        temperature_c=state.temperature_c,
        west=state.west,
    )
