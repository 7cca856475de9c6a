"""The right column: figures, reasons and warnings of a run, safe against markup."""

import dataclasses
import math
from pathlib import Path

from focusbench.curve import (
    BestFocus,
    CurveFit,
    FocusPoint,
    Outcome,
    Rejected,
    classic_zone,
    find_best_focus,
)
from focusbench.doctor import diagnose
from focusbench.engine import RunProgress, RunRecord, Validation
from focusbench.options import AutofocusOptions
from focusbench.widgets.result_column import points_html, result_html
from focusbench.widgets.wording import clock, escape

POINTS = (
    FocusPoint(10_310, 3.4, error=0.05, n_stars=64),
    FocusPoint(
        10_250, math.nan, n_stars=3, rejected=Rejected.FEW_STARS, reason="3 stars, 5 needed"
    ),
    FocusPoint(10_190, 3.2, error=0.05, n_stars=94),
)
BEST = BestFocus(
    Outcome.FOCUSED,
    "auto",
    10_247.3,
    4.2,
    expected_metric=2.58,
    zone=22.0,
    fits={
        "auto": CurveFit("auto", True, "", 10_247.3, 4.2, r_squared=0.99),
        "parabola": CurveFit("parabola", False, "R² is below 0.90."),
    },
)
RECORD = RunRecord(
    outcome=Outcome.FOCUSED,
    diagnosis="",
    options=AutofocusOptions(),
    start_position=10_250,
    return_position=10_250,
    final_position=10_247,
    points=POINTS,
    best=BEST,
    validation=Validation(2.51, 2.58, -2.7, True),
    warnings=("Not saved: <disk> full",),
    duration_s=64.0,
    package_path=Path("af_packages/<odd>"),
)
FINISHED = RunProgress(phase="finished", points=POINTS, best=BEST, decided=True, record=RECORD)


def test_the_result_states_error_zone_validation_and_time():
    html = result_html(FINISHED)
    for words in ("10247", "± 4 steps", "± 22 steps", "2.51 px, −3 %", "R² 0.99", "1 min 04 s"):
        assert words in html


def test_a_point_left_out_is_named_with_its_reason():
    assert "Point 2 left out: 3 stars, 5 needed." in result_html(FINISHED)


def test_words_from_devices_and_files_are_no_markup():
    html = result_html(FINISHED)
    assert "<disk>" not in html
    assert "<odd>" not in html
    assert "Not saved: &lt;disk&gt; full" in html


def test_a_curve_that_found_nothing_says_so():
    assert "no fit" in result_html(FINISHED)


def test_a_running_sweep_shows_what_there_is_so_far():
    running = dataclasses.replace(
        FINISHED, phase="sweeping", record=None, decided=False, positions=(10_310, 10_250, 10_190)
    )
    html = result_html(running)
    for words in ("So far", "≈ 10247", "3.20 px at 10190", "3 of 3, 2 used", "3 to 94"):
        assert words in html


def test_a_failed_run_says_why():
    record = dataclasses.replace(
        RECORD, outcome=Outcome.NOT_FOCUSED, diagnosis="The curve is flat.", best=None
    )
    html = result_html(dataclasses.replace(FINISHED, record=record, best=None))
    assert "Why" in html
    assert "The curve is flat." in html


def test_the_table_holds_the_same_facts_as_the_chart():
    html = points_html(FINISHED)
    assert "<td>10310</td><td>3.40</td><td>± 0.05</td><td>64</td><td>used</td>" in html
    assert "<td>–</td>" in html
    assert "not used: 3 stars, 5 needed" in html


def so_far(*metrics: float) -> str:
    """The column after some points of a sweep inward, 60 steps apart, each known to 2 %."""
    points = tuple(
        FocusPoint(10_490 - 60 * i, y, error=0.02 * y, n_stars=50) for i, y in enumerate(metrics)
    )
    positions = AutofocusOptions().sweep_positions(10_250)
    running = RunProgress(
        phase="sweeping",
        options=AutofocusOptions(),
        points=points,
        positions=positions,
        started_s=1_000.0,
    )
    return result_html(running, now_s=1_000.0)


def test_while_it_runs_the_column_says_what_the_curve_still_lacks():
    html = so_far(8.0, 6.0, 4.0, 2.5)
    assert "The outer end reads 3.2 times the lowest point." in html
    assert "The inner side has no points so far; two are needed." in html
    html = so_far(8.0, 6.0, 4.0, 2.5, 4.0)
    assert "The inner side has 1 point so far; two are needed." in html
    html = so_far(8.0, 6.0, 4.0, 2.5, 4.0, 6.0)
    assert "The inner end reads 2.4 times the lowest point." in html
    assert "two are needed" not in html


def test_while_it_runs_the_end_is_predicted_as_a_time_of_day():
    # Ten frames of 3 s and 3 s for all else, from Unix time 1000.
    assert f"about {clock(1_060.0)}" in so_far()


def test_the_doctor_speaks_with_its_remedy():
    y = [3.0, 2.6, 2.3, 2.1, 2.0, 2.1, 2.3, 2.6, 3.0]
    points = tuple(
        FocusPoint(10_490 - 60 * i, v, error=0.01 * v, n_stars=50) for i, v in enumerate(y)
    )
    record = dataclasses.replace(RECORD, points=points, best=find_best_focus(points, step_size=60))
    html = result_html(RunProgress(phase="finished", points=points, record=record))
    found = diagnose(record)
    assert found
    for one in found:
        assert escape(one.sentence) in html
        assert one.code == "good" or escape(one.remedy) in html


def test_the_doctor_does_not_judge_a_sweep_that_was_broken_off():
    points = tuple(FocusPoint(10_490 - 60 * i, 6.0 - i, error=0.02) for i in range(4))
    record = dataclasses.replace(RECORD, outcome=Outcome.CANCELLED, points=points, warnings=())
    assert diagnose(record)
    html = result_html(RunProgress(phase="finished", points=points, record=record))
    assert "Why" not in html


def test_the_classic_zone_stands_beside_ours_where_the_optics_are_known():
    hyperbola = CurveFit("hyperbola", True, parameters={"slope": 0.05})
    best = dataclasses.replace(BEST, fits={**BEST.fits, "hyperbola": hyperbola})
    rig = {"focal_ratio": 5.0, "pixel_um": 3.8}
    record = dataclasses.replace(RECORD, best=best, rig=rig)
    zone = classic_zone(5.0, 3.8, 0.05)
    shown = result_html(dataclasses.replace(FINISHED, record=record))
    assert f"<td>Zone, classic</td><td>± {zone:.0f} steps</td>" in shown
    assert "classic" not in result_html(FINISHED)


def test_a_warning_about_validation_is_said_in_the_say_line_alone():
    record = dataclasses.replace(RECORD, warnings=("The validation frame reads 3 px.", "Odd."))
    html = result_html(dataclasses.replace(FINISHED, record=record))
    assert "The validation frame reads" not in html
    assert "Odd." in html


def test_a_run_without_a_fit_keeps_its_warning_about_validation():
    warnings = ("No fit. R² is low.", "The validation frame reads 3 px.")
    record = dataclasses.replace(RECORD, outcome=Outcome.LOWEST_POINTS, warnings=warnings)
    html = result_html(dataclasses.replace(FINISHED, record=record))
    assert "The validation frame reads 3 px." in html
    assert "R² is low" not in html


def test_another_metric_is_named():
    record = dataclasses.replace(RECORD, options=AutofocusOptions(metric="fwhm"))
    assert "FWHM, expected" in result_html(dataclasses.replace(FINISHED, record=record))
