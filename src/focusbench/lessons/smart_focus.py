"""Smart focus: where a run goes on a curve, and where it goes when the curve bends over."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from focusbench.api import AutofocusOptions, LesserProgram, RunRecord
from focusbench.engine import CurveSampler, RunFinished, autofocus_run
from focusbench.lessons.flipbook import Flipbook
from focusbench.lessons.pictures import FIT, MUTED, OTHER, POINT, Picture, X, new_axes, style
from focusbench.lessons.through_focus import ThroughFocus

SCATTER = 0.02
"""Standard error of a point as a share of its value."""
_OF_SWEEP = (POINT, OTHER, X)
_END = {"in_focus": "in focus", "elsewhere": "left elsewhere", "home": "home at the start"}


@dataclass(frozen=True, eq=False)
class SeenCurve:
    """The metric that a program reads at each position; between frames it is interpolated.

    Attributes
    ----------
    positions : int array, shape (n,), steps
        Rising.
    metric : float array, shape (n,), pixels
    """

    positions: NDArray[np.int64] = field(repr=False)
    metric: NDArray[np.float64] = field(repr=False)

    @property
    def focus(self) -> int:
        """Position of the smallest metric, steps."""
        return int(self.positions[self.metric.argmin()])

    def __call__(self, position: float) -> float:
        """Metric at a position, pixels; beyond the frames that of the last one."""
        return float(np.interp(position, self.positions, self.metric))


def seen_whole(looked: ThroughFocus) -> SeenCurve:
    """The curve of frames in which every star is measured whole."""
    return _rising(looked.positions, looked.hfr)


def seen_within(looked: ThroughFocus, radius_px: int) -> SeenCurve:
    """The curve of the same frames for a program that measures no wider than a radius.

    Parameters
    ----------
    looked : ThroughFocus
    radius_px : int, pixels

    Examples
    --------
    >>> import focusbench as fb
    >>> from focusbench import lessons
    >>> rig = fb.simulated_rig(seed=21, obstruction=0.5, shape=(160, 200), n_stars=40)
    >>> looked = lessons.through_focus(rig, range(10_010, 10_491, 120))
    >>> bool(max(lessons.seen_within(looked, 4).metric) < 4)
    True
    """
    lesser = LesserProgram(radius_px)
    read = [
        lesser.read(frame.pixels, one.stars)[1]
        for frame, one in zip(looked.frames, looked.measured, strict=True)
    ]
    return _rising(looked.positions, read)


def _rising(positions: Sequence[int], metric: Any) -> SeenCurve:
    order = np.argsort(positions)
    return SeenCurve(np.array(positions)[order], np.array(metric)[order])


def walk(
    seen: SeenCurve, start: int, *, step_size: int = 60, seed: int = 0, **options: Any
) -> RunRecord:
    """One auto focus run on a curve, by the same engine as at the telescope.

    Parameters
    ----------
    seen : SeenCurve
    start : int, steps
        Where the focuser stands.
    step_size : int, steps
    seed : int
        Of the noise of the points.
    **options
        Of `AutofocusOptions`: smart_focus, max_travel …

    Examples
    --------
    >>> import numpy as np
    >>> from focusbench import lessons
    >>> x = np.arange(9_000, 11_501, 10)
    >>> v = lessons.SeenCurve(x, 2 * np.hypot(1, (x - 10_250) / 80))
    >>> lessons.walk(v, 10_430).outcome.value
    'FOCUSED'
    """
    asked = AutofocusOptions(step_size=step_size, **options)
    sampler = CurveSampler(seen, start=start, relative_error=SCATTER, seed=seed)
    *_, last = autofocus_run(asked, sampler)
    assert isinstance(last, RunFinished)
    return last.record


def n_points(record: RunRecord) -> int:
    """How many points a run took, without the validation frame."""
    return sum(point.role != "validation" for point in record.points)


def n_sweeps(record: RunRecord) -> int:
    """How many sweeps a run made, the first included."""
    return 1 + max(point.sweep for point in record.points)


def astray(record: RunRecord, focus: float) -> float:
    """How much further from focus than its start a run took a point, steps; 0 where it did not."""
    away = max(abs(point.position - focus) for point in record.points)
    sweep = record.options.data_points // 2 * record.options.step_size
    return max(0.0, away - abs(record.start_position - focus) - sweep)


def walks(seen: SeenCurve, offs: Sequence[int], **options: Any) -> Flipbook:
    """Slide where a run begins, and see which points it takes, in their order.

    Parameters
    ----------
    seen : SeenCurve
    offs : sequence of int, steps
        Starts outside focus; negative is inside.
    **options
        Of `walk`.
    """

    def draw(off: int) -> Picture:
        return walk_picture(seen, walk(seen, seen.focus + off, **options))

    return Flipbook("Start, steps outside focus", offs, draw, start=0)


def walk_picture(seen: SeenCurve, record: RunRecord) -> Picture:
    """A run on a curve: its points, numbered as taken, and where the focuser was left."""
    figure, (axes,) = new_axes(width=9.0, height=3.4)
    style(axes, x="focuser position, steps; out →", y="HFR, px; numbers: order of the points")
    axes.plot(seen.positions, seen.metric, color=MUTED, lw=1, label="what the program sees")
    swept = [point for point in record.points if point.role != "validation"]
    for number, point in enumerate(swept, start=1):
        color = _OF_SWEEP[point.sweep % len(_OF_SWEEP)]
        axes.plot(point.position, point.metric, "o", ms=5, color=color)
        axes.annotate(str(number), (point.position, point.metric), (0, 5 + 9 * point.sweep),
                      textcoords="offset points", ha="center", fontsize=8, color=color)  # fmt: skip
    axes.axvline(record.start_position, color=MUTED, lw=1, ls=":", label="start", zorder=0)
    if record.focused and record.best_position is not None:
        axes.axvline(record.best_position, color=FIT, lw=1.5, label="best focus found", zorder=0)
    axes.set_ylim(0, 1.3 * max(seen.metric.max(), max(point.metric for point in swept)))
    # The line of best focus would run through the words.
    axes.legend(fontsize=9, ncols=3, loc="upper left", framealpha=1, edgecolor="white")
    sweeps = n_sweeps(record)
    words = (
        f"{record.outcome.value} after {len(swept)} points in {sweeps} "
        f"sweep{'s' * (sweeps > 1)}; the focuser stands at {record.final_position}. "
        f"{record.diagnosis}"
    )
    return Picture(figure, words)


@dataclass(frozen=True)
class Ends:
    """How runs from many starts ended.

    Attributes
    ----------
    in_focus, elsewhere, home : float
        Shares: within one step size of focus, left anywhere else, and back at their start.
    n_points : float
        Mean number of points of a run.
    """

    in_focus: float
    elsewhere: float
    home: float
    n_points: float


def ends_of(seen: SeenCurve, offs: Sequence[int], *, n_each: int = 3, **options: Any) -> Ends:
    """Count how runs from many starts end.

    Parameters
    ----------
    seen : SeenCurve
    offs : sequence of int, steps
        Starts outside focus.
    n_each : int
        Runs from each, with other noise.
    **options
        Of `walk`.
    """
    runs = [
        walk(seen, seen.focus + off, seed=seed, **options) for seed in range(n_each) for off in offs
    ]
    found = [run for run in runs if run.focused]
    near = sum(
        abs((run.best_position or math.inf) - seen.focus) <= run.options.step_size for run in found
    )
    n = len(runs)
    points = sum(map(n_points, runs))
    return Ends(near / n, (len(found) - near) / n, 1 - len(found) / n, points / n)


def ends_picture(ends: Mapping[str, Ends]) -> Picture:
    """Bars of `ends_of`: one a setting, by the name it is given."""
    figure, (axes,) = new_axes(width=9.0, height=0.9 + 0.45 * len(ends))
    style(axes)
    axes.grid(visible=False)
    left = np.zeros(len(ends))
    rows = -np.arange(len(ends))
    for name, color in (("in_focus", FIT), ("elsewhere", X), ("home", "#c9d1d9")):
        share = 100 * np.array([getattr(one, name) for one in ends.values()])
        axes.barh(rows, share, 0.6, left=left, color=color, label=_END[name])
        left += share
    for row, one in zip(rows, ends.values(), strict=True):
        axes.annotate(f"{100 * one.in_focus:.0f} %; {one.n_points:.0f} points a run", (101, row),
                      va="center", fontsize=9, annotation_clip=False)  # fmt: skip
    axes.set_yticks(rows, list(ends))
    axes.set_xlim(0, 128)
    axes.set_xticks([0, 50, 100], ["0 %", "50 %", "100 %"])
    axes.legend(frameon=False, fontsize=9, ncols=3, loc="lower left", bbox_to_anchor=(0, 1))
    told = [
        f"{name}: {100 * one.in_focus:.0f} % in focus, {100 * one.elsewhere:.0f} % elsewhere, "
        f"{100 * one.home:.0f} % back at the start, {one.n_points:.0f} points a run"
        for name, one in ends.items()
    ]
    return Picture(figure, "; ".join(told) + ".")


def curves_seen(whole: SeenCurve, cut: SeenCurve) -> Picture:
    """Two readings of the same frames."""
    figure, (axes,) = new_axes(width=9.0, height=3.0)
    style(axes, x="focuser position, steps; out →", y="HFR, px")
    axes.plot(whole.positions, whole.metric, "o-", color=FIT, ms=4, label="stars measured whole")
    axes.plot(cut.positions, cut.metric, "s-", color=X, ms=4, label="measured within a radius")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, fontsize=9, loc="upper center")
    return Picture(
        figure,
        f"Measured whole the ends read {whole.metric[0]:.1f} and {whole.metric[-1]:.1f} pixels; "
        f"within the radius they read {cut.metric[0]:.1f} and {cut.metric[-1]:.1f}.",
    )
