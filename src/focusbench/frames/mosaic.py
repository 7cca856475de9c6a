"""The arithmetic of a one-shot-colour mosaic: how its colours respond, and how they are evened.

The module `colour` says what for. A *cell* is one repeat of the pattern, a *group* the sites in
it that are taken as alike, a *tile* a square of cells over which something is estimated.
"""

import numpy as np
from numpy.typing import NDArray

_Floats = NDArray[np.float32]
_Group = list[tuple[int, int]]  # rows and columns, in the pattern, of sites taken as alike

_MAX_GRID = 12  # sky is taken in at most so many tiles a side
_SAMPLES = 20  # cells a side that stand for a tile of sky
_TILE = 16  # cells a side in which starlight is summed
_BAND = 64  # cells of rows worked on at a time, which bounds the memory used beside the result
_BRIGHT = 5.0  # standard deviations of the sky above which a cell holds starlight

# A colour with less than a quarter of the light of the brightest (a narrow-band filter before a
# colour sensor) would bring in more noise than starlight if it were raised to the same height.
_MOST_RAISED = 4.0


def evened(
    mosaic: NDArray[np.generic], letters: NDArray[np.str_], full: float
) -> tuple[_Floats, float]:
    """A mosaic with the same response to starlight and the same sky at every site.

    Parameters
    ----------
    mosaic : array, shape (n_y, n_x), ADU
    letters : array of str, shape (2, 2) or (6, 6)
        Its pattern: 2 × 2 sites are taken each for itself, others by their colour.
    full : float, ADU
        Saturated from here on; infinite where that is not known.

    Returns
    -------
    pixels : float array, shape (n_y, n_x)
    top : float
        Value of the saturated ones, which no other exceeds.
    """
    if mosaic.flags.f_contiguous and not mosaic.flags.c_contiguous:
        # What lies in memory column by column is worked on as it lies.
        pixels, top = evened(mosaic.T, letters.T, full)
        return pixels.T, top
    period, groups = len(letters), _groups(letters)
    sky, noise = _sky_of_tiles(mosaic, period, groups)
    responses = _responses(mosaic, period, groups, sky, noise, full)
    factors = responses.mean() / np.maximum(responses, responses.max() / _MOST_RAISED)
    return _equalised(mosaic, period, groups, factors, sky, full)


def _groups(letters: NDArray[np.str_]) -> list[_Group]:
    """Sites of the pattern that are taken as alike."""
    sites = [(y, x) for y in range(len(letters)) for x in range(len(letters))]
    if len(letters) == 2:
        return [[site] for site in sites]
    return [[site for site in sites if letters[site] == colour] for colour in np.unique(letters)]


def _cells(
    mosaic: NDArray[np.generic], period: int, groups: list[_Group], rows: slice, columns: slice
) -> _Floats:
    """Mean of each group in each cell (one pattern). Shape (n_groups, n_rows, n_columns)."""
    part = mosaic[rows.start * period : rows.stop * period]
    part = part[:, columns.start * period : columns.stop * period]
    cells = np.stack(
        [
            sum(part[y::period, x::period].astype(np.float32) for y, x in group) / len(group)
            for group in groups
        ]
    )
    if mosaic.dtype.kind == "f":
        cells[:, ~np.isfinite(cells).all(axis=0)] = np.nan
    return cells


