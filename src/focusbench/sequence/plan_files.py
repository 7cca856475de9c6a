"""Sequences as JSON files that a person can read, edit and compare."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from focusbench.errors import OptionsError
from focusbench.options import (
    AutofocusOptions,
    SequenceOptions,
    TargetEvent,
    TriggerOptions,
    options_from_dict,
    options_to_dict,
)
from focusbench.sequence.plan import Sequence, Target

_PARTS: tuple[tuple[str, type[Any]], ...] = (
    ("autofocus", AutofocusOptions),
    ("triggers", TriggerOptions),
    ("options", SequenceOptions),
)


def save_sequence(sequence: Sequence, path: str | Path) -> None:
    """Write a sequence to a JSON file.

    Examples
    --------
    >>> import focusbench as fb
    >>> fb.save_sequence(fb.Sequence().add_target("M 31", fb.TargetEvent(count=5)), "tonight.json")
    >>> fb.load_sequence("tonight.json").targets[0].name
    'M 31'
    """
    document: dict[str, Any] = {
        name: options_to_dict(getattr(sequence, name)) for name, _ in _PARTS
    }
    document["targets"] = [
        {
            "name": target.name,
            "min_star_diameter_px": target.min_star_diameter_px,
            "ra_h": target.ra_h,
            "dec_deg": target.dec_deg,
            "events": [options_to_dict(each) for each in target.events],
        }
        for target in sequence.targets
    ]
    text = json.dumps(document, indent=2, ensure_ascii=False)
    Path(path).write_text(text + "\n", encoding="utf-8")


def load_sequence(path: str | Path) -> Sequence:
    """Read a sequence from a JSON file written by `save_sequence` or by hand.

    What is left out has its default; a target without a minimum star diameter copies that of the
    sequence.

    Raises
    ------
    OptionsError
        The file is missing, is no JSON, or holds a bad value; the message names the file.

    Examples
    --------
    >>> import focusbench as fb
    >>> from pathlib import Path
    >>> done = Path("by_hand.json").write_text('{"triggers": {"every_c": 1}}')
    >>> fb.load_sequence("by_hand.json").triggers.every_c
    1.0
    """
    path = Path(path)
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise OptionsError(f"Cannot read the sequence {path}: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise OptionsError(f"{path} is no JSON file of a sequence: {error}.") from error
    try:
        return _sequence_of(document)
    except OptionsError as error:
        raise OptionsError(f"{path}: {error}", error.field) from error


def _sequence_of(document: object) -> Sequence:
    known = [*(name for name, _ in _PARTS), "targets"]
    values = _mapping(document, "A sequence", known)
    sequence = Sequence(
        **{name: options_from_dict(values.get(name, {}), cls) for name, cls in _PARTS}
    )
    names = [field.name for field in dataclasses.fields(Target)]
    for each in _list(values.get("targets", []), "targets"):
        target = _mapping(each, "A target", names)
        rows = _list(target.get("events", []), "events")
        sequence = sequence.add_target(
            target.get("name", ""),
            *(options_from_dict(row, TargetEvent) for row in rows),
            ra_h=target.get("ra_h"),
            dec_deg=target.get("dec_deg"),
        )
        if "min_star_diameter_px" in target:
            sequence = sequence.change_target(
                target["name"], min_star_diameter_px=target["min_star_diameter_px"]
            )
    return sequence


def _mapping(value: object, what: str, known: list[str]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise OptionsError(f"{what} is a mapping of {', '.join(known)}; got {value!r}.")
    for name in value:
        if name not in known:
            raise OptionsError(f"{what} has no {name!r}; it has {', '.join(known)}.", str(name))
    return value


def _list(value: object, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise OptionsError(f"{name} is a list; got {value!r}.", name)
    return value
