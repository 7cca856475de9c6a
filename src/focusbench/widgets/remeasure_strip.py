"""The settings that the frames of the runs picked are measured anew with."""

from typing import Any

import ipywidgets as widgets

from focusbench.api import AutofocusOptions, Package, Settings
from focusbench.options import option_specs
from focusbench.widgets.option_field import OptionField
from focusbench.widgets.pieces import box, button

NAMES = ("metric", "min_star_diameter_px", "crop_percent", "min_stars")


class RemeasureStrip(widgets.Box):
    """A field for each setting; those that a person has not changed stay as they were in a run.

    Parameters
    ----------
    on_measure : callable
        Called when the button is pressed.

    Attributes
    ----------
    changed : dict
        What a person has changed.
    measure_button : Button
    """

    def __init__(self, on_measure: Any) -> None:
        specs = {spec.name: spec for spec in option_specs(AutofocusOptions)}
        usual = AutofocusOptions()
        self.changed: dict[str, Any] = {}
        self._fields = {
            name: OptionField(
                specs[name], getattr(usual, name), self.set, lambda: None, base="usual"
            )
            for name in NAMES
        }
        self.measure_button = button("Measure", on_measure)
        super().__init__([*self._fields.values(), box("fb-buttons", self.measure_button)])
        self.add_class("fb-tray")

    @property
    def settings(self) -> Settings:
        """What to measure with."""
        return Settings(**self.changed)

    def set(self, name: str, value: Any) -> None:
        """Change a setting."""
        self.changed[name] = value

    def offer(self, package: Package | None) -> None:
        """Show how a run was measured where nothing was changed."""
        if package is None or package.options is None:
            return
        for name, field in self._fields.items():
            if name not in self.changed:
                field.put(getattr(package.options, name))
