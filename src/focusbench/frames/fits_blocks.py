"""Plain FITS, byte by byte: headers and images, both ways.

Not astropy: it speaks of every stale or damaged keyword through Python's warnings, whose filters
are one for all threads, and costs a second to import. What cameras write is a few cards and one
array. Reference: FITS Standard 4.0, sections 3 to 5.
"""

import math
import mmap
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from focusbench.frames.frame import Stored

BLOCK = 2880
_CARD = 80
_STRING = re.compile(r"\s*'((?:[^']|'')*)'?")
_DTYPES = {8: "u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}
_UNSIGNED = {16: np.uint16, 32: np.uint32, 64: np.uint64}
_KEYWORD = re.compile(r"[A-Z0-9_-]{1,8}\Z")

Header = dict[str, object]
Body = bytes | mmap.mmap


@dataclass(frozen=True, eq=False)
class Unit:
    """One header-data unit: its header, and where in the file it lies (bytes)."""

    header: Header
    start: int
    data_start: int
    data_size: int

    @property
    def axes(self) -> tuple[int, ...]:
        """Lengths of the axes, fastest last as numpy has them."""
        count = min(whole_number(self.header.get("NAXIS"), 0), 999)  # the standard's limit
        return tuple(
            max(0, whole_number(self.header.get(f"NAXIS{k}"), 0)) for k in range(count, 0, -1)
        )


def units(body: Body) -> Iterator[Unit]:
    """Walk through the units of a file; ends quietly where no further header starts."""
    start = 0
    while start + BLOCK <= len(body):
        cards, data_start = _cards(body, start)
        if data_start < 0 or not cards or not cards[0].startswith(("SIMPLE", "XTENSION")):
            return
        header = _parsed(cards)
        unit = Unit(header, start, data_start, 0)
        count = math.prod(unit.axes) if unit.axes else 0
        if "GROUPS" not in header and unit.header.get("XTENSION") is not None:
            count = (count + max(0, whole_number(header.get("PCOUNT"), 0))) * max(
                1, whole_number(header.get("GCOUNT"), 1)
            )
        size = count * abs(whole_number(header.get("BITPIX"), 8)) // 8
        yield Unit(header, start, data_start, size)
        start = data_start + -(-size // BLOCK) * BLOCK


def image_of(body: Body, unit: Unit) -> NDArray[np.generic] | Stored:
    """Pixels of an image unit, BZERO, BSCALE and BLANK applied.

    Unsigned integers stay integers (BZERO of half the range and no scale); otherwise scaled
    pixels are float32, or float64 where the file has 32 bits or more. A plane of 16-bit integers
    is left where it lies.

    Raises
    ------
    ValueError
        An unknown BITPIX, or fewer bytes than the header promises.
    """
    header, bitpix = unit.header, whole_number(unit.header.get("BITPIX"), 0)
    if bitpix not in _DTYPES:
        raise ValueError(f"BITPIX is {header.get('BITPIX')}")
    if unit.data_start + unit.data_size > len(body):
        raise ValueError("it ends before its last pixel")
    raw = np.frombuffer(body, _DTYPES[bitpix], math.prod(unit.axes), unit.data_start)
    raw = raw.reshape(unit.axes)
    zero, scale = _real(header.get("BZERO"), 0.0), _real(header.get("BSCALE"), 1.0)
    blank = header.get("BLANK") if bitpix > 0 else None
    if bitpix == 16 and raw.ndim == 2 and zero in (0.0, 32768.0) and scale == 1.0 and blank is None:
        return Stored(raw, int(zero))
    if bitpix in _UNSIGNED and zero == 2.0 ** (bitpix - 1) and scale == 1.0 and blank is None:
        # Adding half the range to a signed integer flips its highest bit.
        unsigned = raw.astype(raw.dtype.newbyteorder("=")).view(_UNSIGNED[bitpix])
        unsigned ^= _UNSIGNED[bitpix](1 << (bitpix - 1))
        return unsigned
    if zero == 0.0 and scale == 1.0 and blank is None:
        return raw.astype(raw.dtype.newbyteorder("="))
    scaled = raw.astype(np.float64)
    with np.errstate(all="ignore"):
        scaled *= scale
        scaled += zero
        if abs(bitpix) < 32:
            scaled = scaled.astype(np.float32)
    if isinstance(blank, int):
        scaled[raw == blank] = np.nan
    return scaled


def plain_file(pixels: NDArray[np.generic], header: Mapping[str, object]) -> bytes:
    """Bytes of a FITS file with one image.

    Parameters
    ----------
    pixels : array, shape (n_y, n_x)
        Integers of 8 to 64 bits or floats of 16 to 64; unsigned ones get their BZERO.
    header : mapping
        Further keywords; those that FITS cannot hold are left out.

    Raises
    ------
    ValueError
        Pixels of another type.
    """
    kind, bits = pixels.dtype.kind, 8 * pixels.dtype.itemsize
    zero = None
    if kind == "b":
        pixels, bits = pixels.astype(np.uint8), 8
    elif kind == "i" and bits == 8:
        pixels, bits = pixels.astype(np.int16), 16
    elif kind == "f" and bits == 16:
        pixels, bits = pixels.astype(np.float32), 32
    elif kind == "u" and bits > 8:
        zero = 1 << (bits - 1)
        native = pixels.astype(pixels.dtype.newbyteorder("="))
        pixels = (native ^ native.dtype.type(zero)).view(f"i{bits // 8}")
    bitpix = -bits if pixels.dtype.kind == "f" else bits
    if pixels.dtype.kind not in "iuf" or bitpix not in _DTYPES:
        raise ValueError(f"pixels of type {pixels.dtype}")
    layout: Header = {"SIMPLE": True, "BITPIX": bitpix, "NAXIS": 2}
    layout |= {"NAXIS1": pixels.shape[1], "NAXIS2": pixels.shape[0]}
    if zero is not None:
        layout |= {"BZERO": zero, "BSCALE": 1}
    cards = [card for key, value in (layout | dict(header)).items() if (card := _card(key, value))]
    head = "".join([*cards, "END".ljust(_CARD)]).encode("ascii")
    data = pixels.astype(_DTYPES[bitpix]).tobytes()
    return head.ljust(_padded(len(head)), b" ") + data.ljust(_padded(len(data)), b"\0")


def value_of(text: str) -> object:
    """What the text after a keyword's = says; None where it is no FITS value."""
    if text.lstrip().startswith("'"):
        found = _STRING.match(text)
        return found.group(1).replace("''", "'").rstrip() if found else None
    word = text.partition("/")[0].strip()
    if word in ("T", "F"):
        return word == "T"
    try:
        return int(word)
    except ValueError:
        pass
    try:
        number = float(word.replace("D", "E").replace("d", "e"))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def whole_number(value: object, default: int) -> int:
    """The value as int where it is a number, else the default."""
    return int(value) if isinstance(value, int | float) and math.isfinite(value) else default


def _real(value: object, default: float) -> float:
    return float(value) if isinstance(value, int | float) else default


def _padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


def _cards(body: Body, start: int) -> tuple[list[str], int]:
    """Cards of the header at `start`, and where its data start (−1 without an END)."""
    cards: list[str] = []
    for position in range(start, len(body) - _CARD + 1, _CARD):
        # Some programs fill with NUL, some write their own alphabet.
        card = body[position : position + _CARD].decode("latin-1").replace("\0", " ")
        if card.rstrip() == "END":
            return cards, start + _padded(position + _CARD - start)
        cards.append(card)
    return cards, -1


def _parsed(cards: list[str]) -> Header:
    """Keywords and values; comments and what cannot be read are left out, the first value wins."""
    header: Header = {}
    for card in cards:
        if card.startswith("HIERARCH") and "=" in card:
            keyword, _, text = card[8:].partition("=")
        elif card[8:9] == "=":
            keyword, text = card[:8], card[9:]
        else:
            continue
        value = value_of(text)
        if value is not None:
            header.setdefault(keyword.strip().upper(), value)
    return header


def _card(keyword: str, value: object) -> str:
    """One card of 80 characters; empty where FITS cannot hold it."""
    if not _KEYWORD.match(keyword):
        return ""
    if isinstance(value, bool | np.bool_):
        return f"{keyword:<8}= {'T' if value else 'F':>20}".ljust(_CARD)
    if isinstance(value, int | float | np.integer | np.floating):
        if not math.isfinite(value):
            return ""
        text = repr(int(value)) if isinstance(value, int | np.integer) else repr(float(value))
        return f"{keyword:<8}= {text.upper():>20}".ljust(_CARD)
    text = "".join(c if " " <= c <= "~" else "?" for c in str(value)).replace("'", "''")
    while len(text) > 68:
        text = text[:-2] if text.endswith("''") else text[:-1]
    return f"{keyword:<8}= '{text:<8}'".ljust(_CARD)
