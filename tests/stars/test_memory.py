"""A frame is measured where it lies: in its file, or as it comes from an Alpaca camera."""

import io
import struct
import tracemalloc

import numpy as np
import pytest

from focusbench.alpaca.image_bytes import read_image_bytes
from focusbench.frames import Frame, read_frame, write_frame
from focusbench.stars import measure

SIDE = 2800
FRAME_BYTES = 2 * SIDE * SIDE


@pytest.fixture(scope="module")
def pixels(star, field):
    """Stars of a quarter of a frame's side, repeated to 7.8 Mpx as uint16; measured once."""
    tile, _ = field(star(radius=6.0, fwhm=3.0), n_stars=15, shape=(SIDE // 4, SIDE // 4))
    whole = np.tile(tile, (4, 4))
    measure(whole)  # so that no kernel has to be compiled while memory is watched
    return whole


def peak_bytes(work):
    """What `work` gave, and the most memory that it held at once."""
    tracemalloc.start()
    try:
        return work(), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_fits_file_is_measured_without_a_copy_of_its_pixels(pixels, tmp_path):
    path = tmp_path / "frame.fits"
    write_frame(Frame(pixels), path)
    assert path.stat().st_size > FRAME_BYTES
    result, peak = peak_bytes(lambda: measure(read_frame(path, in_place=True)))
    # A sixteenth of the pixels as float32 is an eighth of the frame; smoothed and with the smaller
    # images of the pyramid it is a third.
    assert peak < 0.5 * FRAME_BYTES
    assert result.value == measure(pixels).value


def test_a_file_that_was_measured_in_place_can_be_deleted_and_written_anew(pixels, tmp_path):
    path = tmp_path / "frame.fits"
    write_frame(Frame(pixels[:700, :700]), path)
    measure(read_frame(path, in_place=True))
    write_frame(Frame(pixels[:650, :700]), path)
    assert read_frame(path, in_place=True).pixels.shape == (650, 700)
    path.unlink()


def test_pixels_asked_for_are_in_memory_and_native(pixels, tmp_path):
    path = tmp_path / "frame.fits"
    write_frame(Frame(pixels[:100, :90]), path)
    frame = read_frame(path, in_place=True)
    assert frame.stored[0].dtype == ">i2"
    assert frame.pixels.dtype == np.uint16
    assert frame.pixels.dtype.isnative
    assert frame.pixels.flags.writeable
    assert frame.pixels is frame.stored[0]
    assert np.array_equal(frame.pixels, pixels[:100, :90])


def image_bytes(pixels, number, kind):
    """The answer of an Alpaca camera: x-major pixels behind eleven 32-bit integers."""
    height, width = pixels.shape
    header = struct.pack("<iiIIiiiiiii", 1, 0, 1, 1, 44, 2, number, 2, width, height, 0)
    return header + np.ascontiguousarray(pixels.T).astype(kind).tobytes()


@pytest.mark.parametrize(("number", "kind"), [(8, "<u2"), (2, "<i4")], ids=["uint16", "int32"])
def test_an_image_of_a_camera_stands_in_memory_once(pixels, number, kind):
    body = io.BytesIO(image_bytes(pixels, number, kind))
    result, peak = peak_bytes(lambda: measure(read_image_bytes(body.readinto)))
    # the frame in 16 bits, and what measuring it needs
    assert peak < 1.5 * FRAME_BYTES
    assert result.value == measure(pixels).value
