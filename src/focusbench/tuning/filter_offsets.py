"""How much further out one filter focuses than another, and how sure that is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from focusbench.options import FilterTable

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True)
class FilterOffset:
    """One filter against the reference.

    Attributes
    ----------
    offset, error : float, steps
        Focus of this filter less that of the reference; half the 68 % interval.
    interval_95 : (float, float), steps
    n_runs : int
        Runs made with it.
    """

    offset: float
    error: float
    interval_95: tuple[float, float]
    n_runs: int


@dataclass(frozen=True)
class FilterOffsets(Mapping[str, FilterOffset]):
    """Offsets by filter, at equal temperature.

    Attributes
    ----------
    reference : str
        Filter that they are relative to; its own offset is 0.
    offsets : mapping of str to FilterOffset
    """

    reference: str
    offsets: Mapping[str, FilterOffset]

    def __getitem__(self, name: str) -> FilterOffset:
        return self.offsets[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.offsets)

    def __len__(self) -> int:
        return len(self.offsets)

    @property
    def sentence(self) -> str:
        """All offsets in one sentence."""
        others = [
            f"{name} {one.offset:+.0f} ± {one.error:.0f}"
            for name, one in self.offsets.items()
            if name != self.reference
        ]
        if not others:
            return "All runs were made with one filter: there are no offsets."
        return f"Focus against {self.reference}, steps: {', '.join(others)}."

    def doubts(self, settings: FilterTable) -> tuple[str, ...]:
        """Where the focus points of the options do not fit, one sentence each.

        Only differences count: `focus_point[filter] − focus_point[reference]`.
        """
        rows = {name: row.focus_point for name, row in settings.items()}
        base = rows.get(self.reference)
        found = []
        for name, one in self.offsets.items():
            point = rows.get(name)
            if name == self.reference or base is None or point is None:
                continue
            configured = point - base
            low, high = one.interval_95
            if not low <= configured <= high:
                found.append(
                    f"{name} is set {configured:+d} steps against {self.reference}, the runs say "
                    f"{one.offset:+.0f} ± {one.error:.0f}: type {base + round(one.offset)} as its "
                    "focus point."
                )
        return tuple(found)

    @property
    def dataset(self) -> "xarray.Dataset":
        """Offsets on `filter`."""
        import xarray as xr

        rows = list(self.offsets.values())
        steps = {"units": "steps"}
        return xr.Dataset(
            {
                "offset": (
                    "filter",
                    [r.offset for r in rows],
                    {"long_name": f"Focus less that of {self.reference}", **steps},
                ),
                "offset_error": (
                    "filter",
                    [r.error for r in rows],
                    {"long_name": "Half the 68 % interval", **steps},
                ),
                "offset_interval": (
                    ("filter", "end"),
                    np.array([r.interval_95 for r in rows]),
                    {"long_name": "95 % interval", **steps},
                ),
                "n_runs": ("filter", [r.n_runs for r in rows], {"long_name": "Runs", "units": "1"}),
            },
            {"filter": list(self.offsets), "end": ["low", "high"]},
            {"reference": self.reference, "sentence": self.sentence},
        )
