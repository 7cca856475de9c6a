"""What is drawn of a run: points, Xs, lines and bands from a `RunProgress`."""

import dataclasses
import functools
import math
from typing import Any

import numpy as np
import pytest

from focusbench.curve import BestFocus, FocusPoint, Outcome, Rejected, find_best_focus
from focusbench.engine import (
    CurvesFitted,
    PointMeasured,
    RunProgress,
    RunStarted,
    SweepStarted,
    Validated,
    fold,
)
from focusbench.options import AutofocusOptions
from focusbench.widgets import CurveView
from focusbench.widgets.curve_legend import legend_html
from focusbench.widgets.curve_picture import picture

OPTIONS = AutofocusOptions(step_size=60, data_points=9, exposure_s=3)
POSITIONS = OPTIONS.sweep_positions(10_250)


def hfr(position: float) -> float:
    """A hyperbola whose minimum of 2 px lies at 10 250, 3.6 times as high at the ends."""
    return 2.0 * math.hypot(1, (position - 10_250) / 70)


def events(n: int = 9, **odd: FocusPoint) -> list[Any]:
    """The events of a sweep; a point may be replaced by its number (`p3=...`)."""
    taken = [
        odd.get(f"p{i}", FocusPoint(p, hfr(p) * (1 + 0.01 * (-1) ** i), error=0.02 * hfr(p)))
        for i, p in enumerate(POSITIONS[:n], start=1)
    ]
    return [
        RunStarted(OPTIONS, 10_250, 10_250, 10_250, 0.0),
        SweepStarted(0, POSITIONS),
        *(PointMeasured(point) for point in taken),
    ]


def progress_of(many: list[Any]) -> RunProgress:
    return functools.reduce(fold, many, RunProgress())


def decided(curve: str = "auto") -> RunProgress:
    swept = progress_of(events())
    best = find_best_focus(swept.sweep_points, curve=curve, step_size=60)
    check = FocusPoint(10_250, 2.02, role="validation")
    return progress_of([*events(), CurvesFitted(best), Validated(check, 2.0, 1.0, True)])


def test_an_empty_chart_shows_the_axis_of_the_sweep_to_come():
    shown = picture(RunProgress(), POSITIONS)
    assert shown.x_ticks.tolist() == sorted(POSITIONS)
    assert (shown.y_top, shown.best, len(shown.used.x)) == (10.0, None, 0)


def test_the_axis_says_what_is_measured():
    idle = RunProgress()
    assert picture(idle).metric == "HFR"
    assert picture(idle, metric="HFR, mean radius").metric == "HFR, mean radius"
    running = dataclasses.replace(idle, options=AutofocusOptions(metric="fwhm"))
    assert picture(running, metric="HFR").metric == "FWHM"


def test_points_are_drawn_as_they_come_with_their_errors():
    for n in (1, 2, 5):
        shown = picture(progress_of(events(n)))
        assert shown.used.x.tolist() == list(POSITIONS[:n])
        assert shown.error_bars[0].shape == (n, 2)
    assert shown.error_bars[1][0] == pytest.approx(
        [shown.used.y[0] * k for k in (0.98, 1.02)], 1e-3
    )


def test_the_axis_does_not_move_while_points_of_the_same_sweep_come():
    ranges = {picture(progress_of(events(n))).x_range for n in (0, 1, 4, 9)}
    assert len(ranges) == 1


def test_a_running_sweep_has_neither_best_line_nor_error_band():
    shown = picture(progress_of(events(8)))
    assert shown.best is None
    assert shown.error_band is None
    assert not shown.two_lines


def test_the_dotted_curve_appears_while_the_run_goes_on():
    assert not picture(progress_of(events(2))).model
    assert picture(progress_of(events(5))).model


def test_a_decided_run_shows_lines_curve_best_focus_and_validation():
    shown = picture(decided())
    assert shown.two_lines_ok
    assert shown.two_lines
    assert shown.deciding
    assert shown.best == pytest.approx(10_250, abs=10)
    assert shown.error_band is not None
    assert shown.zone is not None
    assert shown.zone[0] < shown.error_band[0] < shown.best < shown.error_band[1] < shown.zone[1]
    assert shown.best_text.startswith("1025") or shown.best_text.startswith("1024")
    assert shown.validation.y.tolist() == [2.02]
    assert "the curve decides" in shown.note


def test_two_lines_that_decide_are_the_strong_ones():
    shown = picture(decided("two_lines"))
    assert shown.two_lines_decide
    assert not shown.deciding
    assert shown.note == ""


def test_curves_stay_inside_the_chart_and_hold_no_nan():
    shown = picture(decided())
    for line in (shown.two_lines, shown.deciding, shown.model):
        assert np.isfinite(line.y).all()
        assert line.y.min() >= 0
        assert line.y.max() <= shown.y_top
        assert (line.x.min(), line.x.max()) == (min(POSITIONS), max(POSITIONS))


def test_a_frame_without_stars_is_an_x_at_the_foot_of_the_chart():
    blank = FocusPoint(
        10_370, math.nan, n_stars=3, rejected=Rejected.FEW_STARS, reason="3 stars, 5 needed"
    )
    shown = picture(progress_of(events(9, p3=blank)))
    assert shown.not_used.x.tolist() == [10_370]
    assert 0 < shown.not_used.y[0] < 0.1 * shown.y_top
    assert shown.reasons == ("3 stars, 5 needed",)
    assert 10_370 not in shown.used.x


