"""The right column: figures, reasons and warnings of a run, safe against markup."""

import dataclasses
import math
from pathlib import Path

from focusbench.curve import BestFocus, CurveFit, FocusPoint, Outcome, Rejected
from focusbench.engine import RunProgress, RunRecord, Validation
from focusbench.options import AutofocusOptions
from focusbench.widgets.result_column import points_html, result_html

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
