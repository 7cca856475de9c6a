"""What the rules of the doctor look at: the points of a run, its last sweep, and their curve."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from focusbench.curve import BestFocus, FocusPoint, Outcome, Rejected
from focusbench.doctor.candidates import Cause, Curve
from focusbench.doctor.comparison import Explained, compare
from focusbench.doctor.finding import FAILED_LN_ODDS, PRIOR_LN_ODDS
from focusbench.options import AutofocusOptions

USUAL_SEEING = 0.04
"""Relative scatter of frames where nothing tells it."""
FAR = 1e12
"""No focuser counts so far, steps."""
SUREST = 4.5
"""No number is known so well that more standard deviations would mean anything."""


@dataclass(frozen=True)
class RunData:
    """A run, as the rules look at it.

    Attributes
    ----------
    sweeps : tuple of tuple of FocusPoint
        Points of each sweep, the last one decides; without the validation point.
    rejected : tuple of Rejected, one per point of the last sweep
    validation : FocusPoint or None
    best : BestFocus or None
        What was decided from the last sweep.
    options : AutofocusOptions or None
        None for a foreign run.
    given_step_size : float or None, steps
    time_ordered : bool
        Whether the points stand in the order taken.
    """

    sweeps: tuple[tuple[FocusPoint, ...], ...]
    rejected: tuple[Rejected, ...]
    validation: FocusPoint | None
    best: BestFocus | None
    options: AutofocusOptions | None
    given_step_size: float | None
    time_ordered: bool

    @property
    def points(self) -> tuple[FocusPoint, ...]:
        """Points of the last sweep, in the order given."""
        return self.sweeps[-1] if self.sweeps else ()

    @property
    def focused(self) -> bool:
        """Whether the curve found a focus."""
        return self.best is not None and self.best.outcome == Outcome.FOCUSED

    @property
    def prior_ln_odds(self) -> float:
        """Of any one trouble: one in twenty, more where the run did not focus.

        Unless the run says itself that it only has to go on.
        """
        failed = self.best is not None and not self.focused and not self.best.direction
        return FAILED_LN_ODDS if failed else PRIOR_LN_ODDS

    @cached_property
    def measured(self) -> tuple[FocusPoint, ...]:
        """Points of the last sweep that have a metric, in the order given; red X's too."""
        return measured(self.points)

    @cached_property
    def counted(self) -> tuple[FocusPoint, ...]:
        """Points of the last sweep that count, in the order given."""
        both = zip(self.points, self.rejected, strict=True)
        return measured([point for point, why in both if not why])

    @cached_property
    def step(self) -> float:
        """Step size, or the usual distance of the points where that is no such thing, steps."""
        gaps = np.diff(np.unique([p.position for p in self.measured]))
        usual = float(np.median(gaps)) if len(gaps) else 1.0
        given = self.given_step_size
        return given if given and usual / 100 < given < usual * 100 else usual

    @cached_property
    def middle(self) -> float:
        """Where `x` is 0, steps."""
        return float(np.mean([p.position for p in self.measured])) if self.measured else 0.0

    def x(self, position: float) -> float:
        """Position in step sizes from the middle."""
        return (position - self.middle) / self.step

    def position(self, x: float) -> float:
        """Position of a place given in step sizes from the middle, steps."""
        return self.middle + x * self.step

    @property
    def half_range(self) -> float:
        """Half the length of a planned sweep, step sizes."""
        if self.options is not None:
            return float(self.options.data_points // 2)
        return (len({p.position for p in self.points}) - 1) / 2

    @cached_property
    def explained_sweeps(self) -> tuple[dict[Cause, Explained], ...]:
        """Explanations of every sweep; none with fewer than five measured points."""
        found = []
        for number, sweep in enumerate(self.sweeps):
            before = [p for earlier in self.sweeps[:number] for p in earlier]
            found.append(compare(self._curve(measured(sweep), before)))
        return tuple(found)

    @property
    def explained(self) -> dict[Cause, Explained]:
        """Explanations of the last sweep."""
        return self.explained_sweeps[-1] if self.sweeps else {}

    def _curve(self, points: Sequence[FocusPoint], before: Sequence[FocusPoint]) -> Curve:
        """Points as arrays."""
        y = np.array([p.metric for p in points], dtype=float)
        error = np.array([relative_error(p) for p in points], dtype=float)
        spread = [p.scatter if usable(p.scatter) else math.nan for p in points]
        n_stars = np.array([p.n_stars or math.nan for p in points], dtype=float)
        return Curve(
            x=np.array([self.x(p.position) for p in points], dtype=float),
            ln_y=np.log(y),
            variance=np.minimum(error, 1.0) ** 2,
            spread=np.log(np.array(spread, dtype=float) / y),
            n_stars=n_stars,
            time_ordered=self.time_ordered,
            before=np.array([self.x(p.position) for p in before], dtype=float),
        )

    @cached_property
    def trouble(self) -> tuple[Cause, Explained] | None:
        """The likeliest explanation of the last sweep, where it beats a sound V-curve."""
        return likeliest(self.explained, self.prior_ln_odds)

    @cached_property
    def shape(self) -> Explained | None:
        """The V-curve that is left when the trouble is explained; None where there is none."""
        if self.trouble is None:
            return self.explained.get("sound")
        return None if self.trouble[0] == "flat" else self.trouble[1]

    def position_error(self, explained: Explained) -> float:
        """How well a minimum is known, step sizes; also where frames agree by chance."""
        return math.hypot(explained.x0_error, 0.15)


def likeliest(
    explained: dict[Cause, Explained], prior_ln_odds: float
) -> tuple[Cause, Explained] | None:
    """The likeliest trouble, where it is likelier than none."""
    troubles = {cause: e for cause, e in explained.items() if cause != "sound"}
    if not troubles:
        return None
    cause = max(troubles, key=lambda each: troubles[each].evidence)
    likely = troubles[cause].evidence + prior_ln_odds > 0
    return (cause, troubles[cause]) if likely else None


def usable(value: float | None) -> bool:
    """Whether a number is there and can be a metric, an error or a scatter, in any unit."""
    return value is not None and 1e-9 < value < 1e9


def relative_error(point: FocusPoint) -> float:
    """Standard error of a point as a share of its metric; 0 where unknown."""
    return point.error / point.metric if point.error and usable(point.error) else 0.0


def measured(points: Sequence[FocusPoint]) -> tuple[FocusPoint, ...]:
    """Points that have a metric."""
    return tuple(
        p
        for p in points
        if not p.rejected & Rejected.FEW_STARS and usable(p.metric) and abs(p.position) < FAR
    )


def run_data(
    points: Sequence[FocusPoint],
    best: BestFocus | None,
    options: AutofocusOptions | None,
    step_size: float | None,
    time_ordered: bool,
) -> RunData:
    """Sort the points of a run into sweeps."""
    taken = [p for p in points if p.role != "validation"]
    validations = [p for p in points if p.role == "validation"]
    numbers = sorted({p.sweep for p in taken})
    sweeps = tuple(tuple(p for p in taken if p.sweep == number) for number in numbers)
    rejected = tuple(p.rejected for p in sweeps[-1]) if sweeps else ()
    if best is not None and len(best.rejected) == len(rejected):
        rejected = best.rejected
    return RunData(
        sweeps,
        rejected,
        validations[-1] if validations else None,
        best,
        options,
        options.step_size if options is not None and step_size is None else step_size,
        time_ordered,
    )


def ln_odds(z: float) -> float:
    """Ln odds that a number lies beyond a threshold, `z` standard deviations below it."""
    from scipy.special import log_ndtr

    z = min(max(z, -SUREST), SUREST)
    return float(log_ndtr(z) - log_ndtr(-z))


FloatArray = NDArray[np.float64]
