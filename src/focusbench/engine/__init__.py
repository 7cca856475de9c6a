"""The run: a generator of events over a sampler, and the session that owns a rig and runs it.

Never: knows a widget, a file format or a particular driver.
Imported by: doctor and the rooms above; imports devices, stars and below.
"""

from focusbench.engine.cancel_file import request_cancel
from focusbench.engine.curve_sampler import CurveSampler
from focusbench.engine.events import (
    CurvesFitted,
    Event,
    FilterChanged,
    MoveStarted,
    PointMeasured,
    PointStarted,
    RunDismissed,
    RunFinished,
    RunStarted,
    SweepExtended,
    SweepStarted,
    Validated,
    Warned,
)
from focusbench.engine.hooks import Hook, log_warnings, tell_warnings
from focusbench.engine.progress import Activity, RunProgress, fold
from focusbench.engine.record import RunRecord, Validation
from focusbench.engine.rig_sampler import RigSampler
from focusbench.engine.run import autofocus_run, verdict
from focusbench.engine.sampler import Passing, Sample, Sampler
from focusbench.engine.session import FocusSession, Recorder

__all__ = [
    "Activity",
    "CurveSampler",
    "CurvesFitted",
    "Event",
    "FilterChanged",
    "FocusSession",
    "Hook",
    "MoveStarted",
    "Passing",
    "PointMeasured",
    "PointStarted",
    "Recorder",
    "RigSampler",
    "RunDismissed",
    "RunFinished",
    "RunProgress",
    "RunRecord",
    "RunStarted",
    "Sample",
    "Sampler",
    "SweepExtended",
    "SweepStarted",
    "Validated",
    "Validation",
    "Warned",
    "autofocus_run",
    "fold",
    "log_warnings",
    "request_cancel",
    "tell_warnings",
    "verdict",
]
