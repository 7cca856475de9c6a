"""The tuning panel: pick runs, study them, look at any setting, copy the advice."""

import logging
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import ipywidgets as widgets

from focusbench.af_packages import Package, Runs, gather_packages
from focusbench.errors import FocusbenchError
from focusbench.options import AutofocusOptions
from focusbench.tuning import Study
from focusbench.widgets.pieces import box, button, enable, reveal, say_html, write
from focusbench.widgets.say_line import SayLine
from focusbench.widgets.study_form import StudyForm
from focusbench.widgets.study_job import StudyJob, StudyState
from focusbench.widgets.study_view import StudyView
from focusbench.widgets.study_words import say_study
from focusbench.widgets.theme import NightSwitch, close_all, style_widget
from focusbench.widgets.wording import count, escape

logger = logging.getLogger(__name__)

FOLDER = "af_packages"
TICK_S = 0.1
"""The page is written at most this often."""


class TuningPanel(widgets.Box):
    """From saved runs to the settings to use; displays itself as the last line of a cell.

    Runs are opened and studied in threads of their own; one more, the pump, writes what has
    changed to the page.

    Parameters
    ----------
    packages : Package or path, or several, optional
        Runs to learn the rig from. Without them a folder is asked for.
    options : AutofocusOptions, optional
        The setting in use, to compare with; that of the latest run where not given.
    on_copy : callable, AutofocusOptions → object, optional
        Told the options when advice was copied into them, and when that was taken back.

    Attributes
    ----------
    options : AutofocusOptions or None
        The setting in use; changes when advice is copied.
    study : Study or None
        The latest one that was finished.
    form : StudyForm
    view : StudyView
    study_button, cancel_button, choose_button : Button

    Examples
    --------
    >>> import focusbench as fb
    >>> panel = fb.TuningPanel(fb.sample_packages()[:1], fb.AutofocusOptions(step_size=60))
    >>> panel.options.step_size
    60
    >>> panel.close()
    """

    def __init__(
        self,
        packages: Runs | Iterable[Runs] | None = None,
        options: AutofocusOptions | None = None,
        *,
        on_copy: Callable[[AutofocusOptions], object] | None = None,
    ) -> None:
        self._wake = threading.Event()
        self._closed = threading.Event()
        self._writing = threading.Lock()
        self._opening = ""
        self._trouble = ""
        self._job = StudyJob(self._wake.set)
        self.form = StudyForm(self._folder_given, self._wake.set)
        self.view = StudyView(on_copy or (lambda _: None), self._wake.set)
        self.view.copy_row.options = options
        super().__init__(self._lay_out())
        self.add_class("fb-root")
        self._night.turn(self)
        given = packages if isinstance(packages, Package | str | Path) else tuple(packages or ())
        if given:
            self._open(given, "the runs", tick_all=True)
        elif packages is None and Path(FOLDER).is_dir():
            self.form.folder.value = FOLDER
        self.refresh()
        threading.Thread(target=self._pump, name="focusbench tuning panel", daemon=True).start()

    @property
    def options(self) -> AutofocusOptions | None:
        """The setting in use; changes when advice is copied."""
        return self.view.copy_row.options

    @property
    def study(self) -> Study | None:
        """The study that was finished."""
        return self._job.state.study

    # ------------------------------------------------------------------ what a person does

    def _folder_given(self, folder: str) -> None:
        if folder:
            self._open(folder, folder, tick_all=False)

    def _study(self, _: object = None) -> None:
        self._trouble = ""
        self.view.forget()
        self._job.start(self.form.picked, self.options, self.form.grid)
        self.choose_button.value = False
        self._wake.set()

    def _cancel(self, _: object = None) -> None:
        self._job.cancel()
        self._wake.set()

    def learn_from(self, packages: Runs | Iterable[Runs]) -> None:
        """List other runs, all of them ticked; they are opened in a thread."""
        given = [packages] if isinstance(packages, Package | str | Path) else list(packages)
        self.choose_button.value = True
        self._open(given, count(len(given), "run") if len(given) > 1 else "the run", tick_all=True)
        self._wake.set()

    def close(self) -> None:
        """Close the panel with all its widgets; a study that goes on ends."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._job.cancel()
        self._wake.set()
        with self._writing:
            close_all(self)

    # ------------------------------------------------------------------ what the threads do

    def _open(self, runs: Runs | Iterable[Runs], name: str, *, tick_all: bool) -> None:
        """Open runs in a thread; those that were asked for last are shown."""
        self._opening = name
        threading.Thread(
            target=self._opened, args=(runs, name, tick_all), name="focusbench runs", daemon=True
        ).start()

    def _opened(self, runs: Runs | Iterable[Runs], name: str, tick_all: bool) -> None:
        packages: tuple[Package, ...] = ()
        trouble = ""
        try:
            packages = gather_packages(runs)
        except (FocusbenchError, OSError) as error:
            trouble = str(error)
        with self._writing:
            if not self._closed.is_set() and self._opening == name:
                self._opening, self._trouble = "", trouble
                self.form.list_runs(packages, tick_all=tick_all)
        self._wake.set()

    def _pump(self) -> None:
        while not self._closed.is_set():
            self._wake.wait(1.0)
            self._wake.clear()
            try:
                self.refresh()
            except Exception:
                # A picture that cannot be drawn must not end the panel.
                logger.exception("The tuning panel could not be drawn")
            self._closed.wait(TICK_S)

    # ------------------------------------------------------------------ what is shown

    def refresh(self) -> None:
        """Bring the page up to date now; writes only what is different."""
        with self._writing:
            if not self._closed.is_set():
                self._refresh(self._job.state)

    def _refresh(self, state: StudyState) -> None:
        picked = self.form.picked
        if self.options is None:
            self.view.copy_row.options = state.yours
        line = say_study(state, picked, self._trouble)
        if self._opening:
            line = SayLine("", f"Opening {self._opening}.", "The notebook goes on.", busy=True)
        write(self._words, say_html(line))
        write(self._header, self._header_html(picked))
        width = 100 * len(state.choices) / state.cells if state.phase == "studying" else 0
        write(self._bar, f'<div class="fb-progress"><i style="width:{width:.0f}%"></i></div>')
        self._set_buttons(state, bool(picked))
        self.view.show(state)

    def _header_html(self, picked: tuple[Package, ...]) -> str:
        parts = [count(len(picked), "package")]
        parts += sorted({str(one.record.rig.get("name", "")) for one in picked if one.record})
        parts += sorted({one.filter for one in picked if one.filter})
        said = " · ".join(escape(part) for part in parts if part)
        return f'<b class="fb-name">Tuning</b><span class="fb-muted">{said}</span>'

    def _set_buttons(self, state: StudyState, some: bool) -> None:
        text = "Study again" if state.phase in ("done", "cancelled") else "Study"
        if self.study_button.description != text:
            self.study_button.description = text
        enable(
            self.study_button,
            some and not state.running and not self._opening,
            "Learn the rig from the packages picked and simulate its nights.",
            "A study is running." if state.running else "First pick packages.",
        )
        enable(
            self.cancel_button,
            state.running and not state.cancelling,
            "End the study; settings already simulated stay.",
            "It is being cancelled." if state.running else "No study is running.",
        )

    # ------------------------------------------------------------------ how it is built

    def _lay_out(self) -> list[widgets.Widget]:
        self._header = widgets.HTML()
        self._header.add_class("fb-title")
        self.choose_button = widgets.ToggleButton(value=True, description="Choose packages…")
        self.choose_button.add_class("fb-choose")
        self.choose_button.observe(lambda change: reveal(self.form, change["new"]), "value")
        self._night = NightSwitch()
        self._words = widgets.HTML()
        self._words.add_class("fb-words")
        self.study_button = button("Study", self._study, "fb-main")
        self.cancel_button = button("Cancel", self._cancel)
        self._bar = widgets.HTML()
        buttons = box("fb-buttons", self.study_button, self.cancel_button)
        return [
            style_widget(),
            box("fb-header", self._header, self.choose_button, self._night),
            box("fb-say", self._words, buttons),
            self._bar,
            self.form,
            self.view,
        ]
