"""The tools that decide how ADU become grey: curve, black and white."""

from collections import deque
from collections.abc import Callable

import ipywidgets as widgets

from focusbench.widgets.pieces import write
from focusbench.widgets.stretch import CURVES, Levels, Stretch

REMEMBERED = 8
"""So many frames may pass before a page tells us what we told it."""


class StretchTools(widgets.Box):
    """A curve and a slider with two handles; moving one leaves the automatic stretch.

    Parameters
    ----------
    on_change : callable
        Told that a person wants another stretch.

    Attributes
    ----------
    curve : Dropdown
    slider : FloatRangeSlider
        Percent of the levels of the frame.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self._levels = Levels()
        self._told: deque[tuple[float, float]] = deque(maxlen=REMEMBERED)
        self.curve = widgets.Dropdown(
            options=CURVES, value="auto", description="Stretch", tooltip="How ADU become grey."
        )
        self.curve.observe(self._curved, "value")
        self.slider = widgets.FloatRangeSlider(
            value=(0.0, 100.0),
            min=0.0,
            max=100.0,
            step=0.1,
            readout=False,
            description="",
            tooltip="Left handle: what is black. Right handle: what is white.",
        )
        self.slider.observe(self._slid, "value")
        self._words = widgets.HTML()
        super().__init__([self.curve, self.slider, self._words])
        self.add_class("fb-stretch")

    @property
    def wanted(self) -> tuple[str, float, float]:
        """Curve, black and white, ADU."""
        low, high = self.slider.value
        return self.curve.value, self._levels.at(low / 100), self._levels.at(high / 100)

    def put(self, levels: Levels, stretch: Stretch) -> None:
        """Show the stretch of the picture on the page; that is no wish of a person."""
        if self.curve.value == "auto":
            self._levels = levels
            black, white = (levels.share(v) for v in (stretch.black, stretch.white))
            values = (round(100 * black, 1), round(100 * white, 1))
            if self.slider.value != values:
                self._told.append(values)
                self.slider.unobserve(self._slid, "value")
                self.slider.value = values
                self.slider.observe(self._slid, "value")
        words = f"black {stretch.black:.0f}, white {stretch.white:.0f} ADU"
        write(self._words, f'<span class="fb-muted">{words}</span>')

    def _slid(self, _: object) -> None:
        low, high = self.slider.value
        if any(abs(low - a) < 0.2 and abs(high - b) < 0.2 for a, b in self._told):
            return  # the page tells us what we told it, maybe some frames ago
        self._told.clear()
        if self.curve.value == "auto":
            self.curve.unobserve(self._curved, "value")
            self.curve.value = "asinh"
            self.curve.observe(self._curved, "value")
        self._on_change()

    def _curved(self, _: object) -> None:
        self._on_change()
