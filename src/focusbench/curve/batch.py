"""Many V-curves at once, each fitted as it would be alone: loops in compiled code."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from focusbench.curve.auto import judge
from focusbench.curve.counted import MIN_POINTS, BoolArray, FloatArray
from focusbench.curve.posterior import most_lagging, read_answer, reversal_ranks
from focusbench.curve.rig_shape import RigShape
from focusbench.errors import OptionsError


@dataclass(frozen=True, eq=False)
class FitBatch:
    """Fits of many runs; arrays of shape (n_runs,), NaN where a run could not be fitted.

    Attributes
    ----------
    ok : bool array
        Hyperbola: a minimum with two points or more on each side. Auto: FOCUSED by its rule.
    best_position : float array, steps
    best_position_error : float array, steps
        Half the 68 % interval.
    minimum : float array, pixels
        Metric at best focus.
    b : float array, steps
        Width of the curve.
    """

    ok: BoolArray
    best_position: FloatArray
    best_position_error: FloatArray
    minimum: FloatArray
    b: FloatArray


def fit_hyperbolas(
    positions: ArrayLike, metrics: ArrayLike, errors: ArrayLike | None = None
) -> FitBatch:
    """Fit metric = √(a² + (q·(x − x0))²) to each of many runs.

    Parameters
    ----------
    positions : array_like, shape (n_runs, n_points) or (n_points,), steps
        The same for all runs, or of each; runs with fewer points are filled up with NaN.
    metrics : array_like, shape (n_runs, n_points), pixels
        NaN where there is no point.
    errors : array_like, shape (n_runs, n_points), optional, pixels
        Standard errors, as weights; without, all points weigh the same.

    Returns
    -------
    FitBatch
        The same numbers as the curve `hyperbola` has for the run alone; its error comes from the
        scatter about the curve with Student's t, NaN with fewer than five points.

    Raises
    ------
    OptionsError
        Shapes that do not go together.
    """
    from scipy.special import stdtrit

    from focusbench.curve.batch_kernels import hyperbolas
    from focusbench.curve.kernel import KERNELS

    KERNELS.compile()
    x, y, error = _tables(positions, metrics, errors)
    out, counts = np.empty((len(y), 5)), np.empty((len(y), 3), dtype=np.int64)
    hyperbolas(x, y, error, out, counts)
    x0, a, slope, chi2, variance = out.T
    free = counts[:, 0] - 3
    with np.errstate(all="ignore"):
        sd = np.sqrt(variance * chi2 / free) * stdtrit(np.maximum(free, 1), 0.841345)
        found = (slope > 0) & np.isfinite(x0)
        few = counts[:, 0] < MIN_POINTS
        return FitBatch(
            ok=found & (counts[:, 1:].min(axis=1) >= np.where(few, 1, 2)),
            best_position=np.where(found, x0, math.nan),
            best_position_error=np.where(found & ~few, sd, math.nan),
            minimum=np.where(found, a, math.nan),
            b=np.where(found, a / slope, math.nan),
        )


def fit_autos(
    positions: ArrayLike,
    metrics: ArrayLike,
    errors: ArrayLike | None = None,
    *,
    step_size: float,
    time_ordered: bool = True,
    rig: RigShape | None = None,
) -> FitBatch:
    """Infer best focus of many runs, as the curve `auto` does.

    Parameters
    ----------
    positions, metrics, errors
        As in `fit_hyperbolas`; points in the order taken.
    step_size : float, steps
    time_ordered : bool
        Whether the points stand in the order taken.
    rig : RigShape, optional
        What earlier runs tell of the asymmetry.

    Returns
    -------
    FitBatch
        NaN and not `ok` for runs with fewer than five points, or three positions.
    """
    from focusbench.curve.batch_kernels import autos
    from focusbench.curve.inference import ANSWER
    from focusbench.curve.kernel import KERNELS

    if not step_size > 0:
        raise OptionsError(f"step_size is above 0; got {step_size!r}.", "step_size")
    KERNELS.compile()
    x, y, error = _tables(positions, metrics, errors)
    n_runs, n = y.shape
    there = np.isfinite(x) & (y > 0) & np.isfinite(y)
    # Points to the front of each row, in their order.
    order = np.argsort(~there, axis=1, kind="stable")
    x, y, error = (np.take_along_axis(table, order, axis=1) for table in (x, y, error))
    with np.errstate(all="ignore"):
        variance = np.where(error > 0, np.minimum(error / y, 1e3), 0.0) ** 2
        ln_y = np.log(y)
    count, lags = np.zeros(n_runs, dtype=np.int64), np.zeros(n_runs, dtype=np.int64)
    t, rank = np.zeros((n_runs, n)), np.zeros((n_runs, n), dtype=np.int64)
    middle = np.full(n_runs, math.nan)
    for run, k in enumerate(int(n_there) for n_there in there.sum(axis=1)):
        positions_of_run = x[run, :k]
        if k < MIN_POINTS or len(set(positions_of_run.tolist())) < 3:
            continue
        count[run], middle[run] = k, positions_of_run.mean()
        t[run, :k] = (positions_of_run - middle[run]) / step_size
        rank[run, :k] = reversal_ranks(t[run, :k])
        lags[run] = most_lagging(rank[run, :k]) if time_ordered else 0
    answers, of_points = np.full((n_runs, len(ANSWER)), math.nan), np.zeros((n_runs, 2, n))
    kappa, kappa_sd = (rig or RigShape()).prior()
    autos(t, ln_y, variance, rank, count, lags, kappa, kappa_sd, answers, of_points)
    ok = np.zeros(n_runs, dtype=bool)
    for fitted in np.flatnonzero(count):
        k = count[fitted]
        p = read_answer(answers[fitted], of_points[fitted, :, :k], rank[fitted, :k])
        ok[fitted] = not judge(p, t[fitted, :k], step_size)[0]
    of = dict(zip(ANSWER, answers.T, strict=True))
    return FitBatch(
        ok=ok,
        best_position=middle + step_size * of["x0"],
        best_position_error=step_size * (of["above"] - of["below"]) / 2,
        minimum=np.exp(of["alpha"]),
        b=step_size * np.exp(of["ln_b"]),
    )


def _tables(
    positions: ArrayLike, metrics: ArrayLike, errors: ArrayLike | None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Positions, metrics and errors as tables of one shape; errors NaN where unknown."""
    y = np.ascontiguousarray(metrics, dtype=float)
    x = np.asarray(positions, dtype=float)
    error = np.full(y.shape, math.nan) if errors is None else np.asarray(errors, dtype=float)
    fits = y.ndim == 2 and x.shape in (y.shape, y.shape[1:]) and error.shape == y.shape
    if not fits:
        raise OptionsError(
            "metrics is a table (runs × points), positions the same or one row, errors the same; "
            f"got {y.shape}, {x.shape} and {error.shape}.",
            "metrics",
        )
    return np.array(np.broadcast_to(x, y.shape), order="C"), y, np.ascontiguousarray(error)
