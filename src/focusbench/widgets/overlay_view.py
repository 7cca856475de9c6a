"""The V-curves of several runs over each other; each has its own colour, marker and dash."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import bqplot
import ipywidgets as widgets
import numpy as np
from numpy.typing import NDArray

from focusbench.api import Package, metric_label
from focusbench.curve import Outcome, evaluate
from focusbench.widgets.pieces import write
from focusbench.widgets.wording import escape, plus_minus, position

MOST = 6
"""More curves than this cannot be told apart."""

Numbers = NDArray[np.float64]

_LOOKS = (
    ("var(--fb-point)", "circle", "solid"),
    ("var(--fb-warn)", "square", "dashed"),
    ("var(--fb-fit)", "triangle-up", "dotted"),
    ("var(--fb-x)", "diamond", "dash_dotted"),
    ("var(--fb-muted)", "triangle-down", "dashed"),
    ("var(--fb-ink)", "cross", "solid"),
)
_GLYPHS = {
    "circle": '<circle cx="14" cy="6" r="4"/>',
    "square": '<rect x="10.2" y="2.2" width="7.6" height="7.6"/>',
    "triangle-up": '<path d="M14 1.4L18.6 10H9.4Z"/>',
    "diamond": '<path d="M14 .6L19 6L14 11.4L9 6Z"/>',
    "triangle-down": '<path d="M14 10.6L18.6 2H9.4Z"/>',
    "cross": '<path d="M12.6 1.5h2.8v3.1h3.1v2.8h-3.1v3.1h-2.8v-3.1h-3.1v-2.8h3.1z"/>',
}
_DASHES = {"solid": "", "dashed": "6 4", "dotted": "1.5 4", "dash_dotted": "6 3 1.5 3"}


@dataclass(frozen=True)
class Series:
    """One curve of the overlay.

    Attributes
    ----------
    label, best : str
        What the legend says; `best` stands out.
    metric : str
        What the axis is called.
    x, y : float array
        Points that count, steps and pixels.
    curve_x, curve_y : float array
        The curve that decided; empty where none did.
    look : int
        Which colour and marker.
    anew : bool
        Measured anew: dashed and hollow beside the stored, solid one.
    """

    label: str
    best: str
    metric: str
    x: Numbers
    y: Numbers
    curve_x: Numbers
    curve_y: Numbers
    look: int
    anew: bool = False


def series_of(package: Package, label: str, look: int, *, anew: bool = False) -> Series:
    """What is drawn of a run."""
    best, record = package.decided, package.record
    points = [package.focus_points[i] for i in package.sweep()]
    rejected = best.rejected if len(best.rejected) == len(points) else [p.rejected for p in points]
    kept = [
        p
        for p, no in zip(points, rejected, strict=True)
        if not no and p.counts and math.isfinite(p.metric)
    ]
    x = np.array([p.position for p in kept], float)
    y = np.array([p.metric for p in kept], float)
    curve_x = curve_y = np.empty(0)
    fit = best.fits.get(best.curve)
    focused = best.outcome is Outcome.FOCUSED and (record is None or record.focused)
    if focused and fit is not None and fit.parameters and len(x) > 1:
        curve_x = np.linspace(x.min(), x.max(), 81)
        curve_y = np.asarray(evaluate(fit, curve_x), float)
        inside = np.isfinite(curve_y) & (curve_y >= 0) & (curve_y < 1.5 * y.max())
        curve_x, curve_y = curve_x[inside], curve_y[inside]
    said = "no focus"
    if best.best_position is not None and (record is None or record.focused):
        said = position(best.best_position)
        if best.best_position_error is not None:
            said += f" {plus_minus(best.best_position_error)}"
    return Series(label, said, metric_label(package.metric), x, y, curve_x, curve_y, look, anew)


class OverlayView(widgets.Box):
    """A figure for up to six runs, each stored and measured anew; marks are made once and kept."""

    def __init__(self) -> None:
        self.shown: tuple[Series, ...] = ()
        self._x = bqplot.LinearScale(allow_padding=False)
        self._y = bqplot.LinearScale(min=0.0, allow_padding=False)
        xy = {"x": self._x, "y": self._y}
        self._lines = [bqplot.Lines(x=[], y=[], scales=xy, stroke_width=2) for _ in range(2 * MOST)]
        self._points = [
            bqplot.Scatter(x=[], y=[], scales=xy, default_size=52) for _ in range(2 * MOST)
        ]
        self._x_axis = bqplot.Axis(scale=self._x, tick_format="d", grid_lines="none")
        self._y_axis = bqplot.Axis(
            scale=self._y, side="left", tick_format="~g", grid_color="var(--fb-grid)"
        )
        self.figure = bqplot.Figure(
            marks=[*self._lines, *self._points],
            axes=[self._x_axis, self._y_axis],
            fig_margin={"top": 10, "bottom": 28, "left": 36, "right": 16},
            animation_duration=0,
            display_toolbar=False,
            background_style={"fill": "transparent"},
            padding_x=0,
            padding_y=0,
        )
        self.figure.layout.width = "100%"
        self.figure.layout.height = "280px"
        self.figure.add_class("fb-figure")
        self._titles = widgets.HTML()
        self._legend = widgets.HTML()
        super().__init__([self._titles, self.figure, self._legend])
        self.add_class("fb-chart")
        self.add_class("fb-overlay")
        self.show(())

    def show(self, series: Sequence[Series]) -> None:
        """Show other runs."""
        self.shown = tuple(series)
        compared = any(one.anew for one in series)
        for i in range(2 * MOST):
            one = series[i] if i < len(series) else None
            self._put(self._lines[i], self._points[i], one, compared)
        low, high, x_ticks = _x_axis(series)
        top, y_ticks = _y_axis(series)
        with self._x.hold_sync():
            self._x.min, self._x.max = low, high
        self._y.max = top
        self._x_axis.tick_values, self._y_axis.tick_values = x_ticks, y_ticks
        # Without ticks of ours the axis would make its own.
        self._x_axis.visible = len(x_ticks) > 0
        names = " or ".join(sorted({one.metric for one in series})) or "HFR"
        write(
            self._titles,
            f'<div class="fb-axes"><span>{escape(names)}, px</span>'
            "<span>focuser position, steps; out →</span></div>",
        )
        write(self._legend, legend_html(series))

    def _put(self, line: Any, points: Any, one: Series | None, compared: bool) -> None:
        with line.hold_sync(), points.hold_sync():
            if one is None:
                line.x = line.y = points.x = points.y = np.empty(0)
                return
            colour, marker, _ = _LOOKS[one.look % MOST]
            line.x, line.y, line.colors = one.curve_x, one.curve_y, [colour]
            line.line_style = _dash(one, compared)
            points.x, points.y, points.colors, points.marker = one.x, one.y, [colour], marker
            points.fill, points.stroke_width = not one.anew, 1.6 if one.anew else 0.0


def legend_html(series: Sequence[Series]) -> str:
    """The legend: one line a curve."""
    compared = any(one.anew for one in series)
    lines = []
    for one in series:
        colour, marker, _ = _LOOKS[one.look % MOST]
        dash = _DASHES[_dash(one, compared)]
        fill = f'fill="{colour}"' if not one.anew else f'fill="none" stroke="{colour}"'
        lines.append(
            f'<div><svg width="28" height="12" aria-hidden="true"><path d="M0 6H28" '
            f'stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/><g {fill}>'
            f"{_GLYPHS[marker]}</g></svg>{escape(one.label)} <b>{escape(one.best)}</b></div>"
        )
    return f'<div class="fb-legend">{"".join(lines)}</div>'


def _dash(one: Series, compared: bool) -> str:
    """With runs measured anew beside them, dashes tell the two apart and not the runs."""
    if compared:
        return "dashed" if one.anew else "solid"
    return _LOOKS[one.look % MOST][2]


def _x_axis(series: Sequence[Series]) -> tuple[float, float, Numbers]:
    places = [one.x for one in series if len(one.x)]
    if not places:
        return 0.0, 1.0, np.empty(0)
    low = float(min(x.min() for x in places))
    high = float(max(x.max() for x in places))
    margin = 0.06 * (high - low) or 1.0
    step = _round_step((high - low) / 5)
    ticks = step * np.arange(math.ceil(low / step), math.floor(high / step) + 1)
    return low - margin, high + margin, np.asarray(ticks, float)


def _y_axis(series: Sequence[Series]) -> tuple[float, Numbers]:
    """From 0, since a half-flux radius is a length."""
    largest = max((float(one.y.max()) for one in series if len(one.y)), default=0.0)
    if largest <= 0:
        return 10.0, np.arange(0.0, 11.0, 2.0)
    step = _round_step(1.08 * largest / 5)
    n = math.ceil(1.08 * largest / step)
    return n * step, np.asarray(step * np.arange(n + 1), float)


def _round_step(least: float) -> float:
    """The next of 1, 2, 5, 10 … that is not smaller."""
    if least <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(least))
    return float(next(power * k for k in (1, 2, 5, 10) if power * k >= least * (1 - 1e-9)))
