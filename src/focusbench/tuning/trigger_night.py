"""What a set of triggers does in a night: the runs it calls for, and how focus is kept."""

import math
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from focusbench.options import TriggerOptions
from focusbench.triggers import Trigger

FloatArray = NDArray[np.float64]

WORTH = 0.5
"""A run that finds focus off by less than this share of the zone was not needed."""

Basis = Literal["true", "recorded", "modelled", "not known"]


@dataclass(frozen=True)
class Alarm:
    """A focus run that triggers call for.

    Attributes
    ----------
    time_s : float, seconds
        Unix time when they were asked.
    before_frame : int
        Index of the frame that it comes before, from 0.
    triggers : tuple of Trigger
    words : str
        All that was due.
    off : float, steps
        How far the focuser stood from best focus, outside positive; NaN where nobody knows.
    focused : bool
        Whether the run focused.
    duration_s : float, seconds
        NaN where not known.
    basis : {"true", "recorded", "modelled", "not known"}
        What the frames that triggers looked at were. true: simulated nights. recorded: those of
        the history. modelled: those of the history as a run that was never made would have left
        them. not known: the same, but with nothing to model it by: they are as recorded.
    """

    time_s: float
    before_frame: int
    triggers: tuple[Trigger, ...]
    words: str
    off: float = math.nan
    focused: bool = True
    duration_s: float = math.nan
    basis: Basis = "recorded"


@dataclass(frozen=True, eq=False, repr=False)
class TriggerNight:
    """A night with a set of triggers.

    Attributes
    ----------
    triggers : TriggerOptions or None
        None for a night as it really was.
    times_s : ndarray, (n_frames,), seconds
        Unix time of the middle of each frame.
    off_focus : ndarray, (n_frames,), steps
        How far from best focus each was taken, or would have been; NaN where nobody knows.
    hfr : ndarray, (n_frames,), pixels
        As measured, or as it would have been; NaN without stars.
    alarms : tuple of Alarm
        Runs, in order.
    zone : float, steps
        Half width of the zone of good focus; NaN where not known.
    hours : float, hours
        Length of the night.
    frame_s : float, seconds
        What a frame takes, download and all.
    known : bool
        Whether `off_focus` is the truth, or comes from the night's own runs.
    notes : tuple of str
        What could not be answered, or was modelled, in sentences.
    """

    triggers: TriggerOptions | None
    times_s: FloatArray
    off_focus: FloatArray
    hfr: FloatArray
    alarms: tuple[Alarm, ...]
    zone: float
    hours: float
    frame_s: float
    known: bool = False
    notes: tuple[str, ...] = field(default=())

    def __repr__(self) -> str:
        return f"<TriggerNight: {self.sentence}>"

    @property
    def n_frames(self) -> int:
        """Frames of the night."""
        return self.times_s.size

    @cached_property
    def in_zone(self) -> float:
        """Share of the frames taken in the zone; NaN where it is not known of any."""
        judged = self.off_focus[np.isfinite(self.off_focus)]
        if not judged.size or not math.isfinite(self.zone):
            return math.nan
        return float(np.mean(np.abs(judged) <= self.zone))

    def judge(self, alarm: Alarm) -> Literal["needed", "false", "no focus", "not known"]:
        """Whether a run was needed.

        false: focus was off by less than half the zone, so that there was next to nothing to
        mend. no focus: it did not focus, under clouds.
        """
        if not alarm.focused:
            return "no focus"
        if not math.isfinite(alarm.off) or not math.isfinite(self.zone):
            return "not known"
        return "needed" if abs(alarm.off) >= WORTH * self.zone else "false"

    @cached_property
    def verdicts(self) -> "Counter[str]":
        """How many alarms were needed, false, without focus, and not to be judged."""
        return Counter(self.judge(alarm) for alarm in self.alarms)

    @property
    def focusing_s(self) -> float:
        """Time spent on focus runs, seconds; NaN where runs have no known length."""
        return float(sum(alarm.duration_s for alarm in self.alarms))

    @property
    def frames_lost(self) -> float:
        """Frames that could have been taken in the time spent on focusing."""
        return self.focusing_s / self.frame_s if self.frame_s > 0 else math.nan

    @property
    def sentence(self) -> str:
        """What came of it, in one sentence."""
        n, verdicts = len(self.alarms), self.verdicts
        said = f"{n} focus run{'' if n == 1 else 's'}"
        alarms = "false alarm" if verdicts["false"] == 1 else "false alarms"
        names = {"needed": "needed", "false": alarms, "no focus": "without focus"}
        parts = [f"{verdicts[key]} {text}" for key, text in names.items() if verdicts[key]]
        if verdicts["not known"]:
            parts.append(f"{verdicts['not known']} nobody can judge")
        said += f" ({', '.join(parts)})" if parts else ""
        if math.isfinite(self.focusing_s):
            said += f", {self.focusing_s / 60:.0f} min or {self.frames_lost:.1f} frames"
        if math.isfinite(self.in_zone):
            said += f"; {100 * self.in_zone:.0f} % of {self.n_frames} frames in the zone"
        return said + "."

    @property
    def words(self) -> tuple[str, ...]:
        """Every alarm, one a line: when (local time), why, what it found, how sure that is."""
        return tuple(self._said(alarm) for alarm in self.alarms)

    def _said(self, alarm: Alarm) -> str:
        moment = datetime.fromtimestamp(alarm.time_s).astimezone()
        found = self.judge(alarm)
        off = f", {alarm.off:+.0f} steps off".replace("-", "−")
        where = off if math.isfinite(alarm.off) else ""
        basis = {
            "modelled": " [frames modelled]",
            "not known": " [frames as recorded, though a run before would have changed them]",
        }.get(alarm.basis, "")
        judged = "" if found == "not known" else f"{where}: {found}"
        return f"{moment:%H:%M} before frame {alarm.before_frame + 1}: {alarm.words}{judged}{basis}"
