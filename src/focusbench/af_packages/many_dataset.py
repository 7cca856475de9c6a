"""Many runs as one xarray Dataset: dims `(run, point)`, the schema of one run beside itself.

Coordinates on `run`
    `run` (the name of the package or file, with `#` and the number of the run in a file of
    several), `source` (its path), `run_in_source` (−1 where it holds one), `started` (CF seconds
    since 1970), `filter`, `rig`, `format`, `metric_name`, `definition`, `step_size` (steps),
    `time_ordered`, `n_points`, `notes`.

Variables on `run`
    `best_position`, `best_position_error` (by the curve that decided), `expected_metric`, `zone`,
    `outcome`, `diagnosis`, and `found_position`: what the program that made the run found.

On `(run, point)`
    What one run has on `point`. Runs are padded to the longest: NaN, empty texts, sweep −1; a
    point beyond `n_points` has an empty `role`.

On `(run, curve)` and `(run, curve, point)`
    `curve_position`, `curve_position_error`; `used` and `fitted`, which are read from the packages
    when they are asked for.

Runs whose metric is defined differently stand side by side, with a warning; compare them by
`definition`, and never average across it.
"""

import itertools
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from focusbench.af_packages.definitions import definition, label
from focusbench.af_packages.entry import POINT_COLUMNS, Entry
from focusbench.af_packages.lazy_fits import Fits, lazy_fits
from focusbench.curve import CURVES, Rejected


def dataset(
    entries: list[tuple[Path, Entry]], fits_of: Callable[[Path, Entry], Fits]
) -> xr.Dataset:
    """Put many runs side by side.

    Parameters
    ----------
    entries : list of (Path, Entry)
        The source of each run, and what is remembered of it.
    fits_of : callable
        Reads which points each curve of a run used, and its values there: arrays (curve, point).

    Returns
    -------
    xarray.Dataset
        As this module's docstring says.
    """
    runs = [entry for _, entry in entries]
    n_points = np.array([len(run["role"]) for run in runs])
    shape = (len(runs), int(n_points.max(initial=0)))
    both = ("run", "point")
    columns = {name: [run["points"][name] for run in runs] for name in POINT_COLUMNS}
    common = {run["definition"] for run in runs}
    meaning = common.pop() if len(common) == 1 else "differs: see the coordinate definition"
    variables: dict[str, Any] = {
        name: (both, _padded(columns[name], shape), _attrs(*words))
        for name, words in POINT_COLUMNS.items()
    }
    for name in ("metric", "metric_error", "metric_scatter"):
        variables[name][2]["definition"] = meaning
    for name in sorted({run["metric"] for run in runs}):
        own = [run["points"]["metric"] if run["metric"] == name else None for run in runs]
        theirs = {run["definition"] for run in runs if run["metric"] == name}
        words = theirs.pop() if len(theirs) == 1 else "differs: see the coordinate definition"
        variables[name] = (both, _padded(own, shape), _attrs(label(name), "px", definition=words))
    for name in sorted({name for run in runs for name in run["others"]}):
        other = [run["others"].get(name) for run in runs]
        attrs = _attrs(label(name), "px", definition=definition(name))
        if name in variables:
            filled = variables[name][1]
            variables[name] = (
                both,
                np.where(np.isnan(filled), _padded(other, shape), filled),
                _attrs(label(name), "px", definition="differs: see the coordinate definition"),
            )
        else:
            variables[name] = (both, _padded(other, shape), attrs)
    flags = [flag for flag in Rejected if flag]
    variables |= {
        "sweep": (both, _whole([r["sweep"] for r in runs], shape, -1), _attrs("Sweep", "1")),
        "rejected": (
            both,
            _whole([run["rejected"] for run in runs], shape, 0).astype(np.int8),
            _attrs(
                "Why a point does not count",
                "1",
                flag_masks=np.array([int(flag) for flag in flags], np.int8),
                flag_meanings=" ".join(str(flag.name).lower() for flag in flags),
            ),
        ),
        "role": (
            both,
            _text_rows([r["role"] for r in runs], shape),
            _attrs("Role in the run", "1"),
        ),
        "reason": (both, _text_rows([r["reason"] for r in runs], shape), _attrs("Why", "1")),
        **_on_run(runs),
    }
    curves = np.array([run["curves"] for run in runs], float).reshape(len(runs), len(CURVES), 2)
    variables |= {
        "curve_position": (("run", "curve"), curves[..., 0], _attrs("Best focus", "steps")),
        "curve_position_error": (
            ("run", "curve"),
            curves[..., 1],
            _attrs("Best focus, half the 68 % interval", "steps"),
        ),
        **lazy_fits([partial(fits_of, *one) for one in entries], shape),
    }
    coordinates = {name: variables.pop(name) for name in ("position", "time", "temperature")}
    coordinates |= {name: variables.pop(name) for name in ("sweep", "role")}
    return xr.Dataset(
        variables,
        {**coordinates, **_run_coordinates(entries, n_points), "curve": _curve_names()},
        {"creation_library": f"focusbench {metadata.version('focusbench')}"},
    )


