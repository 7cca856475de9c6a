from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from focusbench.errors import MeasurementError, OptionsError, TooFewStars
from focusbench.frames import Frame
from focusbench.stars import METRICS, measure


def _one(star, shift=(0.2, -0.3), flux=1e6, shape=None, sky=100.0):
    """Noise-free frame of one star near its middle."""
    stamp = star.stamp(*shift)
    n = len(stamp)
    side = shape or n + 40
    image = np.full((side, side), sky)
    start = (side - n) // 2
    image[start : start + n, start : start + n] += flux * stamp
    return image


# The closed forms stand in Hocus Focus' and astropy's documentation and are easily derived:
# half-flux radius of a disk R/√2, an annulus R √((1+ε²)/2), a Gaussian √(2 ln 2) σ;
# mean radius 2R/3, (2/3) R (1−ε³)/(1−ε²), √(π/2) σ.
@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.5, 0.5), (-0.33, 0.17)])
@pytest.mark.parametrize(
    ("shape", "hfr", "mean_radius"),
    [
        ({"radius": 4.3}, 4.3 * 0.5**0.5, 4.3 * 2 / 3),
        ({"radius": 12.0}, 12 * 0.5**0.5, 8.0),
        ({"radius": 6.0, "obstruction": 0.35}, 6 * 0.7491, 6 * 0.7272),
        ({"radius": 20.0, "obstruction": 0.5}, 20 * 0.7906, 20 * 0.7778),
        ({"sigma": 2.6}, 2.6 * 1.1774, 2.6 * 1.2533),
        ({"sigma": 6.0}, 6.0 * 1.1774, 6.0 * 1.2533),
    ],
)
def test_radii_of_noise_free_stars_are_those_of_the_closed_forms(
    star, shape, hfr, mean_radius, shift
):
    measured = measure(_one(star(**shape), shift))
    assert measured.n_stars == 1
    # A pixel is a step of a quarter or less of these radii; 1.5 % is what rings of half a
    # pixel leave of it at the hard edges of a small disk.
    assert measured.value == pytest.approx(hfr, rel=0.015)
    assert measured.others["hfr_mean_radius"] == pytest.approx(mean_radius, rel=0.02)


@pytest.mark.parametrize("obstruction", [0.0, 0.35, 0.5])
def test_the_frame_value_is_right_and_rises_from_focus_to_large_donuts(star, field, obstruction):
    values = []
    for radius in (0, 2, 4, 8, 12, 16, 24):
        shape = star(radius, obstruction, fwhm=3.0)
        pixels, truth = field(shape, hot_pixels=25, seed=radius + 1)
        measured = measure(pixels)
        assert measured.value == pytest.approx(shape.hfr, rel=0.03), radius
        used = measured.stars[measured.stars["used"]]
        distance = np.hypot(used["x"][:, None] - truth[:, 0], used["y"][:, None] - truth[:, 1])
        # Each object used is a different real star: no fragment, no hot pixel. A centroid
        # further off than a third of the donut would be a fragment.
        assert (distance.min(axis=1) < max(1.5, radius / 3)).all(), radius
        assert len(set(distance.argmin(axis=1))) == len(used), radius
        # At R = 24 the 100 donuts overlap: they cover half of the frame.
        assert measured.n_stars >= (80 if radius < 8 else 45), radius
        values.append(measured.value)
    assert (np.diff(values) > 0).all()


def test_the_other_metric_is_the_first_one_when_asked_for(star, field):
    pixels, _ = field(star(6, 0.3, fwhm=3.0), n_stars=30, seed=4)
    by_half, by_mean = measure(pixels), measure(pixels, metric="hfr_mean_radius")
    assert by_mean.value == by_half.others["hfr_mean_radius"]
    assert by_mean.others == {"hfr": by_half.value}
    assert by_mean.definition == METRICS["hfr_mean_radius"]


