"""Tuning: which step size, how many points, what exposure, which triggers; from saved runs.

Never: changes a package or moves a device.
Imported by: api; imports sequence, af_packages, engine and below.
"""

from focusbench.tuning.advice import Advice, Choice
from focusbench.tuning.backlash import Backlash, find_backlash
from focusbench.tuning.closed_formula import formula_holds, position_error, position_scatter
from focusbench.tuning.exposure_advice import ExposureAdvice, advise_exposure
from focusbench.tuning.filter_offsets import FilterOffset, FilterOffsets
from focusbench.tuning.history_replay import replay_history
from focusbench.tuning.learning import learn_rig
from focusbench.tuning.other_programs import other_programs
from focusbench.tuning.prediction import predict_error
from focusbench.tuning.recorded_night import as_it_was
from focusbench.tuning.repeatability import Repeatability, repeatability
from focusbench.tuning.replay import replay
from focusbench.tuning.replay_points import ReplayPoints
from focusbench.tuning.replay_sampler import ReplaySampler
from focusbench.tuning.replay_scatter import pooled_ratio, replay_scatter
from focusbench.tuning.rig_model import RigDraw, RigModel
from focusbench.tuning.run_table import RunTable, run_table
from focusbench.tuning.running import run_study, usual_grid
from focusbench.tuning.sensor_noise import SensorNoise, sensor_noise
from focusbench.tuning.simulated_night import Cloud, LivedNight, SimulatedNight
from focusbench.tuning.star_noise import star_scatter
from focusbench.tuning.statistics import Estimate
from focusbench.tuning.study import Study
from focusbench.tuning.temperature import fit_temperature
from focusbench.tuning.temperature_model import ModelCheck, Prediction, TemperatureModel
from focusbench.tuning.thinning import bin_frame, thin
from focusbench.tuning.trials import example_runs
from focusbench.tuning.trigger_comparison import TriggerComparison, compare_triggers
from focusbench.tuning.trigger_night import Alarm, TriggerNight
from focusbench.tuning.what_if import every_sweep, what_if

__all__ = [
    "Advice",
    "Alarm",
    "Backlash",
    "Choice",
    "Cloud",
    "Estimate",
    "ExposureAdvice",
    "FilterOffset",
    "FilterOffsets",
    "LivedNight",
    "ModelCheck",
    "Prediction",
    "Repeatability",
    "ReplayPoints",
    "ReplaySampler",
    "RigDraw",
    "RigModel",
    "RunTable",
    "SensorNoise",
    "SimulatedNight",
    "Study",
    "TemperatureModel",
    "TriggerComparison",
    "TriggerNight",
    "advise_exposure",
    "as_it_was",
    "bin_frame",
    "compare_triggers",
    "every_sweep",
    "example_runs",
    "find_backlash",
    "fit_temperature",
    "formula_holds",
    "learn_rig",
    "other_programs",
    "pooled_ratio",
    "position_error",
    "position_scatter",
    "predict_error",
    "repeatability",
    "replay",
    "replay_history",
    "replay_scatter",
    "run_study",
    "run_table",
    "sensor_noise",
    "star_scatter",
    "thin",
    "usual_grid",
    "what_if",
]
