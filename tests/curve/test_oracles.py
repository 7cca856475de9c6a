"""Real runs whose answers are known from the programs that took them."""

import csv
import dataclasses
import json
import math

import pytest

from focusbench.curve import CURVES, Outcome, find_best_focus, lowest_points

# File name begins with; N.I.N.A.'s own hyperbola and parabola; its step size.
NINA = [
    ("2026-05-14", 2204, 2206, 75),
    ("2026-06-08", 21050, 21075, 1000),
    ("2026-07-03", 2274, 2270, 40),
]

# Hyperbola minimum of an independent fit (scipy); how close an unweighted one must come.
HFD_CURVES = [
    ("example01", 242.0),
    ("example02", 278.3),
    ("example03", 242.9),
    ("example04", 238.9),
    ("example05", 240.2),
]


@pytest.mark.parametrize(
    ("curve", "position", "within"),
    [("two_lines", 24901, 1), ("parabola", 24901.7, 0.5), ("hyperbola", 24900, 1)],
)
def test_sgpro_run_is_found_by_every_curve(sgpro_run, curve, position, within):
    best = find_best_focus(sgpro_run, curve=curve, step_size=25)
    assert best.outcome is Outcome.FOCUSED
    assert best.best_position == pytest.approx(position, abs=within)


def test_sgpro_run_has_the_parabola_quality_that_was_computed_for_it(sgpro_run):
    fit = find_best_focus(sgpro_run).fits["parabola"]
    assert fit.r_squared == pytest.approx(0.977, abs=0.0005)


def test_sgpro_run_falls_back_on_its_three_lowest_neighbours(sgpro_run):
    lowest = lowest_points(sgpro_run)
    assert lowest.position == pytest.approx(24911, abs=1)
    assert lowest.expected == pytest.approx((2.64 + 2.77 + 3.38) / 3)
    assert lowest.used == (False,) * 3 + (True,) * 3 + (False,) * 3


def test_sgpro_run_has_an_honest_error_bar(sgpro_run):
    # 12 % from star to star is what the published 24898.7 ± 2.1 was computed with.
    stars = [12, 21, 26, 51, 71, 75, 46, 26, 19]
    points = [
        dataclasses.replace(p, error=0.12 * 1.2533 / math.sqrt(n) * p.metric)
        for p, n in zip(sgpro_run, stars, strict=True)
    ]
    best = find_best_focus(points, step_size=25)
    assert best.outcome is Outcome.FOCUSED
    # Computed with scatter that does not fade in the wings; a tenth of the error for that.
    assert best.best_position == pytest.approx(24898.7, abs=0.2)
    assert best.best_position_error == pytest.approx(2.1, abs=0.1)


def test_two_lines_expect_the_hyperbolas_metric_and_not_their_crossing(sgpro_run):
    best = find_best_focus(sgpro_run, curve="two_lines")
    # The lines cross at 1.59 px, a sharpness that no frame of this run could have.
    assert best.expected_metric == pytest.approx(2.615, abs=0.01)


@pytest.mark.parametrize(("day", "hyperbola", "parabola", "step_size"), NINA)
def test_nina_reports_give_ninas_own_answers(
    shared_data, make_points, day, hyperbola, parabola, step_size
):
    (path,) = (shared_data / "nina-reports").glob(f"{day}*.json")
    measured = json.loads(path.read_text("utf-8-sig"))["MeasurePoints"]
    points = make_points(
        [m["Position"] for m in measured],
        [m["Value"] for m in measured],
        scatters=[m["Error"] for m in measured],
    )
    fits = find_best_focus(points, time_ordered=False).fits
    assert fits["hyperbola"].best_position == pytest.approx(hyperbola, abs=0.1 * step_size)
    assert fits["parabola"].best_position == pytest.approx(parabola, abs=0.1 * step_size)
    assert fits["hyperbola"].ok
    assert fits["parabola"].ok


@pytest.mark.parametrize(("name", "minimum"), HFD_CURVES)
def test_hfd_curves_agree_with_an_independent_fit(shared_data, make_points, name, minimum):
    with (shared_data / "hfd-curves" / f"{name}.csv").open() as file:
        rows = list(csv.DictReader(file))
    points = make_points(
        [float(row["position"]) for row in rows], [float(row["measure"]) for row in rows]
    )
    best = find_best_focus(points)
    assert best.fits["hyperbola"].best_position == pytest.approx(minimum, abs=0.1)
    # Steps of 15: `auto` answers a different question, but not far away.
    assert best.fits["auto"].best_position == pytest.approx(minimum, abs=4)
    assert set(best.fits) == set(CURVES)
