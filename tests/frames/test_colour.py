import tracemalloc

import numpy as np
import pytest
from scipy.special import erf

from focusbench.frames import Frame, bayer_pattern, luminance

GAINS = {"R": 0.55, "G": 1.0, "B": 0.4}
SKY_ADU = {"R": 900.0, "G": 1400.0, "B": 1100.0}
X_TRANS = "GGRGGBGGBGGRBRGRBGGGBGGRGGRGGBRBGBRG"
SIDE = 360


def _sites(pattern: str, values: dict[str, float], side: int = SIDE):
    """What each pixel has by the colour of its filter. Shape (side, side)."""
    period = 2 if len(pattern) == 4 else 6
    cell = np.array([values[colour] for colour in pattern]).reshape(period, period)
    return np.tile(cell, (side // period + 1,) * 2)[:side, :side]


def _stars(sigma: float, seed: int, side: int = SIDE):
    """Gaussian stars, integrated over pixels, on a jittered grid so that none blend."""
    rng = np.random.default_rng(seed)
    pitch = side // 6
    y, x = (np.mgrid[:6, :6].reshape(2, -1) + 0.5) * pitch + rng.uniform(-4, 4, (2, 36))
    flux = rng.uniform(5e4, 3e5, 36) * sigma
    light = np.zeros((side, side))
    edges = np.arange(side + 1) - 0.5
    for star in zip(y, x, flux, strict=True):
        steps = [np.diff(erf((edges - c) / (sigma * 2**0.5))) / 2 for c in star[:2]]
        light += star[2] * np.outer(*steps)
    return light, y, x


def _camera(light, sky, seed: int):
    """Photon and read noise, rounded and cut at 16 bits."""
    rng = np.random.default_rng(seed)
    noisy = rng.poisson(light + sky) + rng.normal(0, 8, light.shape)
    return np.clip(np.rint(noisy), 0, 65535).astype(np.uint16)


def _half_flux_radius(pixels, y, x, aperture: float) -> float:
    """Median over the stars, by brute force: 49 points a pixel, sorted by radius."""
    half = int(aperture) + 4
    points = (np.arange(7) - 3) / 7
    offsets = (np.arange(-half, half + 1)[:, None] + points).ravel()
    radii = []
    for star_y, star_x in zip(y, x, strict=True):
        row, column = round(star_y), round(star_x)
        rows, columns = slice(row - half, row + half + 1), slice(column - half, column + half + 1)
        stamp = pixels[rows, columns].astype(float)
        stamp = np.repeat(np.repeat(stamp, 7, axis=0), 7, axis=1) / 49
        radius = np.hypot((offsets + row - star_y)[:, None], offsets + column - star_x)
        stamp -= np.median(stamp[radius > aperture])
        order = np.argsort(radius[radius < aperture])
        growth = np.cumsum(stamp[radius < aperture][order])
        radii.append(radius[radius < aperture][order][np.argmax(growth >= growth[-1] / 2)])
    return float(np.median(radii))


def _mosaic(sigma: float, pattern: str = "RGGB", seed: int = 1, gradient: float = 0.0):
    light, y, x = _stars(sigma, seed)
    gains = _sites(pattern, GAINS)
    slope = 1 + gradient * np.linspace(-1, 1, SIDE)[:, None] * gains
    return _camera(light * gains, _sites(pattern, SKY_ADU) * slope, seed + 1), light, y, x


@pytest.mark.parametrize("pattern", ["RGGB", "GBRG", X_TRANS])
@pytest.mark.parametrize("sigma", [0.9, 1.3, 2.0, 4.0])
def test_stars_of_a_mosaic_are_as_wide_as_a_mono_camera_sees_them(sigma, pattern):
    mosaic, light, y, x = _mosaic(sigma, pattern, gradient=0.2)
    mono = _camera(light * _sites(pattern, GAINS).mean(), np.full_like(light, 1200.0), 9)
    even = luminance(Frame(mosaic, header={"BAYERPAT": pattern}))
    expected, found = (
        _half_flux_radius(pixels, y, x, 4 * sigma + 3) for pixels in (mono, even.pixels)
    )
    assert found == pytest.approx(expected, rel=0.02)


def test_sharp_stars_would_not_survive_interpolation_so_there_is_none():
    """A single bright pixel stays single: what is beside it is the sky as it was."""
    mosaic = _camera(np.zeros((SIDE, SIDE)), _sites("RGGB", SKY_ADU), 3)
    lit = mosaic.copy()
    lit[101, 150] += 20_000
    plain, bright = (luminance(Frame(m, header={"BAYERPAT": "RGGB"})).pixels for m in (mosaic, lit))
    assert bright[101, 150] - plain[101, 150] > 10_000
    bright[101, 150] = plain[101, 150]
    np.testing.assert_allclose(bright, plain, atol=0.5)  # ADU; the tile's median may move by one


@pytest.mark.parametrize("pattern", ["RGGB", X_TRANS])
def test_the_chequerboard_of_the_sky_disappears(pattern):
    mosaic, *_ = _mosaic(2.0, pattern, gradient=0.2)
    pixels = luminance(Frame(mosaic, header={"BAYERPAT": pattern})).pixels
    period = 2 if len(pattern) == 4 else 6
    levels = [
        np.mean(
            [
                np.median(pixels[place // period :: period, place % period :: period])
                for place in range(period**2)
                if pattern[place] == colour
            ]
        )
        for colour in "RGB"
    ]
    # 500 ADU between the colours before; 1.5 of gradient from row to row, and about 1 of noise.
    assert np.ptp(levels) < 5


def test_hot_pixels_do_not_pass_as_the_colour_of_the_stars():
    """One pixel in 150 of the red sites is hot: more light than all the stars have."""
    mosaic, light, *_ = _mosaic(2.0)
    rng = np.random.default_rng(5)
    hot = np.zeros_like(mosaic, bool)
    hot[::2, ::2] = rng.random((SIDE // 2, SIDE // 2)) < 1 / 150
    mosaic[hot] = 50_000
    pixels = luminance(Frame(mosaic, header={"BAYERPAT": "RGGB"})).pixels
    body = (light > 2_000) & ~hot
    level = np.median(pixels)
    red, green, blue = (
        (pixels[at][body[at]] - level).sum() / light[at][body[at]].sum()
        for at in (np.s_[::2, ::2], np.s_[1::2, ::2], np.s_[1::2, 1::2])
    )
    assert red == pytest.approx(green, rel=0.04)
    assert blue == pytest.approx(green, rel=0.04)


def test_a_colour_with_hardly_any_light_is_not_raised_into_noise():
    """Behind an Hα filter only the red sites see the stars."""
    light, *_ = _stars(2.0, 1)
    gains = _sites("RGGB", {"R": 1.0, "G": 0.01, "B": 0.0})
    mosaic = _camera(light * gains, np.full_like(light, 500.0), 2)
    pixels = luminance(Frame(mosaic, header={"BAYERPAT": "RGGB"})).pixels
    scatter = 1.4826 * np.median(np.abs(pixels - np.median(pixels)))
    assert scatter < 4 * 1.4826 * np.median(np.abs(mosaic - np.median(mosaic)))
    assert np.isfinite(pixels).all()


def test_the_phase_of_a_bayer_pattern_does_not_matter_and_crops_do_no_harm():
    mosaic, *_ = _mosaic(2.0)
    right = luminance(Frame(mosaic, header={"BAYERPAT": "RGGB"})).pixels
    wrong = luminance(Frame(mosaic, header={"BAYERPAT": "BGGR"})).pixels
    np.testing.assert_array_equal(right, wrong)


def test_frames_that_lie_column_by_column_give_the_same():
    mosaic, *_ = _mosaic(2.0, X_TRANS)
    header = {"BAYERPAT": X_TRANS}
    rows = luminance(Frame(mosaic, header=header)).pixels
    columns = luminance(Frame(np.asfortranarray(mosaic), header=header)).pixels
    assert columns.flags.f_contiguous
    np.testing.assert_allclose(columns, rows, rtol=2e-5)  # sums in another order, float32


def test_saturated_pixels_of_every_colour_share_the_highest_value():
    mosaic, *_ = _mosaic(2.0)
    mosaic[100:106, 100:106] = 65535
    frame = luminance(Frame(mosaic, header={"BAYERPAT": "RGGB"}))
    assert np.all(frame.pixels[100:106, 100:106] == np.float32(frame.header["SATURATE"]))
    assert np.sort(frame.pixels.ravel())[-37] < frame.header["SATURATE"]
    limited = luminance(Frame(mosaic, header={"BAYERPAT": "RGGB", "SATURATE": 15_000}))
    full = mosaic >= 15_000
    assert full.sum() > 36
    assert np.all(limited.pixels[full] == np.float32(limited.header["SATURATE"]))


def test_pixels_without_a_number_stay_so_and_harm_no_others():
    mosaic = _mosaic(2.0)[0].astype(np.float32)
    expected = luminance(Frame(mosaic, header={"BAYERPAT": "RGGB"})).pixels
    holed = mosaic.copy()
    holed[50:60, 200:210] = np.nan
    pixels = luminance(Frame(holed, header={"BAYERPAT": "RGGB"})).pixels
    assert np.isnan(pixels[50:60, 200:210]).all()
    rest = np.isfinite(pixels)
    assert rest.sum() == pixels.size - 100
    np.testing.assert_allclose(pixels[rest], expected[rest], rtol=0.01)


def test_a_luminance_is_no_mosaic_any_more():
    frame = Frame(_mosaic(2.0)[0], position=7.0, header={"BAYERPAT": "RGGB", "GAIN": 1})
    even = luminance(frame)
    assert (even.position, even.header["GAIN"], bayer_pattern(even)) == (7.0, 1, None)
    assert luminance(even) is even
    mono = Frame(frame.pixels)
    assert luminance(mono) is mono


@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (4, 5), (17, 33), (40, 3), (100, 101)])
@pytest.mark.parametrize("pattern", ["RGGB", X_TRANS])
def test_small_and_odd_frames_and_constant_ones_come_through(shape, pattern):
    for fill in (0, 700, 65535):
        frame = luminance(Frame(np.full(shape, fill, np.uint16), header={"BAYERPAT": pattern}))
        assert frame.pixels.shape == shape
        assert np.isfinite(frame.pixels).all()
        assert np.ptp(frame.pixels) < 0.5  # ADU, of float32 at 65535


def test_planes_of_colour_become_their_mean_green_counted_twice():
    planes = np.random.default_rng(1).integers(0, 60_000, (3, 20, 30)).astype(np.uint16)
    expected = np.average(planes, axis=0, weights=[1, 2, 1])
    for pixels in (planes, np.moveaxis(planes, 0, 2)):
        np.testing.assert_allclose(luminance(Frame(pixels)).pixels, expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("header", "pattern"),
    [
        ({"BAYERPAT": "RGGB"}, "RGGB"),
        ({"BAYERPAT": " gbrg "}, "GBRG"),
        ({"COLORTYP": "CMYG"}, "CMYG"),
        ({"COLORTYP": "MONO"}, None),
        ({"BAYERPAT": "TRUE", "COLORTYP": "GRBG"}, "GRBG"),
        ({"BAYERPAT": True}, None),
        ({"BAYERPAT": "GGGG"}, None),
        ({"BAYERPAT": X_TRANS}, X_TRANS),
        ({}, None),
    ],
)
def test_the_pattern_is_what_the_header_says_if_it_is_one(header, pattern):
    assert bayer_pattern(Frame(np.zeros((4, 4)), header=header)) == pattern


def test_little_memory_is_used_beside_the_result():
    mosaic = np.random.default_rng(1).integers(900, 1100, (2048, 2048)).astype(np.uint16)
    tracemalloc.start()
    pixels = luminance(Frame(mosaic, header={"BAYERPAT": "RGGB"})).pixels
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < pixels.nbytes + 8e6
