"""Simulated nights of a learned rig: the real engine, thousands of runs, for many settings."""

import dataclasses
import itertools
import math
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from focusbench.curve import Outcome, warm
from focusbench.devices import Stop
from focusbench.engine import RunFinished, autofocus_run
from focusbench.errors import OptionsError, RunCancelled
from focusbench.options import AutofocusOptions
from focusbench.tuning.model_sampler import ModelSampler
from focusbench.tuning.prediction import step_for_ratio
from focusbench.tuning.rig_model import FloatArray, RigDraw, RigModel

if TYPE_CHECKING:
    import xarray

OUTCOMES = tuple(Outcome)
DATA_POINTS = (5, 7, 9, 11, 13)
RATIO = 2.5
"""The ends of nine points should read 2.5 times the minimum: a half range of 2.3 b."""
STEPS = (0.5, 0.75, 1.0, 1.33, 1.67, 2.0)
"""Step sizes studied, as multiples of that."""

Progress = Callable[[int, int], object]


@dataclass(frozen=True)
class Settings:
    """What one cell of a study is run with."""

    step_size: int
    data_points: int
    exposure_s: float
    frames_per_point: int

    def of(self, options: AutofocusOptions) -> AutofocusOptions:
        """Options with these settings."""
        return options.replace(**dataclasses.asdict(self))


@dataclass(frozen=True, eq=False)
class Trials:
    """What became of the runs of one cell; arrays of shape (n_trials,).

    Attributes
    ----------
    settings : Settings
    draw : int array
        Which of the rig's draws each run was made with.
    position_error : float array, steps
        Where the drawtube stands at the end less true best focus.
    hfr_penalty : float array
        Metric there over its minimum, less 1.
    outcome : int array
        Index into `OUTCOMES`.
    duration_s : float array, seconds
    n_points : int array
        Points taken, without the validation frame.
    """

    settings: Settings
    draw: np.ndarray
    position_error: FloatArray
    hfr_penalty: FloatArray
    outcome: np.ndarray
    duration_s: FloatArray
    n_points: np.ndarray

    @property
    def focused(self) -> np.ndarray:
        """Which runs ended at a focus."""
        found = [OUTCOMES.index(o) for o in (Outcome.FOCUSED, Outcome.LOWEST_POINTS)]
        return np.isin(self.outcome, found)
