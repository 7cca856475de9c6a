"""The doctor names one symptom of a run, with its number, and says what to do."""

import dataclasses

import numpy as np
import pytest

from focusbench.curve import BestFocus, FocusPoint, Outcome, Rejected
from focusbench.doctor import diagnose, diagnose_points
from focusbench.engine import RunRecord
from focusbench.options import AutofocusOptions

FOCUSED = BestFocus(Outcome.FOCUSED, "auto", 1000.0, 2.0)
NOT_FOCUSED = BestFocus(Outcome.NOT_FOCUSED, "auto")


def v_curve(n=9, step=50.0, best=1000.0, a=2.0, b=70.0, centre=1000.0, **more):
    """Points of a hyperbola, taken inward."""
    positions = centre + step * (n // 2 - np.arange(n))
    return [
        FocusPoint(float(p), float(a * np.hypot(1, (p - best) / b)), error=0.02, **more)
        for p in positions
    ]


def codes(points, best=FOCUSED, **more):
    return [finding.code for finding in diagnose_points(points, best, **more)]


def test_a_clean_v_is_good():
    (finding,) = diagnose_points(v_curve(), FOCUSED, step_size=50)
    assert finding.code == "good"
    # b = 70: the ends, 200 steps out, read sqrt(1 + (200/70)²) = 3.03 times the minimum.
    assert "3.0 times the minimum, 4 points further in and 4 further out" in finding.sentence


def test_nothing_is_good_about_a_run_that_did_not_focus():
    assert codes(v_curve(), None) == []
    assert codes(v_curve(), BestFocus(Outcome.NOT_FOCUSED, "auto")) == []


def test_a_shallow_bowl_asks_for_a_larger_step():
    (finding,) = diagnose_points(v_curve(b=160), FOCUSED, step_size=50)
    assert finding.code == "step_too_small"
    # sqrt(1 + (200/160)²) = 1.60
    assert "only 1.6 times the minimum" in finding.sentence
    assert finding.evidence == pytest.approx(2 / 1.6008, rel=1e-3)
    # To 3.5 times it would take 2.7 times the step; doubling is enough at once.
    assert finding.remedy == "Raise the step size from 50 to about 100."


def test_high_ends_with_few_points_near_the_bottom_ask_for_a_smaller_step():
    (finding,) = diagnose_points(v_curve(b=25), FOCUSED, step_size=50)
    assert finding.code == "step_too_large"
    assert "8.1 times the minimum, and only 1 point lies below twice" in finding.sentence
    assert finding.remedy == "Lower the step size from 50 to about 22."


def test_without_a_known_step_size_the_advice_is_a_factor():
    (finding,) = diagnose_points(v_curve(b=160), FOCUSED)
    assert finding.remedy == "Raise the step size: about 2.0 times the present one."


def test_a_curve_that_never_rises_is_flat():
    assert codes(v_curve(b=1500), NOT_FOCUSED) == ["flat"]


def test_a_shallow_curve_that_focused_is_not_called_flat():
    assert codes(v_curve(b=1500)) == ["step_too_small"]


def test_a_rise_no_larger_than_the_noise_is_flat():
    points = [dataclasses.replace(p, error=0.9) for p in v_curve(b=160)]
    assert codes(points, NOT_FOCUSED) == ["flat"]


def test_noise_is_taken_from_neighbours_where_frames_tell_no_error():
    rng = np.random.default_rng(4)
    points = [FocusPoint(1000.0 + 50 * i, 3 + rng.normal(0, 0.5)) for i in range(15)]
    assert codes(points, NOT_FOCUSED) == ["flat"]


@pytest.mark.parametrize(
    ("centre", "evidence", "further"),
    [
        (1150, 3, "no point further in"),
        (1100, 2, "one point further in"),
        (900, 2, "one point further out"),
    ],
)
def test_a_minimum_at_the_edge_is_told(centre, evidence, further):
    (finding,) = diagnose_points(v_curve(n=7, centre=centre), FOCUSED)
    assert finding.code == "edge"
    assert finding.evidence == evidence
    assert further in finding.sentence


def test_points_that_only_get_worse_from_the_start_go_the_wrong_way():
    points = v_curve(n=5, centre=800)
    (finding,) = diagnose_points(points, None)
    assert finding.code == "wrong_way"
    assert "The first 5 points only get worse" in finding.sentence
    assert "beyond 900" in finding.remedy
    # Without the order taken, nobody knows which way the run went.
    assert codes(points, None, time_ordered=False) == ["edge"]


def test_an_outlier_is_told_with_what_its_neighbours_say():
    points = v_curve()
    points[2] = dataclasses.replace(
        points[2], metric=9.0, rejected=Rejected.OUTLIER, reason="beside the curve"
    )
    (finding,) = diagnose_points(points, FOCUSED)
    assert finding.code == "outlier"
    assert "The point at 1100 reads 9.00 px where its neighbours say 3.59 px" in finding.sentence


def test_outliers_that_only_the_decision_knows_are_told_as_well():
    points = v_curve()
    points[2] = dataclasses.replace(points[2], metric=9.0)
    rejected = tuple(Rejected.OUTLIER if i == 2 else Rejected.NO for i in range(9))
    best = dataclasses.replace(FOCUSED, rejected=rejected)
    assert codes(points, best) == ["outlier"]


def test_an_outlier_beyond_the_last_counted_point_is_held_against_the_wing():
    points = v_curve()
    points[0] = dataclasses.replace(points[0], metric=1.0, rejected=Rejected.QUALITY)
    (finding,) = diagnose_points(points, FOCUSED)
    # The wing reads 3.50 and 4.73 at 1100 and 1150; it goes on to 5.9 at 1200.
    assert "at 1200 reads 1.00 px where its neighbours say 5.9" in finding.sentence


def test_few_stars_are_counted():
    points = v_curve()
    for i in (0, 8):
        points[i] = dataclasses.replace(
            points[i], metric=float("nan"), n_stars=3 - i // 4, rejected=Rejected.FEW_STARS
        )
    found = diagnose_points(points, FOCUSED)
    assert [f.code for f in found] == ["few_stars"]
    assert found[0].sentence == "2 of 9 points had too few stars, the fewest 1."


def test_the_strongest_evidence_comes_first():
    points = v_curve(b=160)
    points[3] = dataclasses.replace(points[3], metric=30.0, rejected=Rejected.OUTLIER)
    found = diagnose_points(points, FOCUSED)
    assert [f.code for f in found] == ["outlier", "step_too_small"]
    assert found[0].evidence > found[1].evidence > 1


def test_only_the_last_sweep_is_judged_and_never_the_validation_frame():
    first = v_curve(n=5, centre=800)
    second = [dataclasses.replace(p, sweep=1) for p in v_curve()]
    validation = dataclasses.replace(second[0], position=1000, metric=50.0, role="validation")
    assert codes([*first, *second, validation]) == ["good"]


@pytest.mark.parametrize("n", [0, 1, 2])
def test_hardly_any_points_are_no_reason_to_fail(n):
    assert codes(v_curve(n=n), None) == []


def test_a_record_is_diagnosed_with_its_own_step_size():
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
