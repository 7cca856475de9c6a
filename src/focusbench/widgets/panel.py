"""The auto focus panel: form, Run, Run again, Cancel, live V-curve and verdict."""

import logging
import threading
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from focusbench.api import FocusSession, new_recorder
from focusbench.devices import Rig
from focusbench.engine import Event, RunProgress
from focusbench.errors import DeviceError, FocusbenchError
from focusbench.options import AutofocusOptions
from focusbench.widgets.curve_view import CurveView
from focusbench.widgets.options_form import OptionsForm
from focusbench.widgets.pieces import box, button, enable, say_html, write
from focusbench.widgets.result_column import points_html, result_html
from focusbench.widgets.say_line import (
    PanelState,
    expected_duration_s,
    fraction_done,
    say,
    say_sampling,
)
from focusbench.widgets.theme import NIGHT, close_all, style_widget
from focusbench.widgets.wording import escape

logger = logging.getLogger(__name__)

TICK_S = 0.1
"""The page is written at most this often."""

WORDS_EVERY = 5
"""Ticks between two looks at what changes without an event: countdown, position, clock."""


class AutofocusPanel(widgets.Box):
    """Runs auto focus on a rig and shows it live; displays itself as the last line of a cell.

    A second panel on the same rig, or the cell executed again, shows the same run. Callbacks only
    start or stop the session; one thread, the pump, writes what has changed to the page.

    Parameters
    ----------
    rig : Rig
        From `focusbench.simulated_rig` or `focusbench.connect_alpaca`.
    options : AutofocusOptions, optional
        What the form begins with.
    save_packages_to : path or None
        Folder that gets an AF package of every run; None saves nothing.

    Attributes
    ----------
    form : OptionsForm
    curve : CurveView
    session : FocusSession
    run_button, run_again_button, cancel_button : Button

    Examples
    --------
    >>> import focusbench as fb
    >>> rig = fb.simulated_rig(best_focus=10_250, seed=1)
    >>> panel = fb.AutofocusPanel(rig, fb.AutofocusOptions(step_size=60))
    >>> panel.form.value.step_size
    60
    >>> panel.close()
    """

    def __init__(
        self,
        rig: Rig,
        options: AutofocusOptions | None = None,
        *,
        save_packages_to: str | Path | None = "af_packages",
    ) -> None:
        self.session = FocusSession.of(rig)
        self._rig = rig
        self._folder = save_packages_to
        self._closed = threading.Event()
        self._wake = threading.Event()
        self._writing = threading.Lock()
        self._shown: tuple[object, ...] = ()
        self._attached = self.session.running
        self._cancelling = False
        self._trouble = ""
        self._position: int | None = None
        self._lost_contact = ""
        self.form = OptionsForm(options)
        self.curve = CurveView(themed=False)
        super().__init__(self._lay_out())
        self.add_class("fb-root")
        self.form.on_change(lambda _: self._wake.set())
        self.form.on_error(self._wake.set)
        NIGHT.observe(self._turn_night, "on")
        self._turn_night({"new": NIGHT.on})
        self._unsubscribe = self.session.subscribe(self._hear)
        self.refresh()
        threading.Thread(target=self._pump, name="focusbench panel", daemon=True).start()

    # ------------------------------------------------------------------ what a person does

    def _run(self, _: object = None, *, again: bool = False) -> None:
        self._trouble, self._cancelling, self._attached = "", False, False
        try:
            recorder = new_recorder(self._folder)
            self.session.start(self.form.value, again=again, recorder=recorder)
        except FocusbenchError as error:
            self._trouble = str(error)
        self._wake.set()

    def _run_again(self, _: object = None) -> None:
        self._run(again=True)

    def _cancel(self, _: object = None) -> None:
        self._trouble, self._cancelling = "", True
        self.session.cancel()
        self._wake.set()

    def close(self) -> None:
        """Close the panel with all its widgets. A run goes on; a finished one is accepted."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._wake.set()
        self._unsubscribe()
        NIGHT.unobserve(self._turn_night, "on")
        if not self.session.running:
            self.session.accept()
        with self._writing:
            close_all(self)

    # ------------------------------------------------------------------ the pump

    def _hear(self, event: Event) -> None:
        self._wake.set()

    def _pump(self) -> None:
        """Write what has changed: soon after an event, else now and then."""
        ticks = 0
        while not self._closed.is_set():
            self._wake.wait(TICK_S * WORDS_EVERY if self.session.running else 1.0)
            self._wake.clear()
            try:
                self.refresh()
            except Exception:
                # A picture that cannot be drawn must not end the panel.
                logger.exception("The panel could not be drawn")
            ticks += 1
            self._closed.wait(TICK_S)

    def refresh(self) -> None:
        """Bring the page up to date now; writes only what is different."""
        with self._writing:
            if not self._closed.is_set():
                self._refresh()

    def _refresh(self) -> None:
        progress, state = self.session.progress, self._look()
        write(self._header, self._header_html(state))
        write(self._words, say_html(say(progress, self.session.activity, state)))
        width = 100 * fraction_done(progress) if state.running else 0
        write(self._bar, f'<div class="fb-progress"><i style="width:{width:.0f}%"></i></div>')
        self._set_buttons(state)
        self._advise(state, progress)
        coming = () if state.position is None else state.options.sweep_positions(state.position)
        # Points and fits change with events alone; without one there is nothing to draw.
        drawn = (progress, coming if progress.phase == "idle" else ())
        if drawn != self._shown:
            self._shown = drawn
            self.curve.show(progress, coming)
            write(self._result, result_html(progress))
            write(self._points, points_html(progress))

    def _look(self) -> PanelState:
        session = self.session
        running = session.running
        try:
            self._position, self._lost_contact = self._rig.focuser.position(), ""
        except DeviceError as error:
            self._position, self._lost_contact = None, str(error)
        if not running:
            self._cancelling = False
        return PanelState(
            running=running,
            cancelling=self._cancelling,
            attached=self._attached,
            position=self._position,
            return_position=session.return_position,
            last_best=session.last_best,
            now_s=self._rig.clock.now(),
            options=self.form.value,
            trouble=self._trouble or session.error,
            notes=tuple(self.form.still_using),
        )

    def _set_buttons(self, state: PanelState) -> None:
        session, busy = self.session, "Auto focus is running; Cancel stops it."
        enable(self.run_button, not state.running, "Run auto focus from here.", busy)
        enable(
            self.run_again_button,
            session.can_run_again,
            "Run once more, centred on the last best focus.",
            busy if state.running else "Run again needs a result to centre on.",
        )
        home = state.return_position
        back = "the focuser goes back" + ("" if home is None else f" to {home}")
        enable(
            self.cancel_button,
            session.can_cancel and not state.cancelling,
            f"Stop the run; {back}." if state.running else f"Undo: {back}.",
            "Cancelling already."
            if state.cancelling
            else "The focuser is where it began."
            if self.session.record is not None
            else "There is no run to cancel.",
        )

    def _advise(self, state: PanelState, progress: RunProgress) -> None:
        seconds = expected_duration_s(state.options, self.session.record)
        at = progress.start_position if state.running else state.position
        text = say_sampling(state.options, at, seconds)
        if state.running and progress.options not in (None, state.options):
            text = f"For the next run. {text}"
        self.form.advise(text)

    def _header_html(self, state: PanelState) -> str:
        parts = [escape(self._rig.name)]
        try:
            light, degrees = self._rig.filter(), self._rig.temperature_c()
        except DeviceError:
            light = degrees = None
        if light:
            parts.append(escape(light))
        binning = state.options.binning
        parts.append(f"{binning}×{binning}")
        if state.position is not None:
            parts.append(f'<b class="fb-position">{state.position}</b>')
        if degrees is not None:
            parts.append(f"{degrees:.1f} °C".replace("-", "−"))
        contact = "● connected"
        if self._lost_contact:
            contact = f'<span title="{escape(self._lost_contact)}">✕ not connected</span>'
        return (
            f'<span class="fb-contact fb-muted">{contact}</span>'
            f'<b class="fb-name">Auto focus</b><span class="fb-muted">{" · ".join(parts)}</span>'
        )

    # ------------------------------------------------------------------ how it is built

    def _lay_out(self) -> list[widgets.Widget]:
        self._header = widgets.HTML()
        self._header.add_class("fb-title")
        self._night = widgets.Checkbox(
            description="Night", indent=False, tooltip="Red on black, in every open panel."
        )
        self._night.observe(lambda change: setattr(NIGHT, "on", change["new"]), "value")
        header = box("fb-header", self._header, self._night)
        self._words = widgets.HTML()
        self._words.add_class("fb-words")
        self.run_button = button("Run", self._run, "fb-main")
        self.run_again_button = button("Run again", self._run_again)
        self.cancel_button = button("Cancel", self._cancel)
        buttons = box("fb-buttons", self.run_button, self.run_again_button, self.cancel_button)
        self._bar = widgets.HTML()
        self._result = widgets.HTML()
        self._points = widgets.HTML()
        self._points.layout.display = "none"
        self._fold = widgets.ToggleButton(description="▸ Points")
        self._fold.add_class("fb-fold")
        self._fold.observe(self._fold_points, "value")
        chart = box("fb-middle", self.curve, self._fold, self._points)
        columns = box("fb-columns", self.form, chart, self._result)
        return [style_widget(), header, box("fb-say", self._words, buttons), self._bar, columns]

    def _fold_points(self, change: Any) -> None:
        self._points.layout.display = None if change["new"] else "none"
        self._fold.description = "▾ Points" if change["new"] else "▸ Points"

    def _turn_night(self, change: Any) -> None:
        self._night.value = change["new"]
        (self.add_class if change["new"] else self.remove_class)("fb-night")
