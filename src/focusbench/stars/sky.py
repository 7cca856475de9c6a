"""The light between the stars: a mesh of robust levels, extrapolated to the border."""

import numba as nb
import numpy as np
from numpy.typing import NDArray

from focusbench.stars.ensemble import median
from focusbench.stars.kernel import kernel
from focusbench.stars.pixels import IMAGE, nth

_ROW = nb.types.Array(nb.f8, 2, "C")


@kernel(nb.void(IMAGE, nb.i8, nb.f4, _ROW, _ROW, nb.i8, nb.i8))
def tile_levels(image, tile, floor, level, noise, first, last):
    """Sky level and noise of each tile, from about 256 of its bins; NaN where too few count.

    Level: the median after three rounds of leaving out what lies more than 2.5 σ above it. Noise:
    from the differences of neighbours, so that an uneven sky does not count as noise.
    """
    n_y, n_x = image.shape
    values = np.empty(1200, np.float32)
    steps = np.empty(1200, np.float32)
    skip = max(1, int(np.ceil(tile / 16.0)))
    for row in range(first, last):
        for column in range(level.shape[1]):
            # the last tile reaches back, so that all have full size
            y0 = max(0, min(row * tile, n_y - tile))
            x0 = max(0, min(column * tile, n_x - tile))
            n = m = 0
            for y in range(y0, min(y0 + tile, n_y), skip):
                for x in range(x0 + (y // skip) % skip, min(x0 + tile, n_x - 1), skip):
                    v, w = image[y, x], image[y, x + 1]
                    if v == v and n < 1200:
                        values[n] = v
                        n += 1
                    if v == v and w == w and m < 1200:
                        steps[m] = abs(v - w)
                        m += 1
            if n < 16 or m < 16:
                level[row, column] = noise[row, column] = np.nan
                continue
            sigma = max(floor, nb.f4(1.4826 / np.sqrt(2.0)) * nth(steps, m, m // 2))
            middle = nth(values, n, n // 2)
            for _ in range(3):
                spread = sigma
                # half the spread below the middle: stars lie above
                k = 0
                for i in range(n):
                    steps[k] = middle - values[i]
                    k += values[i] <= middle
                if k > 8:
                    spread = max(sigma, nb.f4(1.4826) * nth(steps, k, k // 2))
                k = 0
                highest = middle + nb.f4(2.5) * spread
                for i in range(n):
                    v = values[i]
                    values[k] = v
                    k += v <= highest
                if k == n or k < 16:
                    break
                n = k
                middle = nth(values, n, n // 2)
            level[row, column] = middle
            noise[row, column] = sigma


@kernel(nb.void(IMAGE, _ROW, nb.f8, nb.f8, nb.i8, nb.i8), fastmath=False)
def subtract_mesh(image, mesh, tile_y, tile_x, first, last):
    """Take the mesh, interpolated linearly and extrapolated so beyond its outer centres, off."""
    n_x = image.shape[1]
    m_y, m_x = mesh.shape
    line = np.empty(m_x, np.float64)
    for y in range(first, last):
        v = (y + 0.5) / tile_y - 0.5
        k = min(max(int(np.floor(v)), 0), max(m_y - 2, 0))
        t = v - k if m_y > 1 else 0.0
        for c in range(m_x):
            line[c] = mesh[k, c] + (t * (mesh[k + 1, c] - mesh[k, c]) if m_y > 1 else 0.0)
        for c in range(max(m_x - 1, 1)):
            start = 0 if c == 0 else int(np.ceil((c + 0.5) * tile_x - 0.5))
            stop = n_x if c >= m_x - 2 else int(np.ceil((c + 1.5) * tile_x - 0.5))
            slope = (line[c + 1] - line[c]) / tile_x if m_x > 1 else 0.0
            base = nb.f4(line[c] + slope * (start + 0.5 - (c + 0.5) * tile_x))
            per_bin = nb.f4(slope)
            part = image[y, start:stop]
            for x in range(part.shape[0]):
                part[x] -= base + per_bin * nb.f4(nb.i4(x))


def mesh_shape(shape: tuple[int, int], tile: int) -> tuple[int, int]:
    """Number of tiles down and across; what is left over at the end stretches them."""
    return max(1, round(shape[0] / tile)), max(1, round(shape[1] / tile))


def settle(level: NDArray[np.float64], noise: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mesh without holes and without tiles that a galaxy or a crowd has lifted.

    A tile is replaced by the median of its neighbours where it differs from it by more than five
    times the usual difference and by more than the noise; the others stay, so that a gradient
    keeps its slope up to the border.
    """
    good = np.isfinite(level)
    level = np.where(good, level, median(level[good]))
    if min(level.shape) < 3:
        return level
    padded = np.pad(level, 1, mode="reflect", reflect_type="odd")
    around = np.median(
        [
            padded[j : j + level.shape[0], i : i + level.shape[1]]
            for j in range(3)
            for i in range(3)
            if (j, i) != (1, 1)
        ],
        axis=0,
    )
    off = np.abs(level - around)
    usual = median(off)
    bar = np.maximum(5 * usual, 3 * median(noise[good]))
    return np.where(off > bar, around, level)
