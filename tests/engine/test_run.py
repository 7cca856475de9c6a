"""The run on its own: a curve instead of a rig."""

import math

import pytest

from focusbench.curve import FocusPoint, Outcome, Rejected
from focusbench.engine import (
    CurveSampler,
    CurvesFitted,
    MoveStarted,
    PointMeasured,
    PointStarted,
    RunFinished,
    RunProgress,
    RunStarted,
    Sample,
    SweepExtended,
    SweepStarted,
    Validated,
    Warned,
    autofocus_run,
    fold,
)
from focusbench.errors import DeviceError, FocuserTaken, RunCancelled
from focusbench.options import AutofocusOptions


def hyperbola(focus, *, a=1.9, b=77.0):
    return lambda position: a * math.hypot(1, (position - focus) / b)


def events_of(run, *, cancel_at=None, error=None):
    """All events of a run; at event number `cancel_at`, an error is thrown in."""
    events, returned = [], None
    try:
        event = next(run)
        while True:
            events.append(event)
            if len(events) - 1 == cancel_at:
                event = run.throw(error or RunCancelled("Cancelled."))
            else:
                event = next(run)
    except StopIteration as stop:
        returned = stop.value
    assert returned == events[-1].record
    return events


def run_on(focus, *, start=10_250, options=None, **sampler):
    sampler = CurveSampler(hyperbola(focus), start=start, **sampler)
    events = events_of(autofocus_run(options or AutofocusOptions(), sampler))
    return events, events[-1].record, sampler


@pytest.mark.parametrize(
    ("centre", "n", "step", "positions"),
    [
        (1000, 3, 10, (1010, 1000, 990)),
        (5000, 7, 10, (5030, 5020, 5010, 5000, 4990, 4980, 4970)),
        (6830, 9, 25, tuple(range(6930, 6729, -25))),
    ],
)
def test_run_starts_out_and_steps_in(centre, n, step, positions):
    options = AutofocusOptions(data_points=n, step_size=step, smart_focus=False)
    sampler = CurveSampler(hyperbola(centre, b=step), start=centre)
    events = events_of(autofocus_run(options, sampler))
    taken = tuple(e.position for e in events if isinstance(e, PointStarted))[:n]
    assert taken == positions
    assert tuple(sampler.visited[:n]) == positions


def test_run_finds_the_minimum_and_goes_there():
    _, record, sampler = run_on(10_247, relative_error=0.01)
    assert record.outcome == Outcome.FOCUSED
    assert record.best_position == pytest.approx(10_247, abs=10)
    assert record.final_position == round(record.best_position) == sampler.position()
    assert 0 < record.best_position_error < 15
    assert record.diagnosis.startswith("Best focus 102")


def test_events_come_in_their_order_with_one_end():
    events, record, _ = run_on(10_250, relative_error=0.01)
    kinds = [type(e) for e in events]
    assert kinds[:3] == [RunStarted, SweepStarted, PointStarted]
    assert kinds[-5:] == [CurvesFitted, MoveStarted, PointStarted, Validated, RunFinished]
    assert kinds.count(RunFinished) == 1
    assert kinds.count(PointMeasured) == 9
    assert [p.role for p in record.points] == ["sweep"] * 9 + ["validation"]


def test_best_focus_is_approached_from_where_the_sweep_began():
    _, record, sampler = run_on(10_250, relative_error=0.01)
    assert sampler.visited[-2:] == [10_490, record.final_position]


def test_direct_approach_takes_the_shortest_way():
    options = AutofocusOptions(final_approach="direct")
    _, record, sampler = run_on(10_250, options=options, relative_error=0.01)
    assert sampler.visited[-2:] == [10_010, record.final_position]


def test_validation_frame_is_compared_with_the_curve():
    _, record, _ = run_on(10_250, relative_error=0.01)
    assert record.validation.passed
    assert record.validation.expected == pytest.approx(1.9, rel=0.03)
    assert record.warnings == ()


