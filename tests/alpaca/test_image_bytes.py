import struct

import numpy as np
import pytest
from alpaca.exceptions import DriverException, NotConnectedException

from focusbench.alpaca.image_bytes import by_rows, decode_image_bytes
from focusbench.errors import DeviceRefused

TYPE_NUMBERS = {"i2": 1, "i4": 2, "f8": 3, "f4": 4, "u8": 5, "u1": 6, "i8": 7, "u2": 8, "u4": 9}
"""The element types of the standard."""

CHIP = np.arange(60)[None, :] * 3 + np.arange(40)[:, None]
"""Its pixel (x, y) reads 3 x + y, so that a swapped axis shows."""


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
    image = decode_image_bytes(sent(CHIP.T.astype(kind)))
    np.testing.assert_array_equal(image, CHIP.astype(kind))
    # 32-bit whole numbers become uint16 where all of them fit.
    kept = "u2" if kind in ("i4", "u4") else kind
    assert image.dtype == np.dtype(kept).newbyteorder("<")


@pytest.mark.parametrize(("kind", "value"), [("i4", -1), ("i4", 65_536), ("u4", 2**32 - 1)])
def test_whole_numbers_that_do_not_fit_16_bits_stay_what_they_are(kind, value):
    pixels = CHIP.T.astype(kind)
    pixels[59, 39] = value
    np.testing.assert_array_equal(decode_image_bytes(sent(pixels)), pixels.T)


@pytest.mark.parametrize("kind", ["u1", "u2", "i4", "f4"])
def test_the_colours_of_a_pixel_are_averaged(kind):
    colours = np.stack([CHIP.T - 1, CHIP.T, CHIP.T + 4], axis=2) + 1
    image = decode_image_bytes(sent(colours.astype(kind)))
    np.testing.assert_array_equal(image, CHIP + 2)


def test_pixels_may_begin_later_than_the_header_ends():
    image = decode_image_bytes(sent(CHIP.T.astype("u2"), start=64))
    np.testing.assert_array_equal(image, CHIP)


@pytest.mark.parametrize(
    ("number", "error"), [(0x407, NotConnectedException), (0x5AB, DriverException)]
)
def test_an_error_in_place_of_an_image_is_raised_in_its_words(number, error):
    # alpyca stumbles over these answers with an AttributeError.
    body = sent(np.zeros((0, 0), "u2"), error=number) + "Das Kabel ist lose: µ".encode()
    with pytest.raises(error, match="Das Kabel ist lose: µ"):
        decode_image_bytes(body)


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
        decode_image_bytes(body)


def test_rows_are_put_in_order_and_what_is_in_order_is_not_copied():
    image = decode_image_bytes(sent(CHIP.T.astype("u2")))
    in_rows = by_rows(image)
    np.testing.assert_array_equal(in_rows, CHIP)
    assert in_rows.flags.c_contiguous
    assert by_rows(in_rows) is in_rows
