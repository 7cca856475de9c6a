"""Stars one after the other: each is cut out of its image, mended and measured."""

import math

import numba as nb
import numpy as np

from focusbench.stars.growth import grow
from focusbench.stars.kernel import kernel
from focusbench.stars.pixels import F4, IMAGE, U2, cut, mended, nth

_FAST = {"contract", "reassoc", "nsz", "arcp"}
_TABLE = nb.types.Array(nb.f8, 2, "C")
_BUFFER = nb.types.Array(nb.f4, 1, "C")


@kernel(nb.f4(IMAGE, _BUFFER))
def middle_of(image, values):
    """Median of about a hundred pixels all over the image; 0 where none is a number."""
    n_y, n_x = image.shape
    n, step = 0, max(2, n_y // 10)
    for j in range(0, n_y, step):
        for i in range(0, n_x, step):
            v = image[j, i]
            if v == v:
                values[n] = v
                n += 1
    return nth(values, n, n // 2) if n > 0 else nb.f4(0)


@kernel(nb.i8(IMAGE, IMAGE, nb.f4, nb.f4, nb.b1), fastmath=_FAST)
def mend_stamp(raw, stamp, sky, sigma, wide):
    """Copy `raw` to `stamp` without hot and dead pixels; how many there were."""
    n_y, n_x = raw.shape
    stamp[:] = raw
    n = 0
    bar = nb.f4(5) * sigma
    for j in range(1, n_y - 1):
        above, here, below = raw[j - 1], raw[j], raw[j + 1]
        # cheap, and true of every pixel that `mended` would change; few rows hold one
        odd = nb.i4(0)
        for i in range(1, n_x - 1):
            v = here[i]
            excess = v - nb.f4(0.25) * (above[i] + below[i] + here[i - 1] + here[i + 1])
            bright = excess > max(bar, nb.f4(0.3) * (v - sky))
            odd += nb.i4(bright | ((excess < -bar) & (v < sky - bar)))
        if odd == 0:
            continue
        for i in range(1, n_x - 1):
            v = here[i]
            excess = v - nb.f4(0.25) * (above[i] + below[i] + here[i - 1] + here[i + 1])
            bright = excess > max(bar, nb.f4(0.3) * (v - sky))
            if bright or (excess < -bar and v < sky - bar):
                w = mended(raw, j, i, sky, sigma, wide)
                if w != v:
                    stamp[j, i] = w
                    n += 1
    return n


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
        nb.types.Array(nb.f4, 2, "C"),
        _TABLE,
        nb.i8,
        nb.i8,
    )
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
    coloured = mosaic[0, 0] != 0 or mosaic[0, 1] != 0
    for s in range(first, last):
        x, y = (stars[s, 0] - shift) / scale, (stars[s, 1] - shift) / scale
        r50, r90 = stars[s, 2] / scale, stars[s, 3] / scale
        aperture, outer = stars[s, 4] / scale, stars[s, 5] / scale
        row = rows[s]
        n_mended = n_full = 0
        for _ in range(3):
            h = int(outer) + 4
            side = 2 * h + 1
            ix, iy = math.floor(x + 0.5), math.floor(y + 0.5)
            raw = np.empty((side, side), np.float32)
            cut(u2, f4, swap, flip, iy - h, ix - h, raw)
            y0, x0 = window[0] - iy + h, window[1] - ix + h
            y1, x1 = y0 + window[2], x0 + window[3]
            if y0 > 0 or x0 > 0 or y1 < side or x1 < side:
                for j in range(side):
                    for i in range(side):
                        if not (y0 <= j < y1 and x0 <= i < x1):
                            raw[j, i] = np.nan
            n_full = 0
            if full < nb.f4(1e38):
                reach = int(aperture)
                for j in range(h - reach, h + reach + 1):
                    part = raw[j, h - reach : h + reach + 1]
                    for i in range(part.shape[0]):
                        n_full += nb.i8(part[i] >= full)
            if coloured:
                for j in range(side):
                    for i in range(side):
                        raw[j, i] -= mosaic[(iy - h + j) & 1, (ix - h + i) & 1]
            stamp, sky = raw, nb.f4(0)
            if clean:
                stamp = np.empty((side, side), np.float32)
                sky = middle_of(raw, values)
                n_mended = mend_stamp(raw, stamp, sky, sigma, r50 > 3.5)
            middle_x, middle_y = x - ix + h, y - iy + h
            grow(
                stamp, middle_x, middle_y, r50, r90, aperture, outer, box, floor, sky, care,
                values, row,
            )  # fmt: skip
            x, y = row[0] + ix - h, row[1] + iy - h
            moved = math.hypot(x - ix, y - iy)
            if moved < 3.5 or not moved < 1e9:
                break
        row[0], row[1] = x * scale + shift, y * scale + shift
        for k in range(5, 9):
            row[k] *= scale
        row[18] *= scale
        row[19] *= scale
        row[2] *= scale * scale
        row[14], row[16] = n_mended, n_full
