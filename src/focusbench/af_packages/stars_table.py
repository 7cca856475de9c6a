"""stars.ecsv: every star of every frame of a run, one a line, appended as the run goes.

Columns are `sweep`, `point`, `frame`, and those of `focusbench.stars.STAR_FIELDS`; the validation
frame is the point −1.
"""

import csv
import io

import numpy as np
from numpy.typing import NDArray

from focusbench.stars import STAR_FIELDS

VALIDATION = -1
"""Number of the validation frame in column `point`."""

MOST_STARS = 500_000
"""A table of more is none; it would not fit into a file that is read."""

FIELDS = np.dtype([("sweep", "i4"), ("point", "i4"), ("frame", "i4"), *STAR_FIELDS.descr])

_ECSV_TYPES = {"i": "int", "f": "float", "b": "bool", "U": "string"}
_PIXELS = ("x", "y", "diameter", "hfr", "hfr_mean_radius", "hfd_astap", "fwhm")
_UNITS = dict.fromkeys(_PIXELS, "pix")


def header() -> str:
    """Head of the file: ECSV 1.0, as astropy reads it with no other hint."""
    lines = ["%ECSV 1.0", "---", "datatype:"]
    for name in FIELDS.names or ():
        dtype = FIELDS[name]
        size = "" if dtype.kind in "bU" else str(8 * dtype.itemsize)
        unit = f"unit: {_UNITS[name]}, " if name in _UNITS else ""
        lines.append(f"- {{name: {name}, {unit}datatype: {_ECSV_TYPES[dtype.kind]}{size}}}")
    lines.append("delimiter: ','")
    return "".join(f"# {line}\n" for line in lines) + ",".join(FIELDS.names or ()) + "\n"


def rows(sweep: int, point: int, stars: NDArray[np.void], frame: int = 0) -> str:
    """Lines for the stars of one frame."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for star in stars[list(STAR_FIELDS.names or ())]:
        writer.writerow([sweep, point, frame, *star.item()])
    return text.getvalue()


def read(text: str) -> NDArray[np.void]:
    """Read the table back; a torn last line is dropped.

    Returns
    -------
    structured array, shape (n_stars,)
        With the columns of `FIELDS`; a column that the file lacks is NaN, zero or empty.

    Raises
    ------
    ValueError
        A cell that is no number, or more stars than any run has.
    """
    complete = text[: text.rfind("\n") + 1]
    lines = [line for line in complete.splitlines() if not line.startswith("#")]
    if len(lines) > MOST_STARS:
        raise ValueError(f"{len(lines)} stars are more than a run has")
    try:
        rows = csv.reader(lines)
        head = next(rows, [])
        places = [head.index(name) if name in head else None for name in FIELDS.names or ()]
        kinds = [FIELDS[name].kind for name in FIELDS.names or ()]
        table = np.zeros(max(0, len(lines) - 1), FIELDS)
        n = 0
        for row in rows:
            if not row:
                continue
            table[n] = tuple(
                _value(kind, row[place] if place is not None and place < len(row) else None)
                for kind, place in zip(kinds, places, strict=True)
            )
            n += 1
    except (csv.Error, OverflowError) as error:
        raise ValueError(str(error)) from error
    return table[:n]


def _value(kind: str, text: str | None) -> object:
    if kind == "b":
        return text == "True"
    if kind == "U":
        return text or ""
    return float(text or "nan") if kind == "f" else int(text or 0)
