"""The sky around one star, and where the star's middle is."""

import math

import numba as nb

from focusbench.stars.kernel import kernel
from focusbench.stars.pixels import IMAGE, nth

_FAST = {"contract", "reassoc", "nsz", "arcp"}
_ROW = nb.types.Array(nb.f8, 1, "C")
_BUFFER = nb.types.Array(nb.f4, 1, "C")


@kernel(nb.void(IMAGE, nb.f8, nb.f8, nb.f8, nb.f8, nb.f4, nb.f4, _BUFFER, _ROW), fastmath=_FAST)
def ring_sky(stamp, cx, cy, inner, outer, floor, guess, values, out):
    """Sky and noise in a ring, by a mean of what lies within 2.5 σ of the median.

    The median alone would be coarse where the noise is less than an ADU.
    """
    n_y, n_x = stamp.shape
    n = 0
    for j in range(max(0, math.ceil(cy - outer)), min(n_y, math.floor(cy + outer) + 1)):
        dy2 = (j - cy) ** 2
        half = math.sqrt(max(outer * outer - dy2, 0.0))
        hole = math.sqrt(max(inner * inner - dy2, 0.0))
        first, last = max(0, math.ceil(cx - half)), min(n_x, math.floor(cx + half) + 1)
        before, after = math.ceil(cx - hole), math.floor(cx + hole) + 1
        row = stamp[j]
        for i in range(first, min(before, last)):
            if row[i] == row[i]:
                values[n] = row[i]
                n += 1
        for i in range(max(after, before, first), last):
            if row[i] == row[i]:
                values[n] = row[i]
                n += 1
    if n < 12:
        out[0], out[1] = guess, floor
        return
    # Start from the median and, for the noise, the darker half: neighbours only brighten.
    step, m = max(1, n // 128), 0
    some = values[n:]
    for k in range(0, n, step):
        some[m] = values[k]
        m += 1
    middle = nth(some, m, m // 2)
    low = nth(some, m, int(0.1587 * m))
    sigma = max(middle - low, floor)
    mean = middle
    # `floor` is 0.29 steps of the converter. Where the noise is less than two steps the pixels
    # take few values: a lopsided cut would shift their mean, and one of less than a step to either
    # side would leave a single value, up to half a step off.
    coarse = floor > nb.f4(0.28) * sigma
    ring = values[:n]
    for _ in range(4):
        total, squares, n_in = nb.f4(0), nb.f4(0), nb.i4(0)
        reach = nb.f4(2.5) * sigma
        if coarse:
            reach = max(reach, nb.f4(4.3) * floor)
        lowest, highest = -reach, reach if coarse else nb.f4(2.0) * sigma
        for m in range(n):
            d = ring[m] - mean
            counts = (d >= lowest) & (d <= highest)
            d = d if counts else nb.f4(0)
            total += d
            squares += d * d
            n_in += nb.i4(counts)
        if n_in < 8:
            break
        # a normal distribution cut at -2.5 and +2 σ has its mean 0.041 σ below the centre
        shift = total / nb.f4(n_in) + (nb.f4(0) if coarse else nb.f4(0.041) * sigma)
        mean += shift
        spread = math.sqrt(squares / nb.f4(n_in))
        sigma = max(spread if coarse else spread / nb.f4(0.908), floor)
        if abs(shift) < nb.f4(0.05) * sigma:
            break
    out[0], out[1] = mean, sigma


@kernel(
    nb.b1(IMAGE, nb.f8, nb.f8, nb.f8, nb.f8, nb.f8, nb.f8, nb.f8, _BUFFER, _ROW), fastmath=_FAST
)
def centroid(stamp, cx, cy, reach, farthest, r50, level, precision, across, out):
    """Centroid near (cx, cy) under a Gaussian window (Bertin's XWIN), and second moments.

    The window, 1.5 half-flux radii wide, lets lopsided light count, too; each step is longer by
    what it holds back. `out` is x, y and the variances xx, yy, xy under the window; False where
    there is no light.
    """
    n_y, n_x = stamp.shape
    start_x, start_y = cx, cy
    window = 0.5 / (2.25 * r50 * r50)
    sky = nb.f4(level)
    lit = False
    for turn in range(12):
        first, last = max(0, math.ceil(cx - reach)), min(n_x, math.floor(cx + reach) + 1)
        for i in range(first, last):
            across[i - first] = math.exp(-((i - cx) ** 2) * window)
        s = sx = sy = sxx = syy = sxy = 0.0
        for j in range(max(0, math.ceil(cy - reach)), min(n_y, math.floor(cy + reach) + 1)):
            dy = j - cy
            half = math.sqrt(max(reach * reach - dy * dy, 0.0))
            a, b = max(first, math.ceil(cx - half)), min(last, math.floor(cx + half) + 1)
            if b <= a:
                continue
            row, weight = stamp[j, a:b], across[a - first : b - first]
            left = nb.f4(a - cx)
            r = rx = rxx = nb.f4(0)
            for i in range(b - a):
                v = row[i] - sky
                w = (v if v == v else nb.f4(0)) * weight[i]
                dx = left + nb.f4(nb.i4(i))
                r += w
                rx += w * dx
                rxx += w * dx * dx
            down = math.exp(-dy * dy * window)
            light, moment = down * float(r), down * float(rx)
            s += light
            sx += moment
            sy += dy * light
            sxx += down * float(rxx)
            syy += dy * dy * light
            sxy += dy * moment
        if not s > 0:
            break
        lit = True
        dx, dy = sx / s, sy / s
        out[2], out[3], out[4] = sxx / s - dx * dx, syy / s - dy * dy, sxy / s - dx * dy
        gain = 1.4 if turn < 8 else 1.0
        cx = min(max(cx + gain * dx, start_x - farthest), start_x + farthest)
        cy = min(max(cy + gain * dy, start_y - farthest), start_y + farthest)
        if dx * dx + dy * dy < precision * r50 * r50:
            break
    out[0], out[1] = cx, cy
    return lit
