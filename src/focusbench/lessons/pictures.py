"""Figures that also say in words what they show."""

import base64
import io
from dataclasses import dataclass, field
from html import escape
from typing import Any

POINT, FIT, X, INK, MUTED = "#0b5cad", "#157347", "#c62828", "#1b1f24", "#57606a"
"""The light palette of the panels; form carries the meaning, colour repeats it."""
OTHER = "#8a5a00"
GRID = "#e6eaee"


@dataclass(frozen=True, eq=False)
class Picture:
    """A figure with its words.

    Attributes
    ----------
    figure : matplotlib.figure.Figure
    words : str
        What it shows, in a sentence, for who cannot see it.
    """

    figure: Any = field(repr=False)
    words: str

    def png(self) -> bytes:
        """The figure as a PNG file."""
        out = io.BytesIO()
        self.figure.savefig(out, format="png", dpi=144)
        return out.getvalue()

    def html(self, *, with_words: bool = False) -> str:
        """The figure as a page fragment, its words below it or for a screen reader alone."""
        width = round(96 * self.figure.get_figwidth())
        source = base64.b64encode(self.png()).decode()
        image = (
            f'<img src="data:image/png;base64,{source}" alt="{escape(self.words)}" '
            f'width="{width}" style="max-width:100%;height:auto">'
        )
        return f"<div>{image}<div>{escape(self.words)}</div></div>" if with_words else image

    def _repr_html_(self) -> str:
        return self.html()


def new_axes(n: int = 1, *, width: float = 9.0, height: float = 3.4) -> tuple[Any, list[Any]]:
    """A figure of `n` plots side by side, in the style of the panels.

    Returns
    -------
    matplotlib.figure.Figure, list of matplotlib.axes.Axes
        It belongs to no window and needs no closing.

    Examples
    --------
    >>> from focusbench import lessons
    >>> figure, (left, right) = lessons.new_axes(2)
    >>> lines = left.plot([0, 1], [0, 1])
    >>> lessons.picture(figure, "A line that rises.").words
    'A line that rises.'
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = [figure.add_subplot(1, n, i + 1) for i in range(n)]
    for one in axes:
        style(one)
    return figure, axes


def style(axes: Any, *, x: str = "", y: str = "") -> None:
    """Horizontal grid, no frame, the titles of the axes as words above and below."""
    axes.grid(axis="y", color=GRID)
    axes.set_axisbelow(True)
    axes.tick_params(colors=MUTED, length=0)
    # Room between the first numbers of both axes, or 0 and 10010 read as one.
    axes.tick_params(axis="x", pad=7)
    axes.ticklabel_format(useOffset=False, style="plain")
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color("#d0d7de")
    if y:
        axes.set_title(y, loc="left", fontsize=10, color=MUTED)
    if x:
        axes.set_xlabel(x, loc="right", color=MUTED)


def picture(figure: Any, words: str) -> Picture:
    """Give a figure its words; it is shown where it stands last in a cell.

    Examples
    --------
    >>> from focusbench import lessons
    >>> figure, (axes,) = lessons.new_axes()
    >>> lessons.picture(figure, "Nothing yet.").words
    'Nothing yet.'
    """
    return Picture(figure, words)
