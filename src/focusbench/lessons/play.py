"""Backlash: what it does to a sweep, to the way home, and to who looks twice."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from focusbench.curve import FocusPoint, evaluate, find_best_focus
from focusbench.devices import VirtualClock
from focusbench.lessons.endings import draw_run
from focusbench.lessons.flipbook import Flipbook
from focusbench.lessons.pictures import FIT, INK, OTHER, POINT, Picture, X, new_axes, style
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
        draw_run(axes, points, [bool(flag) for flag in best.rejected])
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
