"""One auto focus run, as a generator of events over a sampler.

The generator touches no camera, clock or widget: it asks the `Sampler` for points, the curve room
for the decision, and yields what happened. The same generator runs at the telescope, replays a
saved package, and runs thousands of simulated nights.
"""

import contextlib
import dataclasses
import logging
from collections.abc import Generator, Sequence
from typing import Literal

from focusbench.curve import (
    BestFocus,
    FocusPoint,
    Outcome,
    Role,
    bracketing,
    find_best_focus,
)
from focusbench.devices import Stop
from focusbench.engine.events import (
    CurvesFitted,
    Event,
    MoveStarted,
    PointMeasured,
    PointStarted,
    RunFinished,
    RunStarted,
    SweepExtended,
    SweepStarted,
    Validated,
    Warned,
)
from focusbench.engine.record import RunRecord, Validation
from focusbench.engine.sampler import Sample, Sampler
from focusbench.errors import DeviceError, FocusbenchError, FocuserTaken, RunCancelled
from focusbench.options import AutofocusOptions

logger = logging.getLogger(__name__)

MIN_POINTS_WITH_SMART_FOCUS = 5
"""With fewer planned points, smart focus first goes on inward until there are this many."""

Steps = Generator[Event, None, None]


def autofocus_run(
    options: AutofocusOptions,
    sampler: Sampler,
    *,
    stop: Stop | None = None,
    centre: int | None = None,
    return_position: int | None = None,
) -> Generator[Event, None, RunRecord]:
    """Run auto focus once.

    Parameters
    ----------
    options : AutofocusOptions
    sampler : Sampler
        Where points come from.
    stop : Stop, optional
        Handed to the sampler; when set, the run is cancelled.
    centre : int, optional, steps
        Centre of the first sweep; the position now where not given (Run again gives it).
    return_position : int, optional, steps
        Where a run that does not focus goes; the position now where not given.

    Yields
    ------
    Event
        In the order that `focusbench.engine.events` says; exactly one `RunFinished`, the last.

    Returns
    -------
    RunRecord

    Notes
    -----
    `RunCancelled` may be thrown in at any event; on the way home and after the end it changes
    nothing any more. Errors never leave the generator: they become
    the record's outcome and diagnosis.
    """
    run = _Run(options, sampler, stop)
    start = sampler.position()
    home = start if return_position is None else return_position
    started_s = sampler.now()
    outcome, diagnosis, go_home = Outcome.FAILED, "", True
    try:
        yield RunStarted(
            options=options,
            start_position=start,
            return_position=home,
            centre=start if centre is None else centre,
            time_s=started_s,
            rig=sampler.describe(),
        )
        yield from run.search(start if centre is None else centre, start)
        best = run.best
        if run.lost and not run.focused:
            outcome, diagnosis = Outcome.LOST, run.lost
        elif best is not None and best.best_position is not None:
            yield from run.go_to_best_focus(best)
            outcome, diagnosis, go_home = best.outcome, verdict(best), False
        else:
            outcome, diagnosis = Outcome.NOT_FOCUSED, run.why_not()
    except GeneratorExit:
        # The caller walked away: nothing may be yielded any more, but the focuser goes home.
        _quietly_home(sampler, home)
        raise
    except RunCancelled:
        outcome, diagnosis = Outcome.CANCELLED, "Cancelled."
    except FocuserTaken as error:
        outcome, diagnosis, go_home = Outcome.FAILED, str(error), False
    except FocusbenchError as error:
        outcome, diagnosis = Outcome.FAILED, str(error)
    except Exception as error:
        logger.exception("Unexpected error in an auto focus run")
        outcome = Outcome.FAILED
        diagnosis = f"Something unexpected went wrong ({type(error).__name__}: {error})."
    if go_home:
        with contextlib.suppress(RunCancelled):
            yield MoveStarted(home, "home")
        trouble = _quietly_home(sampler, home)
        if trouble:
            outcome = Outcome.FAILED
            diagnosis = f"{diagnosis} The focuser did not get back to {home}: {trouble}".strip()
    final_position = _where(sampler)
    if outcome in (Outcome.CANCELLED, Outcome.FAILED) and final_position is not None:
        diagnosis += (
            f" The focuser is back at {home}."
            if final_position == home
            else f" The focuser is at {final_position}, its start was {home}."
        )
    record = RunRecord(
        outcome=outcome,
        diagnosis=diagnosis,
        options=options,
        start_position=start,
        return_position=home,
        final_position=final_position,
        points=run.marked_points(),
        best=run.best,
        validation=run.validation,
        warnings=tuple(run.warnings),
        started_s=started_s,
        duration_s=sampler.now() - started_s,
        rig=sampler.describe(),
    )
    with contextlib.suppress(RunCancelled):
        yield RunFinished(record)
    return record


