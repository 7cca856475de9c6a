"""Tuning: which step size, how many data points, what exposure, from saved runs.

Never: changes a package or moves a device.
Imported by: api; imports af_packages, engine and below.
"""

from focusbench.tuning.backlash import Backlash, find_backlash
from focusbench.tuning.filter_offsets import FilterOffset, FilterOffsets
from focusbench.tuning.repeatability import Repeatability, repeatability
from focusbench.tuning.run_table import RunTable, run_table
from focusbench.tuning.temperature import fit_temperature
from focusbench.tuning.temperature_model import ModelCheck, Prediction, TemperatureModel

__all__ = [
    "Backlash",
    "FilterOffset",
    "FilterOffsets",
    "ModelCheck",
    "Prediction",
    "Repeatability",
    "RunTable",
    "TemperatureModel",
    "find_backlash",
    "fit_temperature",
    "repeatability",
    "run_table",
]
