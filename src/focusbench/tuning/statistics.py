"""What the trials of some settings say, with intervals that know how well the rig is known.

A trial is one run of one draw of the rig. The true rig is one rig, so that an interval has to say
how the figures differ between draws, not between runs. With a few runs a draw that cannot be read
off directly; but every figure depends on the draw smoothly: the error on the one predicted for
it, rates and durations on that, on the lag and on how far off runs begin. So the trials settle
how, and the draws then give the interval. What few trials leave open is in it, too.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from focusbench.options import AutofocusOptions
from focusbench.tuning.prediction import planned_duration, predict_error
from focusbench.tuning.rig_model import FloatArray, RigModel
from focusbench.tuning.trials import Trials

INTERVAL = (0.05, 0.95)
NO_SPREAD = 1e-9
SLOPE_SD = 0.3
"""Prior of how much ln z² changes for a standard deviation of a cause."""


@dataclass(frozen=True)
class Estimate:
    """A figure with its 90 % interval."""

    value: float
    low: float
    high: float


def summarise(rig: RigModel, options: AutofocusOptions, trials: Trials) -> dict[str, Estimate]:
    """Figures of the trials of some settings.

    Returns
    -------
    dict
        `error_rms` (steps, of the runs that focused), `in_zone_rate` (of all runs: ended with a
        metric within `zone_tolerance` of the minimum), `failure_rate` (ended without a focus) and
        `duration_s` (mean). Intervals of rates are of what as many further runs would show.
    """
    rng = np.random.default_rng(0)
    chosen = trials.settings.of(options)
    predicted, planned = predict_error(rig, chosen), planned_duration(rig, chosen)
    lag = np.maximum(rig.of("lag") - options.backlash, 0)
    causes = np.stack(
        [
            np.log(predicted),
            np.log(rig.of("scatter")),
            rig.of("fading"),
            np.abs(rig.of("kappa")),
            lag,
            rig.of("start_sd"),
        ],
        axis=1,
    )
    causes -= causes.mean(axis=0)
    spread = causes.std(axis=0)
    causes = np.where(spread > NO_SPREAD, causes / np.maximum(spread, NO_SPREAD), 0.0)
    return {
        "error_rms": _error(trials, predicted, causes, rng),
        "in_zone_rate": _rate(trials.in_zone(options.zone_tolerance), trials.draw, causes, rng),
        "failure_rate": _rate(~trials.focused, trials.draw, causes, rng),
        "duration_s": _duration(trials, planned, causes, rng),
    }


def _error(
    trials: Trials, predicted: FloatArray, causes: FloatArray, rng: np.random.Generator
) -> Estimate:
    """Root mean square of the error: what was predicted for a draw, times what that is short of."""
    focused = trials.focused
    if focused.sum() < 2:
        return Estimate(np.nan, np.nan, np.nan)
    draw = trials.draw[focused]
    z2 = (trials.position_error[focused] / predicted[draw]) ** 2
    # How z² depends on the draws beyond what was predicted: a log-linear regression of a
    # variance, whose working response has the variance 2 / n (more with long tails).
    design = np.column_stack([np.ones(len(causes)), causes])
    x = design[draw]
    beta = np.zeros(design.shape[1])
    beta[0] = np.log(z2.mean())
    tails = max(float(z2.var() / z2.mean() ** 2), 0.1)
    precision = x.T @ x / tails + np.diag([0.0] + [SLOPE_SD**-2] * causes.shape[1])
    for _ in range(25):
        gradient = x.T @ (z2 * np.exp(-x @ beta) - 1) / tails
        gradient[1:] -= beta[1:] / SLOPE_SD**2
        step = np.clip(np.linalg.solve(precision, gradient), -1, 1)
        beta += step
        if np.abs(step).max() < 1e-6:
            break
    level = np.sqrt(np.linalg.inv(precision)[0, 0]) * rng.normal(size=len(causes))
    of_draws = predicted * np.exp(0.5 * (design @ beta + level))
    low, middle, high = np.quantile(of_draws, [INTERVAL[0], 0.5, INTERVAL[1]])
    return Estimate(float(middle), float(low), float(high))


def _rate(
    happened: NDArray[np.bool_],
    draw: NDArray[np.intp],
    causes: FloatArray,
    rng: np.random.Generator,
) -> Estimate:
    """Share of runs in which something happens.

    A logistic regression on the draws' causes tells how it differs between draws: slopes have a
    normal prior of one a standard deviation, and half a run of each kind is added at the centre.
    How often it happens in all is what the trials say (Jeffreys' interval).
    """
    if happened.mean() > 0.5:
        rare = _rate(~happened, draw, causes, rng)
        return Estimate(1 - rare.value, 1 - rare.high, 1 - rare.low)
    design = np.column_stack([np.ones(len(causes)), causes])
    centre = np.eye(1, design.shape[1])
    x = np.concatenate([design[draw], centre, centre])
    y = np.concatenate([happened.astype(float), [1.0, 0.0]])
    w = np.concatenate([np.ones(len(draw)), [0.5, 0.5]])
    ridge = np.diag([0.0] + [1.0] * causes.shape[1])
    n, k = len(draw), int(happened.sum())
    beta = np.zeros(design.shape[1])
    beta[0] = np.log((k + 0.5) / (n - k + 0.5))
    for _ in range(25):
        p = _logistic(x @ beta)
        precision = (x.T * (w * p * (1 - p))) @ x + ridge
        step = np.linalg.solve(precision, x.T @ (w * (y - p)) - ridge @ beta)
        beta += np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-6:
            break
    chance = _logistic(design @ beta)
    level = rng.beta(k + 0.5, n - k + 0.5, len(causes))
    further = rng.binomial(n, np.minimum(chance / chance.mean() * level, 1.0)) / n
    low, high = np.quantile(further, INTERVAL)
    return Estimate(k / n, float(low), float(high))


def _logistic(x: FloatArray) -> FloatArray:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -30, 30))))


def _duration(
    trials: Trials, planned: FloatArray, causes: FloatArray, rng: np.random.Generator
) -> Estimate:
    """Mean duration: the planned one times what smart focus makes of it."""
    design = np.column_stack([np.ones(len(causes)), causes])
    x, y = design[trials.draw], trials.duration_s / planned[trials.draw]
    covariance = np.linalg.inv(x.T @ x + np.diag([0.0] + [1.0] * causes.shape[1]))
    beta = covariance @ (x.T @ y)
    variance = float(np.mean((y - x @ beta) ** 2))
    beta = rng.multivariate_normal(beta, variance * covariance, len(causes))
    of_draws = planned * (design * beta).sum(axis=1)
    low, high = np.quantile(of_draws, INTERVAL)
    return Estimate(float(trials.duration_s.mean()), float(low), float(high))
