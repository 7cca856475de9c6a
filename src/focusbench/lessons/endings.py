"""Runs whose end is judged: the points as they were taken, and where the drawtube was left."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from focusbench.api import AutofocusOptions, RunRecord, autofocus
from focusbench.curve import FocusPoint, Rejected, evaluate
from focusbench.lessons.pictures import FIT, INK, MUTED, POINT, Picture, X, new_axes, style
from focusbench.simulator import SimulatedRig


@dataclass(frozen=True, eq=False)
class Ending:
    """A run on a rig whose truth is known, and where it left the drawtube.

    Attributes
    ----------
    name : str
    record : RunRecord
    off : float, steps
        Drawtube less true best focus at the end; negative is inside.
    """

    name: str
    record: RunRecord = field(repr=False)
    off: float

    @property
    def deviation_percent(self) -> float:
        """Validation frame against what it should read, %; NaN where none was taken."""
        validation = self.record.validation
        deviation = None if validation is None else validation.deviation_percent
        return math.nan if deviation is None else deviation


@dataclass(frozen=True, eq=False)
class Endings:
    """Several runs on the same night, shown as a table.

    Attributes
    ----------
    runs : tuple of Ending

    Examples
    --------
    >>> from focusbench import lessons
    >>> print(lessons.Endings(())._repr_markdown_().splitlines()[0])
    | run | best focus | left at | drawtube off focus | validation frame | time |
    """

    runs: tuple[Ending, ...]

    def __getitem__(self, name: str) -> Ending:
        return next(one for one in self.runs if one.name == name)

    def __repr__(self) -> str:
        return "; ".join(f"{one.name}: {_signed(one.off)} steps" for one in self.runs)

    def _repr_markdown_(self) -> str:
        rows = [
            "| run | best focus | left at | drawtube off focus | validation frame | time |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        for one in self.runs:
            record = one.record
            best = "–" if record.best_position is None else f"{record.best_position:.0f}"
            check = "–"
            if record.validation is not None:
                warned = "" if record.validation.passed else " **!**"
                check = f"{_signed(one.deviation_percent)} %{warned}"
            rows.append(
                f"| {one.name} | {best} | {record.final_position} | {_signed(one.off)} steps "
                f"| {check} | {record.duration_s:.0f} s |"
            )
        return "\n".join(rows)


def try_runs(
    new_rig: Callable[[], SimulatedRig], options: Mapping[str, AutofocusOptions]
) -> Endings:
    """Run auto focus with several options, each on a rig of its own on the same night.

    Parameters
    ----------
    new_rig : callable
        Makes the rig: `functools.partial(fb.simulated_rig, seed=8, backlash=80)`.
    options : mapping of str to AutofocusOptions
        By the name of the run.

    Examples
    --------
    >>> import focusbench as fb
    >>> from focusbench import lessons
    >>> from functools import partial
    >>> night = partial(fb.simulated_rig, seed=4, backlash=80, shape=(168, 224), n_stars=60)
    >>> direct = fb.AutofocusOptions(final_approach="direct")
    >>> lessons.try_runs(night, {"direct": direct})["direct"].off < -50
    True
    """
    found = []
    for name, chosen in options.items():
        rig = new_rig()
        record = autofocus(rig, chosen, save_packages_to=None)
        now = rig.clock.now()
        off = rig.telescope.drive.drawtube(now) - rig.true_best_focus()
        found.append(Ending(name, record, off))
    return Endings(tuple(found))


def run_picture(record: RunRecord) -> Picture:
    """The points of a run as they were taken, numbered, with its curve and its end.

    Examples
    --------
    >>> import focusbench as fb
    >>> from focusbench import lessons
    >>> record = fb.open_package(fb.sample_packages()[0]).record
    >>> lessons.run_picture(record).words[:22]
    'The first three points'
    """
    figure, (axes,) = new_axes(width=6.4, height=3.2)
    style(axes, x="focuser position as it says, steps; out →", y="HFR, px")
    swept = [p for p in record.points if p.role != "validation" and math.isfinite(p.metric)]
    draw_run(axes, swept, [p.rejected != Rejected.NO for p in swept])
    fit = record.best.fits["auto"] if record.best else None
    if fit is not None and fit.parameters:
        fine = np.linspace(min(p.position for p in swept), max(p.position for p in swept), 200)
        axes.plot(fine, evaluate(fit, fine), color=FIT, lw=1.5)
    for point in record.points:
        if point.role == "validation":
            axes.plot([point.position], [point.metric], "D", mfc="none", mec=INK, ms=11, mew=2,
                      label="validation frame")  # fmt: skip
    axes.set_ylim(0, 1.15 * max(p.metric for p in record.points if math.isfinite(p.metric)))
    axes.legend(frameon=False, fontsize=9, loc="upper center", markerscale=0.7)
    first = ", ".join(f"{p.metric:.2f}" for p in swept[:3])
    return Picture(figure, f"The first three points read {first} px.")


def _signed(value: float) -> str:
    """A whole number with its sign, zero without one."""
    whole = round(value)
    return f"{whole:+d}".replace("-", "−") if whole else "0"


def draw_run(axes: Any, points: Sequence[FocusPoint], out: Sequence[bool]) -> None:
    """Points with their numbers; those that do not count as crosses."""
    for number, (point, lost) in enumerate(zip(points, out, strict=True), start=1):
        look = {"marker": "x", "color": X, "ms": 9, "mew": 2.5} if lost else {
            "marker": "o", "color": POINT, "ms": 6}  # fmt: skip
        axes.plot([point.position], [point.metric], ls="", **look)
        axes.annotate(
            f"{number}", (point.position, point.metric), (0, 9), ha="center",
            textcoords="offset points", fontsize=8, color=MUTED,
        )  # fmt: skip
