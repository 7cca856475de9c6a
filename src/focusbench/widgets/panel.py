"""The auto focus panel: form, Run, Run again, Cancel, live V-curve and verdict."""

import logging
import threading
import weakref
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from focusbench.af_packages import Keep
from focusbench.api import FocusSession, RigMemory, new_recorder
from focusbench.devices import Rig
from focusbench.engine import Event, RunFinished, RunProgress, expected_duration_s
from focusbench.errors import FocusbenchError
from focusbench.options import AutofocusOptions
from focusbench.widgets.before_run import obstacles
from focusbench.widgets.cells import execution
from focusbench.widgets.curve_view import CurveView
from focusbench.widgets.forecast import fraction_done
from focusbench.widgets.options_form import OptionsForm
from focusbench.widgets.panel_header import header_html
from focusbench.widgets.pieces import box, say_html, write
from focusbench.widgets.point_frames import PointFrames
from focusbench.widgets.result_column import points_html
from focusbench.widgets.rig_watch import RigWatch
from focusbench.widgets.right_column import RightColumn
from focusbench.widgets.run_buttons import RunButtons
from focusbench.widgets.sampling_advice import say_sampling
from focusbench.widgets.say_line import PanelState
from focusbench.widgets.say_run import say
from focusbench.widgets.star_strip import StarStrip
from focusbench.widgets.theme import NightSwitch, close_all, style_widget
from focusbench.widgets.wording import metric_name

logger = logging.getLogger(__name__)

TICK_S = 0.2
"""The page is written at most this often: five times a second, some fifteen messages each."""

WORDS_S = 0.5
"""Between two looks at what changes without an event: countdown, position, clock."""

CHECK_EVERY = 5
"""Idle seconds between two looks at what may change by itself: camera, wheel, disk."""


