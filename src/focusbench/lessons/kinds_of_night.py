"""How far from true focus each curve ends, on several kinds of night."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from focusbench.curve import FocusPoint
from focusbench.lessons.fits import LOOKS, NAMES, positions_by_curve
from focusbench.lessons.pictures import INK, Picture, new_axes, style


@dataclass(frozen=True)
class Night:
    """A kind of night that curves are tried on.

    Attributes
    ----------
    words : str
    off : float
        Largest distance of the start from focus, step sizes.
    wings : float
        Difference of the slopes of the two wings, as a share.
    bad_point : bool
        Whether one point, not at the bottom, reads half as much again.
    """

    words: str
    off: float = 0.5
    wings: float = 0.0
    bad_point: bool = False


NIGHTS = (
    Night("as the hyperbola would have it"),
    Night("start up to two points off", off=2.0),
    Night("one wing a fifth steeper", wings=0.2),
    Night("one bad point", bad_point=True),
)


def curve_errors(
    n_runs: int = 100, *, noise: float = 0.03, seed: int = 1
) -> dict[str, dict[str, float]]:
    """How far each curve ends from true focus, on several kinds of night.

    Parameters
    ----------
    n_runs : int
        Runs of nine points on each kind.
    noise : float
        Scatter of a point, as a share of its value.
    seed : int

    Returns
    -------
    dict of dict
        Kind of night, then curve, to the root mean square error in step sizes.

    Examples
    --------
    >>> from focusbench import lessons
    >>> errors = lessons.curve_errors(n_runs=10)
    >>> bad = errors["one bad point"]
    >>> bad["auto"] < bad["two lines"]
    True
    """
    rng = np.random.default_rng(seed)
    found: dict[str, dict[str, float]] = {}
    for night in NIGHTS:
        errors: dict[str, list[float]] = {name: [] for name in NAMES.values()}
        for _ in range(n_runs):
            for name, at in positions_by_curve(_night_points(night, noise, rng)).items():
                # A curve that finds nothing leaves the focuser where it began.
                errors[name].append(night.off if math.isnan(at) else at)
        found[night.words] = {
            name: math.sqrt(float(np.mean(np.square(one)))) for name, one in errors.items()
        }
    return found


def worst_errors(errors: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Of each curve the largest of its `curve_errors`.

    Examples
    --------
    >>> from focusbench import lessons
    >>> lessons.worst_errors(lessons.curve_errors(n_runs=10)).keys()
    dict_keys(['two lines', 'parabola', 'hyperbola', 'auto'])
    """
    return {name: max(one[name] for one in errors.values()) for name in NAMES.values()}


def errors_picture(errors: dict[str, dict[str, float]]) -> Picture:
    """Bars of `curve_errors`: one group a kind of night.

    Examples
    --------
    >>> from focusbench import lessons
    >>> lessons.errors_picture(lessons.curve_errors(n_runs=10)).words[:19]
    'Worst error on any '
    """
    figure, (axes,) = new_axes(width=9.0, height=3.2)
    style(axes, y="root mean square error of best focus, in step sizes")
    for i, (curve, name) in enumerate(NAMES.items()):
        heights = [one[name] for one in errors.values()]
        at = np.arange(len(errors)) + 0.2 * (i - 1.5)
        look = LOOKS[curve]
        axes.bar(at, heights, 0.17, color=look["color"], label=name)
        for x, y in zip(at, heights, strict=True):
            axes.annotate(f"{y:.2f}", (x, y), (0, 2), textcoords="offset points", ha="center",
                          fontsize=8, color=INK)  # fmt: skip
    axes.set_xticks(range(len(errors)), list(errors))
    axes.legend(frameon=False, fontsize=9, ncols=4, loc="upper left")
    axes.set_ylim(0, 1.25 * max(max(one.values()) for one in errors.values()))
    said = ", ".join(f"{name} {value:.2f}" for name, value in worst_errors(errors).items())
    return Picture(figure, f"Worst error on any of these nights, in step sizes: {said}.")


def _night_points(night: Night, noise: float, rng: np.random.Generator) -> list[FocusPoint]:
    """Nine points in units of the step size; focus at 0."""
    x = 4.0 - np.arange(9) + rng.uniform(-night.off, night.off)
    slope = np.where(x > 0, 1 + night.wings / 2, 1 - night.wings / 2)
    y = 2.0 * np.hypot(1, slope * x / 1.4) * (1 + noise * rng.standard_normal(9))
    if night.bad_point:
        y[rng.choice([0, 1, 2, 6, 7, 8])] *= 1.5
    return [FocusPoint(position=float(a), metric=float(b)) for a, b in zip(x, y, strict=True)]
