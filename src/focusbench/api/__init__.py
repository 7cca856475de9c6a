"""The verbs of focusbench: each composes the rooms below.

Never: holds logic of its own.
Imported by: cli, widgets and the front door; imports every room below.
"""

from focusbench.af_packages import Package, import_runs, open_package, open_packages, read_runs
from focusbench.api.analysis import Analysis, analyze, measure_frame
from focusbench.api.rig_memory import RigMemory
from focusbench.api.runs import autofocus, new_recorder
from focusbench.api.samples import sample_packages, write_sample_packages
from focusbench.api.studies import tune
from focusbench.engine import FocusSession, RunRecord
from focusbench.frames import read_frame
from focusbench.options import AutofocusOptions
from focusbench.simulator import simulated_rig
from focusbench.tuning import Study

__all__ = [
    "Analysis",
    "AutofocusOptions",
    "FocusSession",
    "Package",
    "RigMemory",
    "RunRecord",
    "Study",
    "analyze",
    "autofocus",
    "import_runs",
    "measure_frame",
    "new_recorder",
    "open_package",
    "open_packages",
    "read_frame",
    "read_runs",
    "sample_packages",
    "simulated_rig",
    "tune",
    "write_sample_packages",
]