_OPEN: "weakref.WeakSet[AutofocusPanel]" = weakref.WeakSet()


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
    keep : {"frames", "stamps", "numbers"}
        What the packages keep of the frames, as in `focusbench.autofocus`.
    memory : RigMemory or path, optional
        What earlier runs tell of the rig; runs of this panel add to it where they focus.

    Attributes
    ----------
    form : OptionsForm
    curve : CurveView
    right : RightColumn
        The result, the list before a run, or the frame of the point that was clicked.
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
        keep: Keep = "frames",
        memory: RigMemory | str | Path | None = None,
    ) -> None:
        new_recorder(save_packages_to, keep)  # refuses a wrong `keep` now, not at the first run
        self.session = FocusSession.of(rig)
        self._rig = rig
        self._folder, self._keep = save_packages_to, keep
        self._memory = RigMemory(memory) if isinstance(memory, str | Path) else memory
        self._learns = False
        self._frames = PointFrames.of(self.session)
        self._watch = RigWatch(rig, save_packages_to, keep)
        self._closed = threading.Event()
        self._wake = threading.Event()
        self._writing = threading.Lock()
        self._shown: tuple[object, ...] = ()
        self._attached = self.session.running
        self._cancelling = False
        self._trouble = ""
        self._wished: bool | None = None
        self.form = OptionsForm(options)
        self.right = RightColumn()
        self._strip = StarStrip(self.right.pick)
        self.curve = CurveView(themed=False, below=self._strip)
        self.curve.on_pick(self.right.pick)
        self.right.on_pick(self._wake.set)
        super().__init__(self._lay_out())
        self.add_class("fb-root")
        self.form.on_change(lambda _: self._wake.set())
        self.form.on_error(self._wake.set)
        self._night.turn(self)
        self._unsubscribe = (
            self.session.subscribe(self._hear),
            self._frames.on_change(self._wake.set),
        )
        self._execution = execution()
        for other in tuple(_OPEN):
            # A cell executed again would otherwise leave a panel behind that nobody sees.
            if self._execution is not None and self._execution.replaces(other._execution):
                self._learns |= other._learns and other.session is self.session
                other._shut()
        _OPEN.add(self)
        self.refresh()
        threading.Thread(target=self._pump, name="focusbench panel", daemon=True).start()

    # ------------------------------------------------------------------ what a person does

    def _run(self, _: object = None, *, again: bool = False) -> None:
        """Run, at the pump's next turn: what was typed before a click may come to us after it."""
        self._wished = again
        self._wake.set()

    def _serve(self) -> None:
        """Begin the run that was wished for."""
        again, self._wished = self._wished, None
        if again is None:
            return
        self._trouble, self._cancelling, self._attached = "", False, False
        try:
            options, memory = self.form.value, self._memory
            self.session.start(
                options,
                again=again,
                recorder=new_recorder(self._folder, self._keep),
                rig_shape=memory.shape_of(self._rig, options) if memory else None,
            )
            self._learns = True
            self.right.picked = None
        except FocusbenchError as error:
            self._trouble = str(error)

    def _run_again(self, _: object = None) -> None:
        self._run(again=True)

    def _cancel(self, _: object = None) -> None:
        self._trouble, self._cancelling, self._wished = "", True, None
        self.session.cancel()
        self._wake.set()

    def close(self) -> None:
        """Close the panel with all its widgets. A run goes on; a finished one is accepted."""
        if "_closed" not in vars(self) or self._closed.is_set():
            return  # never made, for what it was given was refused; or closed already
        if not self.session.running:
            self.session.accept()
        self._shut()

    def _shut(self) -> None:
        """Close, and leave the session as it is."""
        _OPEN.discard(self)
        self._closed.set()
        self._wake.set()
        for leave in self._unsubscribe:
            leave()
        with self._writing:
            close_all(self)

    # ------------------------------------------------------------------ the pump

    def _hear(self, event: Event) -> None:
        self._wake.set()
        if self._memory is not None and self._learns:
            # Of two panels on a rig, the one that began the run learns from it.
            self._learns = not isinstance(event, RunFinished)
            try:
                self._memory(event)
            except Exception:
                logger.exception("The memory of the rig could not be written")

    def _pump(self) -> None:
        """Write what has changed: soon after an event, else now and then."""
        quiet = 0
        while not self._closed.is_set():
            woken = self._wake.wait(WORDS_S if self.session.running else 1.0)
            self._wake.clear()
            quiet = 0 if woken else quiet + 1
            if quiet % CHECK_EVERY == CHECK_EVERY - 1:
                self._watch.forget()
            if self._wished is not None:
                self._closed.wait(TICK_S)
            try:
                self.refresh()
            except Exception:
                # A picture that cannot be drawn must not end the panel.
                logger.exception("The panel could not be drawn")
            self._closed.wait(TICK_S)

    def refresh(self) -> None:
        """Bring the page up to date now; writes only what is different."""
        with self._writing:
            if not self._closed.is_set():
                self._serve()
                self._refresh()

    def _refresh(self) -> None:
        progress, state = self.session.progress, self._look()
        write(self._header, header_html(self._rig, state, self._watch.lost_contact))
        write(self._words, say_html(say(progress, self.session.activity, state)))
        width = 100 * fraction_done(progress) if state.running else 0
        write(self._bar, f'<div class="fb-progress"><i style="width:{width:.0f}%"></i></div>')
        self._buttons.show(self.session, state)
        self._advise(state, progress)
        coming = () if state.position is None else state.options.sweep_positions(state.position)
        # Points and fits change with events alone; without one there is nothing to draw.
        idle, frames = progress.phase == "idle", self._frames.kept
        metric = metric_name(state.options)
        axes = (coming, metric) if idle else ()
        checks = self._watch.checks
        drawn = (progress, axes, checks, len(frames), self.right.picked)
        if drawn != self._shown:
            self.right.show(progress, checks, frames, state.now_s)
            self._shown = (*drawn[:-1], self.right.picked)
            self.curve.show(progress, coming, metric)
            self.curve.pick(self.right.picked)
            self._strip.show(progress, frames, self.curve.shown.x_range, self.right.picked)
            write(self._points, points_html(progress))

    def _look(self) -> PanelState:
        session = self.session
        running = session.running
        if not running:
            self._cancelling = False
        self._watch.look(self.form.value, session.record, running=running)
        return PanelState(
            running=running,
            cancelling=self._cancelling,
            attached=self._attached,
            position=self._watch.position,
            return_position=session.return_position,
            last_best=session.last_best,
            now_s=self._rig.clock.now(),
            options=self.form.value,
            trouble=self._trouble or session.error,
            notes=tuple(self.form.still_using),
            obstacles=obstacles(self._watch.checks),
        )

    def _advise(self, state: PanelState, progress: RunProgress) -> None:
        seconds = expected_duration_s(state.options, self.session.record, filter=self._watch.filter)
        at = progress.start_position if state.running else state.position
        text = say_sampling(state.options, at, seconds, self.session.record)
        if state.running and progress.options not in (None, state.options):
            text = f"For the next run. {text}"
        self.form.advise(text)

    # ------------------------------------------------------------------ how it is built

    def _lay_out(self) -> list[widgets.Widget]:
        self._header = widgets.HTML()
        self._header.add_class("fb-title")
        self._night = NightSwitch()
        header = box("fb-header", self._header, self._night)
        self._words = widgets.HTML()
        self._words.add_class("fb-words")
        self._buttons = RunButtons(self._run, self._run_again, self._cancel)
        self.run_button = self._buttons.run
        self.run_again_button = self._buttons.run_again
        self.cancel_button = self._buttons.cancel
        self._bar = widgets.HTML()
        self._points = widgets.HTML()
        self._points.layout.display = "none"
        self._fold = widgets.ToggleButton(description="▸ Points")
        self._fold.add_class("fb-fold")
        self._fold.observe(self._fold_points, "value")
        chart = box("fb-middle", self.curve, self._fold, self._points)
        columns = box("fb-columns", self.form, chart, self.right)
        return [
            style_widget(),
            header,
            box("fb-say", self._words, self._buttons),
            self._bar,
            columns,
        ]

    def _fold_points(self, change: Any) -> None:
        self._points.layout.display = None if change["new"] else "none"
        self._fold.description = "▾ Points" if change["new"] else "▸ Points"
