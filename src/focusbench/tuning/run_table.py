"""Where many runs found focus, and under which conditions: one row a run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from focusbench.errors import OptionsError

if TYPE_CHECKING:
    import xarray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

SESSION_GAP_S = 6 * 3600.0
"""Runs this far apart belong to two sessions: two nights."""


@dataclass(frozen=True, eq=False)
class RunTable:
    """Runs that focused, oldest first where times are known.

    Attributes
    ----------
    position, error : float array, shape (n,), steps
        Best focus and its stated error; 0 where none is stated.
    temperature_c : float array, shape (n,), °C
        Mean over the run; NaN where not known.
    time_s : float array, shape (n,), seconds
        Unix time; NaN where not known.
    filter : tuple of str
        Empty where not known.
    n_left_out : int
        Runs that did not focus.
    """

    position: FloatArray
    error: FloatArray
    temperature_c: FloatArray
    time_s: FloatArray
    filter: tuple[str, ...]
    n_left_out: int = 0

    def __len__(self) -> int:
        return len(self.position)

    @property
    def filters(self) -> tuple[str, ...]:
        """Names of the filters, that with most runs first."""
        names = sorted(set(self.filter))
        return tuple(sorted(names, key=lambda name: -self.filter.count(name)))

    @property
    def session(self) -> IntArray | None:
        """Which session each run belongs to, from 0; None where times are not known."""
        if not np.isfinite(self.time_s).all():
            return None
        return np.concatenate([[0], np.cumsum(np.diff(self.time_s) > SESSION_GAP_S)]).astype(
            np.intp
        )

    def only(self, kept: NDArray[np.bool_]) -> "RunTable":
        """Return some of the runs."""
        return RunTable(
            self.position[kept],
            self.error[kept],
            self.temperature_c[kept],
            self.time_s[kept],
            tuple(name for name, k in zip(self.filter, kept.tolist(), strict=True) if k),
            self.n_left_out + int((~kept).sum()),
        )


def run_table(runs: "xarray.Dataset | Mapping[str, Any] | RunTable") -> RunTable:
    """Make the table of a Dataset of many runs, or of any table with these columns.

    Parameters
    ----------
    runs : xarray.Dataset, mapping of columns (a DataFrame, too), or RunTable
        From `open_packages`; or with `best_position`, and optionally `best_position_error`,
        `temperature` (of the run, or `(run, point)`), `filter`, `started` (or `time`) and
        `outcome`. Runs that are not FOCUSED, or have no best focus, are left out.

    Raises
    ------
    OptionsError
        There is no column `best_position`, or no run in it.

    Examples
    --------
    >>> table = run_table({"best_position": [1000, 1010], "temperature": [10, 9]})
    >>> len(table), table.error.tolist()
    (2, [0.0, 0.0])
    """
    if isinstance(runs, RunTable):
        return runs
    if "best_position" not in runs:
        raise OptionsError("The table of runs has no column best_position.", "best_position")
    position = np.asarray(runs["best_position"], dtype=float)
    n = len(position)
    error = _column(runs, n, "best_position_error", "error")
    temperature_c = _column(runs, n, "temperature", "temperature_c")
    time_s = _column(runs, n, "started", "time_s", "time")
    filters = np.full(n, "", dtype=object)
    if "filter" in runs:
        filters = np.array([_text(name) for name in np.asarray(runs["filter"])], dtype=object)
    kept = np.isfinite(position)
    if "outcome" in runs:
        kept &= np.asarray(runs["outcome"]).astype(str) == "FOCUSED"
    if not kept.any():
        raise OptionsError(f"None of the {n} runs focused: nothing can be learned from them.")
    order = np.flatnonzero(kept)
    if np.isfinite(time_s[order]).all():
        order = order[np.argsort(time_s[order], kind="stable")]
    return RunTable(
        position[order],
        np.where(np.isfinite(error), np.maximum(error, 0), 0.0)[order],
        temperature_c[order],
        time_s[order],
        tuple(filters[order].tolist()),
        int((~kept).sum()),
    )


def _column(runs: Any, n: int, *names: str) -> FloatArray:
    """First column of these names as floats, one number a run; NaN where there is none."""
    for name in names:
        if name not in runs:
            continue
        values = np.asarray(runs[name])
        if np.issubdtype(values.dtype, np.datetime64):
            known = ~np.isnat(values)
            seconds = values.astype("datetime64[ns]").astype(np.int64) / 1e9
            values = np.where(known, seconds, np.nan)
        values = values.astype(float)
        if values.ndim == 2:
            known = np.isfinite(values)
            total = np.where(known, values, 0).sum(axis=1)
            values = np.where(known.any(axis=1), total / np.maximum(known.sum(axis=1), 1), np.nan)
        return np.asarray(values, dtype=float)
    return np.full(n, np.nan)


def _text(name: object) -> str:
    return "" if name is None or name != name else str(name)
