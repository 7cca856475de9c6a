"""The doctor names what is wrong with a run, with its number, and says what to do."""

import dataclasses

import numpy as np
import pytest

from focusbench.curve import BestFocus, FocusPoint, Outcome, Rejected
from focusbench.doctor import diagnose, diagnose_points
from focusbench.engine import RunRecord
from focusbench.options import AutofocusOptions
from tests.doctor.conftest import FOCUSED, NOT_FOCUSED, codes, v_curve


def with_stars(points, counts):
    return [dataclasses.replace(p, n_stars=n) for p, n in zip(points, counts, strict=True)]


def test_a_clean_v_is_good():
    (finding,) = diagnose_points(v_curve(), FOCUSED, step_size=50)
    assert finding.code == "good"
    # b = 70: the ends, 200 steps out, read sqrt(1 + (200/70)²) = 3.03 times the minimum.
    assert "3.0 times the minimum, 4 points further in and 4 further out" in finding.sentence


def test_nothing_is_good_about_a_run_that_did_not_focus():
    assert codes(v_curve(), None) == []
    assert codes(v_curve(), BestFocus(Outcome.NOT_FOCUSED, "auto")) == []


# ------------------------------------------------------------------------------------- step size


def test_a_shallow_bowl_asks_for_a_larger_step():
    (finding,) = diagnose_points(v_curve(b=160), FOCUSED, step_size=50)
    assert finding.code == "step_too_small"
    # sqrt(1 + (200/160)²) = 1.60
    assert "only 1.6 times the minimum" in finding.sentence
    # To 3 times it would take 2.3 times the step; doubling is enough at once.
    assert finding.remedy == "Raise the step size from 50 to about 100."


def test_high_ends_with_few_points_near_the_bottom_ask_for_a_smaller_step():
    (finding,) = diagnose_points(v_curve(b=25), FOCUSED, step_size=50)
    assert finding.code == "step_too_large"
    # sqrt(1 + (200/25)²) = 8.06; only the point at best focus lies below twice the minimum.
    assert "8.1 times the minimum" in finding.sentence
    assert "1 of 9 points lie below twice" in finding.sentence
    assert finding.remedy == "Lower the step size from 50 to about 19."


def test_the_planned_sweep_is_judged_and_not_what_smart_focus_added():
    # Five planned points of b = 70 reach sqrt(1 + (100/70)²) = 1.7 times the minimum; smart focus
    # went on to 3.7 times.
    points = v_curve(n=11)
    options = AutofocusOptions(step_size=50, data_points=5)
    assert codes(points, options=options) == ["step_too_small"]
    assert codes(points, options=options.replace(data_points=11)) == ["good"]


def test_without_a_known_step_size_the_advice_is_a_factor():
    (finding,) = diagnose_points(v_curve(b=160), FOCUSED)
    assert finding.remedy == "Raise the step size: about 2.0 times the present one."


# ------------------------------------------------------------------------------------------ flat


@pytest.mark.parametrize("best", [FOCUSED, NOT_FOCUSED])
def test_a_curve_that_never_rises_is_flat_even_where_it_was_called_focused(best):
    (finding,) = diagnose_points(v_curve(b=1500), best)
    assert finding.code == "flat"
    assert "1 % more than the lowest" in finding.sentence


def test_points_that_only_scatter_by_seeing_are_flat():
    rng = np.random.default_rng(4)
    points = [FocusPoint(1000.0 + 50 * i, 3 * (1 + rng.normal(0, 0.03))) for i in range(11)]
    assert codes(points, NOT_FOCUSED) == ["flat"]


def test_a_curve_is_not_called_flat_for_the_large_errors_of_its_frames():
    points = [dataclasses.replace(p, error=0.05 * p.metric) for p in v_curve(b=160)]
    assert codes(points, NOT_FOCUSED) == ["step_too_small"]


# ------------------------------------------------------------------------------------------ edge


@pytest.mark.parametrize(
    ("centre", "further"),
    [
        (1150, "at the inner edge, near 1000, with no point further in"),
        (1100, "at the inner edge, near 1000, with only one point further in"),
        (900, "at the outer edge, near 1000, with only one point further out"),
    ],
)
def test_a_minimum_at_the_edge_is_told(centre, further):
    (finding,) = diagnose_points(v_curve(n=7, centre=centre), FOCUSED)
    assert finding.code == "edge"
    assert further in finding.sentence
    assert finding.remedy.startswith("Start around 1000")


