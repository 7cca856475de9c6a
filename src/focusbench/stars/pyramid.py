"""The frame at several scales: halving, smoothing, and what stands out of a wider surrounding."""

import numba as nb
import numpy as np

from focusbench.stars.kernel import kernel
from focusbench.stars.pixels import IMAGE, nth

_PLACES = nb.types.Array(nb.f8, 1, "C", readonly=True)


@kernel(nb.void(IMAGE, IMAGE, nb.i8, nb.i8), fastmath=True)
def halve(image, out, first, last):
    """Mean of 2×2."""
    for y in range(first, last):
        a, b, to = image[2 * y], image[2 * y + 1], out[y]
        for x in range(out.shape[1]):
            to[x] = nb.f4(0.25) * (a[2 * x] + a[2 * x + 1] + b[2 * x] + b[2 * x + 1])


@kernel(nb.void(IMAGE, nb.f4, IMAGE, nb.i8, nb.i8), fastmath=True)
def excess(image, bar, out, first, last):
    """Mean over 4×4 of what the pixels have above the bar."""
    for y in range(first, last):
        to = out[y]
        for x in range(out.shape[1]):
            to[x] = 0
        for j in range(4):
            row = image[4 * y + j]
            for i in range(4):
                part = row[i:]
                for x in range(out.shape[1]):
                    to[x] += nb.f4(0.0625) * max(part[4 * x] - bar, nb.f4(0))


@kernel(nb.void(IMAGE, IMAGE, nb.i8, nb.i8), fastmath=True)
def smooth(image, out, first, last):
    """The binomial kernel (1 2 1)/4 along both axes; edges repeat."""
    n_y, n_x = image.shape
    line = np.empty(n_x, np.float32)
    for y in range(first, last):
        a, b, c, to = image[max(y - 1, 0)], image[y], image[min(y + 1, n_y - 1)], out[y]
        for x in range(n_x):
            line[x] = nb.f4(0.25) * (a[x] + c[x]) + nb.f4(0.5) * b[x]
        for x in range(1, n_x - 1):
            to[x] = nb.f4(0.25) * (line[x - 1] + line[x + 1]) + nb.f4(0.5) * line[x]
        if n_x > 1:
            to[0] = nb.f4(0.75) * line[0] + nb.f4(0.25) * line[1]
            to[n_x - 1] = nb.f4(0.75) * line[n_x - 1] + nb.f4(0.25) * line[n_x - 2]
        else:
            to[0] = line[0]


@kernel(nb.void(IMAGE, IMAGE, nb.i8, nb.i8), fastmath=True)
def take_off(image, wide, first, last):
    """Take the image at a quarter of the resolution, interpolated linearly, off `image`."""
    n_x = image.shape[1]
    w_y, w_x = wide.shape
    line = np.empty(w_x + 2, np.float32)
    for y in range(first, last):
        v = (y + 0.5) / 4 - 0.5
        k = int(np.floor(v))
        t = nb.f4(v - k)
        a, b = wide[min(max(k, 0), w_y - 1)], wide[min(max(k + 1, 0), w_y - 1)]
        for i in range(w_x):
            line[i + 1] = a[i] + t * (b[i] - a[i])
        line[0], line[w_x + 1] = line[1], line[w_x]
        row = image[y]
        # four pixels to a wide one: those at 1/8, 3/8 before and after its centre
        for i in range(min(w_x, n_x // 4)):
            before, here, after = line[i], line[i + 1], line[i + 2]
            row[4 * i] -= nb.f4(0.375) * before + nb.f4(0.625) * here
            row[4 * i + 1] -= nb.f4(0.125) * before + nb.f4(0.875) * here
            row[4 * i + 2] -= nb.f4(0.125) * after + nb.f4(0.875) * here
            row[4 * i + 3] -= nb.f4(0.375) * after + nb.f4(0.625) * here
        for x in range(4 * min(w_x, n_x // 4), n_x):
            row[x] -= line[w_x]


@kernel(nb.i8(IMAGE, nb.f4, IMAGE))
def peaks(image, bar, found):
    """Places (x, y, height) of the local maxima above `bar`; returns how many there are.

    Of two equal neighbours the later one counts, so that a plateau is found once. Where `found`
    is full the bar rises to what would have halved it.
    """
    n_y, n_x = image.shape
    n = 0
    ranks = np.empty(found.shape[0], np.float32)
    high = np.zeros(n_x // 8 * 8 + 8, np.bool_)
    eights = high.view(np.uint64)
    for y in range(n_y):
        row = image[y]
        for i in range(n_x):
            high[i] = row[i] > bar
        x = -1
        while x < n_x - 1:
            x += 1
            # most places do not stand out
            if not high[x]:
                if x % 8 == 0 and eights[x // 8] == 0:
                    x += 7
                continue
            v = row[x]
            # most of the others fail here
            if (x + 1 < n_x and row[x + 1] >= v) or (x > 0 and row[x - 1] > v):
                continue
            top = True
            for j in range(max(y - 1, 0), min(y + 2, n_y)):
                for i in range(max(x - 1, 0), min(x + 2, n_x)):
                    w = image[j, i]
                    later = j > y or (j == y and i > x)
                    if w > v or (w == v and later):
                        top = False
            if top:
                if n == found.shape[0]:
                    for m in range(n):
                        ranks[m] = found[m, 2]
                    bar = nth(ranks, n, n // 2)
                    k = 0
                    for m in range(n):
                        if found[m, 2] > bar:
                            found[k, 0], found[k, 1] = found[m, 0], found[m, 1]
                            found[k, 2] = found[m, 2]
                            k += 1
                    n = k
                    if k == found.shape[0] or v <= bar:
                        continue
                found[n, 0], found[n, 1], found[n, 2] = x, y, v
                n += 1
    return n


@kernel(nb.i8(_PLACES, _PLACES, nb.f8, nb.types.Array(nb.i8, 1, "C")))
def apart(x, y, radius, taken):
    """Which places, in their order, are farther than `radius` from all taken before.

    Fills `taken` with their indices; returns how many there are.
    """
    n = 0
    for k in range(x.shape[0]):
        free = True
        for m in range(n):
            dx, dy = x[taken[m]] - x[k], y[taken[m]] - y[k]
            free &= dx * dx + dy * dy >= radius * radius
        if free:
            if n == taken.shape[0]:
                break
            taken[n] = k
            n += 1
    return n
