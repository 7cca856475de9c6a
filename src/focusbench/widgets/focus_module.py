"""The focus module: the focuser by hand, single frames, and the stars of the frame shown."""

import logging
import threading
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from focusbench.api import FocusSession
from focusbench.devices import Rig
from focusbench.engine import Event, ManualFocus, PointMeasured, RunRecord, Sample, Validated
from focusbench.errors import DeviceError, FocusbenchError, OptionsError
from focusbench.frames import Frame
from focusbench.options import AutofocusOptions, option_specs
from focusbench.widgets.focus_words import (
    RUNNING,
    RigState,
    frame_html,
    memory_html,
    position_html,
    say_focus,
    stars_html,
)
from focusbench.widgets.frame_view import FrameView
from focusbench.widgets.latest import Latest
from focusbench.widgets.look import Look, look_at, measured_alike
from focusbench.widgets.number_field import NumberField, whole_number
from focusbench.widgets.pieces import box, button, enable, say_html, write
from focusbench.widgets.theme import NightSwitch, close_all, style_widget
from focusbench.widgets.wording import clock, escape

logger = logging.getLogger(__name__)

TICK_S = 0.1
"""The page is written at most this often."""

BUSY_S, IDLE_S = 0.2, 1.0
"""How often the focuser is asked where it is, while something goes on and while nothing does."""

LARGEST_DIAMETER_PX = 40.0
"""Where the slider of the minimum diameter ends, unless the options begin beyond it."""

