"""The marks over a frame: a box around each star, figures, and the edge of the crop."""

from typing import Any

import bqplot
import numpy as np

from focusbench.frames import crop
from focusbench.widgets.frame_picture import Region
from focusbench.widgets.look import Look
from focusbench.widgets.star_boxes import Boxes, Overlay, overlay

LARGEST_BOX = 250.0
"""Side of the largest mark that bqplot may draw, pixels."""

POINTED = 26.0
"""Width of what the pointer has to meet for the words of a box, pixels; no more than the box."""


class StarMarks:
    """Draws what was measured in a frame; marks are made once and kept.

    Parameters
    ----------
    scales : dict of str to Scale
        "x" and "y" of the frame, y upward.
    screen_px : float
        About how wide the view is on the screen.

    Attributes
    ----------
    overlay : Overlay
        The boxes on the page.
    edge : Lines
        Around what is measured; it lies in the figure of the picture.
    marks : list of Mark
        The others, the one that the pointer meets last.
    """

    def __init__(self, scales: dict[str, bqplot.Scale], screen_px: float) -> None:
        self._screen_px = screen_px
        self.overlay = Overlay()
        self.edge = bqplot.Lines(
            x=[],
            y=[],
            scales=scales,
            colors=["var(--fb-boxtext)"],
            stroke_width=1.0,
            line_style="dashed",
        )
        self._kept = _boxes_mark(scales, "var(--fb-box)", 1.6)
        self._dropped = _boxes_mark(scales, "var(--fb-boxout)", 1.2)
        self._labels = bqplot.Label(
            x=[],
            y=[],
            text=[],
            scales=scales,
            colors=["var(--fb-boxtext)"],
            align="start",
            default_size=12,
            font_weight="normal",
            y_offset=4,
        )
        self._targets = _boxes_mark(
            scales,
            "var(--fb-sky)",
            0.0,
            opacities=[0.0],
            tooltip_style={"opacity": "1"},
            tooltip=bqplot.Tooltip(fields=["name"], show_labels=False),
        )
        self.marks = [self._dropped, self._kept, self._labels, self._targets]

    def put(self, look: Look | None, view: Region, shape: tuple[int, int]) -> None:
        """Draw boxes over the stars in view; None draws none."""
        self.overlay = (
            Overlay()
            if look is None
            else overlay(look.stars, look.options.metric, view, self._screen_px)
        )
        n_y = shape[0]
        _put_boxes(self._kept, self.overlay.kept, n_y)
        _put_boxes(self._dropped, self.overlay.dropped, n_y)
        self._put_targets(n_y)
        labels = self.overlay.labels
        with self._labels.hold_sync():
            right = [x + (side / 2 + 3) * view.width / self._screen_px for x, _, side, _ in labels]
            self._labels.x = np.array(right, float)
            self._labels.y = np.array([n_y - y for _, y, _, _ in labels], float)
            self._labels.text = np.array([text for *_, text in labels])
        self._put_edge(look, shape)

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

    def _put_edge(self, look: Look | None, shape: tuple[int, int]) -> None:
        """A dotted edge around what is measured, where that is not all of the frame."""
        x: list[float] = []
        y: list[float] = []
        if look is not None and look.options.crop_percent:
            n_y, n_x = shape
            inner = crop(np.empty(shape, bool), look.options.crop_percent).shape
            dx, dy = (n_x - inner[1]) / 2, (n_y - inner[0]) / 2
            x, y = [dx, n_x - dx, n_x - dx, dx, dx], [dy, dy, n_y - dy, n_y - dy, dy]
        if list(self.edge.x) != x or list(self.edge.y) != y:
            with self.edge.hold_sync():
                self.edge.x, self.edge.y = np.array(x), np.array(y)


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
