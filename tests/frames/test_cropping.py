import numpy as np
import pytest

from focusbench.errors import OptionsError
from focusbench.frames import Frame, crop


def test_five_per_cent_of_800_by_600_drops_20_and_15_pixels():
    pixels = np.arange(600 * 800).reshape(600, 800)
    cropped = crop(pixels, 5.0)
    np.testing.assert_array_equal(cropped, pixels[15:585, 20:780])
    assert np.shares_memory(cropped, pixels)


def test_a_frame_keeps_what_is_known_of_it():
    frame = Frame(np.zeros((600, 800), np.uint16), position=100.0)
    cropped = crop(frame, 5.0)
    assert cropped.pixels.shape == (570, 760)
    assert cropped.position == 100.0


def test_no_crop_keeps_everything():
    assert crop(np.zeros((7, 9)), 0.0).shape == (7, 9)


@pytest.mark.parametrize("percent", [-1.0, 100.0, float("nan")])
def test_a_crop_that_leaves_nothing_is_refused(percent):
    with pytest.raises(OptionsError, match="crop"):
        crop(np.zeros((7, 9)), percent)
