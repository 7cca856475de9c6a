"""What `auto` asks for before it says FOCUSED: the conditions in their order, and their thresholds.

Functions marked ``@kernel(…)`` are compiled with these numbers; see `priors`.
"""

LEAST_GAIN = 2.5
"""ln evidence by which the V-curve must beat no curve and a straight line."""
MOST_OUTSIDE = 0.03
"""Probability that focus is not at least a step size inside the points."""
LEAST_WITHIN_STEP = 0.975
"""Probability that focus is no more than a step size from where it is said to be."""
LEAST_KEPT, LEAST_KEPT_POINTS, LEAST_ON_A_SIDE = 0.65, 4, 2
BEYOND_FOCUS = 0.25
"""A point this many step sizes from focus tells on which side focus lies."""

MET, FLAT, SLOPE, OUTSIDE, UNCERTAIN, BAD_POINTS = range(6)
"""The first condition that is not met, if any."""
