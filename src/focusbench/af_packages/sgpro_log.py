"""Reads the logs of Sequence Generator Pro: every auto focus run in them, failed ones as well.

A line is `[stamp] [level] [thread] text`. The texts that are looked for, and where each came from,
stand in `_Reader`. A sample has no position of its own: it was taken where the focuser was last
sent, and moves that take up backlash are logged as moves, too, so the last one before it counts.
Numbers follow the Windows locale. Stamps tell no zone.

SGPro starts over by itself (a new sweep of the same run) when its curve does not fit.
"""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from focusbench.af_packages.package import Package
from focusbench.af_packages.text import (
    LONGEST_LINE,
    check_counts,
    decode_text,
    median_gap,
    naive_time_s,
    number,
    size_px,
    stamps_are_day_first,
    steps,
)
from focusbench.af_packages.tree import read_bytes
from focusbench.curve import FocusPoint, Rejected
from focusbench.errors import PackageError

DEFINITIONS = {
    "hfr": "SGPro's HFR, mean over the stars, in pixels of the binned frame; SGPro does not "
    "publish how it is measured",
    "hfd_astap": "HFD of ASTAP as SGPro logs it, in pixels of the binned frame",
    "fwhm": "FWHM of PinPoint as SGPro logs it, divided by 100, in pixels of the binned frame",
}
LOCAL_TIME = "Times are the computer's local ones, read as UTC."

_LINE = re.compile(r"\[(?P<stamp>[^\]]{6,40})\](?:\s*\[[^\]]*\])*\s*(?P<text>.*)")
_NUMBER = r"([-+]?(?:\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?|∞|NaN))"
_START_OR_END = "SGM_FOCUSER_AUTO_FOCUS"
_MOVE = re.compile(r"Focuser moving to\D{0,3}(\d+)")
_STARS = re.compile(r"Star list contains\D{0,3}(\d+)")
_SAMPLES: dict[str, tuple[str, float]] = {
    "HFR": ("hfr", 1.0),
    "Half Flux Radius": ("hfr", 1.0),
    "HFD": ("hfd_astap", 1.0),
    "Half Flux Diameter": ("hfd_astap", 1.0),
    "FWHM": ("fwhm", 0.01),
}
_SAMPLE = re.compile(
    rf"Auto focus (?P<validation>validation frame )?(?P<name>{'|'.join(_SAMPLES)}) "
    rf"calculated at:\s*(?P<value>{_NUMBER[1:-1]})(?P<rest>.*)"
)
_FIT = re.compile(
    rf"Incremental Fit Result \(\d+\): quality=(?P<quality>[^;%]*)%?; "
    rf"a={_NUMBER}; b={_NUMBER}; c={_NUMBER}"
)
_NEW_POSITION = re.compile(rf"New focus position is at (\d+)\.?\s*(?:\(@{_NUMBER}\s*C\))?")
_COMPLETE = re.compile(r"Auto focus is complete \((?:best fit method: )?(\d+); ")
_TWO_LINES = re.compile(r"New auto focus method calculated focus at: (\d+)")
_START_FRAME = re.compile(rf"Set start frame data.*?Temp:\s*{_NUMBER}")
_ASKED = {
    "n_points": re.compile(r"Data Points:\s*(\d+)"),
    "step_size": re.compile(r"Step Size:\s*(\d+)"),
    "start_position": re.compile(r"Current Position:\s*(\d+)"),
    "binning": re.compile(r"AF Binning\D{0,3}(\d+)"),
    "exposure_s": re.compile(rf"AF Exposure length\D{{0,3}}{_NUMBER}"),
    "min_quality": re.compile(rf"quadratic fit min quality set to ->\s*{_NUMBER}"),
}
_AGAIN_BY_ITSELF = ("Focus is asymmetric.", "Focus cannot be determined")
_SAID = (
    "Quadratic Focus Successful with Fit Quality",
    "Quadratic Focus Complete but Asymmetric",
    "Detected focus getting worse",
    "Killing smart focus",
    "Smart focus failed",
    "AF abort requested",
    "Warning! Auto focus validation frame",
)


