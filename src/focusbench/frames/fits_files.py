"""Frames as FITS files: read (plain, gz, tile-compressed), written plain, compressed for rest."""

import gzip
import io
import math
import re
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from focusbench.errors import FrameError
from focusbench.frames.fits_blocks import (
    Header,
    Unit,
    image_of,
    plain_file,
    units,
    whole_number,
)
from focusbench.frames.frame import Frame

FITS_SUFFIXES = (".fits", ".fit", ".fts", ".fits.gz", ".fit.gz", ".fts.gz", ".fz")
"""Endings of the names of files that `read_frame` is made for, lower case."""

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


def read_frame(source: str | Path | BinaryIO | bytes, name: str | None = None) -> Frame:
    """Read the first image of a FITS file.

    16-bit unsigned files stay uint16. A colour image (three axes) becomes the mean of its planes.

    Parameters
    ----------
    source : path, open binary file, or bytes
        FITS, gzip-compressed or not, tile-compressed (fpack, Rice) or not.
    name : str, optional
        What to call it in `Frame.source` and in errors; the file's own name where not given.

    Raises
    ------
    FrameError
        Not there, not FITS, damaged, or without an image.
    """
    named = name or (Path(source).name if isinstance(source, str | Path) else "The frame")
    header, pixels = _first_image(_unzipped(_bytes_of(source, named), named), named)
    if pixels.ndim == 3:
        # Colour lies in the first axis (planes) or, rarely, in the last (pixel by pixel).
        axis = 2 if pixels.shape[2] in (3, 4) and pixels.shape[0] not in (3, 4) else 0
        pixels = pixels.mean(axis=axis, dtype=np.float32)
    exposure_s = _number(header, _EXPOSURE)
    return Frame(
        pixels=pixels,
        exposure_s=exposure_s,
        binning=max(1, whole_number(_number(header, _BINNING), 1)),
        position=_number(header, _POSITION),
        filter=_text(header, _FILTER),
        temperature_c=_number(header, _TEMPERATURE),
        time_s=_middle_of_exposure(header, exposure_s),
        header=header,
        source=named,
    )


def write_frame(frame: Frame, path: str | Path) -> None:
    """Write a frame as a plain FITS file, in place of what is there.

    Parameters
    ----------
    frame : Frame
        Its fields win over what its `header` says under the same words.
    path : path

    Raises
    ------
    FrameError
        Pixels that FITS cannot hold, or a file that cannot be written.
    """
    _write(Path(path), _plain(frame, str(path)))


def compress_fits(source: str | Path | BinaryIO | bytes, target: str | Path | BinaryIO) -> None:
    """Rewrite a FITS file tile-compressed, without loss.

    Integers of up to 32 bits by Rice; others by gzip, since Rice would round them.

    Parameters
    ----------
    source : path, open binary file, or bytes
    target : path, or binary file open for writing

    Raises
    ------
    FrameError
        A source that is no readable frame, or a target that cannot be written.
    """
    from astropy.io import fits

    frame = read_frame(source)
    # Through our own plain file, so that every card is one that astropy accepts in silence.
    plain = fits.open(io.BytesIO(_plain(frame, frame.source)))[0]
    whole = frame.pixels.dtype.kind in "iu" and frame.pixels.dtype.itemsize <= 4
    packed = fits.CompImageHDU(
        plain.data,
        header=plain.header,
        compression_type="RICE_1" if whole else "GZIP_2",
        quantize_level=0.0,
    )
    body = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), packed]).writeto(body)
    if isinstance(target, str | Path):
        _write(Path(target), body.getvalue())
    else:
        target.write(body.getvalue())


def _first_image(body: bytes, name: str) -> tuple[Header, NDArray[np.generic]]:
    """Header and pixels of the first unit that holds two or three axes of pixels."""
    if not body.startswith(b"SIMPLE"):
        raise FrameError(f"{name} is not a FITS file; give a .fits, .fit, .fts or .fz file.")
    try:
        primary: Header | None = None
        for unit in units(body):
            # The primary header often holds what the extension with the pixels does not repeat.
            primary = unit.header if primary is None else primary
            if unit.header.get("ZIMAGE") is True:
                return _kept(primary | unit.header), _unpacked(body, unit)
            is_image = unit.header.get("XTENSION", "IMAGE") == "IMAGE"
            if is_image and len(unit.axes) in (2, 3) and math.prod(unit.axes) > 0:
                return _kept(primary | unit.header), image_of(body, unit)
    except ValueError as error:
        raise FrameError(f"{name} is damaged: {error}. Copy it again or leave it out.") from error
    raise FrameError(f"{name} holds no image; give a FITS file with a picture in it.")


def _unpacked(body: bytes, unit: Unit) -> NDArray[np.generic]:
    """Pixels of a tile-compressed unit."""
    from astropy.io import fits

    if unit.data_start + unit.data_size > len(body):
        raise ValueError("it ends before its last pixel")
    words = {key: value for key, value in unit.header.items() if _LAYOUT.match(key)}
    try:
        header = fits.Header(list(words.items()))
        table = fits.BinTableHDU.fromstring(
            header.tostring().encode("ascii") + body[unit.data_start :][: unit.data_size]
        )
        pixels: NDArray[np.generic] = fits.CompImageHDU(bintable=table).data
    except Exception as error:  # astropy raises whatever the broken byte led it to
        raise ValueError("its compressed pixels cannot be unpacked") from error
    if pixels is None or pixels.ndim not in (2, 3):
        raise ValueError("its compressed pixels are no picture")
    return pixels


def _kept(header: Header) -> Header:
    """What a header says of the exposure, not of the file."""
    return {key: value for key, value in header.items() if not _LAYOUT.match(key)}


def _plain(frame: Frame, name: str) -> bytes:
    header = _kept(dict(frame.header))
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
    if frame.pixels.ndim != 2:
        raise FrameError(f"{name} is not written: a frame has two dimensions, not these.")
    try:
        return plain_file(frame.pixels, header)
    except ValueError as error:
        raise FrameError(f"{name} is not written: FITS holds numbers, not {error}.") from error


def _number(header: Header, keywords: Sequence[str]) -> float | None:
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


def _bytes_of(source: str | Path | BinaryIO | bytes, name: str) -> bytes:
    if isinstance(source, bytes):
        return source
    try:
        return Path(source).read_bytes() if isinstance(source, str | Path) else source.read()
    except FileNotFoundError:
        raise FrameError(f"There is no file {source}.") from None
    except IsADirectoryError:
        raise FrameError(f"{name} is a folder; give one of the frames in it.") from None
    except OSError as error:
        raise FrameError(f"{name} cannot be read: {error.strerror or error}.") from error


def _unzipped(body: bytes, name: str) -> bytes:
    if not body.startswith(b"\x1f\x8b"):
        return body
    try:
        return gzip.decompress(body)
    except (OSError, EOFError, zlib.error) as error:
        raise FrameError(
            f"{name} is damaged: it cannot be unzipped. Copy it again or leave it out."
        ) from error


def _write(path: Path, body: bytes) -> None:
    try:
        path.write_bytes(body)
    except OSError as error:
        raise FrameError(f"{path} cannot be written: {error.strerror or error}.") from error
