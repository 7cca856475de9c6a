import math

import numpy as np
import pytest

from focusbench.frames import Frame, saturation_level


def _field(full: int, dtype=np.uint16):
    """A sky with a star whose middle is cut at `full`."""
    rng = np.random.default_rng(1)
    y, x = np.mgrid[-60:61, -60:61]
    star = 5.0 * full * np.exp(-(x**2 + y**2) / 50)
    return np.minimum(rng.normal(1_200, 4, y.shape) + star, full).astype(dtype)


@pytest.mark.parametrize("full", [4_095, 15_871, 65_535])
def test_pixels_pile_up_where_a_camera_is_full(full):
    assert saturation_level(Frame(_field(full))) == full


def test_the_highest_values_of_a_mere_sky_are_not_saturated():
    for seed in range(20):
        sky = np.random.default_rng(seed).normal(1_200, 3, (300, 300)).astype(np.uint16)
        assert saturation_level(Frame(sky)) == 65_535


@pytest.mark.parametrize(("dtype", "top"), [("u1", 255), (">i2", 32_767), ("u4", 2**32 - 1)])
def test_without_a_pile_the_top_of_the_type_is_taken(dtype, top):
    assert saturation_level(Frame(np.arange(100).astype(dtype))) == top


def test_floats_are_full_where_the_header_says_so():
    pixels = _field(4_000, np.float32)
    assert saturation_level(Frame(pixels)) == math.inf
    assert saturation_level(Frame(pixels, header={"SATURATE": 3_500.5})) == 3_500.5
    assert saturation_level(Frame(pixels, header={"SATURATE": "unknown"})) == math.inf
