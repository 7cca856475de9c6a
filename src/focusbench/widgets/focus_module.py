"""The focus module: the focuser by hand, single frames, and the stars of the frame shown."""

import logging
import threading
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from focusbench.api import FocusSession
from focusbench.devices import Rig
from focusbench.engine import Event, ManualFocus, PointMeasured, RunRecord, Sample, Validated
from focusbench.errors import DeviceError, FocusbenchError
from focusbench.options import AutofocusOptions
from focusbench.widgets.focus_words import (
    RigState,
    frame_html,
    header_html,
    memory_html,
    position_html,
    say_focus,
    stars_html,
)
from focusbench.widgets.frame_controls import FrameButtons, FrameOptions
from focusbench.widgets.frame_view import FrameView
from focusbench.widgets.look import Look
from focusbench.widgets.move_controls import MoveControls
from focusbench.widgets.pieces import box, say_html, write
from focusbench.widgets.shown_frame import ShownFrame
from focusbench.widgets.theme import NightSwitch, close_all, style_widget

logger = logging.getLogger(__name__)

TICK_S = 0.1
"""The page is written at most this often."""

BUSY_S, IDLE_S = 0.2, 1.0
"""How often the focuser is asked where it is, while something goes on and while nothing does."""


class FocusModule(widgets.Box):
    """Focus by hand: move, take frames, and see what is measured of their stars.

    Shows the frames of an auto focus run as well; while one goes on, nothing can be moved by hand.
    Callbacks only say what is wished for; one thread, the pump, writes what has changed.

    Parameters
    ----------
    rig : Rig
        From `focusbench.simulated_rig` or `focusbench.connect_alpaca`.
    options : AutofocusOptions, optional
        Exposure, binning, gain, backlash, darks and what is measured, to begin with.

    Attributes
    ----------
    options : AutofocusOptions
        As they are now.
    manual : ManualFocus
    session : FocusSession
    view : FrameView
    moves : MoveControls
    fields : FrameOptions
    take_button, loop_button, stop_button : Button

    Examples
    --------
    >>> import focusbench as fb
    >>> rig = fb.simulated_rig(best_focus=10_250, seed=1)
    >>> module = fb.FocusModule(rig)
    >>> module.take_button.click()
    >>> _ = module.refresh()
    >>> module.manual.wait(120)
    True
    >>> module.close()
    """

    def __init__(self, rig: Rig, options: AutofocusOptions | None = None) -> None:
        self._rig = rig
        self.session = FocusSession.of(rig)
        self.manual = ManualFocus.of(rig)
        self.options = options or AutofocusOptions()
        self._closed = threading.Event()
        self._wake = threading.Event()
        self._writing = threading.Lock()
        self._trouble = ""
        self._wished: list[Callable[[], None]] = []
        self._serving = threading.Lock()
        self._polls = 0
        self._state = RigState(limits=rig.focuser.limits)
        self._look: Look | None = None
        self._focused: list[RunRecord] = []
        self._shown = ShownFrame(self._wake.set)
        super().__init__(self._lay_out())
        self.add_class("fb-root")
        self._night.turn(self)
        self._leave = [self.session.subscribe(self._hear), self.manual.subscribe(self._see)]
        if self.manual.last is not None:
            self._see(self.manual.last)
        self.refresh()
        threading.Thread(target=self._pump, name="focusbench focus module", daemon=True).start()

    # ------------------------------------------------------------------ what a person does

    def _wish(self, what: Callable[[], None]) -> None:
        """A button was pressed; the pump serves it.

        Not at once: the page tells of what was typed and of the click after it by two ways, of
        which either may be the quicker. A Go that came first would move to the position before.
        """
        self._wished.append(what)
        self._wake.set()

    def _serve(self) -> None:
        """Do what was wished for."""
        with self._serving:
            while self._wished:
                what = self._wished.pop(0)
                self._trouble = ""
                self.manual.options = self.options
                try:
                    what()
                except FocusbenchError as error:
                    self._trouble = str(error)

    def _take(self, _: object = None) -> None:
        self._wish(self.manual.take)

    def _loop(self, _: object = None) -> None:
        self._wish(lambda: self.manual.take(repeat=True))

    def _stop(self, _: object = None) -> None:
        with self._serving:
            self._wished.clear()
            self.manual.stop()
        self._wake.set()

    def _go(self, _: object = None) -> None:
        self._wish(self._go_there)

    def _go_there(self) -> None:
        target = self.moves.target
        if target is not None:
            self.manual.move_to(target)

    def _move(self, steps: int) -> None:
        self._wish(lambda: self.manual.move_by(steps))

    def _set(self, **changes: Any) -> None:
        """Other options; the frame shown is measured again where it would read otherwise."""
        before, self.options = self.options, self.options.replace(**changes)
        self.manual.options = self.options
        self._shown.change(before, self.options)
        self._wake.set()

    def close(self) -> None:
        """Close the module; what is going on by hand ends unless another module shows it."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._wake.set()
        for leave in self._leave:
            leave()
        if not self.manual.watched:
            self.manual.stop()
        self._shown.close()
        with self._writing:
            self.view.close()
            close_all(self)

    # ------------------------------------------------------------------ frames that come

    def _see(self, sample: Sample) -> None:
        """A frame by hand, in its thread."""
        self._take_up(sample, self.manual.options)

    def _hear(self, event: Event) -> None:
        """An event of a run, in its thread."""
        if isinstance(event, PointMeasured | Validated) and event.frames:
            self._take_up(event, self.session.progress.options or self.options)
        self._wake.set()

    def _take_up(
        self, seen: Sample | PointMeasured | Validated, measured_with: AutofocusOptions
    ) -> None:
        self._shown.take_up(seen, measured_with, self.options)
        self.view.show(seen.frames[-1])
        self._wake.set()

    # ------------------------------------------------------------------ the pump

    def _pump(self) -> None:
        again = False
        while not self._closed.is_set():
            going_on = self.manual.busy or self.session.running
            self._wake.wait(TICK_S if again else BUSY_S if going_on else IDLE_S)
            self._wake.clear()
            if self._wished:
                self._closed.wait(TICK_S)
            try:
                again = self.refresh()
            except Exception:
                # A picture that cannot be drawn must not end the module.
                logger.exception("The focus module could not be drawn")
            self._closed.wait(TICK_S)

    def refresh(self) -> bool:
        """Bring the page up to date now; True where it should be done again soon."""
        with self._writing:
            if self._closed.is_set():
                return False
            self._serve()
            return self._refresh()

    def _refresh(self) -> bool:
        state = self._state = self._ask_rig()
        look = self._shown.look()
        if look is not self._look:
            self._look = look
            self.view.mark(look)
            write(self._stars, stars_html(look))
        last = self._last_focus()
        write(self._words, say_html(say_focus(state, look, self._shown.measuring)))
        write(self._position, position_html(state))
        write(self._memory, memory_html(state, last))
        write(self._numbers, frame_html(look, last))
        self._buttons.show(state)
        self.moves.show(free=not state.running)
        again = self.view.flush()
        write(
            self._header, header_html(self._rig.name, state, self._shown.frame, self.view.shown_as)
        )
        return again

    def _ask_rig(self) -> RigState:
        rig, before, lost = self._rig, self._state, ""
        position, degrees, light = before.position, before.temperature_c, before.filter
        try:
            position = rig.focuser.position()
            if self._polls % 10 == 0:
                degrees, light = rig.temperature_c(), rig.filter()
        except DeviceError as error:
            position, lost = None, str(error)
        self._polls += 1
        return RigState(
            running=self.session.running,
            busy=self.manual.busy,
            looping=self.manual.looping,
            activity=self.manual.activity,
            n_frames=self.manual.n_frames,
            position=position,
            target=self.manual.target,
            limits=before.limits,
            temperature_c=degrees,
            filter=light,
            now_s=rig.clock.now(),
            exposure_s=self.options.exposure_for(light),
            trouble=self._trouble or self.manual.trouble,
            lost_contact=lost,
        )

    def _last_focus(self) -> RunRecord | None:
        """The last run that focused and was not undone."""
        record, undone = self.session.record, self.session.progress.dismissed
        if record is not None and record.focused and record not in self._focused:
            self._focused = [*self._focused[-1:], record]
        kept = [one for one in self._focused if not (undone and one is record)]
        return kept[-1] if kept else None

    # ------------------------------------------------------------------ how it is built

    def _lay_out(self) -> list[widgets.Widget]:
        self._header = widgets.HTML()
        self._header.add_class("fb-title")
        self._night = NightSwitch()
        self._words = widgets.HTML()
        self._words.add_class("fb-words")
        self._buttons = FrameButtons(self._take, self._loop, self._stop)
        self.take_button, self.loop_button = self._buttons.take, self._buttons.loop
        self.stop_button = self._buttons.stop
        self.view = FrameView(self._wake.set)
        self._stars = widgets.HTML()
        self._stars.layout.display = "none"
        self._fold = widgets.ToggleButton(description="▸ Stars")
        self._fold.add_class("fb-fold")
        self._fold.observe(self._fold_stars, "value")
        middle = box("fb-middle", self.view, widgets.HTML(_LEGEND), self._fold, self._stars)
        self._position, self._memory, self._numbers = (widgets.HTML() for _ in range(3))
        self.moves = MoveControls(self._rig.focuser.limits, self._move, self._go, self._wake.set)
        self.fields = FrameOptions(self.options, self._set)
        side = box(
            "fb-side",
            self._position, *self.moves.rows, self._memory, self._numbers, *self.fields.rows,
        )  # fmt: skip
        say = box("fb-say", self._words, self._buttons)
        say.add_class("fb-short")
        return [
            style_widget(),
            box("fb-header", self._header, self._night),
            say,
            box("fb-focus-columns", middle, side),
        ]

    def _fold_stars(self, change: Any) -> None:
        self._stars.layout.display = None if change["new"] else "none"
        self._fold.description = "▾ Stars" if change["new"] else "▸ Stars"


_LEGEND = (
    '<div class="fb-frame-legend"><span><i class="fb-kept"></i>used, with its metric in px</span>'
    '<span><i class="fb-left"></i>left out: point at it for the reason</span>'
    "<span>wheel zooms, drag pans</span></div>"
)
