"""A frame on the page: zoom and pan to real pixels, stretch, and AF boxes over the stars.

A page is never sent a whole frame. It gets one small picture of all of it and, zoomed in, one of
the part in view, made from the full frame; each at most half a megabyte. bqplot-image-gl was looked
at and left: it sends every pixel as a 32-bit number, 64 MB for 16 Mpx.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import bqplot
import ipywidgets as widgets
import numpy as np

from focusbench.frames import Frame, crop
from focusbench.widgets.frame_picture import Picture, Region, png, shrink, whole
from focusbench.widgets.latest import Latest
from focusbench.widgets.look import Look
from focusbench.widgets.pieces import box, button, write
from focusbench.widgets.star_boxes import Boxes, Overlay, overlay
from focusbench.widgets.stretch import CURVES, Levels, Stretch
from focusbench.widgets.theme import close_all

COARSE_PIXELS = 90_000
"""Of the picture of all of a frame while only a part is in view: seen on the way, in a drag."""

SCREEN_PX = 700
"""About how wide a frame is on the screen: the kernel is not told."""

CLOSEST_PX = 24
"""Pixels of the frame that are seen from left to right at the highest zoom."""

LARGEST_BOX = 250.0
"""Side of the largest mark that bqplot may draw, pixels."""

POINTED = 26.0
"""Width of what the pointer has to meet for the words of a box, pixels; no more than the box."""

SETTLED = 4
"""Flushes without a move of the view, after which it is brought back onto the frame."""


@dataclass(frozen=True, eq=False)
class _Wanted:
    frame: Frame
    view: Region
    curve: str
    black: float
    white: float


@dataclass(frozen=True, eq=False)
class _Overview:
    frame: Frame
    stretch: Stretch
    coarse: bool
    data: bytes
    region: Region


@dataclass(frozen=True, eq=False)
class _Drawn:
    wanted: _Wanted
    levels: Levels
    stretch: Stretch
    overview: _Overview
    tile: bytes | None
    tile_region: Region
    factor: int


class FrameView(widgets.Box):
    """Shows one frame at a time with the stars that were found in it.

    Nothing here waits: pictures are made in a thread, and `flush` writes what has changed.

    Parameters
    ----------
    wake : callable
        Told, in any thread, that there is something to flush.

    Attributes
    ----------
    overlay : Overlay
        The boxes on the page.
    bytes_sent : int
        Of all pictures so far.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._frame: Frame | None = None
        self._shape = (3, 4)
        self._view = whole(self._shape)
        self._look: Look | None = None
        self._small: tuple[Frame, Picture, Levels] | None = None
        self._overview: _Overview | None = None
        self._written: _Drawn | None = None
        self._boxed: tuple[Look | None, Region] | None = None
        self._levels = Levels()
        self._putting = False
        self._put_values = (-1.0, -1.0)
        self._still = SETTLED
        self.overlay = Overlay()
        self.bytes_sent = 0
        self._drawing: Latest[_Wanted, _Drawn] = Latest(self._draw, wake, "focusbench picture")
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

    # ------------------------------------------------------------------ in the drawing thread

    def _ask(self) -> None:
        if self._frame is not None:
            low, high = self._slider.value
            black, white = self._levels.at(low / 100), self._levels.at(high / 100)
            self._drawing.ask(_Wanted(self._frame, self._view, self._curve.value, black, white))
        self._wake()

    def _draw(self, wanted: _Wanted) -> _Drawn:
        frame = wanted.frame
        shape = (frame.pixels.shape[0], frame.pixels.shape[1])
        if self._small is None or self._small[0] is not frame:
            small = shrink(frame, whole(shape))
            self._small = (frame, small, Levels.of(small.values))
        _, small, levels = self._small
        stretch = (
            Stretch.auto(levels)
            if wanted.curve == "auto"
            else Stretch(wanted.curve, wanted.black, max(wanted.white, wanted.black + 1e-3))
        )
        near = wanted.view.on_frame(shape)
        part = small
        if near.width * near.height < 0.9 * shape[0] * shape[1]:
            part = shrink(frame, near)
        tile = png(part, stretch) if part.factor < small.factor else None
        return _Drawn(
            wanted,
            levels,
            stretch,
            self._draw_all(frame, small, stretch, coarse=tile is not None),
            tile,
            part.region,
            part.factor if tile else small.factor,
        )

    def _draw_all(
        self, frame: Frame, small: Picture, stretch: Stretch, *, coarse: bool
    ) -> _Overview:
        """The picture of all of the frame; coarse where it only shows beside a part of it.

        It changes with the frame and the stretch, not with the view, and a fine one stays.
        """
        known = self._overview
        if (
            known is None
            or (known.frame, known.stretch) != (frame, stretch)
            or (known.coarse and not coarse)
        ):
            part = small
            if coarse:
                part = shrink(Frame(small.values), whole(small.values.shape), COARSE_PIXELS)
                part = replace(part, region=part.region.scaled(small.factor))
            self._overview = _Overview(frame, stretch, coarse, png(part, stretch), part.region)
        assert self._overview is not None
        return self._overview

    # ------------------------------------------------------------------ what is written

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
        aspect = self._shape[1] / self._shape[0]
        for figure in (self.figure, self._over):
            if figure.max_aspect_ratio != aspect:
                _give_proportions(figure, aspect)
        if self._curve.value == "auto":
            self._levels = drawn.levels
            self._put_slider(drawn.stretch)
        words = f"black {drawn.stretch.black:.0f}, white {drawn.stretch.white:.0f} ADU"
        write(self._levels_words, f'<span class="fb-muted">{words}</span>')

    def _write_boxes(self) -> None:
        look, view = self._look, self._view
        if self._boxed == (look, view):
            return
        self._boxed = (look, view)
        self.overlay = (
            Overlay() if look is None else overlay(look.stars, look.options.metric, view, SCREEN_PX)
        )
        n_y = self._shape[0]
        _put_boxes(self._kept, self.overlay.kept, n_y)
        _put_boxes(self._dropped, self.overlay.dropped, n_y)
        self._put_targets(n_y)
        labels = self.overlay.labels
        with self._labels.hold_sync():
            right = [x + (side / 2 + 3) * view.width / SCREEN_PX for x, _, side, _ in labels]
            self._labels.x = np.array(right, float)
            self._labels.y = np.array([n_y - y for _, y, _, _ in labels], float)
            self._labels.text = np.array([text for *_, text in labels])
        self._write_crop(look)

    def _put_targets(self, n_y: int) -> None:
        """What the pointer meets: small, for the wheel and the mouse do not work through it."""
        kept, dropped = self.overlay.kept, self.overlay.dropped
        mark = self._targets
        with mark.hold_sync():
            mark.x = np.concatenate([kept.x, dropped.x])
            mark.y = n_y - np.concatenate([kept.y, dropped.y])
            sides = np.concatenate([kept.sides, dropped.sides])
            mark.size = (np.minimum(sides, POINTED) / LARGEST_BOX) ** 2
            mark.names = np.array(kept.words + dropped.words)

    def _write_crop(self, look: Look | None) -> None:
        """A dotted edge around what is measured, where that is not all of the frame."""
        x: list[float] = []
        y: list[float] = []
        if look is not None and look.options.crop_percent:
            n_y, n_x = self._shape
            inner = crop(np.empty(self._shape, bool), look.options.crop_percent).shape
            dx, dy = (n_x - inner[1]) / 2, (n_y - inner[0]) / 2
            x, y = [dx, n_x - dx, n_x - dx, dx, dx], [dy, dy, n_y - dy, n_y - dy, dy]
        if list(self._edge.x) != x or list(self._edge.y) != y:
            with self._edge.hold_sync():
                self._edge.x, self._edge.y = np.array(x), np.array(y)

    # ------------------------------------------------------------------ stretch

    def _put_slider(self, stretch: Stretch) -> None:
        """Show where automatic black and white lie; it is no wish of a person."""
        black, white = (self._levels.share(v) for v in (stretch.black, stretch.white))
        values = (round(100 * black, 1), round(100 * white, 1))
        self._put_values = values
        if self._slider.value != values:
            self._slider.unobserve(self._slid, "value")
            self._slider.value = values
            self._slider.observe(self._slid, "value")

    def _slid(self, _: object) -> None:
        if all(abs(a - b) < 0.2 for a, b in zip(self._slider.value, self._put_values, strict=True)):
            return  # the page tells us what we told it
        self._put_values = (-1.0, -1.0)
        if self._curve.value == "auto":
            self._curve.unobserve(self._curved, "value")
            self._curve.value = "asinh"
            self._curve.observe(self._curved, "value")
        self._ask()

    def _curved(self, _: object) -> None:
        self._ask()

    # ------------------------------------------------------------------ how it is built

    def _make_figures(self) -> None:
        n_y, n_x = self._shape
        self._x = bqplot.LinearScale(min=0.0, max=float(n_x), allow_padding=False)
        self._y = bqplot.LinearScale(min=0.0, max=float(n_y), allow_padding=False)
        for scale in (self._x, self._y):
            scale.observe(self._dragged, ["min", "max"])
        xy = {"x": self._x, "y": self._y}
        self._whole_pane, self._tile_pane = _Pane(xy), _Pane(xy)
        self._edge = bqplot.Lines(
            x=[],
            y=[],
            scales=xy,
            colors=["var(--fb-boxtext)"],
            stroke_width=1.0,
            line_style="dashed",
        )
        hand = bqplot.PanZoom(scales={"x": [self._x], "y": [self._y]})
        self.figure = _figure(
            [self._whole_pane.mark, self._tile_pane.mark, self._edge], interaction=hand
        )
        self.figure.add_class("fb-picture")
        self._kept = _boxes_mark(xy, "var(--fb-box)", 1.6)
        self._dropped = _boxes_mark(xy, "var(--fb-boxout)", 1.2)
        self._labels = bqplot.Label(
            x=[],
            y=[],
            text=[],
            scales=xy,
            colors=["var(--fb-boxtext)"],
            align="start",
            default_size=12,
            font_weight="normal",
            y_offset=4,
        )
        # Boxes lie in a figure of their own above the picture: the mouse layer of the one below
        # would keep the pointer from them. Both share the scales, so they move as one.
        self._targets = _boxes_mark(
            xy,
            "var(--fb-sky)",
            0.0,
            opacities=[0.0],
            tooltip_style={"opacity": "1"},
            tooltip=bqplot.Tooltip(fields=["name"], show_labels=False),
        )
        self._over = _figure([self._dropped, self._kept, self._labels, self._targets])
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
        self._curve = widgets.Dropdown(
            options=CURVES, value="auto", description="Stretch", tooltip="How ADU become grey."
        )
        self._curve.observe(self._curved, "value")
        self._slider = widgets.FloatRangeSlider(
            value=(0.0, 100.0),
            min=0.0,
            max=100.0,
            step=0.1,
            readout=False,
            description="",
            tooltip="Left handle: what is black. Right handle: what is white.",
        )
        self._slider.observe(self._slid, "value")
        self._levels_words = widgets.HTML()
        tools = box("fb-buttons", *self.buttons.values())
        tools.add_class("fb-small")
        stretch = box("fb-stretch", self._curve, self._slider, self._levels_words)
        return [
            box("fb-frame", self.figure, self._over),
            box("fb-tools", tools, stretch),
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


class _Pane:
    """One picture in the figure, whose pixels and place change in the same message.

    A bqplot Image looks at its image when it is given another one, not when the one it has gets
    other pixels: two take turns.
    """

    def __init__(self, scales: dict[str, bqplot.Scale]) -> None:
        self._images = [widgets.Image(value=b"", format="png") for _ in range(2)]
        self.mark = bqplot.Image(
            image=self._images[0], scales=scales, visible=False, pixelated=False
        )

    def put(self, data: bytes, region: Region, n_y: int) -> None:
        self._images.reverse()
        image = self._images[0]
        image.value = data
        with self.mark.hold_sync():
            self.mark.image = image
            self.mark.x = np.array([region.left, region.right])
            self.mark.y = np.array([n_y - region.bottom, n_y - region.top])
            self.mark.visible = True

    def hide(self) -> None:
        if self.mark.visible:
            self.mark.visible = False

    def close(self) -> None:
        for image in self._images:
            close_all(image)


def _figure(marks: list[bqplot.Mark], **more: Any) -> bqplot.Figure:
    figure = bqplot.Figure(
        marks=marks,
        axes=[],
        fig_margin={"top": 0, "bottom": 0, "left": 0, "right": 0},
        padding_x=0,
        padding_y=0,
        animation_duration=0,
        display_toolbar=False,
        background_style={"fill": "transparent"},
        **more,
    )
    _give_proportions(figure, 4 / 3)
    return figure


def _give_proportions(figure: bqplot.Figure, aspect: float) -> None:
    """As wide as the frame is at the height that the style sheet gives it."""
    # bqplot refuses a smallest ratio above the largest, on the way as well.
    ends = ["min_aspect_ratio", "max_aspect_ratio"]
    with figure.hold_sync():
        for end in reversed(ends) if aspect > figure.max_aspect_ratio else ends:
            setattr(figure, end, aspect)
    figure.layout.width = f"calc(var(--frame-height) * {aspect:.5f})"


def _boxes_mark(
    scales: dict[str, bqplot.Scale], colour: str, width: float, **more: Any
) -> bqplot.Scatter:
    return bqplot.Scatter(
        x=[],
        y=[],
        size=[],
        names=[],
        display_names=False,
        scales={**scales, "size": bqplot.LinearScale(min=0.0, max=1.0)},
        default_size=round(LARGEST_BOX**2),
        marker="square",
        fill=False,
        stroke_width=width,
        colors=[colour],
        **more,
    )


def _put_boxes(mark: bqplot.Scatter, boxes: Boxes, n_y: int) -> None:
    with mark.hold_sync():
        mark.x, mark.y = boxes.x, n_y - boxes.y
        mark.size = (boxes.sides / LARGEST_BOX) ** 2
