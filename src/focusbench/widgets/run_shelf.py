"""What a package browser has read: rows of all runs, and the few that were opened."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from focusbench.af_packages import Progress
from focusbench.api import Package, Settings, list_runs, measured_anew, open_package
from focusbench.widgets.run_rows import Key, RunRow, rows_of

KEPT = 32
"""Opened runs that are remembered."""


class RunShelf:
    """Runs of some paths; everything here may take long.

    Parameters
    ----------
    paths : path, or several
    log : path, optional
        An SGPro log that tells where frames were taken, if they do not.

    Attributes
    ----------
    rows : tuple of RunRow
    skipped : tuple of str
        One sentence for each file that could not be read.
    opened, anew : dict of Key to Package
        Runs as they are stored, and as they were measured anew last.
    """

    def __init__(self, paths: str | Path | Iterable[str | Path], log: str | Path | None) -> None:
        self.paths = [paths] if isinstance(paths, str | Path) else list(paths)
        self._log = log
        self.rows: tuple[RunRow, ...] = ()
        self.skipped: tuple[str, ...] = ()
        self.opened: dict[Key, Package] = {}
        self.anew: dict[Key, Package] = {}

    @property
    def where(self) -> str:
        """The paths in a few words."""
        if len(self.paths) == 1:
            return str(self.paths[0])
        folders = {Path(path).parent for path in self.paths}
        return str(folders.pop()) if len(folders) == 1 else f"{len(self.paths)} places"

    def read(self, progress: Progress) -> None:
        """Read everything, again if it was read before."""
        listed = list_runs(self.paths, progress=progress, log=self._log)
        self.rows, self.skipped = rows_of(listed), listed.skipped
        self.opened, self.anew = {}, {}

    def open(self, key: Key) -> Package:
        """Open a run, unless it was opened not long ago."""
        if key not in self.opened:
            source, number = key
            while len(self.opened) >= KEPT:
                self.opened.pop(next(iter(self.opened)))
            self.opened[key] = open_package(source, run=number, log=self._log)
        return self.opened[key]

    def measure(self, rows: Sequence[RunRow], settings: Settings, progress: Progress) -> None:
        """Measure runs anew; they are in `anew` once all of them are done."""
        self.anew, measured = {}, {}
        for i, row in enumerate(rows):
            progress(i, len(rows))
            measured[row.key] = measured_anew(self.open(row.key), settings)
        self.anew = measured
