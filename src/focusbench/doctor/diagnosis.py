"""The doctor's round: every rule looks at the run, the surest finding comes first."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from focusbench.curve import BestFocus, FocusPoint
from focusbench.doctor.after_rules import drift, fell_short
from focusbench.doctor.finding import Finding, in_order
from focusbench.doctor.run_data import RunData, run_data
from focusbench.doctor.shape_rules import earlier_backlash, rejected_points, shape
from focusbench.doctor.star_rules import cloud, few_stars
from focusbench.doctor.sweep_rules import edge, step_size, wrong_way
from focusbench.engine import RunRecord
from focusbench.options import AutofocusOptions

RULES: tuple[Callable[[RunData], Iterator[Finding]], ...] = (
    shape,
    earlier_backlash,
    rejected_points,
    few_stars,
    cloud,
    drift,
    fell_short,
    wrong_way,
    edge,
    step_size,
)


def diagnose(record: RunRecord) -> tuple[Finding, ...]:
    """Find what went wrong, or that nothing did, in a finished run.

    Returns
    -------
    tuple of Finding
        The strongest evidence first; empty where no rule applies.
    """
    return diagnose_points(record.points, record.best, options=record.options)


def diagnose_points(
    points: Sequence[FocusPoint],
    best: BestFocus | None = None,
    *,
    options: AutofocusOptions | None = None,
    step_size: float | None = None,
    time_ordered: bool = True,
) -> tuple[Finding, ...]:
    """Find what went wrong in the points of any run, foreign ones too.

    What a run does not carry (star counts, errors, temperatures, the order taken), no rule guesses.

    Parameters
    ----------
    points : sequence of FocusPoint
        All sweeps, and the validation point where there is one.
    best : BestFocus, optional
        The decision made from the last sweep; tells outliers, and whether the run focused.
    options : AutofocusOptions, optional
        What the run was asked to do.
    step_size : float, optional, steps
        Where there are no options.
    time_ordered : bool
        Whether the points stand in the order taken.

    Returns
    -------
    tuple of Finding
        The strongest evidence first; empty where no rule applies.
    """
    data = run_data(points, best, options, step_size, time_ordered)
    with np.errstate(all="ignore"):
        found = [finding for rule in RULES for finding in rule(data)]
        if not found:
            found.extend(_good(data))
    return in_order(_one_each(found))


def _good(data: RunData) -> Iterator[Finding]:
    """Nothing to find fault with."""
    if not data.focused or len(data.counted) < 3:
        return
    by_place = sorted(data.counted, key=lambda p: p.position)
    lowest = min(range(len(by_place)), key=lambda i: by_place[i].metric)
    bottom = by_place[lowest].metric
    ratio = (by_place[0].metric * by_place[-1].metric) ** 0.5 / bottom
    yield Finding(
        "good",
        3.0,
        f"A clean V: the ends read {ratio:.1f} times the minimum, {lowest} points further in and "
        f"{len(by_place) - 1 - lowest} further out.",
        "Keep these settings.",
    )


def _one_each(found: list[Finding]) -> list[Finding]:
    """The surest of each word; two signs of backlash are one finding."""
    surest: dict[str, Finding] = {}
    for finding in found:
        known = surest.get(finding.code)
        if known is None or finding.evidence > known.evidence:
            surest[finding.code] = finding
    return list(surest.values())