def test_with_hardly_any_points_the_lowest_must_not_be_an_end():
    assert codes(v_curve(n=3, centre=1100), NOT_FOCUSED) == ["edge"]
    assert codes(v_curve(n=3)) == ["good"]


def test_points_that_only_get_worse_from_the_start_go_the_wrong_way():
    points = v_curve(n=5, centre=800)
    (finding,) = diagnose_points(points, None)
    assert finding.code == "wrong_way"
    assert (
        "only get worse, from 3.49 px at 900 to 8.80 px: focus lies further out" in finding.sentence
    )
    assert "further out" in finding.remedy
    # Without the order taken, nobody knows which way the run went.
    assert codes(points, None, time_ordered=False) == ["edge"]


def test_a_run_that_turned_round_is_told_where_focus_was():
    first = v_curve(n=5, centre=800)
    second = [dataclasses.replace(p, sweep=1) for p in v_curve()]
    (finding,) = diagnose_points([*first, *second], FOCUSED)
    assert finding.code == "wrong_way"
    assert "further out, at 1000" in finding.sentence
    assert finding.remedy.startswith("Start around 1000")


def test_a_run_that_ends_with_the_outer_side_does_not_go_the_wrong_way():
    # Smart focus adds outer points last, in time: the sweep itself fell before it rose.
    sweep = v_curve(centre=950)
    outer = [dataclasses.replace(p, role="extension") for p in v_curve(n=2, centre=1200)]
    assert codes([*sweep, *outer]) == ["good"]


# -------------------------------------------------------------------------------------- backlash


def lagging(play):
    """Points whose drawtube follows only when the play is taken up."""
    points = v_curve(n=11)
    stood = [min(p.position, points[0].position - play) for p in points]
    return [
        dataclasses.replace(p, metric=float(2 * np.hypot(1, (at - 1000) / 70)))
        for p, at in zip(points, stood, strict=True)
    ]


def test_first_points_that_read_alike_are_backlash_and_how_much():
    (finding,) = diagnose_points(lagging(125), FOCUSED, step_size=50)
    assert finding.code == "backlash"
    assert "The first 3 points lag" in finding.sentence
    # 125 steps of play; the grid it is looked for on is a quarter of a step size.
    assert any(f"{steps} steps" in finding.sentence for steps in (110, 120, 130))
    assert finding.remedy.startswith("Set Backlash to about 1")


def test_backlash_that_is_compensated_too_little_is_raised():
    options = AutofocusOptions(step_size=50, data_points=11, backlash=40)
    (finding,) = diagnose_points(lagging(125), FOCUSED, options=options)
    assert finding.remedy.startswith("Raise Backlash from 40 to about 2")


def test_a_last_move_that_fell_short_is_backlash():
    validation = FocusPoint(1000.0, 2.6, error=0.03, role="validation")
    direct = AutofocusOptions(step_size=50, final_approach="direct")
    (finding,) = diagnose_points([*v_curve(), validation], FOCUSED, options=direct)
    assert finding.code == "backlash"
    assert "30 % above the curve: the last move, outward, fell short" in finding.sentence
    # Approached as it was sampled, the move was not the reason: focus itself moved on.
    sampled = AutofocusOptions(step_size=50)
    assert codes([*v_curve(), validation], options=sampled) == ["drift"]


# ----------------------------------------------------------------------- what a frame does alone


def test_an_outlier_is_told_with_what_the_others_say():
    points = v_curve()
    points[2] = dataclasses.replace(
        points[2], metric=9.0, rejected=Rejected.OUTLIER, reason="beside the curve"
    )
    (finding,) = diagnose_points(points, FOCUSED)
    assert finding.code == "outlier"
    # The hyperbola reads 3.49 px there.
    assert "The point at 1100 reads 9.00 px where the others say 3.48 px" in finding.sentence


def test_outliers_that_nobody_has_rejected_are_told_as_well():
    points = v_curve()
    points[2] = dataclasses.replace(points[2], metric=9.0)
    assert codes(points) == ["outlier"]


