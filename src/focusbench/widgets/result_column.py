"""The right column: what the run has found so far, or what came of it, as a page fragment."""

import math

from focusbench.curve import BestFocus, FocusPoint, Outcome, bracketing, classic_zone
from focusbench.doctor import diagnose
from focusbench.engine import RunProgress, RunRecord
from focusbench.widgets.forecast import planned_points, seconds_left
from focusbench.widgets.pieces import section
from focusbench.widgets.say_finished import is_no_fit_warning, is_validation_warning
from focusbench.widgets.wording import (
    clock,
    duration,
    escape,
    metric_name,
    percent,
    plus_minus,
    position,
)

CURVE_NAMES = {
    "auto": "Auto",
    "two_lines": "Two lines",
    "parabola": "Parabola",
    "hyperbola": "Hyperbola",
}

Row = tuple[str, str]
Remark = tuple[str, str, str]
"""Tone, sign, sentence."""


def result_html(progress: RunProgress, now_s: float = 0.0) -> str:
    """What a run has found; safe to show whatever a device or a file said.

    `now_s` is the Unix time on the rig's clock, from which its end is predicted, seconds.
    """
    if progress.record is not None:
        parts = _result(progress, progress.record)
    else:
        parts = _so_far(progress, now_s)
    return f'<div class="fb-result">{"".join(parts)}</div>'


def points_html(progress: RunProgress) -> str:
    """The points as a table: the same facts as the chart, in text."""
    rows = "".join(
        f"<tr><td>{i}</td><td>{position(p.position)}</td><td>{_pixels(p.metric)}</td>"
        f"<td>{'' if p.error is None else f'± {p.error:.2f}'}</td>"
        f"<td>{'' if p.n_stars is None else p.n_stars}</td>"
        f"<td>{escape(_role(progress, p))}</td></tr>"
        for i, p in enumerate(progress.points, start=1)
    )
    head = "".join(
        f"<th>{title}</th>"
        for title in (
            "Point",
            "Position",
            f"{metric_name(progress.options)}, px",
            "Error",
            "Stars",
            "Use",
        )
    )
    return f'<div class="fb-points"><table><tr>{head}</tr>{rows}</table></div>'


def _role(progress: RunProgress, point: FocusPoint) -> str:
    if point.role == "validation":
        return "validation frame"
    if not point.counts:
        return f"not used: {point.reason}"
    return "used" if point.sweep == progress.sweep else "earlier sweep"


# ------------------------------------------------------------------------------------ parts


def _so_far(progress: RunProgress, now_s: float) -> list[str]:
    best, points = progress.best, progress.sweep_points
    counted = [p for p in points if p.counts]
    found = best is not None and best.best_position is not None
    main = f"≈ {position(best.best_position)}" if best and best.best_position is not None else "–"
    rows: list[Row] = []
    if best is not None and found:
        rows += _uncertainty(best)
    if counted:
        lowest = min(counted, key=lambda p: p.metric)
        rows.append(("Lowest point", f"{lowest.metric:.2f} px at {position(lowest.position)}"))
    planned = planned_points(progress)
    taken = sum(p.role != "validation" for p in progress.points)
    rows.append(("Points", f"{taken} of {planned}, {len(counted)} used"))
    stars = [p.n_stars for p in points if p.n_stars is not None]
    if stars:
        rows.append(("Stars", str(stars[0]) if len(set(stars)) == 1 else _range(stars)))
    left = seconds_left(progress, now_s)
    if left:
        rows.append(("Finish", f"about {clock(now_s + left)}"))
    parts = [section("So far"), _table("Best focus", main, rows)]
    remarks = _shape(points, best) + _left_out(progress) + _warnings(progress.warnings)
    return parts + _remarks("Shape", remarks)


def _shape(points: tuple[FocusPoint, ...], best: BestFocus | None) -> list[Remark]:
    """What the curve has, and what it still lacks: its sides, and how high it begins."""
    counted = [p for p in points if p.counts and math.isfinite(p.metric)]
    if len(counted) < 3:
        return []
    sides = bracketing(points, best)
    lowest = min(counted, key=lambda p: p.metric)
    remarks: list[Remark] = []
    for short, name, n in (
        (sides.outer_short, "outer", sum(p.position > lowest.position for p in counted)),
        (sides.inner_short, "inner", sum(p.position < lowest.position for p in counted)),
    ):
        if not short:
            end = (max if name == "outer" else min)(counted, key=lambda p: p.position)
            times = end.metric / lowest.metric
            remarks.append(("ok", "✓", f"The {name} end reads {times:.1f} times the lowest point."))
        elif n < 2:
            has = f"{n} point" if n == 1 else f"{n or 'no'} points"
            remarks.append(("open", "–", f"The {name} side has {has} so far; two are needed."))
        else:
            remarks.append(
                ("open", "–", f"The {name} side does not stand out of the noise so far.")
            )
    return remarks


