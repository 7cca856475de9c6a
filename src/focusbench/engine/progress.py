"""The state of a run as its watchers see it: a fold of the run's events.

Watching live and opening a saved package fold into the same `RunProgress`, and the same view
draws both.
"""

import dataclasses
from dataclasses import dataclass, field
from typing import Literal

from focusbench.curve import BestFocus, FocusPoint, RigShape
from focusbench.engine.deciding import decide
from focusbench.engine.events import (
    CurvesFitted,
    Event,
    MoveStarted,
    PointMeasured,
    PointStarted,
    RunDismissed,
    RunFinished,
    RunStarted,
    SweepExtended,
    SweepStarted,
    Validated,
    Warned,
)
from focusbench.engine.record import RunRecord, Validation
from focusbench.options import AutofocusOptions


@dataclass(frozen=True)
class Activity:
    """What the rig is doing at this moment; polled, for it changes faster than events come.

    Attributes
    ----------
    kind : str
        "idle", "turning" (the filter wheel), "moving", "settling", "exposing", "reading",
        "preparing" (the first frame waits for the measurement of stars to be compiled) or
        "measuring".
    position : int or None, steps
        Where it is going, or where it exposes.
    since_s : float, seconds
        When it began, on the rig's clock.
    expected_s : float or None, seconds
        How long it should take; None where unknown.
    """

    kind: Literal[
        "idle", "turning", "moving", "settling", "exposing", "reading", "preparing", "measuring"
    ] = "idle"
    position: int | None = None
    since_s: float = 0.0
    expected_s: float | None = None


@dataclass(frozen=True)
class RunProgress:
    """Everything a panel needs to draw a run.

    Attributes
    ----------
    phase : {"idle", "sweeping", "moving", "validating", "going home", "finished"}
    options : AutofocusOptions or None
    rig_shape : RigShape or None
        What earlier runs told of the rig's asymmetry.
    start_position, return_position : int or None, steps
    started_s : float or None, seconds
        Unix time of the start on the rig's clock.
    sweep : int
        The sweep going on, from 0.
    positions : tuple of int, steps
        Positions of this sweep, taken and still to come, in the order taken.
    points : tuple of FocusPoint
        Points taken so far, all sweeps, validation point last.
    current : PointStarted or None
        The point being taken.
    best : BestFocus or None
        Fit of the points so far, or the run's decision once `decided`.
    decided : bool
        Whether `best` is the decision of the run and not a glance on the way.
    extension : str
        Why smart focus goes on, in words; empty where it does not.
    validation : Validation or None
    warnings : tuple of str
    record : RunRecord or None
        Once the run has finished.
    dismissed : bool
        The finished run was cancelled; the focuser went back.
    """

    phase: Literal["idle", "sweeping", "moving", "validating", "going home", "finished"] = "idle"
    options: AutofocusOptions | None = None
    rig_shape: RigShape | None = None
    start_position: int | None = None
    return_position: int | None = None
    started_s: float | None = None
    sweep: int = 0
    positions: tuple[int, ...] = ()
    points: tuple[FocusPoint, ...] = ()
    current: PointStarted | None = None
    best: BestFocus | None = None
    decided: bool = False
    extension: str = ""
    validation: Validation | None = None
    warnings: tuple[str, ...] = field(default=())
    record: RunRecord | None = None
    dismissed: bool = False

    @property
    def sweep_points(self) -> tuple[FocusPoint, ...]:
        """Points of the sweep going on: those that one curve is fitted to."""
        return tuple(p for p in self.points if p.sweep == self.sweep and p.role != "validation")


def fold(progress: RunProgress, event: Event) -> RunProgress:
    """Return the progress after one more event. Pure; unknown events change nothing."""
    change = dataclasses.replace
    match event:
        case RunStarted():
            return RunProgress(
                phase="sweeping",
                options=event.options,
                rig_shape=event.rig_shape,
                start_position=event.start_position,
                return_position=event.return_position,
                started_s=event.time_s,
            )
        case SweepStarted():
            return change(
                progress, phase="sweeping", sweep=event.sweep, positions=event.positions, best=None
            )
        case SweepExtended():
            return change(
                progress,
                phase="sweeping",
                positions=progress.positions + event.positions,
                extension=event.reason,
                decided=False,
            )
        case PointStarted():
            phase: Literal["validating", "sweeping"] = (
                "validating" if event.role == "validation" else "sweeping"
            )
            return change(progress, phase=phase, current=event)
        case PointMeasured():
            progress = change(progress, points=(*progress.points, event.point), current=None)
            return change(progress, best=_glance(progress))
        case CurvesFitted():
            return change(progress, best=event.best, decided=True)
        case MoveStarted():
            going: Literal["going home", "moving"] = (
                "going home" if event.purpose == "home" else "moving"
            )
            return change(progress, phase=going, current=None)
        case Validated():
            return change(
                progress,
                points=(*progress.points, event.point),
                current=None,
                validation=Validation(
                    metric=event.point.metric,
                    expected=event.expected,
                    deviation_percent=event.deviation_percent,
                    passed=event.passed,
                ),
            )
        case Warned():
            return change(progress, warnings=(*progress.warnings, event.message))
        case RunFinished():
            return change(
                progress,
                phase="finished",
                current=None,
                record=event.record,
                points=event.record.points,
                best=event.record.best or progress.best,
                warnings=event.record.warnings,
            )
        case RunDismissed():
            return change(progress, dismissed=True)
    return progress


def _glance(progress: RunProgress) -> BestFocus | None:
    """Fit the points so far, to be shown while the run goes on; decides nothing."""
    points = progress.sweep_points
    if progress.options is None or sum(p.counts for p in points) < 3:
        return None
    return decide(points, progress.options, progress.rig_shape)
