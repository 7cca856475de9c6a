"""The one full read of a frame: means over squares of pixels, hot and dead pixels taken out."""

import numba as nb
import numpy as np

from focusbench.stars.kernel import kernel
from focusbench.stars.pixels import F4, IMAGE, U2, cut, mended

_ROW = nb.types.Array(nb.u2, 1, "C", readonly=True)
_HIGHEST = nb.types.Array(nb.u2, 1, "C")
_EVEN = nb.u8(0x0000FFFF0000FFFF)
_LOW = nb.u8(0x00FF00FF00FF00FF)


@kernel(nb.u2(_ROW, nb.b1, nb.u4))
def highest_of(row, swap, flip):
    """Highest of a row of pixels; a loop of its own, of which the compiler does 16 at a time."""
    top, bits = nb.u2(0), nb.u2(flip)
    if swap:
        for i in range(row.shape[0]):
            v = row[i]
            v = nb.u2((v >> nb.u2(8)) | (v << nb.u2(8)))
            top = max(top, nb.u2(v ^ bits))
    else:
        for i in range(row.shape[0]):
            top = max(top, nb.u2(row[i] ^ bits))
    return top


@kernel(nb.void(U2, nb.b1, nb.u4, nb.i8, nb.i8, IMAGE, _HIGHEST, nb.i8, nb.i8))
def bin4(px, swap, flip, top, left, out, highest, first, last):
    """Rows `first` to `last` of the 4×4-binned frame; the loop that meets every pixel.

    `highest` is given the highest pixel of each of these rows of bins.

    Four neighbours of a row are read as one number of 64 bits, whose parts are summed side by
    side: two parts of 32 bits, and where bytes are swapped four of 16, once for the high bytes and
    once for the low ones.
    """
    n_x = out.shape[1]
    eight, sixteen, half = nb.u8(8), nb.u8(16), nb.u8(32)
    sign = nb.u8(flip)
    if swap:
        sign = (sign >> eight) | ((sign << eight) & nb.u8(0xFF00))
    sign |= sign << sixteen
    sign |= sign << half
    for row in range(first, last):
        y = top + 4 * row
        r0 = px[y, left : left + 4 * n_x].view(np.uint64)
        r1 = px[y + 1, left : left + 4 * n_x].view(np.uint64)
        r2 = px[y + 2, left : left + 4 * n_x].view(np.uint64)
        r3 = px[y + 3, left : left + 4 * n_x].view(np.uint64)
        to = out[row]
        if swap:
            for x in range(n_x):
                a, b, c, d = r0[x] ^ sign, r1[x] ^ sign, r2[x] ^ sign, r3[x] ^ sign
                high = (a & _LOW) + (b & _LOW) + (c & _LOW) + (d & _LOW)
                low = ((a >> eight) & _LOW) + ((b >> eight) & _LOW)
                low += ((c >> eight) & _LOW) + ((d >> eight) & _LOW)
                high += high >> half
                high = (high + (high >> sixteen)) & nb.u8(0xFFFF)
                low += low >> half
                low = (low + (low >> sixteen)) & nb.u8(0xFFFF)
                to[x] = nb.f4(nb.i4((high << eight) + low)) * nb.f4(0.0625)
        else:
            for x in range(n_x):
                a, b, c, d = r0[x] ^ sign, r1[x] ^ sign, r2[x] ^ sign, r3[x] ^ sign
                total = (a & _EVEN) + (b & _EVEN) + (c & _EVEN) + (d & _EVEN)
                total += ((a >> sixteen) & _EVEN) + ((b >> sixteen) & _EVEN)
                total += ((c >> sixteen) & _EVEN) + ((d >> sixteen) & _EVEN)
                total = (total + (total >> half)) & nb.u8(0xFFFFFFFF)
                to[x] = nb.f4(nb.i4(total)) * nb.f4(0.0625)
        top_of = nb.u2(0)
        for j in range(4):
            part = px[y + j, left : left + 4 * n_x]
            top_of = max(top_of, highest_of(part, swap, flip))
        highest[row] = top_of


@kernel(nb.void(U2, F4, nb.b1, nb.u4, nb.i8, nb.i8, nb.i8, IMAGE, nb.i8, nb.i8))
def bin_any(u2, f4, swap, flip, top, left, factor, out, first, last):
    """The same for any factor and for floats; missing pixels are left out of the mean."""
    strip = np.empty((factor, factor * out.shape[1]), np.float32)
    for row in range(first, last):
        cut(u2, f4, swap, flip, top + row * factor, left, strip)
        for x in range(out.shape[1]):
            total = nb.f4(0)
            n = 0
            for j in range(factor):
                for i in range(x * factor, (x + 1) * factor):
                    v = strip[j, i]
                    if v == v:
                        total += v
                        n += 1
            out[row, x] = total / n if 2 * n > factor * factor else nb.f4(np.nan)


@kernel(nb.void(U2, F4, nb.b1, nb.u4, nb.i8, nb.i8, nb.i8, IMAGE, nb.f4, nb.f4, nb.i8, nb.i8))
def mend_bins(u2, f4, swap, flip, top, left, factor, image, sigma, sigma_pixel, first, last):
    """Take hot and dead pixels out of the binned, sky-subtracted image.

    Only bins that stand out of their four neighbours are looked at in full resolution.
    """
    n_y, n_x = image.shape
    bar = nb.f4(4) * sigma
    highest, lowest = nb.f4(10) * sigma_pixel, nb.f4(-6) * sigma_pixel
    window = np.empty((factor + 2, factor + 2), np.float32)
    odd = np.zeros(n_x // 8 * 8 + 8, np.bool_)
    eights = odd.view(np.uint64)
    for y in range(max(first, 1), min(last, n_y - 1)):
        above, here, below = image[y - 1], image[y], image[y + 1]
        for x in range(1, n_x - 1):
            around = nb.f4(0.25) * (above[x] + below[x] + here[x - 1] + here[x + 1])
            # dark only below the sky: beside what is bright every bin stands out
            dark = (here[x] - around <= -bar) & (here[x] < nb.f4(-0.5) * bar)
            odd[x] = (here[x] - around >= bar) | dark
        x = 0
        while x < n_x - 1:
            # most bins do not stand out
            if not odd[x]:
                x += 1 if x % 8 or eights[x // 8] else 8
                continue
            v = here[x]
            cut(u2, f4, swap, flip, top + y * factor - 1, left + x * factor - 1, window)
            mean = nb.f4(0)
            for j in range(1, factor + 1):
                for i in range(1, factor + 1):
                    mean += window[j, i]
            mean /= factor * factor
            sky = mean - v  # the bin's sky, which has been taken off
            change = nb.f4(0)
            for j in range(1, factor + 1):
                for i in range(1, factor + 1):
                    p = window[j, i]
                    near = window[j - 1, i] + window[j + 1, i] + window[j, i - 1] + window[j, i + 1]
                    # cheap, and true of what stands out so far and that `mended` would change
                    bright = (p - sky > highest) & (p - nb.f4(0.25) * near > nb.f4(0.3) * (p - sky))
                    if bright or p - sky < lowest:
                        change += mended(window, j, i, sky, sigma_pixel, False) - p
            if change == change:
                here[x] = v + change / (factor * factor)
            x += 1
