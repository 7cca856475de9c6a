"""The files that runs can be written into."""

import re
from collections.abc import Callable
from pathlib import Path

import ipywidgets as widgets

from focusbench.widgets.pieces import box, button, enable
from focusbench.widgets.run_rows import RunRow

EXPORTS = {"CSV": ".csv", "netCDF": ".nc", "PNG": ".png", "HTML report": ".html"}


class ExportStrip(widgets.Box):
    """A button for each kind of file.

    Parameters
    ----------
    folder : Path
        Where the files go.
    on_export : callable, str → object
        Told the ending of the kind that was pressed.
    """

    def __init__(self, folder: Path, on_export: Callable[[str], object]) -> None:
        self._folder = folder
        self.buttons = {
            name: button(name, lambda _, suffix=suffix: on_export(suffix))
            for name, suffix in EXPORTS.items()
        }
        super().__init__([box("fb-buttons", *self.buttons.values())])
        self.add_class("fb-tray")

    def show(self, can: bool, wait: str) -> None:
        """Enable the buttons, or say why they cannot be used."""
        for one in self.buttons.values():
            enable(one, can, f"Into the folder {self._folder}.", wait)


def file_name(row: RunRow) -> str:
    """Name of an exported file without its ending: that of the source, which every system takes."""
    stem = row.source.name if row.source.is_dir() else row.source.stem
    number = "" if row.number is None else f"_{row.number}"
    return re.sub(r"[^\w.+-]+", "_", stem) + number
