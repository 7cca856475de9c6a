"""Rules on what the run found when it arrived: focus that moved on, and moves that fell short."""

import math
from collections.abc import Iterator

from focusbench.doctor.finding import Finding
from focusbench.doctor.run_data import USUAL_SEEING, RunData, measured, relative_error, usable

MISS, MISS_SD = 0.25, 0.2
"""How far above the curve a frame reads that missed focus, as ln."""
USUAL_CHANGE_C, USUAL_CHANGE_SD_C = 0.5, 0.1
"""A night cools by 1 to 2 °C an hour, a run takes minutes: less than half a degree. Half a degree
moves the focus of a fast telescope by its zone, and from there on a tenth is e times less likely
to be such a night."""
MOST_FROM_TEMPERATURE = 8.0


def missed_by(data: RunData) -> tuple[float, float]:
    """ln(validation frame over expected), and the evidence that it missed focus."""
    point, best = data.validation, data.best
    if point is None or best is None or best.expected_metric is None:
        return 0.0, 0.0
    if not (measured([point]) and usable(best.expected_metric)):
        return 0.0, 0.0
    off = math.log(point.metric / best.expected_metric)
    tau = data.shape.tau if data.shape else 0.0
    frame = math.hypot(max(USUAL_SEEING, tau), relative_error(point))
    missed = math.hypot(frame, MISS_SD)
    gain = _ln_normal(off - MISS, missed) - _ln_normal(off, frame)
    return off, gain if off > 0 else min(gain, 0.0)


def drift(data: RunData) -> Iterator[Finding]:
    """Focus moved while the run went on: the temperature says so, or the validation frame."""
    if not data.time_ordered:
        return
    taken = [p for sweep in data.sweeps for p in sweep]
    taken += [data.validation] if data.validation else []
    known = [t for t in (p.temperature_c for p in taken) if t is not None and math.isfinite(t)]
    change = known[-1] - known[0] if known else 0.0
    off, missed = missed_by(data)
    above = f"the validation frame reads {100 * math.expm1(off):.0f} % above the curve"
    evidence = min((abs(change) - USUAL_CHANGE_C) / USUAL_CHANGE_SD_C, MOST_FROM_TEMPERATURE)
    if evidence > 0:
        yield Finding(
            "drift",
            evidence + max(missed, 0.0),
            f"It {'cooled' if change < 0 else 'warmed'} by {abs(change):.1f} °C during the run"
            f"{f', and {above}' if missed > 0 else ''}: focus moved on meanwhile.",
            "Run again when the temperature is steadier; until then focus after every half "
            "degree, with shorter exposures.",
        )
    elif missed + data.prior_ln_odds > 0 and not _came_directly(data):
        yield Finding(
            "drift",
            missed + data.prior_ln_odds,
            f"{above[0].upper()}{above[1:]}, although it was approached as the points were: focus "
            "moved on meanwhile.",
            "Run again. If it happens again, look for a drawtube that slips, and let the telescope "
            "cool down first.",
        )


def fell_short(data: RunData) -> Iterator[Finding]:
    """The last move, outward and the shortest way, did not arrive: backlash nobody took up."""
    if data.validation is None or not _came_directly(data):
        return
    off, missed = missed_by(data)
    evidence = missed + data.prior_ln_odds
    if evidence > 0:
        yield Finding(
            "backlash",
            evidence,
            f"The validation frame at {data.validation.position:.0f} reads "
            f"{100 * math.expm1(off):.0f} % above the curve: the last move, outward, fell short.",
            "Set Backlash, final move In, or Final approach to As sampled.",
        )


def _came_directly(data: RunData) -> bool:
    """Whether best focus was approached the shortest way, outward, unlike the points."""
    return data.options is not None and data.options.final_approach == "direct"


def _ln_normal(off: float, sd: float) -> float:
    return -0.5 * (off / sd) ** 2 - math.log(sd * math.sqrt(2 * math.pi))
