"""A night that was: its frames in the order of time, and what its runs tell of focus."""

import math
from dataclasses import dataclass

import numpy as np

from focusbench.errors import PackageError
from focusbench.options import TriggerOptions
from focusbench.sequence import FocusRun, ImageHistory
from focusbench.triggers import LightFrame
from focusbench.tuning.focus_course import FocusCourse, found, with_runs
from focusbench.tuning.trigger_night import Alarm, TriggerNight


@dataclass(frozen=True)
class RecordedNight:
    """A history in the order of time, and what is known of its focus.

    Attributes
    ----------
    frames : tuple of LightFrame
    runs : tuple of FocusRun
        Its own, or read off moves of the focuser where it names none.
    course : FocusCourse or None
        Best focus through the night; None without a run that focused.
    zone : float, steps
        NaN where not known.
    run_s : float, seconds
        What a focus run takes; NaN where not known.
    notes : tuple of str
        What cannot be told, in sentences.
    """

    frames: tuple[LightFrame, ...]
    runs: tuple[FocusRun, ...]
    course: FocusCourse | None
    zone: float
    run_s: float
    notes: tuple[str, ...]

    @classmethod
    def of(cls, history: ImageHistory, zone: float | None, run_s: float | None) -> "RecordedNight":
        """Sort a history and learn what its runs tell; raises `PackageError` without a frame."""
        if not history.frames:
            raise PackageError("The image history has no frame.")
        history = ImageHistory(
            tuple(sorted(history.frames, key=lambda frame: frame.time_s)),
            tuple(sorted(history.runs, key=lambda run: run.ended_s)),
        )
        history, guessed = with_runs(history)
        course = FocusCourse.of(history.runs)
        notes = []
        if guessed:
            notes.append(
                "The history names no focus run: each move of the focuser between two frames is "
                "taken for one."
            )
        if course is None:
            notes.append(
                "Without a focus run nobody knows where best focus was: whether an alarm was "
                "needed cannot be said."
            )
        elif zone is None:
            notes.append("Give the zone to hear which alarms were needed.")
        lengths = [run.ended_s - run.started_s for run in history.runs if run.focused]
        if run_s is None and lengths and not guessed:
            run_s = float(np.median(lengths))
        return cls(
            history.frames,
            history.runs,
            course,
            math.nan if zone is None else float(zone),
            math.nan if run_s is None else float(run_s),
            tuple(notes),
        )

    @property
    def models(self) -> bool:
        """Whether frames after other runs can be modelled."""
        return self.course is not None and math.isfinite(self.zone)

    def best(self, time_s: float, temperature_c: float | None, filter: str | None) -> float:
        """Best focus, steps; NaN where nobody knows."""
        return math.nan if self.course is None else self.course.at(time_s, temperature_c, filter)

    def off(self, frame: LightFrame, position: float | None) -> float:
        """How far a position is from best focus in the middle of a frame, steps."""
        if position is None:
            return math.nan
        return position - self.best(frame.time_s, frame.temperature_c, frame.kind.filter)

    def as_night(
        self,
        triggers: TriggerOptions | None,
        off: list[float],
        hfr: list[float | None],
        alarms: list[Alarm],
        notes: tuple[str, ...],
    ) -> TriggerNight:
        """Put together what became of it."""
        times = np.array([frame.time_s for frame in self.frames])
        first, last = self.frames[0], self.frames[-1]
        length_s = last.time_s + last.kind.exposure_s / 2 - start_of(first)
        return TriggerNight(
            triggers=triggers,
            times_s=times,
            off_focus=np.array(off, dtype=float),
            hfr=np.array([math.nan if value is None else value for value in hfr]),
            alarms=tuple(alarms),
            zone=self.zone,
            hours=length_s / 3600,
            frame_s=_pace(self.frames),
            notes=(*self.notes, *notes),
        )


def as_it_was(
    history: ImageHistory, *, zone: float | None = None, run_s: float | None = None
) -> TriggerNight:
    """The night of a history with the runs that it really had, to compare others with."""
    recorded = RecordedNight.of(history, zone, run_s)
    frames = recorded.frames
    alarms = []
    for run in recorded.runs:
        after = [i for i, frame in enumerate(frames) if start_of(frame) >= run.ended_s - 1]
        best = found(run)
        if best is None:
            best = recorded.best(run.started_s, run.temperature_c, run.filter)
        start = run.start_position
        if start is None:
            before = [frame for frame in frames if frame.time_s < run.started_s]
            start = before[-1].position if before else None
        alarms.append(
            Alarm(
                time_s=run.started_s,
                before_frame=after[0] if after else len(frames),
                triggers=run.triggers,
                words=run.words,
                off=math.nan if start is None else start - best,
                focused=run.focused,
                duration_s=_length(run, recorded.run_s),
            )
        )
    off = [recorded.off(frame, frame.position) for frame in frames]
    return recorded.as_night(None, off, [frame.hfr for frame in frames], alarms, ())


def start_of(frame: LightFrame) -> float:
    """When its exposure began, Unix time in seconds."""
    return frame.time_s - frame.kind.exposure_s / 2


def _pace(frames: tuple[LightFrame, ...]) -> float:
    """What a frame takes, download and all, seconds."""
    exposed_s = float(np.median([frame.kind.exposure_s for frame in frames]))
    gaps = np.diff([frame.time_s for frame in frames])
    return max(exposed_s, float(np.median(gaps))) if gaps.size else exposed_s


def _length(run: FocusRun, otherwise_s: float) -> float:
    length_s = run.ended_s - run.started_s
    return length_s if length_s > 0 else otherwise_s
