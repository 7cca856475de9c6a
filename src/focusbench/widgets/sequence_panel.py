"""The sequence panel: rows, image history, what would start auto focus, and its buttons."""

import logging
import threading
import weakref
from pathlib import Path

import ipywidgets as widgets

from focusbench.api import new_recorder
from focusbench.devices import Rig
from focusbench.engine import Event, FocusSession
from focusbench.errors import DeviceError, FocusbenchError
from focusbench.sequence import FrameTaken, Night, NightEvent, Sequence
from focusbench.widgets.cells import execution
from focusbench.widgets.curve_view import CurveView
from focusbench.widgets.night_pictures import history_html
from focusbench.widgets.night_tables import facts_html, rows_html, triggers_html
from focusbench.widgets.night_words import NightState, frame_left_s, say_night
from focusbench.widgets.pieces import box, button, reveal, say_html, write
from focusbench.widgets.say_line import PanelState
from focusbench.widgets.say_run import say
from focusbench.widgets.sequence_buttons import SequenceButtons
from focusbench.widgets.theme import NightSwitch, close_all, style_widget
from focusbench.widgets.wording import duration, escape

logger = logging.getLogger(__name__)

TICK_S = 0.2
"""The page is written at most this often."""
WORDS_S = 0.5
"""Between two looks at what changes without an event: countdown, clock."""

_OPEN: "weakref.WeakSet[SequencePanel]" = weakref.WeakSet()


