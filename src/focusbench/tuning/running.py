"""Runs a study: a rig and the settings to try in, a `Study` out."""

import itertools
import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from focusbench.devices import Stop
from focusbench.errors import OptionsError
from focusbench.options import AutofocusOptions
from focusbench.tuning.advice import ALIKE, IN_ZONE, Choice
from focusbench.tuning.crew import Crew
from focusbench.tuning.prediction import step_for_ratio
from focusbench.tuning.rig_model import RigModel
from focusbench.tuning.study import Study, choice_of
from focusbench.tuning.trials import Settings, Trials

DATA_POINTS = (5, 7, 9, 11, 13)
RATIO = 2.5
"""At the middle step size the ends of nine points read 2.5 times the minimum."""
STEPS = (0.6, 0.8, 1.0, 1.3, 1.7, 2.2)
"""Step sizes studied where none are given, as multiples of that one."""
RULE_RATIO, RULE_POINTS = 3.5, 9
"""SGPro's rule of thumb: the ends of nine points read 3 to 4 times the minimum."""
MATTERS = 0.05
"""Play of less than this share of b moves no point by more than it scatters."""
SETTLED = 4
"""Settings on which the advice hangs get so many times the runs that were asked for. 800 instead of
200 tell a rate of 95 % to ± 1.3 points instead of ± 2.5 (90 %), and twice as well how the error
depends on what is not known of the rig."""

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
        Runs for each combination; those on which the advice hangs get up to four times as
        many.
    progress : callable, optional
        Called with the number of runs made and their total, now and then. The total grows when
        some settings need more.
    finished : callable, optional
        Called with each combination and its figures as soon as its runs are made; once more when
        it got more.
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

    made: dict[int, Trials] = {}
    tasks = [(index, cell, 0, trials) for index, cell in enumerate([*cells, rule])]
    done, total = 0, trials * len(tasks)
    with Crew(rig, options, total, seed=seed, cancel=cancel) as crew:
        while tasks:
            for index, new in crew.simulate(tasks):
                made[index] = made[index] + new if index in made else new
                done += len(new)
                if finished is not None and index < len(cells):
                    finished(choice_of(rig, options, made[index]))
                if progress is not None:
                    progress(done, total)
            choices = [choice_of(rig, options, made[index]) for index in range(len(cells))]
            tasks = [
                (index, cells[index], len(choices[index].trials), trials)
                for index in unsettled(choices, SETTLED * trials)
            ]
            total += trials * len(tasks)
    return Study(rig, options, tuple(made[i] for i in range(len(cells))), made[len(cells)])


def unsettled(choices: Sequence[Choice], enough: int) -> list[int]:
    """Which settings need more runs, since the advice hangs on them.

    Those that may keep the rig in focus, and cost no more than the cheapest that surely do; until
    they have `enough` runs. The cheapest is among them: of many settings near the limit the one
    whose few runs were lucky would else be advised.
    """
    good = [choice.duration_s for choice in choices if choice.keeps_focus]
    most = ALIKE * min(good, default=math.inf)
    return [
        index
        for index, choice in enumerate(choices)
        if len(choice.trials) < enough
        and choice.duration_s <= most
        and choice.estimates["in_zone_rate"].high >= IN_ZONE
    ]


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


def _several(name: str, given: Numbers | None, usual: Iterable[float]) -> list[float]:
    """Different values in their order."""
    values = usual if given is None else [given] if isinstance(given, int | float) else given
    found = sorted(set(values))
    if not found:
        raise OptionsError(f"{name} is a number or several; got none.", name)
    return found
