"""Runs a study: a rig and the settings to try in, a `Study` out."""

import contextlib
import itertools
import math
import pickle
import threading
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from focusbench.curve import warm
from focusbench.devices import Stop
from focusbench.errors import OptionsError, RunCancelled
from focusbench.options import AutofocusOptions
from focusbench.tuning.advice import Choice
from focusbench.tuning.prediction import step_for_ratio
from focusbench.tuning.rig_model import RigModel
from focusbench.tuning.study import Study, choice_of
from focusbench.tuning.trials import Settings, Trials, simulate
from focusbench.tuning.workers import Worker, hire

DATA_POINTS = (5, 7, 9, 11, 13)
RATIO = 2.5
"""At the middle step size the ends of nine points read 2.5 times the minimum."""
STEPS = (0.6, 0.8, 1.0, 1.3, 1.7, 2.2)
"""Step sizes studied where none are given, as multiples of that one."""
RULE_RATIO, RULE_POINTS = 3.5, 9
"""SGPro's rule of thumb: the ends of nine points read 3 to 4 times the minimum."""
MATTERS = 0.05
"""Play of less than this share of b moves no point by more than it scatters."""
WORTH_A_WORKER = 1000
"""A process takes a second to start: so many runs must be its share."""

Progress = Callable[[int, int], object]
Finished = Callable[[Choice], object]
Numbers = float | Iterable[float]


def run_study(
    rig: RigModel,
    *,
    step_size: Numbers | None = None,
    data_points: Numbers | None = None,
    exposure_s: Numbers | None = None,
    frames_per_point: Numbers | None = None,
    trials: int = 200,
    progress: Progress | None = None,
    finished: Finished | None = None,
    cancel: Stop | None = None,
    seed: int = 0,
) -> Study:
    """Simulate nights of a rig for every combination of settings.

    Parameters
    ----------
    rig : RigModel
    step_size : int or several, steps
        Six around a good one where not given.
    data_points : int or several
        5, 7, 9, 11 and 13 where not given.
    exposure_s, frames_per_point : number or several
        The rig's own where not given.
    trials : int
        Runs for each combination.
    progress : callable, optional
        Called with the number of runs made and their total, now and then.
    finished : callable, optional
        Called with each combination and its figures as soon as its runs are made.
    cancel : Event, optional
        Set it to end the study.
    seed : int

    Raises
    ------
    OptionsError
        Settings out of bounds.
    RunCancelled
        `cancel` was set.
    """
    if not 1 <= trials <= 100_000:
        raise OptionsError(f"trials is a number from 1 to 100000; got {trials!r}.", "trials")
    options = studied_options(rig)
    steps, points = usual_grid(rig)
    asked = {
        "step_size": _several("step_size", step_size, steps),
        "data_points": _several("data_points", data_points, points),
        "exposure_s": _several("exposure_s", exposure_s, [options.exposure_s]),
        "frames_per_point": _several(
            "frames_per_point", frames_per_point, [options.frames_per_point]
        ),
    }
    cells = [
        Settings.from_options(options.replace(**dict(zip(asked, values, strict=True))))
        for values in itertools.product(*asked.values())
    ]
    rule = Settings.from_options(
        options.replace(
            step_size=step_for_ratio(rig, RULE_RATIO, RULE_POINTS), data_points=RULE_POINTS
        )
    )

    def tell(index: int, trials: Trials) -> None:
        if finished is not None and index < len(cells):
            finished(choice_of(rig, options, trials))

    *studied, thumb = _simulate_all(
        rig, options, [*cells, rule], trials, seed, progress, tell, cancel
    )
    return Study(rig, options, tuple(studied), thumb)


def usual_grid(rig: RigModel) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Step sizes around a good one for a rig, and numbers of data points: what a study tries."""
    middle = step_for_ratio(rig, RATIO, 9)
    return tuple(sorted({max(1, round(middle * factor)) for factor in STEPS})), DATA_POINTS


def studied_options(rig: RigModel) -> AutofocusOptions:
    """The rig's options, compensated for the backlash that its runs show beyond theirs."""
    lag, options = rig.of("lag"), rig.options
    if float(np.quantile(lag, 0.05)) <= max(options.backlash, MATTERS * rig.typical("b")):
        return options
    return options.replace(backlash=math.ceil(float(np.quantile(lag, 0.95))))


def _simulate_all(
    rig: RigModel,
    options: AutofocusOptions,
    cells: Sequence[Settings],
    n_trials: int,
    seed: int,
    progress: Progress | None,
    tell: Callable[[int, Trials], object],
    cancel: Stop | None,
) -> list[Trials]:
    """Simulate all cells, here and in other processes; the results in the order of the cells."""
    warm()
    total = len(cells) * n_trials
    waiting, results = list(enumerate(cells))[::-1], dict[int, Trials]()
    workers = hire(total // WORTH_A_WORKER)

    def work(worker: Worker) -> None:
        while waiting:
            index, cell = waiting.pop()
            try:
                results[index] = worker.simulate(rig, options, cell, n_trials, seed=seed)
            except (OSError, EOFError, pickle.PickleError):
                waiting.append((index, cell))  # this worker is gone: others do it
                return

    threads = [threading.Thread(target=work, args=(worker,), daemon=True) for worker in workers]
    told: set[int] = set()
    try:
        for thread in threads:
            thread.start()
        while len(results) < len(cells):
            if cancel is not None and cancel.is_set():
                raise RunCancelled("The study was cancelled.")
            with contextlib.suppress(IndexError):
                index, cell = waiting.pop()
                results[index] = simulate(rig, options, cell, n_trials, seed=seed, stop=cancel)
            if not waiting:
                for thread in threads:
                    thread.join(0.05)
            new = [index for index in list(results) if index not in told]
            for index in new:
                told.add(index)
                tell(index, results[index])
            if progress is not None and new:
                progress(len(told) * n_trials, total)
    finally:
        waiting.clear()
        for worker in workers:
            worker.end()
        for thread in threads:
            thread.join()
    return [results[index] for index in range(len(cells))]


def _several(name: str, given: Numbers | None, usual: Iterable[float]) -> list[float]:
    """Different values in their order."""
    values = usual if given is None else [given] if isinstance(given, int | float) else given
    found = sorted(set(values))
    if not found:
        raise OptionsError(f"{name} is a number or several; got none.", name)
    return found
