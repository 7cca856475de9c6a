"""The advice under Sampling: what a run will do before it does it, and what would be better."""

import math

from focusbench.curve import Outcome, evaluate
from focusbench.engine import RunRecord
from focusbench.options import AutofocusOptions
from focusbench.widgets.wording import about, count


def say_sampling(
    options: AutofocusOptions, at: int | None, seconds: float, last: RunRecord | None = None
) -> str:
    """Say what a run with these options will do, and what would be better.

    Parameters
    ----------
    options : AutofocusOptions
    at : int or None, steps
        Where the focuser is; None where that is not known.
    seconds : float
        How long the run should take.
    last : RunRecord, optional
        The rig's last run, whose curve tells how high the ends of the sweep will read.
    """
    frames = count(options.data_points * options.frames_per_point, "frame")
    took = f"about {about(seconds, to=5)}"
    if at is None:
        text = f"A sweep takes {frames}, {took}."
    else:
        sweep = options.sweep_positions(at)
        text = f"Sweeps {sweep[0]} → {sweep[-1]}, {frames}, {took}."
    if options.data_points % 2 == 0:
        text += " An odd number of points puts one at the centre."
    times = end_ratio(options, last) if last is not None else None
    if times is not None:
        verdict = "good" if 2.5 <= times <= 4 else f"too {'low' if times < 2.5 else 'high'}"
        text += f" Ends at {times:.1f} times the minimum: {verdict} (2.5 to 4)."
    return text


def end_ratio(options: AutofocusOptions, last: RunRecord) -> float | None:
    """How many times the minimum the ends of a centred sweep read, by the last run's curve.

    The geometric mean of both ends, as the doctor has it; None where that run did not focus, or
    measured something else.
    """
    fit = last.fits.get("auto")
    if last.outcome is not Outcome.FOCUSED or fit is None or last.options.metric != options.metric:
        return None
    if fit.best_position is None or not fit.expected_metric:
        return None
    half = (options.data_points // 2) * options.step_size
    inner, outer = evaluate(fit, [fit.best_position - half, fit.best_position + half])
    ratio = float((inner * outer) ** 0.5 / fit.expected_metric)
    return ratio if ratio > 0 and math.isfinite(ratio) else None
