"""One look for all panels: the style sheet, and the night that all open panels share."""

from functools import cache
from importlib.resources import files

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
