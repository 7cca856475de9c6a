"""Full width at half maximum, by a Moffat profile fitted to the mean radial profile.

f(r) = A (1 + (2^b − 1) (r/w)²)^(−1/b), w the half width at half maximum; b = 1/β → 0 is a
Gaussian. A follows linearly; w and b by damped Gauss–Newton steps. The camera's pixels widen a
profile by their variance 1/12 px² an axis, which is taken off again: FWHM² − 8 ln 2 / 12.
"""

import math

import numba as nb
import numpy as np

from focusbench.stars.kernel import kernel
from focusbench.stars.pixels import IMAGE

_RINGS = nb.types.Array(nb.f8, 1, "C")


@kernel(nb.f8(_RINGS, _RINGS, nb.i8, nb.f8, nb.f8))
def fwhm(light, area, n, per_px, half_width):
    """FWHM in pixels, from the light and area of rings of radius k / per_px, k < n."""
    w, b = half_width, 0.2
    model = np.empty((3, n))
    damping, best = 1e-3, np.inf
    amplitude = 0.0
    try_w, try_b = w, b
    for _ in range(25):
        # profiles at (w, b) and a little beside it
        scale = 0.0
        norm = 0.0
        for m in range(3):
            ww = try_w * (1.0 + (1e-4 if m == 1 else 0.0))
            bb = try_b + (1e-4 if m == 2 else 0.0)
            c = (2.0**bb - 1.0) / (ww * ww * per_px * per_px)
            for k in range(n):
                model[m, k] = math.exp(-math.log(1.0 + c * k * k) / bb)
        for k in range(n):
            scale += model[0, k] * light[k]
            norm += model[0, k] ** 2 * area[k]
        a = scale / norm
        misfit = 0.0
        for k in range(n):
            if area[k] > 0:
                misfit += (light[k] - a * model[0, k] * area[k]) ** 2 / area[k]
        if misfit < best:
            gain = best - misfit
            best, w, b, amplitude = misfit, try_w, try_b, a
            damping = max(damping * 0.2, 1e-9)
            g0 = g1 = h00 = h01 = h11 = 0.0
            # derivatives with the amplitude free: what of them is not along the model
            p1 = p2 = 0.0
            for k in range(n):
                d1 = (model[1, k] - model[0, k]) * 1e4
                d2 = (model[2, k] - model[0, k]) * 1e4
                p1 += d1 * model[0, k] * area[k]
                p2 += d2 * model[0, k] * area[k]
            p1, p2 = p1 / norm, p2 / norm
            for k in range(n):
                d1 = a * ((model[1, k] - model[0, k]) * 1e4 - p1 * model[0, k])
                d2 = a * ((model[2, k] - model[0, k]) * 1e4 - p2 * model[0, k])
                rest = light[k] - a * model[0, k] * area[k]
                g0 += d1 * rest
                g1 += d2 * rest
                h00 += d1 * d1 * area[k]
                h01 += d1 * d2 * area[k]
                h11 += d2 * d2 * area[k]
            if gain < 1e-6 * misfit:
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
    if not amplitude > 0:
        return np.nan
    return 2.0 * w


@kernel(nb.f8(IMAGE, nb.f8, nb.f8, nb.f8, nb.f8, nb.f8))
def hfd_astap(stamp, cx, cy, level, sigma, reach):
    """Half-flux diameter by ASTAP's method (GetHFD in its `cu_fits.pas`), pixels.

    Lit pixels are those above 3 σ; the box shrinks until 2/9 of it are lit; the histogram of their
    distances tells the radius at which it has fallen to a tenth of its top; within it
    HFD = 2 Σ(v r) / Σ v. ASTAP interpolates values on a grid centred on the star, which smears
    small stars by up to 4 %; here the pixels themselves are summed.
    """
    n_y, n_x = stamp.shape
    size = int(reach) + 1
    x0, y0 = math.floor(cx + 0.5), math.floor(cy + 0.5)
    while size > 1:
        lit = 0
        for j in range(max(0, y0 - size), min(n_y, y0 + size + 1)):
            for i in range(max(0, x0 - size), min(n_x, x0 + size + 1)):
                if stamp[j, i] - level > 3 * sigma:
                    lit += 1
        if lit >= (2.0 / 9.0) * (2 * size + 1) ** 2:
            break
        size -= max(1, size // 10)
    # a star's lit disc fills the box it was found in to 2/9; its corner must not be cut
    size = min(int(1.5 * size) + 1, int(reach) + 1)
    s = sx = sy = 0.0
    for j in range(max(0, y0 - size), min(n_y, y0 + size + 1)):
        for i in range(max(0, x0 - size), min(n_x, x0 + size + 1)):
            v = stamp[j, i] - level
            if v > 3 * sigma:
                s += v
                sx += v * i
                sy += v * j
    if not s > 0:
        return np.nan
    cx, cy = sx / s, sy / s
    counts = np.zeros(2 * size + 4)
    top = 0.0
    for j in range(max(0, y0 - size), min(n_y, y0 + size + 1)):
        for i in range(max(0, x0 - size), min(n_x, x0 + size + 1)):
            if stamp[j, i] - level > 3 * sigma:
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
    for j in range(max(0, int(cy - radius)), min(n_y, int(cy + radius) + 2)):
        for i in range(max(0, int(cx - radius)), min(n_x, int(cx + radius) + 2)):
            r = math.sqrt((i - cx) ** 2 + (j - cy) ** 2)
            v = stamp[j, i] - level
            if r <= radius and v == v:
                total += v
                weighted += v * r
    return 2.0 * weighted / total if total > 0 else np.nan