def recognises(text: str) -> bool:
    """Whether a text is such a log."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return (
        _START_OR_END in text
        or "Auto focus data" in text
        or ("S E Q U E N C E   G E N E R A T O R" in text)
        or bool(re.match(r"\[[^\]]*\d:\d\d[^\]]*\] \[\w+\] \[[^\]]*\] ", first))
    )


def read(text: str, source: Path) -> tuple[Package, ...]:
    """Read every run that has a point.

    Raises
    ------
    PackageError
        There is none.
    """
    reader = _Reader()
    for time_s, line in _lines(text):
        reader.line(time_s, line)
    runs = [run for run in reader.runs if run.points]
    check_counts(source, max((len(run.points) for run in runs), default=0), len(runs))
    if not runs:
        raise PackageError(f"{source} is an SGPro log that holds no auto focus run with points.")
    several = len(runs) > 1
    return tuple(
        _package(run, source, number if several else None) for number, run in enumerate(runs)
    )


def read_moves(path: Path) -> tuple[tuple[float, float], ...]:
    """When a log sent the focuser where: local time (seconds) and position (steps), by time.

    Raises
    ------
    PackageError
        It cannot be read, or moves nothing.
    """
    text = decode_text(read_bytes(path)) or ""
    moves = [
        (when, steps(found.group(1)))
        for time_s, line in _lines(text)
        if (found := _MOVE.search(line)) and (when := time_s()) is not None
    ]
    if not moves:
        raise PackageError(f"{path} is no SGPro log that moves a focuser.")
    return tuple(sorted(moves))


_Time = Callable[[], float | None]
"""Time of a line (local, seconds; None where it cannot be read), worked out when asked for."""


def _lines(text: str) -> Iterator[tuple[_Time, str]]:
    """Time and text of each line."""
    lines = [line.strip("\ufeff\0 ") for line in text.splitlines() if len(line) <= LONGEST_LINE]
    # The date alone: ten characters tell one day of a log from another.
    dates = dict.fromkeys(line[1:11] for line in lines if line.startswith("["))
    day_first = stamps_are_day_first(dates)
    for line in lines:
        if match := _LINE.match(line):
            yield partial(naive_time_s, match["stamp"], day_first=day_first), match["text"]


@dataclass
class _Run:
    """A run as it is read."""

    started_s: float | None
    filter: str | None
    temperature_c: float | None
    points: list[FocusPoint] = field(default_factory=list)
    sweep: int = 0
    metric: str = ""
    settings: dict[str, object] = field(default_factory=dict)
    found: dict[str, float] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    ended: bool = False
    """Whether its result is known; what follows then is another run."""


class _Reader:
    """Walks through a log line by line."""

    def __init__(self) -> None:
        self.runs: list[_Run] = []
        self._run: _Run | None = None
        self._position = math.nan
        self._stars: int | None = None
        self._filter: str | None = None
        self._temperature_c: float | None = None
        self._validating = False

    def line(self, time_s: _Time, text: str) -> None:
        """Read one line."""
        if _START_OR_END in text:
            # The same words open a run and close it.
            if self._run is not None and self._run.points:
                self._run = None
            return
        if "Auto focus data" in text or "Rerun auto focus" in text:
            self._begin(time_s(), again="Rerun" in text)
        elif found := _MOVE.search(text):
            self._position, self._stars = steps(found.group(1)), None
        elif found := _STARS.search(text):
            self._stars = int(found.group(1)[:9])
        elif found := _START_FRAME.search(text):
            value = number(found.group(1))
            self._temperature_c = value if math.isfinite(value) else None
        elif "Auto focus: setting filter" in text:
            words = text.split()
            self._filter = words[-1] if words[-1] != "filter" else None
            if self._run is not None and not self._run.points:
                self._run.filter = self._filter
        elif found := _SAMPLE.search(text):
            self._sample(time_s(), found)
        elif self._run is not None:
            self._about(self._run, text)

    def _begin(self, time_s: float | None, *, again: bool) -> _Run:
        if self._run is not None and again and not self._run.ended:
            self._next_sweep(self._run)
            return self._run
        self._run = _Run(time_s, self._filter, self._temperature_c)
        self.runs.append(self._run)
        self._validating = False
        return self._run

    def _next_sweep(self, run: _Run) -> None:
        if run.points and run.points[-1].sweep == run.sweep:
            run.sweep += 1
        self._validating = False

    def _sample(self, time_s: float | None, found: re.Match[str]) -> None:
        run = self._run if self._run is not None else self._begin(time_s, again=False)
        validation = self._validating or bool(found["validation"])
        if run.ended and not validation:
            run = self._begin(time_s, again=False)
        metric, factor = _SAMPLES[found["name"]]
        run.metric = run.metric or metric
        if not math.isfinite(self._position) or metric != run.metric:
            run.said.append(f"A sample of {found['name']} without a position was left out.")
            return
        stars = self._stars
        if metric == "hfd_astap":
            # "… calculated at: 4.1 with 57 stars": the count is the last but one word.
            words = found["rest"].split()
            stars = int(words[-2][:9]) if len(words) > 1 and words[-2].isdecimal() else None
        value = size_px(number(found["value"]) * factor)
        usable = math.isfinite(value)
        run.points.append(
            FocusPoint(
                position=self._position,
                metric=value,
                n_stars=stars,
                time_s=time_s,
                temperature_c=self._temperature_c,
                sweep=run.sweep,
                role="validation" if validation else "sweep",
                rejected=Rejected.NO if usable else Rejected.FEW_STARS,
                reason="" if usable else "no stars",
            )
        )
        self._validating, self._stars = False, None

    def _about(self, run: _Run, text: str) -> None:
        """What a line says of the run that is going on."""
        for name, pattern in _ASKED.items():
            if found := pattern.search(text):
                run.settings[name] = number(found.group(1))
        if "Taking validation frame at focus position" in text:
            self._validating = run.ended = True
        elif any(words in text for words in _AGAIN_BY_ITSELF):
            run.said.append(text.strip())
            self._next_sweep(run)
        elif found := _FIT.search(text):
            a, b = number(found.group(2)), number(found.group(3))
            # SGPro counts positions in thousands of steps there.
            if a > 0 and math.isfinite(b):
                run.found["parabola"] = -1000 * b / (2 * a)
            run.settings["fit_quality_percent"] = number(found["quality"])
        elif found := _TWO_LINES.search(text):
            run.found["two lines"] = steps(found.group(1))
        elif found := _COMPLETE.search(text):
            run.found["its result"], run.ended = steps(found.group(1)), True
        elif found := _NEW_POSITION.search(text):
            run.found["its result"], run.ended = steps(found.group(1)), True
            if found.group(2):
                run.settings["temperature_c"] = number(found.group(2))
        elif any(words in text for words in _SAID):
            run.said.append(text.strip())


def _package(run: _Run, source: Path, number_: int | None) -> Package:
    swept = [point.position for point in run.points if point.role != "validation"]
    step = run.settings.get("step_size")
    notes = [LOCAL_TIME] if run.started_s is not None else []
    if "its result" not in run.found:
        notes.append("The log tells no result: the run failed, was cancelled, or the log ends.")
    said = [f"SGPro said: {words.rstrip('.')[:160]}." for words in dict.fromkeys(run.said)]
    run.found = {name: place for name, place in run.found.items() if math.isfinite(place)}
    if run.found:
        told = ", ".join(f"{name} {place:.0f}" for name, place in run.found.items())
        said.append(f"SGPro found: {told}.")
    temperature = run.settings.pop("temperature_c", None)
    points = run.points
    if isinstance(temperature, float) and all(p.temperature_c is None for p in points):
        notes.append(f"The temperature at the end was {temperature:g} °C.")
    settings = {k: v for k, v in run.settings.items() if not _is_nan(v)}
    return Package(
        source=source,
        format="SGPro",
        focus_points=tuple(points),
        metric=run.metric or "hfr",
        definition=DEFINITIONS[run.metric or "hfr"],
        time_ordered=True,
        step_size=float(step) if isinstance(step, float) and step > 0 else median_gap(swept),
        filter=run.filter,
        started_s=run.started_s if run.started_s is not None else points[0].time_s,
        notes=(*notes, *said),
        run=number_,
        unknown=(
            "the zone of its times",
            "standard errors and the scatter between stars",
            *(() if run.filter else ("the filter",)),
            *(() if "exposure_s" in settings else ("the exposure time",)),
        ),
        settings=settings,
        found=run.found,
    )


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and not math.isfinite(value)
