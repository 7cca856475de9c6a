"""Below the V-curve, on its scale: one star of each frame, how many there were, how bright."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import ipywidgets as widgets
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from focusbench.curve import FocusPoint
from focusbench.engine import RunProgress
from focusbench.widgets.curve_picture import Span
from focusbench.widgets.pieces import write
from focusbench.widgets.point_frames import PointFrame, data_url
from focusbench.widgets.theme import close_all
from focusbench.widgets.wording import escape, position

SAME_STAR_PX = 8.0
"""How far a star may wander from frame to frame and still be known."""
LEAST_SHARED = 3

MOST_NUMBERS = 24
"""More columns than this are numbered every second, third … one."""


@dataclass(frozen=True)
class Column:
    """What stands below one point.

    Attributes
    ----------
    number : int
        Of the point in the run, from 0.
    share : float
        Where it stands on the horizontal scale, 0 to 1.
    point : FocusPoint
    used : bool
    stamp : str
        Address of its picture; empty where there is none (yet).
    flux_percent : float or None
        Light of the same stars, against the brightest frame.
    """

    number: int
    share: float
    point: FocusPoint
    used: bool
    stamp: str
    flux_percent: float | None


def columns(
    progress: RunProgress, frames: Mapping[int, PointFrame], x_range: Span
) -> tuple[Column, ...]:
    """A column for each point of the sweep going on, or of the last one."""
    shown = [
        (number, point)
        for number, point in enumerate(progress.points)
        if point.sweep == progress.sweep and point.role != "validation"
    ]
    best = progress.best
    fitted = best.rejected if best is not None and len(best.rejected) == len(shown) else ()
    fluxes = relative_flux({n: frames[n] for n, _ in shown if n in frames})
    low, high = x_range
    return tuple(
        Column(
            number=number,
            share=(point.position - low) / (high - low),
            point=point,
            used=point.counts and not (fitted and fitted[i]) and math.isfinite(point.metric),
            stamp=data_url(frames[number].stamp) if number in frames else "",
            flux_percent=fluxes.get(number),
        )
        for i, (number, point) in enumerate(shown)
    )


def relative_flux(frames: Mapping[int, PointFrame]) -> dict[int, float]:
    """Light of the same stars in each frame, in percent of the brightest frame.

    The median, over the stars that a frame shares with the one that has most, of the ratio of
    their fluxes: stars that come and go with focus do not enter, a cloud does. Saturated stars,
    and frames that share fewer than three, are left out.
    """
    stars = {number: _with_flux(frame) for number, frame in frames.items()}
    richest = max(stars.values(), key=len, default=np.empty((0, 3)))
    if len(richest) < LEAST_SHARED:
        return {}
    tree = cKDTree(richest[:, :2])
    ratios = {}
    for number, table in stars.items():
        if len(table):
            off, which = tree.query(table[:, :2], distance_upper_bound=SAME_STAR_PX)
            shared = np.isfinite(off)
            if shared.sum() >= LEAST_SHARED:
                ratio = table[shared, 2] / richest[which[shared], 2]
                ratios[number] = float(np.median(ratio))
    most = max(ratios.values())
    return {number: 100 * ratio / most for number, ratio in ratios.items()}


def _with_flux(frame: PointFrame) -> NDArray[np.float64]:
    """x, y and flux of the stars whose light was measured; pixels and ADU."""
    if frame.stars is None:
        return np.empty((0, 3))
    good = frame.stars["used"] & ~frame.stars["saturated"] & (frame.stars["flux"] > 0)
    return np.column_stack([frame.stars[good][name] for name in ("x", "y", "flux")])


def strip_html(shown: tuple[Column, ...], slots: int, picked: int | None = None) -> str:
    """The strip as a page fragment; `slots` is how many columns the horizontal scale holds."""
    most = max((c.point.n_stars or 0 for c in shown), default=0)
    every = max(1, math.ceil(slots / MOST_NUMBERS))
    # While pictures come, their places are kept; where none was kept, none is promised.
    empty = "<i></i>" if any(c.stamp for c in shown) else '<i class="fb-none"></i>'
    cells = "".join(
        _column_html(c, most, numbered=i % every == 0, picked=c.number == picked, empty=empty)
        for i, c in enumerate(shown)
    )
    with_flux = any(c.flux_percent is not None for c in shown)
    heads = '<span class="fb-strip-stars">stars</span>' if shown else ""
    if with_flux:
        title = "Light of the same stars in every frame, against the brightest frame"
        heads += f'<span class="fb-strip-flux" title="{title}">flux, %</span>'
    return f'<div class="fb-strip" style="--slots:{slots}">{heads}{cells}</div>'


def _column_html(column: Column, most: int, *, numbered: bool, picked: bool, empty: str) -> str:
    point = column.point
    what = "used" if column.used else f"not used{': ' + point.reason if point.reason else ''}"
    title = f"Point {column.number + 1} at {position(point.position)}, {what}"
    names = "fb-star" + ("" if column.used else " fb-left-out") + (" fb-picked" if picked else "")
    image = f'<img src="{column.stamp}" alt="{escape(title)}">' if column.stamp else empty
    stars, flux = point.n_stars, column.flux_percent
    height = 0 if not stars or not most else max(1, round(14 * stars / most))
    count = "" if stars is None or not numbered else stars
    light = "" if flux is None or not numbered else f"{flux:.0f}"
    return (
        f'<div class="{names}" style="--at:{column.share:.4f}" title="{escape(title)}">{image}'
        f'<b><u style="height:{height}px"></u><em>{count}</em></b><s>{light}</s></div>'
    )


class StarStrip(widgets.Box):
    """The strip with a button over each column, so that it can be clicked and reached by Tab.

    Parameters
    ----------
    on_pick : callable
        Told the number of the point that was chosen, from 0.
    """

    def __init__(self, on_pick: Callable[[int], None]) -> None:
        self._on_pick = on_pick
        self._html = widgets.HTML()
        self._buttons: list[widgets.Button] = []
        self._numbers: list[int] = []
        self._n_shown = 0
        super().__init__([self._html])
        self.add_class("fb-strip-box")

    def show(
        self,
        progress: RunProgress,
        frames: Mapping[int, PointFrame],
        x_range: Span,
        picked: int | None = None,
    ) -> None:
        """Show the points of a run; buttons are made when first needed, and kept."""
        shown = columns(progress, frames, x_range)
        places = {*progress.positions, *(c.point.position for c in shown)}
        write(self._html, strip_html(shown, max(1, len(places)), picked))
        self._numbers = [c.number for c in shown]
        for at, column in enumerate(shown):
            left = _left(column.share)
            tooltip = f"Look at point {column.number + 1}, {position(column.point.position)}"
            if at == len(self._buttons):
                self._buttons.append(self._make_button(at, left, tooltip))
            one = self._buttons[at]
            if one.layout.left != left:
                one.layout.left = left
            if one.tooltip != tooltip:
                one.tooltip = tooltip
        if len(shown) != self._n_shown:
            self._n_shown = len(shown)
            self.children = (self._html, *self._buttons[: len(shown)])

    def close(self) -> None:
        """Close the strip with the buttons that are not shown, too."""
        for one in self._buttons:
            close_all(one)
        super().close()

    def _make_button(self, at: int, left: str, tooltip: str) -> widgets.Button:
        layout = widgets.Layout(left=left)
        one = widgets.Button(layout=layout, tooltip=tooltip, _dom_classes=("fb-look",))
        one.on_click(lambda _: self._on_pick(self._numbers[at]))
        return one


def _left(share: float) -> str:
    # The same place as `.fb-star` has in the style sheet.
    return f"calc(var(--left) + (100% - var(--left) - var(--right)) * {share:.4f})"
