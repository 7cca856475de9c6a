"""When to focus: each trigger is a pure decision that explains itself.

Never: moves or exposes anything, or keeps the night's clock.
Imported by: sequence and the rooms above; imports options.

A night is followed by pure functions: `begun` makes its state; `observed` (time and temperature,
before the triggers are asked), `after_frame`, `after_run`, `after_pause` and `after_centring`
return the state after each thing that happens; `decide(state, options)` asks all triggers. So the
same triggers work at the telescope, in simulated nights, and on an image history replayed.
"""

from focusbench.triggers.deciding import decide
from focusbench.triggers.decisions import Decided, Decision, Trigger
from focusbench.triggers.frames import FrameKind, LightFrame
from focusbench.triggers.history import baseline
from focusbench.triggers.state import (
    Happened,
    Reference,
    TriggerState,
    after_centring,
    after_frame,
    after_pause,
    after_run,
    begun,
    observed,
)

__all__ = [
    "Decided",
    "Decision",
    "FrameKind",
    "Happened",
    "LightFrame",
    "Reference",
    "Trigger",
    "TriggerState",
    "after_centring",
    "after_frame",
    "after_pause",
    "after_run",
    "baseline",
    "begun",
    "decide",
    "observed",
]
