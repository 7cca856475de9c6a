"""Smart focus: sweep, extend and re-centre until the minimum is bracketed or the search is over.

Its rules are SGPro's where its help page gives them; numbers that it does not publish are ours:

- The minimum is *bracketed* when two counted points or more lie on each side of the lowest, and
  each end stands above it by more than three combined standard errors (`curve.bracketing`).
- Inner side short: one point further in at a time, N // 2 + 1 more at most.
- Outer side short: out past the first point by two steps, and in again, two points more.
- Five points that only get worse, each by more than 3 %, or a sweep that is still not bracketed:
  a new sweep around the lowest counted point, `max_sweeps` in all.
- A curve that says FOCUSED ends the search, though a side may be a point short.
- No move goes further from where the run began than `max_travel`, overshoot included.
"""

from collections.abc import Sequence
from typing import Literal

from focusbench.curve import bracketing
from focusbench.engine.events import SweepExtended, SweepStarted
from focusbench.engine.points import RunPoints, Steps

MIN_POINTS_WITH_SMART_FOCUS = 5
"""With fewer planned points, smart focus first goes on inward until there are this many."""


class Search:
    """The search of one run.

    Parameters
    ----------
    run : RunPoints

    Attributes
    ----------
    lost : str
        Why the search ended at the largest travel, in words; empty where it did not.
    """

    def __init__(self, run: RunPoints) -> None:
        self._run = run
        self.lost = ""

    def around(self, centre: int) -> Steps:
        """Search around a position."""
        run, smart = self._run, self._run.options.smart_focus
        for number in range(run.options.max_sweeps if smart else 1):
            positions = run.options.sweep_positions(centre)
            if self._too_far(positions):
                return
            yield SweepStarted(number, positions)
            run.sweep, run.best = [], None
            yield from run.take(positions, number, "sweep")
            yield from run.decide()
            if not any(p.counts for p in run.sweep):
                return
            if smart:
                yield from self._extend(number)
                if self.lost:
                    return
            bracket = bracketing(run.sweep, run.best)
            if bracket.bracketed or run.focused or bracket.lowest_position is None:
                return
            centre = round(bracket.lowest_position)

    def _extend(self, sweep: int) -> Steps:
        """Add points on the side where the minimum is not yet bracketed."""
        run = self._run
        step, n_inward = run.options.step_size, run.options.data_points // 2 + 1
        while n_inward:
            bracket = bracketing(run.sweep, run.best)
            too_few = len(run.sweep) < MIN_POINTS_WITH_SMART_FOCUS
            if bracket.only_worse or not (bracket.inner_short or too_few):
                break
            innermost = min(p.position for p in run.sweep)
            yield from self._extend_by(
                [round(innermost) - step], sweep, "inner", "The curve still falls inward."
            )
            if self.lost:
                return
            n_inward -= 1
        bracket = bracketing(run.sweep, run.best)
        if bracket.outer_short and not bracket.only_worse:
            outermost = round(max(p.position for p in run.sweep))
            yield from self._extend_by(
                [outermost + 2 * step, outermost + step],
                sweep,
                "outer",
                "The outer side has too few points.",
            )

    def _extend_by(
        self, positions: list[int], sweep: int, side: Literal["inner", "outer"], reason: str
    ) -> Steps:
        if self._too_far(positions):
            return
        yield SweepExtended(sweep, side, tuple(positions), reason)
        yield from self._run.take(positions, sweep, "extension")
        yield from self._run.decide()

    def _too_far(self, positions: Sequence[int]) -> bool:
        """Whether any position lies beyond the largest travel; says so once."""
        low, high = self._run.travel
        beyond = [position for position in positions if not low <= position <= high]
        if beyond:
            self.lost = (
                f"Not focused: going on to {beyond[0]} would be more than "
                f"{self._run.options.travel_limit} steps (max. travel) from where the run began."
            )
        return bool(self.lost)
