"""What `auto` believes of a V-curve and its noise before it sees any point."""

import math

BAD_SHARE = 0.04
"""Prior probability that a point is bad."""
BAD_VARIANCE = 0.40**2
"""Variance that a bad point has on top of everybody's, in ln(metric)."""
GAMMA, GAMMA_SD = 0.52, 0.04
LN_B_SD = 0.7
LINE_SLOPE_SD = 0.2
"""Slope of the straight line that a V-curve must beat, in ln(metric) per step size."""
LAG_LN_DENSITY = math.log(1.25)
"""Density of a lagging point: anywhere below the curve, on the scale where the normal densities
are written without 1/√(2π)."""
LAG_LN_DENSITY_ABOVE = -3.0
"""The same where the point stands above the curve, where lag cannot put it."""
