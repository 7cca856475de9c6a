"""A frame on the page: zoom and pan to real pixels, stretch, and AF boxes over the stars."""

from collections.abc import Callable

import bqplot
import ipywidgets as widgets

from focusbench.frames import Frame
from focusbench.widgets.frame_figures import Pane, frame_figure, give_proportions
from focusbench.widgets.frame_painter import Drawn, FramePainter, Wanted
from focusbench.widgets.frame_picture import Region, whole
from focusbench.widgets.latest import Latest
from focusbench.widgets.look import Look
from focusbench.widgets.pieces import box, button
from focusbench.widgets.star_boxes import Overlay
from focusbench.widgets.star_marks import StarMarks
from focusbench.widgets.stretch_tools import StretchTools
from focusbench.widgets.theme import close_all

SCREEN_PX = 700
"""About how wide a frame is on the screen: the kernel is not told."""

CLOSEST_PX = 24
"""Pixels of the frame that are seen from left to right at the highest zoom."""

SETTLED = 4
"""Flushes without a move of the view, after which it is brought back onto the frame."""


class FrameView(widgets.Box):
    """Shows one frame at a time with the stars that were found in it.

    Nothing here waits: pictures are made in a thread, and `flush` writes what has changed.

    Parameters
    ----------
    wake : callable
        Told, in any thread, that there is something to flush.

    Attributes
    ----------
    stretch : StretchTools
    bytes_sent : int
        Of all pictures so far.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._frame: Frame | None = None
        self._shape = (3, 4)
        self._view = whole(self._shape)
        self._look: Look | None = None
        self._written: Drawn | None = None
        self._boxed: tuple[Look | None, Region] | None = None
        self._putting = False
        self._still = SETTLED
        self.bytes_sent = 0
        self._drawing: Latest[Wanted, Drawn] = Latest(
            FramePainter().draw, wake, "focusbench picture"
        )
        self.stretch = StretchTools(self._ask)
        self._make_figures()
        super().__init__(self._lay_out())
        self.add_class("fb-frame-view")

    # ------------------------------------------------------------------ what it is told

    def show(self, frame: Frame) -> None:
        """Show another frame; the view stays where it is while the shape is the same."""
        shape = (frame.pixels.shape[0], frame.pixels.shape[1])
        self._frame = frame
        if shape != self._shape:
            self._shape = shape
            self._set_view(whole(shape))
        self._ask()

    def mark(self, look: Look | None) -> None:
        """Draw boxes over the stars of the frame shown; None draws none."""
        self._look = look
        self._wake()

    def flush(self) -> bool:
        """Write what has changed to the page; True where it should be called again soon."""
        self._write_picture()
        self._write_boxes()
        return self._settle()

    def close(self) -> None:
        """Close the view with all it is made of."""
        self._drawing.close()
        for pane in (self._whole_pane, self._tile_pane):
            pane.close()
        close_all(self)

    # ------------------------------------------------------------------ where one looks

    @property
    def overlay(self) -> Overlay:
        """The boxes on the page."""
        return self._marks.overlay

    @property
    def view(self) -> Region:
        """What is in view."""
        return self._view

    def show_all(self, _: object = None) -> None:
        """Show the whole frame."""
        self._look_at(whole(self._shape))

    def show_pixels(self, _: object = None) -> None:
        """One pixel of the frame on about one of the screen."""
        self.zoom(self._view.width / SCREEN_PX)

    def zoom(self, factor: float) -> None:
        """Bring the middle of the view `factor` times nearer."""
        factor = min(factor, self._view.width / CLOSEST_PX)
        self._look_at(self._view.zoomed(factor, self._shape))

    def pan(self, right: float, down: float) -> None:
        """Move the view by shares of its size."""
        self._look_at(self._view.moved(right, down, self._shape))

    def _look_at(self, view: Region) -> None:
        self._set_view(view)
        self._ask()

    def _set_view(self, view: Region) -> None:
        """Write the scales; what they tell us of it in return is not news."""
        n_y = self._shape[0]
        self._view, self._putting = view, True
        with self._x.hold_sync():
            self._x.min, self._x.max = view.left, view.right
        with self._y.hold_sync():
            self._y.min, self._y.max = n_y - view.bottom, n_y - view.top
        self._putting = False
        self._still = SETTLED

    def _dragged(self, _: object = None) -> None:
        """Wheel or mouse has moved the scales in the page."""
        if self._putting or None in (self._x.min, self._x.max, self._y.min, self._y.max):
            return
        n_y = self._shape[0]
        view = Region(self._x.min, n_y - self._y.max, self._x.max, n_y - self._y.min)
        if view != self._view and view.width > 0 and view.height > 0:
            self._view, self._still = view, 0
            self._ask()

    def _settle(self) -> bool:
        """Bring the view back onto the frame once the mouse rests."""
        if self._still >= SETTLED:
            return False
        self._still += 1
        if self._still == SETTLED:
            near = self._view
            if near.width < CLOSEST_PX:
                near = near.zoomed(near.width / CLOSEST_PX, self._shape)
            near = near.on_frame(self._shape)
            if near != self._view:
                self._look_at(near)
        return True

    # ------------------------------------------------------------------ what is written

    def _ask(self) -> None:
        """Another picture, please; it is made in a thread."""
        if self._frame is not None:
            self._drawing.ask(Wanted(self._frame, self._view, *self.stretch.wanted))
        self._wake()

    def _write_picture(self) -> None:
        drawn = self._drawing.answer
        if drawn is None or drawn is self._written:
            return
        before, self._written, n_y = self._written, drawn, self._shape[0]
        # Where a pixel of the frame is larger than one of the screen, it is shown as a square.
        close = drawn.factor == 1 and drawn.wanted.view.width < SCREEN_PX
        if before is None or drawn.overview is not before.overview:
            self._whole_pane.put(drawn.overview.data, drawn.overview.region, n_y)
            self.bytes_sent += len(drawn.overview.data)
        if drawn.tile is None:
            self._tile_pane.hide()
        else:
            self.bytes_sent += len(drawn.tile)
            self._tile_pane.put(drawn.tile, drawn.tile_region, n_y)
        for pane in (self._whole_pane, self._tile_pane):
            pane.mark.pixelated = close
        for figure in (self.figure, self._over):
            give_proportions(figure, self._shape[1] / self._shape[0])
        self.stretch.put(drawn.levels, drawn.stretch)

    def _write_boxes(self) -> None:
        if self._boxed != (self._look, self._view):
            self._boxed = (self._look, self._view)
            self._marks.put(self._look, self._view, self._shape)

    # ------------------------------------------------------------------ how it is built

    def _make_figures(self) -> None:
        n_y, n_x = self._shape
        self._x = bqplot.LinearScale(min=0.0, max=float(n_x), allow_padding=False)
        self._y = bqplot.LinearScale(min=0.0, max=float(n_y), allow_padding=False)
        for scale in (self._x, self._y):
            scale.observe(self._dragged, ["min", "max"])
        xy = {"x": self._x, "y": self._y}
        self._whole_pane, self._tile_pane = Pane(xy), Pane(xy)
        self._marks = StarMarks(xy, SCREEN_PX)
        hand = bqplot.PanZoom(scales={"x": [self._x], "y": [self._y]})
        self.figure = frame_figure(
            [self._whole_pane.mark, self._tile_pane.mark, self._marks.edge], interaction=hand
        )
        self.figure.add_class("fb-picture")
        # Boxes lie in a figure of their own above the picture: the mouse layer of the one below
        # would keep the pointer from them. Both share the scales, so they move as one.
        self._over = frame_figure(self._marks.marks)
        self._over.add_class("fb-over")

    def _lay_out(self) -> list[widgets.Widget]:
        self.buttons = {
            text: button(text, on_click)
            for text, on_click in (
                ("Show all", self.show_all),
                ("1:1", self.show_pixels),
                ("−", lambda _: self.zoom(1 / 1.6)),
                ("+", lambda _: self.zoom(1.6)),
                ("←", lambda _: self.pan(-0.3, 0)),
                ("↑", lambda _: self.pan(0, -0.3)),
                ("↓", lambda _: self.pan(0, 0.3)),
                ("→", lambda _: self.pan(0.3, 0)),
            )
        }
        for text, says in _TOOLTIPS.items():
            self.buttons[text].tooltip = says
        tools = box("fb-buttons", *self.buttons.values())
        tools.add_class("fb-small")
        return [
            box("fb-frame", self.figure, self._over),
            box("fb-tools", tools, self.stretch),
        ]

    @property
    def shown_as(self) -> str:
        """At what scale the picture is: "1:4", "real pixels"; empty where there is none."""
        drawn = self._written
        if drawn is None:
            return ""
        return "real pixels" if drawn.factor == 1 else f"1:{drawn.factor}"

    @property
    def shown_view(self) -> Region | None:
        """What the picture on the page was made for; None where there is none yet."""
        return self._written.wanted.view if self._written else None

    @property
    def boxed(self) -> Look | None:
        """The look whose boxes are on the page."""
        return self._boxed[0] if self._boxed else None


_TOOLTIPS = {
    "Show all": "The whole frame.",
    "1:1": "One pixel of the frame on about one of the screen.",
    "−": "Zoom out; so does the wheel.",
    "+": "Zoom in; so does the wheel.",
    "←": "Look further left; or drag the frame.",
    "↑": "Look further up; or drag the frame.",
    "↓": "Look further down; or drag the frame.",
    "→": "Look further right; or drag the frame.",
}
