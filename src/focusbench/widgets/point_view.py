"""One point of a run with its frame, and the stars that were used in it or left out."""

import math

import numpy as np

from focusbench.curve import FocusPoint
from focusbench.engine import RunProgress
from focusbench.widgets.forecast import planned_points
from focusbench.widgets.pieces import section
from focusbench.widgets.point_frames import PointFrame, data_url
from focusbench.widgets.wording import escape, metric_name, position

MOST_FIGURES = 12
"""So many of the brightest stars have their HFR beside them; the others show it on hover."""


def point_html(progress: RunProgress, number: int, frame: PointFrame | None) -> str:
    """What stands in the right column for a point of the run, counted from 0."""
    point = progress.points[number]
    rows = [("Position", position(point.position))]
    if math.isfinite(point.metric):
        fine = 3 if point.error is not None and point.error < 0.005 else 2
        error = "" if point.error is None else f" ± {point.error:.{fine}f}"
        rows.append((metric_name(progress.options), f"{point.metric:.{fine}f}{error} px"))
    if frame is not None and frame.n_found and point.n_stars is not None:
        rows.append(("Stars used", f"{point.n_stars} of {frame.n_found}"))
    elif point.n_stars is not None:
        rows.append(("Stars used", str(point.n_stars)))
    if why := _left_out(progress, point):
        rows.append(("Left out", why))
    table = "".join(
        f"<tr><td>{escape(label)}</td><td>{escape(value)}</td></tr>" for label, value in rows
    )
    return (
        f'<div class="fb-result fb-point">{section(name_of(progress, number))}'
        f"<table>{table}</table>{_picture(frame)}</div>"
    )


def name_of(progress: RunProgress, number: int) -> str:
    """Say which point it is: "Point 4 of 9"."""
    if progress.points[number].role == "validation":
        return "Validation frame"
    taken = sum(p.role != "validation" for p in progress.points)
    planned = taken if progress.record is not None else max(taken, planned_points(progress))
    return f"Point {number + 1} of {planned}"


def _left_out(progress: RunProgress, point: FocusPoint) -> str:
    best, sweep = progress.best, progress.sweep_points
    if not point.reason and best is not None and len(best.reasons) == len(sweep):
        return next((why for p, why in zip(sweep, best.reasons, strict=True) if p is point), "")
    return point.reason


def _picture(frame: PointFrame | None) -> str:
    if frame is None:
        return '<div class="fb-muted">Its frame was not kept.</div>'
    height, width = frame.picture.shape
    return (
        '<div class="fb-point-frame">'
        f'<img src="{data_url(frame.picture)}" alt="The frame, stretched">'
        f'<svg viewBox="0 0 {width} {height}">{_boxes(frame)}</svg></div>'
        '<div class="fb-muted">□ used, the brightest with their HFR &nbsp; ┄ left out: hover for '
        "the reason</div>"
    )


def _boxes(frame: PointFrame) -> str:
    if frame.stars is None:
        return ""
    width = frame.picture.shape[1]
    drawn: list[str] = []
    figures: list[tuple[float, float]] = []
    for star in frame.stars:
        x, y = (float(star[axis] + 0.5) / frame.scale for axis in ("x", "y"))
        hfr = float(star["hfr"])
        if not (np.isfinite(x) and np.isfinite(y)):
            continue
        half = max(7.0, 2.2 * hfr / frame.scale) if math.isfinite(hfr) else 7.0
        used = bool(star["used"])
        says = f"HFR {hfr:.2f} px" if used else f"Left out: {star['reason']}"
        if math.isfinite(float(star["peak"])):
            says += f" · peak {star['peak']:.0f} ADU"
        drawn.append(
            f'<rect class="{"fb-box" if used else "fb-boxout"}" x="{x - half:.0f}" '
            f'y="{y - half:.0f}" width="{2 * half:.0f}" height="{2 * half:.0f}">'
            f"<title>{escape(says)}</title></rect>"
        )
        touches = any(abs(x - i) < 90 and abs(y - j) < 20 for i, j in figures)
        if used and len(figures) < MOST_FIGURES and not touches:
            figures.append((x, y))
            # At the right edge it would be cut: there it stands on the left.
            left = x + half + 50 > width
            at, anchor = (x - half - 3, "end") if left else (x + half + 3, "start")
            drawn.append(
                f'<text x="{at:.0f}" y="{y + 5:.0f}" text-anchor="{anchor}">{hfr:.2f}</text>'
            )
    return "".join(drawn)
