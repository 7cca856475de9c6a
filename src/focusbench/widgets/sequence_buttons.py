"""Start, Pause, Focus now and Stop…: they never change place, and say why one cannot be used."""

from typing import Any

import ipywidgets as widgets

from focusbench.sequence import NightProgress
from focusbench.widgets.night_words import NightState
from focusbench.widgets.pieces import button, enable


class SequenceButtons(widgets.Box):
    """The four buttons of a night.

    Parameters
    ----------
    on_start, on_pause, on_focus, on_stop : callable
        What a click does. Pause is Resume while paused; Focus now is Cancel focus while it focuses.
    """

    def __init__(self, on_start: Any, on_pause: Any, on_focus: Any, on_stop: Any) -> None:
        self.start = button("Start", on_start, "fb-main")
        self.pause = button("Pause", on_pause)
        self.focus = button("Focus now", on_focus)
        self.stop = button("Stop…", on_stop)
        super().__init__([self.start, self.pause, self.focus, self.stop])
        self.add_class("fb-buttons")

    def show(self, night: NightProgress, state: NightState, *, paused: bool, cancels: bool) -> None:
        """Name them for what they do now, and enable what can be used.

        `paused`: somebody pressed Pause; `cancels`: there is a focus run to cancel.
        """
        running, focusing = state.running, night.phase == "focusing"
        idle = "No sequence is running."
        _name(self.start, "Go on" if night.started_s and not running else "Start")
        enable(
            self.start,
            not running and not night.complete,
            "Go on where the night was broken off." if night.started_s else "Begin the sequence.",
            "All frames are taken." if night.complete else "It is running already.",
        )
        _name(self.pause, "Resume" if running and paused else "Pause")
        enable(
            self.pause,
            running and not state.ending,
            "Go on." if paused else "Take no frame after this one, until Resume.",
            "It is being stopped." if running else idle,
        )
        _name(self.focus, "Cancel focus" if focusing else "Focus now")
        enable(
            self.focus,
            running and not state.ending and (not focusing or cancels),
            "End the focus run; the focuser goes back, and the sequence goes on."
            if focusing
            else "Run auto focus before the next frame, due or not.",
            "It is being cancelled or has ended." if running else idle,
        )
        enable(
            self.stop,
            running and not state.ending,
            "End the night; it asks once. Go on continues later.",
            "It is being stopped." if running else idle,
        )


def _name(one: widgets.Button, text: str) -> None:
    if one.description != text:
        one.description = text
