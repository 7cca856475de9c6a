"""What `auto` believes of a V-curve and its noise before it sees any point.

Functions marked ``@kernel(…)`` are compiled with these numbers, so the cache of compiled functions
looks for changes in this file, too; it knows such files by that mark.
"""

import math

import numpy as np

MIN_POINTS = 5
"""From so many counted points on, the scatter about the curve can be trusted as an error."""
BAD_SHARE = 0.07
"""Prior probability that a point is bad."""
BAD_VARIANCE = 0.40**2
"""Variance that a bad point has on top of everybody's, in ln(metric)."""
GAMMA, GAMMA_SD = 0.52, 0.04
LN_B_SD = 0.7
LINE_SLOPE_SD = 0.2
"""Slope of the straight line that a V-curve must beat, in ln(metric) per step size."""
LAG = np.array([0.70, 0.12, 0.10, 0.08])
"""Prior probability that the first 0, 1, 2, 3 points after a reversal lag."""
LAG_LN_DENSITY = math.log(1.25)
"""Density of a lagging point: anywhere below the curve, on the scale where the normal densities
are written without 1/√(2π)."""
LAG_LN_DENSITY_ABOVE = -3.0
"""The same where the point stands above the curve, where lag cannot put it."""

BEYOND = 0.35
"""How far beyond each end focus is looked for, as a share of the sampled range."""

TAUS = np.geomspace(0.18, 0.005, 5)
"""Extra scatter of a frame near focus, as a share of its metric; from wide to narrow."""
LN_TAU = -0.5 * ((np.log(TAUS) - math.log(0.025)) / 1.2) ** 2
LN_TAU -= np.logaddexp.reduce(LN_TAU) + math.log(2)
FADING = np.array([0.0, 2.0])
"""How the extra scatter falls where the metric grows: as (minimum / metric) to this power; one as
likely as the other. 0: a share of the metric, whatever it is. 2: the seeing differs from frame to
frame, and a donut hides it: from metric² = seeing² + donut², δmetric/metric = (seeing/metric)²
δseeing/seeing."""
MOST_FADING = math.log(3)
"""ln of the growth in metric from which the scatter falls no further."""