def test_positions_are_those_of_the_whole_frame_when_cropped(star, field):
    pixels, truth = field(star(fwhm=3.0), n_stars=60, seed=5)
    used = measure(pixels, crop_percent=20.0).stars
    used = used[used["used"]]
    assert used["x"].min() > 102
    assert used["x"].max() < 1024 - 102
    assert used["y"].min() > 76
    assert used["y"].max() < 768 - 76
    distance = np.hypot(used["x"][:, None] - truth[:, 0], used["y"][:, None] - truth[:, 1])
    assert np.median(distance.min(axis=1)) < 0.15  # the renderer places to 1/6 px


def test_false_stars_are_dropped_and_say_why(star):
    sharp = star(fwhm=3.2)
    rng = np.random.default_rng(6)
    image = rng.normal(500, 5, (400, 400))
    half = len(sharp.fine) // 6 // 2

    def put(x, y, flux):
        image[y - half : y + half + 1, x - half : x + half + 1] += flux * sharp.stamp(0, 0)

    for place in range(60, 360, 60):
        put(place, 60, 6e4)
        put(place, 120, 9e4)
    put(100, 200, 8e4)
    put(105, 200, 7e4)
    put(200, 260, 2e6)
    image[330, 100:104] += 9_000  # a cosmic ray's track
    image[330, 200] += 20_000  # a hot pixel
    edge = 6e4 * sharp.stamp(0, 0)
    image[300 - half : 301 + half, : half + 2] += edge[:, half - 1 :]
    stars = measure(np.clip(image, 0, 65_535).astype(np.uint16)).stars

    def reasons(x, y, reach=8):
        near = stars[np.hypot(stars["x"] - x, stars["y"] - y) < reach]
        return {str(reason) for reason in near["reason"]}

    assert stars["used"].sum() == 10
    assert reasons(200, 260) == {"saturated"}
    assert "" not in reasons(102, 200)
    assert "" not in reasons(101.5, 330)
    assert "" not in reasons(200, 330)
    assert reasons(1, 300) == {"touches the border"}
    assert ((stars["reason"] == "") == stars["used"]).all()


def test_minimum_star_diameter_halves_at_binning_2(star, field):
    pixels, _ = field(star(fwhm=3.0), n_stars=40, seed=7)
    stars = measure(pixels).stars
    limit = float(np.median(stars["diameter"]))
    stars = measure(pixels, min_star_diameter_px=limit).stars
    assert (stars["diameter"][stars["used"]] >= limit).all()
    assert "smaller than the minimum star diameter" in stars["reason"]
    stars = measure(Frame(pixels, binning=2), min_star_diameter_px=limit).stars
    assert stars["diameter"].min() >= limit / 2
    assert "smaller than the minimum star diameter" not in stars["reason"]


def test_too_few_stars_say_how_many(star, field):
    pixels, _ = field(star(fwhm=3.0), n_stars=3, shape=(300, 300), flux=(5e4, 6e4), seed=8)
    with pytest.raises(TooFewStars, match="5 needed") as caught:
        measure(pixels, min_stars=5)
    assert caught.value.n_stars <= 3
    assert caught.value.needed == 5
    with pytest.raises(TooFewStars, match="no stars, 1 needed"):
        measure(np.random.default_rng(9).normal(400, 6, (300, 300)).astype(np.uint16))


def test_nearly_noiseless_rounded_sky_is_not_full_of_stars(star):
    image = _one(star(fwhm=3.0), shape=300) + np.random.default_rng(10).normal(0, 0.3, (300, 300))
    measured = measure(np.rint(image).astype(np.uint16))
    assert measured.n_stars == 1


def test_a_sky_gradient_changes_nothing(star, field):
    shape = star(12, 0.35, fwhm=3.0)
    pixels, _ = field(shape, n_stars=50, seed=11)
    slope = np.linspace(0, 150, pixels.shape[1])
    tilted = (pixels + slope + 0.3 * slope[::-1] ** 1.5).astype(np.uint16)
    assert measure(tilted).value == pytest.approx(shape.hfr, rel=0.02)


