"""Numbers and words out of files that other programs and spreadsheets wrote."""

import itertools
import math
import re
import statistics
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from focusbench.errors import PackageError

_STAMP = re.compile(
    r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})[ ,T]+"
    r"(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?\s*([AaPp][Mm])?"
)


def decode_text(content: bytes) -> str | None:
    """Text of a file, whatever a spreadsheet encoded it in; None where it is no text.

    Zero bytes, which a power cut leaves in a log, are dropped.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        content = content.replace(b"\0", b"")
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def number(value: object) -> float:
    """Read a number; NaN where there is none ("NaN", an empty cell, null), comma or point."""
    if isinstance(value, str):
        try:
            return float(value.strip().replace(",", "."))
        except ValueError:
            return math.nan
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            return math.nan
    return math.nan


def number_or_none(value: object) -> float | None:
    """Read a number; None where there is none."""
    read = number(value)
    return read if math.isfinite(read) else None


FARTHEST = 1e9
"""Focusers count steps; a position beyond this is none."""

LARGEST_PX = 1e5
"""A star wider than this, pixels, is none."""

MOST_POINTS = 2000
"""A run with more points than this is none; its curves could not be fitted in time."""

MOST_RUNS = 10_000
"""A file with more runs than this is none."""

LONGEST_LINE = 100_000
"""Longer lines of a log, characters, are passed over."""


def steps(value: object) -> float:
    """Read a position; NaN where there is none, or none that a focuser could have."""
    read = number(value)
    return read if abs(read) <= FARTHEST else math.nan


def size_px(value: object) -> float:
    """Read a metric; NaN where it is none that a star could have ("NaN", 0, −1)."""
    read = number(value)
    return read if 0 < read < LARGEST_PX else math.nan


def check_counts(source: Path, n_points: int, n_runs: int = 1) -> None:
    """Refuse a file that no program writes.

    Raises
    ------
    PackageError
    """
    if n_points > MOST_POINTS:
        raise PackageError(f"{source} is refused: a run of {n_points} points is none.")
    if n_runs > MOST_RUNS:
        raise PackageError(f"{source} is refused: it claims {n_runs} runs.")


def median_gap(positions: Iterable[float]) -> float | None:
    """Step size of a run that does not tell: the median gap of its positions, steps."""
    places = sorted(set(positions))
    gaps = [b - a for a, b in itertools.pairwise(places)]
    return float(statistics.median(gaps)) if gaps else None


def stamps_are_day_first(stamps: Iterable[str]) -> bool | None:
    """Whether dates of one file begin with the day; None where all of them could be either."""
    for stamp in stamps:
        found = re.match(r"\s*(\d{1,2})[/.-](\d{1,2})[/.-]\d{4}", stamp)
        if found and (int(found.group(1)) > 12) != (int(found.group(2)) > 12):
            return int(found.group(1)) > 12
    return None


def naive_time_s(text: str, *, day_first: bool | None = None) -> float | None:
    """Unix time of a date and time as a program wrote it; its zone, if it names none, is UTC.

    ISO dates, and those of Windows in its many orders: `12/17/2016 7:08:41 PM`,
    `17.12.2016 19:08:41,123`. Where nothing tells which comes first, slashes are read as American
    (month first), other marks as European.
    """
    stamp = re.sub(r"(\d)[,](\d{1,7})(?!\d)", r"\1.\2", text.strip())
    iso = re.sub(r"(\.\d{6})\d+", r"\1", stamp)
    try:
        when = datetime.fromisoformat(iso)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError, OSError):
        pass
    found = _STAMP.fullmatch(stamp)
    if found is None:
        return None
    a, mark, b, year, hour, minute, second, half = found.groups()
    if day_first is None:
        day_first = mark != "/"
    day, month = (int(a), int(b)) if day_first else (int(b), int(a))
    if month > 12:
        month, day = day, month
    hours = int(hour) % 12 + 12 * (half.lower() == "pm") if half else int(hour)
    try:
        base = datetime(int(year), month, day, tzinfo=UTC).timestamp()
    except (ValueError, OverflowError, OSError):
        return None
    return base + 3600 * hours + 60 * int(minute) + float(second or 0)
