"""What the say line of a run says, before, during and after it: pure functions."""

import dataclasses

from focusbench.engine import Activity, RunProgress
from focusbench.widgets.say_finished import say_finished
from focusbench.widgets.say_line import PanelState, SayLine, join
from focusbench.widgets.say_running import say_running
from focusbench.widgets.wording import position

ROUGH_FOCUS = (
    "Focus roughly by hand first; auto focus keeps focus, it does not find it from far away."
)


def say(progress: RunProgress, activity: Activity, state: PanelState) -> SayLine:
    """Say what is going on, or what came of it."""
    if state.running:
        line = say_running(progress, activity, state)
        line = dataclasses.replace(line, busy=True)
    elif state.trouble:
        line = SayLine("✕", "That did not work.", state.trouble)
    elif progress.record is not None:
        line = say_finished(progress, progress.record, state)
    else:
        line = _say_ready(state)
    if state.notes:
        line = SayLine(line.sign, line.first, join(*state.notes, line.second), line.busy)
    return line


def _say_ready(state: PanelState) -> SayLine:
    if state.obstacles:
        return SayLine("✕", "Not ready: a run would fail.", " ".join(state.obstacles))
    if state.last_best is None or state.position is None:
        return SayLine("", "Ready.", ROUGH_FOCUS)
    sweep = state.options.sweep_positions(state.position)
    return SayLine(
        "",
        "Ready.",
        f"Run starts at {sweep[0]} and steps in to {sweep[-1]}. "
        f"Last focus: {position(state.last_best)}.",
    )
