"""Pictures of a night: its image history, and what sets of triggers make of it."""

import math
from collections.abc import Sequence

from focusbench.curve import Outcome
from focusbench.sequence import FocusRun, NightProgress
from focusbench.triggers import LightFrame
from focusbench.tuning import TriggerComparison, TriggerNight
from focusbench.widgets.svg_plot import SvgPlot, round_ticks
from focusbench.widgets.wording import clock, count, escape, position

HFR_HEIGHT, STRIP_HEIGHT, SET_HEIGHT = 96.0, 56.0, 72.0
LEAST_S = 1800.0
"""The axis of time is at least so long."""
LETTER = 0.0135
"""A letter of a label takes so much of the width, in a panel at 1280 px."""
HOUR_S = 3600.0


def history_html(night: NightProgress, now_s: float) -> str:
    """HFR, stars and temperature of every frame on one axis of time; focus runs are uprights."""
    start = night.started_s
    frames, runs = night.frames, night.runs
    last = max([now_s, *(frame.time_s for frame in frames), *(run.ended_s for run in runs)])
    x_range = (start, max(last, start + LEAST_S))
    ticks = _hours(x_range)
    hfr = [frame.hfr for frame in frames]
    top = 1.15 * max([value for value in hfr if value is not None], default=4.0)
    said = f"{count(len(frames), 'frame')}, {count(len(runs), 'focus run')}"
    plot = SvgPlot(x_range, (0.0, top), HFR_HEIGHT, f"HFR: {said}")
    plot.y_ticks(round_ticks(0, top, 4))
    _runs(plot, runs, labels=True)
    plot.path(*_line(frames, hfr), "var(--fb-muted)", 1)
    for frame in frames:
        if frame.hfr is None:
            plot.cross(frame.time_s, 0.06 * top, 3.5, "var(--fb-x)")
        else:
            plot.disc(frame.time_s, frame.hfr, 2.6, "var(--fb-point)", frame_words(frame))
    counts = [frame.n_stars for frame in frames]
    degrees = [frame.temperature_c for frame in frames]
    below = [
        _strip(plot, frames, values, runs, name)
        for values, name in ((counts, "stars"), (degrees, "°C"))
        if any(value is not None for value in values)
    ]
    # Time is written once, below the last of them.
    (below[-1] if below else plot).x_ticks(ticks, _hour)
    shown = [plot.html("HFR, px at 1×1", "| auto focus   ✕ no stars")]
    return "".join((*shown, *(strip.html(strip.label) for strip in below)))


def frame_words(frame: LightFrame) -> str:
    """A frame in a line: when, what, how it was."""
    parts = [f"{clock(frame.time_s)}: {frame.kind}"]
    if frame.hfr is not None:
        parts.append(f"HFR {frame.hfr:.2f}")
    if frame.n_stars is not None:
        parts.append(count(frame.n_stars, "star"))
    if frame.temperature_c is not None:
        parts.append(f"{frame.temperature_c:.1f} °C".replace("-", "−"))
    return ", ".join(parts)


def comparison_html(compared: TriggerComparison, night: int = 0, most: int = 6) -> str:
    """How far each set of triggers leaves focus through one night, and its runs, one under another.

    A filled mark below is a run that was needed, a hollow one a false alarm, an X one that did not
    focus.
    """
    rows = list(compared.nights.items())[:most]
    lived = [(name, nights[night]) for name, nights in rows]
    known = [abs(x) for _, one in lived for x in one.off_focus.tolist() if math.isfinite(x)]
    zone = max((one.zone for _, one in lived if math.isfinite(one.zone)), default=math.nan)
    edge = 1.1 * max([*sorted(known)[: math.ceil(0.98 * len(known))], 2 * _or(zone, 10.0)])
    starts = [one.times_s[0] for _, one in lived if one.n_frames]
    ends = [one.times_s[-1] for _, one in lived if one.n_frames]
    if not starts:
        return ""
    x_range = (min(starts) - 600, max(ends) + 600)
    return "".join(_set_strip(name, one, x_range, edge) for name, one in lived)


