"""Rules on how the sweep lies around its minimum: edge, wrong way, step size."""

import math
from collections.abc import Iterator

import numpy as np

from focusbench.curve import FocusPoint
from focusbench.doctor.finding import Finding
from focusbench.doctor.run_data import RunData, ln_odds, measured, relative_error

RATIO_TOO_SMALL, RATIO_TOO_LARGE, RATIO_WANTED = 2.0, 4.0, 3.0
"""How many times its minimum the curve reads half a planned sweep away from it. Below 2 the result
jumps; above 4 too few points lie where they tell where focus is (focus error against ratio is
flat from 1.5 to 4 and rises from there)."""
RATIO_SD = 0.06
"""How well ln of that ratio is known from one run."""
LEAST_BEYOND = 2
"""Points needed beyond focus on each side."""


def edge(data: RunData) -> Iterator[Finding]:
    """The minimum is not bracketed: fewer than two counted points beyond it on a side."""
    curve = data.shape
    if curve is None:
        yield from _edge_of_few(data)
        return
    stray = [data.measured[i] for i in curve.apart]
    counted = data.counted if len(data.counted) >= LEAST_BEYOND else data.measured
    x = np.sort([data.x(p.position) for p in counted if p not in stray])
    if len(x) < LEAST_BEYOND:
        return
    sd = data.position_error(curve)
    # Beyond its own quarter step a point no longer tells on which side of focus it lies.
    inner = ln_odds((x[LEAST_BEYOND - 1] - curve.x0 + 0.25) / sd)
    outer = ln_odds((curve.x0 - x[-LEAST_BEYOND] + 0.25) / sd)
    if max(inner, outer) > 0:
        side = "in" if inner > outer else "out"
        everything = np.array([data.x(p.position) for p in data.measured])
        beyond = int(np.sum(everything < curve.x0 if side == "in" else everything > curve.x0))
        yield _edge_finding(data, beyond, side, curve.x0, max(inner, outer))


def _edge_of_few(data: RunData) -> Iterator[Finding]:
    """With fewer than five points no curve tells; the lowest must have a point on each side."""
    if data.explained or len(data.counted) < 3:
        return
    by_place = sorted(data.counted, key=lambda p: p.position)
    lowest = min(range(len(by_place)), key=lambda i: by_place[i].metric)
    if lowest in (0, len(by_place) - 1):
        side = "in" if lowest == 0 else "out"
        yield _edge_finding(data, 0, side, data.x(by_place[lowest].position), 1.0)


def _edge_finding(data: RunData, beyond: int, side: str, x0: float, evidence: float) -> Finding:
    ends = [p.position for p in data.measured]
    seen = min(max(data.position(x0), min(ends)), max(ends))
    points = ("no point", "only one point", "hardly a good point")[min(beyond, 2)]
    return Finding(
        "edge",
        evidence,
        f"Focus lies at the {'inner' if side == 'in' else 'outer'} edge, near {seen:.0f}, with "
        f"{points} further {side}.",
        f"Start around {seen:.0f}, or leave smart focus on.",
    )


def wrong_way(data: RunData) -> Iterator[Finding]:
    """From the first move on, every point is worse than the one before: focus lay behind."""
    if not data.time_ordered:
        return
    for number, sweep in enumerate(data.sweeps):
        taken = _one_way(measured(sweep))
        last = number == len(data.sweeps) - 1
        if len(taken) < 4:
            continue
        evidence = _focus_behind(data, number, taken)
        if evidence > 0:
            first, end = taken[0], max(taken, key=lambda p: p.metric)
            beyond = "in" if first.position < taken[-1].position else "out"
            lies, start = f"lies further {beyond}", f"further {beyond}"
            if not last and data.focused and data.best and data.best.best_position is not None:
                found = f"{data.best.best_position:.0f}"
                lies, start = f"lay further {beyond}, at {found}", f"around {found}"
            yield Finding(
                "wrong_way",
                evidence,
                f"{'The' if last else 'At first the'} points only get worse, from "
                f"{first.metric:.2f} px at {first.position:.0f} to {end.metric:.2f} px: focus "
                f"{lies}.",
                f"Start {start}. If that is worse still, the focuser counts the other way: "
                "reverse it in its driver.",
            )
            return


def _one_way(taken: tuple[FocusPoint, ...]) -> tuple[FocusPoint, ...]:
    """Points until the sweep turned round."""
    for i in range(2, len(taken)):
        before, now = (taken[j].position - taken[j - 1].position for j in (i - 1, i))
        if before * now < 0:
            return taken[:i]
    return taken


def _focus_behind(data: RunData, number: int, taken: tuple[FocusPoint, ...]) -> float:
    """Ln odds that focus lies behind the first point of a sweep."""
    inward = taken[0].position > taken[-1].position
    curve = data.shape
    if number < len(data.sweeps) - 1:
        curve = data.explained_sweeps[number].get("sound")
    if curve is not None:
        behind = curve.x0 - data.x(taken[0].position)
        sure = ln_odds((behind if inward else -behind) / data.position_error(curve))
    else:
        sure = 3.0
    # A sweep this short of focus rises from its first point on, by more than its scatter.
    order = np.arange(len(taken))
    ln_y = np.log([p.metric for p in taken])
    sigma = max(0.03, float(np.median([relative_error(p) for p in taken])))
    slope = float(np.polyfit(order, ln_y, 1)[0])
    z = slope / (sigma / math.sqrt(float(((order - order.mean()) ** 2).sum())))
    return min(sure, z - 3)


def step_size(data: RunData) -> Iterator[Finding]:
    """The ends of a planned sweep read too little, or too much, above the minimum."""
    curve = data.shape
    if curve is None or data.half_range < 1:
        return
    ends = curve.grown(curve.x0 + data.half_range * np.array([-1.0, 1.0]))
    ln_ratio = float(ends.mean())
    sd = math.hypot(RATIO_SD, curve.tau / math.sqrt(len(data.measured) / 3))
    ratio = math.exp(ln_ratio)
    small = ln_odds((math.log(RATIO_TOO_SMALL) - ln_ratio) / sd)
    large = ln_odds((ln_ratio - math.log(RATIO_TOO_LARGE)) / sd)
    if small > 0:
        # On a hyperbola y/a = sqrt(1 + (x/b)²): how much further out is the ratio wanted?
        factor = math.sqrt((RATIO_WANTED**2 - 1) / max(ratio**2 - 1, 1e-3))
        yield Finding(
            "step_too_small",
            small,
            f"The ends of the sweep read only {ratio:.1f} times the minimum; 2.5 to 4 is good.",
            new_step(data, min(factor, 2.0), "Raise the step size"),
        )
    elif large > 0:
        grown = curve.grown(np.array([data.x(p.position) for p in data.measured]))
        near = int(np.sum(grown < math.log(2)))
        yield Finding(
            "step_too_large",
            large,
            f"The ends of the sweep read {ratio:.1f} times the minimum, where 2.5 to 4 is good; "
            f"{near} of {len(data.measured)} points lie below twice the minimum.",
            new_step(data, RATIO_WANTED / ratio, "Lower the step size"),
        )


def new_step(data: RunData, factor: float, what: str) -> str:
    """Say the change of step size, in steps where the present one is known."""
    if data.given_step_size is None:
        return f"{what}: about {factor:.1f} times the present one."
    new = float(f"{factor * data.given_step_size:.2g}")
    return f"{what} from {data.given_step_size:g} to about {max(new, 1):g}."
