"""The curves of the peers that bend: SGPro's parabola and N.I.N.A.'s hyperbola."""

import math

import numpy as np

from focusbench.curve.counted import Counted, FloatArray, misplaced, r_squared, standard_error
from focusbench.curve.results import CurveFit

_NO_MINIMUM = "The {} finds no minimum: the points do not rise on both sides."


def fit_parabola(counted: Counted, min_quality: float) -> CurveFit:
    """Fit metric = minimum + curvature·(x − x0)², with SGPro's quality gate.

    Parameters
    ----------
    counted : Counted
    min_quality : float
        Smallest R² (weighted as the fit is) at which the parabola may decide; SGPro 3.1 has 0.90.

    Returns
    -------
    CurveFit
        Parameters `x0`, `minimum`, `curvature`.
    """
    if counted.n_positions < 3:
        return _too_few("parabola", counted)
    w = counted.weights()
    middle, scale = _frame(counted.x)
    t = (counted.x - middle) / scale
    from focusbench.curve.kernel import KERNELS
    from focusbench.curve.least_squares import parabola

    KERNELS.compile()
    c = np.empty(3)
    *_, v11, v12, v22 = parabola(t, counted.y, w, c)
    c0, c1, c2 = c.tolist()
    model = c0 + t * (c1 + t * c2)
    quality = r_squared(counted.y, model, w)
    used = counted.used()
    if not c2 > 1e-12 * abs(c1):
        return CurveFit("parabola", False, _NO_MINIMUM.format("parabola"), used=used)
    t0 = -c1 / (2 * c2)
    # dt0/dc1 = −1/(2·c2), dt0/dc2 = c1/(2·c2²).
    variance = (v11 + c1 / c2 * (c1 / c2 * v22 - 2 * v12)) / (4 * c2 * c2) * scale**2
    x0 = float(middle + scale * t0)
    chi2 = float(w @ (counted.y - model) ** 2)
    error, half_95 = standard_error(variance, chi2, len(counted), 3, counted)
    minimum = float(c0 - c1 * c1 / (4 * c2))
    reason = misplaced(x0, counted)[0]
    if not reason and (quality is None or quality < min_quality):
        reason = f"R² is {quality or 0:.2f}; the parabola may decide from {min_quality:.2f} on."
    return CurveFit(
        curve="parabola",
        ok=not reason,
        reason=reason,
        best_position=x0,
        best_position_error=error,
        interval_95=_interval(x0, half_95),
        expected_metric=minimum,
        r_squared=quality,
        parameters={"x0": x0, "minimum": minimum, "curvature": float(c2) / scale**2},
        used=used,
    )


def fit_hyperbola(counted: Counted) -> CurveFit:
    """Fit metric = a·√(1 + ((x − x0)/b)²), as N.I.N.A., CCDciel and others do.

    Started in closed form, as a parabola in metric², and finished by Levenberg-Marquardt in the
    metric itself.

    Returns
    -------
    CurveFit
        Parameters `x0`, `a` (metric at x0), `b` (where the metric is √2·a) and `slope` = a/b of
        the far wings, pixels per step.
    """
    if counted.n_positions < 3:
        return _too_few("hyperbola", counted)
    from focusbench.curve.kernel import KERNELS
    from focusbench.curve.least_squares import best_hyperbola

    KERNELS.compile()
    out = np.empty(5)
    best_hyperbola(counted.x, counted.y, counted.weights(), out)
    x0, a, slope, chi2, variance = out.tolist()
    used = counted.used()
    if not (math.isfinite(x0) and slope > 0):
        return CurveFit("hyperbola", False, _NO_MINIMUM.format("hyperbola"), used=used)
    error, half_95 = standard_error(variance, chi2, len(counted), 3, counted)
    interval = _interval(x0, half_95)
    reason = misplaced(x0, counted)[0]
    if not reason and interval is not None:
        inside = counted.x.min() <= interval[0] and interval[1] <= counted.x.max()
        reason = "" if inside else "The points scatter too much for the hyperbola."
    model = np.hypot(a, slope * (counted.x - x0))
    return CurveFit(
        curve="hyperbola",
        ok=not reason,
        reason=reason,
        best_position=x0,
        best_position_error=error,
        interval_95=interval,
        expected_metric=a,
        r_squared=r_squared(counted.y, model, np.ones(len(counted))),
        parameters={"x0": x0, "a": a, "b": a / slope, "slope": slope},
        used=used,
    )


def _frame(x: FloatArray) -> tuple[float, float]:
    """Middle and length of the sampled range, to compute in numbers of order one."""
    low, high = float(x.min()), float(x.max())
    return (low + high) / 2, high - low


def _interval(x0: float, half: float | None) -> tuple[float, float] | None:
    return None if half is None else (x0 - half, x0 + half)


def _too_few(curve: str, counted: Counted) -> CurveFit:
    n = counted.n_positions
    have = {0: "No point counts", 1: "Only one point counts"}.get(n, f"Only {n} points count")
    return CurveFit(curve, False, f"{have}; the {curve} needs 3.", used=counted.used())
