"""Whether a minimum is bracketed, and which side is short."""

import dataclasses

import numpy as np
import pytest

from focusbench.curve import Rejected, bracketing, find_best_focus, lowest_points

X = np.arange(4, -5, -1.0)


def v(x0, b=1.5):
    return 3 * np.hypot(1, (X - x0) / b)


@pytest.mark.parametrize(
    ("x0", "inner_short", "outer_short"),
    [(0, False, False), (1.9, False, False), (-2.9, True, False), (2.9, False, True)],
)
def test_two_points_are_needed_on_each_side(make_points, x0, inner_short, outer_short):
    y = v(x0)
    bracket = bracketing(make_points(1000 + 60 * X, y, 0.01 * y))
    assert bracket.inner_short == inner_short
    assert bracket.outer_short == outer_short
    assert bracket.bracketed == (not inner_short and not outer_short)
    assert bracket.lowest_position == 1000 + 60 * round(x0)


@pytest.mark.parametrize(("error", "bracketed"), [(0.30, True), (0.36, False)])
def test_each_end_must_stand_three_combined_errors_above_the_lowest(make_points, error, bracketed):
    # The end stands 1.4 px above the lowest; 3·√2·0.33 is 1.4.
    y = np.array([4.4, 4.0, 3.5, 3.0, 3.5, 4.0, 6.0])
    points = make_points(range(7, 0, -1), y, np.full(7, error))
    bracket = bracketing(points)
    assert bracket.bracketed == bracketed
    assert bracket.outer_short == (not bracketed)


def test_without_frame_errors_the_scatter_about_the_curve_stands_in(make_points):
    rng = np.random.default_rng(2)
    points = make_points(1000 + 60 * X, v(0))
    assert bracketing(points, find_best_focus(points, step_size=60)).bracketed
    assert bracketing(points).bracketed
    noisy = make_points(1000 + 60 * X, 3 + 0.3 * rng.normal(size=9))
    assert not bracketing(noisy, find_best_focus(noisy, step_size=60)).bracketed


def test_rejected_points_do_not_bracket(make_points):
    y = v(2.0)
    points = make_points(1000 + 60 * X, y, 0.01 * y)
    assert bracketing(points).bracketed
    points[0] = dataclasses.replace(points[0], rejected=Rejected.FEW_STARS)
    assert bracketing(points).outer_short


def test_points_rejected_by_the_fit_do_not_bracket(make_points):
    y = v(2.0)
    points = make_points(1000 + 60 * X, y, 0.01 * y)
    best = find_best_focus(points, step_size=60)
    rejected = (Rejected.LAG, *best.rejected[1:])
    assert bracketing(points, dataclasses.replace(best, rejected=rejected)).outer_short


@pytest.mark.parametrize(
    ("metrics", "only_worse"),
    [
        ([3, 3.2, 3.5, 4, 5], True),
        ([3, 3.2, 3.5, 4, 5, 2], True),
        ([3, 3.2, 3.5, 4], False),
        ([3, 3.2, 3.25, 4, 5], False),
        ([3, 2.9, 3.5, 4, 5], False),
    ],
)
def test_five_points_that_only_get_worse_are_noticed(make_points, metrics, only_worse):
    points = make_points(range(len(metrics), 0, -1), metrics)
    assert bracketing(points).only_worse == only_worse


def test_no_points_are_not_bracketed():
    bracket = bracketing([])
    assert not bracket.bracketed
    assert bracket.lowest_position is None


def test_lowest_points_are_neighbours_and_not_simply_the_three_lowest(make_points):
    # 2.0 at the far end is low, but alone.
    points = make_points([50, 40, 30, 20, 10, 0], [6, 4, 3, 3.5, 9, 2])
    lowest = lowest_points(points)
    assert lowest.used == (False, True, True, True, False, False)
    weights = 1 / np.array([4, 3, 3.5])
    assert lowest.position == pytest.approx(weights @ [40, 30, 20] / weights.sum())
    assert lowest.expected == pytest.approx(3.5)


def test_two_points_have_no_three_lowest(make_points):
    assert lowest_points(make_points([1, 2], [3, 4])) is None