def _grid(n_cells: int) -> NDArray[np.intp]:
    """Borders of the tiles of sky along one side, in cells."""
    n_tiles = min(_MAX_GRID, max(1, n_cells // 8))
    return np.linspace(0, n_cells, n_tiles + 1).astype(np.intp)


def _sky_of_tiles(
    mosaic: NDArray[np.generic], period: int, groups: list[_Group]
) -> tuple[_Floats, float]:
    """Median of each group in each tile, and the noise of the mean over a cell.

    Returns
    -------
    sky : float array, shape (n_groups, n_tiles_y, n_tiles_x), ADU
    noise : float, ADU
        Standard deviation, from the median absolute deviations within tiles.
    """
    rows, columns = (_grid(side // period) for side in mosaic.shape)
    sky = np.zeros((len(groups), len(rows) - 1, len(columns) - 1), np.float32)
    deviations = []
    for i, j in np.ndindex(*sky.shape[1:]):
        part = mosaic[rows[i] * period : rows[i + 1] * period]
        part = part[:, columns[j] * period : columns[j + 1] * period]
        sample = _sampled(part, period, groups)
        sample = sample[:, np.isfinite(sample).all(axis=0)]
        if sample.shape[1] == 0:
            continue
        sky[:, i, j] = np.median(sample, axis=1)
        mean = sample.mean(axis=0)
        deviations.append(float(np.median(np.abs(mean - np.median(mean)))))
    return sky, 1.4826 * float(np.median(deviations or [0.0]))


def _sampled(part: NDArray[np.generic], period: int, groups: list[_Group]) -> _Floats:
    """Cells spread over a tile. Shape (n_groups, n_cells)."""
    every = [period * max(1, side // period // _SAMPLES) for side in part.shape]
    shape = [side // period for side in part.shape]
    # Sites of one cell are picked from whole cells only, so that all have the same number.
    part = part[: shape[0] * period, : shape[1] * period]
    sample = [
        sum(part[y :: every[0], x :: every[1]].astype(np.float32) for y, x in group) / len(group)
        for group in groups
    ]
    return np.stack(sample).reshape(len(groups), -1)


def _responses(
    mosaic: NDArray[np.generic],
    period: int,
    groups: list[_Group],
    sky: _Floats,
    noise: float,
    full: float,
) -> NDArray[np.float64]:
    """How strongly each group responds to starlight, 1 on average.

    Starlight is what stands above the sky in cells that are bright together with at least two of
    their four neighbours, which a hot pixel is not. It is summed over tiles, so that it does not
    matter where in a cell a star lies, and the median over the tiles, weighted by their light,
    is not moved by what is no star.
    """
    n_rows, n_columns = (side // period for side in mosaic.shape)
    tile_rows, tile_columns = _grid(n_rows), _grid(n_columns)
    column_tile = np.searchsorted(tile_columns, np.arange(n_columns), side="right") - 1
    lights = []
    for first in range(0, n_rows, _BAND):
        last = min(first + _BAND, n_rows)
        cells = _cells(mosaic, period, groups, slice(first, last), slice(0, n_columns))
        row_tile = np.searchsorted(tile_rows, np.arange(first, last), side="right") - 1
        whole = (cells < full).all(axis=0)  # false for NaN, too
        cells -= sky[:, row_tile[:, None], column_tile[None, :]]
        star = _beside(cells.mean(axis=0) > _BRIGHT * max(noise, 1e-6)) & whole
        cells[:, ~star] = 0.0
        light = np.add.reduceat(cells, np.arange(0, last - first, _TILE), axis=1)
        light = np.add.reduceat(light, np.arange(0, n_columns, _TILE), axis=2)
        lights.append(light.reshape(len(groups), -1))
    light = np.concatenate(lights, axis=1, dtype=np.float64)
    total = light.sum(axis=0)
    light, total = light[:, total > 0], total[total > 0]
    if total.size == 0:
        return np.ones(len(groups))
    # No star says more than ten faint ones of the brighter half.
    weight = np.minimum(total, 10 * np.median(total))
    shares = np.array([_weighted_median(part / total, weight) for part in light])
    shares = np.maximum(shares, 0.0)
    mean = shares.mean()
    return shares / mean if mean > 0 else np.ones(len(groups))


def _beside(bright: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Bright cells with at least two bright ones among their four neighbours."""
    neighbours = np.zeros(bright.shape, np.int8)
    neighbours[1:] += bright[:-1]
    neighbours[:-1] += bright[1:]
    neighbours[:, 1:] += bright[:, :-1]
    neighbours[:, :-1] += bright[:, 1:]
    return bright & (neighbours >= 2)


def _weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    order = np.argsort(values)
    cumulative = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(cumulative, 0.5 * cumulative[-1])])


def _equalised(
    mosaic: NDArray[np.generic],
    period: int,
    groups: list[_Group],
    factors: NDArray[np.float64],
    sky: _Floats,
    full: float,
) -> tuple[_Floats, float]:
    """Each pixel times its group's factor, its sky brought to the mean of all; and the top."""
    n_y, n_x = mosaic.shape
    raised = factors[:, None, None] * sky
    share = np.array([len(group) for group in groups]) / period**2
    lacking = np.tensordot(share, raised, axes=1) - raised
    surfaces = [_surface(part) for part in lacking]
    # No height of a surface is beyond the sum of its coefficients: nothing else rises so far.
    top = float(factors.max()) * full + max(float(np.abs(surface).sum()) for surface in surfaces)
    pixels = np.empty(mosaic.shape, np.float32)
    for first in range(0, n_y, _BAND * period):
        last = min(first + _BAND * period, n_y)
        for group, factor, surface in zip(groups, factors, surfaces, strict=True):
            for y, x in group:
                rows, columns = slice(first + y, last, period), slice(x, n_x, period)
                part = mosaic[rows, columns]
                out = part.astype(np.float32)
                out *= np.float32(factor)
                out += _heights(surface, rows, columns, (n_y, n_x))
                if full < np.inf:
                    out[np.greater_equal(part, full)] = top
                pixels[rows, columns] = out
    return pixels, top


def _surface(lacking: NDArray[np.float64]) -> NDArray[np.float64]:
    """Second-order surface through the tiles, twice, the second time without those far off.

    Returns
    -------
    float array, shape (3, 3)
        Coefficients of y^i·x^j, 0 where i + j > 2; x and y from −1 to 1.
    """
    y, x = np.meshgrid(*(_middles(n) for n in lacking.shape), indexing="ij")
    powers = [(i, j) for i in range(3) for j in range(3 - i)]
    terms = np.stack([(y**i * x**j).ravel() for i, j in powers], axis=1)
    values = lacking.ravel()
    kept = np.ones(values.size, bool)
    for _ in range(2):
        # The least of all solutions, where there are fewer tiles than coefficients.
        fitted = np.linalg.lstsq(terms[kept], values[kept], rcond=None)[0]
        off = np.abs(values - terms @ fitted)
        kept = off <= 4.5 * np.median(off) + 1e-6  # 3 standard deviations
    surface = np.zeros((3, 3))
    for (i, j), coefficient in zip(powers, fitted, strict=True):
        surface[i, j] = coefficient
    return surface


def _middles(n_tiles: int) -> NDArray[np.float64]:
    """Where the middles of tiles lie, of a side that goes from −1 to 1."""
    return (2 * np.arange(n_tiles) + 1) / n_tiles - 1


def _heights(
    surface: NDArray[np.float64], rows: slice, columns: slice, shape: tuple[int, int]
) -> _Floats:
    y = (2 * np.arange(rows.start, rows.stop, rows.step) + 1) / shape[0] - 1
    x = (2 * np.arange(columns.start, columns.stop, columns.step) + 1) / shape[1] - 1
    powers = np.arange(3)
    along_x = surface @ x ** powers[:, None]
    return (y[:, None] ** powers).astype(np.float32) @ along_x.astype(np.float32)