def test_an_outlier_beyond_the_last_counted_point_is_held_against_the_wing():
    points = v_curve()
    points[0] = dataclasses.replace(points[0], metric=9.0, rejected=Rejected.QUALITY)
    (finding,) = diagnose_points(points, FOCUSED)
    # The hyperbola reads 6.05 px there.
    assert "at 1200 reads 9.00 px where the others say 6.0" in finding.sentence


def test_two_troubles_are_both_told_the_surest_first():
    points = v_curve(b=160)
    points[3] = dataclasses.replace(points[3], metric=30.0, rejected=Rejected.OUTLIER)
    found = diagnose_points(points, FOCUSED)
    assert [f.code for f in found] == ["outlier", "step_too_small"]
    assert found[0].evidence > found[1].evidence > 0


def spread_out(points, share=0.12, stars=40):
    """The same with star-to-star scatter."""
    return [dataclasses.replace(p, scatter=share * p.metric, n_stars=stars) for p in points]


def raised_in_focus(**more):
    points = spread_out(v_curve())
    points[4] = dataclasses.replace(points[4], metric=3.0, error=0.1, **more)
    return points


def test_a_raised_bottom_of_unlike_objects_is_a_galaxy():
    (finding,) = diagnose_points(raised_in_focus(scatter=1.5), NOT_FOCUSED)
    assert finding.code == "galaxy"
    assert "4.2 times as unlike as elsewhere" in finding.sentence


def test_a_raised_bottom_of_like_stars_is_an_outlier():
    assert codes(raised_in_focus()) == ["outlier"]


def test_without_their_scatter_nobody_guesses_galaxies():
    points = [dataclasses.replace(p, scatter=None) for p in raised_in_focus()]
    assert codes(points) == ["outlier"]


def test_a_gust_that_loses_stars_is_no_galaxy():
    assert codes(raised_in_focus(scatter=1.5, n_stars=9)) == ["outlier"]


# ------------------------------------------------------------------------------- wings and noise


def test_ends_that_stop_growing_are_a_donut_plateau():
    points = [dataclasses.replace(p, metric=min(p.metric, 4.4)) for p in v_curve(n=11)]
    (finding,) = diagnose_points(points, NOT_FOCUSED, step_size=50)
    assert finding.code == "donut_plateau"
    assert "Above 4.4 px stars no longer grow: 6 points" in finding.sentence
    assert finding.remedy.startswith("Lower the step size from 50 to about 30")


def test_a_wing_that_falls_off_is_a_donut_plateau_too():
    points = v_curve(n=11)
    points[-1] = dataclasses.replace(points[-1], metric=2.5)
    assert codes(points)[0] == "donut_plateau"


def test_a_wing_twice_as_steep_is_an_asymmetry():
    points = [
        dataclasses.replace(p, metric=float(2 * np.hypot(1, d / (48 if d > 0 else 92))))
        for p in v_curve()
        for d in [p.position - 1000]
    ]
    (finding,) = diagnose_points(points, FOCUSED)
    assert finding.code == "asymmetry"
    # 92 / 48 = 1.9
    assert "The outer wing is 1.9 times as steep as the inner one" in finding.sentence


def test_scatter_beyond_all_seeing_is_noise():
    rng = np.random.default_rng(2)
    points = [
        dataclasses.replace(p, metric=float(p.metric * np.exp(rng.normal(0, 0.3))))
        for p in v_curve()
    ]
    assert codes(points, NOT_FOCUSED) == ["noise"]


# ----------------------------------------------------------------------------------------- stars


def test_few_stars_are_counted():
    points = v_curve()
    for i in (0, 8):
        points[i] = dataclasses.replace(
            points[i], metric=float("nan"), n_stars=3 - i // 4, rejected=Rejected.FEW_STARS
        )
    (finding,) = diagnose_points(points, FOCUSED)
    assert finding.code == "few_stars"
    assert "have 1 to 3 stars, 10 are wanted; 2 of 9 points were refused" in finding.sentence


def test_few_stars_far_out_of_focus_are_no_trouble():
    # The wrong way, at 5 times the minimum and more, nobody needs stars.
    points = with_stars(v_curve(centre=600), [30, 20, 12, 9, 7, 6, 5, 5, 5])
    assert codes(points, NOT_FOCUSED)[0] == "wrong_way"
    assert "few_stars" not in codes(points, NOT_FOCUSED)


