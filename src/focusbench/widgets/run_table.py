"""The table of runs: eleven rows a page, sorted by any column, picked by click or space bar."""

from collections.abc import Callable, Container, Sequence

import ipywidgets as widgets

from focusbench.widgets.pieces import box, button, enable, write
from focusbench.widgets.run_rows import COLUMNS, Key, RunRow, celsius
from focusbench.widgets.wording import escape, plus_minus, position

ROWS = 11
"""Rows of a page."""

_NUMBERS = ("temperature", "best", "error", "hfr", "points")


class RunTable(widgets.Box):
    """Rows of runs; it shows and asks, and knows nothing of files.

    A row is a page fragment with a transparent toggle button over it: rich cells, a focus ring and
    the keyboard, without any script.

    Parameters
    ----------
    on_pick : callable
        Told (key, whether it is picked) when a person picks a run or lets it go.
    on_sort : callable
        Told the column whose head was pressed.
    on_page : callable
        Told −1 or +1.
    """

    def __init__(
        self,
        on_pick: Callable[[Key, bool], None],
        on_sort: Callable[[str], None],
        on_page: Callable[[int], None],
    ) -> None:
        self._on_pick = on_pick
        self._keys: list[Key | None] = [None] * ROWS
        self._putting = False
        self.heads = {
            name: button(head, lambda _, name=name: on_sort(name), *_classes(name))
            for name, (head, _) in COLUMNS.items()
        }
        self.cells = [widgets.HTML() for _ in range(ROWS)]
        self.toggles = [widgets.ToggleButton() for _ in range(ROWS)]
        rows = []
        for i, (cells, toggle) in enumerate(zip(self.cells, self.toggles, strict=True)):
            toggle.observe(lambda change, i=i: self._picked(i, change["new"]), "value")
            rows.append(box("fb-row", cells, toggle))
        self.back = button("‹", lambda _: on_page(-1), "fb-page")
        self.forth = button("›", lambda _: on_page(+1), "fb-page")
        self._where = widgets.HTML()
        self.footer = box("fb-foot", self._where, self.back, self.forth)
        super().__init__([box("fb-heads", *self.heads.values()), *rows, self.footer])
        self.add_class("fb-run-table")

    def show(
        self,
        rows: Sequence[RunRow],
        page: int,
        picked: Container[Key],
        *,
        column: str,
        falling: bool,
        top: float,
        words: str,
    ) -> None:
        """Show one page; writes only what is different.

        Parameters
        ----------
        rows : sequence of RunRow
            All of them, sorted.
        page : int
            From 0.
        picked : container of Key
        column, falling
            What it is sorted by.
        top : float, pixels
            Of the scale of all small curves.
        words : str
            What the foot says after the numbers, as a page fragment.
        """
        shown = rows[page * ROWS : (page + 1) * ROWS]
        self._putting = True
        try:
            for i in range(ROWS):
                row = shown[i] if i < len(shown) else None
                self._keys[i] = None if row is None else row.key
                chosen = row is not None and row.key in picked
                write(self.cells[i], "" if row is None else row_html(row, chosen, top))
                toggle, said = self.toggles[i], "" if row is None else f"Pick {row.label}"
                if (toggle.value, toggle.disabled, toggle.description) != (
                    chosen,
                    row is None,
                    said,
                ):
                    with toggle.hold_sync():
                        toggle.value, toggle.disabled, toggle.description = (
                            chosen,
                            row is None,
                            said,
                        )
        finally:
            self._putting = False
        for name, head in self.heads.items():
            mark = "" if name != column else " ▾" if falling else " ▴"
            if head.description != COLUMNS[name][0] + mark:
                head.description = COLUMNS[name][0] + mark
        n_pages = max(1, -(-len(rows) // ROWS))
        first = page * ROWS + 1 if rows else 0
        write(
            self._where,
            f'<span class="fb-muted">{first}–{page * ROWS + len(shown)} of {len(rows)}{words}'
            f'</span><span class="fb-muted fb-pages">page {page + 1} of {n_pages}</span>',
        )
        enable(self.back, page > 0, "Page before.", "This is the first page.")
        enable(self.forth, page + 1 < n_pages, "Next page.", "This is the last page.")

    def _picked(self, i: int, value: bool) -> None:
        key = self._keys[i]
        if not self._putting and key is not None:
            self._on_pick(key, value)


def _classes(name: str) -> tuple[str, ...]:
    return ("fb-head", "fb-number") if name in _NUMBERS else ("fb-head",)


def row_html(row: RunRow, picked: bool, top: float) -> str:
    """One row; whatever a file says is escaped."""
    tone = {"✓": "ok", "!": "warn", "✕": "bad"}.get(row.sign, "muted")
    degrees = None if row.temperature_c is None else celsius(row.temperature_c).removesuffix(" °C")
    numbers = (
        None if row.best is None else position(row.best),
        None if row.error is None else plus_minus(row.error),
        None if row.hfr is None else f"{row.hfr:.2f}",
        row.n_points,
    )
    foreign = "" if row.format == "focusbench" else f" · {row.format}"
    return (
        f'<div class="fb-cells{" fb-picked" if picked else ""}" '
        f'title="{escape(row.name + foreign)}">'
        f"<span>{'☑' if picked else '☐'} {escape(row.title)}</span>"
        f"<span>{escape(row.filter or '–')}</span>"
        f'<span class="fb-number">{degrees or "–"}</span>'
        f"<span>{sparkline(row, top)}</span>"
        f'<span><i class="fb-{tone}">{row.sign}</i> {escape(row.word)}'
        f'<small class="fb-muted">{escape(foreign)}</small></span>'
        + "".join(
            f'<span class="fb-number">{"–" if number is None else number}</span>'
            for number in numbers
        )
        + "</div>"
    )


def sparkline(row: RunRow, top: float) -> str:
    """The points of a run on the scale that all runs share, so that shallow and steep differ."""
    if not row.x or top <= 0:
        return ""
    low, high = min(row.x), max(row.x)
    wide = (high - low) or 1.0
    dots = "".join(
        f'<circle cx="{3 + 70 * (x - low) / wide:.1f}" cy="{21 - 18 * min(y / top, 1.0):.1f}" '
        'r="1.9"/>'
        for x, y in zip(row.x, row.y, strict=True)
    )
    return (
        f'<svg class="fb-spark" width="76" height="24" fill="var(--fb-point)" aria-hidden="true">'
        f"{dots}</svg>"
    )
