"""Marks of bqplot as our charts use them, and how they are written."""

from typing import Any

import bqplot
import numpy as np

from focusbench.widgets.curve_picture import Polyline


def lines_mark(scales: dict[str, Any], color: str, width: float, **more: Any) -> bqplot.Lines:
    """Lines in one colour; filled ones are closed."""
    opacity = more.pop("opacity", None)
    if more.get("fill"):
        more |= {"close_path": True, "fill_colors": [color], "fill_opacities": [opacity]}
    return bqplot.Lines(x=[], y=[], scales=scales, colors=[color], stroke_width=width, **more)


def scatter_mark(scales: dict[str, Any], marker: str, color: str, size: int, **more: Any) -> Any:
    """Points of one shape, colour and size."""
    return bqplot.Scatter(
        x=[], y=[], scales=scales, marker=marker, colors=[color], default_size=size, **more
    )


def label_mark(scales: dict[str, Any], color: str, align: str, **more: Any) -> bqplot.Label:
    """Words at places of the chart."""
    return bqplot.Label(
        x=[], y=[], text=[], scales=scales, colors=[color], align=align, default_size=12, **more
    )


def verticals(span: tuple[float, float] | None) -> tuple[Any, Any]:
    """Two vertical lines over the whole height, as two two-point lines."""
    if span is None:
        return np.empty(0), np.empty(0)
    return np.array([[span[0], span[0]], [span[1], span[1]]]), np.array([[0.0, 1.0], [0.0, 1.0]])


def flat(edges: Any) -> Any:
    """Places of a filled band's corners, from those of its two edges."""
    return np.asarray(edges).ravel()


def loop(edges: Any) -> Any:
    """Heights of its corners: up the first edge and down the second."""
    return np.array([0.0, 1.0, 1.0, 0.0]) if len(edges) else np.empty(0)


def set_line(mark: Any, line: Polyline) -> None:
    """Move a mark where it differs."""
    set_traits(mark, x=line.x, y=line.y)


def set_traits(widget: Any, **values: Any) -> None:
    """Write what differs, in one message."""
    different = {
        name: value
        for name, value in values.items()
        if not np.array_equal(np.asarray(getattr(widget, name)), np.asarray(value))
    }
    if different:
        with widget.hold_sync():
            for name, value in different.items():
                setattr(widget, name, value)
