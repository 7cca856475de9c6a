"""Bad curves to read: a run without its verdict, and what it may have been."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from focusbench.api import (
    SCENARIOS,
    SYMPTOMS,
    AutofocusOptions,
    FocusSession,
    Symptom,
    analyze,
    simulated_rig,
    symptom_of,
)
from focusbench.curve import FocusPoint
from focusbench.doctor import Finding, diagnose
from focusbench.lessons.asking import Quiz, quiz
from focusbench.lessons.pictures import MUTED, OTHER, POINT, Picture, X, new_axes, style
from focusbench.lessons.samples import sample

N_CHOICES = 4


@dataclass(frozen=True, eq=False)
class Case:
    """A run to read, and a quiz on its cause.

    Attributes
    ----------
    symptom : Symptom
        The row of the table that it shows.
    finding : Finding
        What the doctor finds first.
    picture : Picture
    quiz : Quiz
    """

    symptom: Symptom
    finding: Finding | None = field(repr=False)
    picture: Picture = field(repr=False)
    quiz: Quiz = field(repr=False)

    def __repr__(self) -> str:
        return repr(self.quiz)

    def _repr_html_(self) -> str:
        return f"<div>{self.picture.html()}{self.quiz._repr_html_()}</div>"


@dataclass(frozen=True, eq=False)
class Cases:
    """Several cases, one below the other."""

    cases: tuple[Case, ...]

    def __repr__(self) -> str:
        return "\n\n".join(map(repr, self.cases))

    def _repr_html_(self) -> str:
        return "".join(case._repr_html_() for case in self.cases)


def cases(*names: str) -> Cases:
    """Sample packages to read, each with the causes it may have.

    Parameters
    ----------
    *names : str
        Of sample packages.

    Examples
    --------
    >>> from focusbench import lessons
    >>> (case,) = lessons.cases("backlash").cases
    >>> case.quiz.right
    'Backlash at the first move inward'
    """
    return Cases(tuple(_case(name) for name in names))


def _case(name: str) -> Case:
    package = sample(name)
    symptom = symptom_of(name)
    if symptom is None:
        raise ValueError(f"The sample {name!r} shows no row of the table of symptoms.")
    findings = analyze(package).findings
    return _asked(symptom, package.focus_points, findings[0] if findings else None,
                  np.random.default_rng(len(name)))  # fmt: skip


def unknown_run(seed: int) -> Case:
    """A run with a trouble of its own, simulated here and now; the seed decides on both.

    Parameters
    ----------
    seed : int

    Examples
    --------
    >>> from focusbench import lessons
    >>> len(lessons.unknown_run(3).quiz.replies)
    4
    """
    rng = np.random.default_rng(seed)
    able = [one for one in SCENARIOS if one.lesser is None and symptom_of(one.name)]
    scenario = able[int(rng.integers(len(able)))]
    rig = simulated_rig(**{**scenario.rig, "seed": seed})
    record = FocusSession.of(rig).run(AutofocusOptions(**scenario.options))
    symptom = symptom_of(scenario.name)
    assert symptom is not None
    findings = diagnose(record)
    return _asked(symptom, record.points, findings[0] if findings else None, rng)


def _asked(
    symptom: Symptom,
    points: Sequence[FocusPoint],
    finding: Finding | None,
    rng: np.random.Generator,
) -> Case:
    found_as = {one.name: one.finding for one in SCENARIOS}
    # What the doctor has the same word for may be right, too.
    same = found_as[symptom.sample]
    others = [row for row in SYMPTOMS if row.sample and found_as[row.sample] != same]
    # No picture of points shows R²: nobody could rule such a cause out.
    others = [row for row in others if "R²" not in row.see]
    drawn = rng.choice(len(others), N_CHOICES - 1, replace=False)
    rows = [symptom, *(others[i] for i in drawn)]
    order = rng.permutation(N_CHOICES)
    doctor = f" The doctor: *{finding.sentence}*" if finding else ""
    replies = {
        _sentence(row.cause): (
            f"What you see: {row.see}.{doctor} What to do: {row.remedy}."
            if row is symptom
            else f"Then you would see: {row.see}."
        )
        for row in (rows[i] for i in order)
    }
    asked = quiz("What happened?", _sentence(symptom.cause), replies)
    return Case(symptom, finding, points_picture(points), asked)


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:]


def points_picture(points: Sequence[FocusPoint]) -> Picture:
    """Points of a run, numbered as taken, with their star counts and the validation frame."""
    swept = [one for one in points if one.role != "validation"]
    seen = [one for one in swept if math.isfinite(one.metric)]
    figure, (left, right) = new_axes(2, width=9.0, height=2.6)
    style(left, x="focuser position, steps; out →", y="HFR, px; numbers: order of the points")
    style(right, x="focuser position, steps; out →", y="stars")
    left.plot([one.position for one in seen], [one.metric for one in seen], "o", color=POINT, ms=5)
    for number, one in enumerate(swept, start=1):
        if math.isfinite(one.metric):
            left.annotate(str(number), (one.position, one.metric), (0, 5), ha="center", fontsize=7,
                          textcoords="offset points", color=MUTED)  # fmt: skip
        else:
            left.annotate("×", (one.position, 0.2), ha="center", color=X)
    checked = [one for one in points if one.role == "validation" and math.isfinite(one.metric)]
    if checked:
        left.plot([one.position for one in checked], [one.metric for one in checked], "D",
                  color=OTHER, ms=6, label="validation frame")  # fmt: skip
        left.legend(frameon=False, fontsize=8)
    right.bar([one.position for one in swept], [one.n_stars or 0 for one in swept],
              0.6 * _spacing(swept), color="#c9d1d9")  # fmt: skip
    left.set_ylim(0, 1.2 * max(one.metric for one in [*seen, *checked]))
    places = [one.position for one in swept]
    for axes in (left, right):
        axes.set_xlim(min(places) - _spacing(swept), max(places) + _spacing(swept))
        axes.locator_params(axis="x", nbins=5, integer=True)
    read = ", ".join(f"{one.metric:.1f}" for one in seen)
    check = f" Validation frame: {checked[-1].metric:.1f}." if checked else ""
    return Picture(figure, f"HFR in the order taken: {read} pixels.{check}")


def _spacing(points: Sequence[FocusPoint]) -> float:
    places = np.unique([one.position for one in points])
    return float(np.median(np.diff(places))) if len(places) > 1 else 1.0


def symptom_table(rows: Sequence[Symptom] = SYMPTOMS) -> Any:
    """The whole table, as text of a lesson."""
    from focusbench.lessons.saying import say

    head = "| what you see | likely cause | do |\n| --- | --- | --- |\n"
    return say(head + "\n".join(f"| {row.see} | {row.cause} | {row.remedy} |" for row in rows))
