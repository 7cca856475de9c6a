"""What is set for each filter: how long it is exposed, and where it focuses."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from focusbench.errors import OptionsError

MAX_EXPOSURE_S = 3600.0

_ROW = re.compile(
    r"(?P<name>[^,;@]*?[^,;@\s])"
    r"(?:\s+(?P<exposure>\d+(?:\.\d*)?)\s*s)?"
    r"(?:\s*@\s*(?P<focus>[-−]?\d+))?"
)


@dataclass(frozen=True)
class FilterSettings:
    """Settings of one filter.

    Attributes
    ----------
    exposure_s : float or None, seconds
        Exposure of a focus frame; None for the one exposure of all filters.
    focus_point : int or None, steps
        Where this filter focuses. Only differences to other filters' points are used, so record
        them close in time at a steady temperature.
    """

    exposure_s: float | None = None
    focus_point: int | None = None


class FilterTable(Mapping[str, FilterSettings]):
    """Settings by the filter's name; frozen and hashable, as options are.

    Parameters
    ----------
    rows : mapping of str to FilterSettings, or to a mapping with its fields

    Raises
    ------
    OptionsError
        Unknown setting, or a value out of bounds.

    Examples
    --------
    >>> ha = {"exposure_s": 30, "focus_point": 10310}
    >>> table = FilterTable({"L": {"exposure_s": 3}, "Ha": ha})
    >>> table["Ha"].focus_point
    10310
    >>> print(table)
    L 3 s, Ha 30 s @ 10310
    """

    __slots__ = ("_rows",)

    def __init__(self, rows: Mapping[str, Any] | None = None) -> None:
        self._rows = {str(name): _settings(str(name), row) for name, row in (rows or {}).items()}

    @classmethod
    def from_text(cls, text: str) -> "FilterTable":
        """Read what `str` writes: filters after each other, "name seconds s @ steps"."""
        rows = {}
        for part in re.split("[,;]", text):
            if not part.strip():
                continue
            found = _ROW.fullmatch(part.strip())
            if found is None:
                raise OptionsError(f"{part.strip()!r} is not like Ha 30 s @ 10310.", "filters")
            exposure, focus = found["exposure"], found["focus"]
            rows[found["name"]] = FilterSettings(
                None if exposure is None else float(exposure),
                None if focus is None else int(focus.replace("−", "-")),
            )
        return cls(rows)

    def to_dict(self) -> dict[str, dict[str, float]]:
        """For JSON; what is not set is left out."""
        return {
            name: {key: value for key, value in vars(row).items() if value is not None}
            for name, row in self._rows.items()
        }

    def __getitem__(self, name: str) -> FilterSettings:
        return self._rows[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __hash__(self) -> int:
        return hash(frozenset(self._rows.items()))

    def __repr__(self) -> str:
        return f"FilterTable({self.to_dict()})"

    def __str__(self) -> str:
        return ", ".join(
            name
            + ("" if row.exposure_s is None else f" {row.exposure_s:g} s")
            + ("" if row.focus_point is None else f" @ {row.focus_point}")
            for name, row in self._rows.items()
        )


def _settings(name: str, row: object) -> FilterSettings:
    if isinstance(row, FilterSettings):
        row = vars(row)
    known = set(FilterSettings.__dataclass_fields__)
    if not isinstance(row, Mapping) or not set(row) <= known:
        raise OptionsError(
            f"Filters (filters): each filter has {' and '.join(sorted(known))}; "
            f"{name} was given {row!r}.",
            "filters",
        )
    exposure_s, focus_point = row.get("exposure_s"), row.get("focus_point")
    if exposure_s is not None:
        if not _is_number(exposure_s) or not 0 < exposure_s <= MAX_EXPOSURE_S:
            raise OptionsError(
                f"Filters (filters): the exposure of {name} must be more than 0 and at most "
                f"{MAX_EXPOSURE_S:g} s; got {exposure_s!r}.",
                "filters",
            )
        exposure_s = float(exposure_s)
    if focus_point is not None:
        if not _is_number(focus_point) or focus_point != int(focus_point):
            raise OptionsError(
                f"Filters (filters): the focus point of {name} must be a whole number of steps; "
                f"got {focus_point!r}.",
                "filters",
            )
        focus_point = int(focus_point)
    return FilterSettings(exposure_s, focus_point)


def _is_number(value: Any) -> bool:
    # numpy scalars are welcome, booleans are not numbers here.
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        return False
    return abs(float(value)) < float("inf")
