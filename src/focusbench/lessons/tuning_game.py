"""Three rigs to tune: the reader sets step size and data points, and is scored against the advisor.

Nights are simulated as in `focusbench.tune`: the rig is learned from last night's run, and the
real engine runs with the reader's settings and with those of the advice, on the same nights.
"""

import math
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from focusbench.api import AutofocusOptions, autofocus, open_package, simulated_rig
from focusbench.curve import evaluate
from focusbench.engine import RunRecord
from focusbench.errors import OptionsError
from focusbench.lessons.pictures import FIT, MUTED, POINT, Picture, X, new_axes, style
from focusbench.lessons.step_size import ends_ratio
from focusbench.tuning import Choice, RigModel, Study, learn_rig, run_study, usual_grid

TRIALS = 60
IN_ZONE = 0.95
"""So many runs should end in the zone."""
STEPS, POINTS = slice(3, None, 2), (5, 7)
"""Which of the usual step sizes, and which data points, the advisor tries here: a full study
(`focusbench.tune`) tries more of both, and more nights."""

_SMALL: dict[str, Any] = {"shape": (168, 224), "n_stars": 50, "sky_e_per_s": 2.0, "filters": None}
_RIGS: dict[str, tuple[dict[str, Any], int]] = {
    "refractor": ({"seed": 4, "obstruction": 0.0, "focal_ratio": 7.0}, 45),
    "Newtonian": ({"seed": 5, "focal_ratio": 4.0, "seeing_variation": 0.06}, 60),
    "long telescope": (
        {"seed": 6, "focal_ratio": 10.0, "seeing_px": 5.0, "seeing_variation": 0.08},
        100,
    ),
}
"""Name to what is simulated, and last night's step size: none of them the best."""


@dataclass(frozen=True, eq=False)
class GameRig:
    """A rig to tune.

    Attributes
    ----------
    name : str
    last_night : RunRecord
        The run that there is to learn from.
    model : RigModel
        What was learned from it.
    """

    name: str
    last_night: RunRecord = field(repr=False)
    model: RigModel = field(repr=False)

    def study(self, step_size: Any, data_points: Any) -> Study:
        """Simulate nights with these settings; always the same nights."""
        return run_study(self.model, step_size=step_size, data_points=data_points, trials=TRIALS)

    def advise(self) -> Choice:
        """The cheapest of a few settings that keeps focus."""
        return self.study(usual_grid(self.model)[0][STEPS], POINTS).recommended


def three_rigs() -> list[GameRig]:
    """Run last night on three simulated telescopes.

    Examples
    --------
    >>> from focusbench import lessons
    >>> [rig.name for rig in lessons.three_rigs()]
    ['refractor', 'Newtonian', 'long telescope']
    """
    return [_last_night(name, simulated, step) for name, (simulated, step) in _RIGS.items()]


def _last_night(name: str, simulated: Mapping[str, Any], step_size: int) -> GameRig:
    rig = simulated_rig(**_SMALL, **simulated)
    options = AutofocusOptions(step_size=step_size, data_points=9, exposure_s=3)
    with tempfile.TemporaryDirectory() as folder:
        record = autofocus(rig, options, save_packages_to=folder, keep="numbers")
        assert record.package_path is not None
        model = learn_rig([open_package(record.package_path)])
    return GameRig(name, record, model)


def last_night_picture(rigs: list[GameRig]) -> Picture:
    """Last night's V-curves, with the height of their ends.

    Examples
    --------
    >>> from focusbench import lessons
    >>> lessons.last_night_picture(lessons.three_rigs()[:1]).words[:24]
    'refractor: step size 45,'
    """
    figure, axes = new_axes(len(rigs), width=9.0, height=3.0)
    told = []
    for one, rig in zip(axes, rigs, strict=True):
        record = rig.last_night
        points = [p for p in record.points if p.role != "validation"]
        style(one, x="position, steps", y=f"{rig.name}: HFR, px")
        fit = record.best.fits["auto"] if record.best else None
        seen = [p for p in points if math.isfinite(p.metric)]
        lost = [p.position for p in points if not math.isfinite(p.metric)]
        places = sorted(p.position for p in seen)
        if fit is not None and fit.parameters:
            fine = [places[0] + i * (places[-1] - places[0]) / 200 for i in range(201)]
            one.plot(fine, evaluate(fit, fine), color=FIT, lw=1.5)
        one.plot([p.position for p in seen], [p.metric for p in seen], "o", color=POINT, ms=5)
        if lost:
            one.plot(lost, [0.3] * len(lost), "x", color=X, ms=8, mew=2)
            one.annotate("too few stars", (min(lost), 0.3), (-4, 8), textcoords="offset points",
                         fontsize=8, color=X)  # fmt: skip
        one.set_ylim(0, 1.25 * max(p.metric for p in seen))
        one.locator_params(axis="x", nbins=3, integer=True)
        step, ratio = record.options.step_size, ends_ratio(seen)
        one.text(0.5, 0.92, f"step {step}, ends at {ratio:.1f} ×", transform=one.transAxes,
                 ha="center", fontsize=9, color=MUTED)  # fmt: skip
        blind = f", {len(lost)} frames with too few stars" if lost else ""
        told.append(f"{rig.name}: step size {step}, ends at {ratio:.1f} times the minimum{blind}")
    return Picture(figure, "; ".join(told) + ".")


