"""Backlash: what it does to a sweep, to the way home, and to who looks twice."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from focusbench.api import AutofocusOptions, RunRecord, autofocus
from focusbench.curve import FocusPoint, Rejected, evaluate, find_best_focus
from focusbench.devices import VirtualClock
from focusbench.lessons.flipbook import Flipbook
from focusbench.lessons.pictures import FIT, INK, MUTED, OTHER, POINT, Picture, X, new_axes, style
from focusbench.lessons.through_focus import move, take_frame
from focusbench.simulator import Drive, SimulatedRig
from focusbench.stars import measure
from focusbench.tuning import Backlash

FOCUS, WIDTH, MINIMUM = 10_250, 80.0, 1.9
"""Of the V-curve behind the slider: a hyperbola much like that of the simulated rig."""


@dataclass(frozen=True, eq=False)
class BothWays:
    """The same positions measured on the way out and on the way in.

    Attributes
    ----------
    positions : int array, shape (n,), steps
        From inside to outside.
    outward, inward : float array, shape (n,), pixels
        Half-flux radius at each.
    """

    positions: NDArray[np.int64]
    outward: NDArray[np.float64]
    inward: NDArray[np.float64]

    @property
    def shift(self) -> float:
        """How much further out the outward V has its minimum, steps; by the hyperbola."""
        out, back = (
            find_best_focus(self._points(hfr)).fits["hyperbola"].best_position
            for hfr in (self.outward, self.inward)
        )
        return math.nan if out is None or back is None else out - back

    def _points(self, hfr: NDArray[np.float64]) -> list[FocusPoint]:
        pairs = zip(self.positions.tolist(), hfr.tolist(), strict=True)
        return [FocusPoint(position=at, metric=value) for at, value in pairs]


def both_ways(rig: SimulatedRig, positions: Iterable[int], *, exposure_s: float = 3.0) -> BothWays:
    """Take frames at each position going out, and at the same ones coming in.

    Parameters
    ----------
    rig : SimulatedRig
    positions : iterable of int, steps
    exposure_s : float, seconds

    Examples
    --------
    >>> import focusbench as fb
    >>> from focusbench import lessons
    >>> rig = fb.simulated_rig(seed=8, backlash=80, shape=(168, 224), n_stars=60)
    >>> 60 < lessons.both_ways(rig, range(10_010, 10_491, 60)).shift < 100
    True
    """
    out = sorted({int(position) for position in positions})

    def read(position: int) -> float:
        return measure(take_frame(rig, position, exposure_s)).value

    # Far inside and out to the first position, so that the play is taken up the outward way.
    move(rig, max(2 * out[0] - out[-1], rig.focuser.limits[0]))
    outward = [read(position) for position in out]
    move(rig, min(2 * out[-1] - out[0], rig.focuser.limits[1]))
    inward = [read(position) for position in reversed(out)]
    return BothWays(np.array(out), np.array(outward), np.array(inward[::-1]))


def both_ways_picture(looked: BothWays) -> Picture:
    """Two V-curves over the same numbers.

    Examples
    --------
    >>> import focusbench as fb
    >>> from focusbench import lessons
    >>> rig = fb.simulated_rig(seed=8, backlash=80, shape=(168, 224), n_stars=60)
    >>> looked = lessons.both_ways(rig, range(10_010, 10_491, 120))
    >>> lessons.both_ways_picture(looked).words[:12]
    'Two V-curves'
    """
    figure, (axes,) = new_axes(width=6.4, height=3.2)
    style(axes, x="focuser position as it says, steps; out →", y="HFR, px")
    axes.plot(looked.positions, looked.outward, "^--", color=OTHER, label="going out →")
    axes.plot(looked.positions, looked.inward, "o-", color=POINT, label="← coming in")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, fontsize=9)
    return Picture(figure, f"Two V-curves over the same positions, {looked.shift:.0f} steps apart.")


def play_slider(plays: Sequence[int], *, step_size: int = 60, data_points: int = 9) -> Flipbook:
    """Slide the backlash of a drive and see a sweep, and where the direct way home ends.

    The drive is the simulated rig's; its V-curve is a hyperbola without noise.

    Parameters
    ----------
    plays : sequence of int, steps
    step_size : int, steps
    data_points : int

    Examples
    --------
    >>> from focusbench import lessons
    >>> lessons.play_slider([0, 80]).picture.words.split(":")[0]
    'Backlash 0'
    """

    def draw(play: int) -> Picture:
        told, tube, home = _sweep(play, step_size, data_points)
        metric = _metric(tube)
        points = [FocusPoint(float(a), float(b)) for a, b in zip(told, metric, strict=True)]
        best = find_best_focus(points, step_size=step_size)
        figure, (axes,) = new_axes(width=6.4, height=3.4)
        style(axes, x="focuser position as it says, steps; out →", y="HFR, px")
        _draw_run(axes, points, [bool(flag) for flag in best.rejected])
        fit = best.fits["auto"]
        if fit.parameters:
            fine = np.linspace(told.min(), told.max(), 200)
            axes.plot(fine, evaluate(fit, fine), color=FIT, lw=1.5)
        ends = float(_metric(np.array([home]))[0])
        axes.plot([FOCUS], [ends], "D", mfc="none", mec=INK, ms=11, mew=2, label="frame at the end")
        axes.set_ylim(0, 7)
        axes.legend(frameon=False, fontsize=9, loc="upper center", markerscale=0.7)
        words = (
            f"Backlash {play}: back to {FOCUS} by the direct way, the drawtube stands "
            f"{FOCUS - home:.0f} steps inside focus, and the frame there reads "
            f"{100 * (ends / MINIMUM - 1):.0f} % more than focus would."
        )
        return Picture(figure, words)

    return Flipbook("Backlash, steps", plays, draw)


def _sweep(
    play: int, step_size: int, data_points: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Positions told, places of the drawtube there, and its place after going out to focus."""
    clock = VirtualClock()
    drive = Drive(clock, FOCUS, backlash=play, speed=1000.0)

    def go(position: int) -> float:
        drive.start(position)
        clock.sleep(60)
        return drive.drawtube(clock.now())

    half = data_points // 2
    told = [FOCUS + step_size * i for i in range(half, half - data_points, -1)]
    places = [go(position) for position in told]
    return np.array(told, float), np.array(places), go(FOCUS)


