"""The first image of an XISF file, the format of PixInsight, which N.I.N.A. writes as well.

Reference: XISF Version 1.0 Specification, sections on monolithic files, data blocks, the Image
core element and its FITSKeyword and ColorFilterArray children. Read are monolithic files with a
two-dimensional image of real samples. Nothing in a file is believed before it is checked: the
header is parsed as a stream, a document type (and so any entity) is refused, blocks must lie in
the file, and unpacking stops where the image is full.
"""

import binascii
import zlib
from importlib import import_module
from types import ModuleType
from typing import NamedTuple
from xml.parsers import expat

import numpy as np
from numpy.typing import NDArray

from focusbench.errors import FrameError
from focusbench.frames.fits_blocks import Header, value_of

XISF_SIGNATURE = b"XISF0100"

XISF_SUFFIXES = (".xisf",)
"""Endings of the names of XISF files, lower case."""

_HEADER_START = 16  # the signature, the header's length (4 bytes), 4 reserved bytes
_LONGEST_HEADER = 1 << 24  # those of cameras have some ten kilobytes
_LARGEST_IMAGE = 1 << 32  # bytes; 151 megapixels in three colours of float64 need 3.6e9
_SAMPLES = {"UInt8": "u1", "UInt16": "u2", "UInt32": "u4", "Float32": "f4", "Float64": "f8"}

# How many bytes one packed byte can stand for at most, by the packers' formats: a file that
# promises more is damaged, and nothing is set aside for it.
_LARGEST_RATIO = {"zlib": 1040, "lz4": 256, "lz4hc": 256, "zstd": 1 << 17}


def xisf_image(body: bytes, name: str) -> tuple[Header, NDArray[np.generic]]:
    """Header and pixels of the first image of a monolithic XISF file.

    Returns
    -------
    header : dict
        The file's FITS keywords; its colour filter array as BAYERPAT.
    pixels : array, shape (n_y, n_x), or (3, n_y, n_x) for colour; alpha channels are left out
        Looks into `body` where that holds them plainly.

    Raises
    ------
    FrameError
        Damaged, without an image, of a kind that is not read, or in need of a package.
    """
    try:
        found = _parsed(body)
        if found.attributes is None:
            raise FrameError(f"{name} holds no image; give an XISF file with a picture in it.")
        return found.keywords, _pixels(body, found, found.attributes)
    except _NotRead as error:
        raise FrameError(f"{name} is not read: {error}.") from error
    except (ValueError, expat.ExpatError, zlib.error) as error:
        raise FrameError(f"{name} is damaged: {error}. Copy it again or leave it out.") from error


class _NotRead(Exception):
    """A sound file that this reader cannot read; the message says why and the cure."""


class _HeaderReader:
    """What the XML header says of its first image, gathered as the parser walks through it."""

    def __init__(self) -> None:
        self.attributes: dict[str, str] | None = None
        self.data_attributes: dict[str, str] = {}
        self.keywords: Header = {}
        self._text: list[str] = []
        self._path: list[str] = []
        self._n_images = 0

    @property
    def text(self) -> str:
        """The characters that hold an inline or embedded block."""
        return "".join(self._text)

    def start(self, element: str, attributes: dict[str, str]) -> None:
        element = element.rpartition(":")[2]
        self._path.append(element)
        if self._path == ["xisf", "Image"]:
            self._n_images += 1
            if self._n_images == 1:
                self.attributes = attributes
        elif self._n_images == 1 and self._path[:2] == ["xisf", "Image"] and len(self._path) == 3:
            self._child(element, attributes)

    def end(self, element: str) -> None:
        self._path.pop()

    def characters(self, text: str) -> None:
        in_image = self._path in (["xisf", "Image"], ["xisf", "Image", "Data"])
        if in_image and self._n_images == 1 and not text.isspace():
            self._text.append(text)

    def doctype(self, *_: object) -> None:
        raise ValueError("its header declares a document type, which XISF does not know")

    def _child(self, element: str, attributes: dict[str, str]) -> None:
        if element == "Data":
            self.data_attributes = attributes
        elif element == "FITSKeyword":
            text = attributes.get("value", "").strip()
            value = value_of(text)
            value = text if value is None else value
            if value != "":
                self.keywords.setdefault(attributes.get("name", "").strip().upper(), value)
        elif element == "ColorFilterArray":
            self.keywords.setdefault("BAYERPAT", attributes.get("pattern", ""))


