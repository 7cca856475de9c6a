"""Rules on the shape of the curve: the likeliest explanation of its points, put into words."""

import math
from collections.abc import Callable, Iterator

import numpy as np

from focusbench.curve import FocusPoint, Rejected, evaluate
from focusbench.doctor.candidates import Cause
from focusbench.doctor.comparison import Explained
from focusbench.doctor.finding import FAILED_LN_ODDS, Finding
from focusbench.doctor.run_data import (
    SUREST,
    USUAL_SEEING,
    RunData,
    likeliest,
    ln_odds,
    relative_error,
)
from focusbench.doctor.sweep_rules import new_step

RATIO_FLAT = 1.15
"""Less than seeing alone changes a frame (3 to 5 %), three times over."""
RATIO_FLAT_SD = 0.03
OUTLIER_SHARE = 0.1
PLAY_ENOUGH = 1.5
"""How many times the play seen the compensation is advised to be; too much does no harm."""


def shape(data: RunData) -> Iterator[Finding]:
    """Say the likeliest trouble of the shape, where there is one."""
    if data.trouble is None:
        yield from _shallow(data)
        return
    code, explained = data.trouble
    if code == "stray_end":
        return
    yield _SAYS[code](data, explained, explained.evidence + data.prior_ln_odds)


def rejected_points(data: RunData) -> Iterator[Finding]:
    """Points that the run itself left out, and that no other trouble explains."""
    explained = data.trouble[1].apart if data.trouble else ()
    if data.trouble and data.trouble[0] in ("outlier", "galaxy", "noise", "flat"):
        return
    for point, why in zip(data.points, data.rejected, strict=True):
        if not why & (Rejected.OUTLIER | Rejected.QUALITY) or point not in data.measured:
            continue
        if data.measured.index(point) in explained or len(data.counted) < 2:
            continue
        expected, tau = _decided(data, point.position)
        if expected <= 0 or abs(point.metric / expected - 1) <= OUTLIER_SHARE:
            continue
        sigma = math.hypot(relative_error(point), max(tau, USUAL_SEEING))
        z = min(abs(math.log(point.metric / expected)) / sigma, SUREST)
        # ½ z² is what a sound frame says against it, less the price of choosing one of many.
        evidence = 0.5 * z * z - math.log(len(data.points)) + data.prior_ln_odds
        if evidence > 0:
            yield _outlier_finding(point, expected, evidence)


def _decided(data: RunData, position: float) -> tuple[float, float]:
    """What the curve that decided reads there, pixels, and the scatter of frames about it."""
    fit = data.best.fits.get(data.best.curve) if data.best else None
    if fit is not None and fit.parameters:
        expected = float(evaluate(fit, [position])[0])
        if math.isfinite(expected):
            return expected, fit.parameters.get("tau", USUAL_SEEING)
    return _neighbours_say(data.counted, position), USUAL_SEEING


def _outlier(data: RunData, explained: Explained, evidence: float) -> Finding:
    i = explained.apart[0]
    point = data.measured[i]
    expected = math.exp(explained.ln_metric(data.x(point.position)))
    return _outlier_finding(point, expected, evidence)


def _outlier_finding(point: FocusPoint, expected: float, evidence: float) -> Finding:
    return Finding(
        "outlier",
        evidence,
        f"The point at {point.position:.0f} reads {point.metric:.2f} px where the others say "
        f"{expected:.2f} px.",
        "One such point does no harm. If it comes back at the same place, look at that frame: "
        "a satellite, a gust, or something counted that is no star.",
    )


def earlier_backlash(data: RunData) -> Iterator[Finding]:
    """Lag in a sweep that was given up: the next one began with the play half taken up."""
    if not data.time_ordered:
        return
    for explained in data.explained_sweeps[:-1]:
        # That sweep failed, which is why there is another.
        trouble = likeliest(explained, FAILED_LN_ODDS)
        if trouble and trouble[0] == "backlash":
            yield _backlash(data, trouble[1], trouble[1].evidence + FAILED_LN_ODDS)


def _backlash(data: RunData, explained: Explained, evidence: float) -> Finding:
    play = explained.play * data.step
    n_alike = 1 + int(explained.play)
    which = f"{'first' if data.time_ordered else 'end'} {n_alike} points lag"
    compensated = data.options.backlash if data.options else 0
    advised = _rounded(PLAY_ENOUGH * play + compensated)
    raise_it = f"Raise Backlash from {compensated} to" if compensated else "Set Backlash to"
    return Finding(
        "backlash",
        evidence,
        f"The {which if n_alike > 1 else which.replace('1 points lag', 'point lags')} behind the "
        f"curve: the drawtube stood up to {_rounded(play)} steps from where the focuser said.",
        f"{raise_it} about {advised} steps, final move In; a little too much does no harm.",
    )


