"""Every curve against points that lie exactly on it."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from focusbench.curve import (
    CURVES,
    CurveFit,
    FocusPoint,
    Outcome,
    classic_zone,
    evaluate,
    find_best_focus,
    zone_of,
)
from focusbench.curve.counted import Counted
from focusbench.curve.smooth import fit_hyperbola

POSITIONS = np.arange(10_240, 9_740, -60)
TRUTH = 10_013.0
# Settings for tests that run `auto`, tens of milliseconds each, on a machine that others share.
SLOW = settings(max_examples=12, deadline=None, derandomize=True)


def hyperbola(x, x0=TRUTH, a=2.5, b=90.0):
    return a * np.hypot(1, (x - x0) / b)


NOISE = np.random.default_rng(3).normal(scale=0.02, size=POSITIONS.size)
NOISY = hyperbola(POSITIONS) * (1 + NOISE)


def test_hyperbola_is_recovered_exactly(make_points):
    fit = find_best_focus(make_points(POSITIONS, hyperbola(POSITIONS))).fits["hyperbola"]
    assert fit.ok
    assert fit.best_position == pytest.approx(TRUTH, abs=1e-6)
    assert fit.parameters["a"] == pytest.approx(2.5, rel=1e-9)
    assert fit.parameters["b"] == pytest.approx(90, rel=1e-9)
    assert fit.parameters["slope"] == pytest.approx(2.5 / 90, rel=1e-9)
    assert fit.r_squared == pytest.approx(1)
    assert fit.best_position_error == pytest.approx(0, abs=1e-4)


def test_auto_finds_an_exact_hyperbola_to_a_fraction_of_its_error(make_points):
    best = find_best_focus(make_points(POSITIONS, hyperbola(POSITIONS)), step_size=60)
    assert best.outcome is Outcome.FOCUSED
    assert abs(best.best_position - TRUTH) < 0.3 * best.best_position_error
    assert best.expected_metric == pytest.approx(2.5, rel=0.01)


def test_parabola_is_recovered_exactly(make_points):
    y = 3 + 2e-5 * (POSITIONS - TRUTH) ** 2
    best = find_best_focus(make_points(POSITIONS, y), curve="parabola")
    assert best.outcome is Outcome.FOCUSED
    assert best.best_position == pytest.approx(TRUTH, abs=1e-6)
    assert best.expected_metric == pytest.approx(3)
    assert best.zone == pytest.approx(math.sqrt(0.05 * 3 / 2e-5), rel=1e-6)


def test_two_lines_cross_at_the_tip_of_a_sharp_v(make_points):
    d = POSITIONS - TRUTH
    y = 2 + np.where(d > 0, 0.03 * d, -0.02 * d)
    fit = find_best_focus(make_points(POSITIONS, y), curve="two_lines").fits["two_lines"]
    assert fit.ok
    assert fit.best_position == pytest.approx(TRUTH, abs=1e-6)
    assert fit.parameters["left_slope"] == pytest.approx(-0.02)
    assert fit.parameters["right_slope"] == pytest.approx(0.03)


def test_two_lines_leave_out_the_rounded_bottom_but_reject_nothing(make_points):
    best = find_best_focus(make_points(POSITIONS, hyperbola(POSITIONS)), curve="two_lines")
    y = hyperbola(POSITIONS)
    assert best.fits["two_lines"].used == tuple(y >= 1.2 * y.min())
    assert not any(best.rejected)


def test_two_lines_leave_out_a_point_far_from_its_line(make_points):
    y = 2 + 0.02 * np.abs(POSITIONS - 10_000.0)
    y[1] += 2
    best = find_best_focus(make_points(POSITIONS, y), curve="two_lines")
    assert not best.fits["two_lines"].used[1]
    assert best.best_position == pytest.approx(10_000, abs=1e-6)
    assert best.reasons[1].endswith("σ off its line")


@pytest.mark.parametrize("curve", CURVES)
def test_every_curve_is_drawn_from_its_parameters_alone(make_points, curve):
    fit = find_best_focus(make_points(POSITIONS, NOISY)).fits[curve]
    drawn = evaluate(fit, POSITIONS)
    used = np.array(fit.used)
    residual = (drawn - NOISY)[used]
    total = (NOISY[used] - NOISY[used].mean()) @ (NOISY[used] - NOISY[used].mean())
    assert fit.r_squared == pytest.approx(1 - residual @ residual / total, abs=1e-9)


@pytest.mark.parametrize("curve", ["auto", "parabola", "hyperbola"])
def test_drawn_curve_is_lowest_where_focus_is_said_to_be(make_points, curve):
    fit = find_best_focus(make_points(POSITIONS, NOISY)).fits[curve]
    (at,) = evaluate(fit, [fit.best_position])
    near = evaluate(fit, [fit.best_position - 1, fit.best_position + 1])
    assert at == pytest.approx(fit.expected_metric)
    assert np.all(near > at)


def test_curve_that_could_not_be_fitted_draws_nothing():
    assert np.isnan(evaluate(CurveFit("hyperbola", ok=False), [1.0, 2.0])).all()


@pytest.mark.parametrize("curve", ["auto", "parabola", "hyperbola"])
def test_zone_is_where_the_curve_lies_within_the_tolerance(make_points, curve):
    # Equal wings, so that the odd term of `auto` is nearly nothing: 1 % for what is left of it.
    fit = find_best_focus(make_points(POSITIONS, hyperbola(POSITIONS, x0=10_000))).fits[curve]
    zone = zone_of(fit, 0.05)
    edges = evaluate(fit, [fit.best_position - zone, fit.best_position + zone])
    assert edges == pytest.approx(1.05 * fit.expected_metric, rel=0.01)


def test_classic_zone_follows_from_focal_ratio_and_slope():
    # f/5, 3.8 µm: a slope of 0.0186 px per step is 2·5·3.8·0.0186/0.7071 = 1.0 µm per step,
    # and 2.44·0.55·25 = 33.55 µm.
    slope = math.sqrt(0.5) / (2 * 5 * 3.8)
    assert classic_zone(5, 3.8, slope) == pytest.approx(33.55)
    # A donut of the same width has a larger half-flux radius, so the same slope is less travel.
    assert classic_zone(5, 3.8, slope, obstruction=0.5) > 33.55
    assert classic_zone(5, 3.8, 0) is None


@SLOW
@given(
    shift=st.integers(-100_000, 100_000),
    stretch=st.sampled_from([-1.0, 0.01, 1.0, 37.0]),
    scale=st.sampled_from([0.01, 1.0, 250.0]),
)
def test_answers_move_with_the_focuser_and_not_with_the_unit(shift, stretch, scale):
    def answers(positions, metrics, step_size):
        points = [FocusPoint(float(x), float(y)) for x, y in zip(positions, metrics, strict=True)]
        # A mirrored run is not the same run in time, so lag is left out of this.
        return find_best_focus(points, step_size=step_size, time_ordered=False)

    plain = answers(POSITIONS, NOISY, 60)
    moved = answers(stretch * POSITIONS + shift, scale * NOISY, 60 * abs(stretch))
    for curve in CURVES:
        a, b = plain.fits[curve], moved.fits[curve]
        assert b.ok == a.ok
        # The grids over x0 need not fall on the same nodes: a hundredth of the error.
        within = 0.02 * a.best_position_error * abs(stretch)
        assert b.best_position == pytest.approx(stretch * a.best_position + shift, abs=within)
        error = abs(stretch) * a.best_position_error
        assert b.best_position_error == pytest.approx(error, rel=0.02)
        assert b.expected_metric == pytest.approx(scale * a.expected_metric, rel=1e-3)


def test_hyperbola_error_bar_covers_what_it_says(make_points):
    rng = np.random.default_rng(11)
    n_runs, inside, inside_95 = 300, 0, 0
    for _ in range(n_runs):
        y = hyperbola(POSITIONS) + rng.normal(scale=0.06, size=POSITIONS.size)
        fit = fit_hyperbola(Counted.of(make_points(POSITIONS, y)))
        inside += abs(fit.best_position - TRUTH) < fit.best_position_error
        inside_95 += fit.interval_95[0] < TRUTH < fit.interval_95[1]
    # Three binomial standard errors of 300 runs: 8 and 4 points.
    assert inside / n_runs == pytest.approx(0.68, abs=0.08)
    assert inside_95 / n_runs == pytest.approx(0.95, abs=0.04)