def _parsed(body: bytes) -> _HeaderReader:
    length = int.from_bytes(body[8:12], "little")
    if _HEADER_START + length > len(body):
        raise ValueError("it ends before its header does")
    if length > _LONGEST_HEADER:
        raise ValueError(f"its header claims {length} bytes, {_LONGEST_HEADER} is the most")
    reader = _HeaderReader()
    parser = expat.ParserCreate("utf-8")
    parser.StartDoctypeDeclHandler = reader.doctype
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    # Some programs fill the room they kept for the header with zeros.
    parser.Parse(body[_HEADER_START : _HEADER_START + length].rstrip(b"\0"), True)
    return reader


def _pixels(body: bytes, found: _HeaderReader, attributes: dict[str, str]) -> NDArray[np.generic]:
    n_x, n_y, n_channels = _sides(attributes.get("geometry", ""))
    sample = attributes.get("sampleFormat", "")
    if sample not in _SAMPLES:
        raise _NotRead(f"its samples are {sample or 'of no kind'}; save it as UInt16 or Float32")
    block = attributes | found.data_attributes
    order = {"little": "<", "big": ">"}.get(block.get("byteOrder", "little"))
    if order is None:
        raise ValueError(f"its byte order is {block['byteOrder']}")
    dtype = np.dtype(order + _SAMPLES[sample])
    count = n_x * n_y * n_channels
    if count * dtype.itemsize > _LARGEST_IMAGE:
        raise ValueError(f"it claims {n_x} × {n_y} pixels in {n_channels} channels")
    stored = _stored(body, block, found.text)
    packed = block.get("compression")
    raw = (
        _unpacked(stored, packed, block.get("subblocks"), count * dtype.itemsize)
        if packed
        else stored
    )
    if len(raw) < count * dtype.itemsize:
        raise ValueError("it ends before its last pixel")
    samples = np.frombuffer(raw, dtype, count)
    if not (samples.dtype.isnative and samples.flags.aligned):
        samples = samples.astype(dtype.newbyteorder("="))
    if block.get("pixelStorage", "Planar") == "Normal":
        planes = np.moveaxis(samples.reshape(n_y, n_x, n_channels), 2, 0)
    else:
        planes = samples.reshape(n_channels, n_y, n_x)
    # What is more than grey, lightness, or the three colours is transparency and the like.
    in_colour = n_channels >= 3 and attributes.get("colorSpace", "RGB") == "RGB"
    return planes[:3] if in_colour else planes[0]


def _sides(geometry: str) -> tuple[int, int, int]:
    """Width, height and number of channels."""
    sides = [_whole(side, "geometry") for side in geometry.split(":")]
    if len(sides) != 3:
        raise _NotRead(f"its geometry is {geometry or 'missing'}, not width:height:channels")
    n_x, n_y, n_channels = sides
    if min(sides) < 1:
        raise ValueError(f"its geometry is {geometry}")
    return n_x, n_y, n_channels


