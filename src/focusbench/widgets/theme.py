"""One look for all panels: the style sheet, and the night that all open panels share."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import ipywidgets as widgets
import traitlets


@cache
def style_sheet() -> str:
    """The style sheet of all panels: the three palettes, and what is laid out where."""
    return files("focusbench.widgets").joinpath("theme.css").read_text(encoding="utf-8")


def style_widget() -> widgets.HTML:
    """A widget that brings the style sheet into the page; each panel holds one."""
    style = widgets.HTML(f"<style>{style_sheet()}</style>")
    style.add_class("fb-style")
    return style


class Night(traitlets.HasTraits):
    """Whether the panels of this kernel are red on black."""

    on = traitlets.Bool(False)


NIGHT = Night()
"""The one switch: the toggle of any panel turns it, and every open panel follows."""


class NightSwitch(widgets.Checkbox):
    """The toggle in the title of a panel: it turns every open panel, and follows them."""

    def __init__(self) -> None:
        super().__init__(
            description="Night", indent=False, tooltip="Red on black, in every open panel."
        )
        self.add_class("fb-night-switch")
        self._panel: widgets.DOMWidget | None = None
        self.observe(lambda change: setattr(NIGHT, "on", change["new"]), "value")

    def turn(self, panel: widgets.DOMWidget) -> None:
        """Turn this panel, now and from now on."""
        self._panel = panel
        NIGHT.observe(self._follow, "on")
        self._follow({"new": NIGHT.on})

    def close(self) -> None:
        """Follow no more."""
        if self._panel is not None:
            NIGHT.unobserve(self._follow, "on")
            self._panel = None
        super().close()

    def _follow(self, change: Mapping[str, Any]) -> None:
        panel = self._panel
        if panel is not None:
            self.value = change["new"]
            (panel.add_class if change["new"] else panel.remove_class)("fb-night")


def close_all(widget: widgets.Widget) -> None:
    """Close a widget with everything it is made of.

    `Widget.close` alone leaves the layout, style, children, marks, scales and axes behind.
    """
    pending, seen = [widget], set()
    while pending:
        one = pending.pop()
        if one in seen:
            continue
        seen.add(one)
        for value in one.trait_values().values():
            if isinstance(value, widgets.Widget):
                pending.append(value)
            elif isinstance(value, (list, tuple)):
                pending += [part for part in value if isinstance(part, widgets.Widget)]
            elif isinstance(value, dict):
                pending += [part for part in value.values() if isinstance(part, widgets.Widget)]
    for one in seen:
        one.close() if one is not widget else widgets.Widget.close(one)
