"""What is no star, or spoilt, is not used, and the table says why."""

import functools

import numpy as np
import pytest

from focusbench.frames import Frame
from focusbench.stars import measure

SIDE = 600
FOCUS, DONUT = (0.0, 0.0), (12.0, 0.35)
GRID = (100, 200, 300, 400, 500)


@pytest.fixture(scope="module")
def kinds(star):
    """Stars in focus and out of it."""
    return functools.lru_cache(lambda kind: star(*kind, fwhm=3.2))


class Sky:
    """A frame with a grid of good stars, to which others are added."""

    def __init__(self, star, flux, rows=(100, 300, 500)):
        self.star, self.flux = star, flux
        self.image = np.random.default_rng(7).normal(500, 6, (SIDE, SIDE))
        for y in rows:
            for k, x in enumerate(GRID):
                self.put(x, y, flux * (1 + 0.3 * k))

    def put(self, x, y, flux, star=None):
        """Add a star, as far as it is inside the frame."""
        stamp = flux * (star or self.star).stamp(x - round(x), y - round(y))
        half = len(stamp) // 2
        left, top = round(x) - half, round(y) - half
        a, b = max(0, top), min(SIDE, top + len(stamp))
        c, d = max(0, left), min(SIDE, left + len(stamp))
        self.image[a:b, c:d] += stamp[a - top : b - top, c - left : d - left]

    def pixels(self, full=65_535):
        return np.clip(np.rint(self.image), 0, full).astype(np.uint16)

    def reasons(self, x, y, reach=8, **options):
        """Why what lies near a place is not used; "" where it is."""
        stars = measure(Frame(self.pixels(), header={"SATURATE": 65_535}), **options).stars
        near = stars[np.hypot(stars["x"] - x, stars["y"] - y) < reach]
        return {str(reason) for reason in near["reason"]}


@pytest.fixture(params=[FOCUS, DONUT], ids=["focus", "donut"])
def sky(request, kinds):
    return Sky(kinds(request.param), 6e4 if request.param == FOCUS else 4e5)


def test_the_good_stars_are_used(sky):
    measured = measure(sky.pixels())
    assert measured.n_stars == 15
    assert measured.value == pytest.approx(sky.star.hfr, rel=0.03)


def test_saturated_stars_say_so(sky):
    sky.put(200, 200, 120 * sky.flux)
    assert sky.reasons(200, 200) == {"saturated"}


@pytest.mark.parametrize("kind", [FOCUS, DONUT])
def test_stars_saturated_below_the_top_of_the_type_say_so(kinds, kind):
    sky = Sky(kinds(kind), 6e4 if kind == FOCUS else 4e5)
    for x in (150, 250, 350):
        sky.put(x, 200, 40 * sky.flux)
    stars = measure(sky.pixels(full=16_383)).stars
    for x in (150, 250, 350):
        at = np.hypot(stars["x"] - x, stars["y"] - 200).argmin()
        assert stars["reason"][at] == "saturated"
        assert stars["saturated"][at]


def test_hot_pixels_are_not_used(sky):
    for dx in (0, 1):
        sky.image[200, 200 + dx] += 30_000
    sky.image[400, 250] += 4_000
    assert "" not in sky.reasons(200, 200) | sky.reasons(250, 400)
    assert measure(sky.pixels()).n_stars == 15


def test_cosmic_rays_are_not_used(sky):
    sky.image[200, 200:206] += 6_000
    sky.image[range(400, 409), range(250, 259)] += 3_000
    assert "" not in sky.reasons(202, 200) | sky.reasons(254, 404, 12)
    assert measure(sky.pixels()).n_stars == 15


def test_a_hot_pixel_in_a_star_does_not_change_its_size(sky):
    before = measure(sky.pixels())
    for y in (100, 300, 500):
        for x in GRID:
            sky.image[y + 1, x + 2] += 5_000
    assert measure(sky.pixels()).value == pytest.approx(before.value, rel=0.03)


def test_stars_at_the_border_and_at_the_edge_of_the_crop_say_so(sky):
    sky.put(3, 200, sky.flux)
    sky.put(250, 597, sky.flux)
    assert sky.reasons(3, 200) == {"touches the border"}
    assert sky.reasons(250, 597) == {"touches the border"}
    # A third left out: the outer sixth, 100 pixels, on which the outer stars of the grid lie.
    stars = measure(sky.pixels(), crop_percent=100 / 3).stars
    assert stars["used"].sum() == 3
    assert "touches the border" in stars["reason"]


def test_elongated_stars_say_so(sky):
    for step in np.linspace(-1, 1, 21):
        sky.put(250 + 1.2 * sky.star.hfr * step, 200, sky.flux / 10)
    assert sky.reasons(250, 200) <= {"elongated", "wider than the stars", "blended or no star"}
    assert sky.reasons(250, 200)


def test_where_all_stars_are_trails_being_one_is_no_reason(kinds):
    sky = Sky(kinds(FOCUS), 6e4, rows=())
    for y in (150, 300, 450):
        for x in GRID:
            for step in np.linspace(-3, 3, 13):
                sky.put(x + step, y, 1e4)
    assert measure(sky.pixels()).n_stars == 15


@pytest.mark.parametrize("apart", [0.8, 1.5, 2.5])
def test_two_stars_on_each_other_are_not_read_as_one(sky, apart):
    if sky.star.hfr < 3 and apart < 1:
        return  # in focus, half a full width apart: one star, a tenth wider
    for y, angle in ((200, 0.3), (400, 1.2)):
        dx, dy = apart * sky.star.hfr * np.array([np.cos(angle), np.sin(angle)])
        sky.put(250 - dx / 2, y - dy / 2, 2 * sky.flux)
        sky.put(250 + dx / 2, y + dy / 2, 1.8 * sky.flux)
    assert "" not in sky.reasons(250, 200, 2 * sky.star.hfr)
    assert "" not in sky.reasons(250, 400, 2 * sky.star.hfr)
    assert measure(sky.pixels()).n_stars == 15


def test_galaxies_are_wider_than_the_stars(kinds):
    sky = Sky(kinds(FOCUS), 6e4)
    y, x = np.mgrid[:SIDE, :SIDE]
    r = np.hypot((x - 250) * 0.8 + (y - 200) * 0.6, ((y - 200) * 0.8 - (x - 250) * 0.6) / 0.6)
    sky.image += 1_000 * np.exp(-r / 6)
    assert sky.reasons(250, 200) <= {"wider than the stars", "blended or no star", "elongated"}
    assert sky.reasons(250, 200)
    assert measure(sky.pixels()).n_stars == 15


def test_faint_stars_say_so(sky):
    sky.put(250, 200, 0.005 * sky.flux)
    assert sky.reasons(250, 200) <= {"too faint"}


def test_a_star_too_near_to_a_dead_column_is_not_used(sky):
    sky.image[:, 300:306] = np.nan
    stars = measure(sky.image.astype(np.float32)).stars
    near = stars[np.abs(stars["x"] - 302) < 4]
    assert not near["used"].any()
    assert set(near["reason"]) <= {
        "touches the border or missing pixels",
        "blended with a neighbour",
        "elongated",
        "too faint",
        "wider than the stars",
        "blended or no star",
        "sharper than the stars",
        "sharper than the optics",
    }
