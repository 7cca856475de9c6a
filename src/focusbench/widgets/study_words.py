"""What the tuning panel says: of a study on its way, of its advice, of what copying changes."""

import math
from collections.abc import Sequence

import numpy as np

from focusbench.af_packages import Package
from focusbench.options import AutofocusOptions
from focusbench.tuning import Choice, RigModel
from focusbench.widgets.say_line import SayLine
from focusbench.widgets.study_job import StudyState
from focusbench.widgets.wording import about, count, duration, escape, plus_minus

COPIED = {
    "step_size": "step size",
    "data_points": "data points",
    "exposure_s": "exposure",
    "frames_per_point": "frames per point",
    "backlash": "backlash",
}
"""Options that a study may advise to change."""


def say_study(state: StudyState, picked: Sequence[Package], trouble: str = "") -> SayLine:
    """Say what is going on, or what came of it."""
    if trouble:
        return SayLine("✕", "That did not work.", trouble)
    if state.cancelling and state.running:
        return SayLine("", "Cancelling.", "The runs under way are finished first.", busy=True)
    if state.phase == "learning":
        return SayLine(
            "",
            f"Learning the rig from {count(len(picked), 'package')}.",
            "The first study after installing takes a little longer: it is compiled once.",
            busy=True,
        )
    if state.phase == "studying":
        left = "" if state.left_s is None else f", about {about(state.left_s)} left"
        return SayLine(
            "",
            f"{len(state.choices)} of {state.cells} settings{left}.",
            "" if state.rig is None else learned(state.rig),
            busy=True,
        )
    if state.phase == "done" and state.rig is not None:
        runs = sum(len(choice.trials) for choice in state.choices.values())
        return SayLine(
            "✓" if state.study and state.study.advice.reached else "!",
            f"Study finished: {state.cells} settings, {runs} runs in {duration(state.elapsed_s)}.",
            learned(state.rig),
        )
    if state.phase == "cancelled":
        made = f"{len(state.choices)} of {count(state.cells, 'setting')} were simulated."
        return SayLine("–", "Cancelled.", made if state.choices else "Nothing was simulated yet.")
    if state.phase == "failed":
        return SayLine("✕", "No study came of it.", state.error)
    if not picked:
        return SayLine(
            "", "No packages picked yet.", "Give the folder of last night's runs and tick some."
        )
    if filters := mixed(picked):
        return SayLine(
            "!",
            f"{count(len(picked), 'package')} picked, of {filters}.",
            "A study takes them for one rig in one filter: tick runs of one filter alone.",
        )
    more = "" if len(picked) > 2 else " Two more runs would make the advice surer."
    return SayLine(
        "",
        "Ready.",
        f"Study learns the rig from {count(len(picked), 'package')} and simulates its nights."
        + (more if len(picked) == 1 else ""),
    )


def mixed(packages: Sequence[Package]) -> str:
    """The filters of runs that are of several; empty where they are of one."""
    filters = sorted({package.filter or "no filter" for package in packages})
    return " and ".join(filters) if len(filters) > 1 else ""


def learned(rig: RigModel) -> str:
    """What the packages tell of their rig."""
    noise = np.hypot(rig.of("scatter"), rig.of("star_error"))
    slope = rig.typical("b") / rig.typical("minimum_px")
    low, high = np.quantile(rig.of("lag"), (0.05, 0.95))
    if low < 1:
        backlash = f"backlash below {max(1, math.ceil(high))}"
    else:
        backlash = f"backlash {low:.0f} to {high:.0f}"
    seconds = rig.typical("overhead_s") + rig.options.exposure_s
    return (
        f"Learned from {count(rig.n_runs, 'package')}: noise {100 * np.median(noise):.1f} %, "
        f"slope 1 px per {slope:.0f} steps, {backlash} steps, {seconds:.1f} s a frame."
        + "".join(f" {assumption}" for assumption in rig.assumptions)
    )


def setting(choice: Choice) -> str:
    """Data points × step size, as people say it."""
    return f"{choice.data_points} × {choice.step_size}"