def test_a_point_that_the_fit_left_out_is_an_x_with_the_reason_of_the_fit():
    swept = progress_of(events())
    rejected = tuple(Rejected.OUTLIER if i == 2 else Rejected.NO for i in range(9))
    reasons = tuple("3.4 σ off" if i == 2 else "" for i in range(9))
    best = BestFocus(Outcome.FOCUSED, "auto", 10_250.0, 4.0, rejected=rejected, reasons=reasons)
    shown = picture(dataclasses.replace(swept, best=best, decided=True))
    assert shown.not_used.x.tolist() == [POSITIONS[2]]
    assert shown.reasons == ("3.4 σ off",)
    assert len(shown.used.x) == 8


def test_two_lines_decide_nothing_where_the_run_found_no_focus():
    swept = progress_of(events())
    best = find_best_focus(swept.sweep_points, curve="two_lines", step_size=60)
    lost = dataclasses.replace(best, outcome=Outcome.NOT_FOCUSED, best_position=None)
    shown = picture(dataclasses.replace(swept, best=lost, decided=True))
    assert shown.two_lines
    assert not shown.two_lines_decide
    assert "best fit" not in legend_html(shown)


def test_lines_without_a_fit_are_red_and_dashed():
    falling = {f"p{i}": FocusPoint(p, 9.0 - i) for i, p in enumerate(POSITIONS, start=1)}
    swept = progress_of(events(8, **falling))
    best = find_best_focus(swept.sweep_points, curve="two_lines", step_size=60)
    view = CurveView(dataclasses.replace(swept, best=best, decided=True))
    assert not view.shown.two_lines_ok
    assert len(view._two_lines.x) == 0
    assert view._no_fit.line_style == "dashed"
    view.close()


def test_points_of_an_earlier_sweep_stay_as_rings():
    again = progress_of([*events(5), SweepStarted(1, OPTIONS.sweep_positions(10_010))])
    shown = picture(again)
    assert len(shown.earlier.x) == 5
    assert len(shown.used.x) == 0


@pytest.mark.parametrize(
    ("largest", "top"), [(0.0, 10.0), (1.5, 2.0), (3.6, 4.0), (8.6, 10.0), (9.3, 12.0), (40, 50)]
)
def test_the_y_axis_begins_at_zero_and_ends_above_the_largest_value(largest, top):
    point = FocusPoint(10_250, largest or math.nan)
    shown = picture(RunProgress(points=(point,), positions=POSITIONS))
    assert shown.y_ticks[0] == 0
    assert shown.y_top == top
    assert shown.y_ticks[-1] == top


def test_many_positions_are_labelled_sparsely():
    shown = picture(RunProgress(), tuple(range(10_000, 11_000, 20)))
    assert len(shown.x_ticks) <= 11


def test_the_legend_names_only_what_is_drawn():
    early, late = legend_html(picture(progress_of(events(1)))), legend_html(picture(decided()))
    assert "used, with error" in early
    assert "best focus" not in early
    assert "validation frame" in late
    assert "not used" not in late


def test_the_view_shows_a_saved_run_from_its_events():
    best = decided().best
    view = CurveView.of([*events(), CurvesFitted(best)])
    assert view._used.x.tolist() == list(POSITIONS)
    assert view._best.x.tolist() == [best.best_position] * 2
    view.close()


def test_the_view_writes_only_marks_that_changed():
    view = CurveView(progress_of(events(4)))
    written = []
    for mark in view.figure.marks:
        mark.observe(lambda change: written.append((change["owner"], change["name"])))
    view.show(progress_of(events(4)))
    assert written == []
    view.show(progress_of(events(5)))
    marks = {owner for owner, _ in written}
    assert {view._used, view._bars} <= marks
    assert not marks & {view._not_used, view._reasons, view._best, view._validation, view._no_fit}
    view.close()


def test_each_mark_knows_the_points_of_the_run_it_shows():
    blank = FocusPoint(10_370, math.nan, n_stars=3, rejected=Rejected.FEW_STARS, reason="3 stars")
    again = progress_of(
        [
            *events(5, p3=blank),
            SweepStarted(1, POSITIONS),
            *(PointMeasured(FocusPoint(p, hfr(p), sweep=1)) for p in POSITIONS[:2]),
            PointMeasured(FocusPoint(POSITIONS[2], math.nan, sweep=1, reason="cloud")),
        ]
    )
    numbers = picture(again).numbers
    assert numbers["earlier"] == (0, 1, 3, 4)
    assert numbers["used"] == (5, 6)
    assert numbers["not_used"] == (7,)


def test_a_click_on_a_mark_tells_the_number_of_its_point_and_a_ring_marks_it():
    view, picked = CurveView(decided()), []
    view.on_pick(picked.append)
    view._validation._handle_custom_msgs(None, {"event": "element_click", "data": {"index": 0}})
    view._used._handle_custom_msgs(None, {"event": "element_click", "data": {"index": 3}})
    assert picked == [9, 3]
    view.pick(3)
    assert (view._ring.x.tolist(), view._ring.y.tolist()) == (
        [view._used.x[3]],
        [view._used.y[3]],
    )
    view.pick(None)
    assert len(view._ring.x) == 0
    view.close()
