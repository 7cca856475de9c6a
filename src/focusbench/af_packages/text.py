"""Numbers and words out of files that other programs and spreadsheets wrote."""

import itertools
import math
import statistics
from collections.abc import Iterable


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
