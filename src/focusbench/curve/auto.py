"""The curve `auto`: the posterior and its decision put into the words of a fit."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from focusbench.curve.conditions import (
    BAD_POINTS,
    FLAT,
    LEAST_GAIN,
    OUTSIDE,
    SLOPE,
    UNCERTAIN,
)
from focusbench.curve.counted import Counted, FloatArray, misplaced, r_squared
from focusbench.curve.points import Rejected
from focusbench.curve.posterior import Posterior, most_lagging, posterior, reversal_ranks
from focusbench.curve.priors import MIN_POINTS
from focusbench.curve.results import CurveFit

PLATEAU_GROWTH = 1.03
"""A wing that grows by less from one point to the next does not grow; seeing alone does that."""

_ORDINALS = ("first", "second", "third")


@dataclass(frozen=True)
class AutoVerdict:
    """What `auto` says of the points.

    Attributes
    ----------
    fit : CurveFit
    direction : int
        Where to go on if focus lies at or beyond an end; 0 where unknown.
    seen : bool
        Whether the points show a minimum at all, rather than a slope, a flat line or noise.
    guess : bool
        Whether even the average of the lowest points would be a guess.
    flags : mapping of int to (Rejected, str)
        Points it rejects, by index among the points given, with the reason in words.
    """

    fit: CurveFit
    direction: int = 0
    seen: bool = True
    guess: bool = False
    flags: dict[int, tuple[Rejected, str]] = field(default_factory=dict)


def fit_auto(
    counted: Counted,
    hyperbola: CurveFit,
    step_size: float,
    time_ordered: bool,
    kappa: tuple[float, float],
) -> AutoVerdict:
    """Fit and judge.

    Parameters
    ----------
    counted : Counted
    hyperbola : CurveFit
        Stands in where fewer than five points count: their scatter says nothing then.
    step_size : float, steps
    time_ordered : bool
        Whether the points are known to stand in the order taken; only then can the first ones be
        suspected of lag.
    kappa : (float, float)
        Expected asymmetry and its standard deviation; from `RigShape.prior`.
    """
    if counted.n_positions < 3:
        return AutoVerdict(_renamed(hyperbola), seen=False, guess=True)
    if len(counted) < MIN_POINTS:
        return _few_points(counted, hyperbola)
    middle = float(counted.x.mean())
    x = (counted.x - middle) / step_size
    rank = reversal_ranks(x)
    n_lagging = most_lagging(rank) if time_ordered else 0
    p = posterior(x, np.log(counted.y), counted.relative_variance, rank, n_lagging, *kappa)
    reason, direction, guess = judge(p, len(counted), step_size)
    rejected = p.lagging | p.bad
    seen = min(p.gain_over_flat, p.gain_over_line) >= LEAST_GAIN
    flags = _flags(p, counted, x) if seen else {}
    b = math.exp(p.ln_b) * step_size
    x0 = middle + step_size * p.x0
    parameters = {
        "x0": x0,
        "a": math.exp(p.alpha),
        "b": b,
        "gamma": p.gamma,
        "kappa": p.kappa,
        "kappa_seen": p.kappa_seen,
        "kappa_error": p.kappa_error,
        "tau": p.tau,
        "n_lagging": float(p.n_lagging),
        "gain": min(p.gain_over_flat, p.gain_over_line),
        "p_within_step": p.p_within_step,
    }
    kept = ~rejected
    quality = None
    if kept.any():
        drawn = auto_curve(parameters, counted.x[kept])
        quality = r_squared(counted.y[kept], drawn, np.ones(len(drawn)))
    low, high = p.interval_95
    fit = CurveFit(
        curve="auto",
        ok=not reason,
        reason=reason,
        best_position=x0,
        best_position_error=step_size * p.sigma,
        interval_95=(middle + step_size * low, middle + step_size * high),
        expected_metric=math.exp(p.alpha),
        r_squared=quality,
        parameters=parameters,
        used=counted.used(kept),
    )
    return AutoVerdict(fit, direction, seen, guess, flags)


def auto_curve(parameters: Mapping[str, float], positions: FloatArray) -> FloatArray:
    """Metric of the fitted curve at `positions`: a·(1+u²)^γ·exp(κ·u|u|/(1+u²)), pixels."""
    b = max(parameters["b"], 1e-300)
    u = (positions - parameters["x0"]) / b
    even, odd = np.log1p(u * u), u * np.abs(u) / (1 + u * u)
    return np.asarray(
        parameters["a"] * np.exp(parameters["gamma"] * even + parameters["kappa"] * odd)
    )


def judge(p: Posterior, n: int, step_size: float) -> tuple[str, int, bool]:
    """Say which condition failed: in words, the direction to go on in, whether p is a guess."""
    if p.failed == FLAT:
        return "No minimum to be seen: the points are flat, or only noise.", 0, True
    if p.failed == SLOPE:
        inward = p.slope_line > 0
        way = "inward" if inward else "outward"
        reason = (
            f"No minimum to be seen: a slope that falls {way} explains the points as well as a V; "
            "go on that way."
        )
        return reason, -1 if inward else 1, True
    if p.failed == OUTSIDE:
        inner = p.p_below > p.p_above
        end, way = ("inner", "inward") if inner else ("outer", "outward")
        reason = f"Focus lies at or beyond the {end} end of the points: go on {way}."
        return reason, -1 if inner else 1, True
    if p.failed == UNCERTAIN:
        reason = (
            f"Too noisy, or the step size too small: focus is uncertain by ± "
            f"{_number(p.sigma * step_size)} steps, with a step size of {_number(step_size)}."
        )
        return reason, 0, True
    if p.failed == BAD_POINTS:
        reason = (
            f"Too many bad points: of {n}, {p.n_inner} good ones are left on the inner side of "
            f"focus and {p.n_outer} on the outer side."
        )
        return reason, 0, False
    return "", 0, False


def _flags(p: Posterior, counted: Counted, x: FloatArray) -> dict[int, tuple[Rejected, str]]:
    flags: dict[int, tuple[Rejected, str]] = {}
    ranks = reversal_ranks(x)
    for i, index in enumerate(counted.index.tolist()):
        if p.lagging[i]:
            which = _ORDINALS[ranks[i]]
            flags[index] = Rejected.LAG, f"backlash: {which} point after the reversal"
        elif p.bad[i]:
            side = "above" if p.deviation[i] > 0 else "below"
            reason = f"{abs(p.deviation[i]):.1f} σ {side} the curve"
            if side == "below" and _on_plateau(i, counted, p.x0, x):
                reason += ": donut plateau, the metric no longer grows"
            flags[index] = Rejected.OUTLIER, reason
    return flags


def _on_plateau(i: int, counted: Counted, x0: float, x: FloatArray) -> bool:
    """Whether the metric has stopped growing at a point: no more than its inner neighbour's."""
    distance = (x - x0) * np.sign(x[i] - x0)
    inner = np.flatnonzero((distance > 0) & (distance < distance[i]))
    if len(inner) < 2:
        return False
    neighbour = inner[distance[inner].argmax()]
    return bool(counted.y[i] < PLATEAU_GROWTH * counted.y[neighbour])


