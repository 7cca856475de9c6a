"""The one full read of a frame: means over squares of pixels, hot and dead pixels taken out."""

import numba as nb
import numpy as np

from focusbench.stars.kernel import kernel
from focusbench.stars.pixels import F4, IMAGE, U2, cut, mended


@kernel(nb.void(U2, nb.b1, nb.u4, nb.i8, nb.i8, IMAGE, nb.i8, nb.i8), fastmath=True)
def bin4(px, swap, flip, top, left, out, first, last):
    """Rows `first` to `last` of the 4×4-binned frame; the loop that meets every pixel.

    A sum of sixteen swapped pixels is 256 × (sum of low bytes) + (sum of high bytes), so that
    swapping costs little.
    """
    n_x = out.shape[1]
    mask, eight = nb.u4(255), nb.u4(8)
    sign = ((flip >> eight) | (flip << eight)) & nb.u4(0xFFFF)
    for row in range(first, last):
        y = top + 4 * row
        r0, r1, r2, r3 = px[y, left:], px[y + 1, left:], px[y + 2, left:], px[y + 3, left:]
        to = out[row]
        if swap:
            for x in range(n_x):
                low = nb.u4(0)
                high = nb.u4(0)
                for i in range(4 * x, 4 * x + 4):
                    a, b = nb.u4(r0[i]) ^ sign, nb.u4(r1[i]) ^ sign
                    c, d = nb.u4(r2[i]) ^ sign, nb.u4(r3[i]) ^ sign
                    low += (a & mask) + (b & mask) + (c & mask) + (d & mask)
                    high += (a >> eight) + (b >> eight) + (c >> eight) + (d >> eight)
                to[x] = nb.f4(low * nb.u4(256) + high) * nb.f4(0.0625)
        else:
            for x in range(n_x):
                total = nb.u4(0)
                for i in range(4 * x, 4 * x + 4):
                    total += (nb.u4(r0[i]) ^ flip) + (nb.u4(r1[i]) ^ flip)
                    total += (nb.u4(r2[i]) ^ flip) + (nb.u4(r3[i]) ^ flip)
                to[x] = nb.f4(total) * nb.f4(0.0625)


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
    window = np.empty((factor + 2, factor + 2), np.float32)
    for y in range(max(first, 1), min(last, n_y - 1)):
        above, here, below = image[y - 1], image[y], image[y + 1]
        # stretches of 32 in which no bin stands out, by far the most, are passed over at once
        x, clear = 0, 1
        while True:
            x += 1
            while x >= clear and clear < n_x - 1:
                stop = min(clear + 32, n_x - 1)
                odd = nb.i4(0)
                for i in range(clear, stop):
                    d = here[i] - nb.f4(0.25) * (above[i] + below[i] + here[i - 1] + here[i + 1])
                    odd += nb.i4(abs(d) >= bar)
                clear = stop
                if odd == 0:
                    x = stop
            if x >= n_x - 1:
                break
            v = here[x]
            around = nb.f4(0.25) * (above[x] + below[x] + here[x - 1] + here[x + 1])
            if v - around < bar and around - v < bar:
                continue
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
                    if p - sky > 10 * sigma_pixel or p - sky < -6 * sigma_pixel:
                        change += mended(window, j, i, sky, sigma_pixel, False) - p
            if change == change:
                here[x] = v + change / (factor * factor)
