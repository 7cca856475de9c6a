"""Take frame, Loop and Stop, and the options that decide how a frame is taken and measured."""

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from focusbench.errors import OptionsError
from focusbench.options import AutofocusOptions, option_specs
from focusbench.widgets.focus_words import RUNNING, RigState
from focusbench.widgets.number_field import NumberField
from focusbench.widgets.pieces import box, button, enable

LARGEST_DIAMETER_PX = 40.0
"""Where the slider of the minimum diameter ends, unless the options begin beyond it."""


class FrameButtons(widgets.Box):
    """The three buttons of frames by hand; they never change place."""

    def __init__(self, on_take: Any, on_loop: Any, on_stop: Any) -> None:
        self.take = button("Take frame", on_take, "fb-main")
        self.loop = button("Loop", on_loop)
        self.stop = button("Stop", on_stop)
        super().__init__([self.take, self.loop, self.stop])
        self.add_class("fb-buttons")

    def show(self, state: RigState) -> None:
        """Enable what can be used now; the others say why not."""
        free = not state.running
        seconds = f"{state.exposure_s:g} s"
        enable(self.take, free, f"Expose {seconds} here, once.", RUNNING)
        enable(
            self.loop,
            free and not state.looping,
            f"Frame after frame of {seconds}, until Stop; the focuser may be moved meanwhile.",
            RUNNING if state.running else "A loop is going on; Stop ends it.",
        )
        enable(
            self.stop,
            free and state.busy,
            "Halt the focuser, abort the exposure, end the loop.",
            "Auto focus is running; Cancel in its panel stops it."
            if state.running
            else "Nothing is going on.",
        )


class FrameOptions:
    """The fields of a frame's options.

    Parameters
    ----------
    options : AutofocusOptions
        What they begin with.
    on_change : callable, name=value → object
        Told every other valid value.

    Attributes
    ----------
    rows : tuple of Widget
        What is shown, from top to bottom.
    exposure : NumberField
    """

    def __init__(self, options: AutofocusOptions, on_change: Callable[..., None]) -> None:
        self._options, self._on_change = options, on_change
        self._specs = {spec.name: spec for spec in option_specs(options)}
        self.exposure = self._field("exposure_s")
        self.rows: tuple[widgets.Widget, ...] = (
            self._slider("min_star_diameter_px", LARGEST_DIAMETER_PX, 0.5),
            self._slider("crop_percent", 90.0, 1.0),
            self._choice("metric"),
            box("fb-pair", self.exposure, self._choice("binning")),
        )

    def _field(self, name: str) -> NumberField:
        spec = self._specs[name]

        def check(number: float) -> Any:
            try:
                return spec.check(number)
            except OptionsError:
                raise ValueError(f"{spec.label} must be {spec.bounds_text()}.") from None

        return NumberField(
            spec.label,
            getattr(self._options, name),
            check,
            lambda value: self._on_change(**{name: value}),
            unit=spec.unit,
            help=spec.help,
        )

    def _slider(self, name: str, high: float, step: float) -> widgets.Box:
        spec, value = self._specs[name], getattr(self._options, name)
        slider = widgets.FloatSlider(
            value=value,
            min=0.0,
            max=max(high, value),
            step=step,
            description=spec.label,
            tooltip=spec.help,
            readout=False,
        )
        words = widgets.HTML(f"{value:g} {spec.unit}")

        def slid(change: Any) -> None:
            words.value = f"{change['new']:g} {spec.unit}"
            self._on_change(**{name: change["new"]})

        slider.observe(slid, "value")
        return box("fb-slider", slider, words)

    def _choice(self, name: str) -> widgets.Box:
        spec = self._specs[name]
        choice = widgets.Dropdown(
            options=[(label, value) for value, label in spec.choices],
            value=getattr(self._options, name),
            description=spec.label,
            tooltip=spec.help,
        )
        choice.observe(lambda change: self._on_change(**{name: change["new"]}), "value")
        return box("fb-field", choice)
