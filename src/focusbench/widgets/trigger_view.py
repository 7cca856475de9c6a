"""Sets of triggers side by side: a table, one night of each, and every run in words."""

import math

import ipywidgets as widgets

from focusbench.tuning import TriggerComparison
from focusbench.widgets.night_pictures import comparison_html
from focusbench.widgets.pieces import box, write
from focusbench.widgets.theme import NightSwitch, close_all, style_widget
from focusbench.widgets.wording import count, escape

_COLUMNS = (
    ("runs", "Focus runs", "{:.1f}", 1.0),
    ("needed", "Needed", "{:.1f}", 1.0),
    ("false_alarms", "False alarms", "{:.1f}", 1.0),
    ("no_focus", "No focus", "{:.1f}", 1.0),
    ("focusing", "Minutes", "{:.0f}", 1 / 60),
    ("frames_lost", "Frames lost", "{:.1f}", 1.0),
    ("in_zone", "In the zone", "{:.0f} %", 100.0),
    ("in_zone_least", "Worst night", "{:.0f} %", 100.0),
)


class TriggerView(widgets.Box):
    """What sets of triggers come to; displays itself as the last line of a cell.

    Parameters
    ----------
    compared : TriggerComparison
        From `focusbench.compare_triggers`.

    Attributes
    ----------
    nights : Dropdown
        The night that is drawn; hidden where there is one.

    Examples
    --------
    >>> import focusbench as fb
    >>> sets = {"every 1 °C": fb.TriggerOptions(every_c=1)}
    >>> night = fb.SimulatedNight.reference(seed=1).replace(hours=1.0)
    >>> view = fb.TriggerView(fb.compare_triggers(night, sets))
    >>> view.close()
    """

    def __init__(self, compared: TriggerComparison) -> None:
        self.compared = compared
        many = len(next(iter(compared.nights.values())))
        self.nights = widgets.Dropdown(
            options=[(f"Night {n + 1} of {many}", n) for n in range(many)]
        )
        self.nights.observe(lambda _: self._draw(), "value")
        self._title, self._table = widgets.HTML(), widgets.HTML()
        self._title.add_class("fb-title")
        self._picture, self._runs = widgets.HTML(), widgets.HTML()
        self._night_switch = NightSwitch()
        if many == 1:
            self.nights.add_class("fb-hidden")
        header = box("fb-header", self._title, self.nights, self._night_switch)
        parts = box("fb-compared", self._table, self._picture, self._runs)
        super().__init__([style_widget(), header, parts])
        self.add_class("fb-root")
        self._night_switch.turn(self)
        said = f"{count(len(compared.nights), 'set')}, {count(many, 'night')}"
        write(self._title, f'<b class="fb-name">Triggers</b><span class="fb-muted">{said}</span>')
        write(self._table, table_html(compared))
        self._draw()

    def close(self) -> None:
        """Close the view with all its widgets."""
        close_all(self)

    def _draw(self) -> None:
        write(self._picture, comparison_html(self.compared, self.nights.value))
        write(self._runs, runs_html(self.compared, self.nights.value))


def table_html(compared: TriggerComparison) -> str:
    """Means of a night, a set of triggers a row, and what could not be answered."""
    summary = compared.summary
    columns = [
        c for c in _COLUMNS if c[0] != "in_zone_least" or compared.dataset.sizes["night"] > 1
    ]
    heads = "".join(f"<th>{head}</th>" for _, head, _, _ in columns)
    rows = []
    for name in compared.nights:
        row = summary.sel(trigger_set=name)
        cells = "".join(
            f"<td>{_cell(float(row[key]) * scale, form)}</td>" for key, _, form, scale in columns
        )
        rows.append(f"<tr><td>{escape(name)}</td>{cells}</tr>")
    notes = "".join(f'<div class="fb-muted">{escape(note)}</div>' for note in compared.notes)
    return (
        f'<table class="fb-sets"><thead><tr><th>A night with</th>{heads}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>{notes}"
    )


def runs_html(compared: TriggerComparison, night: int) -> str:
    """Every run of every set in words, folded."""
    parts = []
    for name, nights in compared.nights.items():
        listed = "".join(f"<li>{escape(words)}</li>" for words in nights[night].words)
        parts.append(
            f"<details><summary>{escape(name)}: {count(len(nights[night].alarms), 'run')} in words"
            f'</summary><ul class="fb-night-list">{listed}</ul></details>'
        )
    return "".join(parts)


def _cell(value: float, form: str) -> str:
    return form.format(value) if math.isfinite(value) else "–"
