import base64
import contextlib
import sys
import tracemalloc
import zlib
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from focusbench.errors import FrameError
from focusbench.frames import Frame, bayer_pattern, read_frame, write_frame

PIXELS = np.random.default_rng(1).integers(300, 60_000, (31, 44)).astype(np.uint16)
FORMATS = {"u1": "UInt8", "u2": "UInt16", "u4": "UInt32", "f4": "Float32", "f8": "Float64"}
MEGABYTE = 1 << 20


def _shuffle(body: bytes, item_size: int) -> bytes:
    n_items = len(body) // item_size
    return (
        b"".join(body[k : n_items * item_size : item_size] for k in range(item_size))
        + (body[n_items * item_size :])
    )


def _image(pixels, *, normal=False, big=False, **more) -> tuple[bytes, dict[str, str]]:
    """Bytes of the samples and the attributes that say how they lie."""
    planes = pixels if pixels.ndim == 3 else pixels[None]
    n_channels, n_y, n_x = planes.shape
    samples = np.moveaxis(planes, 0, 2) if normal else planes
    body = samples.astype(samples.dtype.newbyteorder(">" if big else "<")).tobytes()
    attributes = {
        "geometry": f"{n_x}:{n_y}:{n_channels}",
        "sampleFormat": FORMATS[pixels.dtype.str[1:]],
        "colorSpace": "RGB" if n_channels >= 3 else "Gray",
    }
    if normal:
        attributes["pixelStorage"] = "Normal"
    if big:
        attributes["byteOrder"] = "big"
    return body, attributes | more


def _element(attributes: dict[str, str], inside: str = "") -> str:
    words = " ".join(f'{key}="{value}"' for key, value in attributes.items())
    return f"<Image {words}>{inside}</Image>"


def _around(xml: str, block: bytes = b"", room: int = 4096) -> bytes:
    """A monolithic file: the XML, and one block where the header's room ends."""
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<xisf version="1.0" xmlns="http://www.pixinsight.com/xisf">{xml}</xisf>'
    ).encode()
    start = b"XISF0100" + len(head).to_bytes(4, "little") + bytes(4) + head
    return start.ljust(room, b"\0") + block


def _file(pixels, inside="", *, packed=None, **more) -> bytes:
    body, attributes = _image(pixels, **more)
    block = body if packed is None else packed(body)
    attributes["location"] = f"attachment:4096:{len(block)}"
    return _around(_element(attributes, inside), block)


