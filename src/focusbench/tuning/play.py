"""Where the drawtube stood at each point of a run, if the drive had a given play.

The play of a drive (its backlash) is how far the motor turns after a reversal before the drawtube
follows. Its sign: positive is play, in steps; the number says where the focuser is after a move
inward, and after a move outward the drawtube is that much further in. Hence a sweep outward finds
focus that many steps further out than a sweep inward. Negative is a driver or a hand controller
that takes up more than there is: after a move outward the drawtube is further out than the number.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from focusbench.curve import FocusPoint
from focusbench.engine import RunRecord
from focusbench.options import AutofocusOptions

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Path:
    """Every place at which the motor stopped, and at which of them a point was taken.

    Attributes
    ----------
    stops : tuple of float, steps
        In order; the first is where it stood before anything moved, approached inward.
    at_point : tuple of int
        For each point of the run, its place in `stops`.
    """

    stops: tuple[float, ...]
    at_point: tuple[int, ...]

    @classmethod
    def of_record(cls, record: RunRecord) -> "Path":
        """Path of a run of ours, overshoot included, as `engine.focuser_moves` commands it."""
        options = record.options
        stops = [float(record.start_position + record.focus_shift)]
        at_point = []
        for i, point in enumerate(record.points):
            via = _turned_at(record.points[:i], point, stops[-1], options)
            stops += [point.position] if via is None else [via, point.position]
            at_point.append(len(stops) - 1)
        return cls(tuple(stops), tuple(at_point))

    @classmethod
    def of_points(cls, points: Sequence[FocusPoint]) -> "Path":
        """Path of a foreign run: just before the first point, a long move the other way."""
        positions = [float(point.position) for point in points]
        inward = positions[-1] < positions[0]
        far = 2 * (max(positions) - min(positions)) + 1
        before = [positions[0] - far] if inward else [positions[0] + 2 * far, positions[0] + far]
        stops = (*before, *positions)
        return cls(stops, tuple(range(len(before), len(stops))))

    def drawtube(self, play: FloatArray) -> FloatArray:
        """Where the drawtube stood at each point.

        Parameters
        ----------
        play : float array, shape (m,), steps

        Returns
        -------
        float array, shape (m, n_points), steps
            As positions approached inward.
        """
        slack = np.maximum(play, 0)
        stood = np.full(play.shape, self.stops[0])
        # Where it is taken up too much, the last direction alone decides.
        extra = np.zeros(play.shape)
        places = [stood]
        for before, target in zip(self.stops, self.stops[1:], strict=False):
            stood = np.clip(stood, target - slack, target)
            if target != before:
                extra = np.maximum(-play, 0) if target > before else np.zeros(play.shape)
            places.append(stood + extra)
        return np.stack([places[i] for i in self.at_point], axis=1)


def as_sampled(options: AutofocusOptions) -> bool:
    """Whether best focus is approached from outside, as every point was."""
    inward = options.final_move == "in" or not options.backlash
    return options.final_approach == "as_sampled" and inward


def _turned_at(
    before: Sequence[FocusPoint], point: FocusPoint, here: float, options: AutofocusOptions
) -> float | None:
    """Where the focuser went first on its way to a point; None where it went straight."""
    target, backlash, wants_in = point.position, options.backlash, options.final_move == "in"
    if point.role == "validation" and as_sampled(options):
        first = next((p.position for p in before if p.sweep == point.sweep), target)
        return max(first, target + backlash)
    if not backlash or target == here or (target > here) != wants_in:
        return None
    return target + (backlash if wants_in else -backlash)
