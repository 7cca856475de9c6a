"""Rules on the number of stars: too few of them, or a cloud that takes them for a while."""

import math
from collections.abc import Iterator

import numpy as np

from focusbench.curve import FocusPoint, Rejected
from focusbench.doctor.finding import Finding
from focusbench.doctor.run_data import FloatArray, RunData
from focusbench.doctor.sweep_rules import RATIO_TOO_LARGE

COUNT_SD = 0.2
"""How unlike star counts of equal frames are beyond chance, as ln."""
FALL, FALL_SD = 0.8, 0.4
"""Stars found fall as metric^−0.8 ± 0.4: faint ones drown when they spread over more pixels."""
CLOUD_SD = 1.0
LEAST_CLOUD = math.log(2)
"""A cloud takes half of the stars at least."""
LEAST_CLEAR = 4
"""So many frames must stay clear to tell what is expected."""
USUAL_MIN_STARS = 5


def few_stars(data: RunData) -> Iterator[Finding]:
    """The weakest frames have hardly the stars that a measurement needs.

    Their counts under two Poisson means are compared: the fewest a frame may have, and twice as
    many. A third of the frames is looked at, those with the fewest stars: the ends. Frames so
    far out of focus that nobody needs them do not count.
    """
    least = data.options.min_stars if data.options else USUAL_MIN_STARS
    needed = [p for p in data.points if p.n_stars is not None or _refused(p)]
    if data.shape is not None:
        grown = data.shape.grown(np.array([data.x(p.position) for p in needed]))
        needed = [p for p, g in zip(needed, grown, strict=True) if g < math.log(RATIO_TOO_LARGE)]
    counts = sorted(_count(p, least) for p in needed)
    if len(counts) < 2:
        return
    weakest = counts[: max(2, len(counts) // 3)]
    evidence = sum(least - math.log(2) * n for n in weakest) + data.prior_ln_odds
    if evidence <= 0:
        return
    n_refused = sum(_refused(p) for p in data.points)
    refused = f"; {n_refused} of {len(data.points)} points were refused" if n_refused else ""
    fewest = f"{counts[0]} to {weakest[-1]}" if weakest[-1] > counts[0] else f"{counts[0]}"
    yield Finding(
        "few_stars",
        evidence,
        f"The weakest frames have {fewest} stars, {2 * least} are wanted{refused}.",
        "Expose longer, or focus in a filter that lets more light through.",
    )


def cloud(data: RunData) -> Iterator[Finding]:
    """For some frames in a row, many of the stars that are expected are missing.

    What is expected follows from the other frames: ln N = c − p·ln(metric). Every run of frames
    is tried; the evidence is that of counts with a dip there over counts without.
    """
    frames = [p for p in data.points if p.n_stars is not None]
    if not data.time_ordered or data.shape is None or len(frames) < LEAST_CLEAR + 1:
        return
    n_stars = np.array([p.n_stars for p in frames], dtype=float)
    ln_n = np.log(n_stars + 0.5)
    grown = data.shape.grown(np.array([data.x(p.position) for p in frames]))
    # A gust spreads stars as defocus does.
    read = [math.log(p.metric) if p in data.measured else -math.inf for p in frames]
    grown = np.maximum(grown, np.array(read) - data.shape.shape[2])
    plain = _counts(ln_n, n_stars, grown, None)
    tried: list[tuple[float, int, int, float]] = []
    n = len(frames)
    for length in range(1, n - LEAST_CLEAR + 1):
        for first in range(n - length + 1):
            dip = np.zeros(n)
            dip[first : first + length] = 1.0
            ln_evidence, depth = _counts(ln_n, n_stars, grown, dip)
            if depth > LEAST_CLOUD:
                tried.append((ln_evidence, first, length, depth))
    if not tried:
        return
    n_windows = n * (n - LEAST_CLEAR) / 2
    total = float(np.logaddexp.reduce([t[0] for t in tried])) - math.log(n_windows)
    evidence = total - plain[0] + data.prior_ln_odds
    if evidence > 0:
        _, first, length, depth = max(tried)
        seen = float(np.mean(n_stars[first : first + length]))
        which = f"{length} frames in a row" if length > 1 else "One frame"
        yield Finding(
            "cloud",
            evidence,
            f"{which} had {seen:.0f} stars where {math.exp(depth) * seen:.0f} are expected, from "
            f"point {first + 1} on: a cloud, or dew.",
            "Wait until it has passed, then run again.",
        )


def _counts(
    ln_n: FloatArray, n_stars: FloatArray, grown: FloatArray, dip: FloatArray | None
) -> tuple[float, float]:
    """Ln evidence of the counts, and the depth of the dip, as ln of a factor."""
    variance = 1 / np.maximum(n_stars, 1.0) + COUNT_SD**2
    columns, mean, sd = [np.ones_like(grown), -grown], [3.5, FALL], [3.0, FALL_SD]
    if dip is not None:
        columns.append(-dip)
        mean.append(1.5)
        sd.append(CLOUD_SD)
    design, prior = np.stack(columns, axis=1), np.array(mean)
    covariance = np.diag(variance) + (design * np.square(sd)) @ design.T
    off = ln_n - design @ prior
    solved = np.linalg.solve(covariance, off)
    ln_evidence = -0.5 * float(off @ solved + np.linalg.slogdet(covariance)[1])
    depth = float((prior + np.square(sd) * (design.T @ solved))[-1])
    return ln_evidence, depth


def _count(point: FocusPoint, least: int) -> int:
    """Stars of a frame; where one was refused and nobody says how few, one less than needed."""
    return point.n_stars if point.n_stars is not None else least - 1


def _refused(point: FocusPoint) -> bool:
    return bool(point.rejected & Rejected.FEW_STARS)