@dataclass(frozen=True, eq=False)
class Score:
    """How the reader's settings of one rig stand against the advice.

    Attributes
    ----------
    name : str
    yours, advice : Choice
    """

    name: str
    yours: Choice
    advice: Choice

    @property
    def points(self) -> int:
        """100, less in proportion to runs short of 95 in 100, and to time beyond the advice's."""
        reliable = min(1.0, self.yours.in_zone_rate / IN_ZONE)
        quick = min(1.0, self.advice.duration_s / self.yours.duration_s)
        return round(100 * reliable * quick)

    @property
    def remark(self) -> str:
        """What to change, in words."""
        yours, advice = self.yours, self.advice
        if yours.in_zone_rate < IN_ZONE:
            small = yours.step_size < advice.step_size
            return "step too small for so few points" if small else "too few points"
        if yours.duration_s < 0.97 * advice.duration_s:
            return "quicker than the advice"
        if yours.duration_s <= 1.03 * advice.duration_s:
            return "as good as the advice"
        if yours.data_points > advice.data_points:
            return "keeps focus; fewer points would do"
        return "keeps focus; a smaller step would save time"


@dataclass(frozen=True, eq=False)
class Scores:
    """The scores of all rigs, shown as a table."""

    scores: tuple[Score, ...]

    @property
    def total(self) -> int:
        """Points in all, of 100 a rig."""
        return sum(one.points for one in self.scores)

    def __getitem__(self, name: str) -> Score:
        return next(one for one in self.scores if one.name == name)

    def __repr__(self) -> str:
        return f"{self.total} of {100 * len(self.scores)} points"

    def _repr_markdown_(self) -> str:
        rows = [
            "| rig | yours: points × step size | in the zone | error, steps | time | score | |",
            "| --- | --- | --- | --- | --- | --- | --- |",
        ]
        for one in self.scores:
            c = one.yours
            error = "–" if math.isnan(c.position_error) else f"± {c.position_error:.1f}"
            rows.append(
                f"| {one.name} | {c.data_points} × {c.step_size} | {100 * c.in_zone_rate:.0f} % "
                f"| {error} | {c.duration_s:.0f} s | **{one.points}** | {one.remark} |"
            )
        return "\n".join([*rows, "", f"**{self!r}**"])

    @property
    def advice(self) -> str:
        """What the advisor would use, as text for the answer."""
        told = [
            f"{one.name}: **{one.advice.data_points} points × {one.advice.step_size} steps**, "
            f"{100 * one.advice.in_zone_rate:.0f} % in the zone, {one.advice.duration_s:.0f} s"
            for one in self.scores
        ]
        return "; ".join(told) + "."


def score(rigs: list[GameRig], yours: Mapping[str, tuple[int, int]]) -> Scores:
    """Score settings against the advisor's.

    Parameters
    ----------
    rigs : list of GameRig
    yours : mapping of str to (int, int)
        Name of the rig to step size and data points.

    Raises
    ------
    OptionsError
        A rig without settings, or settings out of bounds.

    Examples
    --------
    >>> from focusbench import lessons
    >>> refractor = lessons.three_rigs()[:1]
    >>> lessons.score(refractor, {"refractor": (10, 5)}).total < 60
    True
    """
    missing = [rig.name for rig in rigs if rig.name not in yours]
    if missing:
        raise OptionsError(f"Give step size and data points of {', '.join(missing)}, too.")
    scores = []
    for rig in rigs:
        step_size, data_points = yours[rig.name]
        choice = rig.study(step_size, data_points).choices[0]
        scores.append(Score(rig.name, choice, rig.advise()))
    return Scores(tuple(scores))
