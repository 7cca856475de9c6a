"""Least squares of the two curves with three parameters, compiled: parabola and hyperbola."""

import math

import numba as nb

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