def _zlib(pixels, *, item_size=1, **more) -> bytes:
    size = pixels.nbytes
    attribute = f"zlib+sh:{size}:{item_size}" if item_size > 1 else f"zlib:{size}"
    return _file(
        pixels,
        packed=lambda body: zlib.compress(_shuffle(body, item_size)),
        compression=attribute,
        **more,
    )


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "f4", "f8"])
def test_samples_of_every_format_and_byte_order_are_read_as_they_are(dtype, big):
    pixels = (PIXELS // 256).astype(dtype)
    read = read_frame(_file(pixels, big=big)).pixels
    np.testing.assert_array_equal(read, pixels)
    assert read.dtype == np.dtype(dtype)


def test_floats_from_0_to_1_stay_floats_from_0_to_1():
    pixels = (PIXELS / 65535).astype(np.float32)
    read = read_frame(_file(pixels, bounds="0:1")).pixels
    np.testing.assert_array_equal(read, pixels)


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4", "f8"])
def test_compressed_and_shuffled_samples_come_back(dtype):
    pixels = (PIXELS // 256).astype(dtype)
    item_size = pixels.itemsize
    np.testing.assert_array_equal(read_frame(_zlib(pixels)).pixels, pixels)
    np.testing.assert_array_equal(read_frame(_zlib(pixels, item_size=item_size)).pixels, pixels)


def test_a_block_compressed_in_parts_is_put_together_before_it_is_unshuffled():
    shuffled = _shuffle(PIXELS.astype("<u2").tobytes(), 2)
    halves = [zlib.compress(shuffled[:1000]), zlib.compress(shuffled[1000:])]
    body = _file(
        PIXELS,
        packed=lambda _: b"".join(halves),
        compression=f"zlib+sh:{PIXELS.nbytes}:2",
        subblocks=f"{len(halves[0])},1000:{len(halves[1])},{PIXELS.nbytes - 1000}",
    )
    np.testing.assert_array_equal(read_frame(body).pixels, PIXELS)


@pytest.mark.parametrize("codec", ["lz4", "lz4hc", "zstd"])
def test_other_packers_come_back_where_their_package_is_installed(codec):
    if codec == "zstd":
        pack = pytest.importorskip("zstandard", reason="pip install zstandard").compress
    else:
        block = pytest.importorskip("lz4.block", reason="pip install lz4")

        def pack(body: bytes) -> bytes:
            return block.compress(body, store_size=False)

    body = _file(
        PIXELS,
        packed=lambda samples: pack(_shuffle(samples, 2)),
        compression=f"{codec}+sh:{PIXELS.nbytes}:2",
    )
    np.testing.assert_array_equal(read_frame(body).pixels, PIXELS)


@pytest.mark.parametrize(("codec", "package"), [("lz4", "lz4"), ("zstd", "zstandard")])
def test_a_missing_packer_is_named_with_the_line_that_installs_it(codec, package, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setitem(sys.modules, f"{package}.block", None)
    body = _file(PIXELS, compression=f"{codec}:{PIXELS.nbytes}")
    with pytest.raises(FrameError, match=f"x.xisf is not read.*pip install {package}"):
        read_frame(body, "x.xisf")


def test_the_lz4_package_is_asked_for_no_more_than_the_image(monkeypatch):
    asked = []

    def decompress(packed, uncompressed_size):
        asked.append(uncompressed_size)
        return zlib.decompress(packed)

    fake = SimpleNamespace(decompress=decompress, LZ4BlockError=RuntimeError)
    monkeypatch.setitem(sys.modules, "lz4", SimpleNamespace(block=fake))
    monkeypatch.setitem(sys.modules, "lz4.block", fake)
    body = _file(PIXELS, packed=zlib.compress, compression=f"lz4hc:{PIXELS.nbytes}")
    np.testing.assert_array_equal(read_frame(body).pixels, PIXELS)
    assert asked == [PIXELS.nbytes]


@pytest.mark.parametrize("encoding", ["base64", "hex"])
def test_inline_and_embedded_blocks_are_read(encoding):
    pixels = PIXELS[:9, :11]
    body, attributes = _image(pixels)
    text = base64.b64encode(body).decode() if encoding == "base64" else body.hex()
    text = "\n".join(text[k : k + 76] for k in range(0, len(text), 76))
    inline = _around(_element(attributes | {"location": f"inline:{encoding}"}, text))
    keyword = '<FITSKeyword name="EXPTIME" value="2" comment=""/>'
    data = f'{keyword}<Data encoding="{encoding}">{text}</Data>'
    embedded = _around(_element(attributes | {"location": "embedded"}, data))
    for file in (inline, embedded):
        np.testing.assert_array_equal(read_frame(file).pixels, pixels)


@pytest.mark.parametrize("normal", [False, True])
def test_colour_becomes_the_weighted_mean_without_alpha_and_is_no_mosaic(normal):
    planes = np.stack([PIXELS, PIXELS // 2, PIXELS // 4, PIXELS // 9])
    keyword = '<FITSKeyword name="BAYERPAT" value="\'RGGB\'" comment=""/>'
    frame = read_frame(_file(planes, keyword, normal=normal))
    expected = np.average(planes[:3], axis=0, weights=[1, 2, 1])
    np.testing.assert_allclose(frame.pixels, expected, rtol=1e-6)  # float32
    assert bayer_pattern(frame) is None


def test_the_alpha_channel_of_a_grey_image_is_left_out():
    planes = np.stack([PIXELS, PIXELS // 9])
    np.testing.assert_array_equal(read_frame(_file(planes)).pixels, PIXELS)


def test_what_the_fits_keywords_say_is_known_of_the_frame(tmp_path):
    words = {
        "EXPTIME": "3.5",
        "XBINNING": "2",
        "FOCPOS": "10490",
        "FILTER": "'H-alpha '",
        "FOCTEMP": "-4.25",
        "DATE-OBS": "'2026-11-22T20:15:03.000'",
        "COOLED": "T",
        "OBJECT": "unquoted name",
        "COMMENT": "",
        "BITPIX": "16",
        "": "nameless",
    }
    inside = "".join(
        f'<FITSKeyword name="{key}" value="{value}" comment="c"/>' for key, value in words.items()
    )
    cfa = '<ColorFilterArray pattern="GBRG" width="2" height="2" name="x"/>'
    frame = read_frame(_file(PIXELS, inside + cfa), "a.xisf")
    assert (frame.exposure_s, frame.binning, frame.position) == (3.5, 2, 10490)
    assert (frame.filter, frame.temperature_c, frame.source) == ("H-alpha", -4.25, "a.xisf")
    assert frame.time_s == 1795378503.0 + 1.75
    assert frame.header["COOLED"] is True
    assert frame.header["OBJECT"] == "unquoted name"
    assert not {"COMMENT", "BITPIX"} & set(frame.header)
    assert bayer_pattern(frame) == "GBRG"
    write_frame(frame, tmp_path / "a.fits")
    assert read_frame(tmp_path / "a.fits").position == 10490


def test_the_first_image_is_taken_and_its_keywords_alone():
    body, attributes = _image(PIXELS)
    first = attributes | {"location": f"attachment:4096:{len(body)}"}
    word = '<FITSKeyword name="FOCPOS" value="{}" comment=""/>'
    nested = f"<Reference>{word.format(5)}</Reference>"
    thumbnail = '<Thumbnail geometry="1:1:1" sampleFormat="UInt8" location="inline:hex">01'
    inside = nested + word.format(7) + thumbnail + "</Thumbnail>"
    second = _element(first | {"geometry": "1:1:1"}, word.format(9))
    frame = read_frame(_around(_element(first, inside) + second, body))
    np.testing.assert_array_equal(frame.pixels, PIXELS)
    assert frame.position == 7


def test_uncompressed_samples_are_not_copied():
    pixels = np.zeros((1024, 1024), np.uint16)
    body = _file(pixels)
    tracemalloc.start()
    read = read_frame(body)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert read.pixels.shape == pixels.shape
    assert peak < pixels.nbytes / 4


def test_errors_name_the_file_and_the_cure():
    body, attributes = _image(PIXELS)
    place = {"location": f"attachment:4096:{len(body)}"}

    def file(**changes):
        return _around(_element(attributes | place | changes), body)

    doctype = _around("<Image/>").replace(b"<xisf ", b'<!DOCTYPE x [<!ENTITY a "b">]><xisf ')
    doctype = doctype[:8] + (4000).to_bytes(4, "little") + doctype[12:]
    cases = {
        "no image": (_around("<Metadata/>"), "holds no image"),
        "cut": (file()[:-1], "ends before its last pixel"),
        "short block": (file(location="attachment:4096:10"), "ends before its last pixel"),
        "header cut": (file()[:60], "ends before its header"),
        "signature only": (b"XISF0100", "is damaged"),
        "no XML": (b"XISF0100" + (9).to_bytes(4, "little") + bytes(4) + b"not an X.", "is damaged"),
        "entities": (doctype, "document type"),
        "samples": (file(sampleFormat="Complex32"), "samples are Complex32; save it as"),
        "geometry": (file(geometry="4:4:4:1"), "not width:height:channels"),
        "no geometry": (file(geometry=""), "geometry is missing"),
        "no pixels": (file(geometry="0:4:1"), "geometry is 0:4:1"),
        "negative": (file(geometry="-4:4:1"), "a number in its geometry is -4"),
        "huge": (file(geometry="999999:999999:3"), "claims 999999 × 999999 pixels"),
        "order": (file(byteOrder="middle"), "byte order is middle"),
        "elsewhere": (file(location="url(http://localhost/x)"), "save it as one file"),
        "codec": (file(compression="brotli:10"), "compressed by brotli; save it with zlib"),
        "other size": (file(compression="zlib:10"), "promises 10 bytes"),
        "not zlib": (file(compression=f"zlib:{len(body)}"), "is damaged"),
        "items": (file(compression=f"zlib+sh:{len(body)}:3"), "items of 3"),
        "parts": (file(compression=f"zlib:{len(body)}", subblocks="1:2"), "subblocks"),
        "bad base64": (file(location="inline:base64"), "ends before its last pixel"),
        "encoding": (file(location="inline:rot13"), "encoded as rot13"),
    }
    for name, (file_body, why) in cases.items():
        with pytest.raises(FrameError, match=why) as caught:
            read_frame(file_body, f"{name}.xisf")
        assert str(caught.value).startswith(f"{name}.xisf "), name
        assert "\n" not in str(caught.value)


def test_a_small_file_that_unpacks_to_a_large_one_is_stopped_early():
    bomb = zlib.compress(bytes(64 * MEGABYTE))
    promises_little = {"compression": f"zlib:{PIXELS.nbytes}"}
    promises_all = {"compression": f"zlib:{60_000**2}", "geometry": "60000:60000:1"}
    body, attributes = _image(PIXELS[:, :].astype(np.uint8))
    place = {"location": f"attachment:4096:{len(bomb)}"}
    for changes in (promises_little, promises_all):
        file = _around(_element(attributes | place | changes), bomb)
        tracemalloc.start()
        with pytest.raises(FrameError):
            read_frame(file)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 2 * MEGABYTE
    assert len(body) == PIXELS.size


def test_a_header_beyond_all_measure_is_refused():
    head = b"XISF0100" + (17 * MEGABYTE).to_bytes(4, "little") + bytes(4)
    with pytest.raises(FrameError, match="header claims"):
        read_frame(head + bytes(17 * MEGABYTE))


_WHOLE = [
    _file(PIXELS, '<FITSKeyword name="FOCPOS" value="7" comment=""/>'),
    _zlib(PIXELS, item_size=2),
]
_ATTRIBUTE = st.sampled_from(
    ["geometry", "sampleFormat", "location", "compression", "byteOrder", "subblocks", "colorSpace"]
)
_VALUE = st.one_of(
    st.text("0123456789:,-+shzlib", max_size=20),
    st.builds(":".join, st.lists(st.integers(-1, 70_000).map(str), max_size=4)),
    st.sampled_from(["zlib:2728", "attachment:0:9", "inline:hex", "embedded", "Float64", "UInt8"]),
)


def _frame_or_frame_error(body: bytes) -> None:
    tracemalloc.start()
    try:
        with contextlib.suppress(FrameError):
            assert isinstance(read_frame(body), Frame)
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    # A thousandfold is what zlib itself can reach; nothing may set aside more than that.
    assert peak < MEGABYTE + 1100 * len(body)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.sampled_from(_WHOLE), st.data())
def test_damaged_bytes_give_a_frame_or_a_frame_error(whole, data):
    damaged = bytearray(whole[: data.draw(st.integers(8, len(whole)))])
    places = st.one_of(st.integers(8, 700), st.integers(8, len(whole)))
    for place, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), max_size=6)):
        if place < len(damaged):
            damaged[place] = value
    _frame_or_frame_error(bytes(damaged))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.dictionaries(_ATTRIBUTE, _VALUE, max_size=4), st.booleans())
def test_contradicting_attributes_give_a_frame_or_a_frame_error(changes, packed):
    body, attributes = _image(PIXELS)
    block = zlib.compress(body) if packed else body
    attributes["location"] = f"attachment:4096:{len(block)}"
    if packed:
        attributes["compression"] = f"zlib:{len(body)}"
    _frame_or_frame_error(_around(_element(attributes | changes), block))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.binary(max_size=300))
def test_any_header_gives_a_frame_error(head):
    body = b"XISF0100" + len(head).to_bytes(4, "little") + bytes(4) + head
    with pytest.raises(FrameError):
        read_frame(body)