@pytest.mark.parametrize(
    ("factor", "passed", "percent"),
    [(1.08, True, ""), (1.13, False, "13 %"), (0.87, False, "13 %"), (1.103, False, "10.3 %")],
)
def test_validation_beyond_ten_percent_either_side_warns_and_undoes_nothing(
    factor, passed, percent
):
    class Slipping(CurveSampler):
        """Reads another value once the sweep is over, as after a slip of the drive."""

        def sample(self, position, stop, then=None):
            sample = super().sample(position, stop, then)
            if len(self.visited) > 9:
                metric = 1.9 * factor
                return Sample(FocusPoint(position=position, metric=metric, error=0.01))
            return sample

    sampler = Slipping(hyperbola(10_250), start=10_250, relative_error=0.005)
    events = events_of(autofocus_run(AutofocusOptions(), sampler))
    record = events[-1].record
    assert record.validation.passed is passed
    assert record.outcome == Outcome.FOCUSED
    assert record.final_position == sampler.position() == round(record.best_position)
    warned = [e.message for e in events if isinstance(e, Warned)]
    assert len(warned) == (not passed)
    assert list(record.warnings) == warned


def test_smart_focus_goes_on_inward_one_point_at_a_time():
    events, record, _ = run_on(10_250, start=10_430, relative_error=0.01)
    extensions = [e for e in events if isinstance(e, SweepExtended)]
    assert {e.side for e in extensions} == {"inner"}
    assert all(len(e.positions) == 1 for e in extensions)
    assert record.outcome == Outcome.FOCUSED
    assert record.best_position == pytest.approx(10_250, abs=15)


def test_smart_focus_starts_over_when_it_only_gets_worse():
    # Focus lies seven steps further out than the start: every point is worse than the one before.
    events, record, _ = run_on(10_250 + 7 * 60, relative_error=0.005)
    sweeps = [e for e in events if isinstance(e, SweepStarted)]
    assert len(sweeps) >= 2
    first = [e.point for e in events if isinstance(e, PointMeasured) and e.point.sweep == 0]
    assert len(first) == 5
    assert sweeps[1].positions[4] == first[0].position
    assert record.outcome == Outcome.FOCUSED
    assert record.best_position == pytest.approx(10_670, abs=15)


@pytest.mark.parametrize("offset_steps", [-9, -6, -4, -2, 0, 2, 4, 6, 9])
def test_smart_focus_focuses_from_up_to_a_sweep_away(offset_steps):
    focus = 10_250 + offset_steps * 60
    options = AutofocusOptions()
    _, record, sampler = run_on(focus, options=options, relative_error=0.01, seed=offset_steps + 9)
    assert record.outcome == Outcome.FOCUSED, record.diagnosis
    assert record.best_position == pytest.approx(focus, abs=30)
    assert max(abs(p - 10_250) for p in sampler.visited) <= options.travel_limit


@pytest.mark.parametrize("offset_steps", [-35, -27, 27, 35])
def test_focus_too_far_away_ends_at_the_start(offset_steps):
    options = AutofocusOptions()
    _, record, sampler = run_on(10_250 + offset_steps * 60, options=options, relative_error=0.01)
    assert record.outcome in (Outcome.LOST, Outcome.NOT_FOCUSED)
    assert record.best_position is None
    assert record.final_position == sampler.position() == 10_250
    assert max(abs(p - 10_250) for p in sampler.visited) <= options.travel_limit
    assert record.diagnosis


def test_without_smart_focus_exactly_the_points_asked_for_are_taken():
    options = AutofocusOptions(smart_focus=False, data_points=7)
    events, record, _ = run_on(10_250 - 5 * 60, options=options, relative_error=0.01)
    assert sum(isinstance(e, PointMeasured) for e in events) == 7
    assert record.outcome == Outcome.NOT_FOCUSED
    assert record.final_position == 10_250


def test_three_points_are_extended_to_five_by_smart_focus():
    events, record, _ = run_on(
        10_250, options=AutofocusOptions(data_points=3), relative_error=0.005
    )
    assert sum(isinstance(e, PointMeasured) for e in events) >= 5
    assert record.outcome == Outcome.FOCUSED


