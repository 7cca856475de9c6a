"""What a page is sent of a frame: never more than half a megabyte, and right to the pixel."""

import io

import numpy as np
import pytest
from PIL import Image

from focusbench.frames import Frame
from focusbench.widgets.frame_picture import (
    MOST_BYTES,
    MOST_PIXELS,
    Region,
    encode_png,
    png,
    shrink,
    whole,
)
from focusbench.widgets.stretch import Stretch

NOISE = np.random.default_rng(2)


def test_a_small_frame_is_shown_pixel_by_pixel():
    pixels = NOISE.integers(0, 65_535, (30, 40), dtype=np.uint16)
    picture = shrink(Frame(pixels), whole((30, 40)))
    assert picture.factor == 1
    assert (picture.values == pixels).all()


@pytest.mark.parametrize("kind", [np.uint16, np.float32, np.int16])
def test_a_large_frame_is_shown_by_the_means_of_squares(kind):
    pixels = NOISE.integers(0, 30_000, (90, 131)).astype(kind)
    picture = shrink(Frame(pixels), whole((90, 131)), most_pixels=1000)
    n = picture.factor
    assert n == 4
    expected = pixels[:88, :128].reshape(22, n, 32, n).mean(axis=(1, 3))
    np.testing.assert_allclose(picture.values, expected, rtol=1e-5)
    assert picture.region == Region(0, 0, 128, 88)


def test_a_part_is_made_from_the_full_frame_and_knows_its_place():
    pixels = NOISE.integers(0, 65_535, (400, 500), dtype=np.uint16)
    picture = shrink(Frame(pixels), Region(100.4, 50.2, 199.7, 120.9), most_pixels=10_000)
    assert picture.factor == 1
    assert picture.region == Region(100, 50, 200, 121)
    assert (picture.values == pixels[50:121, 100:200]).all()


def test_a_mosaic_of_colours_is_averaged_over_an_even_number_of_pixels():
    frame = Frame(np.zeros((90, 90), np.uint16), header={"BAYERPAT": "RGGB"})
    assert shrink(frame, whole((90, 90)), most_pixels=1000).factor == 4


def test_a_png_holds_the_greys():
    grey = NOISE.integers(0, 256, (7, 5), dtype=np.uint8)
    assert (np.asarray(Image.open(io.BytesIO(encode_png(grey)))) == grey).all()


def test_the_worst_picture_there_is_keeps_to_the_limit():
    side = int(MOST_PIXELS**0.5)
    picture = shrink(Frame(NOISE.random((side, side), np.float32)), whole((side, side)))
    made = png(picture, Stretch("linear", 0.0, 1.0))
    assert len(made) <= MOST_BYTES
    shown = np.asarray(Image.open(io.BytesIO(made))).astype(int)
    assert np.abs(shown - 255 * picture.values).max() <= 17


def test_a_view_stays_on_the_frame():
    shape = (300, 400)
    assert Region(-50, -50, 50, 25).on_frame(shape) == Region(0, 0, 100, 75)
    assert Region(380, 290, 480, 365).on_frame(shape) == Region(300, 225, 400, 300)
    assert Region(-100, -75, 500, 375).on_frame(shape) == whole(shape)
    assert whole(shape).zoomed(2, shape) == Region(100, 75, 300, 225)
    assert Region(100, 75, 300, 225).moved(1, 0, shape) == Region(200, 75, 400, 225)
