"""Ask any triggers about a night that was: which would have fired when.

What a history cannot tell is what its frames would have been after a run that nobody made. Where
its own runs tell best focus through the night, and the zone is known, that is modelled: a frame
keeps its seeing, clouds and scatter, and has another defocus,

    HFR = HFR recorded · √(1 + (off / b)²) / √(1 + (off recorded / b)²),    b = zone / √(1.05² − 1)

(the hyperbola of the curve room), and its stars go as HFR^−0.7, as in simulated nights. Where
either is not known frames stay as they were recorded, and each alarm says so.
"""

import dataclasses
import math
from dataclasses import dataclass, field

from focusbench.options import TriggerOptions
from focusbench.sequence import FocusRun, ImageHistory
from focusbench.triggers import (
    LightFrame,
    Trigger,
    TriggerState,
    after_frame,
    after_run,
    begun,
    decide,
    observed,
)
from focusbench.tuning.recorded_night import RecordedNight, start_of
from focusbench.tuning.trigger_night import Alarm, Basis, TriggerNight

STAR_LOSS = 0.7
BY_HAND = "by hand"
AGREES_WITHIN = 1.0
"""A focuser that is within so many steps of the recorded one takes the recorded frame."""


def replay_history(
    history: ImageHistory,
    triggers: TriggerOptions,
    *,
    zone: float | None = None,
    run_s: float | None = None,
) -> TriggerNight:
    """Ask triggers before each frame of a history, as if they had been on that night.

    Runs that the history holds are not made again, but for those made by hand; a run that the
    triggers call for focuses where the next frame has stars, and leaves the focuser at best focus.
    Frames stay where they are in time.

    Parameters
    ----------
    history : ImageHistory
        Its frames, and its runs where it has them: they tell where best focus was.
    triggers : TriggerOptions
    zone : float, optional, steps
        Half width of the zone of good focus, from any run ("the zone is ± 22"). Without it nobody
        can say whether an alarm was needed.
    run_s : float, optional, seconds
        What a focus run takes; the median of the history's own runs where not given.

    Returns
    -------
    TriggerNight
        Its `words` say every alarm; its `notes` what was modelled, and what could not be.

    Raises
    ------
    PackageError
        The history has no frame.

    Examples
    --------
    >>> from focusbench.triggers import FrameKind
    >>> kind = FrameKind("M 31", "L", 1, 300)
    >>> frames = [
    ...     LightFrame(kind, 1.7e9 + 300 * i, i + 1, hfr=2.0, temperature_c=12 - 0.3 * i)
    ...     for i in range(8)
    ... ]
    >>> night = replay_history(ImageHistory(tuple(frames)), TriggerOptions(every_c=1))
    >>> [alarm.words for alarm in night.alarms]  # doctest: +ELLIPSIS
    ['first frame: none was taken yet', 'temperature: 12.0 °C → 10.8 °C: 1.2 ≥ 1.0']
    """
    return _Replay(RecordedNight.of(history, zone, run_s), triggers).night()


