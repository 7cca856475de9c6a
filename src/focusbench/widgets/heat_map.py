"""The heat map of a study: step size across, data points down, a button for each setting."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import ipywidgets as widgets

from focusbench.tuning import Choice
from focusbench.widgets.pieces import write
from focusbench.widgets.theme import close_all
from focusbench.widgets.wording import duration, plus_minus

View = Literal["error", "in_zone", "time", "failure"]
VIEWS: Mapping[View, str] = {
    "error": "Error",
    "in_zone": "In the zone",
    "time": "Time",
    "failure": "Failure",
}
SAYS: Mapping[View, str] = {
    "error": "error in steps, runs inside the zone",
    "in_zone": "runs inside the zone, their 90 % interval",
    "time": "time for one run, runs inside the zone",
    "failure": "runs that end without a focus, runs inside the zone",
}
LEVELS = 4
CLASSES = (*(f"fb-h{level}" for level in range(LEVELS)), "fb-hatched", "fb-picked", "fb-yours")


class HeatMap(widgets.Box):
    """A CSS grid of buttons with two numbers each: keyboard, tooltips and hatching come with it.

    Buttons are made once for a grid and kept.

    Parameters
    ----------
    on_pick : callable, (int, int) → object
        Told the step size and the data points of a cell that was pressed.

    Attributes
    ----------
    cells : mapping of (int, int) to Button
        By step size and data points.
    """

    def __init__(self, on_pick: Callable[[tuple[int, int]], object]) -> None:
        self.cells: dict[tuple[int, int], widgets.Button] = {}
        self._on_pick = on_pick
        self._axes: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
        self._heads: dict[int, widgets.HTML] = {}
        self._parts: tuple[widgets.Widget, ...] = ()
        super().__init__()
        self.add_class("fb-heat")

    def show(
        self,
        step_sizes: tuple[int, ...],
        data_points: tuple[int, ...],
        choices: Mapping[tuple[int, int], Choice],
        *,
        view: View,
        picked: tuple[int, int] | None,
        yours: tuple[int, int] | None,
    ) -> None:
        """Show what is known of the settings; writes only what is different."""
        if self._axes != (step_sizes, data_points):
            self._make(step_sizes, data_points)
        for n, head in self._heads.items():
            times = [choice.duration_s for (_, m), choice in choices.items() if m == n]
            middle = f"<span>{duration(sorted(times)[len(times) // 2])}</span>" if times else ""
            write(head, f"<b>{n}</b>{middle}")
        levels = levels_of(choices, view)
        for cell, button in self.cells.items():
            choice = choices.get(cell)
            names = {name for name, on in (("fb-picked", cell == picked),
                                           ("fb-yours", cell == yours)) if on}  # fmt: skip
            if choice is None:
                text, tooltip = "", f"{cell[1]} × {cell[0]}: not simulated yet."
            else:
                text, tooltip = cell_text(choice, view), cell_tooltip(choice)
                names.add(f"fb-h{levels[cell]}" if choice.keeps_focus else "fb-hatched")
            if cell == yours:
                tooltip += " This is your setting."
            _put(button, text, tooltip, choice is None, names)

    def _make(self, step_sizes: tuple[int, ...], data_points: tuple[int, ...]) -> None:
        old = self._parts
        self._axes = (step_sizes, data_points)
        self._heads = {n: _html("", "fb-row-head") for n in data_points}
        self.cells = {}
        children: list[widgets.Widget] = []
        for n in data_points:
            children.append(self._heads[n])
            for step in step_sizes:
                one = widgets.Button(disabled=True)
                one.on_click(lambda _, cell=(step, n): self._on_pick(cell))
                self.cells[step, n] = one
                children.append(one)
        top = [_html("", "fb-corner")] + [_html(str(step), "fb-column-head") for step in step_sizes]
        self.layout.grid_template_columns = f"58px repeat({max(1, len(step_sizes))}, 1fr)"
        self._parts = (*top, *children)
        self.children = self._parts
        for one in old:
            close_all(one)


def levels_of(choices: Mapping[tuple[int, int], Choice], view: View) -> dict[tuple[int, int], int]:
    """Shade of each setting, 0 the best: four equal parts from best to worst that keep focus."""
    values = {
        cell: _badness(choice, view) for cell, choice in choices.items() if choice.keeps_focus
    }
    known = [value for value in values.values() if math.isfinite(value)]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    return {
        cell: min(LEVELS - 1, int(LEVELS * (value - low) / (high - low)))
        if high > low and math.isfinite(value)
        else LEVELS - 3
        for cell, value in values.items()
    }


def cell_text(choice: Choice, view: View) -> str:
    """The two numbers of a cell."""
    share = _percent(choice.in_zone_rate)
    if view == "in_zone":
        rate = choice.estimates["in_zone_rate"]
        return f"{share}\n{100 * rate.low:.0f} to {100 * rate.high:.0f}"
    if view == "time":
        return f"{duration(choice.duration_s)}\n{share}"
    if view == "failure":
        return f"{_percent(choice.failure_rate)}\n{share}"
    error = choice.position_error
    return f"{'–' if math.isnan(error) else plus_minus(error)}\n{share}"


def cell_tooltip(choice: Choice) -> str:
    """All of it in words, and why there is no error where there is none."""
    rate, n = choice.estimates["in_zone_rate"], len(choice.trials)
    said = (
        f"{choice.data_points} data points, step size {choice.step_size}: "
        f"{_percent(choice.in_zone_rate)} of runs end in the zone "
        f"({100 * rate.low:.0f} to {100 * rate.high:.0f}), {_percent(choice.failure_rate)} without "
        f"a focus, {duration(choice.duration_s)} a run."
    )
    if math.isnan(choice.position_error):
        return f"{said} Fewer than two of {n} runs focused: there is no error to tell."
    return f"{said} Error {plus_minus(choice.position_error)} steps."


def toggles(on_view: Callable[[View], object]) -> widgets.ToggleButtons:
    """What the cells show."""
    made = widgets.ToggleButtons(
        options=[(words, view) for view, words in VIEWS.items()],
        tooltips=[f"Each cell: {words}." for words in SAYS.values()],
    )
    made.add_class("fb-views")
    made.observe(lambda change: on_view(change["new"]), "value")
    return made


def _badness(choice: Choice, view: View) -> float:
    if view == "in_zone":
        return -choice.in_zone_rate
    if view == "failure":
        return choice.failure_rate
    value = choice.position_error if view == "error" else choice.duration_s
    return math.log(value) if value > 0 else math.nan


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _put(button: widgets.Button, text: str, tooltip: str, disabled: bool, names: set[str]) -> None:
    kept: Sequence[str] = [name for name in button._dom_classes if name not in CLASSES]
    with button.hold_sync():
        button.description, button.tooltip, button.disabled = text, tooltip, disabled
        button._dom_classes = (*kept, *sorted(names))


def _html(text: str, name: str) -> widgets.HTML:
    made = widgets.HTML(text)
    made.add_class(name)
    return made
