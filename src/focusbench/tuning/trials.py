"""Simulated nights of a learned rig: the real engine, one run after another."""

import dataclasses
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from focusbench.curve import Outcome
from focusbench.devices import Stop
from focusbench.engine import RunFinished, RunRecord, autofocus_run
from focusbench.errors import RunCancelled
from focusbench.options import AutofocusOptions
from focusbench.tuning.model_sampler import ModelSampler
from focusbench.tuning.rig_model import FloatArray, RigModel

OUTCOMES = tuple(Outcome)
FOUND = (Outcome.FOCUSED, Outcome.LOWEST_POINTS)
CENTRE = 1_000_000
"""Best focus of a simulated night: far from any limit."""


@dataclass(frozen=True)
class Settings:
    """What a study varies."""

    step_size: int
    data_points: int
    exposure_s: float
    frames_per_point: int

    @classmethod
    def from_options(cls, options: AutofocusOptions) -> "Settings":
        """Those of a run."""
        return cls(*(getattr(options, field.name) for field in dataclasses.fields(cls)))

    def of(self, options: AutofocusOptions) -> AutofocusOptions:
        """Options with these settings."""
        return options.replace(**dataclasses.asdict(self))


@dataclass(frozen=True, eq=False)
class Trials:
    """What became of the runs made with some settings; arrays of shape (n_trials,).

    Attributes
    ----------
    settings : Settings
    draw : int array
        Which of the rig's draws each run was made with.
    position_error : float array, steps
        Where the drawtube stands at the end, less best focus at that moment.
    hfr_penalty : float array
        Metric there over its minimum, less 1.
    outcome : int array
        Index into `OUTCOMES`.
    duration_s : float array, seconds
    n_points : int array
        Points taken, without the validation frame.
    """

    settings: Settings
    draw: NDArray[np.intp]
    position_error: FloatArray
    hfr_penalty: FloatArray
    outcome: NDArray[np.intp]
    duration_s: FloatArray
    n_points: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.draw)

    @property
    def focused(self) -> NDArray[np.bool_]:
        """Which runs ended at a focus."""
        return np.isin(self.outcome, [OUTCOMES.index(outcome) for outcome in FOUND])

    def __add__(self, further: "Trials") -> "Trials":
        """Return these runs and further ones with the same settings."""
        names = [field.name for field in dataclasses.fields(self)][1:]
        pairs = ((getattr(self, name), getattr(further, name)) for name in names)
        return Trials(self.settings, *map(np.concatenate, pairs))

    def in_zone(self, tolerance: float) -> NDArray[np.bool_]:
        """Which runs focused, and ended with a metric within `tolerance` of the minimum."""
        return np.asarray(self.focused & (self.hfr_penalty <= tolerance))


def simulate(
    rig: RigModel,
    options: AutofocusOptions,
    settings: Settings,
    n_trials: int,
    *,
    first: int = 0,
    seed: int = 0,
    stop: Stop | None = None,
) -> Trials:
    """Make runs of a rig with some settings: `n_trials` of them, from number `first` on.

    Trial i has the same draw of the rig, the same start and the same seed whatever the settings,
    so that settings are compared on the same nights.

    Raises
    ------
    RunCancelled
        `stop` was set.
    """
    chosen = settings.of(options)
    numbers = np.arange(first, first + n_trials)
    rows: list[tuple[float, float, int, float, int]] = []
    for trial in numbers.tolist():
        if stop is not None and stop.is_set():
            raise RunCancelled("The study was cancelled.")
        record, sampler = run_trial(rig, chosen, trial, seed=seed)
        rows.append(
            (
                sampler.distance,
                math.expm1(sampler.ln_growth()),
                OUTCOMES.index(record.outcome),
                record.duration_s,
                sum(point.role != "validation" for point in record.points),
            )
        )
    error, penalty, outcome, duration, n_points = (
        np.array(column) for column in zip(*rows, strict=True)
    )
    return Trials(settings, numbers % len(rig), error, penalty, outcome, duration, n_points)


def run_trial(
    rig: RigModel, options: AutofocusOptions, trial: int, *, seed: int = 0
) -> tuple[RunRecord, ModelSampler]:
    """Make one run: its record, and the rig as the run left it."""
    rng = np.random.default_rng([seed, trial])
    drawn = rig.draw(trial % len(rig))
    best_focus = CENTRE + float(rng.uniform(-0.5, 0.5))
    start = round(best_focus + drawn.start_sd * float(rng.standard_normal()))
    sampler = ModelSampler(
        drawn, options, best_focus=best_focus, start=start, exposure_s=rig.exposure_s, rng=rng
    )
    return run_to_end(options, sampler), sampler


def example_runs(
    rig: RigModel, options: AutofocusOptions, n_runs: int = 6, *, seed: int = 0
) -> list[tuple[RunRecord, float]]:
    """The first runs of a study once more, as records; with each where best focus was, steps.

    Parameters
    ----------
    rig : RigModel
    options : AutofocusOptions
        Those of a `Choice`.
    n_runs : int
    seed : int
        That of the study.
    """
    runs = (run_trial(rig, options, trial, seed=seed) for trial in range(n_runs))
    return [(record, sampler.position() - sampler.distance) for record, sampler in runs]


def run_to_end(options: AutofocusOptions, sampler: ModelSampler) -> RunRecord:
    """Run auto focus on a sampler and return its record."""
    for event in autofocus_run(options, sampler):
        if isinstance(event, RunFinished):
            return event.record
    raise AssertionError("A run ends with RunFinished.")
