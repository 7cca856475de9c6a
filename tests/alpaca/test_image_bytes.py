import io
import struct

import numpy as np
import pytest
from alpaca.exceptions import DriverException, NotConnectedException

from focusbench.alpaca.image_bytes import read_image_bytes, transposed
from focusbench.alpaca.image_json import decode_image_json
from focusbench.errors import DeviceRefused

TYPE_NUMBERS = {"i2": 1, "i4": 2, "f8": 3, "f4": 4, "u8": 5, "u1": 6, "i8": 7, "u2": 8, "u4": 9}
"""The element types of the standard."""

CHIP = np.arange(60)[None, :] * 3 + np.arange(40)[:, None]
"""Its pixel (x, y) reads 3 x + y, so that a swapped axis shows."""


def read(body, piece=10**6):
    """The image of an answer that comes in pieces of so many bytes."""
    stream = io.BytesIO(body)
    return read_image_bytes(lambda room: stream.readinto(room[:piece]))


def sent(pixels, *, type_number=None, rank=None, version=1, start=44, error=0):
    """What a driver sends for pixels of shape (n_x, n_y) or (n_x, n_y, n_colours)."""
    n_x, n_y, n_colours = (*pixels.shape, 0)[:3]
    kind = f"{pixels.dtype.kind}{pixels.dtype.itemsize}"
    return (
        struct.pack(
            "<iiIIiiiiiii",
            *(version, error, 1, 1, start, 2, type_number or TYPE_NUMBERS[kind]),
            *(rank or pixels.ndim, n_x, n_y, n_colours),
        )
        + b"\0" * (start - 44)
        + pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
    )


@pytest.mark.parametrize("kind", TYPE_NUMBERS)
def test_every_pixel_type_of_the_standard_is_read(kind):
    image = read(sent(CHIP.T.astype(kind)))
    np.testing.assert_array_equal(image, CHIP.astype(kind))
    # 32-bit whole numbers become uint16 where all of them fit.
    kept = "u2" if kind in ("i4", "u4") else kind
    assert image.dtype == np.dtype(kept).newbyteorder("<")


@pytest.mark.parametrize(("kind", "value"), [("i4", -1), ("i4", 65_536), ("u4", 2**32 - 1)])
def test_whole_numbers_that_do_not_fit_16_bits_stay_what_they_are(kind, value):
    pixels = CHIP.T.astype(kind)
    pixels[59, 39] = value
    np.testing.assert_array_equal(read(sent(pixels)), pixels.T)


@pytest.mark.parametrize("kind", ["u1", "u2", "i4", "f4"])
def test_the_colours_of_a_pixel_are_averaged(kind):
    colours = np.stack([CHIP.T - 1, CHIP.T, CHIP.T + 4], axis=2) + 1
    image = read(sent(colours.astype(kind)))
    np.testing.assert_array_equal(image, CHIP + 2)


def test_pixels_may_begin_later_than_the_header_ends():
    image = read(sent(CHIP.T.astype("u2"), start=64))
    np.testing.assert_array_equal(image, CHIP)


@pytest.mark.parametrize(
    ("number", "error"), [(0x407, NotConnectedException), (0x5AB, DriverException)]
)
def test_an_error_in_place_of_an_image_is_raised_in_its_words(number, error):
    # alpyca stumbles over these answers with an AttributeError.
    body = sent(np.zeros((0, 0), "u2"), error=number) + "Das Kabel ist lose: µ".encode()
    with pytest.raises(error, match="Das Kabel ist lose: µ"):
        read(body)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "0 bytes, and its header alone has 44"),
        (sent(CHIP.T.astype("u2"))[:-100], "4744 bytes of 4844"),
        (sent(CHIP.T.astype("u2"), version=2), "version 2"),
        (sent(CHIP.T.astype("u2"), type_number=11), "unknown type 11"),
        (sent(CHIP.T.astype("u2"), rank=4), "4 axes"),
        (sent(np.zeros((0, 5), "u2")), r"shape \(0, 5\)"),
    ],
)
def test_what_is_no_whole_image_is_said_to_be_broken(body, says):
    with pytest.raises(DeviceRefused, match=f"broken image: .*{says}"):
        read(body)


@pytest.mark.parametrize("shape", [(1, 1), (300, 700), (128, 256), (129, 257)])
def test_axes_are_exchanged_in_a_copy_whose_last_axis_is_fastest(shape):
    array = np.arange(np.prod(shape)).reshape(shape)
    copy = transposed(array)
    np.testing.assert_array_equal(copy, array.T)
    assert copy.flags.c_contiguous


@pytest.mark.parametrize("piece", [7, 1000])
@pytest.mark.parametrize("kind", TYPE_NUMBERS)
def test_an_image_that_comes_in_pieces_is_the_same_in_rows(kind, piece):
    body = sent(CHIP.T.astype(kind), start=60)
    rows = read(body, piece)
    assert rows.flags.c_contiguous
    assert rows.dtype == read(body).dtype
    np.testing.assert_array_equal(rows, CHIP)


@pytest.mark.parametrize(("kind", "value"), [("i4", -1), ("i4", 65_536), ("u4", 2**32 - 1)])
@pytest.mark.parametrize("column", [0, 130, 299])
def test_a_late_number_beyond_16_bits_changes_none_that_came_before(kind, value, column):
    pixels = np.arange(300 * 40).reshape(300, 40).astype(kind)
    pixels[column, 5] = value
    np.testing.assert_array_equal(read(sent(pixels)), pixels.T)


def test_a_length_known_to_be_too_short_is_told_before_anything_is_read():
    with pytest.raises(DeviceRefused, match="100 bytes of 4844"):
        read_image_bytes(io.BytesIO(sent(CHIP.T.astype("u2"))).readinto, 100)


def test_a_size_that_no_camera_has_is_refused():
    body = struct.pack("<iiIIiiiiiii", 1, 0, 1, 1, 44, 2, 8, 2, 2**31 - 1, 2**31 - 1, 0)
    with pytest.raises(DeviceRefused, match="more than 4294967296 bytes"):
        read(body)


def test_an_image_as_json_reads_like_one_in_bytes():
    image = decode_image_json({"Type": 2, "Rank": 2, "Value": CHIP.T.tolist()})
    np.testing.assert_array_equal(image, CHIP)
    assert image.dtype == np.uint16
    assert image.flags.c_contiguous
    negative = decode_image_json({"Value": (-CHIP.T).tolist()})
    np.testing.assert_array_equal(negative, -CHIP)
    colours = np.stack([CHIP.T - 1, CHIP.T, CHIP.T + 4], axis=2)
    np.testing.assert_array_equal(decode_image_json({"Value": colours.tolist()}), CHIP + 1)


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        ({}, "without an image"),
        ({"Value": [[1, 2], [3]]}, "differ in length"),
        ({"Value": [1, 2]}, r"shape \(2,\)"),
        ({"Value": [["a", "b"]]}, "type <U1"),
        ({"Value": []}, r"shape \(0,\)"),
    ],
)
def test_json_that_is_no_image_is_refused(reply, says):
    with pytest.raises(DeviceRefused, match=says):
        decode_image_json(reply)
