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
    """
    complete = text[: text.rfind("\n") + 1]
    lines = [line for line in complete.splitlines() if not line.startswith("#")]
    records = list(csv.DictReader(lines))
    table = np.zeros(len(records), FIELDS)
    for name in FIELDS.names or ():
        kind = FIELDS[name].kind
        for i, record in enumerate(records):
            table[name][i] = _value(kind, record.get(name))
    return table


def _value(kind: str, text: str | None) -> object:
    if kind == "b":
        return text == "True"
    if kind == "U":
        return text or ""
    return (text or "nan") if kind == "f" else int(text or 0)
