"""The arithmetic of `auto`, compiled: its curve, its noise, and the best shape for a given focus.

Positions are in step sizes, metrics in ln. A point counts under the hypothesis "the first k after
a reversal lag" where its rank is k or more.
"""

import math

import numba as nb
import numpy as np

from focusbench.curve.kernel import kernel
from focusbench.curve.priors import (
    GAMMA,
    GAMMA_SD,
    LAG_LN_DENSITY,
    LAG_LN_DENSITY_ABOVE,
    LN_B_SD,
    TAUS,
)

HOPELESS = 14.0
"""ln by which a node may be behind before it is given up for smaller τ."""
MOST_OFF = 3.5
"""How far ln b may be from where the prior has it: five of its standard deviations."""

_FAST = {"contract", "reassoc", "nsz", "arcp"}
_LINE = nb.types.Array(nb.f8, 1, "C")
_RANKS = nb.types.Array(nb.i8, 1, "C")
_NOISE = nb.types.Array(nb.f8, 3, "C")
_SHAPES = nb.types.Array(nb.f8, 4, "C")
_TABLE = nb.types.Array(nb.f8, 2, "C")
_CUBE = nb.types.Array(nb.f8, 3, "C")
_POINTS = (_LINE, _LINE, _RANKS, _NOISE)
_LOOK = nb.types.UniTuple(nb.f8, 15)


@kernel(nb.f8(nb.f8, nb.f8, nb.f8, nb.f8), fastmath=_FAST)
def odds_of_bad(r2, good, bad, odds):
    """Odds that a point is bad, from its squared residual and what `noise_of` says of it."""
    return odds * math.exp(min(0.5 * r2 * (good - bad), 300.0))


@kernel(
    _LOOK(*_POINTS, nb.i8, nb.i8, nb.f8, _LINE, _TABLE, nb.f8, nb.f8, nb.f8, nb.f8), fastmath=_FAST
)
def look(x, ln_y, rank, noise, t, k, x0, prior, work, ln_b, alpha, gamma, kappa):
    """Ln posterior of one shape, its gradient, and its Gauss-Newton matrix (upper triangle).

    Lagging points are left out of all of them. `work`, shape (5, n), is room to work in.
    """
    per_b = math.exp(-ln_b)
    value, product = 0.0, 1.0
    for i in range(x.size):
        u = (x[i] - x0) * per_b
        u2 = u * u
        q = 1 / (1 + u2)
        even = math.log(1 + u2)
        odd = u * abs(u) * q
        r = ln_y[i] - (alpha + gamma * even + kappa * odd)
        w = 0.0
        if rank[i] >= k:
            r2 = r * r
            odds = odds_of_bad(r2, noise[t, 0, i], noise[t, 1, i], noise[t, 2, i])
            value += noise[t, 3, i] - 0.5 * r2 * noise[t, 0, i]
            # One logarithm for many points.
            product *= 1 + odds
            if product > 1e150:
                value += math.log(product)
                product = 1.0
            w = (noise[t, 0, i] + odds * noise[t, 1, i]) / (1 + odds)
        work[0, i] = w
        work[1, i] = r
        work[2, i] = -2 * q * (gamma * u2 + kappa * odd)
        work[3, i] = even
        work[4, i] = odd
    # Sums apart from the logarithms: without calls in between they stay in registers.
    g0, g1, g2, g3 = 0.0, 0.0, 0.0, 0.0
    h00, h01, h02, h03, h11 = 0.0, 0.0, 0.0, 0.0, 0.0
    h12, h13, h22, h23, h33 = 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(x.size):
        w, j0, even, odd = work[0, i], work[2, i], work[3, i], work[4, i]
        w0, w2, w3, wr = w * j0, w * even, w * odd, w * work[1, i]
        g0 += wr * j0
        g1 += wr
        g2 += wr * even
        g3 += wr * odd
        h00 += w0 * j0
        h01 += w0
        h02 += w0 * even
        h03 += w0 * odd
        h11 += w
        h12 += w2
        h13 += w3
        h22 += w2 * even
        h23 += w2 * odd
        h33 += w3 * odd
    value += math.log(product)
    p0, p2, p3 = LN_B_SD**-2, GAMMA_SD**-2, prior[2]
    d0, d2, d3 = ln_b - prior[0], gamma - GAMMA, kappa - prior[1]
    value -= 0.5 * (p0 * d0 * d0 + p2 * d2 * d2 + p3 * d3 * d3)
    return (
        *(value, g0 - p0 * d0, g1, g2 - p2 * d2, g3 - p3 * d3),
        *(h00 + p0, h01, h02, h03, h11, h12, h13, h22 + p2, h23, h33 + p3),
    )


