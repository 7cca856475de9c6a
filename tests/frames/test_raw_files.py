import io
import struct
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from focusbench.errors import FrameError
from focusbench.frames import bayer_pattern, read_frame

PIXELS = np.random.default_rng(1).integers(500, 15_000, (64, 96)).astype(np.uint16)


class _FakeRaw:
    """What `rawpy.imread` gives, as far as a frame needs it."""

    raw_image_visible = PIXELS
    raw_pattern = np.array([[0, 1], [3, 2]], np.uint8)
    color_desc = b"RGBG"
    sizes = SimpleNamespace(top_margin=0, left_margin=0)
    black_level_per_channel = (512, 512, 512, 516)
    white_level = 15_000
    other = SimpleNamespace(shutter_speed=2.5, iso_speed=800.0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


@pytest.fixture
def fake(monkeypatch):
    """The raw file that a stand-in for rawpy finds in any bytes."""
    raw = _FakeRaw()

    def imread(file):
        assert isinstance(file, io.BytesIO)
        if file.getvalue() == b"broken":
            raise RuntimeError("Unsupported file format or not RAW file")
        return raw

    monkeypatch.setitem(sys.modules, "rawpy", SimpleNamespace(imread=imread))
    return raw


def test_the_visible_mosaic_comes_with_pattern_levels_and_exposure(fake, tmp_path):
    path = tmp_path / "M31_10490.CR2"
    path.write_bytes(b"raw")
    frame = read_frame(path)
    np.testing.assert_array_equal(frame.pixels, PIXELS)
    assert frame.pixels.dtype == np.uint16
    assert not np.shares_memory(frame.pixels, fake.raw_image_visible)  # the library frees it
    assert bayer_pattern(frame) == "RGGB"
    assert (frame.exposure_s, frame.source) == (2.5, "M31_10490.CR2")
    assert frame.header["BLKLEVEL"] == 513.0
    assert frame.header["SATURATE"] == 15_000
    assert frame.header["ISOSPEED"] == 800


@pytest.mark.parametrize(
    ("top", "left", "pattern"), [(1, 0, "GBRG"), (0, 3, "GRBG"), (5, 7, "BGGR"), (4, 2, "RGGB")]
)
def test_the_pattern_is_counted_from_the_first_visible_pixel(fake, top, left, pattern):
    fake.sizes = SimpleNamespace(top_margin=top, left_margin=left)
    assert bayer_pattern(read_frame(b"raw", "a.nef")) == pattern


def test_a_six_by_six_pattern_is_kept_whole(fake):
    fake.raw_pattern = np.array([[1, 1, 0, 1, 1, 2], [1, 1, 2, 1, 1, 0], [2, 0, 1, 0, 2, 1]] * 2)
    pattern = bayer_pattern(read_frame(b"raw", "a.raf"))
    assert pattern == "GGRGGBGGBGGRBRGRBG" * 2


def test_sensors_without_a_mosaic_have_no_pattern(fake):
    fake.raw_pattern = np.zeros((1, 1), np.uint8)
    assert bayer_pattern(read_frame(b"raw", "a.dng")) is None
    fake.raw_pattern = None
    fake.raw_image_visible = np.stack([PIXELS, PIXELS // 2, PIXELS // 4, PIXELS], axis=2)
    fake.other = None
    frame = read_frame(b"raw", "a.x3f.dng")
    expected = np.average(fake.raw_image_visible[..., :3], axis=2, weights=[1, 2, 1])
    np.testing.assert_allclose(frame.pixels, expected, rtol=1e-6)  # float32
    assert frame.exposure_s is None


def test_what_the_library_cannot_read_is_an_error_that_names_the_file(fake):
    with pytest.raises(FrameError, match=r"a\.arw is no camera raw file.*Unsupported.*DNG or FITS"):
        read_frame(b"broken", "a.arw")


def test_without_the_library_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "rawpy", None)
    with pytest.raises(FrameError, match=r'a\.CR2 .*pip install "focusbench\[raw\]"'):
        read_frame(b"raw", "a.CR2")


def _dng(pixels, black: int, white: int) -> bytes:
    """A minimal uncompressed DNG (TIFF 6.0, DNG 1.4) with an RGGB mosaic, 5/2 s, ISO 800."""

    def short(*values):
        return struct.pack(f"<{len(values)}H", *values)

    def long(*values):
        return struct.pack(f"<{len(values)}I", *values)

    byte_, text, short_, long_, ratio, signed_ratio = 1, 2, 3, 4, 5, 10
    n_y, n_x = pixels.shape
    strip = pixels.astype("<u2").tobytes()
    unit_matrix = long(1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1)
    tags = [
        (254, long_, 1, long(0)),
        (256, long_, 1, long(n_x)),
        (257, long_, 1, long(n_y)),
        (258, short_, 1, short(16)),
        (259, short_, 1, short(1)),
        (262, short_, 1, short(32803)),  # colour filter array
        (271, text, 5, b"Test\0"),
        (272, text, 5, b"Test\0"),
        (273, long_, 1, b""),  # where the strip starts, known when the rest is
        (277, short_, 1, short(1)),
        (278, long_, 1, long(n_y)),
        (279, long_, 1, long(len(strip))),
        (33421, short_, 2, short(2, 2)),
        (33422, byte_, 4, bytes([0, 1, 1, 2])),
        (33434, ratio, 1, long(5, 2)),
        (34855, short_, 1, short(800)),
        (50706, byte_, 4, bytes([1, 4, 0, 0])),
        (50708, text, 5, b"Test\0"),
        (50714, short_, 1, short(black)),
        (50717, short_, 1, short(white)),
        (50721, signed_ratio, 9, unit_matrix),
    ]
    end = 8 + 2 + 12 * len(tags) + 4
    far = b"".join(value + b"\0" * (len(value) % 2) for *_, value in tags if len(value) > 4)
    entries, place = b"", end
    for tag, kind, count, value in tags:
        if tag == 273:
            value = long(end + len(far))
        if len(value) > 4:
            entries += struct.pack("<HHII", tag, kind, count, place)
            place += len(value) + len(value) % 2
        else:
            entries += struct.pack("<HHI", tag, kind, count) + value.ljust(4, b"\0")
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + far + strip


def test_a_real_dng_reads_through_the_real_library():
    pytest.importorskip("rawpy", reason='pip install "focusbench[raw]"')
    frame = read_frame(_dng(PIXELS, black=512, white=15_000), "a.dng")
    np.testing.assert_array_equal(frame.pixels, PIXELS)
    assert (frame.header["BAYERPAT"], frame.exposure_s) == ("RGGB", 2.5)
    assert (frame.header["BLKLEVEL"], frame.header["SATURATE"]) == (512.0, 15_000)
    for damaged in (b"", b"abc", _dng(PIXELS, 512, 15_000)[:100]):
        with pytest.raises(FrameError, match=r"a\.dng"):
            read_frame(damaged, "a.dng")
