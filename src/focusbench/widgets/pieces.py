"""Small parts that panels are made of."""

from typing import Any

import ipywidgets as widgets

from focusbench.widgets.say_line import SayLine
from focusbench.widgets.wording import escape

TONES = {"": "plain", "–": "plain", "✓": "ok", "!": "warn", "✕": "bad"}


def say_html(line: SayLine) -> str:
    """The say line as a page fragment that a screen reader announces."""
    tone = "busy" if line.busy else TONES[line.sign]
    sign = f'<span class="fb-sign">{line.sign}</span>' if line.sign else ""
    signed = " fb-signed" if line.sign else ""
    return (
        f'<div class="fb-line fb-{tone}{signed}" role="status" aria-live="polite">'
        f'<div class="fb-first">{sign}{escape(line.first)}</div>'
        f'<div class="fb-second">{escape(line.second)}</div></div>'
    )


def box(name: str, *children: widgets.Widget) -> widgets.Box:
    """A plain box; where it stands is said by its class in the style sheet."""
    made = widgets.Box(children)
    made.add_class(name)
    return made


def button(text: str, on_click: Any, *names: str) -> widgets.Button:
    """A button with further classes."""
    made = widgets.Button(description=text)
    made.on_click(on_click)
    for name in names:
        made.add_class(name)
    return made


def enable(one: widgets.Button, enabled: bool, can: str, cannot: str) -> None:
    """A button that cannot be used says why."""
    tooltip = can if enabled else cannot
    if (one.disabled, one.tooltip) != (not enabled, tooltip):
        with one.hold_sync():
            one.disabled = not enabled
            one.tooltip = tooltip


def write(widget: widgets.HTML, html: str) -> None:
    """Write a page fragment where it is another than the one that is shown."""
    if widget.value != html:
        widget.value = html


def show(widget: widgets.DOMWidget, shown: bool) -> None:
    """Show a widget, or take it off the page."""
    (widget.remove_class if shown else widget.add_class)("fb-hidden")
