"""The picture of a star against closed forms, and against photons shot one by one.

Nothing of `focusbench.stars` is used: the half-flux radius is counted here by brute force.
"""

import numpy as np
import pytest

from focusbench.simulator import Optics, Sensor, Sky, StarShape, render_frame


def draw(x=80.0, y=80.0, size=161, *, radius_px, fwhm_px, obstruction=0.3, flux=1.0):
    image = np.zeros((size, size))
    shape = StarShape(Optics(obstruction=obstruction), radius_px=radius_px, fwhm_px=fwhm_px)
    shape.add_to(image, x, y, flux)
    return image


def centroid(image):
    row, column = np.indices(image.shape)
    return (image * column).sum() / image.sum(), (image * row).sum() / image.sum()


def half_flux_radius(image, x, y, fine=8):
    """Radius of the circle around (x, y) that holds half of the light; each pixel is cut into
    fine × fine equal parts, which are counted in rings of 1/200 pixel."""
    sub = (np.arange(fine) + 0.5) / fine - 0.5
    row = (np.arange(image.shape[0])[:, None] + sub).ravel() - y
    column = (np.arange(image.shape[1])[:, None] + sub).ravel() - x
    ring = (200 * np.hypot(row[:, None], column[None, :])).astype(int).ravel()
    light = np.kron(image, np.full((fine, fine), fine**-2)).ravel()
    within = np.cumsum(np.bincount(ring, light))
    return (np.searchsorted(within, 0.5 * within[-1]) + 0.5) / 200


def photons(n, x, y, size, *, radius_px, fwhm_px, obstruction=0.3, beta=3.0):
    """An image of n photons of a unit star, by inverse sampling: annulus + Moffat."""
    rng = np.random.default_rng(0)
    ring = radius_px * np.sqrt(obstruction**2 + (1 - obstruction**2) * rng.random(n))
    alpha = fwhm_px / (2 * np.sqrt(2 ** (1 / beta) - 1))
    blur = alpha * np.sqrt((1 - rng.random(n)) ** (1 / (1 - beta)) - 1)
    a, b = rng.uniform(0, 2 * np.pi, (2, n))
    column = np.rint(x + ring * np.cos(a) + blur * np.cos(b)).astype(int)
    row = np.rint(y + ring * np.sin(a) + blur * np.sin(b)).astype(int)
    inside = (column >= 0) & (column < size) & (row >= 0) & (row < size)
    counts = np.bincount(size * row[inside] + column[inside], minlength=size**2)
    return counts.reshape(size, size) / n


@pytest.mark.parametrize("obstruction", [0.0, 0.3, 0.5])
@pytest.mark.parametrize("radius_px", [16.0, 40.0])
def test_far_from_focus_the_half_flux_radius_is_that_of_an_annulus(radius_px, obstruction):
    # R √((1 + ε²)/2). Seeing and pixels are small against R, hence within 1 %.
    image = draw(radius_px=radius_px, fwhm_px=1.0, obstruction=obstruction)
    expected = radius_px * np.sqrt((1 + obstruction**2) / 2)
    assert half_flux_radius(image, 80, 80) == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("fwhm_px", [9.0, 12.0])
def test_in_focus_the_half_flux_radius_is_that_of_the_moffat_profile(fwhm_px):
    # α √(2^(1/(β−1)) − 1). Pixels are small against the seeing, hence within 1 %.
    alpha = fwhm_px / (2 * np.sqrt(2 ** (1 / 3) - 1))
    image = draw(radius_px=0.0, fwhm_px=fwhm_px, size=241, x=120.0, y=120.0)
    expected = alpha * np.sqrt(np.sqrt(2) - 1)
    assert half_flux_radius(image, 120, 120) == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("obstruction", [0.0, 0.3, 0.6])
@pytest.mark.parametrize("fwhm_px", [1.5, 3.0])
@pytest.mark.parametrize("radius_px", [0.0, 4.0, 8.0])
def test_half_flux_radius_is_that_of_photons(radius_px, fwhm_px, obstruction):
    star = {"radius_px": radius_px, "fwhm_px": fwhm_px, "obstruction": obstruction}
    image = draw(60.3, 59.8, 121, **star)
    expected = half_flux_radius(photons(400_000, 60.3, 59.8, 121, **star), 60.3, 59.8)
    # A median of 400 000 photons is good to 0.2 %, the rings to 0.003 pixels.
    measured = half_flux_radius(image, 60.3, 59.8)
    assert measured == pytest.approx(expected, rel=0.006, abs=0.005)


@pytest.mark.parametrize("fwhm_px", [1.0, 3.0])
@pytest.mark.parametrize("radius_px", [0.0, 8.0])
def test_every_pixel_holds_the_photons_that_fall_into_it(radius_px, fwhm_px):
    n = 1_000_000
    star = {"radius_px": radius_px, "fwhm_px": fwhm_px}
    expected, image = photons(n, 30.3, 29.8, 61, **star), draw(30.3, 29.8, 61, **star)
    # Shot noise of the photons, 5 σ for 3721 pixels; one photon where none is expected.
    assert np.abs((image - expected) / np.sqrt(np.maximum(image, 1 / n) / n)).max() < 5


