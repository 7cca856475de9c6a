"""Curves of growth: the light of many stars, ring by ring, all at once."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RING_PX = 0.5
_PARTS = 3

_Part = tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.float32], NDArray[np.bool_]]


@dataclass(frozen=True, eq=False)
class Cutouts:
    """Round pieces of one image, each around a star.

    Attributes
    ----------
    x, y : float arrays, shape (n_stars,), pixels of the image
        Centres.
    values : float array, shape (n_stars, n_points), ADU
    valid : bool array, shape (n_stars, n_points)
        False outside the frame, where it holds no number, and on neighbouring stars.
    dx, dy : float arrays, shape (n_stars, n_points), pixels
        From the star's centre.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    values: NDArray[np.float32]
    valid: NDArray[np.bool_]
    dx: NDArray[np.float32]
    dy: NDArray[np.float32]

    @property
    def radius(self) -> NDArray[np.float32]:
        """Distance of each point from its star's centre, pixels."""
        squared: NDArray[np.float32] = self.dx * self.dx + self.dy * self.dy
        return np.sqrt(squared)

    def opposite(self) -> NDArray[np.intp]:
        """Index of the point on the other side of the central pixel, for each point."""
        dy, dx = np.rint(self.dy[0] - self.dy[0, 0]), np.rint(self.dx[0] - self.dx[0, 0])
        opposite = np.empty(len(dy), np.intp)
        opposite[np.lexsort((dx, dy))] = np.lexsort((-dx, -dy))
        return opposite


@dataclass(frozen=True, eq=False)
class Growth:
    """Light of each star by distance from its centre, in rings of `RING_PX`.

    Attributes
    ----------
    light : float array, shape (n_stars, n_rings), ADU
        Mean over the ring's valid points times all its points: what a neighbour or the frame's
        edge hides is taken to be like the rest of the ring. Local sky still in it.
    area : float array, shape (n_stars, n_rings), pixels
    seen : bool array, shape (n_stars, n_rings)
        Whether the ring had any valid point.
    """

    light: NDArray[np.float64]
    area: NDArray[np.float64]
    seen: NDArray[np.bool_]


def disc(radius: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Row and column offsets of the pixels within `radius` of one pixel, nearest first."""
    reach = int(radius)
    dy, dx = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    inside = dy * dy + dx * dx <= radius * radius
    nearest_first = np.argsort((dy * dy + dx * dx)[inside], kind="stable")
    return dy[inside][nearest_first], dx[inside][nearest_first]


def cut_out(
    image: NDArray[np.float32],
    valid: NDArray[np.bool_],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    radius: float,
) -> Cutouts:
    """Cut a disc of `radius` pixels around each position out of an image."""
    row, column = np.rint(y).astype(np.intp), np.rint(x).astype(np.intp)
    dy, dx = disc(radius)
    rows, columns = row[:, None] + dy, column[:, None] + dx
    inside = (rows >= 0) & (rows < image.shape[0]) & (columns >= 0) & (columns < image.shape[1])
    index = np.where(inside, rows * image.shape[1] + columns, 0)
    return Cutouts(
        x,
        y,
        image.reshape(-1)[index],
        valid.reshape(-1)[index] & inside,
        (dx + (column - x)[:, None]).astype(np.float32),
        (dy + (row - y)[:, None]).astype(np.float32),
    )


def grow(cutouts: Cutouts, image: NDArray[np.float32], core_px: float) -> Growth:
    """Sum the light of each star in rings.

    Inside `core_px` every pixel is divided into nine, with the slope and curvature of the light
    across it and its sum kept; to spread a pixel's light evenly over it would make the star wider
    by one more pixel: some per cent at a half-flux radius of two pixels.
    """
    n_stars = len(cutouts.x)
    distance = cutouts.radius
    n_rings = int(distance.max(initial=0.0) / RING_PX) + 3
    star = np.arange(n_stars)[:, None] * n_rings
    outside = distance > core_px

    def rings(index: NDArray[np.intp], weights: NDArray[np.float32]) -> NDArray[np.float64]:
        size = n_stars * n_rings
        total = np.bincount(index.ravel(), weights.ravel(), size)
        return np.asarray(total, np.float64).reshape(n_stars, n_rings)

    where = star + (distance / RING_PX).astype(np.intp)
    shown = outside & cutouts.valid
    outer = [
        rings(where, np.where(shown, cutouts.values, np.float32(0))),
        rings(where, shown.astype(np.float32)),
        rings(where, outside.astype(np.float32)),
    ]
    # A pixel is as wide as two rings: spread it over them.
    light, area, full = (_spread(each) for each in outer)

    for values, valid, radius, inside in _core_parts(cutouts, image, core_px):
        where = star + (radius / RING_PX).astype(np.intp)
        shown = inside & valid
        light += rings(where, np.where(shown, values, np.float32(0))) / _PARTS**2
        area += rings(where, shown.astype(np.float32)) / _PARTS**2
        full += rings(where, inside.astype(np.float32)) / _PARTS**2
    seen = area > 1e-3
    light = np.where(seen, light / np.where(seen, area, 1.0) * full, 0.0)
    return Growth(light, full, seen)


def _spread(rings: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rings smoothed by (¼, ½, ¼); nothing is lost at the centre."""
    spread = 0.5 * rings
    spread[:, 1:] += 0.25 * rings[:, :-1]
    spread[:, :-1] += 0.25 * rings[:, 1:]
    spread[:, 0] += 0.25 * rings[:, 0]
    return spread


def _core_parts(cutouts: Cutouts, image: NDArray[np.float32], core_px: float) -> Iterator[_Part]:
    """Values, validity, distance and membership of each of the nine parts of the core's pixels.

    The parabola through a pixel and its neighbours gives each part its mean such that the nine
    means average to the pixel (the 2/27 is the variance of the parts' offsets).
    """
    row, column = np.rint(cutouts.y).astype(np.intp), np.rint(cutouts.x).astype(np.intp)
    dy, dx = disc(core_px + 1.0)
    n = len(dy)  # a disc's points are sorted by distance: the core comes first
    n_y, n_x = image.shape
    flat = image.reshape(-1)

    def at(shift_y: int, shift_x: int) -> NDArray[np.float32]:
        rows = np.clip(row[:, None] + (dy + shift_y), 0, n_y - 1)
        columns = np.clip(column[:, None] + (dx + shift_x), 0, n_x - 1)
        picked: NDArray[np.float32] = flat[rows * n_x + columns]
        return picked

    centre, left, right, below, above = at(0, 0), at(0, -1), at(0, 1), at(-1, 0), at(1, 0)
    slope_x, slope_y = (right - left) / 2, (above - below) / 2
    bend_x, bend_y = (right + left - 2 * centre) / 2, (above + below - 2 * centre) / 2
    x, y, valid = cutouts.dx[:, :n], cutouts.dy[:, :n], cutouts.valid[:, :n]
    inside = np.sqrt(x * x + y * y) <= core_px
    for part_y in (-1, 0, 1):
        for part_x in (-1, 0, 1):
            sx, sy = np.float32(part_x / _PARTS), np.float32(part_y / _PARTS)
            along_x = slope_x * sx + bend_x * (sx * sx - np.float32(2 / 27))
            along_y = slope_y * sy + bend_y * (sy * sy - np.float32(2 / 27))
            values: NDArray[np.float32] = np.add(centre, along_x + along_y, dtype=np.float32)
            radius: NDArray[np.float32] = np.hypot(x + sx, y + sy)
            yield values, valid, radius, inside