@pytest.mark.parametrize("dtype", [">u2", "<u4", "<i4", ">f4", "<f8"])
def test_the_type_of_the_pixels_does_not_matter(star, field, dtype):
    pixels, _ = field(star(4, 0.3, fwhm=3.0), n_stars=20, shape=(300, 400), seed=12)
    expected = measure(pixels)
    # Rounding and the top of the type are known of 16-bit integers only: a star may more or less.
    assert measure(pixels.astype(dtype)).value == pytest.approx(expected.value, rel=0.005)


def test_missing_pixels_are_left_out(star, field):
    shape = star(4, 0.3, fwhm=3.0)
    pixels = field(shape, n_stars=60, seed=13)[0].astype(np.float32)
    pixels[:, 500:503] = np.nan
    pixels[300] = np.inf
    assert measure(pixels).value == pytest.approx(shape.hfr, rel=0.02)


def test_frames_that_cannot_be_measured_say_why():
    cases = [
        (np.zeros((30, 30, 3)), "two dimensions"),
        (np.zeros(30), "two dimensions"),
        (np.zeros((0, 0)), "too small"),
        (np.ones((1, 1)), "too small"),
        (np.full((40, 40), 417, np.uint16), "Every pixel of the frame is 417"),
        (np.full((40, 40), np.nan), "no numbers"),
        (np.zeros((40, 40), complex), "complex128"),
        (np.full((40, 40), "a"), "cannot be measured"),
    ]
    for pixels, why in cases:
        with pytest.raises(MeasurementError, match=why):
            measure(pixels)


def test_wrong_options_are_named():
    with pytest.raises(OptionsError, match="there are hfr, hfr_mean_radius"):
        measure(np.zeros((40, 40)), metric="hdf")
    with pytest.raises(OptionsError, match="crop"):
        measure(np.zeros((40, 40)), crop_percent=100)


def test_odd_frames_give_a_number_or_a_measurement_error():
    rng = np.random.default_rng(14)
    for round_ in range(150):
        shape = tuple(rng.integers(1, rng.choice([5, 20, 90]), 2))
        values = rng.normal(0, 1, shape) * 10.0 ** rng.integers(-3, 300 if round_ % 5 == 0 else 5)
        if round_ % 3 == 0:
            values += 1e5 * (rng.random(shape) > 0.98)
        if round_ % 4 == 0:
            values[rng.random(shape) > 0.7] = rng.choice([np.nan, np.inf, -np.inf])
        with np.errstate(all="ignore"):
            dtype = str(rng.choice(["u1", "<u2", ">i2", "<i4", ">u8", "f2", ">f4", "f8", "?"]))
            pixels = (np.nan_to_num(values) if np.dtype(dtype).kind in "iu" else values).astype(
                dtype
            )
        try:
            measured = measure(pixels)
        except MeasurementError as error:
            assert str(error)  # noqa: PT017 (either outcome is right)
        else:
            assert np.isfinite(measured.value)
            assert measured.value > 0


def test_eight_threads_measure_the_same_numbers(star, field):
    pixels, _ = field(star(6, 0.3, fwhm=3.0), n_stars=60, shape=(500, 600), seed=15)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: measure(pixels), range(8)))
    for result in results[1:]:
        for name in result.stars.dtype.names:  # a whole row with a NaN equals none
            np.testing.assert_array_equal(result.stars[name], results[0].stars[name])
        assert result.value == results[0].value


def test_too_few_stars_still_tell_why_each_was_left_out():
    image = np.random.default_rng(5).normal(100.0, 3.0, (120, 160))
    y, x = np.indices(image.shape)
    for row, column in ((30, 40), (60, 90), (90, 120)):
        image += 3000.0 * np.exp(-((x - column) ** 2 + (y - row) ** 2) / 8.0)
    with pytest.raises(TooFewStars) as refused:
        measure(image, min_star_diameter_px=100.0)
    stars = refused.value.stars
    assert len(stars) >= 3
    assert (stars["reason"] != "").all()
