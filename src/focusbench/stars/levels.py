"""From the frame to its pyramid: binned, mended, sky-subtracted images of halving resolution."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from focusbench.frames import RowMaxima
from focusbench.stars import binning, pyramid, sky
from focusbench.stars.ensemble import median
from focusbench.stars.source import Source

Image = NDArray[np.float32]


class Bands:
    """Runs a kernel over rows, split among threads (the kernels release the GIL)."""

    def __init__(self, n_threads: int) -> None:
        self._n = n_threads
        self._pool = ThreadPoolExecutor(n_threads) if n_threads > 1 else None

    def __call__(self, n_rows: int, work: Callable[[int, int], object]) -> None:
        """Do `work(first, last)` for rows that together are all of `n_rows`."""
        if self._pool is None or n_rows < 8:
            work(0, n_rows)
            return
        cuts = [n_rows * k // self._n for k in range(self._n + 1)]
        list(self._pool.map(work, cuts[:-1], cuts[1:]))

    def __enter__(self) -> "Bands":
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown()


@dataclass(frozen=True, eq=False)
class Levels:
    """The frame at several scales.

    Attributes
    ----------
    images : list of float32 arrays, ADU above the sky
        Each half the resolution of the one before.
    factor : int
        Pixels of the frame, along a side, in one of the first image's.
    noise : float, ADU
        White noise of one pixel of the frame.
    window : (top, left, height, width)
        Part of the frame that is measured.
    highest : RowMaxima or None
        Highest pixels of the rows of that part, where they have been looked at.
    spare : list of float32 arrays
        Room for an image beside each, of unspecified content.
    """

    images: list[Image]
    factor: int
    noise: float
    window: tuple[int, int, int, int]
    highest: RowMaxima | None
    spare: list[Image]

    def scale(self, level: int) -> int:
        """Pixels of the frame, along a side, in one of a level's."""
        return self.factor << level


def build(frame: Source, window: tuple[int, int, int, int], bands: Bands) -> Levels | None:
    """The pyramid of the part of the frame in `window`; None where no pixel holds a number."""
    top, left, height, width = window
    n_pixels = height * width
    factor = 4 if n_pixels >= 4_000_000 else 2 if n_pixels >= 250_000 else 1
    images, spare = _rooms((height // factor, width // factor))
    image = images[0]
    highest = None
    if frame.is_u2 and factor == 4:
        each = np.empty(len(image), np.uint16)
        bits = (frame.swap, frame.flip)
        bands(
            len(image),
            lambda a, b: binning.bin4(frame.u2, *bits, top, left, image, each, a, b),
        )
        highest = RowMaxima(top, factor, each.astype(np.int64) - int(frame.flip))
    else:
        bands(
            len(image),
            lambda a, b: binning.bin_any(*frame.head, top, left, factor, image, a, b),
        )
    if not frame.is_u2 and not np.isfinite(image).any():
        return None
    tile = {4: 64, 2: 96, 1: 128}[factor]
    shape = sky.mesh_shape(image.shape, tile)
    tile_y, tile_x = image.shape[0] / shape[0], image.shape[1] / shape[1]
    side = int(min(tile_y, tile_x))
    level, noise = np.empty(shape), np.empty(shape)
    floor = 0.289 * frame.step / factor
    bands(shape[0], lambda a, b: sky.tile_levels(image, side, floor, level, noise, a, b))
    if not np.isfinite(level).any():
        return None
    sigma = median(noise[np.isfinite(noise)])
    if not sigma > 0:
        sigma = max(float(np.nanmax(np.abs(image))) * 1e-6, 1e-30)
    mesh = sky.settle(level, noise)
    bands(len(image), lambda a, b: sky.subtract_mesh(image, mesh, tile_y, tile_x, a, b))
    if not frame.is_u2 or factor != 4:
        np.nan_to_num(image, copy=False, nan=0.0)
    # in one thread: it looks at neighbours that it has mended, so bands would race
    binning.mend_bins(*frame.head, top, left, factor, image, sigma, sigma * factor, 0, len(image))
    for last, half in pairwise(images):
        pyramid.halve(last, half, 0, len(half))
    return Levels(images, factor, sigma * factor, window, highest, spare)


def _rooms(shape: tuple[int, int]) -> tuple[list[Image], list[Image]]:
    """Images of halving size, twice, in one block of memory.

    Several pieces would be handed back to the system after each frame and taken anew page by page
    for the next, which costs a sixth of the time.
    """
    shapes = [shape]
    while min(shapes[-1]) >= 6:
        shapes.append((shapes[-1][0] // 2, shapes[-1][1] // 2))
    shapes += shapes
    ends = np.cumsum([n_y * n_x for n_y, n_x in shapes]).tolist()
    block = np.empty(ends[-1], np.float32)
    starts = [0, *ends[:-1]]
    rooms = [block[a:b].reshape(s) for a, b, s in zip(starts, ends, shapes, strict=True)]
    return rooms[: len(rooms) // 2], rooms[len(rooms) // 2 :]
