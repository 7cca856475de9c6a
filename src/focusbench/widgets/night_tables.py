"""Tables of a night: its rows, and what would start auto focus."""

from focusbench.sequence import NightProgress
from focusbench.triggers import Decision, Trigger, baseline
from focusbench.widgets.night_pictures import run_words
from focusbench.widgets.pieces import section
from focusbench.widgets.wording import clock, count, escape, position

MOST_RUNS = 6
"""So many of the latest runs are listed."""


def rows_html(night: NightProgress) -> str:
    """The rows of the sequence and how far each is; ▶ is the one that is being done."""
    body = []
    now = night.row if night.phase == "exposing" else night.next_row
    for number, (row, taken) in enumerate(zip(night.sequence.rows, night.done, strict=True)):
        frames = row.frames
        mark = "▶" if number == now and not night.complete else ""
        if taken >= frames.count:
            mark = "✓"
        body.append(
            f"<tr{' class=fb-now' if mark == '▶' else ''}><td>{mark}</td>"
            f"<td>{escape(row.target.name)}</td><td>{escape(frames.filter or '–')}</td>"
            f"<td>{frames.exposure_s:g} s</td><td>{frames.binning}×{frames.binning}</td>"
            f"<td>{taken} / {frames.count}</td></tr>"
        )
    return (
        '<table class="fb-rows"><thead><tr><th></th><th>Target</th><th>Filter</th><th>Exposure</th>'
        f"<th>Bin</th><th>Done</th></tr></thead><tbody>{''.join(body)}</tbody></table>"
    )


def triggers_html(night: NightProgress) -> str:
    """Every trigger that is on with its answer, and what holds them back."""
    if not night.sequence.triggers.use_auto_focus:
        return f'{section("What would start auto focus")}<div class="fb-muted">Use auto focus is '\
               'off: only Focus now does.</div>'  # fmt: skip
    answered = "".join(_answer(decision) for decision in night.decided.decisions)
    if not answered:
        answered = '<tr><td colspan="2" class="fb-muted">Triggers are asked before the first ' \
                   'frame.</td></tr>'  # fmt: skip
    held = night.decided.held
    holds = f'<div class="fb-held">! {escape(held)}</div>' if held else ""
    return (
        f"{section('What would start auto focus')}"
        f'<table class="fb-triggers"><tbody>{answered}</tbody></table>{holds}'
    )


def facts_html(night: NightProgress) -> str:
    """HFR now and its baseline, the last focus, the latest runs, warnings."""
    lines = []
    if night.frames:
        last = night.frames[-1]
        now = "no stars" if last.hfr is None else f"{last.hfr:.2f} px"
        base = baseline(night.state)
        known = base is not None and base.hfr is not None
        lines.append(("HFR now", now))
        lines.append(("Baseline", f"{base.hfr:.2f} px" if base and known else "the next frame"))
    focused = [run for run in night.runs if run.focused]
    if focused:
        last_run = focused[-1]
        at = "" if last_run.final_position is None else f", {position(last_run.final_position)}"
        lines.append(("Last focus", f"{clock(last_run.ended_s)[:5]}{at}"))
    if night.temperature_c is not None:
        lines.append(("Temperature", f"{night.temperature_c:.1f} °C".replace("-", "−")))
    if night.airmass is not None:
        lines.append(("Airmass", f"{night.airmass:.2f}"))
    facts = "".join(f"<tr><td>{name}</td><td>{escape(said)}</td></tr>" for name, said in lines)
    out = section("Now") + f'<table class="fb-facts"><tbody>{facts}</tbody></table>'
    if night.runs:
        listed = "".join(
            f"<li>{'✓' if run.focused else '✕'} {escape(run_words(run))}</li>"
            for run in reversed(night.runs[-MOST_RUNS:])
        )
        out += (
            section(count(len(night.runs), "focus run"))
            + f'<ul class="fb-night-list">{listed}</ul>'
        )
    if night.warnings:
        warned = "".join(f"<li>! {escape(text)}</li>" for text in reversed(night.warnings[-3:]))
        out += section("Warnings") + f'<ul class="fb-night-list">{warned}</ul>'
    return out


def _answer(decision: Decision) -> str:
    name = _NAMES.get(decision.trigger, str(decision.trigger))
    due = " class=fb-due" if decision.due else ""
    mark = "● " if decision.due else ""
    return f"<tr{due}><td>{escape(name)}</td><td>{mark}{escape(decision.words)}</td></tr>"


_NAMES = {trigger: trigger.value.capitalize() for trigger in Trigger}
