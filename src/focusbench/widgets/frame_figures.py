"""What a frame is shown in: figures of its proportions, and pictures that lie in them."""

from typing import Any

import bqplot
import ipywidgets as widgets
import numpy as np

from focusbench.widgets.frame_picture import Region
from focusbench.widgets.theme import close_all


class Pane:
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
        """Show a PNG at its place in a frame of `n_y` rows."""
        self._images.reverse()
        image = self._images[0]
        image.value = data
        with self.mark.hold_sync():
            self.mark.image = image
            self.mark.x = np.array([region.left, region.right])
            self.mark.y = np.array([n_y - region.bottom, n_y - region.top])
            self.mark.visible = True

    def hide(self) -> None:
        """Show nothing."""
        if self.mark.visible:
            self.mark.visible = False

    def close(self) -> None:
        """Close both images."""
        for image in self._images:
            close_all(image)


def frame_figure(marks: list[bqplot.Mark], **more: Any) -> bqplot.Figure:
    """A figure without axes or margins."""
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
    give_proportions(figure, 4 / 3)
    return figure


def give_proportions(figure: bqplot.Figure, aspect: float) -> None:
    """As wide as the frame is at the height that the style sheet gives it."""
    if figure.min_aspect_ratio == figure.max_aspect_ratio == aspect:
        return
    # bqplot refuses a smallest ratio above the largest, on the way as well.
    ends = ["min_aspect_ratio", "max_aspect_ratio"]
    with figure.hold_sync():
        for end in reversed(ends) if aspect > figure.max_aspect_ratio else ends:
            setattr(figure, end, aspect)
    figure.layout.width = f"calc(var(--frame-height) * {aspect:.5f})"
