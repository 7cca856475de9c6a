"""A field for a number: judged on Enter or when left, and never clamped in silence."""

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from focusbench.widgets.wording import escape


class NumberField(widgets.Box):
    """A labelled number with its unit, and one sentence below it where it cannot be used.

    Parameters
    ----------
    label, unit, help : str
    value : float or None
        None is an empty field.
    check : callable
        From the number typed to the value in force; raises `ValueError` with one sentence for
        people (an `~focusbench.errors.OptionsError` is one).
    on_valid : callable
        Told every other valid value.
    keeps : bool
        Whether the last valid value stays in force, and is named beside an error.
    """

    def __init__(
        self,
        label: str,
        value: float | None,
        check: Callable[[float], Any],
        on_valid: Callable[[Any], None],
        *,
        unit: str = "",
        help: str = "",
        keeps: bool = True,
    ) -> None:
        self._keeps = keeps
        self._check, self._on_valid, self._unit = check, on_valid, unit
        self.value: Any = value
        self.error = ""
        self.text = widgets.Text(
            value=_shown(value), description=label, tooltip=help, continuous_update=False
        )
        self.text.observe(self._judge, "value")
        self._words = widgets.HTML(self._words_html())
        super().__init__([self.text, self._words])
        self.add_class("fb-field")

    def say(self, error: str) -> None:
        """Show a sentence under the field; none where empty."""
        if error != self.error:
            self.error = error
            self._words.value = self._words_html()

    def _judge(self, change: Any) -> None:
        try:
            value = self._check(read_number(change["new"]))
        except ValueError as error:
            self.say(f"{error} Still using {self.value:g}." if self._keeps else str(error))
            return
        self.say("")
        if value != self.value:
            self.value = value
            self._on_valid(value)

    def _words_html(self) -> str:
        unit = f'<span class="fb-unit">{escape(self._unit)}</span>'
        error = f'<span class="fb-error" role="alert">{escape(self.error)}</span>'
        return unit + error if self.error else unit


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def read_number(text: str) -> float:
    """Read what a person typed; raises `ValueError` with a sentence for people."""
    try:
        return float(text.strip().replace("−", "-").replace(",", "."))
    except ValueError:
        raise ValueError("This must be a number.") from None


def whole_number(low: int, high: int, label: str) -> Callable[[float], int]:
    """A check for whole numbers from `low` to `high`."""

    def check(number: float) -> int:
        if number != number or not number.is_integer() or not low <= number <= high:
            raise ValueError(f"{label} must be a whole number from {low} to {high}.")
        return int(number)

    return check
