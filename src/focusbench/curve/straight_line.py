"""What a V-curve must beat: no curve at all, and a straight line in ln(metric); compiled."""

import numba as nb
import numpy as np

from focusbench.curve.kernel import kernel
from focusbench.curve.likelihood import FAST, MOST_ODDS
from focusbench.curve.priors import LAG, LAG_LN_DENSITY, LAG_LN_DENSITY_ABOVE, LINE_SLOPE_SD, TAUS
from focusbench.curve.vector_math import fast_exp, fast_log

N_LAGS = LAG.size
LANES = 2 * N_LAGS
"""Both straight curves, and every k, side by side: see `likelihood`."""
SLOPE_SDS = (1e-6, LINE_SLOPE_SD)
"""No curve is the line whose slope is known to be nothing."""
MOST_STEPS = 12
LEAST_GAIN = 1e-2

K, PRECISION, HEIGHT, RISE, VALUE, S0, S1, S2, G0, G1, HALF_LN_DET = range(0, 11 * LANES, LANES)

_LINE = nb.types.Array(nb.f8, 1, "C")
_RANKS = nb.types.Array(nb.i8, 1, "C")
_NOISE = nb.types.Array(nb.f8, 3, "C")
_CUBE = nb.types.Array(nb.f8, 3, "C")


@kernel(nb.void(_LINE, _LINE, _RANKS, _NOISE, nb.i8, nb.f8, _LINE), fastmath=FAST)
def _look(x, ln_y, rank, noise, t, middle, tile):
    """Ln posterior of the lines in a tile, its gradient and its Gauss-Newton matrix."""
    for lane in range(LANES):
        precision, rise = tile[PRECISION + lane], tile[RISE + lane]
        tile[VALUE + lane] = -0.5 * precision * rise * rise
        tile[S0 + lane], tile[S1 + lane], tile[S2 + lane] = 0.0, 0.0, precision
        tile[G0 + lane], tile[G1 + lane] = 0.0, -precision * rise
    for i in range(x.size):
        dx, yi, ri = x[i] - middle, ln_y[i], float(rank[i])
        good, bad, if_none, density = noise[t, 0, i], noise[t, 1, i], noise[t, 2, i], noise[t, 3, i]
        for lane in range(LANES):
            r = yi - tile[HEIGHT + lane] - tile[RISE + lane] * dx
            r2 = r * r
            sharper = 0.5 * r2 * (good - bad)
            believed = min(sharper, MOST_ODDS)
            odds = if_none * fast_exp(believed)
            counts = 1.0 if ri >= tile[K + lane] else 0.0
            lags = LAG_LN_DENSITY if r < 0.05 else LAG_LN_DENSITY_ABOVE
            value = density - 0.5 * r2 * good + sharper - believed + fast_log(1 + odds)
            tile[VALUE + lane] += counts * value + (1 - counts) * lags
            w = counts * (good + odds * bad) / (1 + odds)
            tile[S0 + lane] += w
            tile[S1 + lane] += w * dx
            tile[S2 + lane] += w * dx * dx
            tile[G0 + lane] += w * r
            tile[G1 + lane] += w * r * dx


@kernel(nb.f8(_LINE), fastmath=FAST)
def _step_on(tile):
    """Gauss-Newton step of the lines that have something to gain; returns how many."""
    going = 0.0
    for lane in range(LANES):
        s0, s1, s2 = tile[S0 + lane], tile[S1 + lane], tile[S2 + lane]
        g0, g1 = tile[G0 + lane], tile[G1 + lane]
        det = s0 * s2 - s1 * s1
        up, turn = (s2 * g0 - s1 * g1) / det, (s0 * g1 - s1 * g0) / det
        goes = 1.0 if up * g0 + turn * g1 >= LEAST_GAIN else 0.0
        tile[HEIGHT + lane] += goes * up
        tile[RISE + lane] += goes * turn
        tile[HALF_LN_DET + lane] = 0.5 * fast_log(det)
        going += goes
    return going


@kernel(nb.void(_LINE, _LINE, _RANKS, _NOISE, nb.f8, nb.f8, _CUBE, _CUBE), fastmath=FAST)
def straight(x, ln_y, rank, noise, middle, height, ln_p, slope):
    """Ln posterior of both straight curves for every noise model and k, integrated over them.

    Parameters
    ----------
    x, ln_y, rank, noise
        As in `likelihood`.
    middle, height : float
        Means of the positions and of ln y.
    ln_p, slope : float arrays, shape (2, n_models, n_lags)
        Written: ln of the posterior without the normalisation of the slope's prior; the slope.
    """
    tile = np.empty(11 * LANES)
    for lane in range(LANES):
        sd = SLOPE_SDS[lane // N_LAGS]
        tile[K + lane], tile[PRECISION + lane] = lane % N_LAGS, 1 / (sd * sd)
    for t in range(ln_p.shape[1]):
        if t % TAUS.size == 0:
            for lane in range(LANES):
                tile[HEIGHT + lane], tile[RISE + lane] = height, 0.0
        for _ in range(MOST_STEPS):
            _look(x, ln_y, rank, noise, t, middle, tile)
            if _step_on(tile) == 0:
                break
        for curve in range(2):
            for k in range(ln_p.shape[2]):
                lane = curve * N_LAGS + k
                ln_p[curve, t, k] = tile[VALUE + lane] - tile[HALF_LN_DET + lane]
                slope[curve, t, k] = tile[RISE + lane]
