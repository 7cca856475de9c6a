"""What an option is: a dataclass field that knows its label, unit, bounds and help.

The same metadata makes the form, checks the file and writes the documentation.
"""

import dataclasses
import difflib
import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeVar, dataclass_transform

from focusbench.errors import OptionsError
from focusbench.options.filters import FilterTable

T = TypeVar("T")

_KEY = "focusbench.option"


@dataclass(frozen=True)
class OptionSpec:
    """One option as people see it.

    Attributes
    ----------
    name : str
        Name of the field, as in code and in files.
    label : str
        Words beside the field in a form.
    group : str
        The help page's group it belongs to.
    unit : str
        Unit as shown, empty where there is none.
    kind : type
        `int`, `float`, `bool`, `str` or `FilterTable`.
    low, high : float or None
        Bounds, in `unit`; None where there is none.
    low_open : bool
        Whether `low` itself is excluded.
    choices : tuple of (str or int, str)
        Allowed values with their labels; empty for free values.
    optional : bool
        Whether None is allowed ("work it out").
    default : object
        Value where nothing was said.
    help : str
        One or two sentences for a tooltip.
    """

    name: str
    label: str
    group: str
    unit: str
    kind: type
    low: float | None
    high: float | None
    low_open: bool
    choices: tuple[tuple[str | int, str], ...]
    optional: bool
    default: Any
    help: str

    def bounds_text(self) -> str:
        """Say the bounds in words, for messages and tooltips."""
        if self.choices:
            return "one of " + ", ".join(str(value) for value, _ in self.choices)
        unit = f" {self.unit}" if self.unit else ""
        if self.low is not None and self.high is not None:
            if self.low_open:
                return f"more than {self.low:g} and at most {self.high:g}{unit}"
            return f"from {self.low:g} to {self.high:g}{unit}"
        if self.low is not None:
            return f"more than {self.low:g}{unit}" if self.low_open else f"{self.low:g} or more"
        if self.kind is FilterTable:
            return "filters like L 3 s @ 10250, Ha 30 s @ 10310"
        return "a number" if self.kind in (int, float) else "a text"

    def check(self, value: Any) -> Any:
        """Return `value` as the option's own type.

        Raises
        ------
        OptionsError
            Names the option, its bound and what was given.
        """
        if value is None and self.optional:
            return None
        if self.choices:
            if isinstance(value, bool) or value not in [choice for choice, _ in self.choices]:
                raise self._refuse(value)
            return value
        if self.kind is bool:
            if not isinstance(value, bool):
                raise OptionsError(
                    f"{self.label} ({self.name}) is either true or false; got {value!r}.",
                    self.name,
                )
            return value
        if self.kind is str:
            if not isinstance(value, str):
                raise self._refuse(value)
            return value
        if self.kind is FilterTable:
            if not isinstance(value, Mapping):
                raise self._refuse(value)
            return value if isinstance(value, FilterTable) else FilterTable(value)
        return self._check_number(value)

    def _check_number(self, value: Any) -> int | float:
        # numpy scalars are welcome, booleans are not numbers here.
        if isinstance(value, bool) or not hasattr(value, "__float__"):
            raise self._refuse(value)
        number = float(value)
        if not math.isfinite(number):
            raise self._refuse(value)
        if self.kind is int and number != int(number):
            raise OptionsError(
                f"{self.label} ({self.name}) must be a whole number; got {value!r}.", self.name
            )
        too_low = self.low is not None and (
            number <= self.low if self.low_open else number < self.low
        )
        if too_low or (self.high is not None and number > self.high):
            raise self._refuse(value)
        return int(number) if self.kind is int else number

    def _refuse(self, value: Any) -> OptionsError:
        return OptionsError(
            f"{self.label} ({self.name}) must be {self.bounds_text()}; got {value!r}.", self.name
        )


def option(
    *,
    default: Any,
    label: str,
    group: str,
    help: str,
    unit: str = "",
    kind: type | None = None,
    low: float | None = None,
    high: float | None = None,
    low_open: bool = False,
    choices: tuple[tuple[str | int, str], ...] = (),
) -> Any:
    """Declare an option: a dataclass field with what people need to know about it."""
    spec = OptionSpec(
        name="",
        label=label,
        group=group,
        unit=unit,
        kind=kind or type(default),
        low=low,
        high=high,
        low_open=low_open,
        choices=choices,
        optional=default is None,
        default=default,
        help=help,
    )
    return dataclasses.field(default=default, metadata={_KEY: spec})


def option_specs(options: Any) -> tuple[OptionSpec, ...]:
    """List the options of a class of options (or of an instance), in the order of the form."""
    return tuple(
        dataclasses.replace(field.metadata[_KEY], name=field.name)
        for field in dataclasses.fields(options)
        if _KEY in field.metadata
    )


class Replaceable:
    """What all classes of options can do."""

    def replace(self, **changes: Any) -> Self:
        """Make the same options with some values changed; they are checked again."""
        fields = dataclasses.fields(self)  # type: ignore[arg-type]
        values = {field.name: getattr(self, field.name) for field in fields}
        return type(self)(**{**values, **changes})


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(option,))
def options_class(cls: type[T]) -> type[T]:
    """Make a frozen dataclass of options: checked when made, unknown names refused by name."""
    frozen = dataclass(frozen=True, kw_only=True)(cls)
    names = [field.name for field in dataclasses.fields(frozen)]  # type: ignore[arg-type]
    specs = option_specs(frozen)
    plain_init: Callable[..., None] = frozen.__init__

    def checked_init(self: Any, **given: Any) -> None:
        for name in given:
            if name not in names:
                raise unknown_option(name, names)
        plain_init(self, **given)
        for spec in specs:
            object.__setattr__(self, spec.name, spec.check(getattr(self, spec.name)))

    parameters = inspect.signature(plain_init).parameters
    checked_init.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        list(parameters.values())
    )
    frozen.__init__ = checked_init  # type: ignore[method-assign]
    listed = "\n".join(_documented(spec) for spec in specs)
    frozen.__doc__ = f"{inspect.getdoc(cls)}\n\nParameters\n----------\n{listed}"
    return frozen


def _documented(spec: OptionSpec) -> str:
    kind = f"{spec.kind.__name__}{' or None' if spec.optional else ''}"
    unit = f", {spec.unit}" if spec.unit else ""
    allowed = "" if spec.kind is bool else f" Allowed: {spec.bounds_text()}."
    default = "none" if spec.kind is FilterTable else repr(spec.default)
    return f"{spec.name} : {kind}, default {default}{unit}\n    {spec.help}{allowed}"


def unknown_option(name: str, names: list[str]) -> OptionsError:
    """Make the error for an option that does not exist, with the nearest name that does."""
    close = difflib.get_close_matches(str(name), names, n=1, cutoff=0.4)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return OptionsError(
        f"There is no option {name!r}.{hint} The options are: {', '.join(names)}.", str(name)
    )


def changed(options: Any, from_: Any) -> Mapping[str, Any]:
    """Options whose value differs from another set's, by name."""
    return {
        spec.name: getattr(options, spec.name)
        for spec in option_specs(options)
        if getattr(options, spec.name) != getattr(from_, spec.name)
    }