@kernel(nb.types.UniTuple(nb.f8, 7)(_LOOK, nb.f8), fastmath=_FAST)
def solve(at, damping):
    """Damped Gauss-Newton step (4 numbers), what it promises, ln det, and the variance of κ.

    The last two are those of the damped matrix. By Cholesky's decomposition, written out.
    """
    _, g0, g1, g2, g3, h00, h01, h02, h03, h11, h12, h13, h22, h23, h33 = at
    up = 1 + damping
    l00 = math.sqrt(h00 * up)
    l10, l20, l30 = h01 / l00, h02 / l00, h03 / l00
    l11 = math.sqrt(max(h11 * up - l10 * l10, 1e-12 * h11))
    l21 = (h12 - l20 * l10) / l11
    l31 = (h13 - l30 * l10) / l11
    l22 = math.sqrt(max(h22 * up - l20 * l20 - l21 * l21, 1e-12 * h22))
    l32 = (h23 - l30 * l20 - l31 * l21) / l22
    l33 = math.sqrt(max(h33 * up - l30 * l30 - l31 * l31 - l32 * l32, 1e-12 * h33))
    z0 = g0 / l00
    z1 = (g1 - l10 * z0) / l11
    z2 = (g2 - l20 * z0 - l21 * z1) / l22
    z3 = (g3 - l30 * z0 - l31 * z1 - l32 * z2) / l33
    s3 = z3 / l33
    s2 = (z2 - l32 * s3) / l22
    s1 = (z1 - l21 * s2 - l31 * s3) / l11
    s0 = (z0 - l10 * s1 - l20 * s2 - l30 * s3) / l00
    promise = g0 * s0 + g1 * s1 + g2 * s2 + g3 * s3
    ln_det = 2 * math.log(l00 * l11 * l22 * l33)
    return s0, s1, s2, s3, promise, ln_det, 1 / (l33 * l33)


@kernel(
    nb.void(*_POINTS, nb.i8, nb.i8, nb.f8, _LINE, _TABLE, nb.i8, nb.f8, _LINE, _LINE),
    fastmath=_FAST,
)
def best_shape(x, ln_y, rank, noise, t, k, x0, prior, work, most, tolerance, theta, found):
    """Climb from `theta` = (ln b, α, γ, κ) to the best shape for one focus, lag and τ.

    Takes at most `most` steps. Writes there, and in `found` the ln of the posterior with the shape
    integrated out by Laplace's method (its maximum less ½ ln det H, with the lagging points' own
    density) and the variance that κ has there.
    """
    b, a, g, s = theta[0], theta[1], theta[2], theta[3]
    at = look(x, ln_y, rank, noise, t, k, x0, prior, work, b, a, g, s)
    damping = 1e-3
    for _ in range(most):
        step = solve(at, damping)
        # What is still to be gained in ln p, were the curve straight in its parameters.
        if not step[4] > tolerance:
            break
        b1 = min(max(b + step[0], prior[0] - MOST_OFF), prior[0] + MOST_OFF)
        a1, g1, s1 = a + step[1], g + step[2], s + step[3]
        there = look(x, ln_y, rank, noise, t, k, x0, prior, work, b1, a1, g1, s1)
        if there[0] >= at[0]:
            at, b, a, g, s = there, b1, a1, g1, s1
            damping *= 0.1
        else:
            damping *= 10
    theta[0], theta[1], theta[2], theta[3] = b, a, g, s
    end = solve(at, 0.0)
    ln_p = at[0] - 0.5 * end[5]
    per_b = math.exp(-b)
    for i in range(x.size):
        if rank[i] < k:
            u = (x[i] - x0) * per_b
            u2 = u * u
            drawn = a + g * math.log(1 + u2) + s * u * abs(u) / (1 + u2)
            below = ln_y[i] - drawn < 0.05
            ln_p += LAG_LN_DENSITY if below else LAG_LN_DENSITY_ABOVE
    found[0], found[1] = ln_p, end[6]


