"""Many V-curves at once, each fitted as it would be alone: loops in compiled code."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from focusbench.curve.conditions import MET
from focusbench.curve.counted import BoolArray, FloatArray
from focusbench.curve.priors import GAMMA, GAMMA_SD, MIN_POINTS
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
    there = np.isfinite(x) & (y > 0) & np.isfinite(y)
    if not there.all():
        # Points to the front of each row, in their order.
        order = np.argsort(~there, axis=1, kind="stable")
        x, y, error = (np.take_along_axis(table, order, axis=1) for table in (x, y, error))
    with np.errstate(all="ignore"):
        variance = np.where(error > 0, np.minimum(error / y, 1e3), 0.0) ** 2
        ln_y = np.log(y)
    count = there.sum(axis=1)
    count[count < MIN_POINTS] = 0
    middle, answers = np.empty(len(y)), np.empty((len(y), len(ANSWER)))
    known = np.array([*(rig or RigShape()).prior(), GAMMA, GAMMA_SD])
    autos(x, ln_y, variance, count, step_size, time_ordered, known, middle, answers)
    of = dict(zip(ANSWER, answers.T, strict=True))
    return FitBatch(
        ok=of["failed"] == MET,
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
