"""Arrays of a dataset of many runs that are read from the packages when they are asked for."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from xarray.backends import BackendArray
from xarray.core import indexing

from focusbench.curve import CURVES

Fits = tuple[NDArray[np.int8], NDArray[np.float64]]


class _LazyFits(BackendArray):
    """An array (run, curve, point), of which a run is read when it is first indexed."""

    def __init__(
        self, read: Sequence[Callable[[], Fits]], which: int, shape: tuple[int, int, int]
    ) -> None:
        self._read, self._which = read, which
        self.shape = shape
        self.dtype = np.dtype(np.float64 if which else np.int8)

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.OUTER, self._get
        )

    def _get(self, key: tuple[Any, ...]) -> Any:
        runs = np.arange(self.shape[0])[key[0]]
        block = np.full((runs.size, *self.shape[1:]), np.nan if self._which else 0, self.dtype)
        for rows, run in zip(block, np.atleast_1d(runs), strict=True):
            values = self._read[run]()[self._which]
            rows[:, : values.shape[1]] = values
        # One axis after the other, from the last: a number takes its axis away.
        block = block[:, :, key[2]][:, key[1]]
        return block if runs.ndim else block[0]


def lazy_fits(read: Sequence[Callable[[], Fits]], shape: tuple[int, int]) -> dict[str, xr.Variable]:
    """Variables `used` and `fitted` on (run, curve, point).

    Parameters
    ----------
    read : sequence of callable
        For each run, reads which points each curve used, and its values there.
    shape : (n_runs, n_points)
    """
    once = [cache(one) for one in read]
    full = (shape[0], len(CURVES), shape[1])
    dims = ("run", "curve", "point")
    words = {
        "used": {"long_name": "Whether the curve was fitted to the point", "units": "1"},
        "fitted": {"long_name": "Value of the fitted curve", "units": "px"},
    }
    return {
        name: xr.Variable(dims, indexing.LazilyIndexedArray(_LazyFits(once, which, full)), attrs)
        for which, (name, attrs) in enumerate(words.items())
    }
