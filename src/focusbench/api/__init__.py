"""The verbs of focusbench: each composes the rooms below.

Never: holds logic of its own.
Imported by: cli, widgets and the front door; imports every room below.
"""

from focusbench.af_packages import (
    ListedRuns,
    Package,
    Settings,
    import_runs,
    list_runs,
    measured_anew,
    metric_label,
    open_package,
    open_packages,
    read_runs,
    remeasure,
)
from focusbench.api.analysis import Analysis, analyze, measure_frame
from focusbench.api.backlash import measure_backlash
from focusbench.api.exports import export_run
from focusbench.api.lesser_program import LesserProgram
from focusbench.api.nights import run_sequence
from focusbench.api.rig_memory import RigMemory
from focusbench.api.run_summary import RunSummary, Sign, outcome_words, summarize, when
from focusbench.api.runs import autofocus, new_recorder
from focusbench.api.sample_scenarios import SCENARIOS
from focusbench.api.samples import sample_packages, write_sample_packages
from focusbench.api.studies import tune
from focusbench.api.symptoms import SYMPTOMS, Symptom, symptom_of
from focusbench.engine import FocusSession, RunRecord
from focusbench.frames import read_frame
from focusbench.options import AutofocusOptions
from focusbench.sequence import load_sequence
from focusbench.simulator import simulated_rig
from focusbench.tuning import (
    SimulatedNight,
    Study,
    TriggerComparison,
    advise_exposure,
    compare_triggers,
    find_backlash,
    fit_temperature,
    repeatability,
    replay,
    replay_history,
    what_if,
)

__all__ = [
    "SCENARIOS",
    "SYMPTOMS",
    "Analysis",
    "AutofocusOptions",
    "FocusSession",
    "LesserProgram",
    "ListedRuns",
    "Package",
    "RigMemory",
    "RunRecord",
    "RunSummary",
    "Settings",
    "Sign",
    "SimulatedNight",
    "Study",
    "Symptom",
    "TriggerComparison",
    "advise_exposure",
    "analyze",
    "autofocus",
    "compare_triggers",
    "export_run",
    "find_backlash",
    "fit_temperature",
    "import_runs",
    "list_runs",
    "load_sequence",
    "measure_backlash",
    "measure_frame",
    "measured_anew",
    "metric_label",
    "new_recorder",
    "open_package",
    "open_packages",
    "outcome_words",
    "read_frame",
    "read_runs",
    "remeasure",
    "repeatability",
    "replay",
    "replay_history",
    "run_sequence",
    "sample_packages",
    "simulated_rig",
    "summarize",
    "symptom_of",
    "tune",
    "what_if",
    "when",
    "write_sample_packages",
]
