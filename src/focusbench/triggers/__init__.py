"""When to focus: each trigger is a pure decision that explains itself.

Never: moves or exposes anything, or keeps the night's clock.
Imported by: sequence and the rooms above; imports options.

A night is followed by pure functions: `begun` makes its state; `observed` (time and temperature,
before the triggers are asked), `after_frame`, `after_run`, `after_pause` and `after_centring`
return the state after each thing that happens; `decide(state, options)` asks all triggers. So the
same triggers work at the telescope, in simulated nights, and on an image history replayed.

What SGPro's help page has, by which option it is set here, and the test that holds us to it (in
`tests/triggers/test_triggers.py`). An option that the page does not have is marked with +.

Use auto focus (the master switch)
    `use_auto_focus`: test_nothing_is_asked_where_auto_focus_is_not_used
Every X frames, X degrees C, X minutes
    `every_frames`: test_every_x_frames
    `every_c`: test_every_x_degrees
    `every_minutes`: test_every_x_minutes
On filter change, even if the chosen trigger is not due
    `on_filter_change`: test_filter_change_runs_though_the_chosen_trigger_is_not_due
Before the first frame, not on resume
    `before_first_frame`: test_before_the_first_frame_is_not_asked_on_resume
On resume; counters keep their values otherwise
    `on_resume`: test_on_resume, test_counters_keep_their_values_through_pause_and_resume
After automatic centring or a meridian flip
    `after_centring`: test_after_centring_or_a_meridian_flip
Image history degradation
    `history`, `history_percent`, `history_frames`, `history_sinking` (off in the west; + corrected
    for airmass), `history_without_baseline`: test_image_history
After a run that did not focus
    + `cool_down_minutes`: test_a_failed_run_leaves_the_references_and_starts_the_cool_down
    + `after_failure`: test_retry_runs_again_after_the_cool_down_whether_anything_is_due_or_not
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
