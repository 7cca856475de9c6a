"""Reads what Ekos (KStars) logs of auto focus: its focus log, and the debug lines of KStars' log.

`focuslogs/autofocus-(datetime).txt` has one line for each run that succeeded::

    date, time, position, temperature, filter, HFR, altitude
    2024-09-06, 00:50:20, 18700, 21.0, Ha, 0.757, 31.9

so each is a run of one point, its result. With debug logging KStars' own log has the points::

    … "Linear: points=[(18500, 2.1), …];iterations=11;duration=92;solution=18700;HFR=0.8;filter='L'…

in newer versions `(position, value, weight)` and `value=`.
Source: kstars/ekos/focus/focusmodule.cpp and focusalgorithms.cpp.
"""

import dataclasses
import math
import re
from collections.abc import Iterator
from pathlib import Path

from focusbench.af_packages.ekos_analyze import DEFINITION, UNKNOWN_MEASURE
from focusbench.af_packages.order import VALIDATION_NOTE, with_validation
from focusbench.af_packages.package import Package
from focusbench.af_packages.text import (
    LONGEST_LINE,
    check_counts,
    median_gap,
    naive_time_s,
    number,
    number_or_none,
    size_px,
    steps,
)
from focusbench.curve import FocusPoint, Rejected
from focusbench.errors import PackageDamaged, PackageError

_HEADER = ["date", "time", "position", "temperature", "filter", "hfr", "altitude"]
_RUN = re.compile(r"Linear: points=\[(?P<points>[^\]\n]*)\](?P<rest>;[^\n]*)")
_MARK = "Linear: points=["
_POINT = re.compile(r"\(([^()]*)\)")
_STAMP = re.compile(r"\[(\d{4}-\d\d-\d\dT[\d:.]+)")
_ALTITUDE = "altitude_deg"


def recognises(text: str) -> bool:
    """Whether a text is one of the two."""
    return _is_focus_log(text) or _MARK in text


def read(text: str, source: Path) -> tuple[Package, ...]:
    """Read every run.

    Raises
    ------
    PackageError
        There is none.
    PackageDamaged
        A line of a focus log that is none.
    """
    runs = list(_results(text, source) if _is_focus_log(text) else _linear(text, source))
    check_counts(source, 0, len(runs))
    if not runs:
        raise PackageError(f"{source} is a log of Ekos that holds no run.")
    if len(runs) == 1:
        return (runs[0],)
    return tuple(dataclasses.replace(run, run=i) for i, run in enumerate(runs))


def _is_focus_log(text: str) -> bool:
    first = next((line for line in text.splitlines() if line.strip()), "")
    return [word.strip().lower() for word in first.strip("\ufeff").split(",")][:6] == _HEADER[:6]


def _results(text: str, source: Path) -> Iterator[Package]:
    for count, line in enumerate(text.splitlines(), start=1):
        words = [word.strip() for word in line.split(",")]
        if count == 1 or len(words) < 2:
            continue
        position = steps(words[2]) if len(words) >= 6 else math.nan
        if not math.isfinite(position):
            raise PackageDamaged(
                f"{source} is damaged in line {count}: {line.strip()[:40]!r} is no result; delete "
                "the line, and the others open."
            )
        started_s = naive_time_s(f"{words[0]}T{words[1]}")
        altitude = number_or_none(words[6]) if len(words) > 6 else None
        point = FocusPoint(
            position=position,
            metric=size_px(words[5]),
            time_s=started_s,
            temperature_c=number_or_none(words[3]),
        )
        yield dataclasses.replace(
            _package(source, (point,), started_s, words[4]),
            notes=(
                "The log holds only the result of each run, no curve.",
                "Times are the computer's local ones, read as UTC.",
            ),
            settings={} if altitude is None else {_ALTITUDE: altitude},
            found={"its result": position},
        )


def _linear(text: str, source: Path) -> Iterator[Package]:
    for whole in text.splitlines():
        line = _RUN.search(whole) if _MARK in whole and len(whole) <= LONGEST_LINE else None
        if line is None:
            continue
        told = dict(
            pair.split("=", 1) for pair in line["rest"].strip("; \"'\r").split(";") if "=" in pair
        )
        temperature = number_or_none(told.get("temperature"))
        points = []
        check_counts(source, line["points"].count("("))
        for group in _POINT.findall(line["points"]):
            # Qt prints numbers with a point, whatever the locale.
            numbers = [number(word) for word in group.split(",")]
            if len(numbers) < 2 or not math.isfinite(steps(numbers[0])):
                raise PackageDamaged(f"{source} is damaged: ({group[:40]}) is no point.")
            points.append(_point(numbers, temperature))
        if not points:
            continue
        swept, marked = with_validation(points)
        stamp = _STAMP.search(whole[: line.start()])
        solution = steps(told.get("solution"))
        yield dataclasses.replace(
            _package(
                source,
                swept,
                naive_time_s(stamp.group(1)) if stamp else None,
                told.get("filter", "").strip("'\""),
            ),
            notes=(
                "The time is that of the end of the run, the computer's local one, read as UTC.",
                *((VALIDATION_NOTE,) if marked else ()),
                *((f"Ekos found: {solution:.0f}.",) if solution > 0 else ()),
            ),
            settings={
                name: value
                for name in ("backlash", "duration")
                if (value := number_or_none(told.get(name))) is not None
            },
            found={"its result": solution} if solution > 0 else {},
        )


def _point(numbers: list[float], temperature_c: float | None) -> FocusPoint:
    value = size_px(numbers[1])
    usable = math.isfinite(value)
    weight = numbers[2] if len(numbers) > 2 else math.nan
    return FocusPoint(
        position=numbers[0],
        metric=value,
        # Weights of 1 are those of a run that did not use any.
        scatter=weight**-0.5 if usable and 1e-9 < weight < 1e9 and weight != 1 else None,
        temperature_c=temperature_c,
        rejected=Rejected.NO if usable else Rejected.FEW_STARS,
        reason="" if usable else "no stars",
    )


def _package(
    source: Path, points: tuple[FocusPoint, ...], started_s: float | None, chosen: str
) -> Package:
    return Package(
        source=source,
        format="Ekos",
        focus_points=points,
        metric="hfr",
        definition=DEFINITION,
        time_ordered=True,
        step_size=median_gap(p.position for p in points if p.role != "validation"),
        filter=None if chosen in ("", "--") else chosen,
        started_s=started_s,
        unknown=(
            UNKNOWN_MEASURE,
            "the zone of its times",
            "standard errors",
            "how many stars were used",
            "the exposure time",
        ),
    )
