"""A study: what simulated nights say of the settings of a rig, as labelled datasets."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from focusbench.options import AutofocusOptions
from focusbench.tuning.advice import Advice, Choice, advise
from focusbench.tuning.rig_model import RigModel
from focusbench.tuning.statistics import summarise
from focusbench.tuning.trials import OUTCOMES, Trials

if TYPE_CHECKING:
    import xarray

SETTINGS = {
    "step_size": ("step size", "steps"),
    "data_points": ("data points", "1"),
    "exposure_s": ("exposure", "s"),
    "frames_per_point": ("frames per point", "1"),
}
RUNS = {
    "position_error": ("final position less best focus", "steps"),
    "in_zone": ("run ended in the zone", "1"),
    "hfr_penalty": ("metric at the final position over its minimum, less 1", "1"),
    "outcome": ("outcome of the run", "1"),
    "duration_s": ("duration of the run", "s"),
    "n_points": ("points taken, validation frame not counted", "1"),
    "draw": ("draw of the rig", "1"),
}
FIGURES = {
    "error_rms": ("rms error of best focus in runs that focused", "steps"),
    "in_zone_rate": ("share of runs that end in the zone", "1"),
    "failure_rate": ("share of runs that end without a focus", "1"),
    "duration_s": ("mean duration of a run", "s"),
}
ENDS = {"value": ("", ""), "low": ("_low", ", 5 % quantile"), "high": ("_high", ", 95 % quantile")}


@dataclass(frozen=True, eq=False)
class Study:
    """What simulated nights say of the settings of a rig.

    Attributes
    ----------
    rig : RigModel
        The rig as learned from its packages.
    options : AutofocusOptions
        What all runs have in common; backlash compensation is set to what was found.
    trials : tuple of Trials
        For each combination of the settings asked for.
    rule_of_thumb : Trials
        The same nights with SGPro's rule of thumb.

    Examples
    --------
    >>> import focusbench as fb
    >>> good = fb.sample_packages()[0]
    >>> study = fb.tune(good, step_size=60, data_points=(5, 9), trials=20)
    >>> isinstance(study, fb.Study), study.recommended.step_size
    (True, 60)
    """

    rig: RigModel
    options: AutofocusOptions = field(repr=False)
    trials: tuple[Trials, ...] = field(repr=False)
    rule_of_thumb: Trials = field(repr=False)

    def __repr__(self) -> str:
        runs = sum(len(trials) for trials in self.trials)
        return f"<Study of {len(self.trials)} settings, {runs} runs: {self.advice.sentence}>"

    @cached_property
    def choices(self) -> tuple[Choice, ...]:
        """All settings studied, each with its figures."""
        return tuple(self._choice(trials) for trials in self.trials)

    @cached_property
    def advice(self) -> Advice:
        """Which settings to use, why, and what to type into other programs."""
        return advise(self.rig, self.choices, self._choice(self.rule_of_thumb))

    @property
    def recommended(self) -> Choice:
        """The cheapest settings that keep this rig in focus."""
        return self.advice.recommended

    @cached_property
    def dataset(self) -> "xarray.Dataset":
        """The runs that were made with every setting: dims `(step_size, data_points, trial)`.

        `exposure_s` and `frames_per_point` are dims, too, where several were asked for. Settings
        on which the advice hangs got more runs; all of theirs are in `trials` and in `summary`.
        """
        import xarray

        names = np.array([outcome.value for outcome in OUTCOMES])
        n_trials = len(self.rule_of_thumb)
        variables = {}
        for name, (text, units) in RUNS.items():
            source: tuple[Any, ...] = self.choices if name == "in_zone" else self.trials
            values = np.stack([getattr(cell, name)[:n_trials] for cell in source])
            values = names[values] if name == "outcome" else values
            attributes = {"long_name": text, "units": units}
            variables[name] = ([*self._dims, "trial"], self._grid(values), attributes)
        trial = ("trial", np.arange(n_trials), {"long_name": "number of the night"})
        return xarray.Dataset(variables, {**self._coords(), "trial": trial})

    @cached_property
    def summary(self) -> "xarray.Dataset":
        """Figures of the settings, on `(step_size, data_points)`, each with `_low` and `_high`.

        `error_rms in_zone_rate failure_rate duration_s`; the intervals are of 90 %. `n_trials` are
        the runs that they come from.
        """
        import xarray

        variables = {}
        for name, (text, units) in FIGURES.items():
            for part, (ending, words) in ENDS.items():
                values = np.array([getattr(c.estimates[name], part) for c in self.choices])
                attributes = {"long_name": text + words, "units": units}
                variables[name + ending] = (self._dims, self._grid(values), attributes)
        counts = np.array([len(trials) for trials in self.trials])
        attributes = {"long_name": "runs simulated", "units": "1"}
        variables["n_trials"] = (self._dims, self._grid(counts), attributes)
        return xarray.Dataset(variables, self._coords())

    def _choice(self, trials: Trials) -> Choice:
        return choice_of(self.rig, self.options, trials)

    @cached_property
    def _values(self) -> dict[str, list[float]]:
        """Values of each setting, in their order."""
        return {
            name: sorted({getattr(trials.settings, name) for trials in self.trials})
            for name in SETTINGS
        }

    @cached_property
    def _dims(self) -> list[str]:
        """Step size and data points, and what else has several values."""
        always = ("step_size", "data_points")
        return [name for name, v in self._values.items() if len(v) > 1 or name in always]

    def _grid(self, values: NDArray[Any]) -> NDArray[Any]:
        """One row a combination, to the dims of the dataset."""
        sizes = [len(self._values[name]) for name in self._dims]
        return values.reshape(*sizes, *values.shape[1:])

    def _coords(self) -> dict[str, Any]:
        coords = {}
        for name, (text, units) in SETTINGS.items():
            attributes, values = {"long_name": text, "units": units}, self._values[name]
            kept = (name, values) if name in self._dims else ((), values[0])
            coords[name] = (*kept, attributes)
        return coords


def choice_of(rig: RigModel, options: AutofocusOptions, trials: Trials) -> Choice:
    """Trials with their figures."""
    return Choice(trials, summarise(rig, options, trials), trials.settings.of(options))
