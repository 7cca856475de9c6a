"""The curve of growth of one star: how much of its light each circle around it holds."""

import math

import numba as nb
import numpy as np

from focusbench.stars.centroid import centroid, ring_sky
from focusbench.stars.kernel import kernel
from focusbench.stars.pixels import IMAGE, nth
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
_SUMS = nb.types.Array(nb.f8, 2, "C")
_BUFFER = nb.types.Array(nb.f4, 1, "C")


@kernel(nb.f8(_SUMS, nb.f8, nb.f8, nb.f8), fastmath={"contract", "reassoc", "nsz"})
def held(sums, cx, cy, radius):
    """Light within a circle: of chords along half rows of pixels that have its area.

    `sums[2 j]` and `sums[2 j + 1]` are the light of the upper and lower half of row j, each twice,
    up to the left edge of every pixel; between the edges it follows Lagrange's cubic through four.
    """
    r2 = radius * radius
    first, last = math.floor(2.0 * (cy - radius) + 1.0), math.ceil(2.0 * (cy + radius) + 1.0)
    # area between the circle, its vertical diameter and the horizontal at y: ∫ √(r² − y²) dy
    y = max(0.5 * (first - 1) - cy, -radius)
    before = 0.5 * (y * math.sqrt(max(r2 - y * y, 0.0)) + r2 * math.asin(y / radius))
    total = 0.0
    for k in range(first, last):
        y = min(0.5 * k - cy, radius)
        after = 0.5 * (y * math.sqrt(max(r2 - y * y, 0.0)) + r2 * math.asin(y / radius))
        half_chord = 2.0 * (after - before)
        before = after
        row = sums[nb.u8(k)]
        for end in range(-1, 2, 2):
            p = cx + 0.5 + end * half_chord
            i = int(p)
            e, t = nb.u8(i), p - i
            u, v, w = t + 1.0, t - 1.0, t - 2.0
            at = row[e] * (u * v * w * 0.5) - row[e + nb.u8(1)] * (u * t * w * 0.5)
            at += (row[e + nb.u8(2)] * u - row[e - nb.u8(1)] * w) * (t * v / 6.0)
            total += end * at
    return 0.5 * total


@kernel(nb.f8(_SUMS, nb.f8, nb.f8, nb.f8, nb.f8, nb.f8, nb.f8, nb.f8), fastmath=_FAST)
def radius_holding(sums, cx, cy, light, whole, guess, farthest, close):
    """Radius of a circle that holds `light`: secants in the area, kept within a bracket.

    One more step is taken after a circle holds `light` to within `close`: that must be close, for
    the first secant comes from the centre, and what it leaves would pull all stars of a frame the
    same way, to the guess.
    """
    low, high = 0.0, farthest * farthest
    before, f_before = 0.0, -light
    area = min(max(guess * guess, 0.01 * high), 0.99 * high)
    for _ in range(20):
        f = held(sums, cx, cy, math.sqrt(area)) - light
        if f > 0:
            high = area
        else:
            low = area
        slope = (f - f_before) / (area - before)
        before, f_before = area, f
        near = abs(f) < close * whole
        area = area - f / slope if slope > 0 else -1.0
        if not low < area < high:
            area = before if near else 0.5 * (low + high)
        if near or high - low < 1e-6 * high:
            break
    return math.sqrt(area)


@kernel(nb.i8(IMAGE, IMAGE, nb.i8, nb.i8, nb.f4), fastmath=_FAST)
def above_sky(stamp, part, left, top, level):
    """Fill `part` from the stamp's (left, top) on, above the sky; how many pixels are missing."""
    n_y, n_x = stamp.shape
    side = part.shape[0]
    first, last = min(max(0, -left), side), max(0, min(side, n_x - left))
    n_missing = 0
    for j in range(side):
        to = part[j]
        if not 0 <= top + j < n_y or first >= last:
            for i in range(side):
                to[i] = np.nan
            n_missing += side
            continue
        for i in range(first):
            to[i] = np.nan
        for i in range(last, side):
            to[i] = np.nan
        n_missing += side - last + first
        source, to = stamp[top + j, left + first : left + last], to[first:last]
        missing = nb.i4(0)
        for i in range(last - first):
            v = source[i] - level
            to[i] = v
            missing += nb.i4(v != v)
        n_missing += missing
    return n_missing


@kernel(nb.i8(IMAGE, nb.f8, nb.f8, nb.f8), fastmath=_FAST)
def fill_missing(part, cx, cy, aperture):
    """Replace missing pixels by the opposite ones; how many of the aperture's were missing."""
    side = part.shape[0]
    n = 0
    for j in range(side):
        for i in range(side):
            v = part[j, i]
            if v != v:
                n += (i - cx) ** 2 + (j - cy) ** 2 <= aperture * aperture
                jj, ii = round(2 * cy) - j, round(2 * cx) - i
                v = part[jj, ii] if 0 <= jj < side and 0 <= ii < side else nb.f4(0)
                part[j, i] = v if v == v else nb.f4(0)
    return n


