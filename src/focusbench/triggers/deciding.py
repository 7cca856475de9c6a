"""All triggers, asked at once."""

from focusbench.options import TriggerOptions
from focusbench.triggers import counting
from focusbench.triggers.decisions import Decided
from focusbench.triggers.history import history
from focusbench.triggers.state import TriggerState
from focusbench.triggers.words import span

_TRIGGERS = (
    counting.first_frame,
    counting.resume,
    counting.centring,
    counting.filter_change,
    counting.frames,
    counting.temperature,
    counting.time,
    history,
    counting.retry,
)


def decide(state: TriggerState, options: TriggerOptions) -> Decided:
    """Ask all triggers that are on. Pure: it looks at nothing but its arguments.

    Parameters
    ----------
    state : TriggerState
        Made by `begun`, and followed through the night by `observed`, `after_frame`, `after_run`,
        `after_pause` and `after_centring`.
    options : TriggerOptions

    Returns
    -------
    Decided
        Empty where `use_auto_focus` is off.

    Examples
    --------
    >>> from focusbench.triggers import FrameKind, after_run, begun, observed
    >>> kind = FrameKind("M 31", "L", 1, 300)
    >>> state = after_run(begun(0.0, kind, temperature_c=12.4), focused=True)
    >>> state = observed(state, time_s=3600, next=kind, temperature_c=10.9)
    >>> print(decide(state, TriggerOptions(every_c=1)).words)
    temperature: 12.4 °C → 10.9 °C: 1.5 ≥ 1.0
    """
    if not options.use_auto_focus:
        return Decided()
    answers = (trigger(state, options) for trigger in _TRIGGERS)
    left_s = counting.cool_down_left_s(state, options)
    held = ""
    if left_s:
        held = (
            f"cool-down after a run that did not focus: {span(left_s)} of "
            f"{options.cool_down_minutes:g} min left"
        )
    return Decided(tuple(answer for answer in answers if answer is not None), held)
