"""Tuning: which step size, how many data points, what exposure, from saved runs.

Never: changes a package or moves a device.
Imported by: api; imports af_packages, engine and below.
"""

from focusbench.tuning.advice import Advice, Choice
from focusbench.tuning.learning import learn_rig
from focusbench.tuning.other_programs import other_programs
from focusbench.tuning.prediction import predict_error
from focusbench.tuning.rig_model import RigDraw, RigModel
from focusbench.tuning.running import run_study, usual_grid
from focusbench.tuning.statistics import Estimate
from focusbench.tuning.study import Study
from focusbench.tuning.trials import example_runs

__all__ = [
    "Advice",
    "Choice",
    "Estimate",
    "RigDraw",
    "RigModel",
    "Study",
    "example_runs",
    "learn_rig",
    "other_programs",
    "predict_error",
    "run_study",
    "usual_grid",
]
