"""Nights with triggers: how far from focus each frame was, and what keeping it cost."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from focusbench.api import SimulatedNight, TriggerComparison, compare_triggers
from focusbench.lessons.flipbook import Flipbook
from focusbench.lessons.pictures import FIT, INK, MUTED, OTHER, POINT, Picture, X, new_axes, style
from focusbench.options import TriggerOptions

HOUR_S = 3600.0


def degrees_in_zone(night: SimulatedNight) -> float:
    """By how much the temperature may change until best focus leaves the zone, °C."""
    return night.zone / abs(night.steps_per_c)


def flat_night(seed: int = 2) -> SimulatedNight:
    """A night in which only the mirror moves: nothing that a thermometer could see.

    Its jump comes in mid-night, when it settles after a meridian flip.
    """
    return SimulatedNight.reference(seed).replace(steps_per_c=0.0, jumps=((4.2, 60.0),))


def sinking_night(seed: int) -> SimulatedNight:
    """A night in which nothing moves, and the target sinks from the first frame to the last."""
    return SimulatedNight.reference(seed).replace(
        steps_per_c=0.0, culminates_h=0.0, clouds=(), filters=(("L", 0.0),)
    )


def off_focus_picture(compared: TriggerComparison, number: int = 0) -> Picture:
    """How far from focus the frames of one night were, a panel for each set of triggers.

    Parameters
    ----------
    compared : TriggerComparison
    number : int
        Which of its nights.
    """
    nights = {name: row[number] for name, row in compared.nights.items()}
    figure, all_axes = new_axes(len(nights), width=9.0, height=2.9)
    widest = max(np.nanmax(np.abs(night.off_focus)) for night in nights.values())
    for axes, (name, night) in zip(all_axes, nights.items(), strict=True):
        style(axes, x="hours", y=f"{name}; steps from focus" if axes is all_axes[0] else name)
        hours = (night.times_s - night.times_s[0]) / HOUR_S
        axes.axhspan(-night.zone, night.zone, color="#e3f1e6", lw=0)
        inside = np.abs(night.off_focus) <= night.zone
        axes.plot(hours[inside], night.off_focus[inside], ".", color=FIT, ms=4)
        axes.plot(hours[~inside], night.off_focus[~inside], ".", color=X, ms=4)
        for alarm in night.alarms:
            axes.axvline((alarm.time_s - night.times_s[0]) / HOUR_S, color=MUTED, lw=0.7, ls=":")
        axes.set_ylim(-1.1 * widest, 1.1 * widest)
    told = [
        f"{name}: {len(night.alarms)} runs, {100 * night.in_zone:.0f} % of the frames in the zone"
        for name, night in nights.items()
    ]
    return Picture(figure, "; ".join(told) + ".")


def every_degrees(night: SimulatedNight, thresholds: Sequence[float]) -> Flipbook:
    """Slide the temperature trigger, and see what it does to a night.

    Parameters
    ----------
    night : SimulatedNight
    thresholds : sequence of float, °C
    """

    def draw(every_c: float) -> Picture:
        name = f"a run every {every_c:g} °C"
        return off_focus_picture(compare_triggers(night, {name: TriggerOptions(every_c=every_c)}))

    return Flipbook("Every … °C", thresholds, draw, start=thresholds[-1])


def trade_picture(compared: TriggerComparison) -> Picture:
    """Frames in the zone against frames lost to focusing, a dot for each set of triggers."""
    means = figures_of(compared)
    figure, (axes,) = new_axes(width=9.0, height=3.4)
    style(axes, x="frames lost to focusing, a night →", y="frames in the zone, %")
    for i, (name, one) in enumerate(means.items()):
        color = (POINT, FIT, OTHER, X, MUTED)[i % 5]
        x, y = one["frames_lost"], 100 * one["in_zone"]
        axes.plot(x, y, "o", ms=9, color=color)
        axes.annotate(name, (x, y), (0, 9), textcoords="offset points", ha="center",
                      fontsize=9, color=INK)  # fmt: skip
    axes.set_xlim(0, 1.25 * max(one["frames_lost"] for one in means.values()))
    axes.set_ylim(0, 112)
    told = [
        f"{name}: {100 * one['in_zone']:.0f} % in the zone for {one['frames_lost']:.1f} frames"
        for name, one in means.items()
    ]
    return Picture(figure, "; ".join(told) + ".")


def figures_of(compared: TriggerComparison) -> Mapping[str, Mapping[str, float]]:
    """Means of a night by set of triggers: runs, false_alarms, in_zone and more."""
    summary: Any = compared.summary
    return {
        name: {key: float(summary[key].sel(trigger_set=name)) for key in summary.data_vars}
        for name in compared.nights
    }
