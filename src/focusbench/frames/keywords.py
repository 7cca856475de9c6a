"""What the words of a header mean for a frame, and the other way round.

FITS has few words of its own for what a camera knows; each program chose some. XISF and camera
raw files are brought to the same words, so that one place reads them.
"""

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from focusbench.frames.fits_blocks import Header, whole_number
from focusbench.frames.frame import Frame, Stored

_EXPOSURE = ("EXPTIME", "EXPOSURE", "EXP_TIME")
_BINNING = ("XBINNING", "BINNING", "XBIN", "CCDXBIN")
# FOCPOS and FOCUSPOS are what most programs write; the others are seen at observatories.
_POSITION = ("FOCPOS", "FOCUSPOS", "FOCUSERPOS", "FOCUSER", "FOCPOSN", "FOCUSSTEP", "FOCUS")
_FILTER = ("FILTER", "FILTNAM", "FILTER1")
_TEMPERATURE = ("FOCTEMP", "FOCUSTEM", "FOCUSTMP", "FOCUSTEMP")

# Words that say how the pixels lie in a file, or guard its bytes: a written frame has its own.
_LAYOUT = re.compile(
    r"(SIMPLE|XTENSION|BITPIX|NAXIS\d*|EXTEND|BZERO|BSCALE|BLANK|PCOUNT|GCOUNT|GROUPS|TFIELDS"
    r"|T(TYPE|FORM|UNIT|DIM|ZERO|SCAL|NULL)\d+|EXTNAME|EXTVER|CHECKSUM|DATASUM|END|THEAP"
    r"|Z(IMAGE|SIMPLE|TENSION|BITPIX|NAXIS\d*|TILE\d+|CMPTYPE|NAME\d+|VAL\d+|BLANK|QUANTIZ|DITHER0"
    r"|EXTEND|PCOUNT|GCOUNT|HECKSUM|DATASUM|SCALE|ZERO))\Z"
)


def frame_of(header: Header, pixels: NDArray[np.generic] | Stored, source: str) -> Frame:
    """A frame of these pixels, its fields read from the header."""
    exposure_s = number(header, _EXPOSURE)
    return Frame(
        pixels=pixels,
        exposure_s=exposure_s,
        binning=max(1, whole_number(number(header, _BINNING), 1)),
        position=number(header, _POSITION),
        filter=_text(header, _FILTER),
        temperature_c=number(header, _TEMPERATURE),
        time_s=_middle_of_exposure(header, exposure_s),
        header={key: value for key, value in header.items() if not is_layout(key)},
        source=source,
    )


def header_of(frame: Frame) -> Header:
    """Header of a frame; its fields win over what its header says under the same words."""
    header = {key: value for key, value in frame.header.items() if not is_layout(key)}
    fields: tuple[tuple[Sequence[str], object], ...] = (
        (_EXPOSURE, frame.exposure_s),
        (_BINNING, frame.binning),
        (("YBINNING",), frame.binning),
        (_POSITION, frame.position),
        (_FILTER, frame.filter),
        (_TEMPERATURE, frame.temperature_c),
        (("DATE-OBS",), _start_of_exposure(frame)),
    )
    for keywords, value in fields:
        if value is not None:
            for stale in keywords:
                header.pop(stale, None)
            header[keywords[0]] = value
    if frame.time_s is not None:
        for stale in ("TIME-OBS", "UT", "DATE-AVG"):
            header.pop(stale, None)
    if isinstance(frame.position, float) and frame.position.is_integer():
        header[_POSITION[0]] = int(frame.position)
    return header


def is_layout(keyword: str) -> bool:
    """Whether a keyword says how pixels lie in a file, not how they were taken."""
    return _LAYOUT.match(keyword) is not None


def number(header: Header, keywords: Sequence[str]) -> float | None:
    """First of the keywords that holds a finite number, or text that is one."""
    for keyword in keywords:
        value = header.get(keyword)
        if isinstance(value, bool) or value is None:
            continue
        try:
            number = float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            continue
        if math.isfinite(number):
            return number
    return None


def _text(header: Header, keywords: Sequence[str]) -> str | None:
    """First of the keywords that holds something, as text."""
    for keyword in keywords:
        text = str(header.get(keyword, "")).strip()
        if text:
            return text
    return None


def _middle_of_exposure(header: Header, exposure_s: float | None) -> float | None:
    """Unix time of the middle of the exposure, from DATE-AVG, or DATE-OBS and the exposure."""
    middle = _unix_time(header.get("DATE-AVG"), None)
    if middle is not None:
        return middle
    start = _unix_time(header.get("DATE-OBS"), header.get("TIME-OBS") or header.get("UT"))
    return None if start is None else start + (exposure_s or 0.0) / 2.0


def _unix_time(date: object, time_of_day: object) -> float | None:
    """Unix time of an ISO date, which FITS gives in UTC; None where that is not what it is."""
    text = str(date or "").strip()
    if "T" not in text:
        if not time_of_day:
            return None  # a date alone does not say when
        text = f"{text}T{str(time_of_day).strip()}"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _start_of_exposure(frame: Frame) -> str | None:
    if frame.time_s is None:
        return None
    start = datetime.fromtimestamp(frame.time_s - (frame.exposure_s or 0.0) / 2.0, UTC)
    return start.replace(tzinfo=None).isoformat(timespec="microseconds")
