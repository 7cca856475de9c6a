"""The right column: what the run has found so far, or what came of it, as a page fragment."""

import math

from focusbench.curve import BestFocus, FocusPoint, Outcome
from focusbench.engine import RunProgress, RunRecord
from focusbench.widgets.say_line import planned_points
from focusbench.widgets.wording import duration, escape, percent, plus_minus, position

CURVE_NAMES = {
    "auto": "Auto",
    "two_lines": "Two lines",
    "parabola": "Parabola",
    "hyperbola": "Hyperbola",
}

Row = tuple[str, str]


def result_html(progress: RunProgress) -> str:
    """What stands in the right column; safe to show whatever a device or a file said."""
    if progress.record is not None:
        parts = _result(progress, progress.record)
    elif progress.phase == "idle":
        parts = [_section("Result"), '<div class="fb-muted">No run of this rig yet.</div>']
    else:
        parts = _so_far(progress)
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
        f"<th>{title}</th>" for title in ("Point", "Position", "HFR, px", "Error", "Stars", "Use")
    )
    return f'<div class="fb-points"><table><tr>{head}</tr>{rows}</table></div>'


def _role(progress: RunProgress, point: FocusPoint) -> str:
    if point.role == "validation":
        return "validation frame"
    if not point.counts:
        return f"not used: {point.reason}"
    return "used" if point.sweep == progress.sweep else "earlier sweep"


# ------------------------------------------------------------------------------------ parts


def _so_far(progress: RunProgress) -> list[str]:
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
    parts = [_section("So far"), _table("Best focus", main, rows)]
    return parts + _remarks("Shape", _left_out(progress) + _warnings(progress.warnings))


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
    if record.expected_metric is not None:
        rows.append(("HFR, expected", f"{record.expected_metric:.2f} px"))
    check = record.validation
    if check is not None and check.metric is not None:
        off = "" if check.deviation_percent is None else f", {percent(check.deviation_percent)}"
        rows.append(("Validation", f"{check.metric:.2f} px{off}"))
    if best is not None:
        rows.append(("Curve", _curve(best)))
    rows.append(("Time", duration(record.duration_s)))
    parts = [_section("Result"), _table(name, main, rows)]
    if best is not None and best.fits:
        parts += [_section("Where each curve puts it"), _curves(best)]
    remarks = _left_out(progress) + _warnings(record.warnings)
    if record.outcome in (Outcome.NOT_FOCUSED, Outcome.LOST, Outcome.FAILED):
        remarks = [("bad", "✕", record.diagnosis), *remarks]
    elif record.outcome is Outcome.LOWEST_POINTS and best is not None and best.diagnosis:
        remarks = [("warn", "!", best.diagnosis), *remarks]
    parts += _remarks("Why" if not record.focused else "Shape", remarks)
    if record.package_path is not None:
        parts.append(_section("Saved"))
        parts.append(f'<div class="fb-path">{escape(record.package_path)}</div>')
    return parts


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


def _left_out(progress: RunProgress) -> list[tuple[str, str, str]]:
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


def _warnings(warnings: tuple[str, ...]) -> list[tuple[str, str, str]]:
    return [("warn", "!", warning) for warning in warnings]


def _remarks(title: str, remarks: list[tuple[str, str, str]]) -> list[str]:
    if not remarks:
        return []
    items = "".join(
        f'<li class="fb-{tone}"><i>{sign}</i>{escape(text)}</li>' for tone, sign, text in remarks
    )
    return [_section(title), f"<ul>{items}</ul>"]


def _table(name: str, main: str, rows: list[Row]) -> str:
    body = "".join(f"<tr><td>{label}</td><td>{value}</td></tr>" for label, value in rows)
    head = f'<tr><td>{name}</td><td class="fb-main-number">{main}</td></tr>'
    return f"<table>{head}{body}</table>"


def _section(title: str) -> str:
    return f'<div class="fb-section">{title}</div>'


def _pixels(value: float) -> str:
    return f"{value:.2f}" if math.isfinite(value) else "–"


def _range(numbers: list[int]) -> str:
    return f"{min(numbers)} to {max(numbers)}"


def _list(numbers: list[int]) -> str:
    return ", ".join(str(number) for number in numbers)
