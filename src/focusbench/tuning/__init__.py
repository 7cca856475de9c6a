"""Tuning: which step size, how many data points, what exposure, from saved runs.

Never: changes a package or moves a device.
Imported by: api; imports af_packages, engine and below.
"""

from focusbench.tuning.closed_formula import formula_holds, position_error, position_scatter
from focusbench.tuning.exposure_advice import ExposureAdvice, advise_exposure
from focusbench.tuning.replay import replay
from focusbench.tuning.replay_points import ReplayPoints
from focusbench.tuning.replay_sampler import ReplaySampler
from focusbench.tuning.replay_scatter import pooled_ratio, replay_scatter
from focusbench.tuning.sensor_noise import SensorNoise, sensor_noise
from focusbench.tuning.star_noise import star_scatter
from focusbench.tuning.thinning import bin_frame, thin
from focusbench.tuning.what_if import every_sweep, what_if

__all__ = [
    "ExposureAdvice",
    "ReplayPoints",
    "ReplaySampler",
    "SensorNoise",
    "advise_exposure",
    "bin_frame",
    "every_sweep",
    "formula_holds",
    "pooled_ratio",
    "position_error",
    "position_scatter",
    "replay",
    "replay_scatter",
    "sensor_noise",
    "star_scatter",
    "thin",
    "what_if",
]