def _metric(place: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(MINIMUM * np.hypot(1, (place - FOCUS) / WIDTH))


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
    _draw_run(axes, swept, [p.rejected != Rejected.NO for p in swept])
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


def backlash_picture(found: Backlash, truth: float | None = None) -> Picture:
    """How probable each backlash is, by all the evidence.

    Examples
    --------
    >>> import focusbench as fb
    >>> from focusbench import lessons
    >>> sample = [path for path in fb.sample_packages() if path.stem == "backlash"]
    >>> lessons.backlash_picture(fb.find_backlash(sample)).words[:8]
    'Backlash'
    """
    figure, (axes,) = new_axes(width=6.4, height=2.6)
    style(axes, x="backlash, steps", y="probability")
    density = found.dataset.density.sel(evidence="all")
    shown = density > 1e-3 * float(density.max())
    low, high = found.interval_95
    plays, chance = density.backlash.values[shown], density.values[shown]
    axes.fill_between(plays, chance, color=FIT, alpha=0.2, lw=0)
    inside = (plays >= low) & (plays <= high)
    axes.fill_between(plays[inside], chance[inside], color=FIT, alpha=0.5, lw=0, label="95 %")
    axes.axvline(found.advice, color=INK, lw=1.5, ls="--", label=f"type {found.advice}")
    if truth is not None:
        axes.axvline(truth, color=X, lw=1.2, label=f"true, {truth:g}")
    axes.set_yticks([])
    axes.set_ylim(bottom=0)
    axes.grid(visible=False)
    axes.legend(frameon=False, fontsize=9)
    return Picture(figure, found.sentence)


def _signed(value: float) -> str:
    """A whole number with its sign, zero without one."""
    whole = round(value)
    return f"{whole:+d}".replace("-", "−") if whole else "0"


def _draw_run(axes: Any, points: Sequence[FocusPoint], out: Sequence[bool]) -> None:
    """Points with their numbers; those that do not count as crosses."""
    for number, (point, lost) in enumerate(zip(points, out, strict=True), start=1):
        look = {"marker": "x", "color": X, "ms": 9, "mew": 2.5} if lost else {
            "marker": "o", "color": POINT, "ms": 6}  # fmt: skip
        axes.plot([point.position], [point.metric], ls="", **look)
        axes.annotate(
            f"{number}", (point.position, point.metric), (0, 9), ha="center",
            textcoords="offset points", fontsize=8, color=MUTED,
        )  # fmt: skip
