"""One run in words: verdict, facts, where each curve puts focus, and what the doctor finds."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from focusbench.af_packages import Package, metric_label, zone_is_told
from focusbench.curve import Outcome, Rejected
from focusbench.doctor import Finding, diagnose_points
from focusbench.engine import verdict

Row = tuple[str, str]
Sign = Literal["", "✓", "!", "✕", "–"]

OUTCOMES: dict[str, tuple[Sign, str]] = {
    "FOCUSED": ("✓", "Focused"),
    "LOWEST_POINTS": ("!", "No fit"),
    "NOT_FOCUSED": ("✕", "Not focused"),
    "LOST": ("✕", "Lost"),
    "CANCELLED": ("–", "Cancelled"),
    "FAILED": ("✕", "Failed"),
}
"""Sign and word of each outcome."""

CURVE_NAMES = {
    "auto": "Auto",
    "two_lines": "Two lines",
    "parabola": "Parabola",
    "hyperbola": "Hyperbola",
}


@dataclass(frozen=True)
class PointRow:
    """One point as a table shows it: texts, empty where nothing is known."""

    number: str
    position: str
    metric: str
    error: str
    n_stars: str
    use: str


@dataclass(frozen=True)
class RunSummary:
    """One run as a person reads it; plain text, nothing is escaped.

    Attributes
    ----------
    title : str
        When and in which filter.
    sign, word : str
        "✓", "Focused".
    verdict : str
        One sentence: best focus with its error and its yardstick, or why there is none.
    facts, curves : tuple of (str, str)
        Names and values; the curve that decided is named in the facts.
    findings : tuple of Finding
        The doctor's, ordered by evidence.
    notes : tuple of str
        What a person should know of how it was taken and read.
    points : tuple of PointRow
    """

    title: str
    sign: Sign
    word: str
    verdict: str
    facts: tuple[Row, ...]
    curves: tuple[Row, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    points: tuple[PointRow, ...]


def outcome_words(outcome: str, validation_passed: bool | None) -> tuple[Sign, str]:
    """Sign and word of an outcome; a focus that its validation frame denies is no success."""
    if outcome == Outcome.FOCUSED and validation_passed is False:
        return "!", "Validation off"
    return OUTCOMES.get(outcome, ("", outcome.capitalize()))


def when(
    started_s: float | None, form: str = "%-d %b %Y, %H:%M UTC", *, local: bool = False
) -> str:
    """When a run began, in UTC or where the computer stands.

    What a file wrote without a zone was read as UTC: in UTC it reads as it was written.
    """
    if started_s is None or not 0 <= started_s < 253e9:
        return ""
    began = datetime.fromtimestamp(started_s, tz=UTC)
    if local:
        began = began.astimezone()
    # %-d is not known on Windows.
    return began.strftime(form.replace("%-d", str(began.day)))


def summarize(package: Package, *, local: bool = False) -> RunSummary:
    """Say what a run shows.

    Parameters
    ----------
    package : Package
        Ours or foreign, as it was opened or measured anew.
    local : bool
        Give its date where the computer stands; a page that travels gives it in UTC.
    """
    record, best = package.record, package.decided
    outcome = record.outcome if record else best.outcome
    passed = record.validation.passed if record and record.validation else None
    sign, word = outcome_words(outcome, passed)
    findings = diagnose_points(
        package.focus_points,
        best,
        options=package.options,
        step_size=package.step_size,
        time_ordered=package.time_ordered,
    )
    said = (record.diagnosis if record else "") or best.diagnosis or verdict(best)
    began = when(package.started_s)
    if local:
        began = when(
            package.started_s, "%-d %b %Y, %H:%M", local=zone_is_told(" ".join(package.notes))
        )
    return RunSummary(
        title=", ".join(text for text in (began or package.name, package.filter) if text),
        sign=sign,
        word=word,
        verdict=said,
        facts=tuple(_facts(package)),
        curves=tuple(_curves(package)),
        findings=findings,
        notes=(*(record.warnings if record else ()), *package.notes),
        points=tuple(_points(package)),
    )


def _facts(package: Package) -> list[Row]:
    record, best = package.record, package.decided
    name = metric_label(package.metric)
    rows: list[Row] = []
    focused = record is None or record.focused
    if best.best_position is not None and focused:
        rows.append(("Best focus", f"{best.best_position:.0f}"))
        if best.best_position_error is not None:
            rows.append(("Error", f"{plus_minus(best.best_position_error)} steps"))
        if best.zone is not None:
            rows.append(("Zone", f"{plus_minus(best.zone)} steps"))
        if best.expected_metric is not None:
            rows.append((f"{name}, expected", f"{best.expected_metric:.2f} px"))
    if record is not None and record.validation and record.validation.metric is not None:
        off = record.validation.deviation_percent
        said = "" if off is None else f", {off:+.0f} %".replace("-", "−")
        rows.append(("Validation", f"{record.validation.metric:.2f} px{said}"))
    for method, position in package.found.items():
        rows.append((f"Found by {package.format}, {method}", f"{position:.0f}"))
    fit = best.fits.get(best.curve)
    if fit is not None and best.outcome is Outcome.FOCUSED:
        quality = "" if fit.r_squared is None else f", R² {fit.r_squared:.2f}"
        rows.append(("Curve", CURVE_NAMES.get(best.curve, best.curve).lower() + quality))
    swept = [p for p in package.focus_points if p.role != "validation"]
    rows.append(("Points", str(len(swept))))
    if package.step_size is not None:
        rows.append(("Step size", f"{package.step_size:g} steps"))
    degrees = [p.temperature_c for p in package.focus_points if p.temperature_c is not None]
    if degrees:
        rows.append(("Temperature", f"{degrees[-1]:.1f} °C".replace("-", "−")))
    if record is not None:
        rows.append(("Time", f"{record.duration_s:.0f} s"))
    rows.append(("Metric", name))
    rows.append(("Made by", package.format))
    rows.append(("File", package.name))
    if package.rig:
        rows.append(("Rig", package.rig))
    return rows


def _curves(package: Package) -> list[Row]:
    rows = []
    for name, fit in package.decided.fits.items():
        where = "no fit"
        if fit.ok and fit.best_position is not None:
            where = f"{fit.best_position:.0f}"
            if fit.best_position_error is not None:
                where += f" {plus_minus(fit.best_position_error)}"
        rows.append((CURVE_NAMES.get(name, name), where))
    return rows


def _points(package: Package) -> list[PointRow]:
    rejected, reasons = rejections(package)
    sweep = set(package.sweep())
    rows = []
    for i, point in enumerate(package.focus_points):
        use = "used" if i in sweep else "earlier sweep"
        if point.role == "validation":
            use = "validation frame"
        elif rejected[i]:
            use = f"not used: {reasons[i]}" if reasons[i] else "not used"
        rows.append(
            PointRow(
                str(i + 1),
                f"{point.position:.0f}",
                f"{point.metric:.2f}" if math.isfinite(point.metric) else "–",
                "" if point.error is None else f"± {point.error:.2f}",
                "" if point.n_stars is None else str(point.n_stars),
                use,
            )
        )
    return rows


def rejections(package: Package) -> tuple[list[Rejected], list[str]]:
    """Why each point does not count, by its frame or by the fit: flags and words, one a point."""
    best, sweep = package.decided, package.sweep()
    rejected = [point.rejected for point in package.focus_points]
    reasons = [point.reason for point in package.focus_points]
    if len(best.rejected) == len(sweep):
        for place, flag, why in zip(sweep, best.rejected, best.reasons, strict=True):
            rejected[place] |= flag
            reasons[place] = reasons[place] or why
    return rejected, reasons


def plus_minus(steps: float) -> str:
    """An error in steps: whole, but for errors below one step."""
    return f"± {steps:.0f}" if round(steps, 1) >= 1 else f"± {steps:.1f}"