@dataclass
class _Replay:
    """A history being replayed."""

    recorded: RecordedNight
    triggers: TriggerOptions
    position: float = math.nan
    modelled: set[float] = field(default_factory=set)

    def night(self) -> TriggerNight:
        recorded, frames = self.recorded, self.recorded.frames
        first = frames[0]
        state = begun(start_of(first), first.kind, first.temperature_c)
        self.position = self._first_position()
        seen: list[LightFrame] = []
        off: list[float] = []
        alarms: list[Alarm] = []
        departed = False
        for i, frame in enumerate(frames):
            state = self._by_hand(state, frames[i - 1] if i else None, frame)
            state = observed(
                state,
                time_s=start_of(frame),
                next=frame.kind,
                temperature_c=frame.temperature_c,
                west=frame.west,
            )
            if i:
                self.position += self._moved(frames[i - 1], frame)
            decided = decide(state, self.triggers)
            made = False
            if decided.due:
                alarm = self._alarm(i, state, tuple(d.trigger for d in decided.due), decided.words)
                alarms.append(alarm)
                state = after_run(state, focused=alarm.focused)
                made = alarm.focused
                if made:
                    kind = frame.kind
                    self.position = recorded.best(start_of(frame), frame.temperature_c, kind.filter)
            # From the first run that only one of the two nights had, frames would be others.
            departed = departed or made != self._was_run_before(i)
            as_seen, changed = self._as_it_would_be(frame, departed)
            if changed:
                self.modelled.add(frame.time_s)
            state = after_frame(state, as_seen)
            seen.append(as_seen)
            off.append(recorded.off(frame, self.position))
        return recorded.as_night(
            self.triggers, off, [frame.hfr for frame in seen], alarms, self._notes(alarms)
        )

    # ------------------------------------------------------------------ runs

    def _alarm(self, i: int, state: TriggerState, due: tuple[Trigger, ...], words: str) -> Alarm:
        frame = self.recorded.frames[i]
        best = self.recorded.best(start_of(frame), frame.temperature_c, frame.kind.filter)
        basis: Basis = "recorded"
        if Trigger.HISTORY in due and state.frames:
            judged = {each.time_s for each in state.frames}
            if judged & self.modelled:
                basis = "modelled" if self.recorded.models else "not known"
        return Alarm(
            time_s=start_of(frame),
            before_frame=i,
            triggers=due,
            words=words,
            off=self.position - best if i or self._knowsstart_of() else math.nan,
            focused=frame.measured or frame.n_stars is None,
            duration_s=self.recorded.run_s,
            basis=basis,
        )

    def _by_hand(
        self, state: TriggerState, before: LightFrame | None, frame: LightFrame
    ) -> TriggerState:
        """Runs by hand would have been made whatever the triggers were."""
        for run in self.recorded.runs:
            since = -math.inf if before is None else before.time_s
            if run.words == BY_HAND and run.focused and since < run.ended_s <= frame.time_s:
                state = observed(
                    state,
                    time_s=max(state.time_s, run.ended_s),
                    next=frame.kind,
                    temperature_c=run.temperature_c,
                )
                state = after_run(state, focused=True, temperature_c=run.temperature_c)
                if run.final_position is not None:
                    self.position = run.final_position
        return state

    def _runs_between(self, before: LightFrame | None, frame: LightFrame) -> list[FocusRun]:
        since = -math.inf if before is None else before.time_s
        return [run for run in self.recorded.runs if since < run.ended_s <= frame.time_s]

    def _was_run_before(self, i: int) -> bool:
        """Whether the history itself has a run that focused before this frame."""
        frames = self.recorded.frames
        runs = self._runs_between(frames[i - 1] if i else None, frames[i])
        return any(run.focused for run in runs)

    # ------------------------------------------------------------------ the focuser

    def _first_position(self) -> float:
        first = self.recorded.frames[0]
        before = self._runs_between(None, first)
        if before and before[0].start_position is not None:
            return before[0].start_position
        return math.nan if first.position is None else first.position

    def _knowsstart_of(self) -> bool:
        """Whether a run before the first frame, if there was one, says where it began."""
        before = self._runs_between(None, self.recorded.frames[0])
        return not before or before[0].start_position is not None

    def _moved(self, before: LightFrame, frame: LightFrame) -> float:
        """Moves between two frames that were no focus run: filter offsets, compensation."""
        runs = self._runs_between(before, frame)
        after = runs[0].start_position if runs else frame.position
        if before.position is None or after is None:
            return 0.0
        return after - before.position

    def _as_it_would_be(self, frame: LightFrame, departed: bool) -> tuple[LightFrame, bool]:
        """The frame as the focuser's other position would have left it; whether it differs."""
        recorded = self.recorded
        if not recorded.models:
            return frame, departed
        off, was = recorded.off(frame, self.position), recorded.off(frame, frame.position)
        if not math.isfinite(off - was) or abs(off - was) <= AGREES_WITHIN or frame.hfr is None:
            return frame, False
        b = recorded.zone / math.sqrt(1.05**2 - 1)
        factor = math.hypot(1, off / b) / math.hypot(1, was / b)
        stars = None if frame.n_stars is None else round(frame.n_stars * factor**-STAR_LOSS)
        return dataclasses.replace(frame, hfr=frame.hfr * factor, n_stars=stars), True

    def _notes(self, alarms: list[Alarm]) -> tuple[str, ...]:
        notes = []
        on = self.triggers
        if not self._knowsstart_of():
            notes.append(
                "Where the focuser stood before the first run is not told: it is taken to have "
                "stood where that run left it."
            )
        if on.use_auto_focus and (on.on_resume or on.after_centring):
            notes.append(
                "Pauses, centrings and meridian flips are not in an image history: the triggers "
                "on them were not asked."
            )
        if self.modelled and self.recorded.models:
            notes.append(
                f"{len(self.modelled)} frames are modelled: the focuser would have stood elsewhere."
            )
        elif self.modelled and on.history != "off":
            notes.append(
                "What HFR would have been after runs that were not made is not known: frames are "
                "taken as they were recorded."
            )
        if alarms and not math.isfinite(self.recorded.run_s):
            notes.append("Give the length of a run to hear what the alarms cost.")
        return tuple(notes)
