"""The right column: what a run found; before one, whether it can; or one point's frame."""

from collections.abc import Mapping, Sequence
from typing import Any

import ipywidgets as widgets

from focusbench.engine import Check, RunProgress
from focusbench.widgets.before_run import before_html
from focusbench.widgets.pieces import box, button, enable, reveal, write
from focusbench.widgets.point_frames import PointFrame
from focusbench.widgets.point_view import point_html
from focusbench.widgets.result_column import result_html


class RightColumn(widgets.Box):
    """Shows the result, or in its place the frame of the point that was picked.

    Attributes
    ----------
    picked : int or None
        Number of the point shown, from 0.
    """

    def __init__(self) -> None:
        self.picked: int | None = None
        self._n_points = 0
        self._told: Any = lambda: None
        self._html = widgets.HTML()
        self.back_button = button("Back to the result", lambda _: self.pick(None))
        self.previous_button = button("‹", lambda _: self._step(-1))
        self.next_button = button("›", lambda _: self._step(1))
        self._tools = box("fb-buttons", self.back_button, self.previous_button, self.next_button)
        reveal(self._tools, False)
        super().__init__([self._tools, self._html])
        self.add_class("fb-right")

    def on_pick(self, callback: Any) -> None:
        """Call when another point was picked, or none."""
        self._told = callback

    def pick(self, number: int | None) -> None:
        """Show the frame of a point; None goes back to the result."""
        if number != self.picked:
            self.picked = number
            self._told()

    def show(
        self,
        progress: RunProgress,
        checks: Sequence[Check],
        frames: Mapping[int, PointFrame],
        now_s: float,
    ) -> None:
        """Bring the column up to date; writes only what is different."""
        self._n_points = len(progress.points)
        if self.picked is not None and self.picked >= self._n_points:
            self.picked = None
        if self.picked is not None:
            html = point_html(progress, self.picked, frames.get(self.picked))
            enable(self.previous_button, self.picked > 0, "The point before.", "This is the first.")
            last = self.picked + 1 >= self._n_points
            enable(self.next_button, not last, "The next point.", "This is the last so far.")
        elif progress.phase == "idle":
            html = before_html(checks)
        else:
            html = result_html(progress, now_s)
            wrong = [check for check in checks if check.verdict != "ok"]
            if progress.record is not None and wrong:
                html += before_html(wrong, "Before the next run")
        write(self._html, html)
        reveal(self._tools, self.picked is not None)

    @property
    def html(self) -> str:
        """The page fragment that is shown."""
        return str(self._html.value)

    def _step(self, by: int) -> None:
        if self.picked is not None:
            self.pick(min(max(0, self.picked + by), self._n_points - 1))
