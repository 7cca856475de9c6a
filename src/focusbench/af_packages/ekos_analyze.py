"""Reads `.analyze` files of Ekos (KStars): every auto focus run of a session, failed ones as well.

Lines of words between commas; every time is seconds since `AnalyzeStartTime`. A run ends with::

    AutofocusComplete,t,filter,samples[,curve[,title]]                              version 1
    AutofocusComplete,t,temperature,reason,info,filter,samples,weights[,curve…]     version 2
    AutofocusAborted,t,filter,samples                                               version 1
    AutofocusAborted,t,temperature,reason,info,filter,samples,weights,failure[,…]   version 2

Samples are `position|value|…`, in version 2 `position|value|weight|outlier|…`, in the order taken;
a weight is 1 / scale². The curve's coefficients are its seventh part, `n;A;B;C;D`, with C the
position of the minimum. As KStars itself does, version 2 is told by at least eight words.
Source: kstars/ekos/analyze/analyze.cpp.
"""

import math
import re
from dataclasses import dataclass, replace
from pathlib import Path

from focusbench.af_packages.order import VALIDATION_NOTE, with_validation
from focusbench.af_packages.package import Package
from focusbench.af_packages.text import (
    check_counts,
    median_gap,
    naive_time_s,
    number,
    number_or_none,
    size_px,
    steps,
)
from focusbench.curve import FocusPoint, Rejected
from focusbench.errors import PackageDamaged, PackageError

DEFINITION = (
    "the measure that Ekos was set to, HFR unless it was changed: flux-weighted mean distance from "
    "a star's centre, in pixels"
)
UNKNOWN_MEASURE = "which of its measures Ekos used (HFR unless it was changed)"

_REASONS = (
    "", "asked by hand", "filter change", "time", "temperature", "HFR check", "meridian flip",
    "filter offsets", "aberration inspector", "scheduler", "asked by the user", "focus advisor",
)  # fmt: skip
"""`AutofocusReason` of kstars/ekos/focus/focusutils.h."""


def recognises(text: str) -> bool:
    """Whether a text is such a file."""
    return bool(re.search(r"^\ufeff?AnalyzeStartTime,|^Autofocus(Complete|Aborted),", text, re.M))


@dataclass(frozen=True)
class _Ended:
    """A line that ends a run."""

    time_s: float
    filter: str
    temperature_c: float | None
    reason: str
    samples: str
    has_weights: bool
    uses_weights: bool
    curve: str
    failed: str


def read(text: str, source: Path) -> tuple[Package, ...]:
    """Read every run that has a point.

    Raises
    ------
    PackageError
        There is none.
    PackageDamaged
        Samples that are no numbers.
    """
    session_s, zone = None, ""
    began_s: float | None = None
    temperature: float | None = None
    packages: list[Package] = []
    for count, line in enumerate(text.splitlines(), start=1):
        words = line.strip("\ufeff\0 \r").split(",")
        if words[0] == "AnalyzeStartTime" and len(words) > 1:
            session_s, zone = naive_time_s(words[1]), ",".join(words[2:]).strip()
        elif words[0] == "AutofocusStarting" and len(words) >= 4:
            began_s, temperature = number_or_none(words[1]), number_or_none(words[3])
        elif words[0] in ("AutofocusComplete", "AutofocusAborted") and len(words) >= 4:
            ended = _ended(words, temperature)
            points = _points(ended, source, count)
            if points:
                since = ended.time_s if began_s is None else began_s
                start_s = None if session_s is None else session_s + since
                packages.append(_package(points, ended, source, start_s, zone))
            began_s, temperature = None, None
    if not packages:
        raise PackageError(f"{source} is a session of Ekos without an auto focus run with points.")
    check_counts(source, 0, len(packages))
    if len(packages) == 1:
        return (packages[0],)
    return tuple(replace(package, run=i) for i, package in enumerate(packages))


