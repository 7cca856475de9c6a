"""Events and records as strict JSON, and back: one rule for every frozen dataclass.

JSON has no NaN and no infinity, so they are written as the strings "NaN", "Infinity" and
"-Infinity"; None is null. Reading follows the type of each field. Keys that a newer minor version
has added are ignored; a missing key takes the field's default.
"""

import dataclasses
import enum
import functools
import json
import math
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np

from focusbench import engine
from focusbench.engine import Event
from focusbench.errors import PackageDamaged
from focusbench.options import AutofocusOptions, option_specs, options_from_dict, options_to_dict

T = TypeVar("T")

_NOT_IN_JSON = {
    "frames",  # pixels are FITS files beside the events
    "stars",  # and stars a table
    "package_path",  # a package may be moved
}
_LARGEST = 2.0**63
"""No number of a package is larger; one of a thousand digits is no float either."""

_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def encode(value: object) -> Any:
    """Turn a value into what strict JSON can hold."""
    if isinstance(value, AutofocusOptions):
        return options_to_dict(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: encode(getattr(value, field.name))
            for field in dataclasses.fields(value)
            if field.name not in _NOT_IN_JSON
        }
    if isinstance(value, enum.IntFlag):
        return int(value)
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        return {str(name): encode(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [encode(item) for item in value]
    # What a driver says of itself may be anything; JSON knows only these.
    return value if value is None or type(value) in (bool, int, float, str) else str(value)


def decode(kind: type[T], value: object) -> T:
    """Turn a JSON value back into `kind`, a dataclass.

    Raises
    ------
    PackageDamaged
        The value does not fit; the message names the place.
    """
    return typing.cast("T", _decode(kind, value, kind.__name__))


def event_to_json(event: Event, **more: object) -> str:
    """One event as one line of JSON, without the line's end."""
    document = {"event": type(event).__name__, **encode(event), **encode(more)}
    return json.dumps(document, ensure_ascii=False, allow_nan=False)


def event_from_json(line: str) -> tuple[Event | None, dict[str, Any]]:
    """Read one event; the other half is the line as a mapping.

    Returns
    -------
    event : Event or None
        None for a kind of event that this version does not know.
    document : dict

    Raises
    ------
    PackageDamaged
        The line is no event.
    """
    document = parse(line)
    if not isinstance(document, dict) or not isinstance(document.get("event"), str):
        raise PackageDamaged("a line that is no event")
    kind = _event_kinds().get(document["event"])
    return (decode(kind, document) if kind else None), document


def parse(text: str) -> Any:
    """Read JSON text.

    Raises
    ------
    PackageDamaged
        It is no JSON, or nested too deep to be one of ours.
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise PackageDamaged(f"no JSON: {error}") from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number in JSON")


@functools.cache
def _event_kinds() -> dict[str, type[Event]]:
    kinds = (getattr(engine, name) for name in engine.__all__)
    return {
        kind.__name__: kind
        for kind in kinds
        if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event
    }


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _decode(kind: Any, value: Any, where: str) -> Any:
    """Read `value` as `kind`; `where` names the place in messages."""
    origin = typing.get_origin(kind)
    if origin in (types.UnionType, typing.Union):
        (wanted,) = (k for k in typing.get_args(kind) if k is not types.NoneType)
        return None if value is None else _decode(wanted, value, where)
    if origin is typing.Literal:
        if value in typing.get_args(kind):
            return value
        raise _misfit(where, value)
    if origin is tuple:
        return _decode_tuple(typing.get_args(kind), value, where)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        if not isinstance(value, Mapping):
            raise _misfit(where, value)
        item = typing.get_args(kind)[1]
        return {name: _decode(item, v, f"{where}.{name}") for name, v in value.items()}
    if kind is object:
        return value
    if kind is AutofocusOptions:
        return _decode_options(value, where)
    if dataclasses.is_dataclass(kind):
        return _decode_dataclass(kind, value, where)
    return _decode_plain(kind, value, where)


def _decode_tuple(items: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise _misfit(where, value)
    if len(items) == 2 and items[1] is Ellipsis:
        items = (items[0],) * len(value)
    if len(items) != len(value):
        raise _misfit(where, value)
    return tuple(
        _decode(k, v, f"{where}[{i}]") for i, (k, v) in enumerate(zip(items, value, strict=True))
    )


def _decode_options(value: Any, where: str) -> AutofocusOptions:
    if not isinstance(value, Mapping):
        raise _misfit(where, value)
    known = {spec.name for spec in option_specs(AutofocusOptions)}
    try:
        return options_from_dict({name: v for name, v in value.items() if name in known})
    except (ValueError, OverflowError) as error:
        raise PackageDamaged(f"{where}: {error}") from error


def _decode_dataclass(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, Mapping):
        raise _misfit(where, value)
    hints = _hints(kind)
    given = {
        field.name: _decode(hints[field.name], value[field.name], f"{where}.{field.name}")
        for field in dataclasses.fields(kind)
        if field.name in value and field.name not in _NOT_IN_JSON
    }
    try:
        return kind(**given)
    except TypeError as error:
        raise PackageDamaged(f"{where}: {error}") from error


def _decode_plain(kind: Any, value: Any, where: str) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and abs(value) > _LARGEST and abs(value) != math.inf:
        raise _misfit(where, value)
    if kind is float:
        if isinstance(value, str) and value in _NOT_FINITE:
            return _NOT_FINITE[value]
        if is_number:
            return value
    elif kind is int or (isinstance(kind, type) and issubclass(kind, enum.IntFlag)):
        if is_number and math.isfinite(value) and value == int(value):
            return kind(int(value))
    elif isinstance(kind, type) and isinstance(value, kind):
        return value
    elif isinstance(kind, type) and issubclass(kind, enum.Enum):
        try:
            return kind(value)
        except ValueError:
            pass
    raise _misfit(where, value)


def _misfit(where: str, value: object) -> PackageDamaged:
    return PackageDamaged(f"{where} cannot be {str(value)[:40]!r}")
