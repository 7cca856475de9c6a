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
    design = np.stack([np.ones_like(t), t, t * t], axis=1)
    root = np.sqrt(w)
    (c0, c1, c2), *_ = np.linalg.lstsq(design * root[:, None], counted.y * root, rcond=None)
    model = design @ (c0, c1, c2)
    quality = r_squared(counted.y, model, w)
    used = counted.used()
    if not c2 > 1e-12 * abs(c1):
        return CurveFit("parabola", False, _NO_MINIMUM.format("parabola"), used=used)
    t0 = -c1 / (2 * c2)
    gradient = np.array([0, -1 / (2 * c2), c1 / (2 * c2 * c2)])
    covariance = np.linalg.pinv((design * w[:, None]).T @ design, hermitian=True)
    variance = float(gradient @ covariance @ gradient) * scale**2
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
    w = counted.weights()
    middle, scale = _frame(counted.x)
    t = (counted.x - middle) / scale
    height = float(counted.y.min())
    y = counted.y / height
    root = np.sqrt(w / w.max())
    fits = [_levenberg_marquardt(t, y, root, start) for start in _starts(t, y, root)]
    (t0, a, q), jacobian, residual = min(fits, key=lambda fit: float(fit[2] @ fit[2]))
    used = counted.used()
    a, q = abs(a), abs(q)
    x0 = float(middle + scale * t0)
    slope = q * height / scale
    if not (math.isfinite(x0) and slope > 0):
        return CurveFit("hyperbola", False, _NO_MINIMUM.format("hyperbola"), used=used)
    # Variance of a point of weight 1: weights were scaled by their largest, metrics by `height`.
    unit = np.linalg.pinv(jacobian.T @ jacobian, hermitian=True)[0, 0]
    variance = float(unit) * scale**2 / (float(w.max()) * height**2)
    chi2 = float(residual @ residual) * float(w.max()) * height**2
    error, half_95 = standard_error(variance, chi2, len(counted), 3, counted)
    interval = _interval(x0, half_95)
    reason = misplaced(x0, counted)[0]
    if not reason and interval is not None:
        inside = counted.x.min() <= interval[0] and interval[1] <= counted.x.max()
        reason = "" if inside else "The points scatter too much for the hyperbola."
    model = height * np.hypot(a, q * (t - t0))
    return CurveFit(
        curve="hyperbola",
        ok=not reason,
        reason=reason,
        best_position=x0,
        best_position_error=error,
        interval_95=interval,
        expected_metric=float(a * height),
        r_squared=r_squared(counted.y, model, np.ones(len(counted))),
        parameters={
            "x0": x0,
            "a": float(a * height),
            "b": float(a * height / slope),
            "slope": float(slope),
        },
        used=used,
    )


def _starts(t: FloatArray, y: FloatArray, root: FloatArray) -> list[FloatArray]:
    """Where to start the hyperbola from: (x0, a, slope), both of them tried."""
    lowest = t[y.argmin()]
    far = np.abs(t - lowest).argmax()
    plain = np.array([lowest, y.min(), y[far] / max(abs(t[far] - lowest), 0.1)])
    # metric² is a parabola: σ(y²) = 2yσ(y) gives the weights.
    design = np.stack([np.ones_like(t), t, t * t], axis=1)
    weight = root / (2 * y)
    (c0, c1, c2), *_ = np.linalg.lstsq(design * weight[:, None], y * y * weight, rcond=None)
    if c2 <= 0:
        return [plain]
    a2 = c0 - c1 * c1 / (4 * c2)
    closed = np.array([-c1 / (2 * c2), math.sqrt(a2) if a2 > 0 else 0.3, math.sqrt(c2)])
    return [closed, plain]


def _levenberg_marquardt(
    t: FloatArray, y: FloatArray, root: FloatArray, start: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Least squares of y = √(a² + (q·(t − x0))²); returns (x0, a, q), Jacobian, residuals.

    With the slope q in place of b the model stays smooth down to a sharp V (a = 0).
    """

    def look(p: FloatArray) -> tuple[FloatArray, FloatArray]:
        x0, a, q = p
        d = t - x0
        model = np.maximum(np.hypot(a, q * d), 1e-12)
        jacobian = np.stack([-q * q * d, np.full_like(d, a), q * d * d], axis=1)
        return jacobian * (root / model)[:, None], root * (y - model)

    p = start
    jacobian, residual = look(p)
    damping = 1e-3
    for _ in range(100):
        normal = jacobian.T @ jacobian
        scale = np.maximum(normal.diagonal(), 1e-12)
        step = np.linalg.solve(normal + damping * np.diag(scale), jacobian.T @ residual)
        # Far outside the points there is nothing to find, only numbers that overflow.
        trial = np.clip(p + step, (-5, -1e6, -1e6), (5, 1e6, 1e6))
        new_jacobian, new_residual = look(trial)
        if new_residual @ new_residual <= residual @ residual:
            settled = np.all(np.abs(trial - p) <= 1e-10 * (1 + np.abs(p)))
            p, jacobian, residual, damping = trial, new_jacobian, new_residual, damping / 10
            if settled:
                break
        else:
            damping *= 10
            if damping > 1e10:
                break
        damping = max(damping, 1e-12)
    return p, jacobian, residual


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