def _few_points(counted: Counted, hyperbola: CurveFit) -> AutoVerdict:
    """Three or four points: the hyperbola, with the error that the frames themselves state."""
    fit = _renamed(hyperbola)
    direction = misplaced(fit.best_position, counted)[1] if fit.best_position is not None else 0
    if fit.ok and fit.best_position_error is None:
        reason = f"Only {len(counted)} points count and their errors are unknown; five are needed."
        fit = dataclasses.replace(fit, ok=False, reason=reason)
    return AutoVerdict(fit, direction, guess=fit.best_position is None or direction != 0)


def _renamed(hyperbola: CurveFit) -> CurveFit:
    """Return the hyperbola under the name and with the parameters of `auto`."""
    parameters = dict(hyperbola.parameters)
    if parameters:
        parameters = {k: parameters[k] for k in ("x0", "a", "b")} | {"gamma": 0.5, "kappa": 0.0}
    reason = hyperbola.reason.replace("the hyperbola", "the curve")
    reason = reason.replace("The hyperbola", "The curve")
    return dataclasses.replace(hyperbola, curve="auto", parameters=parameters, reason=reason)


def _number(value: float) -> str:
    """Three figures at least, no more than needed."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def warm() -> None:
    """Compile what `auto` needs, or load it, so that the first curve does not wait for it.

    Takes some seconds the first time on a computer, and a fraction of one from then on.
    """
    from focusbench.curve import batch_kernels, inference, least_squares  # noqa: F401  known once imported
    from focusbench.curve.kernel import KERNELS

    KERNELS.compile()
