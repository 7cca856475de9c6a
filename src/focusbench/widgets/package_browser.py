"""The package browser: every run of a folder in one table, compared, opened, measured anew."""

import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from focusbench.api import Package, export_run
from focusbench.widgets.background import Background
from focusbench.widgets.export_strip import ExportStrip, file_name
from focusbench.widgets.opened_run import OpenedRun
from focusbench.widgets.overlay_view import MOST, OverlayView, series_of
from focusbench.widgets.pieces import box, button, enable, reveal, say_html, write
from focusbench.widgets.remeasure_strip import RemeasureStrip
from focusbench.widgets.run_list import RunList
from focusbench.widgets.run_rows import Key, RunRow, n_nights, say_difference, say_remeasured
from focusbench.widgets.run_shelf import RunShelf
from focusbench.widgets.say_line import SayLine
from focusbench.widgets.theme import NightSwitch, close_all, style_widget
from focusbench.widgets.wording import count, escape


class PackageBrowser(widgets.Box):
    """Shows the runs of a folder, ours and foreign ones, in one table.

    What takes long is done in a thread of its own, so that the notebook is never blocked; the
    packages stay as they are.

    Parameters
    ----------
    paths : path, or several
        Anything that `open_packages` opens.
    log : path, optional
        An SGPro log that tells where frames were taken, if they do not.
    export_to : path
        Folder that exported files are written into.
    on_tune : callable, optional
        Told the sources of the runs picked when *Tune from these…* is pressed, such as
        `TuningPanel.learn_from`.

    Attributes
    ----------
    on_tune : callable or None
    rows : tuple of RunRow
        All runs that were read.
    picked : tuple of RunRow
        In the order picked.
    list : RunList
    exports : ExportStrip
    overlay : OverlayView
    opened : OpenedRun
        Shown in place of the table while a run is open.
    remeasuring : RemeasureStrip
    open_button, remeasure_button, tune_button, export_button : Button or ToggleButton

    Examples
    --------
    >>> import focusbench as fb
    >>> browser = fb.PackageBrowser(fb.sample_packages()[:2])
    >>> browser.close()
    """

    def __init__(
        self,
        paths: str | Path | Iterable[str | Path] = "af_packages",
        *,
        log: str | Path | None = None,
        export_to: str | Path = "exports",
        on_tune: Callable[[tuple[Path, ...]], Any] | None = None,
    ) -> None:
        self.on_tune = on_tune
        self._log = log
        self._shelf = RunShelf(paths, log)
        self._export_to = Path(export_to)
        self._keys: list[Key] = []
        self._is_open = False
        self._done: tuple[int, int] = (0, 0)
        self._said: SayLine | None = None
        self._drawn: Any = None
        self._closed = False
        self._writing = threading.RLock()
        self._work: Background | None = None
        super().__init__(self._lay_out())
        self.add_class("fb-root")
        self.add_class("fb-browser")
        self._night.turn(self)
        self._work = Background("focusbench package browser", self.refresh)
        self.read()

    @property
    def rows(self) -> tuple[RunRow, ...]:
        """All runs that were read."""
        return self._shelf.rows

    @property
    def picked(self) -> tuple[RunRow, ...]:
        """The runs picked, in the order picked."""
        known = {row.key: row for row in self.rows}
        return tuple(known[key] for key in self._keys if key in known)

    # ------------------------------------------------------------------ what a person does

    def read(self, _: object = None) -> None:
        """Read the folder, again if it was read before."""
        self._do("Reading the runs.", self._read)

    def pick(self, key: Key, picked: bool = True) -> None:
        """Pick a run or let it go."""
        if picked and key not in self._keys:
            self._keys.append(key)
        elif not picked and key in self._keys:
            self._keys.remove(key)
        self._said = None
        self._open_those_picked()
        self.refresh()

    def _open(self, _: object = None) -> None:
        key = self._keys[-1]
        self._do("Opening the run.", lambda: self._show_run(self._shelf.open(key)))

    def _back(self, _: object = None) -> None:
        self._is_open, self._said = False, None
        self.refresh()

    def _remeasure(self, _: object = None) -> None:
        self._do("Measuring the frames anew.", self._measure)

    def _tune(self, _: object = None) -> None:
        if self.on_tune is not None:
            self.on_tune(tuple(row.source for row in self.picked))
            n = count(len(self.picked), "run")
            self._said = SayLine("✓", f"The tuning panel has {n}.", "Press Study there.")
            self.refresh()

    def _export(self, suffix: str) -> None:
        self._do("Exporting.", lambda: self._write_files(suffix))

    def _folder_given(self, folder: str) -> None:
        if folder:
            self._shelf = RunShelf(folder, self._log)
            self.read()

    def close(self) -> None:
        """Close the browser; what it reads is let go."""
        if self._closed:
            return
        self._closed = True
        if self._work is not None:
            self._work.close()
        with self._writing:
            close_all(self)

    # ------------------------------------------------------------------ what the thread does

    def _do(self, saying: str, job: Callable[[], None]) -> None:
        if self._work is not None:
            self._said = None
            self._work.do(saying, job)

    def _read(self) -> None:
        self._done = (0, 0)
        self._shelf.read(self._tell)
        known = {row.key for row in self.rows}
        self._keys = [key for key in self._keys if key in known]
        self._is_open, self._done = False, (0, 0)
        with self._writing:
            if not self._closed:
                self.list.offer_outcomes(self.rows)
        self._open_those_picked()

    def _tell(self, done: int, total: int) -> None:
        """Show how far it is, a hundred times at most."""
        before, self._done = self._done, (done, total)
        if total != before[1] or 100 * done // total > 100 * before[0] // total:
            self.refresh()

    def _open_those_picked(self) -> None:
        missing = [key for key in self._keys[:MOST] if key not in self._shelf.opened]
        if missing and self._work is not None:
            self._work.do("Opening the runs picked.", lambda: self._load(missing))

    def _load(self, keys: list[Key]) -> None:
        for key in keys:
            if key in self._keys:
                self._shelf.open(key)

    def _show_run(self, package: Package) -> None:
        with self._writing:
            if not self._closed:
                self._said, self._is_open = self.opened.show(package), True

    def _measure(self) -> None:
        settings, rows = self.remeasuring.settings, self.picked[:MOST]
        self._shelf.measure(rows, settings, self._tell)
        self._done, self._is_open = (0, 0), False
        pairs = [(row, self._shelf.anew[row.key].decided) for row in rows]
        self._said = SayLine("", *say_remeasured(str(settings), pairs))

    def _write_files(self, suffix: str) -> None:
        written = []
        for i, row in enumerate(self.picked):
            self._tell(i, len(self.picked))
            path = self._export_to / (file_name(row) + suffix)
            written.append(export_run(self._shelf.open(row.key), path))
        self._done = (0, 0)
        more = "" if len(written) == 1 else f" and {count(len(written) - 1, 'more file')}"
        self._said = SayLine("✓", f"Exported {written[0].name}{more}.", f"In {self._export_to}.")

    # ------------------------------------------------------------------ what is shown

    def refresh(self) -> None:
        """Bring the page up to date now; writes only what is different."""
        with self._writing:
            if not self._closed:
                self._refresh()

    def _refresh(self) -> None:
        self.list.show(self.rows, self._shelf.skipped, self._keys)
        write(self._header, self._header_html())
        write(self._words, say_html(self._line()))
        done, total = self._done
        width = 100 * done / total if total else 0
        write(self._bar, f'<div class="fb-progress"><i style="width:{width:.0f}%"></i></div>')
        reveal(self._lists, not self._is_open)
        reveal(self.opened, self._is_open)
        reveal(self.remeasuring, self.remeasure_button.value)
        reveal(self.exports, self.export_button.value)
        self._draw()
        self._set_buttons()

    def _line(self) -> SayLine:
        work = self._work
        if work is None or work.busy:
            done, total = self._done
            far = f" {done} of {total}." if total else ""
            saying = work.busy if work else "Reading the runs."
            return SayLine("", saying + far, "The notebook goes on meanwhile.", busy=True)
        if work.trouble:
            return SayLine("✕", "That did not work.", work.trouble)
        if self._said is not None:
            return self._said
        if not self.rows:
            why = (
                self._shelf.skipped[0]
                if self._shelf.skipped
                else "A run saves a package here by itself."
            )
            return SayLine("!", f"No runs in {self._shelf.where}.", why)
        if not self.list.found:
            what = self.list.looked_for
            return SayLine("", f"No run matches “{what}”.", "Clear shows all of them again.")
        rows = self.picked
        first, second = say_difference(rows[:MOST])
        if len(rows) > MOST:
            second = "Six curves at a time are readable; the first six are shown. " + second
        return SayLine(rows[0].sign if len(rows) == 1 else "", first, second)

    def _draw(self) -> None:
        rows = [row for row in self.picked[:MOST] if row.key in self._shelf.opened]
        drawn = tuple((row.key, id(self._shelf.anew.get(row.key))) for row in rows)
        if drawn != self._drawn:
            self._drawn = drawn
            self.remeasuring.offer(self._shelf.opened.get(self._keys[-1]) if self._keys else None)
            series = [series_of(self._shelf.opened[r.key], r.label, i) for i, r in enumerate(rows)]
            series += [
                series_of(self._shelf.anew[r.key], f"{r.label}, measured anew", i, anew=True)
                for i, r in enumerate(rows)
                if r.key in self._shelf.anew
            ]
            self.overlay.show(series)
        n = len(self._keys)
        write(
            self._title,
            f'<div class="fb-section">{count(n, "run") if n else "No run"} picked</div>',
        )

    def _set_buttons(self) -> None:
        work = self._work
        free = work is not None and not work.busy
        some = bool(self._keys)
        wait = "First pick a run in the table." if free else "Wait until it is done."
        enable(self.open_button, free and some, "Show the run picked last.", wait)
        enable(self.remeasure_button, free and some, "Measure with other settings.", wait)
        enable(self.export_button, free and some, "Write the runs picked into files.", wait)
        enable(self.remeasuring.measure_button, free and some, "Measure the runs picked.", wait)
        self.exports.show(free and some, wait)
        can = free and some and self.on_tune is not None
        none = "No tuning panel is joined to this browser." if self.on_tune is None else wait
        enable(self.tune_button, can, "Find better settings from these runs.", none)

    def _header_html(self) -> str:
        parts = [escape(self._shelf.where), count(len(self.rows), "run")]
        if nights := n_nights(self.rows):
            parts.append(count(nights, "night"))
        return f'<b class="fb-name">Packages</b><span class="fb-muted">{" · ".join(parts)}</span>'

    # ------------------------------------------------------------------ how it is built

    def _lay_out(self) -> list[widgets.Widget]:
        self._header, self._words, self._bar = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self._header.add_class("fb-title")
        self._words.add_class("fb-words")
        self._night = NightSwitch()
        self.open_button = button("Open", self._open, "fb-main")
        self.remeasure_button = self._fold("Re-measure…")
        self.tune_button = button("Tune from these…", self._tune)
        self.export_button = self._fold("Export ▾")
        buttons = box(
            "fb-buttons",
            self.open_button, self.remeasure_button, self.tune_button, self.export_button,
        )  # fmt: skip
        self.remeasuring, self.opened = RemeasureStrip(self._remeasure), OpenedRun(self._back)
        self.exports = ExportStrip(self._export_to, self._export)
        return [
            style_widget(),
            box("fb-header", self._header, self._night),
            box("fb-say", self._words, buttons),
            self._bar,
            self.remeasuring,
            self.exports,
            self._lay_out_lists(),
            self.opened,
        ]

    def _fold(self, text: str) -> widgets.ToggleButton:
        one = widgets.ToggleButton(description=text)
        one.observe(lambda _: self.refresh(), "value")
        return one

    def _lay_out_lists(self) -> widgets.Box:
        self.list = RunList(self.pick, self._folder_given, self.refresh)
        self.overlay = OverlayView()
        self._title = widgets.HTML()
        self._lists = box("fb-lists", self.list, box("fb-picks", self._title, self.overlay))
        return self._lists