class _Run:
    """What one run has gathered so far, and the parts of the run."""

    def __init__(self, options: AutofocusOptions, sampler: Sampler, stop: Stop | None) -> None:
        self.options = options
        self.sampler = sampler
        self.stop = stop
        self.points: list[FocusPoint] = []
        self.sweep: list[FocusPoint] = []
        self.best: BestFocus | None = None
        self.validation: Validation | None = None
        self.warnings: list[str] = []
        self.lost = ""

    # ------------------------------------------------------------------ the search for a minimum

    def search(self, centre: int, start: int) -> Steps:
        """Sweep, extend and re-centre until the minimum is bracketed or the search is over."""
        sweeps = self.options.max_sweeps if self.options.smart_focus else 1
        for number in range(sweeps):
            positions = self.options.sweep_positions(centre)
            if self._too_far(positions, start):
                return
            yield SweepStarted(number, positions)
            self.sweep, self.best = [], None
            yield from self._take(positions, number, "sweep")
            yield from self._decide()
            if not any(p.counts for p in self.sweep):
                return
            if self.options.smart_focus:
                yield from self._extend(number, start)
                if self.lost:
                    return
            bracket = bracketing(self.sweep, self.best)
            if bracket.bracketed or self.focused or bracket.lowest_position is None:
                return
            centre = round(bracket.lowest_position)

    def _take(self, positions: Sequence[int], sweep: int, role: Role) -> Steps:
        """Take points, the next one's move overlapping this one's measurement."""
        planned = len(self.points) + len(positions)
        for i, position in enumerate(positions):
            then = positions[i + 1] if i + 1 < len(positions) else None
            yield PointStarted(len(self.points) + 1, planned, position, sweep, role)
            sample = self.sampler.sample(position, self.stop, then)
            point = dataclasses.replace(sample.point, sweep=sweep, role=role)
            self.points.append(point)
            self.sweep.append(point)
            yield PointMeasured(point, sample.frames, sample.stars)
            if self.options.smart_focus and bracketing(self.sweep).only_worse:
                return

    def _extend(self, sweep: int, start: int) -> Steps:
        """Smart focus: add points on the side where the minimum is not yet bracketed."""
        step, n_inward = self.options.step_size, self.options.data_points // 2 + 1
        while n_inward:
            bracket = bracketing(self.sweep, self.best)
            too_few = len(self.sweep) < MIN_POINTS_WITH_SMART_FOCUS
            if bracket.only_worse or not (bracket.inner_short or too_few):
                break
            innermost = min(p.position for p in self.sweep)
            yield from self._extend_by(
                [round(innermost) - step], sweep, "inner", start, "The curve still falls inward."
            )
            if self.lost:
                return
            n_inward -= 1
        bracket = bracketing(self.sweep, self.best)
        if bracket.outer_short and not bracket.only_worse:
            outermost = round(max(p.position for p in self.sweep))
            yield from self._extend_by(
                [outermost + 2 * step, outermost + step],
                sweep,
                "outer",
                start,
                "The outer side has too few points.",
            )

    def _extend_by(
        self,
        positions: list[int],
        sweep: int,
        side: Literal["inner", "outer"],
        start: int,
        reason: str,
    ) -> Steps:
        if self._too_far(positions, start):
            return
        yield SweepExtended(sweep, side, tuple(positions), reason)
        yield from self._take(positions, sweep, "extension")
        yield from self._decide()

    def _too_far(self, positions: Sequence[int], start: int) -> bool:
        """Whether any position lies beyond the largest travel; says so once."""
        limit = self.options.travel_limit
        furthest = max(positions, key=lambda p: abs(p - start))
        if abs(furthest - start) > limit:
            self.lost = (
                f"Not focused: going on to {furthest} would be more than {limit} steps (max. "
                "travel) from where the run began."
            )
        return bool(self.lost)

    def _decide(self) -> Steps:
        """Fit all curves to this sweep; the curve of the options decides."""
        self.best = find_best_focus(
            self.sweep,
            curve=self.options.curve,
            min_quality=self.options.min_quality,
            zone_tolerance=self.options.zone_tolerance,
            step_size=self.options.step_size,
        )
        yield CurvesFitted(self.best)

    def why_not(self) -> str:
        """Why there is no focus, in a sentence: the frames first, then the curve."""
        crossed = [p for p in self.sweep if p.rejected]
        if len(crossed) > len(self.sweep) / 2:
            return (
                f"{len(crossed)} of {len(self.sweep)} frames cannot be used ({crossed[0].reason}). "
                "Look at one: is the cap off, the sky clear, the focus near? Expose longer, or "
                "allow fewer stars."
            )
        return self.best.diagnosis if self.best else "No point could be taken."

    @property
    def focused(self) -> bool:
        """Whether the last fit found focus."""
        return self.best is not None and self.best.outcome == Outcome.FOCUSED

    # ------------------------------------------------------------------ best focus and validation

    def go_to_best_focus(self, best: BestFocus) -> Steps:
        """Move to best focus and take the validation frame."""
        assert best.best_position is not None
        target = round(best.best_position)
        if best.outcome == Outcome.LOWEST_POINTS:
            yield self._warn(f"No fit. {best.diagnosis} Focus is the average of the lowest points.")
        yield MoveStarted(target, "best focus")
        self.sampler.move_to(target, self.stop, via=self._via(target))
        if self.options.validation_frame:
            number = len(self.points) + 1
            yield PointStarted(number, number - 1, target, self.sweep[-1].sweep, "validation")
            sample = self.sampler.sample(target, self.stop)
            yield from self._validate(sample, best.expected_metric)

    def _via(self, target: int) -> int | None:
        """Where to come from, so that best focus is approached as the points were."""
        inward_compensated = self.options.final_move == "in" or not self.options.backlash
        if self.options.final_approach == "direct" or not inward_compensated:
            return None
        first_sampled = round(self.sweep[0].position)
        return max(first_sampled, target + self.options.backlash)

    def marked_points(self) -> tuple[FocusPoint, ...]:
        """All points taken, with the red X's that the last fit found in its sweep."""
        points = list(self.points)
        if self.best is not None:
            first = points.index(self.sweep[0])
            for i, (rejected, reason) in enumerate(
                zip(self.best.rejected, self.best.reasons, strict=True)
            ):
                points[first + i] = dataclasses.replace(
                    points[first + i], rejected=rejected, reason=reason
                )
        return tuple(points)

    def _validate(self, sample: Sample, expected: float | None) -> Steps:
        point = dataclasses.replace(sample.point, sweep=self.sweep[-1].sweep, role="validation")
        self.points.append(point)
        tolerance = self.options.validation_tolerance_percent
        deviation = passed = None
        if not point.rejected and expected:
            deviation = 100 * (point.metric - expected) / expected
            passed = abs(deviation) <= tolerance
        metric = None if point.rejected else point.metric
        self.validation = Validation(metric, expected, deviation, passed)
        yield Validated(point, expected, deviation, passed, sample.frames, sample.stars)
        if point.rejected:
            yield self._warn(f"The validation frame could not be measured: {point.reason}.")
        elif deviation is not None and not passed:
            side = "above" if deviation > 0 else "below"
            cause = (
                "Most often this is backlash: check its setting, then Run again."
                if deviation > 0
                else "Sharper than the curve expects: its bottom is not well known; a smaller "
                "step size shows it better."
            )
            yield self._warn(
                f"The validation frame reads {point.metric:.2f} px, {abs(deviation):.0f} % {side} "
                f"the expected {expected:.2f} px (limit {tolerance:g} %). Nothing was undone. "
                f"{cause}"
            )

    def _warn(self, message: str) -> Warned:
        self.warnings.append(message)
        return Warned(message)


def verdict(best: BestFocus) -> str:
    """Say best focus, its error and its yardstick; figures as fine as the error allows."""
    error, zone = best.best_position_error, best.zone
    digits = 0 if error is None or error >= 1 else 1
    position = f"{best.best_position:.{digits}f}"
    if error is not None:
        position += f" ± {error:.{digits}f}"
    if best.outcome == Outcome.LOWEST_POINTS:
        return f"No fit. The average of the lowest points is {position}."
    return f"Best focus {position} steps" + (
        "." if zone is None else f"; the zone is ± {zone:.{digits}f}."
    )


def _quietly_home(sampler: Sampler, home: int) -> str:
    """Send the focuser home, whatever state it is in; returns why it did not get there."""
    try:
        sampler.move_to(home, None)
    except Exception as error:
        logger.info("The focuser did not get home", exc_info=True)
        return str(error) or type(error).__name__
    return ""


def _where(sampler: Sampler) -> int | None:
    """Where the focuser stands, if it can be found out."""
    try:
        return sampler.position()
    except DeviceError:
        return None
