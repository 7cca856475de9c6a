"""A night: target events, light frames and image history that ask the triggers.

Never: decides by itself when focus is due.
Imported by: tuning and the rooms above; imports triggers, engine, af_packages and below.

How a night flows::

    Sequence ─► night_run(sequence, station, wishes) ─► events ─► fold ─► NightProgress
                     │ asks            ▲ pause, resume,     │
                     ▼                 │ focus now, flip    ├─ Journal (before a frame counts)
        RigStation │ PointStation    Wishes                 └─ watchers

`night_run` touches no device, clock or file. `RigStation` does it with a rig, its `FocusSession`
and FITS files; `PointStation` with formulas, a night in milliseconds. `Night` runs it in a thread,
keeps the journal, and goes on with a night that was broken off. What is known of a night is the
fold of its events, the same for a panel, for the next decision and after a crash.
"""

from focusbench.sequence.events import (
    Asked,
    Centred,
    FilterTurned,
    FocusEnded,
    FocuserFound,
    FocuserSent,
    FocusRun,
    FocusStarted,
    FrameLost,
    FrameStarted,
    FrameTaken,
    NightContinued,
    NightEnded,
    NightEvent,
    NightStarted,
    NightWarned,
    Paused,
    Resumed,
)
from focusbench.sequence.history import ImageHistory
from focusbench.sequence.hold import Hold
from focusbench.sequence.journal import JOURNAL, Journal, read_events, read_night
from focusbench.sequence.lasting import LIGHTS
from focusbench.sequence.night import night_run
from focusbench.sequence.plan import Row, Sequence, Target
from focusbench.sequence.plan_files import load_sequence, save_sequence
from focusbench.sequence.point_sky import PointSky
from focusbench.sequence.point_station import PointStation
from focusbench.sequence.progress import Expected, NightProgress, fold
from focusbench.sequence.rig_station import RigStation
from focusbench.sequence.runner import Night
from focusbench.sequence.sky_place import SkyPlace, sky_place
from focusbench.sequence.station import Station
from focusbench.sequence.wishes import Wishes

__all__ = [
    "JOURNAL",
    "LIGHTS",
    "Asked",
    "Centred",
    "Expected",
    "FilterTurned",
    "FocusEnded",
    "FocusRun",
    "FocusStarted",
    "FocuserFound",
    "FocuserSent",
    "FrameLost",
    "FrameStarted",
    "FrameTaken",
    "Hold",
    "ImageHistory",
    "Journal",
    "Night",
    "NightContinued",
    "NightEnded",
    "NightEvent",
    "NightProgress",
    "NightStarted",
    "NightWarned",
    "Paused",
    "PointSky",
    "PointStation",
    "Resumed",
    "RigStation",
    "Row",
    "Sequence",
    "SkyPlace",
    "Station",
    "Target",
    "Wishes",
    "fold",
    "load_sequence",
    "night_run",
    "read_events",
    "read_night",
    "save_sequence",
    "sky_place",
]
