"""Reads the text that the SGPro log viewer exports: many runs, each a line about it, then points.

A run's line holds, between tabs: number, id of the log file, temperature, filter, date, time, note;
then one line a point: position, HFR, stars; a blank line ends the run.
"""

import itertools
import math
from pathlib import Path

from focusbench.af_packages.order import VALIDATION_NOTE, with_validation
from focusbench.af_packages.package import Package
from focusbench.af_packages.sgpro_log import DEFINITIONS, LOCAL_TIME
from focusbench.af_packages.text import (
    check_counts,
    median_gap,
    naive_time_s,
    number,
    number_or_none,
    size_px,
    stamps_are_day_first,
    steps,
)
from focusbench.curve import FocusPoint, Rejected
from focusbench.errors import PackageDamaged, PackageError

_ABOUT_RUN = 6
"""Fewest cells of a line about a run; one about a point has three."""


def recognises(text: str) -> bool:
    """Whether a text is such an export: a line about a run, then one about a point."""
    filled = (line for line in text.splitlines() if line.strip())
    lines = [_cells(line) for line in itertools.islice(filled, 2)]
    if len(lines) < 2 or len(lines[0]) < _ABOUT_RUN or not lines[0][0].isdecimal():
        return False
    return len(lines[1]) in (2, 3) and all(math.isfinite(number(cell)) for cell in lines[1][:2])


def read(text: str, source: Path) -> tuple[Package, ...]:
    """Read every run that has a point.

    Raises
    ------
    PackageError
        There is none.
    PackageDamaged
        A line that is neither.
    """
    runs: list[tuple[list[str], list[FocusPoint]]] = []
    for count, line in enumerate(text.splitlines(), start=1):
        cells = _cells(line)
        if len(cells) >= _ABOUT_RUN:
            runs.append((cells, []))
        elif any(cells):
            if not runs or len(cells) < 2 or not math.isfinite(steps(cells[0])):
                raise PackageDamaged(
                    f"{source} is damaged in line {count}: {line.strip()[:40]!r} is no point; "
                    "export it again."
                )
            runs[-1][1].append(_point(cells, number_or_none(runs[-1][0][2])))
    runs = [(about, points) for about, points in runs if points]
    check_counts(source, max((len(points) for _, points in runs), default=0), len(runs))
    if not runs:
        raise PackageError(f"{source} holds no run with points.")
    day_first = stamps_are_day_first(f"{about[4]} {about[5]}" for about, _ in runs)
    several = len(runs) > 1
    return tuple(
        _package(about, points, source, i if several else None, day_first)
        for i, (about, points) in enumerate(runs)
    )


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("\ufeff").rstrip().split("\t")]


def _point(cells: list[str], temperature_c: float | None) -> FocusPoint:
    value = size_px(cells[1])
    usable = math.isfinite(value)
    stars = number_or_none(cells[2]) if len(cells) > 2 else None
    return FocusPoint(
        position=number(cells[0]),
        metric=value,
        n_stars=None if stars is None or not 0 <= stars < 1e9 else int(stars),
        temperature_c=temperature_c,
        rejected=Rejected.NO if usable else Rejected.FEW_STARS,
        reason="" if usable else "no stars",
    )


def _package(
    about: list[str],
    points: list[FocusPoint],
    source: Path,
    run: int | None,
    day_first: bool | None,
) -> Package:
    _, log, _, chosen, date, time = about[:6]
    said = " ".join(cell for cell in about[6:] if cell)
    swept, marked = with_validation(points)
    return Package(
        source=source,
        format="SGPro log viewer",
        focus_points=swept,
        metric="hfr",
        definition=DEFINITIONS["hfr"],
        time_ordered=True,
        step_size=median_gap(p.position for p in swept if p.role != "validation"),
        filter=chosen or None,
        started_s=naive_time_s(f"{date} {time}", day_first=day_first),
        notes=(
            f"From the log {log}. {LOCAL_TIME}",
            *((f"The viewer says: {said[:200]}.",) if said else ()),
            *((VALIDATION_NOTE,) if marked else ()),
        ),
        run=run,
        unknown=(
            "whether its numbers are HFR, HFD or FWHM",
            "the zone of its times",
            "standard errors and the scatter between stars",
            "the exposure time",
        ),
    )
