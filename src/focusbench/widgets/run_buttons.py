"""Run, Run again and Cancel: they never change place, and say why one cannot be used."""

from typing import Any

import ipywidgets as widgets

from focusbench.engine import FocusSession
from focusbench.widgets.pieces import button, enable
from focusbench.widgets.say_line import PanelState

_BUSY = "Auto focus is running; Cancel stops it."


class RunButtons(widgets.Box):
    """The three buttons of a run.

    Parameters
    ----------
    on_run, on_run_again, on_cancel : callable
        What a click does.
    """

    def __init__(self, on_run: Any, on_run_again: Any, on_cancel: Any) -> None:
        self.run = button("Run", on_run, "fb-main")
        self.run_again = button("Run again", on_run_again)
        self.cancel = button("Cancel", on_cancel)
        super().__init__([self.run, self.run_again, self.cancel])
        self.add_class("fb-buttons")

    def show(self, session: FocusSession, state: PanelState) -> None:
        """Enable what can be used now."""
        enable(
            self.run,
            not state.running and not state.obstacles,
            "Run auto focus from here.",
            _BUSY if state.running else f"It would fail. {' '.join(state.obstacles)}",
        )
        enable(
            self.run_again,
            session.can_run_again,
            "Run once more, centred on the last best focus.",
            _BUSY if state.running else "Run again needs a result to centre on.",
        )
        home = state.return_position
        back = "the focuser goes back" + ("" if home is None else f" to {home}")
        enable(
            self.cancel,
            session.can_cancel and not state.cancelling,
            f"Stop the run; {back}." if state.running else f"Undo: {back}.",
            "Cancelling already."
            if state.cancelling
            else "The focuser is where it began."
            if session.record is not None
            else "There is no run to cancel.",
        )
