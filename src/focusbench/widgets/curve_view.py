"""The V-curve: a bqplot figure that shows a `RunProgress`."""

import functools
from collections.abc import Callable, Iterable
from typing import Any, Self

import bqplot
import ipywidgets as widgets
import numpy as np

from focusbench.engine import Event, RunProgress, fold
from focusbench.widgets.curve_legend import legend_html
from focusbench.widgets.curve_picture import CurvePicture, Polyline, picture
from focusbench.widgets.marks import (
    flat,
    label_mark,
    lines_mark,
    loop,
    scatter_mark,
    set_line,
    set_traits,
    verticals,
)
from focusbench.widgets.pieces import write
from focusbench.widgets.theme import close_all, style_widget
from focusbench.widgets.wording import escape

POINT_SIZE = 58
X_SIZE = 110
RING_SIZE = 320


class CurveView(widgets.Box):
    """The live, or the saved, V-curve.

    Used points are discs with error bars, points not used thick Xs with their reason; lines are
    green where they found a focus and dashed red where not. Marks are made once and kept.

    Parameters
    ----------
    progress : RunProgress, optional
        What to show at first.
    coming : tuple of int, steps
        Positions of the sweep to come, for the axis of an empty chart.
    themed : bool
        Bring the style sheet along; a panel, which has it already, says False.
    below : Widget, optional
        What stands between the chart and its legend.

    Examples
    --------
    >>> from focusbench.widgets import CurveView
    >>> view = CurveView(coming=(10490, 10430, 10370))
    >>> view.shown.x_ticks.tolist()
    [10370.0, 10430.0, 10490.0]
    """

    def __init__(
        self,
        progress: RunProgress | None = None,
        *,
        coming: tuple[int, ...] = (),
        themed: bool = True,
        below: widgets.Widget | None = None,
    ) -> None:
        self.shown: CurvePicture = picture(progress or RunProgress(), coming)
        self._x = bqplot.LinearScale(allow_padding=False)
        self._y = bqplot.LinearScale(min=0.0, allow_padding=False)
        # Bands and vertical lines reach from edge to edge and never move the y range.
        self._unit = bqplot.LinearScale(min=0.0, max=1.0, allow_padding=False)
        self._make_marks()
        self._x_axis = bqplot.Axis(scale=self._x, tick_format="d", grid_lines="none")
        self._y_axis = bqplot.Axis(
            scale=self._y, side="left", tick_format="d", grid_color="var(--fb-grid)"
        )
        self.figure = bqplot.Figure(
            marks=self._marks,
            axes=[self._x_axis, self._y_axis],
            fig_margin={"top": 10, "bottom": 28, "left": 44, "right": 16},
            animation_duration=0,
            display_toolbar=False,
            legend_location="top-right",
            background_style={"fill": "transparent"},
            padding_x=0,
            padding_y=0,
        )
        self.figure.layout.width = "100%"
        self.figure.layout.height = "320px"
        self.figure.add_class("fb-figure")
        self._titles = widgets.HTML()
        self._legend = widgets.HTML()
        parts = [self._titles, self.figure, *([below] if below else []), self._legend]
        super().__init__([style_widget(), *parts] if themed else parts)
        self.add_class("fb-chart")
        if themed:
            self.add_class("fb-root")
        self._put(self.shown)

    @classmethod
    def of(cls, events: Iterable[Event]) -> Self:
        """Show a run from its events, as a saved package gives them."""
        return cls(functools.reduce(fold, events, RunProgress()))

    def show(self, progress: RunProgress, coming: tuple[int, ...] = (), metric: str = "") -> None:
        """Show another state of a run; writes only what is different.

        `metric` names what is measured, where the run's own options do not tell.
        """
        new = picture(progress, coming, metric)
        self._put(new)
        self.shown = new

    def on_pick(self, callback: Callable[[int], None]) -> None:
        """Tell `callback` the number of a point, from 0, when it is clicked."""
        for name, mark in self._clickable.items():

            def clicked(_: Any, content: dict[str, Any], name: str = name) -> None:
                numbers = self.shown.numbers[name]
                at = int(content["data"]["index"])
                if at < len(numbers):
                    callback(numbers[at])

            mark.on_element_click(clicked)

    def pick(self, number: int | None) -> None:
        """Put a ring around a point of the run; None takes it away."""
        x, y = np.empty(0), np.empty(0)
        for name, mark in self._clickable.items():
            if number in self.shown.numbers.get(name, ()):
                at = self.shown.numbers[name].index(number)
                x, y = mark.x[at : at + 1], mark.y[at : at + 1]
        set_traits(self._ring, x=x, y=y)

    def close(self) -> None:
        """Close the chart with all its marks, scales and axes."""
        close_all(self)

    def _make_marks(self) -> None:
        xy = {"x": self._x, "y": self._y}
        band = {"x": self._x, "y": self._unit}
        green, red, ink = "var(--fb-fit)", "var(--fb-nofit)", "var(--fb-ink)"
        self._zone = lines_mark(band, "var(--fb-zone)", 0.0, fill="inside", opacity=0.13)
        self._zone_edges = lines_mark(band, "var(--fb-zone)", 1.0, line_style="dotted")
        self._error_band = lines_mark(band, green, 0.0, fill="inside", opacity=0.38)
        self._model = lines_mark(xy, green, 1.2, line_style="dotted")
        self._two_lines = lines_mark(xy, green, 2.5)
        self._deciding = lines_mark(xy, green, 2.5)
        self._no_fit = lines_mark(xy, red, 2.0, line_style="dashed")
        self._best = lines_mark(band, ink, 2.0)
        self._bars = lines_mark(xy, "var(--fb-point)", 1.3)
        self._earlier = scatter_mark(xy, "circle", "var(--fb-muted)", POINT_SIZE // 2, fill=False)
        self._used = scatter_mark(xy, "circle", "var(--fb-point)", POINT_SIZE)
        turn = bqplot.LinearScale(min=0, max=180)
        self._not_used = scatter_mark({**xy, "rotation": turn}, "cross", "var(--fb-x)", X_SIZE)
        self._reasons = label_mark(xy, "var(--fb-x)", "middle", y_offset=-12, font_weight="normal")
        self._validation = scatter_mark(xy, "diamond", ink, X_SIZE, fill=False, stroke_width=2)
        self._ring = scatter_mark(xy, "circle", ink, X_SIZE, fill=False, stroke_width=1.5)
        self._ring.default_size = RING_SIZE
        self._clickable = {
            "earlier": self._earlier,
            "used": self._used,
            "not_used": self._not_used,
            "validation": self._validation,
        }
        self._best_text = label_mark(band, ink, "start", y_offset=4, font_weight="bold")
        self._marks = [
            self._zone,
            self._zone_edges,
            self._error_band,
            self._model,
            self._no_fit,
            self._two_lines,
            self._deciding,
            self._best,
            self._bars,
            self._ring,
            self._earlier,
            self._used,
            self._not_used,
            self._reasons,
            self._validation,
            self._best_text,
        ]

    def _put(self, new: CurvePicture) -> None:
        set_traits(self._x, min=new.x_range[0], max=new.x_range[1])
        set_traits(self._y, max=new.y_top)
        set_traits(self._x_axis, tick_values=new.x_ticks)
        set_traits(self._y_axis, tick_values=new.y_ticks)
        write(
            self._titles,
            f'<div class="fb-axes"><span>{escape(new.metric)}, px</span>'
            "<span>focuser position, steps; out →</span></div>",
        )
        zone_x, zone_y = verticals(new.zone)
        # bqplot fills the polygon between the first edge upward and the second one downward.
        set_traits(self._zone, x=flat(zone_x), y=loop(zone_x))
        set_traits(self._zone_edges, x=zone_x, y=zone_y)
        band_x, _ = verticals(new.error_band)
        set_traits(self._error_band, x=flat(band_x), y=loop(band_x))
        set_line(self._model, new.model)
        green, red = (
            (new.two_lines, Polyline()) if new.two_lines_ok else (Polyline(), new.two_lines)
        )
        set_traits(self._two_lines, stroke_width=2.5 if new.two_lines_decide else 1.2)
        set_line(self._two_lines, green)
        set_line(self._no_fit, red)
        set_line(self._deciding, new.deciding)
        best = [] if new.best is None else [new.best, new.best]
        set_traits(self._best, x=np.array(best), y=np.array([0.0, 1.0][: len(best)]))
        set_traits(self._bars, x=new.error_bars[0], y=new.error_bars[1])
        set_line(self._earlier, new.earlier)
        set_line(self._used, new.used)
        set_traits(
            self._not_used,
            x=new.not_used.x,
            y=new.not_used.y,
            rotation=np.full(len(new.not_used.x), 45.0),
        )
        set_traits(
            self._reasons,
            x=new.not_used.x,
            y=new.not_used.y,
            # What follows a colon stands in the result column; here it would run out of the figure.
            text=np.array([why.partition(":")[0] for why in new.reasons], dtype=str),
        )
        set_line(self._validation, new.validation)
        self._put_best_text(new)
        write(self._legend, legend_html(new))

    def _put_best_text(self, new: CurvePicture) -> None:
        if new.best is None:
            set_traits(self._best_text, x=np.empty(0), y=np.empty(0), text=np.array([], dtype=str))
            return
        left, right = new.zone or (new.best, new.best)
        low, high = new.x_range
        on_the_left = new.best > low + 2 / 3 * (high - low)
        set_traits(
            self._best_text,
            align="end" if on_the_left else "start",
            x_offset=-8 if on_the_left else 8,
            x=np.array([min(left, new.best) if on_the_left else max(right, new.best)]),
            y=np.array([0.95]),
            text=np.array([new.best_text]),
        )
