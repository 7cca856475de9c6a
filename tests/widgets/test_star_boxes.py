"""What is drawn over the stars, and what each box says."""

import numpy as np
import pytest

from focusbench.stars import STAR_FIELDS
from focusbench.widgets.frame_picture import Region
from focusbench.widgets.star_boxes import (
    LARGEST_SIDE,
    MOST_BOXES,
    MOST_LABELS,
    SMALLEST_SIDE,
    left_out,
    overlay,
    star_words,
    stars_in_words,
)

WHOLE = Region(0, 0, 1000, 1000)


def stars(n, **columns):
    table = np.zeros(n, STAR_FIELDS)
    generator = np.random.default_rng(3)
    table["x"], table["y"] = generator.uniform(0, 900, (2, n))
    table["flux"] = np.arange(n, 0, -1)
    table["diameter"], table["hfr"], table["peak"], table["used"] = 11, 2.54, 41_200, True
    for name, value in columns.items():
        table[name] = value
    return table


def test_a_kept_star_tells_its_size_and_brightness():
    star = stars(1, x=10.04, y=20.0)[0]
    words = "HFR 2.54 px · size 11 px · peak 41200 ADU above the sky\nat 10.0, 20.0"
    assert star_words(star, "hfr") == words
    assert star_words(star, "hfr:photutils") == words


def test_a_dropped_star_says_why_first_and_what_was_not_measured_is_not_said():
    star = stars(1, used=False, reason="too faint", hfr=np.nan)[0]
    assert star_words(star, "hfr").startswith("Left out: too faint\nsize 11 px")


def test_only_what_is_in_view_has_a_box():
    table = stars(3, x=[100, 500, 900], y=[100, 500, 900])
    drawn = overlay(table, "hfr", Region(400, 400, 600, 600), 700)
    # The centre of the first pixel is half a pixel from the edge.
    assert drawn.kept.x.tolist() == [500.5]


def test_boxes_grow_with_the_zoom_and_stay_large_enough_to_see():
    table = stars(1, x=500, y=500, diameter=9)
    far, near = (
        overlay(table, "hfr", Region(500 - w, 500 - w, 500 + w, 500 + w), 700).kept.sides[0]
        for w in (450, 30)
    )
    assert far == SMALLEST_SIDE
    assert near == pytest.approx(1.3 * 9 * 700 / 60 + 4)
    assert near < LARGEST_SIDE


def test_labels_are_few_and_never_touch():
    drawn = overlay(stars(300), "hfr", WHOLE, 700)
    assert len(drawn.labels) == MOST_LABELS
    close = overlay(stars(2, x=[500, 505], y=[500, 503]), "hfr", WHOLE, 700)
    assert len(close.labels) == 1


def test_a_star_at_the_right_edge_has_no_label_that_would_be_cut():
    assert overlay(stars(1, x=985, y=500), "hfr", WHOLE, 700).labels == ()


def test_there_are_not_more_boxes_than_can_be_seen_and_the_brightest_have_theirs():
    drawn = overlay(stars(MOST_BOXES + 50), "hfr", WHOLE, 700)
    assert (len(drawn.kept.x), drawn.n_hidden) == (MOST_BOXES, 50)


def test_what_is_left_out_is_counted_by_reason():
    table = stars(6, used=[True, False, False, False, False, False])
    table["reason"] = ["", "too faint", "too faint", "elongated", "saturated", "no star"]
    assert left_out(table, most=2) == "2 too faint, 1 elongated, 2 for other reasons"
    assert stars_in_words(table) == "1 of 6 stars"
    table["reason"][1:] = "touches the border"
    assert left_out(table) == "5 touching the border"