def test_parabola_below_its_gate_falls_back_to_the_lowest_points():
    values = dict(
        zip(range(10_490, 10_009, -60), (6.1, 4.2, 5.6, 3.6, 2.4, 2.3, 4.9, 3.9, 5.6), strict=True)
    )
    sampler = CurveSampler(lambda p: values.get(round(p), 2.3), start=10_250)
    options = AutofocusOptions(curve="parabola", smart_focus=False)
    events = events_of(autofocus_run(options, sampler))
    record = events[-1].record
    assert record.outcome == Outcome.LOWEST_POINTS
    # The lowest neighbours are 10310, 10250 and 10190: weights 1/3.6, 1/2.4, 1/2.3.
    weights = [1 / 3.6, 1 / 2.4, 1 / 2.3]
    expected = sum(w * p for w, p in zip(weights, (10_310, 10_250, 10_190), strict=True))
    assert record.best_position == pytest.approx(expected / sum(weights), abs=0.01)
    assert record.expected_metric == pytest.approx((3.6 + 2.4 + 2.3) / 3)
    assert any(isinstance(e, Warned) for e in events)


def test_flat_curve_is_not_focused_and_ends_at_its_start():
    sampler = CurveSampler(lambda p: 3.0, start=10_250, relative_error=0.02, seed=4)
    record = events_of(autofocus_run(AutofocusOptions(), sampler))[-1].record
    assert record.outcome in (Outcome.NOT_FOCUSED, Outcome.LOST)
    assert sampler.position() == 10_250


def test_point_without_stars_is_a_red_x_and_the_run_goes_on():
    class Cloud(CurveSampler):
        def sample(self, position, stop, then=None):
            sample = super().sample(position, stop, then)
            if position == 10_370:
                point = FocusPoint(
                    position=position,
                    metric=math.nan,
                    rejected=Rejected.FEW_STARS,
                    reason="3 stars, 5 needed",
                )
                return Sample(point)
            return sample

    sampler = Cloud(hyperbola(10_250), start=10_250, relative_error=0.01)
    record = events_of(autofocus_run(AutofocusOptions(), sampler))[-1].record
    assert record.outcome == Outcome.FOCUSED
    crossed = [p for p in record.points if p.rejected]
    assert [(p.position, p.reason) for p in crossed] == [(10_370, "3 stars, 5 needed")]


def n_events_of_a_run():
    return len(run_on(10_250, relative_error=0.01)[0])


@pytest.mark.parametrize("number", range(25))
def test_cancel_at_any_event_returns_to_the_start(number):
    sampler = CurveSampler(hyperbola(10_200), start=10_250, relative_error=0.01)
    events = events_of(autofocus_run(AutofocusOptions(), sampler), cancel_at=number)
    if len(events) <= number + 1:
        assert events[-1].record.outcome == Outcome.FOCUSED, "thrown after the end"
        return
    record = events[-1].record
    assert record.outcome == Outcome.CANCELLED
    assert sampler.position() == record.final_position == 10_250
    assert sum(isinstance(e, RunFinished) for e in events) == 1
    assert len(record.points) == sum(isinstance(e, PointMeasured | Validated) for e in events)


def test_run_again_returns_to_the_position_it_was_given():
    sampler = CurveSampler(hyperbola(1890, b=20), start=1900, relative_error=0.01)
    options = AutofocusOptions(step_size=15)
    run = autofocus_run(options, sampler, centre=1900, return_position=1900)
    events = events_of(run, cancel_at=8)
    assert events[-1].record.return_position == sampler.position() == 1900


@pytest.mark.parametrize("at_point", [1, 5, 9, 10])
def test_device_error_ends_failed_at_the_start_with_the_points_kept(at_point):
    class Breaking(CurveSampler):
        taken = 0

        def sample(self, position, stop, then=None):
            self.taken += 1
            if self.taken == at_point:
                raise DeviceError("camera", "The camera stopped answering.")
            return super().sample(position, stop, then)

    sampler = Breaking(hyperbola(10_250), start=10_250, relative_error=0.01)
    record = events_of(autofocus_run(AutofocusOptions(), sampler))[-1].record
    assert record.outcome == Outcome.FAILED
    assert record.diagnosis.startswith("The camera stopped answering.")
    assert sampler.position() == record.final_position == 10_250
    assert len(record.points) == at_point - 1


