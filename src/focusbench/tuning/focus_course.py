"""Best focus through a night, as its own focus runs tell it."""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from focusbench.curve import Outcome
from focusbench.sequence import FocusRun, ImageHistory
from focusbench.triggers import LightFrame

FloatArray = NDArray[np.float64]

LEAST_RANGE_C = 1.0
"""Temperatures of runs must span so much before a slope is fitted, °C."""
MOVED_BY = 2
"""A position that changes by more is a move, not a report that was rounded."""


@dataclass(frozen=True, eq=False)
class FocusCourse:
    """Best focus through a night.

    best focus = offset of the filter + slope · (T − mean T) + what is left over at the runs,
    straight in time between them and level outside them. It goes through every run.

    Attributes
    ----------
    offsets : dict of str or None to float, steps
        Of each filter that a run focused in.
    slope : float, steps/°C
        0 where the runs cannot tell it.
    mean_c : float, °C
    times_s, left_over : ndarray, (n_runs,)
    """

    offsets: dict[str | None, float]
    slope: float
    mean_c: float
    times_s: FloatArray
    left_over: FloatArray

    @classmethod
    def of(cls, runs: Sequence[FocusRun]) -> "FocusCourse | None":
        """Fit it to the runs that focused; None where there is none."""
        good = [(run, place) for run in runs if (place := found(run)) is not None]
        if not good:
            return None
        good.sort(key=lambda pair: pair[0].ended_s)
        places = np.array([place for _, place in good])
        times = np.array([(run.started_s + run.ended_s) / 2 for run, _ in good])
        degrees = np.array([_or_nan(run.temperature_c) for run, _ in good])
        names = list(dict.fromkeys(run.filter for run, _ in good))
        columns = [[float(run.filter == name) for run, _ in good] for name in names]
        mean_c = float(np.mean(degrees)) if np.isfinite(degrees).all() else math.nan
        # A slope needs a run more than there are offsets, or it would be made of noise.
        fits = math.isfinite(mean_c) and float(np.ptp(degrees)) >= LEAST_RANGE_C
        fits = fits and len(good) >= len(names) + 2
        if fits:
            columns.append((degrees - mean_c).tolist())
        design = np.array(columns).T
        found_values, *_ = np.linalg.lstsq(design, places, rcond=None)
        return cls(
            offsets=dict(zip(names, map(float, found_values), strict=False)),
            slope=float(found_values[-1]) if fits else 0.0,
            mean_c=mean_c if fits else 0.0,
            times_s=times,
            left_over=places - design @ found_values,
        )

    def at(self, time_s: float, temperature_c: float | None, filter: str | None) -> float:
        """Best focus then, steps; NaN in a filter that no run focused in."""
        offset = self.offsets.get(filter)
        if offset is None or (self.slope and temperature_c is None):
            return math.nan
        warmer = 0.0 if temperature_c is None else temperature_c - self.mean_c
        rest = float(np.interp(time_s, self.times_s, self.left_over))
        return offset + self.slope * warmer + rest


def found(run: FocusRun) -> float | None:
    """Best focus of a run; where it left the focuser if nothing better is known."""
    if not run.focused:
        return None
    return run.best_position if run.best_position is not None else run.final_position


def with_runs(history: ImageHistory) -> tuple[ImageHistory, bool]:
    """Read focus runs off the focuser's moves, where a history tells of no run.

    Returns
    -------
    history : ImageHistory
        With a run before each frame whose position is not that of the frame before it.
    guessed : bool
        Whether runs were read off.
    """
    if history.runs:
        return history, False
    runs = []
    for before, after in zip(history.frames, history.frames[1:], strict=False):
        if before.position is None or after.position is None:
            continue
        if abs(after.position - before.position) > MOVED_BY:
            runs.append(_run_before(before, after))
    return dataclasses.replace(history, runs=tuple(runs)), bool(runs)


def _run_before(before: LightFrame, frame: LightFrame) -> FocusRun:
    ended_s = frame.time_s - frame.kind.exposure_s / 2
    return FocusRun(
        outcome=Outcome.FOCUSED,
        diagnosis="read off a move of the focuser",
        started_s=min(ended_s, before.time_s + before.kind.exposure_s / 2),
        ended_s=ended_s,
        words="the focuser was moved",
        start_position=before.position,
        final_position=frame.position,
        temperature_c=frame.temperature_c,
        filter=frame.kind.filter,
    )


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value