def _donut_plateau(data: RunData, explained: Explained, evidence: float) -> Finding:
    apart = [data.measured[i] for i in explained.apart]
    # On a plateau that is the highest point; where points fall off a cliff, the last good one.
    highest = max(p.metric for p in data.measured)
    n = len(apart)
    nearest = min(abs(data.x(p.position) - explained.x0) for p in apart)
    factor = min(0.9, max(0.2, nearest / max(data.half_range, 1.0)))
    return Finding(
        "donut_plateau",
        evidence,
        f"Above {highest:.1f} px stars no longer grow: {n} {'point' if n == 1 else 'points'} at "
        f"the {'end lies' if n == 1 else 'ends lie'} below the curve. So far out of focus stars "
        "are rings, and rings are measured too small.",
        new_step(data, factor, "Lower the step size")
        + " Start near focus; if that is not enough, switch smart focus off.",
    )


def _asymmetry(data: RunData, explained: Explained, evidence: float) -> Finding:
    # The wings go as (1 ± κ)^(2γ), hence e^2κ between them, whatever their height.
    ratio = math.exp(2 * abs(float(explained.shape[4])))
    steep, other = ("outer", "inner") if explained.shape[4] > 0 else ("inner", "outer")
    return Finding(
        "asymmetry",
        evidence,
        f"The {steep} wing is {ratio:.1f} times as steep as the {other} one.",
        "Run again. If it stays so, look for a drawtube that slips, sags or tilts; if nothing "
        "moves it is the optics, and the curve Auto allows for it.",
    )


def _galaxy(data: RunData, explained: Explained, evidence: float) -> Finding:
    apart = [data.measured[i] for i in explained.apart]
    off = [p.metric / math.exp(explained.ln_metric(data.x(p.position))) - 1 for p in apart]
    # Scatters that make a galaxy are known: the candidate was chosen for them.
    scatter = [(p.scatter or math.nan) / p.metric for p in data.measured]
    usual = np.nanmedian([s for i, s in enumerate(scatter) if i not in explained.apart])
    unlike = max(scatter[i] for i in explained.apart) / float(usual)
    n = len(apart)
    which = f"{n} points near focus lie up to" if n > 1 else "One point near focus lies"
    return Finding(
        "galaxy",
        evidence,
        f"{which} {100 * max(off):.0f} % above the curve, and what is counted there is "
        f"{unlike:.1f} times as unlike as elsewhere: galaxies or nebula among the stars.",
        "Focus on plain stars beside it, or leave it out with Crop.",
    )


def _noise(data: RunData, explained: Explained, evidence: float) -> Finding:
    return Finding(
        "noise",
        evidence,
        f"The points scatter by {100 * explained.tau:.0f} % about any curve; seeing alone does "
        "3 to 5 %.",
        "Expose longer, and look at a frame: are the stars trailed by wind or guiding, is what "
        "is boxed really stars?",
    )


def _flat(data: RunData, explained: Explained, evidence: float) -> Finding:
    del explained
    metric = [p.metric for p in data.measured]
    largest = max(metric) / min(metric)
    return Finding(
        "flat",
        evidence,
        f"The points show no curve: the highest reads only {100 * (largest - 1):.0f} % more "
        "than the lowest.",
        "Look whether the focuser moves at all, and whether what is measured are stars and not "
        "hot pixels. " + new_step(data, 2.0, "If both are right, raise the step size"),
    )


def _shallow(data: RunData) -> Iterator[Finding]:
    """A curve, but one that is lost in any seeing."""
    if data.shape is None:
        return
    ln_rise = float(data.shape.grown(np.array([data.x(p.position) for p in data.measured])).max())
    evidence = ln_odds((math.log(RATIO_FLAT) - ln_rise) / RATIO_FLAT_SD)
    if evidence > 0:
        yield _flat(data, data.shape, evidence)


def _neighbours_say(counted: tuple[FocusPoint, ...], position: float) -> float:
    """What the straight line through the two counted points beside a position reads, pixels."""
    by_place = sorted(counted, key=lambda p: p.position)
    x = np.array([p.position for p in by_place], dtype=float)
    right = int(np.clip(np.searchsorted(x, position), 1, len(x) - 1))
    a, b = by_place[right - 1], by_place[right]
    if a.position == b.position:
        return (a.metric + b.metric) / 2
    slope = (b.metric - a.metric) / (b.position - a.position)
    return a.metric + slope * (position - a.position)


def _rounded(steps: float) -> int:
    """Two figures are enough for advice."""
    return round(float(f"{steps:.2g}"))


_SAYS: dict[Cause, Callable[[RunData, Explained, float], Finding]] = {
    "outlier": _outlier,
    "backlash": _backlash,
    "donut_plateau": _donut_plateau,
    "asymmetry": _asymmetry,
    "galaxy": _galaxy,
    "noise": _noise,
    "flat": _flat,
}
