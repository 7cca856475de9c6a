"""What one run has gathered so far, and how it takes points and decides on them."""

import dataclasses
from collections.abc import Generator, Sequence

from focusbench.curve import (
    BestFocus,
    FocusPoint,
    Outcome,
    RigShape,
    Role,
    bracketing,
    only_worse,
)
from focusbench.devices import Stop
from focusbench.engine.deciding import decide
from focusbench.engine.events import CurvesFitted, Event, PointMeasured, PointStarted, Warned
from focusbench.engine.record import Validation
from focusbench.engine.sampler import Passing, Sampler
from focusbench.options import AutofocusOptions

Steps = Generator[Event, None, None]


class RunPoints:
    """Points of a run, and what became of them.

    Parameters
    ----------
    options : AutofocusOptions
    sampler : Sampler
    stop : Stop or None
    rig_shape : RigShape or None
    travel : (int, int), steps
        Smallest and largest position that the search may go to.

    Attributes
    ----------
    points, sweep : list of FocusPoint
        All that were taken, and those of the sweep going on.
    best : BestFocus or None
        The last decision on `sweep`.
    validation : Validation or None
    warnings : list of str
    """

    def __init__(
        self,
        options: AutofocusOptions,
        sampler: Sampler,
        stop: Stop | None,
        rig_shape: RigShape | None,
        travel: tuple[int, int],
    ) -> None:
        self.options = options
        self.sampler = sampler
        self.stop = stop
        self.rig_shape = rig_shape
        self.travel = travel
        self.points: list[FocusPoint] = []
        self.sweep: list[FocusPoint] = []
        self.best: BestFocus | None = None
        self.validation: Validation | None = None
        self.warnings: list[str] = []

    @property
    def focused(self) -> bool:
        """Whether the last fit found focus."""
        return self.best is not None and self.best.outcome == Outcome.FOCUSED

    def take(self, positions: Sequence[int], sweep: int, role: Role) -> Steps:
        """Take points, the next move overlapping each one's measurement.

        With smart focus it ends early where the curve only gets worse from the start.
        """
        planned = len(self.points) + len(positions)
        for i, position in enumerate(positions):
            then = positions[i + 1] if i + 1 < len(positions) else self._after(position)
            yield PointStarted(len(self.points) + 1, planned, position, sweep, role)
            sample = self.sampler.sample(position, self.stop, then)
            point = dataclasses.replace(sample.point, sweep=sweep, role=role)
            self.points.append(point)
            self.sweep.append(point)
            yield PointMeasured(point, sample.frames, sample.stars)
            yield from self.told()
            if self.options.smart_focus and only_worse(self.sweep):
                return

    def decide(self) -> Steps:
        """Fit all curves to this sweep; the curve of the options decides."""
        self.best = decide(self.sweep, self.options, self.rig_shape)
        yield CurvesFitted(self.best)

    def told(self) -> Steps:
        """Pass on what the sampler has to say."""
        for notice in self.sampler.notices():
            if notice not in self.warnings:
                yield self.warn(notice)

    def warn(self, message: str) -> Warned:
        """Make a warning and remember it."""
        self.warnings.append(message)
        return Warned(message)

    def way_out(self, target: int | None = None, *, shift: int = 0) -> int | None:
        """Where to come from, so that best focus is approached as the points were.

        None where the shortest way is asked for. `shift` is how much further out the sweep was
        than it would be in the filter that is in the beam, steps.
        """
        inward_compensated = self.options.final_move == "in" or not self.options.backlash
        if self.options.final_approach == "direct" or not inward_compensated or not self.sweep:
            return None
        first = round(self.sweep[0].position) - shift
        return first if target is None else max(first, target + self.options.backlash)

    def _after(self, last: int) -> int | None:
        """Where the focuser is going to go after the last planned point, where that is foreseen.

        Nothing is lost where it turns out otherwise: the move is stopped.
        """
        counted = [p for p in self.sweep if p.counts]
        if len(counted) < 2:
            return None
        lowest = min(counted, key=lambda p: p.metric)
        if self.options.smart_focus and lowest is counted[-1] and last < lowest.position:
            # At most one point will lie beyond the lowest, and two are needed.
            inward = last - self.options.step_size
            return inward if inward >= self.travel[0] else None
        if bracketing(self.sweep).bracketed:
            out = self.way_out()
            return None if out is None else Passing(out)
        return None

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

    def marked(self) -> tuple[FocusPoint, ...]:
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