@kernel(
    nb.void(*_POINTS, _LINE, _LINE, _TABLE, nb.b1, nb.i8, nb.f8, _SHAPES, _CUBE), fastmath=_FAST
)
def climb(x, ln_y, rank, noise, nodes, prior, work, anneal, most, tolerance, theta, ln_p):
    """Best shapes for a grid of noise models, x0 and k; writes `theta` and `ln_p`.

    Where `ln_p` is −∞ nothing is done. With `anneal` every τ starts where the wider one ended: at
    first every point is believed a little, at last only those that agree, and no subset of points
    is ever searched. What explains the points e^14 times worse than another is not looked at for
    smaller τ.
    """
    start, found = np.empty(4), np.empty(2)
    enough = -math.inf
    for t in range(ln_p.shape[0]):
        widest = t % TAUS.size == 0
        best = -math.inf
        for j in range(ln_p.shape[1]):
            for k in range(ln_p.shape[2]):
                wider = t - 1 if anneal and not widest else t
                for m in range(4):
                    start[m] = theta[wider, j, k, m]
                    theta[t, j, k, m] = start[m]
                if anneal and not widest and not ln_p[wider, j, k] > enough:
                    ln_p[t, j, k] = -math.inf
                if ln_p[t, j, k] == -math.inf:
                    continue
                best_shape(
                    *(x, ln_y, rank, noise, t, k, nodes[j], prior, work, most, tolerance),
                    *(start, found),
                )
                for m in range(4):
                    theta[t, j, k, m] = start[m]
                ln_p[t, j, k] = found[0]
                best = max(best, found[0])
        enough = best - HOPELESS


@kernel(nb.void(*_POINTS, nb.f8, _LINE, _TABLE, _TABLE), fastmath=_FAST)
def straight(x, ln_y, rank, noise, slope_sd, start, ln_p, slope):
    """Ln posterior of a straight line for every noise model and k, integrated over the line.

    "No curve" is the line whose slope is known to be nothing. `start` holds the means of the
    positions and of ln y; writes `ln_p` and `slope`.
    """
    precision = 1 / (slope_sd * slope_sd)
    for k in range(ln_p.shape[1]):
        height, rise = start[1], 0.0
        for t in range(ln_p.shape[0]):
            if t % TAUS.size == 0:
                height, rise = start[1], 0.0
            value, det = 0.0, 1.0
            for _ in range(12):
                s0, s1, s2, g0, g1 = 0.0, 0.0, precision, 0.0, -precision * rise
                value = -0.5 * precision * rise * rise
                for i in range(x.size):
                    dx = x[i] - start[0]
                    r = ln_y[i] - height - rise * dx
                    if rank[i] < k:
                        value += LAG_LN_DENSITY if r < 0.05 else LAG_LN_DENSITY_ABOVE
                        continue
                    odds = odds_of_bad(r * r, noise[t, 0, i], noise[t, 1, i], noise[t, 2, i])
                    value += noise[t, 3, i] - 0.5 * r * r * noise[t, 0, i] + math.log(1 + odds)
                    w = (noise[t, 0, i] + odds * noise[t, 1, i]) / (1 + odds)
                    s0 += w
                    s1 += w * dx
                    s2 += w * dx * dx
                    g0 += w * r
                    g1 += w * r * dx
                det = s0 * s2 - s1 * s1
                up, turn = (s2 * g0 - s1 * g1) / det, (s0 * g1 - s1 * g0) / det
                if up * g0 + turn * g1 < 1e-2:
                    break
                height += up
                rise += turn
            ln_p[t, k] = value - 0.5 * math.log(det) - math.log(slope_sd)
            slope[t, k] = rise
