"""The form of the options, made from their metadata."""

import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import ipywidgets as widgets
import traitlets

from focusbench.errors import OptionsError
from focusbench.options import (
    SGPRO_RUN,
    AutofocusOptions,
    FilterTable,
    OptionSpec,
    changed,
    option_specs,
)
from focusbench.widgets.theme import close_all
from focusbench.widgets.wording import escape

OPEN_GROUPS = ("Sampling", "Stars")
"""Groups shown at once; the others are folded."""


def read_field(spec: OptionSpec, text: str) -> Any:
    """Read what a person typed into a field.

    Raises
    ------
    OptionsError
        One sentence that names the bound.
    """
    text = text.strip()
    if not text and spec.optional:
        return None
    if spec.kind is FilterTable:
        return FilterTable.from_text(text)
    if spec.kind not in (int, float):
        return spec.check(text)
    what = "a whole number" if spec.kind is int else "a number"
    try:
        number = float(text.replace("−", "-"))
    except ValueError:
        raise OptionsError(f"{spec.label} must be {what}.", spec.name) from None
    if spec.kind is int and not number.is_integer():
        raise OptionsError(f"{spec.label} must be a whole number.", spec.name)
    try:
        return spec.check(number)
    except OptionsError:
        raise OptionsError(f"{spec.label} must be {spec.bounds_text()}.", spec.name) from None


def show_value(value: Any) -> str:
    """Write a value as it stands in a field; None is an empty field."""
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


class OptionField(widgets.Box):
    """One option: label, control, unit, and the sentence about what is wrong with it.

    Parameters
    ----------
    spec : OptionSpec
    value : object
        Value to begin with.
    on_valid : callable
        Told (name, value) when a person has given another valid value.
    on_error : callable
        Told when the sentence has changed.
    empty : str
        What a field without a value means.
    """

    def __init__(
        self,
        spec: OptionSpec,
        value: Any,
        on_valid: Callable[[str, Any], None],
        on_error: Callable[[], None],
        *,
        empty: str = "auto",
    ) -> None:
        self.spec = spec
        self.error = ""
        self._in_force = value
        self._on_valid = on_valid
        self._on_error = on_error
        self._control = _control(spec, value, empty)
        self._control.observe(self._judge, "value")
        self._words = widgets.HTML(self._words_html())
        super().__init__([self._control, self._words])
        self.add_class("fb-field")
        self.add_class(f"fb-option-{spec.name}")

    @property
    def in_force(self) -> str:
        """The value in force, in words."""
        return show_value(self._in_force) or "the automatic value"

    def put(self, value: Any) -> None:
        """Show a value that somebody else has set."""
        self._in_force = value
        self._control.unobserve(self._judge, "value")
        self._control.value = (
            value if self.spec.choices or self.spec.kind is bool else (show_value(value))
        )
        self._control.observe(self._judge, "value")
        self._say("")

    def _judge(self, change: Mapping[str, Any]) -> None:
        given = change["new"]
        typed = isinstance(given, str) and not self.spec.choices
        try:
            value = read_field(self.spec, given) if typed else self.spec.check(given)
        except OptionsError as error:
            self._say(f"{error} Still using {self.in_force}.")
            return
        self._say("")
        if value != self._in_force:
            self._in_force = value
            self._on_valid(self.spec.name, value)

    def _say(self, error: str) -> None:
        if error != self.error:
            self.error = error
            self._words.value = self._words_html()
            self._on_error()

    def _words_html(self) -> str:
        unit = f'<span class="fb-unit">{escape(self.spec.unit)}</span>'
        error = f'<span class="fb-error" role="alert">{escape(self.error)}</span>'
        return unit + error if self.error else unit


