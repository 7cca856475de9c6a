"""The arithmetic of `auto`, compiled: its curve, its noise, and the best shape for a given focus.

Positions are in step sizes, metrics in ln. A point counts under the hypothesis "the first k after
a reversal lag" where its rank is k or more.

Shapes are sought for `LANES` hypotheses (places of focus, lags) at a time, side by side: the
innermost loops go over the lanes and become vector instructions. They share one flat array, the
tile, whose rows of `LANES` numbers stand at offsets that the compiler knows; were they arrays of
their own, it would have to fear that one overlaps another.
"""

import math

import numba as nb
import numpy as np

from focusbench.curve.kernel import kernel
from focusbench.curve.priors import (
    LAG_LN_DENSITY,
    LAG_LN_DENSITY_ABOVE,
    LN_B_SD,
    TAUS,
)
from focusbench.curve.vector_math import fast_exp, fast_log

LANES = 8
"""Eight doubles are one vector of the widest kind, and two or four of the usual ones."""
HOPELESS = 14.0
"""ln by which a node may be behind before it is given up for smaller τ."""
MOST_OFF = 3.5
"""How far ln b may be from where the prior has it: five of its standard deviations."""
MOST_ODDS = 30.0
"""ln by which a residual may speak for a bad point. Beyond, 1 + odds are the odds to 1e-9, so that
the rest is added to their logarithm as it is."""
AT_ONCE = 16
"""The product of 1 + odds over so many points is a number that does not overflow."""

# Rows of a tile. What is looked at: focus, k, and a shape with 1/b; and where a climb began it.
X0, K, B, ALPHA, GAM, KAP, PER_B = range(0, 7 * LANES, LANES)
# What was seen there: ln posterior, gradient, Gauss-Newton matrix (upper triangle).
VALUE, G0, G1, G2, G3, H00, H01, H02, H03, H11, H12, H13, H22, H23, H33 = range(
    7 * LANES, 22 * LANES, LANES
)
SEEN = 15
# The best so far: shape, and what was seen there.
BEST_B, BEST_ALPHA, BEST_GAM, BEST_KAP, BEST = range(22 * LANES, 27 * LANES, LANES)
DAMPING, GOING, PROMISE, LN_P, KAPPA_VARIANCE, PRODUCT = range(41 * LANES, 47 * LANES, LANES)
TILE = 47 * LANES

FAST = {"contract", "reassoc", "nsz", "arcp"}
"""Sums may be reordered; infinities are still infinite."""
_LINE = nb.types.Array(nb.f8, 1, "C")
_RANKS = nb.types.Array(nb.i8, 1, "C")
_NOISE = nb.types.Array(nb.f8, 3, "C")
_SHAPES = nb.types.Array(nb.f8, 4, "C")
_TABLE = nb.types.Array(nb.f8, 2, "C")
_CUBE = nb.types.Array(nb.f8, 3, "C")
_POINTS = (_LINE, _LINE, _RANKS, _NOISE)