@kernel(nb.void(IMAGE, _SUMS, nb.f8, nb.f8, nb.f8, nb.f8, nb.f8, nb.f8, nb.f8, _ROW), fastmath=True)
def add_up(part, sums, cx, cy, aperture, near, r50, box, bar, out):
    """Sums along the half rows of `part`, for `held`, and sums over the aperture.

    Before, each pixel is given what it lacks: as a sample of the picture, of the mean over its
    square, δ²/24 − 17/5760 δ⁴ of Taylor's series; for Lagrange's cubic, whose error between four
    places is 11/720 δ⁴ on average; for half rows taken as even, −δ²/96 across.

    `out` is: the light; the light times its distance, where the tip of that cone is rounded off
    within `near`; the brightest pixel; how many lie above the bar; from the ninth place on, the
    light beyond r50 in eight sectors.
    """
    side = part.shape[0]
    sample = 1.0 - box
    along2, across2 = nb.f4(sample / 24.0), nb.f4(sample / 24.0 - 1.0 / 96.0)
    four = nb.f4(11.0 / 720.0 - sample * 17.0 / 5760.0)
    a, a2 = nb.f4(near), nb.f4(near * near)
    edge, edge2 = nb.f4(aperture + 0.5), nb.f4(aperture * aperture)
    lit_bar = nb.f4(bar)
    top, n_lit = nb.i4(0), nb.i4(0)
    whole = distance = 0.0
    for k in range(8, 16):
        out[k] = 0.0
    line = np.zeros(side, np.float32)
    rows = np.zeros((3, side + 1))
    first, last = max(int(cy - aperture) - 2, 0), min(int(cy + aperture) + 4, side)
    for j in range(first, last):
        r0, r1 = part[max(j - 2, 0)], part[max(j - 1, 0)]
        r3, r4 = part[min(j + 1, side - 1)], part[min(j + 2, side - 1)]
        here = part[j]
        for i in range(2, side - 2):
            twice = nb.f4(2) * here[i]
            x1, y1 = here[i - 1] + here[i + 1] - twice, r1[i] + r3[i] - twice
            # δ⁴ is of the values at two pixels' distance, less four times that at one
            x4 = here[i - 2] + here[i + 2] - twice - nb.f4(4) * x1
            y4 = r0[i] + r4[i] - twice - nb.f4(4) * y1
            line[i] = here[i] + along2 * x1 + across2 * y1 + four * (x4 + y4)
        # the rows' running sums: the one before the last, the last, this one
        to = rows[j % 3]
        total = 0.0
        for i in range(side):
            total += line[i]
            to[i + 1] = total
        if j > first:
            before, middle = rows[(j - 2) % 3], rows[(j - 1) % 3]
            upper, lower = sums[2 * j - 2], sums[2 * j - 1]
            for i in range(side + 1):
                slope = (to[i] - before[i]) * 0.125
                upper[i] = middle[i] - slope
                lower[i] = middle[i] + slope
        dy = nb.f4(j - cy)
        dy2, left = dy * dy, nb.f4(-cx)
        r_whole = r_distance = nb.f4(0)
        bits = here.view(np.int32)  # positive floats sort as their bits do
        for i in range(side):
            dx = left + nb.f4(nb.i4(i))
            r2 = dx * dx + dy2
            r = math.sqrt(r2)
            u = r2 / a2
            far = r2 > a2
            # ∇² of the cone: a pixel that is a mean over a square has its light further out
            bent = nb.f4(1) / r if far else (nb.f4(3) - nb.f4(2) * u) / a
            tip = a * (nb.f4(0.375) + u * (nb.f4(0.75) - nb.f4(0.125) * u))
            rho = (r if far else tip) - bent * nb.f4(1.0 / 24.0)
            w = line[i] * min(max(edge - r, nb.f4(0)), nb.f4(1))
            r_whole += w
            r_distance += w * rho
            within = r2 <= edge2
            n_lit += nb.i4(within & (here[i] > lit_bar))
            top = max(top, bits[i] if within else nb.i4(0))
        whole += float(r_whole)
        distance += float(r_distance)
        # of pixels whose middle lies in the sector
        full2 = aperture * aperture - dy2
        if full2 > 0:
            far_end, hole = math.sqrt(full2), math.sqrt(max(r50 * r50 - dy2, 0.0))
            turn = min(max(abs(dy), hole), far_end)
            k = 2 * (dy > 0)
            for end in range(2):
                sign = 2 * end - 1
                o, m, q = cx + sign * far_end, cx + sign * turn, cx + sign * hole
                b, e, d = math.ceil(q), math.ceil(m), math.ceil(o)
                out[8 + k + end] += sign * (to[e] - to[b])
                out[12 + k + end] += sign * (to[d] - to[e])
    line[:1].view(np.int32)[0] = top
    out[0], out[1], out[2], out[3] = whole, distance, line[0], n_lit


