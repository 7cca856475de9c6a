"""One star: its sky, its centroid, its curve of growth and what follows from it.

Columns of a result row stand in `COLUMN`.
"""

import math

import numba as nb
import numpy as np

from focusbench.stars.kernel import kernel
from focusbench.stars.pixels import F4, IMAGE, U2, cut, mended, nth
from focusbench.stars.profile import fwhm, hfd_astap

COLUMNS = (
    "x",
    "y",
    "flux",
    "snr",
    "peak",
    "diameter",
    "r50",
    "r90",
    "mean_radius",
    "elongation",
    "missing",
    "lopsided",
    "sky",
    "noise",
    "mended",
    "sharpest",
    "full",
    "moved",
    "hfd_astap",
    "fwhm",
)
COLUMN = {name: k for k, name in enumerate(COLUMNS)}
_FAST = {"contract", "reassoc", "nsz", "arcp"}
_ROW = nb.types.Array(nb.f8, 1, "C")
_TABLE = nb.types.Array(nb.f8, 2, "C")
_PHASES = nb.types.Array(nb.f4, 2, "C")
_BUFFER = nb.types.Array(nb.f4, 1, "C")


@kernel(nb.void(IMAGE, nb.f8, nb.f8, nb.f8, nb.f8, nb.f4, nb.f4, _BUFFER, _ROW), fastmath=_FAST)
def ring_sky(stamp, cx, cy, inner, outer, floor, guess, values, out):
    """Sky and noise in a ring, by a mean of what lies within 2.5 σ of the median.

    The median alone would be coarse where the noise is less than an ADU.
    """
    n = 0
    low2, high2 = inner * inner, outer * outer
    n_x = stamp.shape[1]
    for j in range(max(0, int(cy - outer)), min(stamp.shape[0], int(cy + outer) + 2)):
        dy2 = (j - cy) ** 2
        if dy2 > high2:
            continue
        half = math.sqrt(high2 - dy2)
        hole = math.sqrt(low2 - dy2) if dy2 < low2 else -1.0
        for i in range(max(0, int(cx - half)), min(n_x, int(cx + half) + 2)):
            away = abs(i - cx)
            if hole < away <= half:
                v = stamp[j, i]
                if v == v:
                    values[n] = v
                    n += 1
    if n < 12:
        out[0], out[1], out[2] = guess, floor, n
        return
    # Start from the median and, for the noise, the darker half: neighbours only brighten. A few
    # hundred pixels do; they are put behind the others, for they get out of order.
    step, m = max(1, n // 256), n
    for k in range(0, n, step):
        values[m] = values[k]
        m += 1
    sample = values[n:m]
    middle = nth(sample, m - n, (m - n) // 2)
    low = nth(sample, m - n, int(0.1587 * (m - n)))
    sigma = max(middle - low, floor)
    mean = np.float64(middle)
    # `floor` is 0.29 steps of the converter. Where the noise is less than two steps the pixels
    # take few values: a lopsided cut would shift their mean, and one of less than a step to either
    # side would leave a single value, up to half a step off.
    coarse = floor > 0.28 * sigma
    for _ in range(4):
        total, squares, k = 0.0, 0.0, 0
        low = max(2.5 * sigma, 4.3 * floor) if coarse else 2.5 * sigma
        high = low if coarse else 2.0 * sigma
        for m in range(n):
            d = values[m] - mean
            if -low <= d <= high:
                total += d
                squares += d * d
                k += 1
        if k < 8:
            break
        # a normal distribution cut at -2.5 and +2 σ has its mean 0.041 σ below the centre
        shift = total / k + (0.0 if coarse else 0.041 * sigma)
        mean += shift
        sigma = max(nb.f4(math.sqrt(squares / k) / (1.0 if coarse else 0.908)), floor)
        if abs(shift) < 0.05 * sigma:
            break
    out[0], out[1], out[2] = mean, sigma, n


@kernel(
    nb.void(
        IMAGE, nb.f8, nb.f8, nb.f8, nb.f8, nb.f8, nb.f8, nb.f8, nb.f4, nb.f4, nb.i8, _BUFFER, _ROW
    ),
    fastmath=_FAST,
)
def grow(stamp, cx, cy, r50, r90, aperture, outer, box, floor, guess, care, values, row):
    """Measure the star near (cx, cy); lengths in pixels of the stamp.

    `box` is the variance, in units of a pixel's own 1/12, of the smear to be undone: 0 takes the
    pixels as samples of the picture that the camera's pixels integrated, 1 as means over squares.
    `care` 0 is for a first guess of the size, 2 adds FWHM and ASTAP's diameter.
    Within a pixel the light follows the parabola through its neighbours; with `box` = 1 that
    parabola keeps the pixel's mean (Taylor's series to second order).
    """
    n_y, n_x = stamp.shape
    sky = np.empty(3)
    start_x, start_y = cx, cy
    ring_sky(stamp, cx, cy, aperture, outer, floor, guess, values, sky)
    # Centroid under a Gaussian window (Bertin's XWIN), wide so that lopsided light counts, too;
    # each step is longer by what the window holds back.
    moment_xx = moment_yy = moment_xy = 1.0
    reach = min(aperture, 3.0 * r50 + 1.0)
    window_variance = 2.25 * r50 * r50
    window = 0.5 / window_variance
    level = sky[0]
    side = 2 * int(reach) + 4
    across = np.empty(side)
    for turn in range(12):
        s = sx = sy = sxx = syy = sxy = 0.0
        x0, x1 = max(0, int(cx - reach)), min(n_x, int(cx + reach) + 2)
        for i in range(x0, x1):
            across[i - x0] = math.exp(-((i - cx) ** 2) * window)
        for j in range(max(0, int(cy - reach)), min(n_y, int(cy + reach) + 2)):
            dy = j - cy
            left = reach * reach - dy * dy
            down = math.exp(-dy * dy * window)
            for i in range(x0, x1):
                dx = i - cx
                v = stamp[j, i]
                if dx * dx <= left and v == v:
                    w = (v - level) * down * across[i - x0]
                    s += w
                    sx += w * dx
                    sy += w * dy
                    sxx += w * dx * dx
                    syy += w * dy * dy
                    sxy += w * dx * dy
        if not s > 0:
            break
        dx, dy = sx / s, sy / s
        moment_xx, moment_yy, moment_xy = sxx / s - dx * dx, syy / s - dy * dy, sxy / s - dx * dy
        gain = 1.4 if turn < 8 else 1.0
        cx, cy = cx + gain * dx, cy + gain * dy
        cx = min(max(cx, start_x - aperture), start_x + aperture)
        cy = min(max(cy, start_y - aperture), start_y + aperture)
        if dx * dx + dy * dy < (1e-5 if care > 0 else 1e-3) * r50 * r50:
            break
    moved = math.hypot(cx - start_x, cy - start_y)
    if moved > 0.04 * aperture:
        ring_sky(stamp, cx, cy, aperture, outer, floor, guess, values, sky)
    level, sigma = sky[0], sky[1]

    # Curve of growth: light in rings one sub-pixel wide, each share split between two rings.
    sub = 4 if r50 < 3.0 else (3 if r50 < 5.0 else 2)
    if care == 0:
        sub = 2 if r50 < 4.0 else 1
    per_px = sub if sub > 2 else 2
    part = 1.0 / sub
    share = part * part
    n_rings = int(aperture * per_px) + 3
    light = np.zeros(n_rings)
    area = np.zeros(n_rings)
    sectors = np.zeros(8)
    # the coarser sampling begins where little light is left
    fine = min(aperture, max(r50 + 1.6, 1.45 * r50 + 0.8 if r50 < 4.0 else 0.0))
    coarse = r50 - 1.6 if r50 > 4.0 else 0.0
    n_lit, n_in, n_missing = 0, 0, 0
    top = -np.inf
    total_radius = total = 0.0
    lit_bar = 2.5 * sigma
    reach2 = (aperture + 1.0) ** 2
    for j in range(int(cy - aperture - 1.0), int(cy + aperture + 1.0) + 2):
        for i in range(int(cx - aperture - 1.0), int(cx + aperture + 1.0) + 2):
            dx, dy = i - cx, j - cy
            r = dx * dx + dy * dy
            if r > reach2:
                continue
            r = math.sqrt(r)
            v = stamp[j, i] if 0 <= j < n_y and 0 <= i < n_x else np.nan
            n_in += 1
            if v != v:
                n_missing += 1
                # the opposite pixel stands in
                jj, ii = round(2 * cy) - j, round(2 * cx) - i
                v = stamp[jj, ii] if 0 <= jj < n_y and 0 <= ii < n_x else np.nan
                v = v - level if v == v else 0.0
                gx = gy = gxx = gyy = 0.0
            else:
                v = v - level
                gx = gy = gxx = gyy = 0.0
                if 0 < j < n_y - 1 and 0 < i < n_x - 1 and coarse < r < fine:
                    a, b = stamp[j, i - 1] - level, stamp[j, i + 1] - level
                    c, d = stamp[j - 1, i] - level, stamp[j + 1, i] - level
                    if a == a and b == b and c == c and d == d:
                        gx, gy = 0.5 * (b - a), 0.5 * (d - c)
                        gxx, gyy = a + b - 2 * v, c + d - 2 * v
                if v > lit_bar and r <= aperture:
                    n_lit += 1
                top = max(top, v)
            if r > r50 and r <= aperture:
                k = (dx > 0) + 2 * (dy > 0) + 4 * (abs(dx) > abs(dy))
                sectors[k] += v
            if not (coarse < r < fine or r < 1.5):
                u = r * per_px
                k = int(u)
                if k < n_rings - 1:
                    t = u - k
                    light[k] += v * (1.0 - t)
                    light[k + 1] += v * t
                    area[k] += 1.0 - t
                    area[k + 1] += t
                    if r <= aperture:
                        total_radius += v * r
                        total += v
                continue
            mean = (v - box * (gxx + gyy) / 24.0) * share
            gx, gy, gxx, gyy = gx * share, gy * share, 0.5 * gxx * share, 0.5 * gyy * share
            for p in range(sub):
                oy = (p + 0.5) * part - 0.5
                along = mean + gy * oy + gyy * oy * oy
                ay2 = (dy + oy) * (dy + oy)
                for q in range(sub):
                    ox = (q + 0.5) * part - 0.5
                    f = along + gx * ox + gxx * ox * ox
                    ax = dx + ox
                    rr = math.sqrt(ax * ax + ay2)
                    u = rr * per_px
                    k = int(u)
                    if k < n_rings - 1:
                        t = u - k
                        light[k] += f * (1.0 - t)
                        light[k + 1] += f * t
                        area[k] += share * (1.0 - t)
                        area[k + 1] += share * t
                        if rr <= aperture:
                            total_radius += f * rr
                            total += f
    # light[k] lies within half a ring of radius k / per_px
    n_use = int(aperture * per_px)
    flux = 0.0
    for k in range(n_use + 1):
        flux += light[k]
    for k in range(row.shape[0]):
        row[k] = np.nan
    row[0], row[1], row[2] = cx, cy, flux
    row[4], row[5] = top, 2.0 * math.sqrt(n_lit / math.pi)
    row[10] = n_missing / max(n_in, 1)
    row[12], row[13], row[17] = level, sigma, moved
    row[3] = flux / (sigma * math.sqrt(math.pi) * max(r90, 1.0))
    if flux > 0:
        below = 0.0
        for k in range(n_use + 1):
            after = below + light[k]
            for column in range(6, 8):
                of_all = 0.5 if column == 6 else 0.9
                if row[column] != row[column] and after >= of_all * flux and light[k] > 0:
                    t = (of_all * flux - below) / light[k]
                    low = max(k - 0.5, 0.0)
                    # linear in the area, as for an even disc
                    row[column] = math.sqrt(low * low + t * ((k + 0.5) ** 2 - low * low)) / per_px
            below = after
        row[8] = total_radius / total if total > 0 else np.nan
        row[15] = top / flux
        for k in range(8):
            values[k] = sectors[k]
        row[11] = (nth(values, 8, 7) - nth(values, 8, 4)) / flux
        if care > 1 and row[6] == row[6] and row[7] == row[7]:
            n_fit = min(n_use, int(1.6 * row[7] * per_px) + 2)
            wide = fwhm(light, area, n_fit, per_px, row[6])
            # the camera's pixels, and the rings' own triangle of 1/6 step² in radius
            smear = (1.0 - box) / 12.0
            row[19] = math.sqrt(max(wide * wide - 8.0 * math.log(2.0) * smear, 0.01))
        if care > 1:
            row[18] = hfd_astap(stamp, cx, cy, level, sigma, aperture)
        half_trace = 0.5 * (moment_xx + moment_yy)
        split = math.sqrt(0.25 * (moment_xx - moment_yy) ** 2 + moment_xy**2)
        long, short = half_trace + split, max(half_trace - split, 1e-9)
        # without the window: 1/σ² = 1/σ_w² − 1/σ_window²
        limit = 0.98 * window_variance
        long, short = min(long, limit), min(short, limit)
        long = 1 / (1 / long - 1 / window_variance)
        short = 1 / (1 / short - 1 / window_variance)
        row[9] = math.sqrt(long / short)


@kernel(
    nb.void(
        U2,
        F4,
        nb.b1,
        nb.u4,
        nb.i8[::1],
        _TABLE,
        nb.f8,
        nb.f8,
        nb.f4,
        nb.f4,
        nb.f4,
        nb.b1,
        nb.i8,
        _PHASES,
        _TABLE,
        nb.i8,
        nb.i8,
    ),
    fastmath=_FAST,
)
def measure_stars(
    u2,
    f4,
    swap,
    flip,
    window,
    stars,
    scale,
    box,
    floor,
    sigma,
    full,
    clean,
    care,
    mosaic,
    rows,
    first,
    last,
):
    """Measure stars `first` to `last`; `stars` holds x, y, r50, r90, aperture, outer of each.

    `window` is top, left, height, width of the part of the frame that counts; `scale` what the
    lengths have to be divided by for the pixels; pixels at or above `full` are saturated;
    `mosaic` is what the four places of a colour mosaic read more than their mean.
    """
    most = 0.0
    for s in range(first, last):
        most = max(most, stars[s, 5])
    half = int(most / scale) + 5
    values = np.empty(2 * (2 * half + 1) ** 2, np.float32)
    shift = 0.5 * (scale - 1.0)
    for s in range(first, last):
        x, y = (stars[s, 0] - shift) / scale, (stars[s, 1] - shift) / scale
        r50, r90 = stars[s, 2] / scale, stars[s, 3] / scale
        aperture, outer = stars[s, 4] / scale, stars[s, 5] / scale
        row = rows[s]
        for _ in range(3):
            h = int(outer) + 4
            side = 2 * h + 1
            ix, iy = math.floor(x + 0.5), math.floor(y + 0.5)
            raw = np.empty((side, side), np.float32)
            stamp = raw
            cut(u2, f4, swap, flip, iy - h, ix - h, raw)
            y0, x0 = window[0] - iy + h, window[1] - ix + h
            y1, x1 = y0 + window[2], x0 + window[3]
            if y0 > 0 or x0 > 0 or y1 < side or x1 < side:
                for j in range(side):
                    for i in range(side):
                        if not (y0 <= j < y1 and x0 <= i < x1):
                            raw[j, i] = np.nan
            n_full = 0
            reach = int(aperture)
            for j in range(h - reach, h + reach + 1):
                for i in range(h - reach, h + reach + 1):
                    if raw[j, i] >= full:
                        n_full += 1
            if mosaic[0, 0] != 0 or mosaic[0, 1] != 0:
                for j in range(side):
                    for i in range(side):
                        raw[j, i] -= mosaic[(iy - h + j) & 1, (ix - h + i) & 1]
            n_mended = 0
            if clean:
                n = 0
                for j in range(0, side, 3):
                    for i in range(0, side, 3):
                        v = raw[j, i]
                        if v == v:
                            values[n] = v
                            n += 1
                guess = nth(values, n, n // 2) if n > 0 else nb.f4(0)
                stamp = np.empty((side, side), np.float32)
                for j in range(side):
                    for i in range(side):
                        stamp[j, i] = raw[j, i]
                wide = r50 > 3.5
                for j in range(1, side - 1):
                    for i in range(1, side - 1):
                        v = raw[j, i]
                        around = nb.f4(0.25) * (
                            raw[j - 1, i] + raw[j + 1, i] + raw[j, i - 1] + raw[j, i + 1]
                        )
                        # cheap, and true of every pixel that `mended` would change
                        bright = v - around > max(5 * sigma, nb.f4(0.3) * (v - guess))
                        if bright or (around - v > 5 * sigma and v < guess - 5 * sigma):
                            w = mended(raw, j, i, guess, sigma, wide)
                            if w != v:
                                stamp[j, i] = w
                                n_mended += 1
            else:
                guess = nb.f4(0)
            grow(
                stamp,
                x - ix + h,
                y - iy + h,
                r50,
                r90,
                aperture,
                outer,
                box,
                floor,
                guess,
                care,
                values,
                row,
            )
            gx, gy = row[0] + ix - h, row[1] + iy - h
            moved = math.hypot(gx - ix, gy - iy)
            x, y = gx, gy
            if moved < 3.5 or not moved < 1e9:
                break
        row[0], row[1] = x * scale + shift, y * scale + shift
        for k in range(5, 9):
            row[k] *= scale
        row[18] *= scale
        row[19] *= scale
        row[2] *= scale * scale
        row[14], row[16] = n_mended, n_full