@kernel(nb.void(*_POINTS, nb.i8, _LINE, _LINE), fastmath=FAST)
def look(x, ln_y, rank, noise, t, prior, tile):
    """Ln posterior of the shapes looked at, its gradient, and its Gauss-Newton matrix.

    Lagging points are left out of all of them.
    """
    p0, p2, p3 = LN_B_SD**-2, prior[4], prior[2]
    ln_b, kappa_known, gamma_known = prior[0], prior[1], prior[3]
    for lane in range(LANES):
        d0, d2 = tile[B + lane] - ln_b, tile[GAM + lane] - gamma_known
        d3 = tile[KAP + lane] - kappa_known
        tile[PER_B + lane] = fast_exp(-tile[B + lane])
        tile[VALUE + lane] = -0.5 * (p0 * d0 * d0 + p2 * d2 * d2 + p3 * d3 * d3)
        tile[G0 + lane], tile[G1 + lane] = -p0 * d0, 0.0
        tile[G2 + lane], tile[G3 + lane] = -p2 * d2, -p3 * d3
        tile[H00 + lane], tile[H22 + lane], tile[H33 + lane] = p0, p2, p3
        tile[H01 + lane], tile[H02 + lane], tile[H03 + lane] = 0.0, 0.0, 0.0
        tile[H11 + lane], tile[H12 + lane], tile[H13 + lane] = 0.0, 0.0, 0.0
        tile[H23 + lane], tile[PRODUCT + lane] = 0.0, 1.0
    for i in range(x.size):
        xi, yi, ri = x[i], ln_y[i], float(rank[i])
        good, bad, if_none, density = noise[t, 0, i], noise[t, 1, i], noise[t, 2, i], noise[t, 3, i]
        for lane in range(LANES):
            gamma, kappa = tile[GAM + lane], tile[KAP + lane]
            u = (xi - tile[X0 + lane]) * tile[PER_B + lane]
            u2 = u * u
            q = 1 / (1 + u2)
            even = fast_log(1 + u2)
            odd = u * abs(u) * q
            r = yi - (tile[ALPHA + lane] + gamma * even + kappa * odd)
            r2 = r * r
            sharper = 0.5 * r2 * (good - bad)
            believed = min(sharper, MOST_ODDS)
            odds = if_none * fast_exp(believed)
            counts = 1.0 if ri >= tile[K + lane] else 0.0
            tile[VALUE + lane] += counts * (density - 0.5 * r2 * good + sharper - believed)
            tile[PRODUCT + lane] *= 1 + counts * odds
            w = counts * (good + odds * bad) / (1 + odds)
            j0 = -2 * q * (gamma * u2 + kappa * odd)
            w0, w2, w3, wr = w * j0, w * even, w * odd, w * r
            tile[G0 + lane] += wr * j0
            tile[G1 + lane] += wr
            tile[G2 + lane] += wr * even
            tile[G3 + lane] += wr * odd
            tile[H00 + lane] += w0 * j0
            tile[H01 + lane] += w0
            tile[H02 + lane] += w0 * even
            tile[H03 + lane] += w0 * odd
            tile[H11 + lane] += w
            tile[H12 + lane] += w2
            tile[H13 + lane] += w3
            tile[H22 + lane] += w2 * even
            tile[H23 + lane] += w2 * odd
            tile[H33 + lane] += w3 * odd
        if i % AT_ONCE == AT_ONCE - 1 or i == x.size - 1:
            # One logarithm for many points.
            for lane in range(LANES):
                tile[VALUE + lane] += fast_log(tile[PRODUCT + lane])
                tile[PRODUCT + lane] = 1.0


@kernel(nb.void(_LINE), fastmath=FAST)
def keep_better(tile):
    """Where the shape looked at is no worse than the best so far, it is the best; damps less.

    Where it is worse, it is damped more.
    """
    for lane in range(LANES):
        better = tile[VALUE + lane] >= tile[BEST + lane]
        tile[DAMPING + lane] *= 0.1 if better else 10.0
        for row in range(SEEN):
            seen, best = tile[VALUE + row * LANES + lane], tile[BEST + row * LANES + lane]
            tile[BEST + row * LANES + lane] = seen if better else best
        for row in range(4):
            seen, best = tile[B + row * LANES + lane], tile[BEST_B + row * LANES + lane]
            tile[BEST_B + row * LANES + lane] = seen if better else best