def test_focuser_moved_by_someone_else_is_left_alone():
    class Taken(CurveSampler):
        def sample(self, position, stop, then=None):
            if position == 10_310:
                self._position = 10_777
                raise FocuserTaken("focuser", "The focuser was moved to 10777 by someone else.")
            return super().sample(position, stop, then)

    sampler = Taken(hyperbola(10_250), start=10_250, relative_error=0.01)
    events = events_of(autofocus_run(AutofocusOptions(), sampler))
    record = events[-1].record
    assert record.outcome == Outcome.FAILED
    assert "moved to 10777 by someone else" in record.diagnosis
    assert sampler.position() == record.final_position == 10_777


def test_bug_in_a_sampler_is_a_failed_run_with_the_focuser_home():
    class Buggy(CurveSampler):
        def sample(self, position, stop, then=None):
            if position == 10_370:
                raise ZeroDivisionError("oops")
            return super().sample(position, stop, then)

    sampler = Buggy(hyperbola(10_250), start=10_250)
    record = events_of(autofocus_run(AutofocusOptions(), sampler))[-1].record
    assert record.outcome == Outcome.FAILED
    assert "ZeroDivisionError" in record.diagnosis
    assert sampler.position() == 10_250


def test_focuser_that_cannot_go_home_is_said():
    class Stuck(CurveSampler):
        broken = False

        def sample(self, position, stop, then=None):
            if position == 10_370:
                self.broken = True
                raise DeviceError("focuser", "The focuser stopped answering.")
            return super().sample(position, stop, then)

        def move_to(self, position, stop, *, via=None):
            if self.broken:
                raise DeviceError("focuser", "The focuser stopped answering.")
            return super().move_to(position, stop, via=via)

    sampler = Stuck(hyperbola(10_250), start=10_250)
    record = events_of(autofocus_run(AutofocusOptions(), sampler))[-1].record
    assert record.outcome == Outcome.FAILED
    assert record.final_position == 10_430
    assert "did not get back to 10250" in record.diagnosis


def test_run_that_is_dropped_half_way_sends_the_focuser_home():
    sampler = CurveSampler(hyperbola(10_250), start=10_250)
    run = autofocus_run(AutofocusOptions(), sampler)
    for event in run:
        if isinstance(event, PointMeasured):
            break
    assert sampler.position() != 10_250
    run.close()
    assert sampler.position() == 10_250


@pytest.mark.parametrize("kind", [MoveStarted, RunFinished])
def test_run_that_is_dropped_near_its_end_leaves_the_focuser_where_it_belongs(kind):
    moves = []

    class Watched(CurveSampler):
        def move_to(self, position, stop, *, via=None):
            moves.append(position)
            return super().move_to(position, stop, via=via)

    sampler = Watched(lambda p: 3.0, start=10_250, relative_error=0.02, seed=4)
    run = autofocus_run(AutofocusOptions(), sampler)
    for event in run:
        if isinstance(event, kind):
            break
    run.close()
    assert sampler.position() == 10_250
    # Home once: the last point was elsewhere.
    assert moves[-1] == 10_250 != moves[-2]


def test_watching_live_and_the_record_agree():
    progress = RunProgress()
    sampler = CurveSampler(hyperbola(10_250), start=10_250, relative_error=0.01)
    for event in autofocus_run(AutofocusOptions(), sampler):
        progress = fold(progress, event)
    assert progress.phase == "finished"
    assert progress.points == progress.record.points
    assert progress.best == progress.record.best
    assert progress.validation == progress.record.validation


def test_a_glance_at_the_curve_comes_from_the_third_point_on():
    progress = RunProgress()
    glances = []
    sampler = CurveSampler(hyperbola(10_250), start=10_250, relative_error=0.01)
    for event in autofocus_run(AutofocusOptions(), sampler):
        progress = fold(progress, event)
        if isinstance(event, PointMeasured):
            glances.append((progress.best is not None, progress.decided))
    assert glances == [(False, False)] * 2 + [(True, False)] * 7
