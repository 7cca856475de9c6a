"""Stamps: the pixels around the stars, cut out without loss and laid side by side.

A frame of stamps is a small frame, and measures like the large one: each stamp holds a star, its
neighbours and the sky around it. Its header says where each was: `ST0001 = 'x y width height X Y'`,
from the corner (x, y) of the whole frame (`FULLX` × `FULLY`) to the corner (X, Y) here, pixels.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from focusbench.af_packages.private import KEPT_KEYWORDS
from focusbench.frames import Frame, saturation_level

Keep = Literal["frames", "stamps", "numbers"]
KEEPS: tuple[Keep, ...] = ("frames", "stamps", "numbers")
"""What a package keeps of its frames: all pixels, those around the stars, none."""

_WORTH = 0.6
"""Where stamps side by side would be larger than this part of the frame, it is kept whole."""

_LEAST_SIDE = 256
_MOST_STAMPS = 9999


class _Box(NamedTuple):
    """A rectangle of the frame: first and last + 1 of columns and rows."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def area(self) -> int:
        return (self.right - self.left) * (self.bottom - self.top)


def cut_out(frame: Frame, stars: NDArray[np.void] | None) -> Frame:
    """A frame of the stamps of its stars, without what tells the person or the place.

    Parameters
    ----------
    frame : Frame
    stars : structured array with `x`, `y`, `hfr`, `hfr_mean_radius`, `used`
        Its stars. Where there are none, the middle of the frame is kept.

    Returns
    -------
    Frame
        The frame as it is, but for its header, where stamps would cover most of it.
    """
    header = {k: v for k, v in frame.header.items() if k in KEPT_KEYWORDS}
    height, width = frame.pixels.shape
    boxes = _merged(_boxes(stars, (height, width)))
    places, size = _shelves(boxes)
    if size[0] * size[1] > _WORTH * height * width or len(boxes) > _MOST_STAMPS:
        return replace(frame, header=header)
    # The gaps between stamps are filled with the sky, so that nothing there looks like a star.
    sky = np.median(np.concatenate([_cut(frame, box).ravel() for box in boxes]))
    pixels = np.full(size, sky.astype(frame.pixels.dtype), frame.pixels.dtype.newbyteorder("="))
    header |= {"STAMPS": len(boxes), "FULLX": width, "FULLY": height}
    # The stamps alone may not tell it.
    header.setdefault("SATURATE", saturation_level(frame))
    for number, (box, (x, y)) in enumerate(zip(boxes, places, strict=True), start=1):
        stamp = _cut(frame, box)
        pixels[y : y + stamp.shape[0], x : x + stamp.shape[1]] = stamp
        header[f"ST{number:04d}"] = (
            f"{box.left} {box.top} {stamp.shape[1]} {stamp.shape[0]} {x} {y}"
        )
    return replace(frame, pixels=pixels, header=header)


def _cut(frame: Frame, box: _Box) -> NDArray[np.generic]:
    return frame.pixels[box.top : box.bottom, box.left : box.right]


def _boxes(stars: NDArray[np.void] | None, shape: tuple[int, int]) -> list[_Box]:
    """A box around each star used; that in the middle of the frame where there is none."""
    boxes = []
    for star in [] if stars is None else stars[stars["used"]]:
        size = np.nanmax([star["hfr"], star["hfr_mean_radius"], 1.0])
        if np.isfinite(star["x"]) and np.isfinite(star["y"]):
            # The ring in which the sky of a star is measured reaches to 4.5 HFR + 7 px, and what
            # makes out stars before the sky further. On 48 rendered frames (HFR 1.9 to 6.2 px,
            # with and without obstruction) stamps of this size read at most 0.8 % off; those of
            # 5 HFR + 12 px 1.2 %.
            boxes.append(_box(float(star["x"]), float(star["y"]), 8.0 * float(size) + 20.0, shape))
    return boxes or [_box(shape[1] / 2, shape[0] / 2, _LEAST_SIDE / 2, shape)]


def _box(x: float, y: float, half: float, shape: tuple[int, int]) -> _Box:
    """A box within the frame; its corners are even, so that a colour mosaic stays one."""
    height, width = shape
    left, top = (max(0, int(c - half)) // 2 * 2 for c in (x, y))
    right, bottom = int(x + half) // 2 * 2 + 2, int(y + half) // 2 * 2 + 2
    left, top = min(left, width - 2), min(top, height - 2)
    return _Box(left, top, max(left + 2, min(width, right)), max(top + 2, min(height, bottom)))


def _merged(boxes: list[_Box]) -> list[_Box]:
    """Boxes that do not overlap: those that do become the box around both."""
    done: list[_Box] = []
    for box in boxes:
        while True:
            hit = next((other for other in done if _overlap(box, other)), None)
            if hit is None:
                break
            done.remove(hit)
            box = _Box(
                min(box.left, hit.left),
                min(box.top, hit.top),
                max(box.right, hit.right),
                max(box.bottom, hit.bottom),
            )
        done.append(box)
    return done


def _overlap(a: _Box, b: _Box) -> bool:
    return a.left < b.right and b.left < a.right and a.top < b.bottom and b.top < a.bottom


def _shelves(boxes: Sequence[_Box]) -> tuple[list[tuple[int, int]], tuple[int, int]]:
    """Corners (x, y) of the boxes side by side, the highest first, and the shape that takes."""
    wide = max(box.right - box.left for box in boxes)
    total = sum(box.area for box in boxes)
    # A little wider than high, and even, as the boxes are.
    limit = max(wide + wide % 2, int((1.2 * total) ** 0.5) // 2 * 2, _LEAST_SIDE)
    places = [(0, 0)] * len(boxes)
    x = y = shelf = reached = 0
    for i in sorted(range(len(boxes)), key=lambda k: boxes[k].top - boxes[k].bottom):
        width, height = boxes[i].right - boxes[i].left, boxes[i].bottom - boxes[i].top
        if x and x + width > limit:
            x, y, shelf = 0, y + shelf, 0
        places[i] = (x, y)
        x += width + width % 2
        shelf = max(shelf, height + height % 2)
        reached = max(reached, x)
    return places, (y + shelf, reached)
