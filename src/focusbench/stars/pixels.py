"""Reading pixels as they lie in memory: decoding, cutting out, telling what no optics can produce.

Frames come as uint16 (native, or big-endian as in FITS files, with or without the sign bit that
BZERO = 32768 stands for) or as float32; anything else is converted before. Every kernel that
touches pixels exists for those two types and no more, so that little has to be compiled.
"""

import numba as nb
import numpy as np

from focusbench.stars.kernel import kernel

U2 = nb.types.Array(nb.u2, 2, "C", readonly=True)
F4 = nb.types.Array(nb.f4, 2, "C", readonly=True)
IMAGE = nb.types.Array(nb.f4, 2, "C")


@kernel(nb.void(U2, F4, nb.b1, nb.u4, nb.i8, nb.i8, IMAGE))
def cut(u2, f4, swap, flip, top, left, out):
    """Copy a rectangle of the frame into `out`, ADU; NaN outside the frame and for infinities.

    The frame is `f4` where that is no dummy of one pixel, else `u2`; both are arguments so that
    one compiled kernel serves both.
    """
    of_float = f4.shape[0] * f4.shape[1] > 1
    n_y = f4.shape[0] if of_float else u2.shape[0]
    n_x = f4.shape[1] if of_float else u2.shape[1]
    width = out.shape[1]
    start, stop = min(max(0, -left), width), max(0, min(width, n_x - left))
    if start < stop and not of_float:
        # The rows lie far apart in memory. To ask for all of them before any is used takes a
        # fraction of the time of waiting for one after the other.
        first, last = max(0, -top), min(out.shape[0], n_y - top)
        for i in range(start, stop + 31, 32):
            x = min(i, stop - 1)
            for j in range(first, last):
                out[j, x] = nb.f4(nb.i4(u2[top + j, left + x]))
    for j in range(out.shape[0]):
        y = top + j
        to = out[j]
        if not 0 <= y < n_y or start >= stop:
            for i in range(width):
                to[i] = np.nan
            continue
        for i in range(start):
            to[i] = np.nan
        for i in range(stop, width):
            to[i] = np.nan
        # slices, for a loop from 0 on is one that the compiler makes vectors of
        to = to[start:stop]
        if of_float:
            floats = f4[y, left + start : left + stop]
            for i in range(stop - start):
                f = floats[i]
                to[i] = f if abs(f) < nb.f4(3e38) else nb.f4(np.nan)
        else:
            row = u2[y, left + start : left + stop]
            if swap:
                for i in range(stop - start):
                    v = nb.u4(row[i])
                    v = ((v >> nb.u4(8)) | (v << nb.u4(8))) & nb.u4(0xFFFF)
                    to[i] = nb.f4(nb.i4(v ^ flip))
            else:
                for i in range(stop - start):
                    to[i] = nb.f4(nb.i4(nb.u4(row[i]) ^ flip))


@kernel(nb.f4(IMAGE, nb.i8, nb.i8, nb.f4, nb.f4, nb.b1))
def mended(stamp, j, i, sky, sigma, smooth):
    """The pixel's value, or what its neighbours say where no optics can have produced it.

    The sharpest star a camera sees (FWHM 1.5 px) lights at least three neighbours of its brightest
    pixel to a third of it; a hot pixel lights none, a pair or a straight cosmic ray one or two. So
    the third brightest neighbour decides. `smooth` says that stars are wide: then a pixel may not
    stand out of a star's plateau either. The same upside down for dead pixels and columns.
    """
    p = stamp[j, i]
    near = np.empty(8, np.float32)
    n = 0
    for dj in range(-1, 2):
        for di in range(-1, 2):
            jj, ii = j + dj, i + di
            if (dj or di) and 0 <= jj < stamp.shape[0] and 0 <= ii < stamp.shape[1]:
                v = stamp[jj, ii]
                if v == v:
                    k = n
                    while k > 0 and near[k - 1] > v:
                        near[k] = near[k - 1]
                        k -= 1
                    near[k] = v
                    n += 1
    if n < 5:
        return p
    third, median = near[n - 3], 0.5 * (near[(n - 1) // 2] + near[n // 2])
    if p - third > 5 * sigma and third - sky < nb.f4(0.2) * (p - sky):
        return nb.f4(median)
    excess = p - median
    if (
        smooth
        and excess > 8 * sigma
        and excess > nb.f4(0.5) * (median - sky)
        and third - median < nb.f4(0.25) * excess
    ):
        return nb.f4(median)
    third = near[2]
    if p < sky - 6 * sigma and third - p > nb.f4(0.7) * (median - p):
        # the darkest neighbours may belong to the same dead column
        return nb.f4(0.5 * (near[n - 3] + near[n - 4]))
    return p


@kernel(nb.f4(nb.types.Array(nb.f4, 1, "C"), nb.i8, nb.i8))
def nth(values, n, k):
    """k-th smallest of the first n values, none of them NaN.

    By narrowing the span of values and counting, which the compiler does eight values at a time;
    a quickselect's branches, which no processor can foresee, take several times as long. Floats
    are compared by their bits, made to integers that sort alike.
    """
    bits = values[:n].view(np.int32)
    sign, rest = nb.i4(31), nb.i4(0x7FFFFFFF)
    low, high = rest, -rest
    for i in range(n):
        b = bits[i]
        b ^= (b >> sign) & rest
        low = min(low, b)
        high = max(high, b)
    low -= nb.i4(1)
    # at most k values are up to `low`, at least k + 1 up to `high`
    n_low, n_high = nb.i4(0), nb.i4(n)
    while n_high > k + 1 and high - 1 > low:
        # where it lies if they are spread evenly, but not close to the ends
        share = min(max((k + 0.5 - n_low) / (n_high - n_low), 0.1), 0.9)
        middle = nb.i4(low + max(1.0, share * (nb.f8(high) - nb.f8(low) - 1.0)))
        count = nb.i4(0)
        for i in range(n):
            b = bits[i]
            count += nb.i4(b ^ ((b >> sign) & rest) <= middle)
        if count in (n_low, n_high):
            # nothing between: many are equal; go to the next that there is
            below, above = -rest, rest
            for i in range(n):
                b = bits[i]
                b ^= (b >> sign) & rest
                below = max(below, b if b <= middle else -rest)
                above = min(above, b if b > middle else rest)
            if count > k:
                high = below
            else:
                low = above - nb.i4(1)
        elif count > k:
            high, n_high = middle, count
        else:
            low, n_low = middle, count
    found = -rest
    for i in range(n):
        b = bits[i]
        b ^= (b >> sign) & rest
        found = max(found, b if b <= high else -rest)
    found ^= (found >> sign) & rest
    i = 0
    while bits[i] != found:
        i += 1
    return values[i]