def _on_run(runs: list[Entry]) -> dict[str, Any]:
    words = {
        "best_position": ("Best focus, by the curve that decided", "steps"),
        "best_position_error": ("Best focus, half the 68 % interval", "steps"),
        "expected_metric": ("Metric expected at best focus", "px"),
        "zone": ("Half width within which the metric stays near its minimum", "steps"),
    }
    numbers = {
        name: ("run", _floats(run.get(name) for run in runs), _attrs(*said))
        for name, said in words.items()
    }
    numbers["found_position"] = (
        "run",
        _floats(run.get("found") for run in runs),
        _attrs("Best focus, as the program that made the run found it", "steps"),
    )
    texts = {"outcome": "Outcome", "diagnosis": "Diagnosis"}
    return numbers | {
        name: ("run", _texts(run[name] for run in runs), _attrs(said, "1"))
        for name, said in texts.items()
    }


def _run_coordinates(
    entries: list[tuple[Path, Entry]], n_points: NDArray[np.int_]
) -> dict[str, Any]:
    runs = [run for _, run in entries]
    names = [run["name"] for run in runs]
    if len(set(names)) < len(names):
        numbers = ["" if r["run"] is None else f"#{r['run']}" for r in runs]
        names = [f"{source}{number}" for (source, _), number in zip(entries, numbers, strict=True)]
    since = "seconds since 1970-01-01T00:00:00+00:00"

    def text(key: str, words: str) -> Any:
        return ("run", _texts(run.get(key) or "" for run in runs), _attrs(words, "1"))

    return {
        "run": ("run", _texts(names), _attrs("Run", "1")),
        "source": ("run", _texts(str(path) for path, _ in entries), _attrs("Path", "1")),
        "run_in_source": (
            "run",
            np.array([-1 if run["run"] is None else run["run"] for run in runs], np.int32),
            _attrs("Number of the run in its source", "1"),
        ),
        "started": ("run", _floats(run["started"] for run in runs), _attrs("Start", since)),
        "filter": text("filter", "Filter"),
        "rig": text("rig", "Rig"),
        "format": text("format", "Format"),
        "metric_name": text("metric", "Deciding metric"),
        "definition": text("definition", "Definition of the deciding metric"),
        "notes": text("notes", "Notes"),
        "step_size": (
            "run",
            _floats(run["step_size"] for run in runs),
            _attrs("Step size", "steps"),
        ),
        "time_ordered": (
            "run",
            np.array([int(bool(run["time_ordered"])) for run in runs], np.int8),
            _attrs("Whether points stand in the order taken", "1"),
        ),
        "n_points": ("run", n_points.astype(np.int32), _attrs("Number of points", "1")),
    }


def _curve_names() -> Any:
    return ("curve", np.array(CURVES, np.str_), _attrs("Curve fitted", "1"))


def _attrs(long_name: str, units: str, **more: object) -> dict[str, object]:
    return {"long_name": long_name, "units": units, **more}


def _floats(values: Iterable[float | None]) -> NDArray[np.float64]:
    return np.array(list(values), np.float64)


def _texts(values: Iterable[str]) -> NDArray[np.str_]:
    return np.array(list(values), np.str_)


def _padded(
    rows: Sequence[Sequence[float | None] | None], shape: tuple[int, int]
) -> NDArray[np.float64]:
    """Rows of numbers of unlike length, NaN where there is none."""
    lengths = np.array([0 if row is None else len(row) for row in rows])
    filled = np.full(shape, np.nan)
    flat = list(itertools.chain.from_iterable(row for row in rows if row is not None))
    filled[np.arange(shape[1]) < lengths[:, None]] = np.array(flat, np.float64)
    return filled


def _whole(rows: Sequence[Sequence[int]], shape: tuple[int, int], none: int) -> NDArray[np.int32]:
    padded = _padded(rows, shape)
    return np.where(np.isnan(padded), none, padded).astype(np.int32)


def _text_rows(rows: Sequence[Sequence[str]], shape: tuple[int, int]) -> NDArray[np.str_]:
    none = [""] * shape[1]
    return np.array([[*row, *none][: shape[1]] for row in rows], np.str_).reshape(shape)