LARGEST_STEP = 100_000


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
        self._specs = {spec.name: spec for spec in option_specs(self.options)}
        self._closed = threading.Event()
        self._wake = threading.Event()
        self._writing = threading.Lock()
        self._trouble = ""
        self._wished: list[Callable[[], None]] = []
        self._serving = threading.Lock()
        self._polls = 0
        self._state = RigState(limits=rig.focuser.limits)
        self._frame: Frame | None = None
        self._look: Look | None = None
        self._given: Look | None = None
        self._focused: list[RunRecord] = []
        self._measuring: Latest[tuple[Frame, AutofocusOptions], Look] = Latest(
            lambda asked: look_at(*asked), self._wake.set, "focusbench measurement"
        )
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
        if self._go_to.error:
            return  # which stands under the field
        if self._go_to.value is None:
            self._go_to.say("Type a position first.")
        else:
            self.manual.move_to(self._go_to.value)

    def _set(self, **changes: Any) -> None:
        """Other options; the frame shown is measured again where it would read otherwise."""
        before, self.options = self.options, self.options.replace(**changes)
        self.manual.options = self.options
        if self._frame is not None and not measured_alike(before, self.options):
            self._measuring.ask((self._frame, self.options))
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
        self._measuring.close()
        with self._writing:
            self.view.close()
            close_all(self)

    # ------------------------------------------------------------------ frames that come

    def _see(self, sample: Sample) -> None:
        """A frame by hand, in its thread."""
        self._take_up(sample.frames[-1], sample, self.manual.options)

    def _hear(self, event: Event) -> None:
        """An event of a run, in its thread."""
        if isinstance(event, PointMeasured | Validated) and event.frames:
            options = self.session.progress.options or self.options
            self._take_up(event.frames[-1], event, options)
        self._wake.set()

    def _take_up(
        self, frame: Frame, seen: Sample | PointMeasured | Validated, options: AutofocusOptions
    ) -> None:
        """Show a frame; it is measured again only where it would read otherwise here."""
        self._frame = frame
        self.view.show(frame)
        stars, point = seen.stars[-1], seen.point
        alike = measured_alike(options, self.options) and len(seen.frames) == 1
        if stars is not None and alike and not point.rejected:
            self._given = Look(frame, self.options, point.metric, point.error, stars)
        else:
            self._given = None
            self._measuring.ask((frame, self.options))
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
        look = self._latest_look()
        if look is not self._look:
            self._look = look
            self.view.mark(look)
            write(self._stars, stars_html(look))
        last = self._last_focus()
        write(self._words, say_html(say_focus(state, look, self._measuring.busy)))
        write(self._position, position_html(state))
        write(self._memory, memory_html(state, last))
        write(self._numbers, frame_html(look, last))
        self._set_buttons(state)
        again = self.view.flush()
        write(self._header, self._header_html(state))
        return again

    def _latest_look(self) -> Look | None:
        """What is known of the frame shown; None where that has still to be measured."""
        measured = self._measuring.answer
        if measured is not None and measured.frame is self._frame and measured is not self._given:
            self._given = measured
        given = self._given
        if given is not None and given.frame is self._frame:
            return given
        return self._look if self._look and self._look.frame is self._frame else None

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

    def _set_buttons(self, state: RigState) -> None:
        free = not state.running
        seconds = f"{state.exposure_s:g} s"
        enable(self.take_button, free, f"Expose {seconds} here, once.", RUNNING)
        enable(
            self.loop_button,
            free and not state.looping,
            f"Frame after frame of {seconds}, until Stop; the focuser may be moved meanwhile.",
            RUNNING if state.running else "A loop is going on; Stop ends it.",
        )
        enable(
            self.stop_button,
            free and state.busy,
            "Halt the focuser, abort the exposure, end the loop.",
            "Auto focus is running; Cancel in its panel stops it."
            if state.running
            else "Nothing is going on.",
        )
        for one, (sign, field) in self.step_buttons.items():
            steps = sign * int(field.value)
            text = f"{steps:+d}".replace("-", "−")
            if one.description != text:
                one.description = text
            way = "out" if steps > 0 else "in"
            enable(one, free, f"Move {way} by {abs(steps)} steps.", RUNNING)
        enable(self.go_button, free, "Move to the position beside it.", RUNNING)

    def _header_html(self, state: RigState) -> str:
        parts = [self._rig.name, *([state.filter] if state.filter else [])]
        frame = self._frame
        if frame is not None:
            n_y, n_x = frame.pixels.shape[:2]
            at = "" if frame.position is None else f" at {frame.position:.0f}"
            taken = "" if frame.time_s is None else f" of {clock(frame.time_s)}"
            parts.append(f"frame{taken}{at}")
            parts.append(f"{n_x}×{n_y}, {self.view.shown_as}")
        contact = "● connected"
        if state.lost_contact:
            contact = f'<span title="{escape(state.lost_contact)}">✕ not connected</span>'
        words = " · ".join(escape(part) for part in parts)
        return (
            f'<span class="fb-contact fb-muted">{contact}</span>'
            f'<b class="fb-name">Focus</b><span class="fb-muted">{words}</span>'
        )

    # ------------------------------------------------------------------ how it is built

    def _lay_out(self) -> list[widgets.Widget]:
        self._header = widgets.HTML()
        self._header.add_class("fb-title")
        self._night = NightSwitch()
        self._words = widgets.HTML()
        self._words.add_class("fb-words")
        self.take_button = button("Take frame", self._take, "fb-main")
        self.loop_button = button("Loop", self._loop)
        self.stop_button = button("Stop", self._stop)
        buttons = box("fb-buttons", self.take_button, self.loop_button, self.stop_button)
        self.view = FrameView(self._wake.set)
        self._stars = widgets.HTML()
        self._stars.layout.display = "none"
        self._fold = widgets.ToggleButton(description="▸ Stars")
        self._fold.add_class("fb-fold")
        self._fold.observe(self._fold_stars, "value")
        middle = box("fb-middle", self.view, widgets.HTML(_LEGEND), self._fold, self._stars)
        self._side = self._lay_out_side()
        say = box("fb-say", self._words, buttons)
        say.add_class("fb-short")
        return [
            style_widget(),
            box("fb-header", self._header, self._night),
            say,
            box("fb-focus-columns", middle, self._side),
        ]

    def _lay_out_side(self) -> widgets.Box:
        self._position, self._memory, self._numbers = (widgets.HTML() for _ in range(3))
        steps = whole_number(1, LARGEST_STEP, "A step")
        self._coarse = NumberField("Coarse", 100, steps, self._step, help="Steps of ≪ and ≫.")
        self._fine = NumberField("Fine", 10, steps, self._step, help="Steps of the inner two.")
        moves = [(-1, self._coarse), (-1, self._fine), (1, self._fine), (1, self._coarse)]
        self.step_buttons = {self._step_button(sign, size): (sign, size) for sign, size in moves}
        low, high = self._rig.focuser.limits
        self._go_to = NumberField(
            "Go to",
            None,
            self._check_position,
            lambda _: None,
            help=f"A position from {low} to {high}; Go moves there.",
            keeps=False,
        )
        self._go_to.text.placeholder = "position"
        self.go_button = button("Go", self._go)
        go = box("fb-go", self._go_to, box("fb-buttons", self.go_button))
        self._exposure = self._option_field("exposure_s")
        binning = self._option_choice("binning")
        return box(
            "fb-side",
            self._position,
            box("fb-steps", *self.step_buttons),
            box("fb-pair", self._coarse, self._fine),
            go,
            self._memory,
            self._numbers,
            self._option_slider("min_star_diameter_px", LARGEST_DIAMETER_PX, 0.5),
            self._option_slider("crop_percent", 90.0, 1.0),
            self._option_choice("metric"),
            box("fb-pair", self._exposure, binning),
        )

    def _step_button(self, sign: int, size: NumberField) -> widgets.Button:
        def move(_: object) -> None:
            self._wish(lambda: self.manual.move_by(sign * int(size.value)))

        return button("", move, "fb-step")

    def _step(self, _: object) -> None:
        self._wake.set()

    def _check_position(self, number: float) -> int:
        low, high = self._rig.focuser.limits
        if not number.is_integer():
            raise ValueError("A position is a whole number.")
        if not low <= number <= high:
            limit = low if number < low else high
            raise ValueError(f"{number:.0f} is beyond the focuser's limit of {limit}.")
        return int(number)

    def _option_field(self, name: str) -> NumberField:
        spec = self._specs[name]

        def check(number: float) -> Any:
            try:
                return spec.check(number)
            except OptionsError:
                raise ValueError(f"{spec.label} must be {spec.bounds_text()}.") from None

        return NumberField(
            spec.label,
            getattr(self.options, name),
            check,
            lambda value: self._set(**{name: value}),
            unit=spec.unit,
            help=spec.help,
        )

    def _option_slider(self, name: str, high: float, step: float) -> widgets.Box:
        spec, value = self._specs[name], getattr(self.options, name)
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
            self._set(**{name: change["new"]})

        slider.observe(slid, "value")
        return box("fb-slider", slider, words)

    def _option_choice(self, name: str) -> widgets.Box:
        spec = self._specs[name]
        choice = widgets.Dropdown(
            options=[(label, value) for value, label in spec.choices],
            value=getattr(self.options, name),
            description=spec.label,
            tooltip=spec.help,
        )
        choice.observe(lambda change: self._set(**{name: change["new"]}), "value")
        return box("fb-field", choice)

    def _fold_stars(self, change: Any) -> None:
        self._stars.layout.display = None if change["new"] else "none"
        self._fold.description = "▾ Stars" if change["new"] else "▸ Stars"


_LEGEND = (
    '<div class="fb-frame-legend"><span><i class="fb-kept"></i>used, with its metric in px</span>'
    '<span><i class="fb-left"></i>left out: point at it for the reason</span>'
    "<span>wheel zooms, drag pans</span></div>"
)
