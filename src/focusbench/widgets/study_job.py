"""A study on its way: what the tuning panel starts, looks at and cancels."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from focusbench.af_packages import Package
from focusbench.devices import RealClock
from focusbench.errors import FocusbenchError, RunCancelled
from focusbench.options import AutofocusOptions
from focusbench.tuning import Choice, RigModel, Study, learn_rig, run_study, usual_grid

logger = logging.getLogger(__name__)

ALIKE = 0.15
"""A step size of the usual grid that is so near to the one in use makes room for it."""

Phase = Literal["idle", "learning", "studying", "done", "cancelled", "failed"]
Cell = tuple[int, int]
"""Step size and data points."""


@dataclass(frozen=True)
class Grid:
    """What a person wants to try; nothing where the study is to choose.

    Attributes
    ----------
    step_sizes, data_points : tuple of int
    trials : int
        Simulated runs for each setting.
    """

    step_sizes: tuple[int, ...] = ()
    data_points: tuple[int, ...] = ()
    trials: int = 200


@dataclass(frozen=True, eq=False)
class StudyState:
    """A study at one moment.

    Attributes
    ----------
    phase : {"idle", "learning", "studying", "done", "cancelled", "failed"}
    cancelling : bool
    rig : RigModel or None
        As soon as it is learned.
    yours : AutofocusOptions or None
        The options in use, to compare with: those given, else those of the latest run.
    step_sizes, data_points : tuple of int
        Columns and rows of the heat map.
    trials : int
    choices : mapping of (int, int) to Choice
        The settings whose runs are made, by step size and data points.
    study : Study or None
        When it is done.
    elapsed_s, left_s : float or None, seconds
    error : str
        Why it failed, in a sentence.
    """

    phase: Phase = "idle"
    cancelling: bool = False
    rig: RigModel | None = None
    yours: AutofocusOptions | None = None
    step_sizes: tuple[int, ...] = ()
    data_points: tuple[int, ...] = ()
    trials: int = 0
    choices: Mapping[Cell, Choice] = field(default_factory=dict)
    study: Study | None = None
    elapsed_s: float = 0.0
    left_s: float | None = None
    error: str = ""

    @property
    def running(self) -> bool:
        """Whether the study goes on."""
        return self.phase in ("learning", "studying")

    @property
    def cells(self) -> int:
        """How many settings are studied."""
        return len(self.step_sizes) * len(self.data_points)


class StudyJob:
    """Runs one study after another in a thread of its own.

    Parameters
    ----------
    tell : callable
        Called, from whichever thread, whenever `state` has changed.
    """

    def __init__(self, tell: Callable[[], object]) -> None:
        self.state = StudyState()
        self._tell = tell
        self._stop = threading.Event()
        self._clock = RealClock()

    def start(
        self, packages: Sequence[Package], options: AutofocusOptions | None, grid: Grid
    ) -> None:
        """Begin a study; nothing where one goes on."""
        if self.state.running:
            return
        self._stop = threading.Event()
        self.state = StudyState("learning", yours=options, trials=grid.trials)
        threading.Thread(
            target=self._run,
            args=(packages, grid, self._stop),
            name="focusbench study",
            daemon=True,
        ).start()

    def cancel(self) -> None:
        """End the study; returns at once."""
        if self.state.running:
            self._stop.set()
            self._set(cancelling=True)

    def _run(self, packages: Sequence[Package], grid: Grid, stop: threading.Event) -> None:
        try:
            self._study(packages, grid, stop)
        except RunCancelled:
            self._set(phase="cancelled")
        except FocusbenchError as error:
            self._set(phase="failed", error=str(error))
        except Exception as error:
            logger.exception("The study stumbled")
            self._set(phase="failed", error=repr(error))

    def _study(self, packages: Sequence[Package], grid: Grid, stop: threading.Event) -> None:
        began = self._clock.now()
        rig = learn_rig(packages)
        if stop.is_set():
            raise RunCancelled("The study was cancelled.")
        yours = self.state.yours or rig.options
        steps, points = grid_around(rig, yours, grid)
        studying = self._clock.now()
        self._set(phase="studying", rig=rig, yours=yours, step_sizes=steps, data_points=points)

        def finished(choice: Choice) -> None:
            cell = (choice.step_size, choice.data_points)
            self._set(choices={**self.state.choices, cell: choice})

        def progress(done: int, total: int) -> None:
            passed = self._clock.now() - studying
            self._set(left_s=passed / done * (total - done))

        study = run_study(
            rig,
            step_size=steps,
            data_points=points,
            trials=grid.trials,
            finished=finished,
            progress=progress,
            cancel=stop,
        )
        study.advice  # noqa: B018 worked out here, not while the page is written
        self._set(phase="done", study=study, elapsed_s=self._clock.now() - began)

    def _set(self, **changes: object) -> None:
        self.state = replace(self.state, **changes)  # type: ignore[arg-type]
        self._tell()


def grid_around(
    rig: RigModel, yours: AutofocusOptions, grid: Grid
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Step sizes and data points to study: what was asked for, with the setting in use among it."""
    steps, points = usual_grid(rig)
    here = yours.step_size
    near = [step for step in steps if abs(step / here - 1) < ALIKE]
    if near:
        nearest = min(near, key=lambda step: abs(step - here))
        steps = tuple(step for step in steps if step != nearest)
    steps, points = (*steps, here), (*points, yours.data_points)
    return (
        tuple(sorted(set(grid.step_sizes or steps))),
        tuple(sorted(set(grid.data_points or points))),
    )
