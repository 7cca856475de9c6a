"""Whether replayed sweeps of a saved run scatter as their error bars and the formula say."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from focusbench.af_packages import Package
from focusbench.errors import NotInPackage
from focusbench.tuning.prediction import position_scatter
from focusbench.tuning.replay_points import ReplayPoints
from focusbench.tuning.what_if import Variation, every_sweep, what_if

if TYPE_CHECKING:
    import xarray

_VARIABLES = {
    "n_sweeps": ("sweeps replayed, none sharing a frame with another", ""),
    "n_focused": ("of them focused", ""),
    "scatter": ("rms of best focus about that of all points", "steps"),
    "stated": ("what their error bars predict of it", "steps"),
    "formula": ("what `position_scatter` predicts of it", "steps"),
}


def replay_scatter(
    package: Package | ReplayPoints,
    *,
    data_points: Sequence[int] = (5, 7, 9, 11, 13, 15),
    fewest_sweeps: int = 3,
) -> "xarray.Dataset":
    """Replay the sweeps of a densely sampled run, and compare their scatter with its predictions.

    For each (step size, data points): of the sweeps that begin at each of the positions in between,
    the ones centred best, up to a quarter of their range off the best focus of all points. They
    share no frame with each other, but all do with the run as a whole. So both predictions are
    less the error σ of all points: where an estimate from a part is as good as it can be, the
    variance of its difference from that from everything is σ_part² − σ_all² (Hausman 1978,
    doi:10.2307/1913827).

    Parameters
    ----------
    package : Package, or ReplayPoints
        One whose points all together say where focus is.
    data_points : sequence of int
    fewest_sweeps : int
        Step sizes that leave fewer sweeps are passed over.

    Returns
    -------
    xarray.Dataset
        On `cell`, with `step_size` and `data_points`: how many sweeps, how many of them focused,
        their `scatter`, and what was predicted: `stated` by their error bars, `formula` by
        `position_scatter`. The attributes have what all points say: best focus and its error, b,
        the relative scatter and κ.

    Raises
    ------
    NotInPackage
        The run itself did not focus, or is sampled too thinly.
    """
    points = package if isinstance(package, ReplayPoints) else ReplayPoints(package)
    run = points.package.decided
    best, error = run.best_position, run.best_position_error
    seen = run.fits["auto"].parameters if "auto" in run.fits else {}
    if best is None or error is None or not {"b", "tau", "gamma", "kappa"} <= set(seen):
        raise NotInPackage(f"{points.package.name} has no best focus to compare with.")
    b, gamma, kappa = seen["b"], seen["gamma"], seen["kappa"]
    relative = math.hypot(seen["tau"], _relative_error(points.package))
    cells: list[tuple[float, ...]] = []
    for step, n, sweeps in _apart(every_sweep(points, data_points=data_points), best):
        if len(sweeps) < fewest_sweeps:
            continue
        table = what_if(points, sweeps)
        focused = table.where(table.outcome == "FOCUSED", drop=True)
        off, bars = focused.off_reference.values, focused.best_position_error.values
        formula = position_scatter(step, n, b, relative, gamma=gamma, kappa=kappa)
        cells.append(
            (
                step,
                n,
                len(sweeps),
                len(off),
                _rms(off),
                _less(_rms(bars), error),
                _less(formula, error),
            )
        )
    if not cells:
        raise NotInPackage(
            f"{points.package.name} is sampled too thinly: no step size leaves {fewest_sweeps} "
            "sweeps that share no frame."
        )
    return _dataset(cells, points.package, best, error, b, relative, kappa)


def pooled_ratio(table: "xarray.Dataset", predicted: str) -> float:
    """Scatter of all sweeps of a table over what was predicted of it; 1 is as predicted.

    Root mean square over all sweeps, each in units of its prediction.

    Parameters
    ----------
    table : xarray.Dataset
        Of `replay_scatter`.
    predicted : {"stated", "formula"}
    """
    said, seen = table[predicted].values, table.scatter.values
    known = np.isfinite(said) & np.isfinite(seen) & (said > 0)
    n = table.n_focused.values[known]
    if not n.sum():
        return math.nan
    return math.sqrt(float((n * (seen[known] / said[known]) ** 2).sum() / n.sum()))


def _apart(sweeps: Sequence[Variation], best: float) -> list[tuple[int, int, Sequence[Variation]]]:
    """By step size and data points: sweeps that share no position, each as central as it can be."""
    found: dict[tuple[int, int], dict[int, tuple[float, Variation]]] = {}
    for sweep in sweeps:
        step, n, start = sweep["step_size"], sweep["data_points"], sweep["start"]
        centre = start + (n // 2) * step - 0.5 * (n - 1) * step
        off = abs(centre - best)
        if off > 0.25 * (n - 1) * step + 0.5:
            continue
        lane = found.setdefault((step, n), {})
        if start % step not in lane or off < lane[start % step][0]:
            lane[start % step] = off, sweep
    return [
        (step, n, [sweep for _, sweep in lane.values()])
        for (step, n), lane in sorted(found.items())
    ]


def _relative_error(package: Package) -> float:
    """Median standard error of the points as a share of their metric; 0 where it is not known."""
    shares = [p.error / p.metric for p in package.focus_points if p.counts and p.error is not None]
    return float(np.median(shares)) if shares else 0.0


def _rms(values: NDArray[np.float64]) -> float:
    return math.sqrt(float(np.mean(values**2))) if len(values) else math.nan


def _less(part: float, whole: float) -> float:
    """What is left of an error when that of the whole is taken off."""
    return math.sqrt(max(part**2 - whole**2, 0.0)) if math.isfinite(part) else math.nan


def _dataset(
    cells: list[tuple[float, ...]],
    package: Package,
    best: float,
    error: float,
    b: float,
    relative: float,
    kappa: float,
) -> "xarray.Dataset":
    import xarray

    columns = list(zip(*cells, strict=True))
    variables = {
        name: ("cell", list(columns[k + 2]), {"long_name": long_name, "units": units})
        for k, (name, (long_name, units)) in enumerate(_VARIABLES.items())
    }
    return xarray.Dataset(
        variables,
        coords={
            "step_size": ("cell", list(columns[0]), {"units": "steps"}),
            "data_points": ("cell", list(columns[1])),
        },
        attrs={
            "source": str(package.source),
            "best_position": best,
            "best_position_error": error,
            "b": b,
            "relative_scatter": relative,
            "kappa": kappa,
        },
    )
