"""Reads tables of points: CSV with a header that names `position` and a metric.

The metric is a column `hfr`, `hfd`, `fwhm` or `measure`, a suffix allowed as in `hfr_bin2_px`;
`error`, `stars` and `time` are optional; columns stand in any order. Semicolons or tabs with
decimal commas, a BOM, and lines that begin with # are tolerated.
"""

import csv
import dataclasses
import math
import re
from datetime import UTC, datetime
from pathlib import Path

from focusbench.af_packages.definitions import LABELS
from focusbench.af_packages.order import ORDER, VALIDATION_NOTE, with_validation
from focusbench.af_packages.package import Package
from focusbench.af_packages.text import (
    check_counts,
    median_gap,
    number,
    number_or_none,
    size_px,
    steps,
)
from focusbench.curve import FocusPoint, Rejected
from focusbench.errors import PackageError

_METRIC = re.compile(r"(hfr|hfd|fwhm|measure)(?:[_ (\[].*)?")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}(?:[.,]\d+)?))?")
_DAY_S = 86400.0


def recognises(text: str) -> bool:
    """Whether the first line of a text could be such a header: it names `position`."""
    header = next(iter(_lines(text)), "")
    return "position" in [name.strip().strip('"').lower() for name in re.split(r"[,;\t]", header)]


def read(text: str, source: Path) -> tuple[Package, ...]:
    """Read a table.

    Raises
    ------
    PackageError
        A column is missing, or a position cannot be read; the message names it.
    """
    lines = _lines(text)
    check_counts(source, len(lines) - 1)
    rows = _rows(lines, source)
    names = [name.strip().lower() for name in rows[0]]
    columns = _metric_columns(names)
    if not columns:
        raise PackageError(
            f"{source} has no column of a metric: name one hfr, hfd, fwhm or measure. "
            f"Its columns are {', '.join(names)}."
        )
    points: list[FocusPoint] = []
    times: list[float | None] = []
    for count, row in enumerate(rows[1:], start=2):
        cells = dict(zip(names, row, strict=False))
        position = steps(cells.get("position", ""))
        if not math.isfinite(position):
            raise PackageError(
                f"{source}, row {count}: a position cannot be "
                f"{str(cells.get('position', ''))[:40]!r}; correct it or delete the row."
            )
        points.append(_point(position, cells, columns))
        times.append(_time_s(cells.get("time", "")))
    if not points:
        raise PackageError(f"{source} holds a header and no points.")
    points, time_ordered, notes = _in_order_taken(points, times)
    marked = False
    if time_ordered:
        (*points,), marked = with_validation(points)
    metric, column = next(iter(columns.items()))
    package = Package(
        source=source,
        format="CSV",
        focus_points=tuple(points),
        metric=metric,
        definition=f"column {column} of a table; how it was measured is not known",
        time_ordered=time_ordered,
        step_size=median_gap(point.position for point in points),
        started_s=points[0].time_s,
        notes=(*notes, *((VALIDATION_NOTE,) if marked else ())),
        unknown=(
            *(() if time_ordered else (ORDER,)),
            "how the metric was measured",
            "the filter",
            "the exposure time",
        ),
    )
    return (package,)


def _rows(lines: list[str], source: Path) -> list[list[str]]:
    """Cells of each line; all lines have as many as the header, or fewer."""
    delimiter = max(";\t,", key=lines[0].count)
    try:
        rows = list(csv.reader(lines, delimiter=delimiter, strict=True))
        if delimiter == "," and any(len(row) > len(rows[0]) for row in rows):
            # "25013, 7,01, 12": the blank tells what separates from what is a decimal comma.
            apart = [line.split(", ") for line in lines]
            rows = apart if len(apart[0]) == len(rows[0]) else rows
    except csv.Error as error:
        raise PackageError(f"{source} is no table that can be read: {error}.") from error
    for count, row in enumerate(rows, start=1):
        if len([cell for cell in row[len(rows[0]) :] if cell.strip()]):
            raise PackageError(
                f"{source}, row {count} has {len(row)} cells where the header has {len(rows[0])}: "
                "if its numbers have decimal commas, export it with semicolons."
            )
    return rows


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _metric_columns(names: list[str]) -> dict[str, str]:
    """Columns that hold a metric, by its name; the first one decides."""
    found: dict[str, str] = {}
    for name in names:
        match = _METRIC.fullmatch(name)
        if match and not re.search(r"err|std|scatter|sigma", name):
            metric = name if name in LABELS else match.group(1)
            found.setdefault(metric, name)
    return found


def _point(position: float, cells: dict[str, str], columns: dict[str, str]) -> FocusPoint:
    metric, *others = ((name, size_px(cells.get(column))) for name, column in columns.items())
    usable = math.isfinite(metric[1])
    stars = number_or_none(cells.get("stars"))
    error = number_or_none(cells.get("error"))
    return FocusPoint(
        position=position,
        metric=metric[1],
        error=error if error and error > 0 else None,
        n_stars=None if stars is None or not 0 <= stars < 1e9 else int(stars),
        rejected=Rejected.NO if usable else Rejected.FEW_STARS,
        reason="" if usable else "no value",
        others=dict(others),
    )


def _time_s(text: str) -> float | None:
    """Unix time of a date and time; seconds of the day (less than one day) of a time alone."""
    clock = _CLOCK.fullmatch(text.strip())
    if clock:
        hours, minutes, seconds = clock.groups()
        return 3600 * int(hours) + 60 * int(minutes) + number(seconds or "0")
    try:
        when = datetime.fromisoformat(text.strip())
        # A time without a zone is taken as UTC, so that it reads the same everywhere.
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError, OSError):
        return number_or_none(text)


def _in_order_taken(
    points: list[FocusPoint], times: list[float | None]
) -> tuple[list[FocusPoint], bool, list[str]]:
    """Sort by time where every point tells it; dates only where they were given."""
    known = [time for time in times if time is not None]
    if len(known) < len(points):
        return points, False, ["The table does not tell in which order the points were taken."]
    dated = min(known) >= _DAY_S
    if not dated:
        # A run is shorter than half a day: a clock that falls by more has passed midnight.
        for i in range(1, len(known)):
            while known[i] < known[i - 1] - _DAY_S / 2:
                known[i] += _DAY_S
    order = sorted(range(len(points)), key=known.__getitem__)
    if not dated:
        return (
            [points[i] for i in order],
            True,
            ["The times have no date; only their order is used."],
        )
    return [dataclasses.replace(points[i], time_s=known[i]) for i in order], True, []
