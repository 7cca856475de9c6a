"""Least squares of the two curves with three parameters, compiled: parabola and hyperbola."""

import math

import numba as nb
import numpy as np

from focusbench.curve.kernel import kernel

_LINE = nb.types.Array(nb.f8, 1, "C")
_SYMMETRIC = nb.types.UniTuple(nb.f8, 6)
_THREE = nb.types.UniTuple(nb.f8, 3)


@kernel(_SYMMETRIC(_SYMMETRIC))
def invert(m):
    """Inverse of a symmetric matrix given as (00, 01, 02, 11, 12, 22); infinite where singular."""
    m00, m01, m02, m11, m12, m22 = m
    i00, i01, i02 = m11 * m22 - m12 * m12, m02 * m12 - m01 * m22, m01 * m12 - m02 * m11
    det = m00 * i00 + m01 * i01 + m02 * i02
    if not det > 0:
        return math.inf, math.inf, math.inf, math.inf, math.inf, math.inf
    i11, i12, i22 = m00 * m22 - m02 * m02, m01 * m02 - m00 * m12, m00 * m11 - m01 * m01
    return i00 / det, i01 / det, i02 / det, i11 / det, i12 / det, i22 / det


@kernel(_SYMMETRIC(_LINE, _LINE, _LINE, _LINE))
def parabola(t, y, weight, c):
    """Fit y = c0 + c1·t + c2·t²; writes `c` and returns its covariance for points of weight 1."""
    s0, s1, s2, s3, s4, r0, r1, r2 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(t.size):
        w, d = weight[i], t[i]
        d2 = d * d
        s0 += w
        s1 += w * d
        s2 += w * d2
        s3 += w * d2 * d
        s4 += w * d2 * d2
        r0 += w * y[i]
        r1 += w * d * y[i]
        r2 += w * d2 * y[i]
    v = invert((s0, s1, s2, s2, s3, s4))
    c[0] = v[0] * r0 + v[1] * r1 + v[2] * r2
    c[1] = v[1] * r0 + v[3] * r1 + v[4] * r2
    c[2] = v[2] * r0 + v[4] * r1 + v[5] * r2
    return v


@kernel(nb.types.UniTuple(nb.f8, 10)(_LINE, _LINE, _LINE, _THREE))
def look(t, y, weight, p):
    """χ², its gradient (−½) and normal matrix, of y = √(a² + (q·(t − x0))²), p = (x0, a, q)."""
    x0, a, q = p
    chi2, g0, g1, g2 = 0.0, 0.0, 0.0, 0.0
    h00, h01, h02, h11, h12, h22 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(t.size):
        d = t[i] - x0
        model = max(math.sqrt(a * a + q * d * q * d), 1e-12)
        j0, j1, j2 = -q * q * d / model, a / model, q * d * d / model
        w, r = weight[i], y[i] - model
        chi2 += w * r * r
        g0 += w * r * j0
        g1 += w * r * j1
        g2 += w * r * j2
        h00 += w * j0 * j0
        h01 += w * j0 * j1
        h02 += w * j0 * j2
        h11 += w * j1 * j1
        h12 += w * j1 * j2
        h22 += w * j2 * j2
    return chi2, g0, g1, g2, h00, h01, h02, h11, h12, h22


@kernel(nb.types.UniTuple(nb.f8, 5)(_LINE, _LINE, _LINE, _THREE))
def hyperbola(t, y, weight, start):
    """Levenberg-Marquardt from (x0, a, q); returns these at the end, χ², and the variance of x0.

    With the slope q in place of b = a/q the model stays smooth down to a sharp V (a = 0).
    """
    x0, a, q = start
    at = look(t, y, weight, (x0, a, q))
    damping = 1e-3
    for _ in range(100):
        _, g0, g1, g2, h00, h01, h02, h11, h12, h22 = at
        v = invert(
            (
                *(h00 + damping * max(h00, 1e-12), h01, h02),
                *(h11 + damping * max(h11, 1e-12), h12, h22 + damping * max(h22, 1e-12)),
            )
        )
        # Far outside the points there is nothing to find, only numbers that overflow.
        x1 = min(max(x0 + v[0] * g0 + v[1] * g1 + v[2] * g2, -5.0), 5.0)
        a1 = min(max(a + v[1] * g0 + v[3] * g1 + v[4] * g2, -1e6), 1e6)
        q1 = min(max(q + v[2] * g0 + v[4] * g1 + v[5] * g2, -1e6), 1e6)
        there = look(t, y, weight, (x1, a1, q1))
        if there[0] <= at[0]:
            settled = (
                abs(x1 - x0) <= 1e-10 * (1 + abs(x0))
                and abs(a1 - a) <= 1e-10 * (1 + abs(a))
                and abs(q1 - q) <= 1e-10 * (1 + abs(q))
            )
            at, x0, a, q = there, x1, a1, q1
            damping = max(damping / 10, 1e-12)
            if settled:
                break
        else:
            damping *= 10
            if damping > 1e10:
                break
    return x0, a, q, at[0], invert(at[4:])[0]


@kernel(nb.void(_LINE, _LINE, _LINE, _LINE))
def best_hyperbola(x, y, weight, out):
    """Fit y = √(a² + (q·(x − x0))²) from the best start there is.

    In numbers of order one: `out` holds x0, a and q, χ² and the variance of x0 for points of the
    weights given; NaN where the points have no extent. Starts are the parabola in y², which is
    this curve exactly, and, unless that led to a minimum between the points, a V with its tip at
    the lowest point.
    """
    n = x.size
    low, high, height, lowest, top = x[0], x[0], y[0], 0, weight[0]
    for i in range(n):
        low, high, top = min(low, x[i]), max(high, x[i]), max(top, weight[i])
        if y[i] < height:
            height, lowest = y[i], i
    middle, scale = (low + high) / 2, high - low
    out[:] = math.nan
    if not (scale > 0 and height > 0):
        return
    t, v, w, w2, c = np.empty(n), np.empty(n), np.empty(n), np.empty(n), np.empty(3)
    for i in range(n):
        t[i], v[i], w[i] = (x[i] - middle) / scale, y[i] / height, weight[i] / top
    square = v * v
    for i in range(n):
        # σ(y²) = 2yσ(y) gives the weights.
        w2[i] = w[i] / (4 * square[i])
    parabola(t, square, w2, c)
    best = (0.0, 0.0, 0.0, math.inf, math.inf)
    found = False
    if 0 < c[2] < math.inf:
        a2 = c[0] - c[1] * c[1] / (4 * c[2])
        a = math.sqrt(a2) if a2 > 0 else 0.3
        best = hyperbola(t, v, w, (-c[1] / (2 * c[2]), a, math.sqrt(c[2])))
        found = a2 > 0 and best[3] >= 0 and abs(best[0]) < 0.5
    if not found:
        furthest, reach = 0, -1.0
        for i in range(n):
            if abs(t[i] - t[lowest]) > reach:
                furthest, reach = i, abs(t[i] - t[lowest])
        plain = hyperbola(t, v, w, (t[lowest], v[lowest], v[furthest] / max(reach, 0.1)))
        if not best[3] <= plain[3]:
            best = plain
    out[0] = middle + scale * best[0]
    out[1] = abs(best[1]) * height
    out[2] = abs(best[2]) * height / scale
    out[3] = best[3] * top * height * height
    # Weights were scaled by their largest, metrics by `height`.
    out[4] = best[4] * scale * scale / (top * height * height)
