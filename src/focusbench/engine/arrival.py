"""The end of a run that found focus: the way there, the validation frame, and what it says."""

import dataclasses

from focusbench.curve import BestFocus, Outcome
from focusbench.engine.events import MoveStarted, PointStarted, Validated
from focusbench.engine.points import RunPoints, Steps
from focusbench.engine.record import Validation
from focusbench.engine.sampler import Sample


def go_to_best_focus(run: RunPoints, best: BestFocus) -> Steps:
    """Move to best focus and take the validation frame."""
    assert best.best_position is not None
    target = round(best.best_position)
    if best.outcome == Outcome.LOWEST_POINTS:
        yield run.warn(f"No fit. {best.diagnosis} Focus is the average of the lowest points.")
    yield MoveStarted(target, "best focus")
    run.sampler.move_to(target, run.stop, via=run.way_out(target))
    yield from run.told()
    if run.options.validation_frame:
        number = len(run.points) + 1
        yield PointStarted(number, number - 1, target, run.sweep[-1].sweep, "validation")
        sample = run.sampler.sample(target, run.stop)
        yield from _validate(run, sample, best.expected_metric)
        yield from run.told()


def _validate(run: RunPoints, sample: Sample, expected: float | None) -> Steps:
    """Compare the validation frame with what the deciding curve expects there."""
    point = dataclasses.replace(sample.point, sweep=run.sweep[-1].sweep, role="validation")
    run.points.append(point)
    tolerance = run.options.validation_tolerance_percent
    deviation = passed = None
    if not point.rejected and expected:
        deviation = 100 * (point.metric - expected) / expected
        passed = abs(deviation) <= tolerance
    metric = None if point.rejected else point.metric
    run.validation = Validation(metric, expected, deviation, passed)
    yield Validated(point, expected, deviation, passed, sample.frames, sample.stars)
    if point.rejected:
        yield run.warn(f"The validation frame could not be measured: {point.reason}.")
    elif deviation is not None and not passed:
        side = "above" if deviation > 0 else "below"
        cause = (
            "Most often this is backlash: check its setting, then Run again."
            if deviation > 0
            else "Sharper than the curve expects: its bottom is not well known; a smaller "
            "step size shows it better."
        )
        # One digit more where the rounded number would be the limit itself.
        percent = f"{abs(deviation):.{0 if round(abs(deviation)) > tolerance else 1}f}"
        yield run.warn(
            f"The validation frame reads {point.metric:.2f} px, {percent} % {side} "
            f"the expected {expected:.2f} px (limit {tolerance:g} %). Nothing was undone. "
            f"{cause}"
        )
