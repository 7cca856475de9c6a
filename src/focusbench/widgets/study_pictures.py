"""Pictures of a study: what runs with one setting look like, and what each setting costs."""

import itertools
import math
from collections.abc import Iterable, Sequence

import numpy as np

from focusbench.engine import RunRecord
from focusbench.tuning import Advice, Choice
from focusbench.widgets.study_words import figures, setting
from focusbench.widgets.svg_plot import SvgPlot, round_ticks
from focusbench.widgets.wording import count, escape

BINS = 61
"""Columns that the dots are stacked in, an odd number so that one holds true focus."""
TRIALS_HEIGHT, CURVES_HEIGHT, COST_HEIGHT = 108, 108, 100
DOT = 2.6
"""Radius of a dot, pixels."""

Example = tuple[RunRecord, float]
"""A run, and where best focus was."""


def trials_html(choice: Choice, zone: float) -> str:
    """Every run of a setting: a dot by its distance from true focus, an X where it found none."""
    errors, focused, good = choice.trials.position_error, choice.trials.focused, choice.in_zone
    edge = _edge(errors[focused], zone)
    column = np.round(np.clip(errors / edge, -1, 1) * (BINS // 2)).astype(int)
    tallest = max(1, *np.bincount(column + BINS // 2).tolist())
    said = trials_sentence(choice)
    top = max(tallest, TRIALS_HEIGHT / (2 * DOT + 0.6))
    plot = SvgPlot((-edge, edge), (0.0, float(top)), TRIALS_HEIGHT, f"{setting(choice)}: {said}")
    plot.band(-zone, zone, "var(--fb-zone)")
    stacked = dict[int, int]()
    # What is not good lies on top of its column, where it is seen.
    for i in np.lexsort((np.abs(errors), ~focused, ~good)):
        at = int(column[i])
        level = stacked.get(at, 0)
        stacked[at] = level + 1
        x, y = at / (BINS // 2) * edge, level + 0.5
        if not focused[i]:
            plot.cross(x, y, DOT + 0.6, "var(--fb-x)")
        elif good[i]:
            plot.disc(x, y, DOT, "var(--fb-point)")
        else:
            plot.ring(x, y, DOT, "var(--fb-x)", width=1.6)
    plot.x_ticks(sorted({-round(zone), 0, round(zone), *_outer(edge, zone)}))
    beyond = int((np.abs(errors) > edge).sum())
    more = f", {beyond} further off" if beyond else ""
    return plot.html(f"{said}{more}", "steps off focus")


def trials_sentence(choice: Choice) -> str:
    """How many of the runs ended how."""
    focused, good = choice.trials.focused, choice.in_zone
    parts = [f"{int(good.sum())} in the zone"]
    if outside := int((focused & ~good).sum()):
        parts.append(f"{outside} outside")
    if failed := int((~focused).sum()):
        parts.append(f"✕ {failed} without a focus")
    return ", ".join(parts)


def curves_html(examples: Sequence[Example], zone: float) -> str:
    """The V-curves of a few runs, each about the focus it looked for."""
    curves = [
        [(p.position - focus, p.metric) for p in record.points
         if p.role != "validation" and math.isfinite(p.metric)]
        for record, focus in examples
    ]  # fmt: skip
    curves = [sorted(points) for points in curves if len(points) > 1]
    if not curves:
        return ""
    edge = 1.06 * max(abs(x) for points in curves for x, _ in points)
    top = 1.08 * max(y for points in curves for _, y in points)
    plot = SvgPlot((-edge, edge), (0.0, top), CURVES_HEIGHT, "V-curves of the first runs")
    plot.y_ticks(round_ticks(0, top, 4))
    plot.band(-zone, zone, "var(--fb-zone)")
    for points in curves:
        plot.path([x for x, _ in points], [y for _, y in points], "var(--fb-muted)", 1)
    for x, y in itertools.chain(*curves):
        plot.disc(x, y, 2.4, "var(--fb-point)")
    plot.x_ticks(round_ticks(-edge, edge, 5))
    return plot.html("HFR, px", f"{count(len(curves), 'run')}, steps off focus")


def cost_html(
    choices: Iterable[Choice], advice: Advice | None, zone: float | None, picked: Choice | None
) -> str:
    """Error against time of every setting, with the advice and the rule of thumb."""
    shown = [c for c in choices if math.isfinite(c.position_error) and c.position_error > 0]
    rule = advice.rule_of_thumb if advice is not None else None
    if rule is not None and not math.isfinite(rule.position_error):
        rule = None
    if len(shown) < 2:
        return ""
    everything = [*shown, rule] if rule else shown
    times = [c.duration_s for c in everything]
    errors = [c.position_error for c in everything]
    pad = 0.08 * (max(times) - min(times) or 10.0)
    top = max(*errors, zone or 0) * 1.25
    plot = SvgPlot(
        (min(times) - pad, max(times) + pad),
        (min(errors) * 0.8, top),
        COST_HEIGHT,
        "Error against time of every setting",
        log_y=True,
    )
    plot.y_ticks(_log_ticks(min(errors) * 0.8, top))
    plot.x_ticks(round_ticks(*plot.x_range, 7))
    if zone:
        plot.across(zone, "var(--fb-zone)", f"zone ± {zone:.0f}")
    front = cheapest_at_each_error(shown)
    plot.path([c.duration_s for c in front], [c.position_error for c in front], "var(--fb-fit)", 2)
    for c in shown:
        tooltip = f"{setting(c)}: {figures(c)}"
        draw = plot.disc if c.keeps_focus else plot.ring
        color = "var(--fb-point)" if c.keeps_focus else "var(--fb-muted)"
        draw(c.duration_s, c.position_error, 4, color, tooltip)
    if rule is not None:
        x, y = rule.duration_s, rule.position_error
        plot.diamond(x, y, 7, "var(--fb-warn)", f"rule of thumb, {setting(rule)}: {figures(rule)}")
    if picked is not None and picked in shown:
        x, y = picked.duration_s, picked.position_error
        plot.ring(x, y, 8, "var(--fb-ink)", width=2)
        right = x > sum(plot.x_range) / 2
        plot.text(
            x, y, setting(picked), bold=True, up=12,
            anchor="end" if right else "start", right=-4 if right else 4,
        )  # fmt: skip
    return plot.html("error, steps", "time for one run, s") + _cost_legend(shown, front, rule)


def cheapest_at_each_error(choices: Sequence[Choice]) -> list[Choice]:
    """The settings that keep focus and that no other one beats in both time and error."""
    front: list[Choice] = []
    for c in sorted((c for c in choices if c.keeps_focus), key=lambda c: c.duration_s):
        if not front or c.position_error < front[-1].position_error:
            front.append(c)
    return front


def _cost_legend(shown: Sequence[Choice], front: Sequence[Choice], rule: Choice | None) -> str:
    circle = '<circle cx="8" cy="6" r="4" style="{}"/>'
    entries = [
        (front, circle.format("fill:var(--fb-point)"), "keeps focus in 95 % of runs"),
        (
            any(not c.keeps_focus for c in shown),
            circle.format("fill:none;stroke:var(--fb-muted)"),
            "does not",
        ),
        (len(front) > 1, '<path d="M0 6H16" style="stroke:var(--fb-fit);stroke-width:2.5"/>',
         "cheapest at each error"),
        (rule, '<path d="M8 -1L13 6L8 13L3 6Z" style="fill:var(--fb-warn)"/>',
         "" if rule is None else f"rule of thumb, {setting(rule)}"),
    ]  # fmt: skip
    spans = "".join(
        f'<span><svg width="16" height="12" aria-hidden="true">{glyph}</svg>{escape(words)}</span> '
        for drawn, glyph, words in entries
        if drawn
    )
    return f'<div class="fb-legend">{spans}</div>'


def _edge(errors: np.ndarray, zone: float) -> float:
    """How far the axis reaches, steps: the zone with some room, or further if runs end there."""
    far = float(np.quantile(np.abs(errors), 0.98)) if len(errors) else 0.0
    return max(1.5 * zone, min(1.1 * far, 5 * zone), 1.0)


def _outer(edge: float, zone: float) -> list[int]:
    step = round(edge * 0.9 / 5) * 5 or round(edge)
    return [-step, step] if step > 1.3 * zone else []


def _log_ticks(low: float, high: float) -> list[float]:
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [t for d in decades for t in (10.0**d, 2 * 10.0**d, 5 * 10.0**d) if low <= t <= high]