def test_stars_missing_for_a_while_are_a_cloud():
    points = with_stars(v_curve(), [25, 30, 40, 7, 8, 7, 40, 31, 24])
    (finding,) = diagnose_points(points, FOCUSED)
    assert finding.code == "cloud"
    assert "3 frames in a row had 7 stars where" in finding.sentence
    assert "from point 4 on" in finding.sentence


def test_stars_lost_by_defocus_are_no_cloud():
    assert codes(with_stars(v_curve(), [24, 30, 38, 52, 60, 51, 39, 31, 25])) == ["good"]


def test_without_the_order_taken_nobody_guesses_a_cloud():
    points = with_stars(v_curve(), [25, 30, 40, 7, 8, 7, 40, 31, 24])
    assert "cloud" not in codes(points, time_ordered=False)


# ----------------------------------------------------------------------------------------- drift


def cooling(by_c, validation_px):
    points = [
        dataclasses.replace(p, temperature_c=10 - by_c * i / 9) for i, p in enumerate(v_curve())
    ]
    last = FocusPoint(1000.0, validation_px, error=0.02, role="validation", temperature_c=10 - by_c)
    return [*points, last]


def test_a_degree_within_the_run_is_drift():
    (finding,) = diagnose_points(cooling(1.2, 2.5), FOCUSED)
    assert finding.code == "drift"
    assert "cooled by 1.2 °C" in finding.sentence
    assert "25 % above the curve" in finding.sentence


def test_a_night_that_cools_as_nights_do_is_good():
    assert codes(cooling(0.2, 2.02)) == ["good"]


# --------------------------------------------------------------------------------------- in all


def test_the_validation_frame_is_never_taken_for_a_point():
    validation = dataclasses.replace(v_curve()[0], position=1000, metric=50.0, role="validation")
    unexpected = dataclasses.replace(FOCUSED, expected_metric=None)
    assert codes([*v_curve(), validation], unexpected) == ["good"]


@pytest.mark.parametrize("n", [0, 1, 2])
def test_hardly_any_points_are_no_reason_to_fail(n):
    assert codes(v_curve(n=n), None) == []


@pytest.mark.parametrize("metric", [float("nan"), 0.0, -1.0, 1e300])
def test_absurd_numbers_are_no_reason_to_fail(metric):
    points = v_curve()
    points[4] = dataclasses.replace(points[4], metric=metric)
    diagnose_points(points, NOT_FOCUSED)
    diagnose_points([dataclasses.replace(p, metric=metric) for p in points], None)
    diagnose_points([dataclasses.replace(p, position=7.0) for p in points], None)


def test_a_record_is_diagnosed_with_its_own_options():
    record = RunRecord(
        outcome=Outcome.FOCUSED,
        diagnosis="",
        options=AutofocusOptions(step_size=50),
        start_position=1000,
        return_position=1000,
        final_position=1000,
        points=tuple(v_curve(b=160)),
        best=FOCUSED,
    )
    (finding,) = diagnose(record)
    assert finding.remedy == "Raise the step size from 50 to about 100."


def test_whatever_a_file_holds_every_finding_has_a_finite_evidence():
    rng = np.random.default_rng(7)
    odd = (float("nan"), float("inf"), 0.0, -1.0, 1e300, 1e-300)
    for _ in range(15):
        points = [
            FocusPoint(
                position=float(rng.choice([60.0 * i, 0.0, 1e13], p=[0.85, 0.1, 0.05])),
                metric=float(rng.choice([rng.uniform(1, 9), *odd], p=[0.76, *[0.04] * 6])),
                error=float(rng.choice([0.05, *odd], p=[0.4, *[0.1] * 6])),
                scatter=float(rng.choice([0.3, *odd], p=[0.4, *[0.1] * 6])),
                n_stars=int(rng.choice([0, 1, 20, 100_000])),
                temperature_c=float(rng.choice([10.0, 11.0, float("nan")])),
                sweep=int(i > 8),
                role="validation" if i == 14 else "sweep",
            )
            for i in range(15)
        ]
        for finding in diagnose_points(points, FOCUSED, step_size=float(rng.choice([60, 1e-9]))):
            assert np.isfinite(finding.evidence)
