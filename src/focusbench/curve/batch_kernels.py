"""Fits of many runs in a row, compiled. A point without a finite position and metric is none."""

import math

import numba as nb
import numpy as np

from focusbench.curve.inference import infer
from focusbench.curve.kernel import kernel
from focusbench.curve.least_squares import best_hyperbola
from focusbench.curve.reversals import count_lagging, rank_points

_LINE = nb.types.Array(nb.f8, 1, "C")
_WHOLE = nb.types.Array(nb.i8, 1, "C")
_TABLE = nb.types.Array(nb.f8, 2, "C")
_WHOLES = nb.types.Array(nb.i8, 2, "C")


@kernel(nb.void(_TABLE, _TABLE, _TABLE, _TABLE, _WHOLES))
def hyperbolas(x, y, error, out, counts):
    """Write what `best_hyperbola` does for each run; points in all, inside and outside of x0."""
    n_runs, most = y.shape
    at, value, weight = np.empty(most), np.empty(most), np.empty(most)
    for run in range(n_runs):
        n, widest, known = 0, 0.0, True
        for i in range(most):
            if math.isfinite(x[run, i]) and 0 < y[run, i] < math.inf:
                at[n], value[n], weight[n] = x[run, i], y[run, i], error[run, i]
                known = known and 0 < error[run, i] < math.inf
                widest = max(widest, error[run, i])
                n += 1
        counts[run, 0], counts[run, 1], counts[run, 2] = n, 0, 0
        if n < 3:
            out[run] = math.nan
            continue
        for i in range(n):
            # A point that claims to be a thousand times better than another is not believed.
            spread = max(weight[i], 1e-3 * widest)
            weight[i] = 1 / (spread * spread) if known else 1.0
        best_hyperbola(at[:n], value[:n], weight[:n], out[run])
        for i in range(n):
            if at[i] < out[run, 0]:
                counts[run, 1] += 1
            elif at[i] > out[run, 0]:
                counts[run, 2] += 1


@kernel(nb.void(_TABLE, _TABLE, _TABLE, _WHOLE, nb.f8, nb.b1, _LINE, _LINE, _TABLE))
def autos(x, ln_y, variance, count, step_size, ordered, known, middle, answers):
    """Write what `infer` does for each run, and the mean of its positions.

    Its points are the first `count`, none is skipped. NaN for a run without points, or with fewer
    than three positions.
    """
    t, points = np.empty(x.shape[1]), np.empty((2, x.shape[1]))
    rank = np.empty(x.shape[1], np.int64)
    for run in range(x.shape[0]):
        n = count[run]
        answers[run], middle[run] = math.nan, 0.0
        low, high, between = math.inf, -math.inf, False
        for i in range(n):
            middle[run] += x[run, i] / n
            low, high = min(low, x[run, i]), max(high, x[run, i])
        for i in range(n):
            between = between or low < x[run, i] < high
            t[i] = (x[run, i] - middle[run]) / step_size
        if not between:
            continue
        rank_points(t[:n], rank[:n])
        n_lagging = count_lagging(rank[:n]) if ordered else 0
        # A row of its own for each number of points: only a whole array is contiguous.
        of_points = points if n == points.shape[1] else np.empty((2, n))
        infer(
            *(t[:n], ln_y[run, :n], variance[run, :n], rank[:n], n_lagging),
            *(known, answers[run], of_points),
        )
