"""What the rules of the doctor look at: the points of the last sweep, sorted and counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from focusbench.curve import BestFocus, FocusPoint, Rejected


@dataclass(frozen=True)
class CurveData:
    """Points of one V-curve and what was decided from them.

    Attributes
    ----------
    points : tuple of FocusPoint
        Of the last sweep, without the validation point, in the order given.
    rejected : tuple of Rejected, one per point
    best : BestFocus or None
    step_size : float or None, steps
    time_ordered : bool
    """

    points: tuple[FocusPoint, ...]
    rejected: tuple[Rejected, ...]
    best: BestFocus | None
    step_size: float | None
    time_ordered: bool

    @cached_property
    def counted(self) -> tuple[FocusPoint, ...]:
        """Points that count, in the order given."""
        return tuple(
            point for point, why in zip(self.points, self.rejected, strict=True) if not why
        )

    @cached_property
    def position(self) -> NDArray[np.float64]:
        """Positions of the counted points, ascending, shape (n_counted,), steps."""
        return np.array(sorted(p.position for p in self.counted), dtype=float)

    @cached_property
    def metric(self) -> NDArray[np.float64]:
        """Their metric, shape (n_counted,), pixels."""
        by_position = sorted(self.counted, key=lambda p: p.position)
        return np.array([p.metric for p in by_position], dtype=float)

    @cached_property
    def lowest(self) -> int:
        """Index of the lowest counted point."""
        return int(np.argmin(self.metric))

    @cached_property
    def n_sides(self) -> tuple[int, int]:
        """Counted points further in, and further out, than the lowest."""
        return self.lowest, len(self.metric) - 1 - self.lowest

    @cached_property
    def end_ratio(self) -> float:
        """How many times the lowest metric the two ends read: their geometric mean."""
        return float(np.sqrt(self.metric[0] * self.metric[-1]) / self.metric[self.lowest])

    @cached_property
    def noise(self) -> float:
        """Standard error of one point, pixels.

        The median of the frames' own errors; without those, what the points scatter about the
        straight line through their neighbours, whose variance is 3/2 of one point's.
        """
        errors = [p.error for p in self.counted if p.error is not None]
        if errors:
            return float(np.median(errors))
        y = self.metric
        about_neighbours = y[1:-1] - (y[:-2] + y[2:]) / 2
        return float(1.4826 * np.median(np.abs(about_neighbours)) / np.sqrt(1.5))

    def neighbours_say(self, position: float) -> float:
        """What the straight line through the two counted points beside a position reads, pixels.

        Outside the counted points, the line through the last two goes on.
        """
        x, y = self.position, self.metric
        right = int(np.clip(np.searchsorted(x, position), 1, len(x) - 1))
        left = right - 1
        if x[left] == x[right]:
            return float(y[left] + y[right]) / 2
        slope = (y[right] - y[left]) / (x[right] - x[left])
        return float(y[left] + slope * (position - x[left]))


def curve_data(
    points: Sequence[FocusPoint],
    best: BestFocus | None,
    step_size: float | None,
    time_ordered: bool,
) -> CurveData:
    """Take the last sweep out of the points of a run."""
    taken = [p for p in points if p.role != "validation"]
    last = max((p.sweep for p in taken), default=0)
    sweep = tuple(p for p in taken if p.sweep == last)
    rejected = tuple(p.rejected for p in sweep)
    if best is not None and len(best.rejected) == len(sweep):
        rejected = best.rejected
    return CurveData(sweep, rejected, best, step_size, time_ordered)