def _ended(words: list[str], temperature_c: float | None) -> _Ended:
    aborted = words[0] == "AutofocusAborted"
    fewest = 9 if aborted else 8
    second = len(words) >= fewest and words[3].strip().isdecimal() and words[7].strip().isdecimal()
    if not second:
        return _Ended(
            number(words[1]), words[2], temperature_c, "", words[3], False, False,
            "" if aborted or len(words) < 5 else words[4], "it was stopped" if aborted else "",
        )  # fmt: skip
    reason = int(words[3]) if len(words[3]) < 4 else 0
    told = number_or_none(words[2])
    failed = ""
    if aborted:
        failed = f"failure {words[8].strip()[:8]} {' '.join(words[9:10]).strip()[:80]}".strip()
    return _Ended(
        time_s=number(words[1]),
        filter=words[5],
        # Ekos writes −1000000 where there is no sensor.
        temperature_c=told if told is not None and told > -300 else temperature_c,
        reason=_REASONS[reason] if reason < len(_REASONS) else "",
        samples=words[6],
        has_weights=True,
        uses_weights=words[7].strip() == "1",
        curve="" if aborted or len(words) < 9 else words[8],
        failed=failed,
    )


def _points(ended: _Ended, source: Path, line: int) -> list[FocusPoint]:
    parts = [part for part in ended.samples.strip().strip("|").split("|") if part]
    each = 4 if ended.has_weights else 2
    if len(parts) % each:
        raise PackageDamaged(
            f"{source} is damaged in line {line}: its samples do not come in groups of {each}; "
            "delete the line, and the other runs open."
        )
    check_counts(source, len(parts) // each)
    points = []
    for i in range(0, len(parts), each):
        position, value = steps(parts[i]), size_px(parts[i + 1])
        if not math.isfinite(position):
            raise PackageDamaged(
                f"{source} is damaged in line {line}: a position cannot be {parts[i][:40]!r}; "
                "delete the line, and the other runs open."
            )
        weight = number(parts[i + 2]) if ended.has_weights and ended.uses_weights else math.nan
        usable = math.isfinite(value)
        rejected, reason = Rejected.NO, ""
        if not usable:
            rejected, reason = Rejected.FEW_STARS, "no stars"
        elif ended.has_weights and parts[i + 3].strip() == "1":
            rejected, reason = Rejected.QUALITY, "an outlier, says the program that made the run"
        points.append(
            FocusPoint(
                position=position,
                metric=value,
                scatter=weight**-0.5 if usable and 1e-9 < weight < 1e9 else None,
                temperature_c=ended.temperature_c,
                rejected=rejected,
                reason=reason,
            )
        )
    return points


def _package(
    points: list[FocusPoint], ended: _Ended, source: Path, start_s: float | None, zone: str
) -> Package:
    swept, marked = with_validation(points)
    found = _minimum(ended.curve, [p.position for p in points])
    notes = [f"Times are the computer's local ones ({zone or 'zone not told'}), read as UTC."]
    if marked:
        notes.append(VALIDATION_NOTE)
    if ended.reason:
        notes.append(f"Why it ran: {ended.reason}.")
    if ended.failed:
        notes.append(f"The run failed, says Ekos: {ended.failed}.")
    if found:
        notes.append(f"Ekos found: {found['its curve']:.0f}.")
    return Package(
        source=source,
        format="Ekos",
        focus_points=swept,
        metric="hfr",
        definition=DEFINITION,
        time_ordered=True,
        step_size=median_gap(p.position for p in swept if p.role != "validation"),
        filter=ended.filter.strip() or None,
        started_s=start_s,
        notes=tuple(notes),
        unknown=(
            UNKNOWN_MEASURE,
            "when each frame was taken",
            "standard errors (its weights are of the scatter between stars)",
            "how many stars were used",
            "the exposure time",
        ),
        found=found,
    )


def _minimum(curve: str, positions: list[float]) -> dict[str, float]:
    """Where Ekos' own curve has its minimum, steps."""
    parts = curve.split("|")
    if len(parts) < 7:
        return {}
    coefficients = [number(word) for word in parts[6].split(";")][1:]
    if len(coefficients) < 3:
        return {}
    place = coefficients[2]
    # Other curves hold something else there.
    return {"its curve": place} if min(positions) <= place <= max(positions) else {}
