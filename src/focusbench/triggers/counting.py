"""Triggers on what has passed since the last focus, and on what happened once."""

from focusbench.options import TriggerOptions
from focusbench.triggers.decisions import Decision, Trigger
from focusbench.triggers.state import Happened, TriggerState
from focusbench.triggers.words import against, number, reached, span

PACE_NEEDS_S = 300.0
"""How long the temperature must have been watched before its pace says anything, seconds."""


def first_frame(state: TriggerState, options: TriggerOptions) -> Decision | None:
    """Before the first frame of a sequence, not when it goes on after a pause."""
    if not options.before_first_frame:
        return None
    if state.reference.focused:
        return Decision(Trigger.FIRST_FRAME, False, "done")
    if "start" in state.happened and not state.frames:
        return Decision(Trigger.FIRST_FRAME, True, "none was taken yet", 0.0)
    return Decision(Trigger.FIRST_FRAME, False, "the first frame was taken")


def resume(state: TriggerState, options: TriggerOptions) -> Decision | None:
    """After a pause."""
    return _once(state, options.on_resume, Trigger.RESUME, ("resume",), "the sequence goes on")


def centring(state: TriggerState, options: TriggerOptions) -> Decision | None:
    """After an automatic centring or a meridian flip."""
    return _once(state, options.after_centring, Trigger.CENTRING, ("centring", "meridian flip"))


def _once(
    state: TriggerState, on: bool, trigger: Trigger, kinds: tuple[Happened, ...], words: str = ""
) -> Decision | None:
    if not on:
        return None
    found = [what for what in state.happened if what in kinds]
    if not found:
        return Decision(trigger, False, f"no {' or '.join(kinds)} since the last focus")
    return Decision(trigger, True, words or "after " + " and ".join(found), 0.0)


def filter_change(state: TriggerState, options: TriggerOptions) -> Decision | None:
    """The next frame is taken through another filter than the last focus."""
    if not options.on_filter_change:
        return None
    last, wanted = state.reference.filter, state.next.filter
    if last is None or wanted is None:
        return Decision(Trigger.FILTER, False, "there is no filter wheel")
    if last == wanted:
        return Decision(Trigger.FILTER, False, f"still {wanted}")
    return Decision(Trigger.FILTER, True, f"{last} → {wanted}", 0.0)


def frames(state: TriggerState, options: TriggerOptions) -> Decision | None:
    """Every so many frames."""
    limit = options.every_frames
    if limit is None:
        return None
    taken = len(state.frames)
    left_s = max(0, limit - taken) * state.next.exposure_s
    return Decision(
        Trigger.FRAMES,
        taken >= limit,
        f"{against(taken, limit, 0)} frames",
        0.0 if taken >= limit else left_s or None,
    )


def temperature(state: TriggerState, options: TriggerOptions) -> Decision | None:
    """Every so many degrees, warmer or colder."""
    limit = options.every_c
    if limit is None:
        return None
    was, now = state.reference.temperature_c, state.temperature_c
    if now is None:
        return Decision(Trigger.TEMPERATURE, False, "the temperature is not known")
    if was is None:
        return Decision(Trigger.TEMPERATURE, False, "no temperature is known since the last focus")
    change = abs(now - was)
    due = reached(change, limit)
    pace = change / state.since_focus_s if state.since_focus_s >= PACE_NEEDS_S else 0.0
    return Decision(
        Trigger.TEMPERATURE,
        due,
        _change_words(was, now, limit),
        0.0 if due else (limit - change) / pace if pace > 0 else None,
    )


def _change_words(was: float, now: float, limit: float) -> str:
    """Say a change of temperature; finer where roundings would contradict each other."""
    change = abs(now - was)
    shown = abs(round(was, 1) - round(now, 1))
    decimals = 1 if round(shown, 1) == round(change, 1) else 2
    said = against(change, limit, decimals)
    return f"{number(was, decimals)} °C → {number(now, decimals)} °C: {said}"


def time(state: TriggerState, options: TriggerOptions) -> Decision | None:
    """Every so many minutes that the sequence runs."""
    if options.every_minutes is None:
        return None
    limit_s = 60 * options.every_minutes
    due = reached(state.since_focus_s, limit_s)
    words = f"{against(state.since_focus_s / 60, options.every_minutes)} min"
    if state.went_back_s:
        words += f"; the clock went back by {span(state.went_back_s)}, which does not count"
    return Decision(Trigger.TIME, due, words, 0.0 if due else limit_s - state.since_focus_s)


def retry(state: TriggerState, options: TriggerOptions) -> Decision | None:
    """Once more after a run that did not focus."""
    if options.after_failure != "retry" or state.failed_s is None:
        return None
    left_s = cool_down_left_s(state, options)
    if left_s > 0:
        return Decision(Trigger.RETRY, False, f"in {span(left_s)}", left_s)
    ago = span(state.elapsed_s - state.failed_s)
    return Decision(Trigger.RETRY, True, f"the last run failed {ago} ago", 0.0)


def cool_down_left_s(state: TriggerState, options: TriggerOptions) -> float:
    """How much of the cool-down after a failed run is left, seconds; 0 where none is."""
    if state.failed_s is None:
        return 0.0
    left_s = 60 * options.cool_down_minutes - (state.elapsed_s - state.failed_s)
    return left_s if left_s > 1e-6 else 0.0
