"""A small chart as inline SVG: it follows the width of the page, and its text stays 12 px.

Places across are shares of the width, heights are pixels; whatever is longer than a mark is drawn
in a picture of its own that is stretched, its strokes not.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from focusbench.widgets.wording import escape


@dataclass
class SvgPlot:
    """A chart that is drawn mark by mark, the last on top.

    Parameters
    ----------
    x_range, y_range : (float, float)
        What the edges stand for.
    height : float, pixels
    label : str
        What it shows, for who cannot see it.
    log_y : bool
    """

    x_range: tuple[float, float]
    y_range: tuple[float, float]
    height: float
    label: str
    log_y: bool = False
    _marks: list[str] = field(default_factory=list)

    def band(self, low: float, high: float, color: str) -> None:
        """A pale band over the whole height, between dotted edges."""
        left, right = self._x(max(low, self.x_range[0])), self._x(min(high, self.x_range[1]))
        self._marks.append(
            f'<rect x="{left:.2f}%" y="0" width="{right - left:.2f}%" height="{self.height:g}" '
            f'style="fill:{color};opacity:.13"/>'
        )
        for edge in (low, high):
            if self.x_range[0] < edge < self.x_range[1]:
                self._marks.append(
                    f'<line x1="{self._x(edge):.2f}%" x2="{self._x(edge):.2f}%" y1="0" '
                    f'y2="{self.height:g}" style="stroke:{color};stroke-dasharray:1.5 3"/>'
                )

    def across(self, y: float, color: str, words: str = "") -> None:
        """A dashed line over the whole width, with words at its right end."""
        at = self._y(y)
        self._marks.append(
            f'<line x1="0" x2="100%" y1="{at:.1f}" y2="{at:.1f}" '
            f'style="stroke:{color};stroke-dasharray:8 6"/>'
        )
        if words:
            self.text(self.x_range[1], y, words, color="var(--fb-muted)", anchor="end", up=-14)

    def upright(self, x: float, color: str, dash: str = "", title: str = "") -> None:
        """A line over the whole height, solid or dashed."""
        at = self._x(x)
        dashed = f";stroke-dasharray:{dash}" if dash else ""
        self._marks.append(
            f'<line x1="{at:.2f}%" x2="{at:.2f}%" y1="0" y2="{self.height:g}" '
            f'style="stroke:{color};stroke-width:1.6px{dashed}">{_title(title)}</line>'
        )

    def path(self, x: Sequence[float], y: Sequence[float], color: str, width: float) -> None:
        """A line from point to point; nothing where there are none."""
        if not len(x):
            return
        ends = zip(x, y, strict=True)
        points = "L".join(f"{10 * self._x(a):.1f} {self._y(b):.1f}" for a, b in ends)
        self._marks.append(
            f'<svg width="100%" height="{self.height:g}" viewBox="0 0 1000 {self.height:g}" '
            f'preserveAspectRatio="none"><path d="M{points}" vector-effect="non-scaling-stroke" '
            f'style="fill:none;stroke:{color};stroke-width:{width:g}px"/></svg>'
        )

    def disc(self, x: float, y: float, radius: float, color: str, title: str = "") -> None:
        """A filled disc."""
        self._circle(x, y, radius, f"fill:{color}", title)

    def ring(
        self, x: float, y: float, radius: float, color: str, title: str = "", *, width: float = 1.3
    ) -> None:
        """A hollow disc."""
        self._circle(x, y, radius, f"fill:none;stroke:{color};stroke-width:{width:g}px", title)

    def cross(self, x: float, y: float, size: float, color: str) -> None:
        """An X."""
        self._shape(x, y, f"M-{size} -{size}L{size} {size}M-{size} {size}L{size} -{size}",
                    f"stroke:{color};stroke-width:{size * 0.75:g}px")  # fmt: skip

    def diamond(self, x: float, y: float, size: float, color: str, title: str = "") -> None:
        """A filled diamond."""
        d = f"M0 -{size}L{0.7 * size:g} 0L0 {size}L-{0.7 * size:g} 0Z"
        self._shape(x, y, d, f"fill:{color}", title)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        color: str = "var(--fb-ink)",
        anchor: str = "start",
        right: float = 0,
        up: float = 0,
        bold: bool = False,
    ) -> None:
        """Words, moved by so many pixels."""
        weight = ' font-weight="700"' if bold else ""
        self._marks.append(
            f'<text x="{self._x(x):.2f}%" y="{self._y(y):.1f}" dx="{right:g}" dy="{-up:g}" '
            f'text-anchor="{anchor}"{weight} style="fill:{color}">{escape(words)}</text>'
        )

    def x_ticks(
        self, values: Iterable[float], say: Callable[[float], str] = lambda v: f"{v:g}"
    ) -> None:
        """Numbers below the plot, or what `say` makes of them."""
        for value in values:
            at = f"{self._x(value):.2f}%"
            shown = say(value).replace("-", "−")
            self._marks.append(
                f'<line x1="{at}" x2="{at}" y1="{self.height + 1:g}" y2="{self.height + 5:g}" '
                'style="stroke:var(--fb-muted)"/>'
                f'<text x="{at}" y="{self.height + 17:g}" text-anchor="middle" '
                f'style="fill:var(--fb-muted)">{shown}</text>'
            )

    def y_ticks(self, values: Iterable[float]) -> None:
        """Numbers left of the plot, with a line of the grid each."""
        for value in values:
            at = self._y(value)
            self._marks.append(
                f'<line x1="0" x2="100%" y1="{at:.1f}" y2="{at:.1f}" '
                'style="stroke:var(--fb-grid)"/>'
                f'<text x="-8" y="{at + 4:.1f}" text-anchor="end" style="fill:var(--fb-muted)">'
                f"{value:g}</text>"
            )

    def html(self, above_left: str = "", above_right: str = "") -> str:
        """The chart as a page fragment, with the titles of its axes above it."""
        return (
            f'<div class="fb-plot"><div class="fb-plot-titles"><span>{escape(above_left)}</span>'
            f"<span>{escape(above_right)}</span></div>"
            f'<svg width="100%" height="{self.height:g}" role="img" '
            f'aria-label="{escape(self.label)}">{"".join(self._marks)}</svg></div>'
        )

    def _x(self, value: float) -> float:
        low, high = self.x_range
        return 100 * (value - low) / (high - low)

    def _y(self, value: float) -> float:
        low, high = self.y_range
        if self.log_y:
            low, high, value = math.log(low), math.log(high), math.log(value)
        return self.height * (1 - (value - low) / (high - low))

    def _circle(self, x: float, y: float, radius: float, style: str, title: str) -> None:
        self._marks.append(
            f'<circle cx="{self._x(x):.2f}%" cy="{self._y(y):.1f}" r="{radius:g}" '
            f'style="{style}">{_title(title)}</circle>'
        )

    def _shape(self, x: float, y: float, d: str, style: str, title: str = "") -> None:
        self._marks.append(
            f'<svg x="{self._x(x):.2f}%" y="{self._y(y):.1f}" overflow="visible" width="1" '
            f'height="1"><path d="{d}" style="{style}">{_title(title)}</path></svg>'
        )


def round_ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers from `low` to `high`, at most so many: steps of 1, 2 or 5 × a power of ten."""
    if not high > low:
        return [low]
    step = 10.0 ** math.floor(math.log10((high - low) / most))
    for factor in (1, 2, 5, 10):
        first, last = math.ceil(low / (step * factor)), math.floor(high / (step * factor))
        if last - first + 1 <= most:
            break
    return [i * step * factor for i in range(first, last + 1)]


def _title(words: str) -> str:
    return f"<title>{escape(words)}</title>" if words else ""