@kernel(
    nb.void(
        IMAGE, nb.f8, nb.f8, nb.f8, nb.f8, nb.f8, nb.f8, nb.f8, nb.f4, nb.f4, nb.i8, _BUFFER, _ROW
    ),
    large=True,
    fastmath=_FAST,
)
def grow(stamp, cx, cy, r50, r90, aperture, outer, box, floor, guess, care, values, row):
    """Measure the star near (cx, cy); lengths in pixels of the stamp.

    `box` is the variance, in units of a pixel's own 1/12, of the smear to be undone: 0 takes the
    pixels as samples of the picture that the camera's pixels integrated, 1 as means over squares.
    `care` 0 is for a first guess of the size, 2 adds FWHM and ASTAP's diameter.
    """
    for k in range(row.shape[0]):
        row[k] = np.nan
    sky, place, found = np.empty(2), np.ones(5), np.empty(16)
    reach = min(aperture, 3.0 * r50 + 1.0)
    precision = 1e-4 if care > 0 else 1e-3
    # Where the star is, is found without knowing its sky well: what is even pulls to no side.
    if not centroid(stamp, cx, cy, reach, aperture, r50, guess, precision, values, place):
        ring_sky(stamp, cx, cy, aperture, outer, floor, guess, values, sky)
        centroid(stamp, cx, cy, reach, aperture, r50, sky[0], precision, values, place)
    moved = math.hypot(place[0] - cx, place[1] - cy)
    cx, cy = place[0], place[1]
    ring_sky(stamp, cx, cy, aperture, outer, floor, guess, values, sky)
    level, sigma = sky[0], sky[1]
    row[0], row[1], row[12], row[13], row[17] = cx, cy, level, sigma, moved

    # the square around the aperture, and what the sums of a pixel need beside it
    half = int(aperture) + 4
    side = 2 * half + 1
    left, top = math.floor(cx + 0.5) - half, math.floor(cy + 0.5) - half
    part, sums = np.empty((side, side), np.float32), np.empty((2 * side, side + 1))
    n_missing = above_sky(stamp, part, left, top, level)
    cx, cy = cx - left, cy - top
    if n_missing > 0:
        n_missing = fill_missing(part, cx, cy, aperture)
    row[10] = n_missing / (math.pi * aperture * aperture)
    near = min(2.5, aperture)
    add_up(part, sums, cx, cy, aperture, near, r50, box, 2.5 * sigma, found)
    whole, distance, peak = found[0], found[1], found[2]
    flux = held(sums, cx, cy, aperture)
    row[2], row[4], row[5] = flux, peak, 2.0 * math.sqrt(found[3] / math.pi)
    row[3] = flux / (sigma * math.sqrt(math.pi) * max(r90, 1.0))
    if not flux > 0:
        return
    # what the rounded tip has too much: ∫ F(r) (1 − d tip/dr) dr, by Gauss's three points
    for k in range(3):
        s = 0.5 + (k - 1) * 0.3872983346207417
        share = (8.0 if k == 1 else 5.0) / 18.0 * near
        distance -= share * held(sums, cx, cy, s * near) * (1.0 - 1.5 * s + 0.5 * s**3)
    row[6] = radius_holding(sums, cx, cy, 0.5 * flux, flux, r50, aperture, 3e-4)
    guess_r90 = r90 * row[6] / r50
    row[7] = radius_holding(sums, cx, cy, 0.9 * flux, flux, guess_r90, aperture, 3e-3)
    row[8] = distance / whole if whole > 0 else np.nan
    row[15] = peak / flux
    for k in range(8):
        values[k] = found[8 + k]
    row[11] = (nth(values, 8, 7) - nth(values, 8, 4)) / flux
    if care > 1:
        row[18] = hfd_astap(part, 3.0 * sigma, aperture, box)
        row[19] = fwhm(part, cx, cy, min(aperture, 1.6 * row[7] + 0.5), row[6])
    # without the window: 1/σ² = 1/σ_w² − 1/σ_window²
    window_variance = 2.25 * r50 * r50
    half_trace = 0.5 * (place[2] + place[3])
    split = math.sqrt(0.25 * (place[2] - place[3]) ** 2 + place[4] ** 2)
    limit = 0.98 * window_variance
    long, short = min(half_trace + split, limit), min(max(half_trace - split, 1e-9), limit)
    row[9] = math.sqrt((1.0 / short - 1.0 / window_variance) / (1.0 / long - 1.0 / window_variance))
