"""Rules on what the run found when it arrived: focus that moved on, and moves that fell short."""

import math
from collections.abc import Iterator

from focusbench.doctor.finding import Finding
from focusbench.doctor.run_data import USUAL_SEEING, RunData, measured

MISS, MISS_SD = 0.25, 0.2
"""How far above the curve a frame reads that missed focus, as ln."""
USUAL_CHANGE_C, USUAL_CHANGE_SD_C = 0.5, 0.1
"""A night cools by 1 to 2 °C an hour, a run takes minutes: less than half a degree. Half a degree
moves the focus of a fast telescope by its zone."""
MOST_FROM_TEMPERATURE = 8.0


def missed_by(data: RunData) -> tuple[float, float]:
    """ln(validation frame over expected), and the evidence that it missed focus."""
    point, best = data.validation, data.best
    if point is None or best is None or not best.expected_metric or not measured([point]):
        return 0.0, 0.0
    off = math.log(point.metric / best.expected_metric)
    frame = math.hypot(USUAL_SEEING, (point.error or 0.0) / point.metric)
    missed = math.hypot(frame, MISS_SD)
    gain = _ln_normal(off - MISS, missed) - _ln_normal(off, frame)
    return off, gain if off > 0 else min(gain, 0.0)


def drift(data: RunData) -> Iterator[Finding]:
    """Temperature moved focus while the run went on."""
    temperatures = [p.temperature_c for sweep in data.sweeps for p in sweep]
    if data.validation is not None:
        temperatures.append(data.validation.temperature_c)
    known = [t for t in temperatures if t is not None]
    off, missed = missed_by(data)
    if len(known) < 2 or not data.time_ordered:
        return
    change = known[-1] - known[0]
    evidence = min((abs(change) - USUAL_CHANGE_C) / USUAL_CHANGE_SD_C, MOST_FROM_TEMPERATURE)
    if evidence <= 0:
        return
    arrived = (
        f", and the validation frame reads {100 * math.expm1(off):.0f} % above the curve"
        if missed > 0
        else ""
    )
    yield Finding(
        "drift",
        evidence + max(missed, 0.0),
        f"It {'cooled' if change < 0 else 'warmed'} by {abs(change):.1f} °C during the run"
        f"{arrived}: focus moved on meanwhile.",
        "Run again when the temperature is steadier; until then focus after every half degree, "
        "with shorter exposures.",
    )


def fell_short(data: RunData) -> Iterator[Finding]:
    """The last move, outward and the shortest way, did not arrive: backlash nobody took up."""
    options, off_and_missed = data.options, missed_by(data)
    off, missed = off_and_missed
    if options is None or options.final_approach != "direct" or data.validation is None:
        return
    evidence = missed + data.prior_ln_odds
    if evidence > 0:
        yield Finding(
            "backlash",
            evidence,
            f"The validation frame at {data.validation.position:.0f} reads "
            f"{100 * math.expm1(off):.0f} % above the curve: the last move, outward, fell short.",
            "Set Backlash, final move In, or Final approach to As sampled.",
        )


def _ln_normal(off: float, sd: float) -> float:
    return -0.5 * (off / sd) ** 2 - math.log(sd * math.sqrt(2 * math.pi))
