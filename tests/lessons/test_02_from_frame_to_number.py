"""What lesson 2 claims."""

import pytest

from focusbench.frames.darks import MATCH_S

LESSON = "02_from_frame_to_number"


def test_hot_pixels_flatten_the_curve_of_a_program_without_a_minimum(lesson):
    assert lesson["hot"] == lesson["len(rig.sensor.hot_row)"]
    assert lesson["flat"] < 1.3
    assert lesson["better"] > 2
    assert lesson["ours"] > lesson["better"]


def test_minimum_of_3_px_drops_every_hot_pixel_and_one_of_8_most_stars(lesson):
    assert lesson["all_stars"] < 0.5 * lesson["all_objects"]
    assert lesson["stars"] > 0.8 * lesson["objects"]
    x, y = "rig.sensor.hot_column.astype(float)", "rig.sensor.hot_row.astype(float)"
    assert lesson[f"lessons.plain_reading(sharp, 3).n_stars({x}, {y}, 0.8)"] == 0
    assert lesson["left"] < 10 < lesson["stars"]


def test_galaxies_are_left_out_by_reason_and_would_raise_the_bottom(lesson):
    assert 1 <= lesson["wide"] <= 8
    table = "looked.measured[looked.sharpest].stars"
    wide = lesson[f"{table}['hfr'][{table}['reason'] == 'wider than the stars'].tolist()"]
    assert min(wide) > 1.5 * lesson["number.value"]
    # At the ends the same galaxies are as wide as the stars, or not seen at all.
    table = "looked.measured[0].stars"
    wide = lesson[f"{table}['hfr'][{table}['reason'] == 'wider than the stars'].tolist()"]
    assert max(wide, default=0) < 1.5 * lesson["looked.hfr[0]"] or not wide


def test_number_is_that_of_a_sky_without_galaxies_and_hot_pixels(lesson):
    alone = (
        "lessons.take_frame(fb.simulated_rig(seed=5, shape=(300, 400), n_stars=60, hot_share=0,"
        " seeing_variation=0), 10_250)"
    )
    clean = lesson[f"fb.measure_frame({alone}).value"]
    # The air differs by 4 % from frame to frame.
    assert lesson["number.value"] == pytest.approx(clean, rel=0.1)
    assert lesson["number.confidence"] == "good"


def test_crop_is_that_of_the_help_page_and_costs_stars(lesson):
    assert (lesson["across"], lesson["down"]) == (20, 15)
    assert lesson["cropped.n_stars"] < lesson["number.n_stars"]
    assert lesson["cropped.error"] > lesson["number.error"]


def test_dark_takes_most_hot_pixels_and_is_not_enough_alone(lesson):
    assert lesson["hot_left"] < 0.4 * lesson["hot"]
    assert lesson["dark_alone"] < 1.5
    assert lesson["dark.name"] == "3_dark.fits"


def test_focus_module_stands_ready(lesson):
    assert lesson["module.refresh() or module.take_button.disabled"] is False
    assert lesson.complaints == []


def test_dark_that_the_lesson_took_is_used_by_a_run(lesson):
    options = "fb.AutofocusOptions(dark_folder='darks', exposure_s=4)"
    run = f"fb.autofocus(rig, {options}, save_packages_to=None)"
    assert lesson[f"{run}.outcome.value"] == "FOCUSED"


def test_numbers_told_in_words_are_true(lesson):
    assert MATCH_S == 2  # "up to two seconds off still fits"
    assert lesson["len(looked)"] == 9  # "The same nine frames"
