"""What a star looks like through focus, and the two ways to put a number on it."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from focusbench.lessons.flipbook import Flipbook
from focusbench.lessons.pictures import FIT, INK, MUTED, OTHER, POINT, Picture, new_axes, style
from focusbench.lessons.through_focus import ThroughFocus

FLOOR = 0.02
"""Brightness that counts as black, as a share of the star's brightest pixel."""
MOST_STAMPS = 11
"""Of a strip; of more frames some are shown, evenly spread."""
FINE = 5
"""Parts of a pixel's side, where light within a circle is added up."""


def eyepiece(looked: ThroughFocus) -> Flipbook:
    """Turn the focuser by hand: one star, the circle that holds half its light, the V it draws.

    Parameters
    ----------
    looked : ThroughFocus

    Examples
    --------
    >>> import focusbench as fb
    >>> from focusbench import lessons
    >>> looked = lessons.frames_of(fb.open_package(fb.sample_packages()[0]))
    >>> lessons.eyepiece(looked).slider.value == min(looked.positions)
    True
    """
    half = _half(looked)

    def draw(position: int) -> Picture:
        index = looked.positions.index(position)
        figure, (left, right) = new_axes(2, width=8.0, height=3.2)
        radius = looked.hfr_of_star(index)
        _show_star(left, looked, index, half, radius)
        left.set_title(f"one star, {2 * half + 1} pixels across", **_TITLE)
        _v_curve(right, looked, index)
        words = f"Position {position}: half of the star's light within {radius:.1f} pixels."
        return Picture(figure, words)

    positions = sorted(looked.positions)
    return Flipbook("Focuser position, steps", positions, draw, start=positions[0])


def strip(looked: ThroughFocus) -> Picture:
    """One star in each frame, from inside to outside, with the circle that holds half its light.

    Of many frames a few are shown, evenly spread.

    Examples
    --------
    >>> import focusbench as fb
    >>> from focusbench import lessons
    >>> looked = lessons.frames_of(fb.open_package(fb.sample_packages()[0]))
    >>> lessons.strip(looked).words[:26]
    'One star at 9 positions; t'
    """
    half = _half(looked)
    order = np.argsort(looked.positions)
    if len(order) > MOST_STAMPS:
        order = order[np.linspace(0, len(order) - 1, MOST_STAMPS).round().astype(int)]
    figure, axes = new_axes(len(order), width=1.15 * len(order), height=1.45)
    for one, index in zip(axes, order, strict=True):
        radius = looked.hfr_of_star(int(index))
        _show_star(one, looked, int(index), half, radius)
        one.set_title(f"{looked.positions[index]}", fontsize=9, color=MUTED)
        one.text(0, -half, f"{radius:.1f} px", color="white", ha="center", va="top", fontsize=8)
    return Picture(
        figure,
        f"One star at {len(order)} positions; the circle holds half of its light. Rings or disks "
        "at both ends, a point between them.",
    )


def look_alike(looked: ThroughFocus) -> Picture:
    """The star in the first and the last frame, without saying which is which.

    Examples
    --------
    >>> import focusbench as fb
    >>> from focusbench import lessons
    >>> looked = lessons.frames_of(fb.open_package(fb.sample_packages()[0]))
    >>> lessons.look_alike(looked).words
    'Two frames with rings that look the same.'
    """
    half = _half(looked)
    figure, axes = new_axes(2, width=5.0, height=2.7)
    for one, index, name in zip(axes, (len(looked) - 1, 0), "AB", strict=True):
        _show_star(one, looked, index, half, None)
        one.set_title(f"Frame {name}", **_TITLE)
    return Picture(figure, "Two frames with rings that look the same.")


