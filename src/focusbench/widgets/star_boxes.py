"""AF boxes: what is drawn over the stars of a frame, and what each says. Pure functions."""

import math
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from focusbench.widgets.frame_picture import Region
from focusbench.widgets.wording import count

MOST_BOXES = 400
"""Of either kind in one view, the brightest first: more would be a carpet, and slow to draw."""

MOST_LABELS = 12
SMALLEST_SIDE, LARGEST_SIDE = 14.0, 220.0
"""Of a box on the screen, pixels."""

LABEL_WIDTH, LABEL_HEIGHT = 40.0, 15.0
"""Room that a label takes on the screen, pixels."""

METRIC_WORDS = {
    "hfr": "HFR",
    "hfr_mean_radius": "mean radius",
    "hfd_astap": "HFD",
    "fwhm": "FWHM",
}

Numbers = NDArray[np.float64]
_NOTHING: Numbers = np.empty(0)


@dataclass(frozen=True)
class Boxes:
    """Boxes of one kind.

    Attributes
    ----------
    x, y : arrays, pixels of the frame from its left and top edge
    sides : array, pixels of the screen
    words : tuple of str
        What is read when the pointer rests on a box.
    """

    x: Numbers = field(default_factory=lambda: _NOTHING)
    y: Numbers = field(default_factory=lambda: _NOTHING)
    sides: Numbers = field(default_factory=lambda: _NOTHING)
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Overlay:
    """All that is drawn over a frame.

    Attributes
    ----------
    kept, dropped : Boxes
        Around stars that are used, and around what is left out.
    labels : tuple of (float, float, float, str)
        Place of a star, the side of its box, and its metric in figures.
    n_hidden : int
        Objects in view that have no box, since there are too many.
    """

    kept: Boxes = field(default_factory=Boxes)
    dropped: Boxes = field(default_factory=Boxes)
    labels: tuple[tuple[float, float, float, str], ...] = ()
    n_hidden: int = 0


def quantity(metric: str) -> str:
    """The column of the table of stars that a metric is the median of."""
    return metric.partition(":")[0]


def overlay(stars: NDArray[np.void], metric: str, view: Region, screen_px: float) -> Overlay:
    """Decide what is drawn over the part of a frame that is in view.

    Parameters
    ----------
    stars : structured array
        Columns as in `focusbench.stars.STAR_FIELDS`.
    metric : str
        What the boxes are labelled with.
    view : Region
    screen_px : float
        About how wide the view is on the screen, pixels.
    """
    x, y = stars["x"] + 0.5, stars["y"] + 0.5
    inside = (x >= view.left) & (x <= view.right) & (y >= view.top) & (y <= view.bottom)
    seen = np.flatnonzero(inside)
    seen = seen[np.argsort(-np.nan_to_num(stars["flux"][seen]), kind="stable")]
    kept, dropped = seen[stars["used"][seen]], seen[~stars["used"][seen]]
    n_hidden = max(0, len(kept) - MOST_BOXES) + max(0, len(dropped) - MOST_BOXES)
    kept, dropped = kept[:MOST_BOXES], dropped[:MOST_BOXES]
    zoom = screen_px / view.width

    def made(which: NDArray[np.intp]) -> Boxes:
        diameter = np.nan_to_num(stars["diameter"][which])
        sides = np.clip(1.3 * diameter * zoom + 4.0, SMALLEST_SIDE, LARGEST_SIDE)
        words = tuple(star_words(star, metric) for star in stars[which])
        return Boxes(x[which], y[which], sides, words)

    boxes = made(kept)
    labels = _labels(stars[kept], boxes, metric, zoom, view)
    return Overlay(boxes, made(dropped), labels, n_hidden)


def star_words(star: np.void, metric: str) -> str:
    """What one box says: size and brightness, and why the star is left out where it is."""
    name = quantity(metric)
    parts, why = [], ""
    if math.isfinite(star[name]):
        parts.append(f"{METRIC_WORDS[name]} {star[name]:.2f} px")
    if math.isfinite(star["diameter"]):
        parts.append(f"size {star['diameter']:.0f} px")
    if math.isfinite(star["peak"]):
        parts.append(f"peak {star['peak']:.0f} ADU above the sky")
    if not star["used"]:
        why = f"Left out: {star['reason']}\n"
    # With its place, each box has words of its own: bqplot tells marks apart by them.
    return f"{why}{' · '.join(parts)}\nat {star['x']:.1f}, {star['y']:.1f}"


def left_out(stars: NDArray[np.void], most: int = 3) -> str:
    """Say in one line what was left out and why, the most frequent reason first."""
    reasons = Counter(str(reason) for reason in stars["reason"][~stars["used"]])
    said = [f"{n} {_of_several(reason)}" for reason, n in reasons.most_common(most)]
    rest = sum(reasons.values()) - sum(n for _, n in reasons.most_common(most))
    return ", ".join(said + ([f"{rest} for other reasons"] if rest else []))


def _of_several(reason: str) -> str:
    return reason.replace("touches ", "touching ")


def stars_in_words(stars: NDArray[np.void]) -> str:
    """Say how many are used of how many: "96 of 152 stars"."""
    return f"{np.count_nonzero(stars['used'])} of {count(len(stars), 'star')}"


def _labels(
    stars: NDArray[np.void], boxes: Boxes, metric: str, zoom: float, view: Region
) -> tuple[tuple[float, float, float, str], ...]:
    """Figures beside the brightest stars; the fainter of two that would touch has none."""
    name = quantity(metric)
    taken: list[tuple[float, float, float, str]] = []
    for star, x, y, side in zip(stars, boxes.x, boxes.y, boxes.sides, strict=True):
        if len(taken) == MOST_LABELS:
            break
        if not math.isfinite(star[name]):
            continue
        room = (view.right - x) * zoom - side / 2
        clear = all(
            abs(x - other_x) * zoom > LABEL_WIDTH + side or abs(y - other_y) * zoom > LABEL_HEIGHT
            for other_x, other_y, *_ in taken
        )
        if clear and room > LABEL_WIDTH:
            taken.append((float(x), float(y), float(side), f"{star[name]:.2f}"))
    return tuple(taken)