@kernel(nb.f8(_LINE, _LINE, nb.f8), fastmath=FAST)
def step_on(tile, prior, tolerance):
    """Damped Gauss-Newton step from the best shapes to those to be looked at.

    By Cholesky's decomposition, written out. A lane that has less than `tolerance` of ln p to gain,
    were the curve straight in its parameters, stays where it is for good. Returns how many go on;
    writes ln p with the shape integrated out by Laplace's method, its maximum less ½ ln det H, and
    the variance of κ, both of the damped matrix.
    """
    going, least, most = 0.0, prior[0] - MOST_OFF, prior[0] + MOST_OFF
    for lane in range(LANES):
        up = 1 + tile[DAMPING + lane]
        at = BEST + lane
        g0, g1, g2, g3 = (
            tile[at + 1 * LANES],
            tile[at + 2 * LANES],
            tile[at + 3 * LANES],
            tile[at + 4 * LANES],
        )
        h00, h01, h02, h03 = (
            tile[at + 5 * LANES],
            tile[at + 6 * LANES],
            tile[at + 7 * LANES],
            tile[at + 8 * LANES],
        )
        h11, h12, h13 = tile[at + 9 * LANES], tile[at + 10 * LANES], tile[at + 11 * LANES]
        h22, h23, h33 = tile[at + 12 * LANES], tile[at + 13 * LANES], tile[at + 14 * LANES]
        # L·D·Lᵀ: no roots, four divisions
        d0 = h00 * up
        i0 = 1 / d0
        l10, l20, l30 = h01 * i0, h02 * i0, h03 * i0
        d1 = max(h11 * up - l10 * h01, 1e-12 * h11)
        i1 = 1 / d1
        m21, m31 = h12 - l20 * h01, h13 - l30 * h01
        l21, l31 = m21 * i1, m31 * i1
        d2 = max(h22 * up - l20 * h02 - l21 * m21, 1e-12 * h22)
        i2 = 1 / d2
        m32 = h23 - l30 * h02 - l31 * m21
        l32 = m32 * i2
        d3 = max(h33 * up - l30 * h03 - l31 * m31 - l32 * m32, 1e-12 * h33)
        i3 = 1 / d3
        z1 = g1 - l10 * g0
        z2 = g2 - l20 * g0 - l21 * z1
        z3 = g3 - l30 * g0 - l31 * z1 - l32 * z2
        s3 = z3 * i3
        s2 = z2 * i2 - l32 * s3
        s1 = z1 * i1 - l21 * s2 - l31 * s3
        s0 = g0 * i0 - l10 * s1 - l20 * s2 - l30 * s3
        promise = g0 * s0 + g1 * s1 + g2 * s2 + g3 * s3
        goes = tile[GOING + lane] if promise > tolerance else 0.0
        tile[GOING + lane] = goes
        going += goes
        b = tile[BEST_B + lane] + goes * s0
        tile[B + lane] = min(max(b, least), most)
        tile[ALPHA + lane] = tile[BEST_ALPHA + lane] + goes * s1
        tile[GAM + lane] = tile[BEST_GAM + lane] + goes * s2
        tile[KAP + lane] = tile[BEST_KAP + lane] + goes * s3
        tile[LN_P + lane] = tile[BEST + lane] - 0.5 * fast_log(d0 * d1 * d2 * d3)
        tile[PROMISE + lane] = promise
        tile[KAPPA_VARIANCE + lane] = i3
    return going


