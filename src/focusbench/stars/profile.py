"""Full width at half maximum by a fitted profile, and half-flux diameter after ASTAP."""

import math

import numba as nb
import numpy as np

from focusbench.stars.kernel import kernel
from focusbench.stars.pixels import IMAGE

_FAST = {"contract", "reassoc", "nsz", "arcp"}
_RINGS_A_PX = 4


@kernel(nb.f8(IMAGE, nb.f8, nb.f8, nb.f8, nb.f8), fastmath=_FAST)
def fwhm(light, cx, cy, reach, half_width):
    """FWHM of a Moffat profile, in pixels, from the light within `reach` of the middle.

    f(r) = A (1 + (2^b − 1) (r/w)²)^(−1/b), w the half width at half maximum; b = 1/β → 0 is a
    Gaussian. A pixel holds the mean over its square, f + ∇²f / 24 to second order, so that the
    FWHM is that of the light before it fell on pixels. The pixels of rings a quarter pixel wide
    are averaged. A follows linearly; w and b by damped Gauss-Newton steps, whose derivatives leave
    out the term in ∇²f.
    """
    side = light.shape[0]
    n = int(reach * _RINGS_A_PX) + 1
    rings = np.zeros((3, n))
    for j in range(side):
        for i in range(side):
            r = math.sqrt((i - cx) ** 2 + (j - cy) ** 2)
            k = int(r * _RINGS_A_PX)
            if k < n:
                rings[0, k] += light[j, i]
                rings[1, k] += r
                rings[2, k] += 1.0
    m = 0
    for k in range(n):
        area = rings[2, k]
        if area > 0:
            rings[0, m], rings[1, m] = rings[0, k] / area, (rings[1, k] / area) ** 2
            rings[2, m] = area
            m += 1
    n = m
    model = np.empty((3, n))
    w, b = half_width, 0.2
    try_w, try_b = w, b
    damping, best = 1e-3, np.inf
    amplitude = 0.0
    g0 = g1 = h00 = h01 = h11 = 0.0
    for _ in range(25):
        power = 2.0**try_b
        c = (power - 1.0) / (try_w * try_w)
        c_b = power * math.log(2.0) / (try_w * try_w)
        beta = 1.0 / try_b
        scale = norm = p1 = p2 = 0.0
        for k in range(n):
            r2, area = rings[1, k], rings[2, k]
            q = 1.0 + c * r2
            ln_q = math.log(q)
            f = math.exp(-ln_q * beta)
            d1 = f * 2.0 * beta * c * r2 / q
            d2 = f * beta * (ln_q * beta - c_b * r2 / q)
            f += beta * c * f / q * ((beta + 1.0) * c * r2 / q - 1.0) / 6.0
            model[0, k], model[1, k], model[2, k] = f, d1, d2
            scale += area * f * rings[0, k]
            norm += area * f * f
            p1 += area * d1 * f
            p2 += area * d2 * f
        a, p1, p2 = scale / norm, p1 / norm, p2 / norm
        misfit = 0.0
        for k in range(n):
            misfit += rings[2, k] * (rings[0, k] - a * model[0, k]) ** 2
        if misfit < best:
            gain = best - misfit
            best, w, b, amplitude = misfit, try_w, try_b, a
            damping = max(damping * 0.2, 1e-9)
            g0 = g1 = h00 = h01 = h11 = 0.0
            # derivatives with the amplitude free: what of them is not along the model
            for k in range(n):
                f, area = model[0, k], rings[2, k]
                d1, d2 = a * (model[1, k] - p1 * f), a * (model[2, k] - p2 * f)
                rest = area * (rings[0, k] - a * f)
                g0 += d1 * rest
                g1 += d2 * rest
                h00 += d1 * d1 * area
                h01 += d1 * d2 * area
                h11 += d2 * d2 * area
            if gain < 1e-4 * misfit:
                break
        else:
            damping *= 8.0
            if damping > 1e6:
                break
        e00, e11 = h00 * (1 + damping) + 1e-300, h11 * (1 + damping) + 1e-300
        det = e00 * e11 - h01 * h01
        if not det > 0:
            damping *= 8.0
            continue
        s0, s1 = (e11 * g0 - h01 * g1) / det, (e00 * g1 - h01 * g0) / det
        try_w = w * math.exp(min(max(s0, -0.5), 0.5))
        try_b = min(max(b + min(max(s1, -0.2), 0.2), 0.002), 0.95)
    return 2.0 * w if amplitude > 0 else np.nan


@kernel(nb.f8(IMAGE, nb.f8, nb.f8, nb.f8), fastmath=_FAST)
def hfd_astap(light, bar, reach, box):
    """Half-flux diameter by ASTAP's method (GetHFD in its `cu_fits.pas`), pixels.

    Lit pixels are those above the bar, 3 σ; the box shrinks until 2/9 of it are lit; the histogram
    of their distances tells the radius at which it has fallen to a tenth of its top; within it
    HFD = 2 Σ(v r) / Σ v. ASTAP interpolates values on a grid centred on the star, which smears
    small stars by up to 4 %; here the pixels themselves are summed. Where these are means over
    squares of pixels, the share `box` of what that adds to r, 1 / (24 r), is taken off.
    """
    side = light.shape[0]
    middle = side // 2  # the star's middle lies in that pixel
    # lit pixels by how far, along the farther axis, they lie from the middle
    lit = np.zeros(middle + 1)
    for j in range(side):
        for i in range(side):
            lit[max(abs(i - middle), abs(j - middle))] += light[j, i] > bar
    most = min(int(reach) + 1, middle)
    for k in range(1, middle + 1):
        lit[k] += lit[k - 1]
    size = most
    while size > 1 and lit[size] < (2.0 / 9.0) * (2 * size + 1) ** 2:
        size -= max(1, size // 10)
    # a star's lit disc fills the box it was found in to 2/9; its corner must not be cut
    size = min(int(1.5 * size) + 1, most)
    first, last = middle - size, middle + size + 1
    s = sx = sy = 0.0
    for j in range(first, last):
        for i in range(first, last):
            v = light[j, i]
            if v > bar:
                s += v
                sx += v * i
                sy += v * j
    if not s > 0:
        return np.nan
    cx, cy = sx / s, sy / s
    counts = np.zeros(2 * size + 4)
    top = 0.0
    for j in range(first, last):
        for i in range(first, last):
            if light[j, i] > bar:
                k = int(math.sqrt((i - cx) ** 2 + (j - cy) ** 2) + 0.5)
                counts[k] += 1
                top = max(top, counts[k])
    radius, passed = 0, False
    for k in range(2 * size + 3):
        passed = passed or counts[k] == top
        radius = k
        if passed and counts[k] <= 0.1 * top:
            break
    total = weighted = 0.0
    for j in range(max(0, int(cy) - radius), min(side, int(cy) + radius + 2)):
        for i in range(max(0, int(cx) - radius), min(side, int(cx) + radius + 2)):
            r = math.sqrt((i - cx) ** 2 + (j - cy) ** 2)
            if r <= radius:
                total += light[j, i]
                weighted += light[j, i] * (r - box / (24.0 * max(r, 1.0)))
    return 2.0 * weighted / total if total > 0 else np.nan
