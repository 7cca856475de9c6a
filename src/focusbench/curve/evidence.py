"""How well a V-curve explains points that may have stood elsewhere than they were sent."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from focusbench.curve.counted import Counted, FloatArray
from focusbench.curve.points import FocusPoint
from focusbench.curve.priors import BEYOND, GAMMA, GAMMA_SD, MIN_POINTS


def evidence_at(
    points: Sequence[FocusPoint],
    positions: FloatArray,
    *,
    step_size: float,
    kappa: tuple[float, float],
    gamma: tuple[float, float] = (GAMMA, GAMMA_SD),
    ln_trend: float = 0.0,
) -> FloatArray:
    """Ln evidence of the V-curve of `auto`, for several guesses of where the points stood.

    Differences between the guesses are ln Bayes factors: focus, shape, scatter and bad points are
    integrated out, as `auto` does it, and no point is believed to lag.

    Parameters
    ----------
    points : sequence of FocusPoint
        In the order taken; those that do not count are passed over, and so is nothing else: a
        validation point takes part.
    positions : float array, shape (m, n), steps
        m guesses of where the n points stood.
    step_size : float, steps
    kappa : (float, float)
        Expected asymmetry and its standard deviation.
    gamma : (float, float)
        The same for the bend of the wings.
    ln_trend : float
        How much ln(metric) rose from the first point to the last because the air changed.

    Returns
    -------
    float array, shape (m,)
        Relative to no curve at all; zeros where fewer than five points count, −∞ where all points
        would have stood at one place.
    """
    from focusbench.curve.inference import evidences
    from focusbench.curve.kernel import KERNELS

    counted = Counted.of([_counting(point) for point in points])
    if len(counted) < MIN_POINTS:
        return np.zeros(len(positions))
    since = counted.index / max(len(points) - 1, 1) - 0.5
    ln_y = np.log(counted.y) - ln_trend * since
    x = positions[:, counted.index]
    x = np.ascontiguousarray(x - x.mean(axis=1, keepdims=True)) / step_size
    found = np.empty(len(x))
    KERNELS.compile()
    evidences(x, ln_y, counted.relative_variance, np.array([*kappa, *gamma]), found)
    # The same prior density of focus for every guess, whatever the range of its points.
    span = np.maximum(np.ptp(x, axis=1), 1e-300)
    return np.asarray(found + np.log(span * (1 + 2 * BEYOND)))


def _counting(point: FocusPoint) -> FocusPoint:
    """Return a validation point as one of the sweep."""
    return dataclasses.replace(point, role="sweep") if point.role == "validation" else point