class OptionsForm(widgets.Box):
    """Every option in its group, judged on Enter or when left, never on a keystroke.

    Parameters
    ----------
    options : AutofocusOptions, optional
        Values to begin with. Folded groups count what differs from them.

    Attributes
    ----------
    value : AutofocusOptions
        The options in force: a field with an error keeps its last valid value. May be set.
    errors : mapping of str to str
        The sentence about each field whose text is not in force, by the option's name.

    Examples
    --------
    >>> from focusbench.widgets import OptionsForm
    >>> form = OptionsForm()
    >>> form.value.step_size
    60
    """

    value = traitlets.Instance(AutofocusOptions)

    def __init__(self, options: AutofocusOptions | None = None) -> None:
        self._profile = options or AutofocusOptions()
        self._setting = False
        specs = option_specs(self._profile)
        self._fields = {
            spec.name: OptionField(
                spec, getattr(self._profile, spec.name), self._take, self._tell_error
            )
            for spec in specs
        }
        self._folds: dict[str, widgets.ToggleButton] = {}
        self._groups_of = {spec.name: spec.group for spec in specs}
        self._error_callbacks: list[Callable[[], None]] = []
        self._advice = widgets.HTML()
        self.sgpro_button = widgets.Button(
            description="As SGPro",
            tooltip="Run to the letter of SGPro's help page: two lines decide. Step size, exposure "
            "and all that belongs to the rig stay.",
        )
        self.sgpro_button.on_click(self._as_sgpro)
        groups = [
            self._group(group, [self._fields[spec.name] for spec in members])
            for group, members in itertools.groupby(specs, lambda spec: spec.group)
        ]
        presets = widgets.Box([self.sgpro_button])
        presets.add_class("fb-buttons")
        super().__init__([*groups, presets], value=self._profile)
        self.add_class("fb-form")

    @property
    def errors(self) -> Mapping[str, str]:
        """What is wrong with the text of each field that is not in force."""
        return {name: field.error for name, field in self._fields.items() if field.error}

    @property
    def still_using(self) -> list[str]:
        """What a run would use where the text of a field is not in force, one sentence each."""
        wrong = (field for field in self._fields.values() if field.error)
        return [f"{field.spec.label} is still {field.in_force}." for field in wrong]

    def on_change(self, callback: Callable[[AutofocusOptions], None]) -> None:
        """Tell `callback` the options whenever a valid change was made."""
        self.observe(lambda change: callback(change["new"]), "value")

    def on_error(self, callback: Callable[[], None]) -> None:
        """Tell `callback` whenever a field's error comes, goes or changes."""
        self._error_callbacks.append(callback)

    def field(self, name: str) -> OptionField:
        """The field of one option."""
        return self._fields[name]

    def advise(self, text: str) -> None:
        """Show a sentence under Sampling."""
        html = f'<div class="fb-advice">{escape(text)}</div>'
        if self._advice.value != html:
            self._advice.value = html

    def _as_sgpro(self, _: object = None) -> None:
        self.value = self.value.replace(**SGPRO_RUN)

    def close(self) -> None:
        """Close the form with all its fields."""
        close_all(self)

    def _take(self, name: str, value: Any) -> None:
        self._setting = True
        self.value = self.value.replace(**{name: value})
        self._setting = False

    @traitlets.observe("value")
    def _show(self, change: Mapping[str, Any]) -> None:
        if not self._setting:
            for name, field in self._fields.items():
                field.put(getattr(change["new"], name))
        differing = [self._groups_of[name] for name in changed(self.value, self._profile)]
        for group, fold in self._folds.items():
            n_changed = differing.count(group)
            fold.description = _fold_title(group, fold.value, n_changed)

    def _tell_error(self) -> None:
        for callback in self._error_callbacks:
            callback()

    def _group(self, group: str, fields: Iterable[OptionField]) -> widgets.Box:
        content = widgets.Box([*fields])
        content.add_class("fb-group")
        if group in OPEN_GROUPS:
            head = widgets.HTML(f'<div class="fb-section">{escape(group)}</div>')
            content.children = (head, *content.children)
            if group == OPEN_GROUPS[0]:
                content.children = (*content.children, self._advice)
            return content
        content.layout.display = "none"
        fold = widgets.ToggleButton(description=_fold_title(group, False, 0))
        fold.add_class("fb-fold")
        fold.observe(lambda change: self._fold(group, content, change["new"]), "value")
        self._folds[group] = fold
        box = widgets.Box([fold, content])
        box.add_class("fb-group")
        return box

    def _fold(self, group: str, content: widgets.Box, is_open: bool) -> None:
        content.layout.display = None if is_open else "none"
        fold = self._folds[group]
        fold.description = ("▾" if is_open else "▸") + fold.description[1:]


def _control(spec: OptionSpec, value: Any, empty: str) -> widgets.ValueWidget:
    if spec.choices:
        return widgets.Dropdown(
            options=[(label, choice) for choice, label in spec.choices],
            value=value,
            description=spec.label,
            tooltip=spec.help,
        )
    if spec.kind is bool:
        return widgets.Checkbox(
            value=value, description=spec.label, tooltip=spec.help, indent=False
        )
    return widgets.Text(
        value=show_value(value),
        description=spec.label,
        tooltip=f"{spec.help} Allowed: {spec.bounds_text()}.",
        placeholder=empty if spec.optional else "",
        continuous_update=False,
    )


def _fold_title(group: str, is_open: bool, n_changed: int) -> str:
    count = f" · {n_changed} changed" if n_changed else ""
    return f"{'▾' if is_open else '▸'} {group}{count}"