@kernel(nb.void(*_POINTS, nb.i8, _LINE, _LINE, nb.i8, nb.f8), fastmath=FAST)
def best_shapes(x, ln_y, rank, noise, t, prior, tile, most, tolerance):
    """Climb from the shapes in a tile to the best ones for their focus and lag, with noise t.

    Takes at most `most` steps. Leaves them in the rows `BEST_B` to `BEST_KAP`; in `LN_P` the ln of
    the posterior with the shape integrated out, the lagging points' own density included; and in
    `KAPPA_VARIANCE` the variance that κ has there.
    """
    for lane in range(LANES):
        tile[BEST + lane], tile[DAMPING + lane], tile[GOING + lane] = -math.inf, 1e-2, 1.0
    for _ in range(most):
        look(x, ln_y, rank, noise, t, prior, tile)
        keep_better(tile)
        if step_on(tile, prior, tolerance) == 0:
            break
    else:
        look(x, ln_y, rank, noise, t, prior, tile)
        keep_better(tile)
    for lane in range(LANES):
        tile[DAMPING + lane], tile[GOING + lane] = 0.0, 1.0
    step_on(tile, prior, -math.inf)
    # The last step is taken without looking: what is little to gain is gained by half its promise.
    most_k = 0.0
    for lane in range(LANES):
        near = tile[PROMISE + lane] <= tolerance
        tile[LN_P + lane] += 0.5 * tile[PROMISE + lane] if near else 0.0
        for row in range(4):
            last, best = tile[B + row * LANES + lane], tile[BEST_B + row * LANES + lane]
            tile[BEST_B + row * LANES + lane] = last if near else best
        tile[PER_B + lane] = fast_exp(-tile[BEST_B + lane])
        most_k = max(most_k, tile[K + lane])
    for i in range(x.size):
        if rank[i] >= most_k:
            continue
        xi, yi, ri = x[i], ln_y[i], float(rank[i])
        for lane in range(LANES):
            u = (xi - tile[X0 + lane]) * tile[PER_B + lane]
            u2 = u * u
            odd = u * abs(u) / (1 + u2)
            drawn = tile[BEST_GAM + lane] * fast_log(1 + u2) + tile[BEST_KAP + lane] * odd
            below = yi - tile[BEST_ALPHA + lane] - drawn < 0.05
            density = LAG_LN_DENSITY if below else LAG_LN_DENSITY_ABOVE
            tile[LN_P + lane] += density if ri < tile[K + lane] else 0.0


@kernel(
    nb.void(*_POINTS, _LINE, _LINE, _LINE, _TABLE, nb.f8, nb.b1, nb.i8, nb.f8, _SHAPES, _CUBE),
    fastmath=FAST,
)
def climb(
    x, ln_y, rank, noise, nodes, prior, tile, ln_prior, least, anneal, most, tolerance, theta, ln_p
):
    """Best shapes for a grid of noise models, x0 and k; writes `theta` and `ln_p`.

    Where `ln_p` and `ln_prior` are not above `least` nothing is done. With `anneal` every τ starts
    where the wider one ended: at first every point is believed a little, at last only those that
    agree, and no subset of points is ever searched. What explains the points e^14 times worse than
    another is not looked at for smaller τ.
    """
    n_models, n_nodes, n_lags = ln_p.shape
    enough = -math.inf
    wanted = np.empty(n_nodes * n_lags, np.int64)
    for t in range(n_models):
        follows = anneal and t % TAUS.size != 0
        wider = t - 1 if follows else t
        n_wanted = 0
        for k in range(n_lags):
            for j in range(n_nodes):
                if follows and not ln_p[wider, j, k] > enough:
                    ln_p[t, j, k] = -math.inf
                    theta[t, j, k] = theta[wider, j, k]
                elif ln_p[t, j, k] + ln_prior[t, k] > least:
                    wanted[n_wanted] = j * n_lags + k
                    n_wanted += 1
        best = -math.inf
        for first in range(0, n_wanted, LANES):
            for lane in range(LANES):
                # Lanes too many do the last one again.
                j, k = divmod(wanted[min(first + lane, n_wanted - 1)], n_lags)
                tile[X0 + lane], tile[K + lane] = nodes[j], k
                for m in range(4):
                    tile[B + m * LANES + lane] = theta[wider, j, k, m]
            best_shapes(x, ln_y, rank, noise, t, prior, tile, most, tolerance)
            for lane in range(min(LANES, n_wanted - first)):
                j, k = divmod(wanted[first + lane], n_lags)
                for m in range(4):
                    theta[t, j, k, m] = tile[BEST_B + m * LANES + lane]
                ln_p[t, j, k] = tile[LN_P + lane]
                best = max(best, ln_p[t, j, k])
        enough = best - HOPELESS
