"""From the frame to its pyramid: binned, mended, sky-subtracted images of halving resolution."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from focusbench.stars import binning, pyramid, sky
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
    """

    images: list[Image]
    factor: int
    noise: float
    window: tuple[int, int, int, int]

    def scale(self, level: int) -> int:
        """Pixels of the frame, along a side, in one of a level's."""
        return self.factor << level


def build(frame: Source, window: tuple[int, int, int, int], bands: Bands) -> Levels | None:
    """The pyramid of the part of the frame in `window`; None where no pixel holds a number."""
    top, left, height, width = window
    n_pixels = height * width
    factor = 4 if n_pixels >= 4_000_000 else 2 if n_pixels >= 250_000 else 1
    image = np.empty((height // factor, width // factor), np.float32)
    if frame.is_u2 and factor == 4:
        bands(
            len(image),
            lambda a, b: binning.bin4(frame.u2, frame.swap, frame.flip, top, left, image, a, b),
        )
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
    sigma = float(np.nanmedian(noise))
    if not sigma > 0:
        sigma = max(float(np.nanmax(np.abs(image))) * 1e-6, 1e-30)
    mesh = sky.settle(level, noise)
    bands(len(image), lambda a, b: sky.subtract_mesh(image, mesh, tile_y, tile_x, a, b))
    if not frame.is_u2 or factor != 4:
        np.nan_to_num(image, copy=False, nan=0.0)
    # in one thread: it looks at neighbours that it has mended, so bands would race
    binning.mend_bins(*frame.head, top, left, factor, image, sigma, sigma * factor, 0, len(image))
    images = [image]
    while min(images[-1].shape) >= 6:
        last = images[-1]
        half = np.empty((last.shape[0] // 2, last.shape[1] // 2), np.float32)
        pyramid.halve(last, half, 0, len(half))
        images.append(half)
    return Levels(images, factor, sigma * factor, window)
