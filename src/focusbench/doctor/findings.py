"""The doctor's rules: each looks at one symptom and says it in a sentence, with the remedy."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from focusbench.curve import BestFocus, FocusPoint, Outcome, Rejected
from focusbench.doctor.curve_data import CurveData, curve_data
from focusbench.engine import RunRecord

Code = Literal[
    "good",
    "step_too_small",
    "step_too_large",
    "backlash",
    "edge",
    "outlier",
    "noise",
    "cloud",
    "few_stars",
    "donut_plateau",
    "asymmetry",
    "drift",
    "galaxy",
    "wrong_way",
    "flat",
]
"""The vocabulary of the doctor; files and programs rely on these words."""

# The ends of a good V read 3 to 4 times its minimum; below 2 the result jumps, above 5 with few
# points near the bottom the curve is guessed where it matters (users' experience with SGPro).
RATIO_TOO_SMALL = 2.0
RATIO_TOO_LARGE = 5.0
RATIO_WANTED = 3.5
# Less than seeing alone changes a frame (3 to 5 %), three times over.
RATIO_FLAT = 1.15
RISE_IN_NOISE = 3.0
NEAR_BOTTOM = 3
"""So few points below twice the minimum are few."""
FEW_STARS_SHARE = 0.1
OUTLIER_SHARE = 0.1
WORSE_EACH = 1.03
N_WORSE = 5


@dataclass(frozen=True)
class Finding:
    """One thing the doctor found.

    Attributes
    ----------
    code : Code
        Word of the fixed vocabulary.
    evidence : float
        How many times the threshold of its rule was reached; 1 is just.
    sentence : str
        What is seen, with its number.
    remedy : str
        What to do about it.
    """

    code: Code
    evidence: float
    sentence: str
    remedy: str


def diagnose(record: RunRecord) -> tuple[Finding, ...]:
    """Find what went wrong, or that nothing did, in a finished run.

    Returns
    -------
    tuple of Finding
        The strongest evidence first; empty where no rule applies.
    """
    return diagnose_points(record.points, record.best, step_size=record.options.step_size)


def diagnose_points(
    points: Sequence[FocusPoint],
    best: BestFocus | None = None,
    *,
    step_size: float | None = None,
    time_ordered: bool = True,
) -> tuple[Finding, ...]:
    """Find what went wrong in the points of any run, foreign ones too.

    Parameters
    ----------
    points : sequence of FocusPoint
    best : BestFocus, optional
        The decision made from them; tells outliers, and whether the run focused.
    step_size : float, optional, steps
    time_ordered : bool
        Whether the points stand in the order taken.

    Returns
    -------
    tuple of Finding
        The strongest evidence first; empty where no rule applies.
    """
    data = curve_data(points, best, step_size, time_ordered)
    found = [finding for rule in _ON_POINTS for finding in rule(data)]
    if len(data.counted) >= 3 and min(data.metric) > 0:
        # The first of these that applies explains the others away.
        shape = (finding for rule in _ON_SHAPE for finding in rule(data))
        found.extend(finding for finding in [next(shape, None)] if finding)
        if not found:
            found.extend(_good(data))
    return tuple(sorted(found, key=lambda finding: -finding.evidence))


def _few_stars(data: CurveData) -> Iterator[Finding]:
    """Star count collapses: exposure too short, range too wide, narrowband."""
    few = [
        p for p, why in zip(data.points, data.rejected, strict=True) if Rejected.FEW_STARS in why
    ]
    if few:
        counts = [p.n_stars for p in few if p.n_stars is not None]
        fewest = f", the fewest {min(counts)}" if counts else ""
        yield Finding(
            "few_stars",
            len(few) / len(data.points) / FEW_STARS_SHARE,
            f"{len(few)} of {len(data.points)} points had too few stars{fewest}.",
            "Expose longer, or focus in a filter that lets more light through.",
        )


def _outlier(data: CurveData) -> Iterator[Finding]:
    """Satellite, galaxy or gust: one point beside the curve."""
    for point, why in zip(data.points, data.rejected, strict=True):
        if not why & (Rejected.OUTLIER | Rejected.QUALITY) or len(data.counted) < 2:
            continue
        expected = data.neighbours_say(point.position)
        deviation = abs(point.metric - expected) / expected if expected > 0 else float("nan")
        if deviation > OUTLIER_SHARE:
            yield Finding(
                "outlier",
                deviation / OUTLIER_SHARE,
                f"The point at {point.position:.0f} reads {point.metric:.2f} px where its "
                f"neighbours say {expected:.2f} px; it is left out.",
                "One such point does no harm. If it comes back at the same place, look at that "
                "frame: a galaxy counted as a star goes with a larger Min. diameter.",
            )


def _flat(data: CurveData) -> Iterator[Finding]:
    """No curve in the points at all."""
    highest, lowest = float(max(data.metric)), float(data.metric[data.lowest])
    rise, largest = highest - lowest, highest / lowest
    # Both points carry the noise.
    noisy = RISE_IN_NOISE * 2**0.5 * data.noise / max(rise, 1e-12)
    evidence = max((RATIO_FLAT - 1) / max(largest - 1, 1e-3), noisy)
    focused = data.best is not None and data.best.outcome == Outcome.FOCUSED
    if evidence > 1 and not focused:
        yield Finding(
            "flat",
            evidence,
            f"The points show no curve: the highest reads only {100 * (largest - 1):.0f} % more "
            "than the lowest.",
            _new_step(data, 2.0, "Raise the step size")
            + " If it stays flat, look whether the focuser moves at all, and whether what is "
            "measured are stars and not hot pixels.",
        )


def _wrong_way(data: CurveData) -> Iterator[Finding]:
    """From the first move on, every point is worse than the one before."""
    if not data.time_ordered or len(data.counted) < N_WORSE:
        return
    taken = [p.metric for p in data.counted]
    n_worse = 1
    while n_worse < len(taken) and taken[n_worse] > WORSE_EACH * taken[n_worse - 1]:
        n_worse += 1
    if n_worse >= N_WORSE and min(taken) == taken[0]:
        yield Finding(
            "wrong_way",
            n_worse / N_WORSE * 3,
            f"The first {n_worse} points only get worse, from {taken[0]:.2f} to "
            f"{taken[n_worse - 1]:.2f} px: focus lies the other way.",
            f"Start further out, beyond {data.counted[0].position:.0f}. If that is worse still, "
            "the focuser counts the other way: reverse it in its driver.",
        )


def _edge(data: CurveData) -> Iterator[Finding]:
    """The minimum is not bracketed."""
    n_in, n_out = data.n_sides
    if min(n_in, n_out) < 2:
        side = "in" if n_in < n_out else "out"
        count = min(n_in, n_out)
        yield Finding(
            "edge",
            3.0 - count,
            f"The lowest point, at {data.position[data.lowest]:.0f}, has "
            f"{'one point' if count else 'no point'} further {side}: the minimum lies at the edge.",
            f"Start around {data.position[data.lowest]:.0f}, or leave smart focus on.",
        )


def _step_too_small(data: CurveData) -> Iterator[Finding]:
    """A shallow bowl: the result jumps about."""
    if data.end_ratio < RATIO_TOO_SMALL:
        # On a hyperbola y/a = sqrt(1 + (x/b)²): how much further out is the ratio wanted?
        factor = ((RATIO_WANTED**2 - 1) / (data.end_ratio**2 - 1)) ** 0.5
        yield Finding(
            "step_too_small",
            RATIO_TOO_SMALL / data.end_ratio,
            f"The ends read only {data.end_ratio:.1f} times the minimum; 2.5 to 4 is good.",
            _new_step(data, min(factor, 2.0), "Raise the step size"),
        )


def _step_too_large(data: CurveData) -> Iterator[Finding]:
    """High ends and hardly a point near the bottom."""
    near = int(np.sum(data.metric < 2 * data.metric[data.lowest]))
    if data.end_ratio > RATIO_TOO_LARGE and near <= NEAR_BOTTOM:
        yield Finding(
            "step_too_large",
            data.end_ratio / RATIO_TOO_LARGE,
            f"The ends read {data.end_ratio:.1f} times the minimum, and only {near} "
            f"{'point lies' if near == 1 else 'points lie'} below twice the minimum.",
            _new_step(data, RATIO_WANTED / data.end_ratio, "Lower the step size"),
        )


def _good(data: CurveData) -> Iterator[Finding]:
    """Nothing to find fault with."""
    if data.best is not None and data.best.outcome == Outcome.FOCUSED:
        n_in, n_out = data.n_sides
        yield Finding(
            "good",
            1.0,
            f"A clean V: the ends read {data.end_ratio:.1f} times the minimum, {n_in} points "
            f"further in and {n_out} further out.",
            "Keep these settings.",
        )


def _new_step(data: CurveData, factor: float, what: str) -> str:
    """Say the change of step size, in steps where the present one is known."""
    if data.step_size is None:
        return f"{what}: about {factor:.1f} times the present one."
    return f"{what} from {data.step_size:g} to about {float(f'{factor * data.step_size:.2g}'):g}."


_ON_POINTS: tuple[Callable[[CurveData], Iterator[Finding]], ...] = (_few_stars, _outlier)
_ON_SHAPE: tuple[Callable[[CurveData], Iterator[Finding]], ...] = (
    _flat,
    _wrong_way,
    _edge,
    _step_too_small,
    _step_too_large,
)
