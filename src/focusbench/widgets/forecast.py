"""How far a run has come, and how long it still takes."""

import itertools
import statistics

from focusbench.engine import OVERHEAD_S, RunProgress


def seconds_left(progress: RunProgress, now_s: float) -> float | None:
    """How long the run still takes, from the pace of its own points, seconds."""
    options = progress.options
    if options is None or progress.started_s is None:
        return None
    times = [point.time_s for point in progress.points if point.time_s is not None]
    # The first point may have waited for something (a library, a long move): the middle of the
    # gaps between points is not bothered by one.
    guess = options.exposure_s + options.settle_s + OVERHEAD_S
    pace = statistics.median_low([guess, *(b - a for a, b in itertools.pairwise(times))])
    # A point is timed at the middle of its exposure; half of one has passed when it is in.
    last = times[-1] + options.exposure_s / 2 if times else progress.started_s
    left = planned_points(progress) - len(progress.points) + options.validation_frame
    if progress.validation is not None:
        left = 0
    return max(0.0, left * pace - max(0.0, now_s - last)) if left > 0 else 0.0


def planned_points(progress: RunProgress) -> int:
    """How many points the run expects to take, validation frame not included."""
    if progress.current is not None:
        return progress.current.planned
    earlier = sum(p.sweep != progress.sweep for p in progress.points)
    return earlier + len(progress.positions)


def fraction_done(progress: RunProgress) -> float:
    """Part of the planned frames that have been taken, 0 to 1."""
    if progress.options is None:
        return 0.0
    planned = planned_points(progress) + progress.options.validation_frame
    return min(1.0, len(progress.points) / planned) if planned else 0.0