def _set_strip(name: str, one: TriggerNight, x_range: tuple[float, float], edge: float) -> str:
    plot = SvgPlot(x_range, (-edge, edge), SET_HEIGHT, f"{name}: {one.sentence}")
    plot.y_ticks([0, one.zone] if math.isfinite(one.zone) else [0])
    if math.isfinite(one.zone):
        for side in (-one.zone, one.zone):
            plot.across(side, "var(--fb-zone)")
    for x, y in zip(one.times_s.tolist(), one.off_focus.tolist(), strict=True):
        if math.isfinite(y):
            inside = not math.isfinite(one.zone) or abs(y) <= one.zone
            draw, color = (plot.disc, "point") if inside else (plot.ring, "x")
            draw(x, min(max(y, -edge), edge), 2.2, f"var(--fb-{color})")
    for alarm, words in zip(one.alarms, one.words, strict=True):
        verdict = one.judge(alarm)
        at = -0.88 * edge
        plot.upright(alarm.time_s, "var(--fb-grid)")
        if verdict == "no focus":
            plot.cross(alarm.time_s, at, 4, "var(--fb-x)")
        elif verdict == "false":
            plot.ring(alarm.time_s, at, 4, "var(--fb-warn)", words, width=2)
        else:
            plot.disc(alarm.time_s, at, 4, "var(--fb-fit)", words)
    plot.x_ticks(_hours(x_range), _hour)
    return f'<div class="fb-set"><b>{escape(name)}</b>: {escape(one.sentence)}</div>' + plot.html(
        "steps off focus", "● run needed   ○ false alarm   ✕ no focus"
    )


def _strip(
    above: SvgPlot,
    frames: Sequence[LightFrame],
    values: Sequence[float | None],
    runs: Sequence[FocusRun],
    name: str,
) -> SvgPlot:
    """A low plot on the axis of time of the one above; counts begin at zero."""
    there = [value for value in values if value is not None]
    low, high = min(there), max(there)
    pad = max(0.5, 0.1 * (high - low))
    y_range = (0.0, max(1.0, 1.15 * high)) if name == "stars" else (low - pad, high + pad)
    plot = SvgPlot(above.x_range, y_range, STRIP_HEIGHT, name)
    plot.y_ticks(round_ticks(*y_range, 3))
    _runs(plot, runs, labels=False)
    plot.path(*_line(frames, values), "var(--fb-point)", 1.6)
    return plot


def _runs(plot: SvgPlot, runs: Sequence[FocusRun], *, labels: bool) -> None:
    free_from = -math.inf
    width = plot.x_range[1] - plot.x_range[0]
    for run in runs:
        color, dash = {
            Outcome.FOCUSED: ("var(--fb-fit)", ""),
            Outcome.LOWEST_POINTS: ("var(--fb-warn)", "5 3"),
        }.get(run.outcome, ("var(--fb-x)", "1.5 3"))
        plot.upright(run.ended_s, color, dash, run_words(run))
        name = ", ".join(run.triggers) or run.words
        length = LETTER * len(name) * width
        near_end = run.ended_s + length > plot.x_range[1]
        begins = run.ended_s - length if near_end else run.ended_s
        # A label stands where there is room for it; every upright tells the same when pointed at.
        if labels and begins >= free_from:
            plot.text(
                run.ended_s,
                plot.y_range[1],
                name,
                color="var(--fb-muted)",
                up=-11,
                right=-4 if near_end else 4,
                anchor="end" if near_end else "start",
            )
            free_from = begins + length


def run_words(run: FocusRun) -> str:
    """A focus run in a line: when, what came of it, why."""
    where = "" if run.final_position is None else position(run.final_position)
    came = "focused" if run.focused else run.diagnosis.rstrip(".") or run.outcome.lower()
    if where and where not in came:
        came += f", {where}"
    return f"{clock(run.ended_s)}: {came} ({run.words})"


def _line(
    frames: Sequence[LightFrame], values: Sequence[float | None]
) -> tuple[list[float], list[float]]:
    pairs = [(f.time_s, v) for f, v in zip(frames, values, strict=True) if v is not None]
    return [x for x, _ in pairs], [y for _, y in pairs]


def _hours(x_range: tuple[float, float]) -> list[float]:
    """Moments for ticks: whole hours, or quarters of a short night."""
    length = x_range[1] - x_range[0]
    step = next((s for s in (900.0, 1800.0, HOUR_S, 2 * HOUR_S) if length / s <= 10), 4 * HOUR_S)
    first = math.ceil(x_range[0] / step)
    return [step * n for n in range(first, math.floor(x_range[1] / step) + 1)]


def _hour(time_s: float) -> str:
    return clock(time_s)[:5]


def _or(value: float, otherwise: float) -> float:
    return value if math.isfinite(value) else otherwise