class SequencePanel(widgets.Box):
    """Runs a sequence on a rig and shows its night; displays itself as the last line of a cell.

    A second panel on the same rig, or the cell executed again, shows the night that is going on.
    Callbacks only ask; one thread, the pump, writes what has changed to the page.

    Parameters
    ----------
    rig : Rig
        From `focusbench.simulated_rig` or `focusbench.connect_alpaca`.
    sequence : Sequence, optional
        May be left out where the folder holds a night that was broken off, or one is going on.
    folder : path or None
        Gets the journal, the light frames and the AF packages; None keeps nothing.

    Attributes
    ----------
    night : Night
    start_button, pause_button, focus_button, stop_button : Button
        Start, or Go on; Pause, or Resume; Focus now, or Cancel focus while it focuses; Stop….
    after_frame_button, stop_now_button, go_on_button : Button
        What Stop… asks.
    run_again_button, close_button : Button
        Shown after a focus run until the close delay is over.

    Examples
    --------
    >>> import focusbench as fb
    >>> plan = fb.Sequence().add_target("M 31", fb.TargetEvent(exposure_s=60, count=3))
    >>> panel = fb.SequencePanel(fb.simulated_rig(seed=1), plan, folder=None)
    >>> panel.start_button.description
    'Start'
    >>> panel.close()
    """

    def __init__(
        self,
        rig: Rig,
        sequence: Sequence | None = None,
        folder: str | Path | None = "night",
    ) -> None:
        going_on = Night.on(rig)
        self.night = going_on or Night(rig, sequence, folder)
        self.session = FocusSession.of(rig)
        self._rig = rig
        self._attached = going_on is not None
        self._trouble = ""
        self._stop_after = self._ending = False
        self._wished_start = False
        self._asks = False
        self._position: int | None = None
        self._closed = threading.Event()
        self._wake = threading.Event()
        self._writing = threading.Lock()
        super().__init__(self._lay_out())
        self.add_class("fb-root")
        self._night_switch.turn(self)
        self._leave_night = self.night.subscribe(self._hear)
        self._leave_session = self.session.subscribe(self._heard)
        self._execution = execution()
        for other in tuple(_OPEN):
            # A cell executed again would otherwise leave a panel behind that nobody sees.
            if self._execution is not None and self._execution.replaces(other._execution):
                other.close()
        _OPEN.add(self)
        self.refresh()
        threading.Thread(target=self._pump, name="focusbench sequence", daemon=True).start()

    # ------------------------------------------------------------------ what a person does

    def _start(self, _: object = None) -> None:
        self._wished_start = True
        self._wake.set()

    def _pause(self, _: object = None) -> None:
        if self.night.wishes.paused:
            self.night.resume()
        else:
            self.night.pause()
        self._wake.set()

    def _focus(self, _: object = None) -> None:
        if self.night.progress.phase == "focusing":
            self.session.cancel()
        else:
            self.night.focus_now()
        self._wake.set()

    def _run_again(self, _: object = None) -> None:
        self._trouble = ""
        record = self.session.record
        if record is None:
            return
        saved = record.package_path
        try:
            recorder = new_recorder(None if saved is None else Path(saved).parent)
            self.session.start(record.options, again=True, recorder=recorder)
        except FocusbenchError as error:
            self._trouble = str(error)
        self._wake.set()

    def _close_run(self, _: object = None) -> None:
        self.session.accept()
        self._wake.set()

    def _ask(self, _: object = None) -> None:
        self._asks = True
        self._wake.set()

    def _stop_after_frame(self, _: object = None) -> None:
        self._asks = False
        if self.night.progress.phase == "exposing":
            self._stop_after = True
        else:
            self._ending = True
            self.night.stop()
        self._wake.set()

    def _stop_now(self, _: object = None) -> None:
        self._asks, self._ending = False, True
        self.night.stop()
        self._wake.set()

    def _go_on(self, _: object = None) -> None:
        self._asks = self._stop_after = False
        self._wake.set()

    def close(self) -> None:
        """Close the panel with all its widgets. A night goes on."""
        if "_closed" not in vars(self) or self._closed.is_set():
            return  # never made, for what it was given was refused; or closed already
        _OPEN.discard(self)
        self._closed.set()
        self._wake.set()
        self._leave_night()
        self._leave_session()
        with self._writing:
            close_all(self)

    # ------------------------------------------------------------------ the pump

    def _hear(self, event: NightEvent) -> None:
        if isinstance(event, FrameTaken) and self._stop_after:
            # The frame is finished and kept before the night looks at this.
            self._stop_after, self._ending = False, True
            self.night.stop()
        self._wake.set()

    def _heard(self, event: Event) -> None:
        self._wake.set()

    def _pump(self) -> None:
        """Write what has changed: soon after an event, else now and then."""
        while not self._closed.is_set():
            self._wake.wait(WORDS_S if self.night.running else 1.0)
            self._wake.clear()
            try:
                self.refresh()
            except Exception:
                # A picture that cannot be drawn must not end the panel.
                logger.exception("The sequence panel could not be drawn")
            self._closed.wait(TICK_S)

    def _serve(self) -> None:
        """Start what was wished for: a night opens files and asks devices first."""
        if not self._wished_start:
            return
        self._wished_start = False
        self._trouble, self._attached = "", False
        try:
            self.night.start()
        except FocusbenchError as error:
            self._trouble = str(error)

    def refresh(self) -> None:
        """Bring the page up to date now; writes only what is different."""
        with self._writing:
            if not self._closed.is_set():
                self._serve()
                self._refresh()

    def _refresh(self) -> None:
        self._attach()
        night, running = self.night.progress, self.night.running
        if not running:
            self._stop_after = self._ending = self._asks = False
        activity, run = self.night.activity, self.session.progress
        focusing = night.phase == "focusing"
        # What the session shows may still be the run before, when this one is about to begin.
        fresh = focusing and run.started_s is not None and run.started_s >= night.time_s - 1
        closing = fresh and not self.session.running and run.phase == "finished"
        state = self._look(running, closing)
        write(self._header, self._header_html())
        doing = ""
        if fresh:
            seen = PanelState(
                running=self.session.running, now_s=state.now_s, position=self._position
            )
            doing = say(run, self.session.activity, seen).first
        write(self._words, say_html(say_night(night, activity, state, doing)))
        total = sum(row.frames.count for row in night.sequence.rows)
        width = 100 * sum(night.done) / total if total else 0
        write(self._bar, f'<div class="fb-progress"><i style="width:{width:.1f}%"></i></div>')
        self._buttons.show(
            night, state, paused=self.night.wishes.paused, cancels=self.session.can_cancel
        )
        left_s = frame_left_s(night, activity, state.now_s)
        loses = (
            "" if left_s is None else f" and lose {duration(self._exposed_s(left_s))} of exposure"
        )
        write(self._question, f"Stop after this frame, or now{loses}?")
        reveal(self._asking, self._asks)
        reveal(self._closing, closing)
        write(self._rows, rows_html(night))
        # The end of the axis of time moves with events, not with every tick.
        write(self._history, history_html(night, night.time_s) if night.started_s else "")
        write(self._triggers, triggers_html(night))
        write(self._facts, facts_html(night))
        reveal(self._run_shown, fresh)
        if fresh:
            self.curve.show(run)

    def _attach(self) -> None:
        """Show the night that somebody else has begun on this rig since."""
        going_on = Night.on(self._rig)
        if going_on is None or going_on is self.night or self.night.running:
            return
        self._leave_night()
        self.night, self._attached = going_on, True
        self._leave_night = going_on.subscribe(self._hear)

    def _exposed_s(self, left_s: float) -> float:
        row = self.night.progress.current
        return 0.0 if row is None else max(0.0, row.frames.exposure_s - left_s)

    def _look(self, running: bool, closing: bool) -> NightState:
        phase = self.night.progress.phase
        return NightState(
            running=running,
            pausing=self.night.wishes.paused and phase != "paused",
            stopping=self._stop_after,
            ending=self._ending,
            closing=closing,
            attached=self._attached,
            now_s=self._rig.clock.now(),
            folder="" if self.night.folder is None else str(self.night.folder),
            trouble=self._trouble or self.night.error,
        )

    def _header_html(self) -> str:
        parts = [escape(self._rig.name)]
        contact, self._position = "● connected", None
        try:
            light, degrees = self._rig.filter(), self._rig.temperature_c()
            parts += [escape(light)] if light else []
            self._position = self._rig.focuser.position()
            parts.append(f'<b class="fb-position">{self._position}</b>')
            if degrees is not None:
                parts.append(f"{degrees:.1f} °C".replace("-", "−"))
        except DeviceError as error:
            contact = f'<span title="{escape(error)}">✕ not connected</span>'
        return (
            f'<span class="fb-contact fb-muted">{contact}</span>'
            f'<b class="fb-name">Sequence</b><span class="fb-muted">{" · ".join(parts)}</span>'
        )

    # ------------------------------------------------------------------ how it is built

    def _lay_out(self) -> list[widgets.Widget]:
        self._header = widgets.HTML()
        self._header.add_class("fb-title")
        self._night_switch = NightSwitch()
        self._words = widgets.HTML()
        self._words.add_class("fb-words")
        self._buttons = SequenceButtons(self._start, self._pause, self._focus, self._ask)
        self.start_button = self._buttons.start
        self.pause_button = self._buttons.pause
        self.focus_button = self._buttons.focus
        self.stop_button = self._buttons.stop
        self._question = widgets.HTML()
        self.after_frame_button = button("After this frame", self._stop_after_frame, "fb-main")
        self.stop_now_button = button("Now", self._stop_now)
        self.go_on_button = button("Go on", self._go_on)
        answers = box(
            "fb-buttons", self.after_frame_button, self.stop_now_button, self.go_on_button
        )
        self._asking = box("fb-asking", self._question, answers)
        self.run_again_button = button("Run again", self._run_again)
        self.close_button = button("Go on now", self._close_run)
        self._closing = box(
            "fb-asking",
            widgets.HTML("The run is over. The sequence goes on after the close delay."),
            box("fb-buttons", self.run_again_button, self.close_button),
        )
        self._bar = widgets.HTML()
        self._rows, self._history = widgets.HTML(), widgets.HTML()
        self._triggers, self._facts = widgets.HTML(), widgets.HTML()
        self.curve = CurveView(themed=False)
        self._run_shown = box("fb-night-run", self.curve)
        left = box("fb-middle", self._rows, self._history)
        right = box("fb-night-side", self._triggers, self._run_shown, self._facts)
        return [
            style_widget(),
            box("fb-header", self._header, self._night_switch),
            box("fb-say", self._words, self._buttons),
            self._asking,
            self._closing,
            self._bar,
            box("fb-sequence", left, right),
        ]
