"""Fits of many runs in a row, compiled. A point without a finite position and metric is none."""

import math

import numba as nb
import numpy as np

from focusbench.curve.inference import infer
from focusbench.curve.kernel import kernel
from focusbench.curve.least_squares import best_hyperbola

_LINE = nb.types.Array(nb.f8, 1, "C")
_WHOLE = nb.types.Array(nb.i8, 1, "C")
_TABLE = nb.types.Array(nb.f8, 2, "C")
_WHOLES = nb.types.Array(nb.i8, 2, "C")
_CUBE = nb.types.Array(nb.f8, 3, "C")


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


@kernel(
    nb.void(_TABLE, _TABLE, _TABLE, _WHOLES, _WHOLE, _WHOLE, nb.f8, nb.f8, _TABLE, _CUBE),
)
def autos(x, ln_y, variance, rank, count, n_lagging, kappa, kappa_sd, answers, points):
    """Write what `infer` does for each run; its points are the first `count`, none is skipped."""
    for run in range(x.shape[0]):
        n = count[run]
        if n == 0:
            continue
        of_points = np.empty((2, n))
        infer(
            *(x[run, :n], ln_y[run, :n], variance[run, :n], rank[run, :n], n_lagging[run]),
            *(kappa, kappa_sd, answers[run], of_points),
        )
        points[run, :, :n] = of_points
