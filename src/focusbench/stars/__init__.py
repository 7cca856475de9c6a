"""Stars: finds them in a frame, rejects false ones, and measures how sharp they are.

Never: moves, exposes, fits a V-curve or reads a file.
Imported by: engine, simulator tests and the rooms above; imports frames, errors.
"""

from focusbench.stars.common import common_stars, measure_common
from focusbench.stars.ensemble import FAINTEST_SNR, MOST_STARS, ensemble, weights_of
from focusbench.stars.measure import METRICS, measure
from focusbench.stars.measurement import STAR_FIELDS, Measurement
from focusbench.stars.warming import is_compiled, warm, warm_in_background

__all__ = [
    "FAINTEST_SNR",
    "METRICS",
    "MOST_STARS",
    "STAR_FIELDS",
    "Measurement",
    "common_stars",
    "ensemble",
    "is_compiled",
    "measure",
    "measure_common",
    "warm",
    "warm_in_background",
    "weights_of",
]
