"""How long a replayed run would have taken, from the times of the saved one."""

import itertools
import statistics
from dataclasses import dataclass

from focusbench.af_packages import Package
from focusbench.options import AutofocusOptions


@dataclass(frozen=True)
class ReplayClock:
    """Times of a saved run, taken apart.

    Attributes
    ----------
    frame_s : float, seconds
        Between two points of the run, less the exposures and the move: download, settling,
        whatever else.
    step_s : float, seconds per step
        0 where the run does not tell how fast its focuser moves.
    """

    frame_s: float
    step_s: float

    @classmethod
    def of(cls, package: Package, options: AutofocusOptions) -> "ReplayClock | None":
        """From the median time between points; None where the package has no times.

        Of a run of ours the move from its start to its first point tells the focuser's speed:
        what passes there before the exposure is the move and the settling.
        """
        points = [p for p in package.focus_points if p.role != "validation"]
        exposure_s = options.frames_per_point * options.exposure_for(package.filter)
        if not package.time_ordered or any(p.time_s is None for p in points) or len(points) < 2:
            return None
        times = [p.time_s or 0.0 for p in points]
        gaps = [after - before for before, after in itertools.pairwise(times)]
        moved = [
            abs(after.position - before.position) for before, after in itertools.pairwise(points)
        ]
        gap_s, step = statistics.median(gaps), statistics.median(moved)
        if gap_s <= 0:
            return None
        rest_s = max(gap_s - exposure_s, 0.0)
        step_s = 0.0
        record = package.record
        if record is not None:
            first_move = abs(points[0].position - record.start_position - record.focus_shift)
            before_s = times[0] - record.started_s - exposure_s / 2 - options.settle_s
            if first_move and before_s > 0:
                step_s = before_s / first_move
        # Where the wheel turned first, that time is no move's.
        step_s = min(step_s, rest_s / step) if step else 0.0
        return cls(rest_s - step_s * step, step_s)
