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
    """Median of some fifty pixels all over the image; 0 where none is a number."""
    n_y, n_x = image.shape
    n, step = 0, max(2, n_y // 7)
    for j in range(step // 2, n_y, step):
        for i in range(step // 2, n_x, step):
            v = image[j, i]
            if v == v:
                values[n] = v
                n += 1
    return nth(values, n, n // 2) if n > 0 else nb.f4(0)


@kernel(nb.i8(IMAGE, nb.f4, nb.f4), fastmath=_FAST)
def count_odd(image, sky, bar):
    """How many pixels stand out of their four neighbours: all that `mended` would change do."""
    n_y, n_x = image.shape
    odd = nb.i4(0)
    for j in range(1, n_y - 1):
        above, here, below = image[j - 1], image[j], image[j + 1]
        for i in range(1, n_x - 1):
            v = here[i]
            excess = v - nb.f4(0.25) * (above[i] + below[i] + here[i - 1] + here[i + 1])
            bright = excess > max(bar, nb.f4(0.3) * (v - sky))
            odd += nb.i4(bright | ((excess < -bar) & (v < sky - bar)))
    return odd


@kernel(IMAGE(IMAGE, nb.f4, nb.f4, nb.b1, nb.i8[::1]), fastmath=_FAST)
def mended_stamp(raw, sky, sigma, wide, n):
    """Give the stamp without hot and dead pixels, in `n` how many there were."""
    n[0] = 0
    bar = nb.f4(5) * sigma
    if count_odd(raw, sky, bar) == 0:
        return raw
    stamp = raw.copy()
    n_y, n_x = raw.shape
    for j in range(1, n_y - 1):
        if count_odd(raw[j - 1 : j + 2], sky, bar) == 0:
            continue
        for i in range(1, n_x - 1):
            v = raw[j, i]
            excess = v - nb.f4(0.25) * (
                raw[j - 1, i] + raw[j + 1, i] + raw[j, i - 1] + raw[j, i + 1]
            )
            if not (excess > max(bar, nb.f4(0.3) * (v - sky)) or excess < -bar):
                continue
            w = mended(raw, j, i, sky, sigma, wide)
            if w != v:
                stamp[j, i] = w
                n[0] += 1
    return stamp


@kernel(IMAGE(IMAGE, nb.i8), fastmath=_FAST)
def folded(image, n):
    """Means over squares of n by n pixels."""
    out = np.zeros((image.shape[0] // n, image.shape[1] // n), np.float32)
    share = nb.f4(1.0 / (n * n))
    for y in range(out.shape[0]):
        to = out[y]
        for j in range(n):
            row = image[n * y + j]
            for i in range(n):
                part = row[i:]
                for x in range(to.shape[0]):
                    to[x] += share * part[n * x]
    return out


@kernel(
    nb.void(
        U2,
        F4,
        nb.b1,
        nb.u4,
        nb.i8[::1],
        _TABLE,
        nb.f8,
        nb.i8,
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
    ),
    large=True,
)
def measure_stars(
    u2,
    f4,
    swap,
    flip,
    window,
    stars,
    scale,
    fold,
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
    lengths have to be divided by for the pixels; `fold` how many of these, along a side, are
    brought together before a star is measured; pixels at or above `full` are saturated;
    `mosaic` is what the four places of a colour mosaic read more than their mean.
    """
    most = 0.0
    for s in range(first, last):
        most = max(most, stars[s, 5])
    half = int(most / scale) + 5
    values = np.empty(2 * (2 * half + 1) ** 2, np.float32)
    n_mended = np.zeros(1, np.int64)
    shift = 0.5 * (scale - 1.0)
    coloured = mosaic[0, 0] != 0 or mosaic[0, 1] != 0
    for s in range(first, last):
        x, y = (stars[s, 0] - shift) / scale, (stars[s, 1] - shift) / scale
        r50, r90 = stars[s, 2] / scale, stars[s, 3] / scale
        aperture, outer = stars[s, 4] / scale, stars[s, 5] / scale
        row = rows[s]
        n_full = 0
        n_mended[0] = 0
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
                sky = middle_of(raw, values)
                stamp = mended_stamp(raw, sky, sigma, r50 > 3.5, n_mended)
            if fold > 1:
                stamp = folded(stamp, fold)
            off = 0.5 * (fold - 1.0)
            grow(
                stamp, (x - ix + h - off) / fold, (y - iy + h - off) / fold, r50 / fold,
                r90 / fold, aperture / fold, outer / fold, box, floor, sky, care, values, row,
            )  # fmt: skip
            x, y = row[0] * fold + off + ix - h, row[1] * fold + off + iy - h
            moved = math.hypot(x - ix, y - iy)
            if moved < 3.5 or not moved < 1e9:
                break
        row[0], row[1] = x * scale + shift, y * scale + shift
        whole = scale * fold
        for k in range(5, 9):
            row[k] *= whole
        row[18] *= whole
        row[19] *= whole
        row[2] *= whole * whole
        row[14], row[16] = n_mended[0], n_full
