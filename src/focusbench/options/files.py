"""Options as JSON files that a person can read, edit and compare."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from focusbench.errors import OptionsError
from focusbench.options.autofocus import AutofocusOptions
from focusbench.options.filters import FilterTable
from focusbench.options.spec import option_specs

T = TypeVar("T")


def options_to_dict(options: Any) -> dict[str, Any]:
    """Options by name, all of them, ready for JSON."""
    values = {spec.name: getattr(options, spec.name) for spec in option_specs(options)}
    return {
        name: value.to_dict() if isinstance(value, FilterTable) else value
        for name, value in values.items()
    }


def options_from_dict(values: Mapping[str, Any], cls: type[T] = AutofocusOptions) -> T:  # type: ignore[assignment]
    """Make options from a mapping; what is not in it keeps its default.

    Raises
    ------
    OptionsError
        Unknown name, wrong type or value out of bounds.
    """
    if not isinstance(values, Mapping):
        raise OptionsError(f"Options are a mapping of names to values; got {values!r}.")
    return cls(**{str(name): value for name, value in values.items()})


def save_options(options: Any, path: str | Path) -> None:
    """Write options to a JSON file."""
    text = json.dumps(options_to_dict(options), indent=2, ensure_ascii=False)
    Path(path).write_text(text + "\n", encoding="utf-8")


def load_options(path: str | Path, cls: type[T] = AutofocusOptions) -> T:  # type: ignore[assignment]
    """Read options from a JSON file written by `save_options` or by hand.

    Raises
    ------
    OptionsError
        The file is missing, is no JSON, or holds a bad option; the message names the file.
    """
    path = Path(path)
    try:
        values = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise OptionsError(f"Cannot read the profile {path}: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise OptionsError(f"{path} is no JSON file of options: {error}.") from error
    try:
        return options_from_dict(values, cls)
    except OptionsError as error:
        raise OptionsError(f"{path}: {error}", error.field) from error
