"""The list of all runs: found by words, sorted, paged; and the files that could not be read."""

from collections.abc import Callable, Container, Iterable, Sequence
from typing import Any

import ipywidgets as widgets

from focusbench.widgets.pieces import box, button, reveal, write
from focusbench.widgets.run_rows import Key, RunRow, find, in_order
from focusbench.widgets.run_table import ROWS, RunTable
from focusbench.widgets.wording import count, escape


class RunList(widgets.Box):
    """Shows the rows that a person looks for.

    Parameters
    ----------
    on_pick : callable, (Key, bool) → object
        Told a run and whether it is picked now.
    on_folder : callable, str → object
        Told the folder that was typed.
    on_change : callable
        Told that other rows are wanted.

    Attributes
    ----------
    found : list of RunRow
        Those shown, on all pages.
    find_box, folder : Text
    outcome : Dropdown
    table : RunTable
    clear_button, unread_button, folder_button : Button or ToggleButton
    unread : HTML
    """

    def __init__(
        self,
        on_pick: Callable[[Key, bool], None],
        on_folder: Callable[[str], object],
        on_change: Callable[[], object],
    ) -> None:
        self._on_change = on_change
        self._column, self._falling, self._page = "date", True, 0
        self.found: list[RunRow] = []
        self.find_box = widgets.Text(
            placeholder="Find: Ha, not focused, 2026-11",
            tooltip="Words with commas between; a run holds all of them.",
        )
        self.outcome = widgets.Dropdown(options=[("All outcomes", "")], value="")
        for one in (self.find_box, self.outcome):
            one.observe(self._looked_for, "value")
        self.clear_button = button("Clear", self._clear)
        self.unread_button = widgets.ToggleButton()
        self.folder_button = widgets.ToggleButton(description="Folder…")
        for fold in (self.unread_button, self.folder_button):
            fold.observe(lambda _: on_change(), "value")
        self.folder = widgets.Text(
            placeholder="Path of a folder, then Enter", continuous_update=False
        )
        self.folder.observe(lambda change: on_folder(change["new"].strip()), "value")
        tools = box(
            "fb-finders",
            self.find_box, self.outcome, self.clear_button, self.unread_button,
            self.folder_button, self.folder,
        )  # fmt: skip
        tools.add_class("fb-buttons")
        self.table = RunTable(on_pick, self._sort, self._turn_page)
        self.unread = widgets.HTML()
        self.unread.add_class("fb-unread")
        super().__init__([tools, self.table, self.unread])
        self.add_class("fb-shelf")

    @property
    def looked_for(self) -> str:
        """What is looked for, in words; empty where that is everything."""
        return ", ".join(text for text in (self.find_box.value, self.outcome.value) if text)

    def show(self, rows: Sequence[RunRow], skipped: Sequence[str], picked: Container[Key]) -> None:
        """Show what is looked for; writes only what is different."""
        self.found = in_order(
            find(rows, self.find_box.value, self.outcome.value), self._column, falling=self._falling
        )
        self._page = max(0, min(self._page, (len(self.found) - 1) // ROWS))
        self.table.show(
            self.found,
            self._page,
            picked,
            column=self._column,
            falling=self._falling,
            top=_common_top(rows),
            words=" found" if len(self.found) < len(rows) else " runs",
        )
        self._show_unread(skipped)
        reveal(self.clear_button, bool(self.looked_for))
        reveal(self.folder, self.folder_button.value)

    def _show_unread(self, skipped: Sequence[str]) -> None:
        listing = self.unread_button.value and bool(skipped)
        items = "".join(f"<li>{escape(one)}</li>" for one in skipped)
        write(self.unread, f"<ul>{items}</ul>" if listing else "")
        reveal(self.unread, listing)
        reveal(self.table, not listing)
        reveal(self.unread_button, bool(skipped))
        files = count(len(skipped), "file")
        self.unread_button.description = "‹ Back to the runs" if listing else f"{files} not read…"

    def offer_outcomes(self, rows: Iterable[RunRow]) -> None:
        """Offer the outcomes that there are."""
        words, before = sorted({row.word for row in rows}), self.outcome.value
        self.outcome.options = [("All outcomes", ""), *((word, word) for word in words)]
        self.outcome.value = before if before in words else ""

    def _sort(self, column: str) -> None:
        self._falling = not self._falling if column == self._column else column == "date"
        self._column, self._page = column, 0
        self._on_change()

    def _turn_page(self, by: int) -> None:
        self._page += by
        self._on_change()

    def _looked_for(self, _: Any = None) -> None:
        self._page = 0
        self._on_change()

    def _clear(self, _: Any = None) -> None:
        self.find_box.value, self.outcome.value = "", ""


def _common_top(rows: Iterable[RunRow]) -> float:
    """Top of the scale of all small curves: nine runs in ten stay below it."""
    tops = sorted(max(row.y) for row in rows if row.y)
    return tops[min(len(tops) - 1, int(0.9 * len(tops)))] if tops else 0.0
