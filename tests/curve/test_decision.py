"""FOCUSED, LOWEST_POINTS or NOT_FOCUSED, and why."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from focusbench.curve import (
    CURVES,
    FocusPoint,
    Outcome,
    Rejected,
    bracketing,
    evaluate,
    find_best_focus,
    lowest_points,
)
from focusbench.errors import OptionsError

X = np.arange(4, -5, -1.0)
RNG = np.random.default_rng(8)


def v(x0, b=1.5):
    return 3 * np.hypot(1, (X - x0) / b) * (1 + 0.02 * np.random.default_rng(4).normal(size=9))


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize(
    ("name", "metrics", "direction"),
    [
        ("falls inward", 3 * np.exp(0.15 * X), -1),
        ("falls outward", 3 * np.exp(-0.15 * X), 1),
        ("right wing only", v(-7), -1),
        ("left wing only", v(7), 1),
        ("minimum at the inner end", v(-4), -1),
        ("minimum at the outer end", v(4), 1),
        ("exactly flat", np.full(9, 3.0), 0),
        ("flat", 3 * (1 + 0.03 * RNG.normal(size=9)), 0),
        ("upside down", 12 - v(0), None),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_points_without_a_minimum_are_never_focused(make_points, curve, name, metrics, direction):
    best = find_best_focus(make_points(1000 + 60 * X, metrics), curve=curve, step_size=60)
    assert best.outcome is Outcome.NOT_FOCUSED, name
    assert best.best_position is None
    assert best.diagnosis.endswith(".")
    if direction is not None:
        assert best.direction == direction


def test_noise_is_hardly_ever_taken_for_a_curve(make_points):
    rng = np.random.default_rng(15)
    focused = dict.fromkeys(CURVES, 0)
    without_veto = 0
    for _ in range(100):
        y = 3 * np.exp(0.3 * rng.normal(size=9))
        points = make_points(1000 + 60 * X, y, 0.03 * y)
        for curve in CURVES:
            best = find_best_focus(points, curve=curve, step_size=60)
            focused[curve] += best.outcome is Outcome.FOCUSED
        best = find_best_focus(points, curve="hyperbola", step_size=60, veto=False)
        without_veto += best.outcome is Outcome.FOCUSED
    # Measured in 1,500 runs: 1.3 % for `auto`, up to 2.3 % for the others (without the veto 23 %);
    # 1 in 300 sets of 100 runs exceeds these.
    assert focused["auto"] <= 5
    assert max(focused.values()) <= 7
    assert without_veto > max(focused.values())


def test_two_lines_decide_to_the_letter_of_sgpros_help_page_without_the_veto(make_points):
    # Flat but for noise, and yet one line falls and one rises.
    y = np.array([3.3, 3.0, 3.1, 3.05, 2.95, 3.0, 3.1, 3.05, 3.2])
    points = make_points(1000 + 60 * X, y, np.full(9, 0.15))
    vetoed = find_best_focus(points, curve="two_lines", step_size=60)
    assert vetoed.fits["two_lines"].ok
    assert vetoed.outcome is Outcome.NOT_FOCUSED
    best = find_best_focus(points, curve="two_lines", step_size=60, veto=False)
    assert best.outcome is Outcome.FOCUSED
    assert best.best_position == vetoed.fits["two_lines"].best_position


def test_without_the_veto_red_lines_on_a_slope_are_still_no_focus(make_points):
    points = make_points(1000 + 60 * X, 3 * np.exp(0.15 * X))
    best = find_best_focus(points, curve="two_lines", step_size=60, veto=False)
    assert best.outcome is Outcome.NOT_FOCUSED
    assert best.direction == -1


def test_the_veto_is_never_lifted_from_auto(make_points):
    points = make_points(1000 + 60 * X, np.full(9, 3.0))
    best = find_best_focus(points, step_size=60, veto=False)
    assert best.outcome is Outcome.NOT_FOCUSED


def test_donut_plateaus_at_both_ends_do_not_hide_the_minimum(make_points):
    y = np.minimum(v(0.2, b=1.0), 9.0)
    best = find_best_focus(make_points(1000 + 60 * X, y), step_size=60)
    assert best.outcome is Outcome.FOCUSED
    assert best.best_position == pytest.approx(1012, abs=10)


def test_parabola_below_its_gate_falls_back_on_the_lowest_points(make_points):
    points = make_points(1000 + 60 * X, v(0.2))
    best = find_best_focus(points, curve="parabola", min_quality=0.9999, step_size=60)
    assert best.outcome is Outcome.LOWEST_POINTS
    assert best.best_position == pytest.approx(lowest_points(points).position)
    assert best.best_position_error is None
    assert "R²" in best.diagnosis
    assert best.expected_metric == pytest.approx(lowest_points(points).expected)


def test_r_squared_judges_no_other_curve(make_points):
    points = make_points(1000 + 60 * X, v(0.2))
    for curve in ("auto", "two_lines", "hyperbola"):
        best = find_best_focus(points, curve=curve, min_quality=1.0, step_size=60)
        assert best.outcome is Outcome.FOCUSED


def test_points_that_scatter_make_the_error_bar_longer_until_it_is_too_long(make_points):
    x = np.arange(6, -7, -1.0)
    zigzag = np.where(np.arange(13) % 2, 1, -1)
    errors = []
    for size in (0.02, 0.17):
        points = make_points(1000 + 60 * x, 3 * np.hypot(1, x / 0.8) * np.exp(size * zigzag))
        best = find_best_focus(points, step_size=60)
        assert best.outcome is Outcome.FOCUSED
        assert best.best_position == pytest.approx(1000, abs=3 * best.best_position_error)
        errors.append(best.best_position_error)
    assert errors[1] > 2 * errors[0]
    points = make_points(1000 + 60 * x, 3 * np.hypot(1, x / 3) * np.exp(0.4 * zigzag))
    assert find_best_focus(points, step_size=60).outcome is not Outcome.FOCUSED


@pytest.mark.parametrize("ratio", [9, 16])
def test_wings_that_are_no_longer_straight_on_a_very_wide_sweep_do_no_harm(make_points, ratio):
    # Donuts grow a quarter less from 4 × on, by a tenth differently on the two sides.
    x = np.arange(6, -7, -1.0)
    ln_y = 0.5 * np.log1p(((x - 0.2) * math.sqrt(ratio**2 - 1) / 6) ** 2)
    beyond = np.maximum(ln_y - math.log(4), 0)
    ln_y -= np.where(x > 0, 0.30, 0.20) * beyond
    y = 3 * np.exp(ln_y + 0.02 * np.random.default_rng(1).normal(size=13))
    best = find_best_focus(make_points(1000 + 60 * x, y, 0.01 * y), step_size=60)
    assert best.outcome is Outcome.FOCUSED
    assert best.best_position == pytest.approx(1012, abs=2.5 * best.best_position_error)


def test_rejected_and_validation_points_are_not_fitted_but_keep_their_place(make_points):
    points = make_points(1000 + 60 * X, v(0.0))
    clean = find_best_focus(points, step_size=60)
    few = FocusPoint(1030.0, 99.0, rejected=Rejected.FEW_STARS, reason="3 stars, 5 needed")
    unread = FocusPoint(970.0, math.nan)
    check = FocusPoint(1000.0, 0.1, role="validation")
    best = find_best_focus([points[0], few, *points[1:], unread, check], step_size=60)
    assert best.best_position == pytest.approx(clean.best_position, abs=1e-9)
    assert best.rejected[1] is Rejected.FEW_STARS
    assert best.reasons[1] == "3 stars, 5 needed"
    assert best.rejected[-2] is Rejected.FEW_STARS
    assert best.reasons[-2] == "could not be measured"
    assert best.rejected[-1] is Rejected.NO
    for fit in best.fits.values():
        assert len(fit.used) == 12
        assert not any(fit.used[i] for i in (1, -2, -1))


@pytest.mark.parametrize("curve", ["auto", "parabola", "hyperbola"])
@pytest.mark.parametrize("n", [3, 4])
def test_few_points_focus_only_with_errors_of_their_own(make_points, curve, n):
    x = np.array([1.0, 0.0, -1.0, -2.0])[:n]
    y = 3 * np.hypot(1, (x + 0.1) / 0.6)
    points = make_points(1000 + 60 * x, y)
    without = find_best_focus(points, curve=curve, min_quality=0, step_size=60)
    assert without.outcome is Outcome.LOWEST_POINTS
    assert without.best_position_error is None
    known = [dataclasses.replace(p, error=0.02 * p.metric) for p in points]
    best = find_best_focus(known, curve=curve, min_quality=0, step_size=60)
    assert best.outcome is Outcome.FOCUSED
    assert 0 < best.best_position_error < 15


def test_three_points_that_do_not_differ_are_no_v(make_points):
    best = find_best_focus(make_points([1010, 1000, 990], [3.02, 3.0, 3.03]))
    assert best.outcome is Outcome.NOT_FOCUSED


@pytest.mark.parametrize(
    "points",
    [
        [],
        [FocusPoint(1000, 3.0)],
        [FocusPoint(1000, 3.0), FocusPoint(990, 2.0)],
        [FocusPoint(1000, 3.0 + i) for i in range(9)],
        [FocusPoint(1000 + i % 2, 3.0 + i) for i in range(9)],
        [FocusPoint(1000 + i, math.nan) for i in range(9)],
        [FocusPoint(1000 + i, 0.0) for i in range(9)],
        [FocusPoint(1000 + i, -3.0) for i in range(9)],
        [FocusPoint(1000 + i, 1e300 * (i + 1)) for i in range(9)],
        [FocusPoint(math.nan, 3.0 + i) for i in range(9)],
    ],
)
@pytest.mark.parametrize("curve", CURVES)
def test_odd_points_end_as_a_sentence(points, curve):
    best = find_best_focus(points, curve=curve)
    assert best.outcome is Outcome.NOT_FOCUSED
    assert best.diagnosis.endswith(".")
    assert len(best.rejected) == len(best.reasons) == len(points)
    assert not bracketing(points, best).bracketed


NUMBER = st.one_of(
    st.floats(0.5, 20),
    st.sampled_from([0.0, -1.0, 1e-300, 1e-8, 1e8, 1e300, math.inf, math.nan]),
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    data=st.lists(
        st.tuples(
            st.one_of(st.integers(-5, 5), st.sampled_from([1e9, -1e300, math.inf, math.nan])),
            NUMBER,
            st.one_of(st.none(), NUMBER),
            st.one_of(st.none(), NUMBER),
        ),
        max_size=9,
    ),
    curve=st.sampled_from(CURVES),
    step_size=st.sampled_from([None, 1.0, 0.0, 1e-9, 1e9, math.nan]),
)
@example(data=[(i, 1e-8 if i else 1e8, None, None) for i in range(6)], curve="auto", step_size=1.0)
def test_no_points_whatever_raise(data, curve, step_size):
    points = [FocusPoint(x, y, error=e, scatter=s) for x, y, e, s in data]
    best = find_best_focus(points, curve=curve, step_size=step_size)
    assert (best.best_position is None) == (best.outcome is Outcome.NOT_FOCUSED)
    if best.outcome is Outcome.FOCUSED:
        counted = [p.position for p in points if math.isfinite(p.metric)]
        assert min(counted) <= best.best_position <= max(counted)
        assert not best.diagnosis
    else:
        assert best.diagnosis
    for fit in best.fits.values():
        assert evaluate(fit, [0.0, 1.0]).shape == (2,)
    bracketing(points, best)
    bracketing(points)
    lowest_points(points)


def test_unknown_curve_is_named_with_the_cure(make_points):
    with pytest.raises(OptionsError, match=r"two_lines.*'spline'"):
        find_best_focus(make_points([1], [1]), curve="spline")
