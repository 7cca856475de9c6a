"""What lessons show: sliders, frames through focus, a plain program, a game."""

import numpy as np
import pytest

import focusbench as fb
from focusbench import lessons
from focusbench.curve import FocusPoint
from focusbench.errors import MeasurementError, PackageError
from focusbench.frames import Frame
from focusbench.lessons.flipbook import Flipbook
from focusbench.lessons.play import BothWays


@pytest.fixture
def book():
    drawn = []

    def draw(value):
        drawn.append(value)
        figure, (axes,) = lessons.new_axes()
        axes.plot([0, value])
        return lessons.picture(figure, f"Up to {value}.")

    made = Flipbook("Height", [0, -1, 2, 5, 9], draw, start=2)
    made.drawn = drawn
    yield made
    made.close()


def test_slider_shows_the_picture_of_its_value_and_draws_it_once(book):
    page = book.children[1]
    assert "Up to 2." in page.value
    book.slider.value = 9
    assert "Up to 9." in page.value
    book.slider.value = 2
    assert book.drawn == [2, 9]


def test_slider_reads_with_a_true_minus(book):
    assert [said for said, _ in book.slider.options] == ["0", "−1", "2", "5", "9"]


def test_saved_page_has_three_pictures_in_place_of_the_slider(book):
    data = book._repr_mimebundle_()
    page = (data[0] if isinstance(data, tuple) else data)["text/html"]
    assert page.count("<img") == 3
    assert all(f"Up to {value}." in page for value in (0, 2, 9))


def test_frames_are_measured_from_outside_in_and_backlash_is_taken_up():
    rig = fb.simulated_rig(seed=3, shape=(160, 200), n_stars=40, backlash=90)
    looked = lessons.through_focus(rig, [10_010, 10_250, 10_490])
    assert looked.positions == (10_490, 10_250, 10_010)
    assert looked.sharpest == 1
    assert looked.hfr[0] == pytest.approx(looked.hfr[2], rel=0.08)


def test_star_to_look_at_is_far_from_the_edge_and_seen_in_every_frame():
    rig = fb.simulated_rig(seed=3, shape=(240, 320), n_stars=60)
    looked = lessons.through_focus(rig, range(10_010, 10_491, 120))
    x, y = looked.star
    assert 12 < x < 307
    assert 12 < y < 227
    each = [looked.hfr_of_star(i) for i in range(len(looked))]
    assert each == pytest.approx(looked.hfr, rel=0.06)


def test_sky_without_stars_says_so():
    rig = fb.simulated_rig(seed=3, shape=(160, 200), n_stars=0, hot_share=0)
    with pytest.raises(MeasurementError, match="No star"):
        lessons.through_focus(rig, [10_250])


def test_package_without_frames_is_refused_in_words(tmp_path):
    table = tmp_path / "run.csv"
    table.write_text("position,hfr\n100,3\n110,2\n120,3\n")
    with pytest.raises(PackageError, match="no frames to look at"):
        lessons.frames_of(fb.open_package(table))


def test_plain_program_reads_a_single_pixel_as_one_and_a_disk_as_its_half_flux_radius():
    rng = np.random.default_rng(0)
    pixels = rng.normal(500, 3, (120, 160))
    pixels[20, 30] += 5000
    rows, columns = np.mgrid[:120, :160]
    pixels[np.hypot(rows - 70, columns - 100) <= 10] += 1000
    read = lessons.plain_reading(Frame(pixels.astype(np.uint16)), 1.0)
    hot, disk = read.objects[:2]
    assert (hot["x"], hot["y"]) == (30, 20)
    assert hot["hfr"] == pytest.approx(0.4, abs=0.01)
    # Half of an even disk lies within its radius / √2.
    assert disk["hfr"] == pytest.approx(10 / 2**0.5, abs=0.3)
    assert disk["diameter"] == pytest.approx(20, abs=0.5)


def test_dark_is_one_that_a_run_finds(tmp_path):
    rig = fb.simulated_rig(seed=3, shape=(160, 200), n_stars=40, hot_share=1e-3)
    path = lessons.take_dark(rig, 2.5, tmp_path / "darks")
    assert path.name == "2.5_dark.fits"
    frame = lessons.take_frame(rig, 10_250)
    (cleaned,) = lessons.without_dark([frame], tmp_path / "darks")
    at = rig.sensor.hot_row, rig.sensor.hot_column
    sky = np.median(frame.pixels)
    assert np.median(frame.pixels[at]) > sky + 500
    assert np.median(cleaned.pixels[at].astype(float)) < np.median(frame.pixels[at]) / 2


def test_shift_of_two_curves_is_measured_to_a_step():
    at = np.arange(10_000, 10_501, 50)
    v = 2 * np.hypot(1, (at - 10_250) / 80)
    moved = 2 * np.hypot(1, (at - 10_290) / 80)
    assert BothWays(at, moved, v).shift == pytest.approx(40, abs=0.1)


def test_ends_of_a_hyperbola_are_what_its_formula_says():
    points = [FocusPoint(x, 2.0 * np.hypot(1, x / 80)) for x in range(-240, 241, 60)]
    assert lessons.ends_ratio(points) == pytest.approx(np.hypot(1, 3), rel=0.001)


def test_three_lowest_need_three_points():
    assert lessons.three_lowest([FocusPoint(1, 2.0), FocusPoint(2, 3.0)]) == {}


def test_real_frames_of_a_newtonian_are_shown_through_focus(shared_data):
    looked = lessons.frames_of(fb.open_package(shared_data / "newton-through-focus"))
    # The minimum lies between 602.5 and 604.5, by three kinds of fit.
    assert looked.positions[looked.sharpest] in (602, 603, 604, 605)
    assert looked.hfr.max() > 5 * looked.hfr.min()
    # The mount let the star wander; it is followed.
    places = np.array([looked.place(i) for i in range(len(looked))])
    assert np.ptp(places, axis=0).max() > 2
    for i in range(len(looked)):
        light = np.clip(looked.cut_out(i, 20) - 100, 0, None)
        middle = np.average(np.arange(-20, 21), weights=light.sum(axis=0))
        assert abs(middle) < 2
    assert lessons.strip(looked).words.startswith("One star at 11 positions")
    book = lessons.eyepiece(looked)
    book.slider.value = 603
    assert book.picture.words.startswith("Position 603: half of the star's light within")