def half_light(looked: ThroughFocus) -> Picture:
    """Share of a star's light within a circle, over the circle's radius, in three frames.

    Examples
    --------
    >>> import focusbench as fb
    >>> from focusbench import lessons
    >>> looked = lessons.frames_of(fb.open_package(fb.sample_packages()[0]))
    >>> lessons.half_light(looked).words.startswith("Half of the light is reached at")
    True
    """
    figure, (axes,) = new_axes(width=6.4, height=3.2)
    style(axes, x="radius of the circle, pixels", y="share of the star's light within, %")
    last = len(looked) - 1
    frames = sorted({0, last // 4, looked.sharpest}, key=lambda i: looked.hfr[i])
    reach = math.ceil(2.2 * looked.hfr[frames[-1]])
    radii = np.linspace(0, reach, 90)
    for index, dash in zip(frames, ("-", "--", ":"), strict=False):
        radius = looked.hfr_of_star(index)
        said = f"at {looked.positions[index]}: half within {radius:.1f} px"
        share = light_within(looked, index, radii)
        axes.plot(radii, 100 * share, ls=dash, color=POINT, lw=2, label=said)
        axes.plot([radius, radius], [0, 50], color=INK, lw=1)
        axes.plot([radius], [50], "o", color=INK, ms=5)
    axes.axhline(50, color=MUTED, lw=1, ls=(0, (1, 2)))
    axes.set(xlim=(0, reach), ylim=(0, 105))
    axes.legend(frameon=False, fontsize=9, loc="lower right")
    radii_said = ", ".join(f"{looked.hfr_of_star(i):.1f}" for i in frames)
    return Picture(figure, f"Half of the light is reached at {radii_said} pixels.")


def light_within(
    looked: ThroughFocus, index: int, radii: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Share of the light of the star to look at within circles, 0 to 1.

    Pixels are cut into 5 × 5 even parts, which count where their centre lies within the circle:
    plain enough to be checked by hand. Runs measure along chords (`stars/growth.py`).

    Parameters
    ----------
    looked : ThroughFocus
    index : int
        Of the frame.
    radii : float array, pixels
    """
    # As far in every frame: the faint skirt of a star in focus belongs to its light.
    reach = math.ceil(2.2 * float(looked.hfr.max())) + 3
    parts = np.ones((FINE, FINE)) / FINE**2
    light = np.kron(looked.cut_out(index, reach), parts)
    distance = _distances(looked.place(index), reach, FINE)
    ring = (distance > reach - 3) & (distance <= reach)
    light = light - np.median(light[ring])
    inside = distance <= reach
    order = np.argsort(distance[inside])
    sums = np.cumsum(light[inside][order])
    return np.asarray(np.interp(radii, distance[inside][order], sums / sums[-1], left=0.0))


def widths(looked: ThroughFocus) -> Picture:
    """Half-flux radius and width at half maximum of bright and faint stars, through focus.

    Examples
    --------
    >>> import focusbench as fb
    >>> from focusbench import lessons
    >>> looked = lessons.frames_of(fb.open_package(fb.sample_packages()[0]))
    >>> "in half-flux radius" in lessons.widths(looked).words
    True
    """
    figure, (left, right) = new_axes(2, height=3.2)
    style(left, x="focuser position, steps", y="half-flux radius, px")
    style(right, x="focuser position, steps", y="width at half of the brightest pixel, px")
    for axes, name in ((left, "hfr"), (right, "width")):
        for bright, mark, color in ((True, "o", POINT), (False, "^", OTHER)):
            values = [_of_group(looked, i, name, bright=bright) for i in range(len(looked))]
            label = f"the {'brighter' if bright else 'fainter'} half of the stars"
            axes.plot(looked.positions, values, mark, color=color, ms=6, label=label)
        axes.set_ylim(bottom=0)
        axes.set_xticks(sorted(looked.positions)[:: max(1, len(looked) // 4)])
    left.legend(frameon=False, fontsize=9)
    ratios = bright_over_faint(looked)
    return Picture(
        figure,
        f"At the ends bright and faint stars differ by {100 * abs(ratios['hfr'] - 1):.0f} % in "
        f"half-flux radius, by {100 * abs(ratios['width'] - 1):.0f} % in width at half maximum.",
    )


def bright_over_faint(looked: ThroughFocus) -> dict[str, float]:
    """Median of the brighter half of the stars over that of the fainter, in the widest frames.

    Returns
    -------
    dict
        `hfr`: by half-flux radius; `width`: by `half_maximum_widths`. A fair measure gives 1.

    Examples
    --------
    >>> import focusbench as fb
    >>> from focusbench import lessons
    >>> looked = lessons.frames_of(fb.open_package(fb.sample_packages()[0]))
    >>> ratio = lessons.bright_over_faint(looked)
    >>> abs(ratio["hfr"] - 1) < abs(ratio["width"] - 1)
    True
    """
    ends = np.argsort(looked.hfr)[-2:]
    return {
        name: float(
            np.mean(
                [
                    _of_group(looked, int(i), name, bright=True)
                    / _of_group(looked, int(i), name, bright=False)
                    for i in ends
                ]
            )
        )
        for name in ("hfr", "width")
    }


def half_maximum_widths(looked: ThroughFocus, index: int) -> NDArray[np.float64]:
    """Full width at half maximum of each star by the bare definition, pixels.

    Pixels at least half as bright as the star's brightest, within three half-flux radii; the
    diameter of a circle of their area, 2·√(n/π). Programs that fit a profile do better, and have
    to know the profile.

    Parameters
    ----------
    looked : ThroughFocus
    index : int
        Of the frame; the stars are those of `looked.stars(index)`.
    """
    pixels = looked.frames[index].pixels.astype(np.float64)
    pixels -= np.median(pixels)
    rows, columns = np.ogrid[: pixels.shape[0], : pixels.shape[1]]
    found = []
    for star in looked.stars(index):
        inside = np.hypot(rows - star["y"], columns - star["x"]) <= max(4.0, 3 * star["hfr"])
        light = pixels[inside]
        found.append(2 * math.sqrt(np.sum(light >= light.max() / 2) / math.pi))
    return np.array(found)


_TITLE: dict[str, Any] = {"loc": "left", "fontsize": 10, "color": MUTED}


def _of_group(looked: ThroughFocus, index: int, name: str, *, bright: bool) -> float:
    """Median over the brighter or the fainter half of the stars."""
    values = looked.stars(index)["hfr"] if name == "hfr" else half_maximum_widths(looked, index)
    middle = (len(values) + 1) // 2
    return float(np.median(values[:middle] if bright else values[-middle:]))


def _half(looked: ThroughFocus) -> int:
    """Half the side of a cut-out that holds the star in every frame, pixels."""
    return math.ceil(2.0 * float(looked.hfr.max())) + 2


def _distances(place: tuple[float, float], half: int, fine: int) -> NDArray[np.float64]:
    """Distance of each part of a pixel of a cut-out from the star, pixels."""
    x, y = place
    places = (np.arange((2 * half + 1) * fine) + 0.5) / fine - half - 0.5
    rows, columns = places[:, None], places
    return np.asarray(np.hypot(rows - (y - round(y)), columns - (x - round(x))))


def _show_star(
    axes: Any, looked: ThroughFocus, index: int, half: int, radius: float | None
) -> None:
    light = looked.cut_out(index, half)
    peak = float(light.max())
    edge = half + 0.5
    axes.imshow(np.sqrt(np.clip(light, FLOOR * peak, None)), cmap="gray", origin="upper",
                extent=(-edge, edge, edge, -edge), interpolation="nearest")  # fmt: skip
    if radius is not None:
        x, y = looked.place(index)
        angle = np.linspace(0, 2 * math.pi, 80)
        axes.plot(x - round(x) + radius * np.cos(angle), y - round(y) + radius * np.sin(angle),
                  color=OTHER if radius > half / 3 else "#e8b84a", lw=1.6)  # fmt: skip
    axes.set(xticks=[], yticks=[], xlim=(-edge, edge), ylim=(edge, -edge))
    axes.grid(visible=False)
    axes.spines["bottom"].set_visible(False)


def _v_curve(axes: Any, looked: ThroughFocus, index: int) -> None:
    style(axes, x="focuser position, steps; out →", y="half-flux radius of the frame, px")
    axes.plot(looked.positions, looked.hfr, "o", color=POINT, ms=6)
    axes.plot(
        [looked.positions[index]], [looked.hfr[index]], "D", mfc="none", mec=INK, ms=12, mew=2
    )
    axes.vlines(looked.positions[index], 0, looked.hfr[index], color=FIT, lw=1)
    axes.set_ylim(0, 1.1 * looked.hfr.max())
    axes.set_xticks(sorted(looked.positions)[:: max(1, len(looked) // 4)])
