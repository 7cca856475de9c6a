"""Error bars tried: many runs whose true focus is known, and how many bars hold it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from focusbench.api import AutofocusOptions
from focusbench.curve import FocusPoint, find_best_focus
from focusbench.engine import CurveSampler, RunFinished, autofocus_run
from focusbench.lessons.fits import NAMES
from focusbench.lessons.pictures import FIT, INK, MUTED, OTHER, POINT, Picture, X, new_axes, style

FOCUS, B, MINIMUM = 10_250, 80.0, 1.9
"""Of the simulated nights: best focus, steps, give or take half a step size; how far from it the
metric is √2 times its minimum, steps; the minimum, pixels."""
BEND = (0.5, 0.6)
"""Wings rise as this power of (1 + (distance / B)²): 0.5 is a hyperbola; rigs differ."""
CALM_TO_WINDY = (0.3, 1.7)
"""How much the nights differ in their noise, times the average."""
SHAKEN = (1.2, 1.8)
"""How many times as large the stars of a shaken frame are."""
STATED = 0.01
"""Standard error that a frame states, from its stars; it knows nothing of the air."""


@dataclass(frozen=True, eq=False)
class Repeats:
    """Many runs, each on a night of its own, and what each said; arrays of shape (n_runs,).

    Attributes
    ----------
    truth : float array, steps
    found : mapping of str to float array, steps
        Best focus by the name of the curve; NaN where it found none.
    error : mapping of str to float array, steps
        The stated error, half the 68 % interval.
    low, high : float array, steps
        The 95 % interval of auto.
    focused : bool array
        Outcome of the run, which auto decided.
    """

    truth: NDArray[np.float64] = field(repr=False)
    found: Mapping[str, NDArray[np.float64]] = field(repr=False)
    error: Mapping[str, NDArray[np.float64]] = field(repr=False)
    low: NDArray[np.float64] = field(repr=False)
    high: NDArray[np.float64] = field(repr=False)
    focused: NDArray[np.bool_] = field(repr=False)

    def __len__(self) -> int:
        return len(self.truth)

    def off(self, curve: str = "auto") -> NDArray[np.float64]:
        """Distance from the truth of the runs that focused, steps."""
        return np.abs(self.found[curve] - self.truth)[self._stated(curve)]

    def held(self, curve: str = "auto", *, times: float = 1.0) -> float:
        """Share of the bars, made `times` as long, that hold the truth."""
        stated = self.error[curve][self._stated(curve)]
        return float(np.mean(self.off(curve) <= times * stated))

    @property
    def held_95(self) -> float:
        """Share of the 95 % intervals of auto that hold the truth."""
        inside = (self.low <= self.truth) & (self.truth <= self.high)
        return float(inside[self._stated("auto")].mean())

    def typical(self, curve: str = "auto") -> float:
        """Median of the stated errors, steps."""
        return float(np.median(self.error[curve][self._stated(curve)]))

    def true_error(self, curve: str = "auto") -> float:
        """Distance from the truth that 68 % of the runs keep, steps: what the bars should say."""
        return float(np.quantile(self.off(curve), 0.683))

    def _stated(self, curve: str) -> NDArray[np.bool_]:
        return self.focused & np.isfinite(self.found[curve]) & np.isfinite(self.error[curve])


def repeat(
    n_runs: int,
    *,
    noise: float = 0.04,
    wings: float = 0.1,
    bad_share: float = 0.03,
    data_points: int = 9,
    step_size: int = 60,
    seed: int = 1,
) -> Repeats:
    """Make many runs of the real engine, each on a curve whose truth is drawn and remembered.

    Parameters
    ----------
    n_runs : int
    noise : float
        Scatter of a point by the air, as a share of its value, on an average night.
    wings : float
        Each wing is up to this share steeper than the other way round, another on every rig.
    bad_share : float
        Share of the points that a gust shakes.
    data_points, step_size : int
        Of the runs.
    seed : int

    Examples
    --------
    >>> from focusbench import lessons
    >>> runs = lessons.repeat(20)
    >>> bool(runs.off().max() < 60)
    True
    """
    rng = np.random.default_rng(seed)
    options = AutofocusOptions(step_size=step_size, data_points=data_points)
    rows = [_one(rng, noise, wings, bad_share, options) for _ in range(n_runs)]

    def each(key: str) -> dict[str, NDArray[np.float64]]:
        return {name: np.array([row[key, curve] for row in rows]) for curve, name in NAMES.items()}

    single = {key: np.array([row[key, ""] for row in rows]) for key in ("truth", "low", "high")}
    return Repeats(
        truth=single["truth"],
        found=each("found"),
        error=each("error"),
        low=single["low"],
        high=single["high"],
        focused=np.array([bool(row["focused", ""]) for row in rows]),
    )


def _one(
    rng: np.random.Generator,
    noise: float,
    wings: float,
    bad_share: float,
    options: AutofocusOptions,
) -> dict[tuple[str, str], float]:
    truth = FOCUS + options.step_size * float(rng.uniform(-0.5, 0.5))
    uneven = float(rng.uniform(-wings, wings))
    bend = float(rng.uniform(*BEND))
    air = noise * float(rng.uniform(*CALM_TO_WINDY))

    def metric(position: float) -> float:
        u = (position - truth) / B * (1 + uneven if position > truth else 1 - uneven)
        shaken = float(rng.uniform(*SHAKEN)) if rng.random() < bad_share else 1.0
        blur = shaken * math.exp(air * float(rng.standard_normal()))
        return blur * MINIMUM * math.pow(1 + u * u, bend)

    sampler = CurveSampler(
        metric, start=FOCUS, relative_error=STATED, seed=int(rng.integers(2**31))
    )
    *_, last = autofocus_run(options, sampler)
    assert isinstance(last, RunFinished)
    record = last.record
    best = record.best
    low, high = (best.interval_95 if best else None) or (math.nan, math.nan)
    row: dict[tuple[str, str], float] = {
        ("truth", ""): truth,
        ("low", ""): low,
        ("high", ""): high,
        ("focused", ""): record.outcome == "FOCUSED",
    }
    for curve in NAMES:
        fit = best.fits[curve] if best else None
        row["found", curve] = _number(fit.best_position if fit else None)
        row["error", curve] = _number(fit.best_position_error if fit else None)
    return row


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def bars_picture(runs: Repeats, n_shown: int = 50) -> Picture:
    """The first runs: what each said, with its error bar, about the truth."""
    figure, (axes,) = new_axes(width=9.0, height=3.4)
    style(axes, x="run", y="best focus found, steps from the truth")
    shown = np.flatnonzero(runs.focused)[:n_shown]
    off = (runs.found["auto"] - runs.truth)[shown]
    error = runs.error["auto"][shown]
    hit = np.abs(off) <= error
    for some, color, label in ((hit, POINT, "holds the truth"), (~hit, X, "misses it")):
        axes.errorbar(np.flatnonzero(some) + 1, off[some], error[some], fmt="o", ms=4, lw=1.4,
                      color=color, label=f"{label}: {some.sum()}")  # fmt: skip
    axes.axhline(0, color=INK, lw=1)
    axes.legend(frameon=False, fontsize=9, ncols=2, loc="upper left")
    axes.margins(y=0.2)
    return Picture(
        figure,
        f"Of {len(shown)} error bars {hit.sum()} hold the truth and {(~hit).sum()} miss it.",
    )


def held_picture(kinds: Mapping[str, Repeats]) -> Picture:
    """Share of the bars that hold the truth, by kind of rig and by curve."""
    figure, (axes,) = new_axes(width=9.0, height=3.2)
    style(axes, y="error bars that hold the truth, %")
    colors = {"two lines": OTHER, "parabola": X, "hyperbola": MUTED, "auto": FIT}
    for i, (name, color) in enumerate(colors.items()):
        heights = [100 * runs.held(name) for runs in kinds.values()]
        at = np.arange(len(kinds)) + 0.2 * (i - 1.5)
        axes.bar(at, heights, 0.17, color=color, label=name)
        for x, y in zip(at, heights, strict=True):
            axes.annotate(f"{y:.0f}", (x, y), (0, 3), textcoords="offset points", ha="center",
                          fontsize=8, color=INK,
                          bbox={"facecolor": "white", "lw": 0, "pad": 0.5})  # fmt: skip
    axes.axhline(68, color=INK, lw=1, ls="--", zorder=2)
    axes.annotate("68: what they promise", (0.995, 68), (0, 3), ha="right", fontsize=9,
                  xycoords=("axes fraction", "data"), textcoords="offset points")  # fmt: skip
    axes.set_xticks(range(len(kinds)), list(kinds))
    axes.set_ylim(0, 108)
    axes.legend(frameon=False, fontsize=9, ncols=4, loc="upper left")
    told = "; ".join(
        f"{kind}: " + ", ".join(f"{name} {100 * runs.held(name):.0f} %" for name in colors)
        for kind, runs in kinds.items()
    )
    return Picture(figure, f"Error bars that hold the truth. {told}.")


def said_and_true(kinds: Mapping[str, Repeats]) -> Picture:
    """What the bars of auto say, beside what the runs were truly off."""
    figure, (axes,) = new_axes(width=9.0, height=3.0)
    style(axes, y="steps")
    at = np.arange(len(kinds))
    said = [runs.typical() for runs in kinds.values()]
    true = [runs.true_error() for runs in kinds.values()]
    for shift, heights, color, label in (
        (-0.17, said, POINT, "stated error, median"),
        (0.17, true, "#9fb6cc", "true: 68 % of the runs are within"),
    ):
        axes.bar(at + shift, heights, 0.3, color=color, label=label)
        for x, y in zip(at + shift, heights, strict=True):
            axes.annotate(f"{y:.1f}", (x, y), (0, 2), textcoords="offset points", ha="center",
                          fontsize=8)  # fmt: skip
    axes.set_xticks(at, list(kinds))
    axes.set_ylim(0, 1.3 * max(*said, *true))
    axes.legend(fontsize=9, ncols=2, loc="upper left", framealpha=1, edgecolor="white")
    told = "; ".join(
        f"{kind}: stated {a:.1f}, true {b:.1f} steps"
        for kind, a, b in zip(kinds, said, true, strict=True)
    )
    return Picture(figure, f"{told}.")


def off_by_bar(runs: Repeats) -> dict[str, float]:
    """How far off runs were, by their stated error: the median of either half, steps."""
    off, error = np.abs(runs.found["auto"] - runs.truth), runs.error["auto"]
    able = runs.focused & np.isfinite(off) & np.isfinite(error)
    shorter = error <= np.median(error[able])
    return {
        "shorter half": float(np.median(off[able & shorter])),
        "longer half": float(np.median(off[able & ~shorter])),
    }


def sure_of(points: Sequence[FocusPoint]) -> dict[str, Any]:
    """What a run of anybody's says of its focus: position, error, interval and zone, steps."""
    best = find_best_focus([one for one in points if one.role != "validation"])
    return {
        "best focus": best.best_position,
        "error": best.best_position_error,
        "95 % interval": best.interval_95,
        "zone": best.zone,
    }
