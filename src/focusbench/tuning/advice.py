"""From a study to the settings to use: the cheapest that keep a rig in focus."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from focusbench.options import AutofocusOptions
from focusbench.tuning.other_programs import other_programs
from focusbench.tuning.prediction import predict_error
from focusbench.tuning.rig_model import RigDraw, RigModel
from focusbench.tuning.statistics import Estimate
from focusbench.tuning.trials import Settings, Trials

IN_ZONE = 0.95
"""So many runs have to end in the zone, even at the lower end of the interval."""
ALIKE = 1.03
"""Settings whose durations differ by less cost the same; the smaller error decides."""
EXTRA_POINTS = 0.5

Limit = Literal["seeing", "noise", "backlash", "range", "drift", "whole steps"]


@dataclass(frozen=True, eq=False)
class Choice:
    """Settings with what simulated nights say of them.

    Attributes
    ----------
    trials : Trials
    estimates : mapping of str to Estimate
        `error_rms in_zone_rate failure_rate duration_s`.
    options : AutofocusOptions
        The whole run with these settings.
    """

    trials: Trials = field(repr=False)
    estimates: Mapping[str, Estimate] = field(repr=False)
    options: AutofocusOptions = field(repr=False)

    def __repr__(self) -> str:
        return f"<Choice: {self.sentence}>"

    @property
    def settings(self) -> Settings:
        """Step size, data points, exposure, frames per point."""
        return self.trials.settings

    @property
    def step_size(self) -> int:
        """Steps."""
        return self.settings.step_size

    @property
    def data_points(self) -> int:
        """Frames in one sweep."""
        return self.settings.data_points

    @property
    def position_error(self) -> float:
        """Root mean square error of best focus in runs that focus, steps."""
        return self.estimates["error_rms"].value

    @property
    def in_zone_rate(self) -> float:
        """Share of runs that end in the zone."""
        return self.estimates["in_zone_rate"].value

    @property
    def failure_rate(self) -> float:
        """Share of runs that end without a focus."""
        return self.estimates["failure_rate"].value

    @property
    def duration_s(self) -> float:
        """Mean duration, seconds."""
        return self.estimates["duration_s"].value

    @property
    def keeps_focus(self) -> bool:
        """Whether 95 % of runs end in the zone, even at the lower end of the interval."""
        return self.estimates["in_zone_rate"].low >= IN_ZONE

    @property
    def in_zone(self) -> NDArray[np.bool_]:
        """Which runs ended in the zone, shape (n_trials,)."""
        return self.trials.in_zone(self.options.zone_tolerance)

    @property
    def sentence(self) -> str:
        """The figures in words."""
        error = self.estimates["error_rms"]
        return (
            f"step size {self.step_size}, {self.data_points} data points: "
            f"{100 * self.in_zone_rate:.0f} % of runs end in the zone, error "
            f"{error.value:.3g} steps ({error.low:.3g} to {error.high:.3g}), "
            f"{self.duration_s:.0f} s a run"
        )


@dataclass(frozen=True, eq=False)
class Advice:
    """What to use on this rig.

    Attributes
    ----------
    recommended : Choice
        The cheapest settings with at least 95 % of runs in the zone, as far as the rig is known;
        where none has, those with most.
    reached : bool
        Whether they have.
    runner_up : Choice or None
        The next cheapest, with another number of data points where there is one.
    rule_of_thumb : Choice
        SGPro's: nine points whose ends read 3 to 4 times the minimum.
    zone : float, steps
        Half width of the zone.
    limited_by : {"seeing", "noise", "backlash", "range", "drift", "whole steps"}
    limit : str
        The same in one sentence, with what would help.
    other_programs : mapping
        The recommended settings as other programs ask for them.
    """

    recommended: Choice
    reached: bool
    runner_up: Choice | None
    rule_of_thumb: Choice
    zone: float
    limited_by: Limit
    limit: str
    other_programs: Mapping[str, Mapping[str, float]] = field(repr=False)

    @property
    def sentence(self) -> str:
        """What to use, and what it saves."""
        chosen, rule = self.recommended, self.rule_of_thumb
        said = f"{chosen.sentence[0].upper()}{chosen.sentence[1:]}."
        if not self.reached:
            said += " No settings studied reach 95 %."
        share = chosen.duration_s / rule.duration_s
        return (
            f"{said} SGPro's rule of thumb (step size {rule.step_size}, {rule.data_points} points) "
            f"takes {rule.duration_s:.0f} s; this is {100 * share:.0f} % of it."
        )


def advise(rig: RigModel, choices: Sequence[Choice], rule_of_thumb: Choice) -> Advice:
    """Choose among settings that were studied.

    Parameters
    ----------
    rig : RigModel
    choices : sequence of Choice, at least one
    rule_of_thumb : Choice
    """
    good = [c for c in choices if c.keeps_focus]
    if good:
        ranked = sorted(good, key=lambda c: c.duration_s)
        alike = [c for c in ranked if c.duration_s <= ALIKE * ranked[0].duration_s]
        recommended = min(alike, key=lambda c: c.position_error)
    else:
        ranked = sorted(choices, key=lambda c: (-c.in_zone_rate, c.duration_s))
        recommended = ranked[0]
    others = [c for c in ranked if c is not recommended]
    unlike = [c for c in others if c.data_points != recommended.data_points]
    tolerance = recommended.options.zone_tolerance
    zone = np.median(rig.of("b") * np.sqrt((1 + tolerance) ** (1 / rig.of("gamma")) - 1))
    limited_by, limit = _limit(rig, recommended)
    return Advice(
        recommended=recommended,
        reached=bool(good),
        runner_up=next(iter(unlike or others), None),
        rule_of_thumb=rule_of_thumb,
        zone=float(zone),
        limited_by=limited_by,
        limit=limit,
        other_programs=other_programs(recommended.options),
    )


def _limit(rig: RigModel, chosen: Choice) -> tuple[Limit, str]:
    """What most of the error comes from, or what costs points."""
    extra = float(chosen.trials.n_points.mean()) - chosen.data_points
    if extra > EXTRA_POINTS:
        return "range", (
            f"Range: runs begin so far from focus that they take {extra:.1f} points more on "
            "average; begin nearer (filter offsets, temperature), or use a larger step."
        )
    whole = _variance(rig, chosen)
    without: dict[Limit, float] = {
        "seeing": _variance(_without(rig, "scatter"), chosen),
        "noise": _variance(_without(rig, "star_error"), chosen),
        "backlash": _variance(_without(rig, "lag"), chosen),
        "drift": _variance(_without(rig, "drift_per_min"), chosen),
        "whole steps": whole - 1 / 12,
    }
    limited_by = min(without, key=lambda cause: without[cause])
    share = f"{100 * (1 - without[limited_by] / whole):.0f} % of the error's variance"
    why = {
        "seeing": f"Seeing: {share} is the air's, different in every frame; more frames a point "
        "or more points would help, a longer exposure a little.",
        "noise": f"Noise: {share} comes from few or faint stars; a longer exposure would help.",
        "backlash": f"Backlash: {share} comes from points lost to it; compensate for it.",
        "drift": f"Drift: {share} is focus moving during the run; a shorter run would help.",
        "whole steps": f"Whole steps: {share} comes from going to whole steps of a coarse focuser.",
    }
    return limited_by, why[limited_by]


def _without(rig: RigModel, name: str) -> RigModel:
    draws = rig.draws.copy()
    draws[:, RigDraw._fields.index(name)] = 1e-6 if name == "scatter" else 0.0
    return dataclasses.replace(rig, draws=draws)


def _variance(rig: RigModel, chosen: Choice) -> float:
    return math.pow(float(np.median(predict_error(rig, chosen.options))), 2)