def _whole(text: str, what: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise ValueError(f"a number in its {what} is {text[:30] or 'missing'}")
    return int(text)


def _stored(body: bytes, block: dict[str, str], text: str) -> memoryview:
    """Bytes of a block as they lie in the file."""
    kind, _, place = block.get("location", "").partition(":")
    if kind == "attachment":
        start, _, size = place.partition(":")
        first = _whole(start, "location")
        last = first + _whole(size, "location")
        if last > len(body):
            raise ValueError("it ends before its last pixel")
        return memoryview(body)[first:last]
    if kind not in ("inline", "embedded"):
        raise _NotRead(
            f"its pixels lie at {block.get('location', 'no place')}; save it as one file"
        )
    encoding = place if kind == "inline" else block.get("encoding", "")
    # Characters beyond ASCII are none of either alphabet.
    letters = "".join(text.split()).encode("ascii", "replace")
    if encoding == "base64":
        return memoryview(binascii.a2b_base64(letters))
    if encoding in ("hex", "base16"):
        return memoryview(binascii.a2b_hex(letters))
    raise ValueError(f"its pixels are encoded as {encoding or 'nothing'}")


class _Packing(NamedTuple):
    """The attribute `compression`, `codec[+sh]:size[:item size]`."""

    codec: str
    size: int
    item_size: int


def _packing(attribute: str) -> _Packing:
    name, *numbers = attribute.split(":")
    codec, _, shuffled = name.partition("+")
    if codec not in _LARGEST_RATIO or shuffled not in ("", "sh") or len(numbers) not in (1, 2):
        raise _NotRead(f"it is compressed by {name}; save it with zlib, or not compressed")
    size = _whole(numbers[0], "compression")
    item_size = _whole(numbers[1], "compression") if shuffled and len(numbers) == 2 else 1
    if item_size not in (1, 2, 4, 8, 16):
        raise ValueError(f"its bytes are shuffled in items of {item_size}")
    return _Packing(codec, size, item_size)


def _unpacked(
    stored: memoryview, attribute: str, subblocks: str | None, expected: int
) -> bytes | NDArray[np.uint8]:
    """Bytes of a compressed block, no more than are `expected`."""
    packing = _packing(attribute)
    if packing.size != expected:
        raise ValueError(f"it promises {packing.size} bytes of pixels, {expected} make an image")
    if expected > _LARGEST_RATIO[packing.codec] * len(stored):
        raise ValueError(f"its {len(stored)} bytes cannot hold so large an image")
    parts: list[bytes] = []
    start = done = 0
    for packed_size, size in _parts(subblocks, len(stored), expected):
        if start + packed_size > len(stored) or done + size > expected:
            raise ValueError("its subblocks do not fit")
        part = _unpack(packing.codec, stored[start : start + packed_size], size)
        if len(part) != size:
            raise ValueError("its compressed pixels cannot be unpacked")
        parts.append(part)
        start, done = start + packed_size, done + size
    whole = parts[0] if len(parts) == 1 else b"".join(parts)
    return _unshuffled(whole, packing.item_size) if packing.item_size > 1 else whole


def _parts(subblocks: str | None, packed_size: int, size: int) -> list[tuple[int, int]]:
    """Sizes of the parts in which a block was compressed, packed and not."""
    if not subblocks:
        return [(packed_size, size)]
    pairs = [part.split(",") for part in subblocks.split(":")]
    if any(len(pair) != 2 for pair in pairs):
        raise ValueError("its subblocks do not fit")
    return [(_whole(a, "subblocks"), _whole(b, "subblocks")) for a, b in pairs]


def _unpack(codec: str, packed: memoryview, size: int) -> bytes:
    if codec == "zlib":
        # One byte more than there should be shows that there is more.
        return zlib.decompressobj().decompress(packed, size + 1)
    if codec == "zstd":
        zstandard = _package("zstandard", codec)
        try:
            with zstandard.ZstdDecompressor().stream_reader(packed) as stream:
                return bytes(stream.read(size + 1))
        except zstandard.ZstdError as error:
            raise ValueError("its compressed pixels cannot be unpacked") from error
    block = _package("lz4.block", codec)
    try:
        return bytes(block.decompress(packed, uncompressed_size=size))
    except block.LZ4BlockError as error:
        raise ValueError("its compressed pixels cannot be unpacked") from error


def _package(module: str, codec: str) -> ModuleType:
    try:
        return import_module(module)
    except ImportError:
        package = module.partition(".")[0]
        raise _NotRead(
            f"it is compressed by {codec}, which needs one more package: pip install {package}"
        ) from None


def _unshuffled(whole: bytes, item_size: int) -> NDArray[np.uint8]:
    """Bytes back in the order of their items; those of a last, broken item never left theirs."""
    n_items = len(whole) // item_size
    shuffled = np.frombuffer(whole, np.uint8)
    items = np.empty(len(whole), np.uint8)
    body = n_items * item_size
    items[:body].reshape(n_items, item_size)[:] = shuffled[:body].reshape(item_size, n_items).T
    items[body:] = shuffled[body:]
    return items
