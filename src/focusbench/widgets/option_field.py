"""One option in a form: its control, what is wrong with its text, and what the profile says."""

from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as widgets

from focusbench.errors import OptionsError
from focusbench.options import FilterTable, OptionSpec
from focusbench.widgets.wording import escape


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


def say_value(spec: OptionSpec, value: Any) -> str:
    """Write a value in a sentence: a choice by its label, a switch as on or off."""
    if spec.choices:
        return next((label for choice, label in spec.choices if choice == value), str(value))
    if spec.kind is bool:
        return "on" if value else "off"
    return show_value(value) or ("none" if spec.kind in (str, FilterTable) else "auto")


class OptionField(widgets.Box):
    """One option: label, control, unit, and the sentence about what is wrong with it.

    Where its value differs from the profile's, a button below says so and takes that one.

    Parameters
    ----------
    spec : OptionSpec
    value : object
        Value to begin with, and that of the profile.
    on_valid : callable
        Told (name, value) when a person has given another valid value.
    on_error : callable
        Told when the sentence has changed.
    empty : str
        What a field without a value means.
    base : str
        What the value to begin with is called where another is in force.
    """

    def __init__(
        self,
        spec: OptionSpec,
        value: Any,
        on_valid: Callable[[str, Any], None],
        on_error: Callable[[], None],
        *,
        empty: str = "auto",
        base: str = "profile",
    ) -> None:
        self.spec, self._base = spec, base
        self.error = ""
        self.profile_button: widgets.Button | None = None
        self._in_force = self._profile = value
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

    @property
    def differs(self) -> bool:
        """Whether the value in force is another than the profile's."""
        return bool(self._in_force != self._profile)

    def put(self, value: Any) -> None:
        """Show a value that somebody else has set."""
        self._in_force = value
        self._control.unobserve(self._judge, "value")
        self._control.value = (
            value if self.spec.choices or self.spec.kind is bool else (show_value(value))
        )
        self._control.observe(self._judge, "value")
        self._say("")
        self._mark()

    def compare_with(self, profile: Any) -> None:
        """Mark the field where its value is another than this one of the profile."""
        self._profile = profile
        self._mark()

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
            self._mark()
            self._on_valid(self.spec.name, value)

    def _mark(self) -> None:
        """Show the profile's value where it differs; the button is made when first needed."""
        if self.profile_button is None:
            if not self.differs:
                return
            self.profile_button = widgets.Button()
            self.profile_button.add_class("fb-from-profile")
            self.profile_button.on_click(self._take_profile)
            self.children = (self._control, self._words, self.profile_button)
        if self.differs:
            says = say_value(self.spec, self._profile)
            self.profile_button.description = f"{self._base}: {_shortened(says)} ↺"
            self.profile_button.tooltip = f"Take the {self._base} value: {says}."
        self.profile_button.layout.display = None if self.differs else "none"

    def _take_profile(self, _: object = None) -> None:
        value = self._profile
        self.put(value)
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


def _shortened(text: str) -> str:
    return text if len(text) <= 22 else f"{text[:20]}…"


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
