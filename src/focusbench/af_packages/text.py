"""Numbers and words out of files that other programs and spreadsheets wrote."""

import itertools
import math
import re
import statistics
from collections.abc import Iterable
from datetime import UTC, datetime

_STAMP = re.compile(
    r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})[ ,T]+"
    r"(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?\s*([AaPp][Mm])?"
)


def decode_text(content: bytes) -> str | None:
    """Text of a file, whatever a spreadsheet encoded it in; None where it is no text."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif b"\0" in content:
        return None
    else:
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
