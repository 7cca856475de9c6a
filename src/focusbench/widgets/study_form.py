"""What to learn a rig from and what to try: a folder of runs with check boxes, and the grid."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets

from focusbench.af_packages import Package, zone_is_told
from focusbench.api import when
from focusbench.errors import OptionsError
from focusbench.options import AutofocusOptions, OptionSpec, option_specs
from focusbench.widgets.pieces import box, button, write
from focusbench.widgets.study_job import Grid
from focusbench.widgets.theme import close_all
from focusbench.widgets.wording import count, escape, plus_minus, position

SHOWN = 24
"""So many runs are listed, the latest first: more than a rig is learned from."""
ONE_NIGHT_S = 18 * 3600.0
TRIALS = (60, 5000)


class StudyForm(widgets.Box):
    """Runs to tick, step sizes and data points to try.

    Parameters
    ----------
    on_folder : callable, str → object
        Told the folder that was typed.
    on_change : callable
        Told that something else has changed.

    Attributes
    ----------
    grid : Grid
        What is to be tried; a field with an error keeps its last valid value.
    folder : Text
    ticks : list of (Package, Checkbox)
    """

    def __init__(self, on_folder: Callable[[str], object], on_change: Callable[[], object]) -> None:
        self.grid = Grid()
        self.ticks: list[tuple[Package, widgets.Checkbox]] = []
        self._on_change = on_change
        self.folder = widgets.Text(
            description="Folder of runs",
            placeholder="af_packages",
            tooltip="AF packages, and runs of other programs, in it and in its folders.",
            continuous_update=False,
        )
        self.folder.observe(lambda change: on_folder(change["new"].strip()), "value")
        self.all_button = button("All", lambda _: self._tick(True))
        self.none_button = button("None", lambda _: self._tick(False))
        self._runs = box("fb-runs")
        self._note = widgets.HTML()
        specs = {spec.name: spec for spec in option_specs(AutofocusOptions())}
        self.fields = {
            "step_sizes": NumbersField(
                "Step sizes", "automatic", "steps", specs["step_size"], self._take
            ),
            "data_points": NumbersField(
                "Data points", "5 7 9 11 13", "", specs["data_points"], self._take
            ),
            "trials": NumbersField("Runs each", "200", "", None, self._take),
        }
        for name, one in self.fields.items():
            one.name = name
        tools = box("fb-buttons", self.all_button, self.none_button)
        head = box("fb-folder", box("fb-field", self.folder), tools)
        left = box("fb-study-runs", head, self._runs, self._note)
        title = widgets.HTML('<div class="fb-section">What to try</div>')
        right = box("fb-form", title, *self.fields.values())
        super().__init__([left, right])
        self.add_class("fb-study-form")

    @property
    def picked(self) -> tuple[Package, ...]:
        """The runs that are ticked."""
        return tuple(package for package, tick in self.ticks if tick.value)

    def list_runs(self, packages: Sequence[Package], *, tick_all: bool) -> None:
        """List runs, the latest first, and tick all of them, or those of the latest night."""
        latest = sorted(packages, key=lambda one: one.started_s or 0.0, reverse=True)[:SHOWN]
        ticked = set(map(id, latest if tick_all else last_night(latest)))
        rows, self.ticks = list[widgets.Widget](), []
        for package in latest:
            tick = widgets.Checkbox(value=id(package) in ticked, indent=False,
                                    description=package.name)  # fmt: skip
            tick.observe(lambda _: self._on_change(), "value")
            self.ticks.append((package, tick))
            rows.append(box("fb-run", tick, widgets.HTML(run_html(package))))
        old, self._runs.children = self._runs.children, tuple(rows)
        for one in old:
            close_all(one)
        left_out = len(packages) - len(latest)
        text = f"The latest {SHOWN} of {count(len(packages), 'run')}." if left_out else ""
        write(self._note, f'<div class="fb-advice">{text}</div>' if text else "")

    def _tick(self, value: bool) -> None:
        for _, tick in self.ticks:
            tick.value = value

    def _take(self, name: str, numbers: tuple[int, ...]) -> None:
        if name == "trials":
            self.grid = Grid(self.grid.step_sizes, self.grid.data_points, (numbers or (200,))[0])
        elif name == "step_sizes":
            self.grid = Grid(numbers, self.grid.data_points, self.grid.trials)
        else:
            self.grid = Grid(self.grid.step_sizes, numbers, self.grid.trials)
        self._on_change()


class NumbersField(widgets.Box):
    """A field for one or several whole numbers; empty leaves the choice to the study.

    Parameters
    ----------
    label, empty, unit : str
    spec : OptionSpec or None
        Whose bounds the numbers have; None is the one number of runs.
    on_valid : callable, (str, tuple of int) → object
    """

    name = ""

    def __init__(
        self,
        label: str,
        empty: str,
        unit: str,
        spec: OptionSpec | None,
        on_valid: Callable[[str, tuple[int, ...]], object],
    ) -> None:
        self._label, self._spec, self._unit, self._on_valid = label, spec, unit, on_valid
        self._in_force = empty
        self.error = ""
        self.text = widgets.Text(
            description=label,
            placeholder=empty,
            continuous_update=False,
            tooltip="One or several numbers, such as 40 60 80; empty for a good choice."
            if spec
            else "Simulated runs for each setting; fewer are faster and tell less.",
        )
        self.text.observe(self._judge, "value")
        self._words = widgets.HTML(f'<span class="fb-unit">{unit}</span>')
        super().__init__([self.text, self._words])
        self.add_class("fb-field")

    def _judge(self, change: Any) -> None:
        try:
            numbers = read_numbers(self._label, self._spec, change["new"])
        except OptionsError as error:
            self._say(f"{error} Still using {self._in_force}.")
            return
        self._in_force = " ".join(map(str, numbers)) or self.text.placeholder
        self._say("")
        self._on_valid(self.name, numbers)

    def _say(self, error: str) -> None:
        self.error = error
        wrong = f'<span class="fb-error" role="alert">{escape(error)}</span>' if error else ""
        write(self._words, f'<span class="fb-unit">{self._unit}</span>{wrong}')


def read_numbers(label: str, spec: OptionSpec | None, text: str) -> tuple[int, ...]:
    """Read whole numbers, different and in their order; nothing is an empty tuple.

    Raises
    ------
    OptionsError
        One sentence that names the bound.
    """
    words = re.split(r"[\s,;]+", text.strip()) if text.strip() else []
    try:
        numbers = tuple(sorted({int(word) for word in words}))
    except ValueError:
        raise OptionsError(f"{label} must be whole numbers, such as 40 60 80.", label) from None
    if spec is None:
        low, high = TRIALS
        if len(numbers) > 1 or any(not low <= number <= high for number in numbers):
            raise OptionsError(f"{label} must be one number from {low} to {high}.", label)
        return numbers
    try:
        for number in numbers:
            spec.check(number)
    except OptionsError:
        raise OptionsError(f"{label} must be {spec.bounds_text()} each.", label) from None
    return numbers


def last_night(packages: Sequence[Package]) -> list[Package]:
    """Of runs, the latest first, those of the latest night in the latest run's filter."""
    if not packages:
        return []
    latest = packages[0]
    since = (latest.started_s or 0.0) - ONE_NIGHT_S
    return [
        one for one in packages
        if (one.started_s or 0.0) >= since
        and (one.filter, one.metric) == (latest.filter, latest.metric)
    ]  # fmt: skip


def run_html(package: Package) -> str:
    """A run in a row: when, filter, setting, what came of it."""
    told = zone_is_told(" ".join(package.notes))
    began = when(package.started_s, "%-d %b %H:%M", local=told) or "–"
    step = "" if package.step_size is None else f" × {package.step_size:.0f}"
    points = sum(point.role != "validation" for point in package.focus_points)
    record = package.record
    if record is None:
        came: str = package.format
    elif record.best_position is None:
        came = f"✕ {str(record.outcome).replace('_', ' ').lower()}"
    else:
        error = record.best_position_error
        plus = "" if error is None else f" {plus_minus(error)}"
        came = f"✓ {position(record.best_position)}{plus}"
    cells = (began, package.filter or "–", f"{points}{step}", came)
    return "".join(f"<span>{escape(cell)}</span>" for cell in cells)
