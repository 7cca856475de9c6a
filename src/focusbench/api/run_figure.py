"""The V-curve of one run as a still picture, for files that leave the notebook."""

import io
import math
from typing import Any

import numpy as np

from focusbench.af_packages import Package, metric_label
from focusbench.api.run_summary import plus_minus, rejections
from focusbench.curve import Outcome, evaluate

_POINT, _FIT, _X, _INK, _MUTED = "#0b5cad", "#157347", "#c62828", "#1b1f24", "#57606a"


def run_figure(package: Package) -> Any:
    """Draw a run: discs with error bars, red X's, the curve that decides, best focus, its zone.

    Returns
    -------
    matplotlib.figure.Figure
        It belongs to no window and needs no closing.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.0, 4.2), layout="constrained")
    axes = figure.add_subplot()
    _draw_best(axes, package)
    _draw_curve(axes, package)
    _draw_points(axes, package)
    top = axes.get_ylim()[1]
    # A half-flux radius is a length: the axis begins at zero.
    axes.set_ylim(0, max(top, 1.0))
    axes.set_title(f"{metric_label(package.metric)}, px", loc="left", fontsize=10, color=_MUTED)
    axes.set_xlabel("focuser position, steps; out →", loc="right", color=_MUTED)
    axes.ticklabel_format(useOffset=False, style="plain")
    axes.grid(axis="y", color="#e6eaee")
    axes.set_axisbelow(True)
    axes.tick_params(colors=_MUTED, length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color("#d0d7de")
    if axes.get_legend_handles_labels()[0]:
        figure.legend(loc="outside lower left", ncols=4, frameon=False, fontsize=9)
    return figure


def png(package: Package) -> bytes:
    """The picture as PNG."""
    out = io.BytesIO()
    run_figure(package).savefig(out, format="png", dpi=150)
    return out.getvalue()


def svg(package: Package) -> str:
    """The picture as an SVG element that can stand within a page: nothing is loaded for it."""
    out = io.StringIO()
    nobody = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    run_figure(package).savefig(out, format="svg", metadata=nobody, transparent=True)
    text = out.getvalue()
    # What stands before the element names a file of another computer.
    return text[text.index("<svg") :]


def _draw_best(axes: Any, package: Package) -> None:
    record, best = package.record, package.decided
    if best.best_position is None or not (record is None or record.focused):
        return
    place = best.best_position
    if best.zone is not None:
        axes.axvspan(
            place - best.zone, place + best.zone, color="#6e7781", alpha=0.13, label="zone"
        )
    error = best.best_position_error
    if error is not None:
        axes.axvspan(place - error, place + error, color=_FIT, alpha=0.38)
    said = f"{place:.0f}" + ("" if error is None else f" {plus_minus(error)}")
    axes.axvline(place, color=_INK, linewidth=1.8, label=f"best focus {said}")


def _draw_curve(axes: Any, package: Package) -> None:
    best = package.decided
    places = [package.focus_points[i].position for i in package.sweep()]
    if len(places) < 2:
        return
    x = np.linspace(min(places), max(places), 241)
    decides = best.outcome is Outcome.FOCUSED
    fit = best.fits.get(best.curve if decides else "two_lines")
    if fit is None or not fit.parameters:
        return
    with np.errstate(all="ignore"):
        y = np.asarray(evaluate(fit, x), float)
    tops = [package.focus_points[i].metric for i in package.sweep()]
    y[~(np.isfinite(y) & (y >= 0) & (y <= 1.5 * np.nanmax([*tops, 0.0])))] = np.nan
    if decides:
        axes.plot(x, y, color=_FIT, linewidth=2.2, label="best fit")
    else:
        axes.plot(x, y, color=_X, linewidth=1.8, linestyle="--", label="lines: no fit")


def _draw_points(axes: Any, package: Package) -> None:
    rejected, _ = rejections(package)
    groups: dict[str, list[int]] = {"used": [], "not used": [], "earlier sweep": [], "check": []}
    sweep = set(package.sweep())
    for i, point in enumerate(package.focus_points):
        if not math.isfinite(point.metric):
            continue
        name = "used" if i in sweep else "earlier sweep"
        name = "not used" if rejected[i] else name
        groups["check" if point.role == "validation" else name].append(i)
    looks: dict[str, dict[str, Any]] = {
        "used": {"fmt": "o", "color": _POINT, "label": "used, with error"},
        "not used": {"fmt": "x", "color": _X, "markersize": 9, "mew": 3, "label": "not used"},
        "earlier sweep": {"fmt": "o", "color": _MUTED, "mfc": "none", "label": "earlier sweep"},
        "check": {"fmt": "D", "color": _INK, "mfc": "none", "label": "validation frame"},
    }
    for name, places in groups.items():
        if places:
            points = [package.focus_points[i] for i in places]
            bars = [p.error or 0.0 for p in points] if name == "used" else None
            axes.errorbar(
                [p.position for p in points], [p.metric for p in points], bars, **looks[name]
            )