def figures(choice: Choice) -> str:
    """What a setting gives and costs: "98 of 100 runs end in the zone, ± 8 steps, 51 s each"."""
    error = "" if math.isnan(choice.position_error) else f", {plus_minus(choice.position_error)}"
    return (
        f"{100 * choice.in_zone_rate:.0f} of 100 runs end in the zone{error}"
        f"{' steps' if error else ''}, {duration(choice.duration_s)} each"
    )


def advice_html(state: StudyState) -> str:
    """The advice: what to use, your setting beside it, what limits it, how sure it is."""
    if state.study is None:
        words = "The advice stands here when the study is done."
        return f'<div class="fb-advise fb-muted">{words}</div>'
    advice = state.study.advice
    best, yours = advice.recommended, _yours(state)
    keep = yours is not None and yours.settings == best.settings
    head = f"Keep {setting(best)}." if keep else (
        f"Use {best.data_points} data points, step size {best.step_size}."
    )  # fmt: skip
    lines = [f"{figures(best)}."]
    if keep:
        lines.append("Nothing cheaper keeps focus in 95 of 100 runs.")
    elif yours is not None:
        saved = yours.duration_s - best.duration_s
        gain = f" <b>{duration(saved)} saved per run.</b>" if saved >= 1 else ""
        lines.append(f"Your setting, {setting(yours)}: {_short(yours)}.{gain}")
    rule = advice.rule_of_thumb
    lines.append(f"SGPro’s rule of thumb, {setting(rule)}: {_short(rule)}.")
    if not advice.reached:
        lines.insert(
            0, "<b>No setting studied keeps focus in 95 of 100 runs</b>; this is the best."
        )
    rate = best.estimates["in_zone_rate"]
    small = [
        f"From {count(state.study.rig.n_runs, 'package')}, so {_between(rate.low, rate.high)} "
        "of 100 in the zone."
        + (" Two more would tell it better." if state.study.rig.n_runs == 1 else ""),
        escape(advice.limit),
    ]
    if advice.runner_up is not None:
        small.append(f"Runner-up: {setting(advice.runner_up)}, {_short(advice.runner_up)}.")
    body = "".join(f"<div>{line}</div>" for line in lines)
    fine = "".join(f"<div>{line}</div>" for line in small)
    return (
        f'<div class="fb-advise"><div class="fb-advised">{head}</div>{body}'
        f'<div class="fb-fine">{fine}</div></div>'
    )


def programs_html(state: StudyState) -> str:
    """The numbers to type into other programs, a row each; the exposure stays as it was."""
    if state.study is None:
        return ""
    rows = "".join(
        f"<tr><th>{escape(program)}</th><td>"
        + ", ".join(
            f"{escape(word)} <b>{value:g}</b>"
            for word, value in fields.items()
            if word != "exposure"
        )
        + "</td></tr>"
        for program, fields in state.study.advice.other_programs.items()
    )
    return (
        '<div class="fb-section">The numbers to type in</div>'
        f'<table class="fb-programs">{rows}</table>'
    )


def changes(old: AutofocusOptions, new: AutofocusOptions) -> dict[str, tuple[float, float]]:
    """What copying would change: name of the option, old and new value."""
    return {
        name: (getattr(old, name), getattr(new, name))
        for name in COPIED
        if getattr(old, name) != getattr(new, name)
    }


def change_sentence(old: AutofocusOptions, new: AutofocusOptions) -> str:
    """The same in words: "Step size 60 → 80, data points 9 → 7."."""
    parts = [
        f"{COPIED[name]} {was:g} → {will:g}" for name, (was, will) in changes(old, new).items()
    ]
    text = ", ".join(parts)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _yours(state: StudyState) -> Choice | None:
    if state.yours is None:
        return None
    return state.choices.get((state.yours.step_size, state.yours.data_points))


def _short(choice: Choice) -> str:
    error = "" if math.isnan(choice.position_error) else f", {plus_minus(choice.position_error)}"
    return f"{100 * choice.in_zone_rate:.0f} of 100{error}, {duration(choice.duration_s)}"


def _between(low: float, high: float) -> str:
    ends = f"{100 * low:.0f}", f"{100 * high:.0f}"
    return ends[0] if ends[0] == ends[1] else " to ".join(ends)