@pytest.mark.parametrize("radius_px", [0.0, 3.3, 8.0, 30.0])
def test_no_light_is_lost(radius_px):
    assert draw(radius_px=radius_px, fwhm_px=3.0).sum() == pytest.approx(1.0, rel=1e-3)


@pytest.mark.parametrize("radius_px", [0.0, 8.0])
@pytest.mark.parametrize(("dx", "dy"), [(0, 0), (0.25, -0.25), (0.5, 0.5), (-0.37, 0.11)])
def test_star_lies_where_it_was_put(dx, dy, radius_px):
    image = draw(80 + dx, 80 + dy, radius_px=radius_px, fwhm_px=3.0)
    assert centroid(image) == pytest.approx((80 + dx, 80 + dy), abs=0.02)


def test_half_flux_radius_does_not_depend_on_the_place_within_a_pixel():
    # Counting takes the light to be even within a pixel, which costs up to 1 % here.
    radii = [
        half_flux_radius(draw(80 + d, 80 - d, radius_px=0, fwhm_px=3.0), 80 + d, 80 - d)
        for d in (0, 0.2, 0.5)
    ]
    assert radii == pytest.approx([radii[0]] * 3, rel=0.01)


def test_donut_has_a_hole_and_a_disk_has_none():
    donut = draw(radius_px=15.0, fwhm_px=2.0, obstruction=0.5)
    disk = draw(radius_px=15.0, fwhm_px=2.0, obstruction=0.0)
    assert donut[80, 80] < 0.1 * donut[80, 91]
    assert disk[80, 80] == pytest.approx(disk[80, 88], rel=0.02)


def test_donut_is_round():
    donut = draw(radius_px=15.0, fwhm_px=3.0)
    # The stamp has one row and one column more on one side, where next to nothing is left.
    np.testing.assert_allclose(donut, donut.T, atol=1e-4 * donut.max())
    np.testing.assert_allclose(donut, donut[::-1, ::-1], atol=1e-4 * donut.max())
    # 11 px off along an axis, and (6, 9) (10.8 px) and (9, 6): the ring is as bright all around.
    assert donut[80, 91] == pytest.approx(donut[86, 89], rel=0.03)


def test_picture_is_nowhere_darker_than_the_sky():
    for radius_px in (0.0, 8.0, 30.0):
        image = draw(radius_px=radius_px, fwhm_px=1.0)
        assert image.min() > -1e-4 * image.max()


def test_donut_grows_with_defocus_and_with_a_faster_telescope():
    # A cone of f/7 cut 420 µm from its tip is 60 µm wide: a radius of 30 µm, 8 pixels.
    assert Optics(7.0).donut_radius_px(420.0, 3.75) == pytest.approx(8.0)
    assert Optics(7.0).donut_radius_px(-420.0, 3.75) == pytest.approx(8.0)
    assert Optics(3.5).donut_radius_px(420.0, 3.75) == pytest.approx(16.0)


@pytest.mark.parametrize("place", [(0, 10), (31, 31), (-3, 12), (15, 40), (200, 5), (9, -200)])
def test_star_at_or_beyond_the_edge_is_the_star_cut_by_it(place):
    x, y = place
    image = np.zeros((32, 32))
    StarShape(Optics(), radius_px=4.0, fwhm_px=2.0).add_to(image, x, y, 1.0)
    large = draw(x + 250.0, y + 250.0, 532, radius_px=4.0, fwhm_px=2.0)
    np.testing.assert_allclose(image, large[250:282, 250:282], atol=1e-12)


def test_default_telescope_has_the_v_curve_it_was_made_for():
    # f/7, 3.76 µm pixels, seeing of 3 pixels, 1.75 µm a step.
    optics, sensor = Optics(), Sensor(shape=(81, 81), bias_adu=0.0)
    star = Sky(np.array([40.0]), np.array([40.0]), np.array([1e5]), background_e_per_s=0.0)

    def hfr(steps):
        frame = render_frame(
            star, optics, sensor, defocus_um=1.75 * steps, fwhm_px=3.0, exposure_s=1.0
        )
        return half_flux_radius(frame, 40, 40)

    best = hfr(0)
    assert best == pytest.approx(1.9, abs=0.1)
    assert hfr(240) / best == pytest.approx(3.2, abs=0.15)
    assert hfr(-240) == pytest.approx(hfr(240), rel=1e-9)
    assert hfr(20) < 1.05 * best < hfr(30)
    sweep = [hfr(steps) for steps in range(0, 301, 30)]
    assert sweep == sorted(sweep)