def _result(progress: RunProgress, record: RunRecord) -> list[str]:
    best = record.best
    name, main = "Best focus", "–"
    if record.best_position is not None:
        main = position(record.best_position)
        if record.outcome is Outcome.LOWEST_POINTS:
            name = "Lowest points"
    rows: list[Row] = []
    if best is not None and record.focused:
        rows += _uncertainty(best)
        if (classic := _classic(record)) is not None:
            rows.append(("Zone, classic", f"{plus_minus(classic)} steps"))
    if record.expected_metric is not None:
        rows.append(
            (f"{metric_name(record.options)}, expected", f"{record.expected_metric:.2f} px")
        )
    check = record.validation
    if check is not None and check.metric is not None:
        off = "" if check.deviation_percent is None else f", {percent(check.deviation_percent)}"
        rows.append(("Validation", f"{check.metric:.2f} px{off}"))
    if best is not None:
        rows.append(("Curve", _curve(best)))
    rows.append(("Time", duration(record.duration_s)))
    parts = [section("Result"), _table(name, main, rows)]
    if best is not None and best.fits:
        parts += [section("Where each curve puts it"), _curves(best)]
    # What the say line says is not said twice.
    said = is_validation_warning if record.outcome is Outcome.FOCUSED else is_no_fit_warning
    warnings = tuple(w for w in record.warnings if not said(w))
    remarks = _left_out(progress) + _warnings(warnings) + _findings(record)
    if record.outcome in (Outcome.NOT_FOCUSED, Outcome.LOST, Outcome.FAILED):
        remarks = [("bad", "✕", record.diagnosis), *remarks]
    parts += _remarks("Why" if not record.focused else "Shape", remarks)
    if record.package_path is not None:
        parts.append(section("Saved"))
        parts.append(f'<div class="fb-path">{escape(record.package_path)}</div>')
    return parts


def _findings(record: RunRecord) -> list[Remark]:
    """What the doctor says, with what to do about it; nothing of a run that was broken off."""
    if record.outcome in (Outcome.CANCELLED, Outcome.FAILED):
        return []
    return [
        ("ok", "✓", found.sentence)
        if found.code == "good"
        else ("warn", "!", f"{found.sentence} {found.remedy}")
        for found in diagnose(record)
    ]


def _classic(record: RunRecord) -> float | None:
    """± 2.44·λ·N², in steps, where the optics are known and the slope is one of HFR."""
    numbers = [record.rig.get(name) for name in ("focal_ratio", "pixel_um")]
    slope = record.fits["hyperbola"].parameters.get("slope") if "hyperbola" in record.fits else None
    ratio, pixel_um = (n if isinstance(n, int | float) else None for n in numbers)
    if record.options.metric not in ("hfr", "hfr:photutils") or None in (ratio, pixel_um, slope):
        return None
    obstruction = record.rig.get("obstruction")
    return classic_zone(
        float(ratio or 0),
        float(pixel_um or 0) * record.options.binning,
        float(slope or 0),
        obstruction=float(obstruction) if isinstance(obstruction, int | float) else 0.0,
    )


def _uncertainty(best: BestFocus) -> list[Row]:
    rows: list[Row] = []
    if best.best_position_error is not None:
        rows.append(("Error", f"{plus_minus(best.best_position_error)} steps"))
    if best.zone is not None:
        rows.append(("Zone", f"{plus_minus(best.zone)} steps"))
    return rows


def _curve(best: BestFocus) -> str:
    if best.outcome is not Outcome.FOCUSED:
        return "none decides"
    fit = best.fits.get(best.curve)
    name = CURVE_NAMES.get(best.curve, best.curve).lower()
    if fit is None or fit.r_squared is None:
        return escape(name)
    return escape(f"{name}, R² {fit.r_squared:.2f}")


def _curves(best: BestFocus) -> str:
    rows, focused = "", best.outcome is Outcome.FOCUSED
    for name, fit in best.fits.items():
        where = "no fit" if not fit.ok or fit.best_position is None else position(fit.best_position)
        error = "" if fit.best_position_error is None else f" {plus_minus(fit.best_position_error)}"
        decides = ' class="fb-decides"' if focused and name == best.curve else ""
        rows += (
            f'<tr{decides} title="{escape(fit.reason)}"><td>'
            f"{escape(CURVE_NAMES.get(name, name))}</td>"
            f"<td>{where}{error if fit.ok else ''}</td></tr>"
        )
    return f"<table>{rows}</table>"


def _left_out(progress: RunProgress) -> list[Remark]:
    best, points = progress.best, progress.sweep_points
    by_fit = best.reasons if best is not None and len(best.reasons) == len(points) else ()
    first = next((i for i, p in enumerate(progress.points) if p.sweep == progress.sweep), 0)
    numbers: dict[str, list[int]] = {}
    for i, point in enumerate(points):
        if why := point.reason or (by_fit[i] if by_fit else ""):
            numbers.setdefault(why.rstrip("."), []).append(first + i + 1)
    return [
        ("warn", "!", f"{'Point' if len(left) == 1 else 'Points'} {_list(left)} left out: {why}.")
        for why, left in numbers.items()
    ]


def _warnings(warnings: tuple[str, ...]) -> list[Remark]:
    return [("warn", "!", warning) for warning in warnings]


def _remarks(title: str, remarks: list[Remark]) -> list[str]:
    if not remarks:
        return []
    items = "".join(
        f'<li class="fb-{tone}"><i>{sign}</i>{escape(text)}</li>' for tone, sign, text in remarks
    )
    return [section(title), f"<ul>{items}</ul>"]


def _table(name: str, main: str, rows: list[Row]) -> str:
    body = "".join(f"<tr><td>{label}</td><td>{value}</td></tr>" for label, value in rows)
    head = f'<tr><td>{name}</td><td class="fb-main-number">{main}</td></tr>'
    return f"<table>{head}{body}</table>"


def _pixels(value: float) -> str:
    return f"{value:.2f}" if math.isfinite(value) else "–"


def _range(numbers: list[int]) -> str:
    return f"{min(numbers)} to {max(numbers)}"


def _list(numbers: list[int]) -> str:
    return ", ".join(str(number) for number in numbers)
