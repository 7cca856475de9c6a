"""Best focus as other programs find it, re-implemented from their published formulas.

Each function takes positions, metrics and star-to-star scatters, and returns where the minimum is
(None where there is none) and whether the program would accept it.
"""

import math
from collections.abc import Callable

import numpy as np
from scipy.optimize import least_squares

Answer = tuple[float | None, bool]


def nina_hyperbola(x: np.ndarray, y: np.ndarray, scatter: np.ndarray) -> Answer:
    """N.I.N.A. 3: y = a·cosh(asinh(Δ/b)), weights 1/scatter, R² (unweighted) ≥ 0.7, inside."""
    return _hyperbola(x, y, 1 / scatter, 0.7)


def plain_hyperbola(x: np.ndarray, y: np.ndarray, scatter: np.ndarray) -> Answer:
    """The same curve without weights or gate; the minimum must lie inside."""
    return _hyperbola(x, y, np.ones_like(y), -math.inf)


def sgpro_parabola(x: np.ndarray, y: np.ndarray, scatter: np.ndarray) -> Answer:
    """SGPro 3.1: parabola through all points, R² ≥ 0.9, minimum inside."""
    c2, c1, c0 = np.polyfit(x, y, 2)
    if c2 <= 0:
        return None, False
    x0 = -c1 / (2 * c2)
    return x0, _inside(x0, x) and _r2(y, c0 + c1 * x + c2 * x * x) >= 0.9


def sgpro_two_lines(x: np.ndarray, y: np.ndarray, scatter: np.ndarray) -> Answer:
    """SGPro 2.3: a line a side, through the points of 1.2 times the lowest or more.

    SGPro does not publish its choice; where fewer than three of a side are that high its outermost
    three are taken. Accepted where one line falls, one rises, and they cross inside.
    """
    low = int(np.argmin(y))
    lines = []
    for side in (x < x[low], x > x[low]):
        chosen = np.flatnonzero(side & (y >= 1.2 * y[low]))
        if len(chosen) < 3:
            on = np.flatnonzero(side)
            chosen = on[np.argsort(-np.abs(x[on] - x[low]))][:3]
        if len(chosen) < 2:
            return None, False
        lines.append(np.polyfit(x[chosen], y[chosen], 1))
    (m1, c1), (m2, c2) = lines
    if not m1 < 0 < m2:
        return None, False
    x0 = (c1 - c2) / (m2 - m1)
    return x0, _inside(x0, x)


PEERS: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray], Answer]] = {
    "N.I.N.A. hyperbola": nina_hyperbola,
    "SGPro parabola": sgpro_parabola,
    "SGPro two lines": sgpro_two_lines,
    "plain hyperbola": plain_hyperbola,
}


def _hyperbola(x: np.ndarray, y: np.ndarray, weight: np.ndarray, least_r2: float) -> Answer:
    """Least squares; N.I.N.A. searches a grid, which ends in the same minimum."""
    weight = weight / weight.max()
    low = int(np.argmin(y))
    far = int(np.argmax(np.abs(x - x[low])))

    def residual(p: np.ndarray) -> np.ndarray:
        return weight * (np.hypot(p[1], p[2] * (x - p[0])) - y)

    def jacobian(p: np.ndarray) -> np.ndarray:
        d = x - p[0]
        model = np.maximum(np.hypot(p[1], p[2] * d), 1e-9)
        columns = [-(p[2] ** 2) * d, np.full_like(d, p[1]), p[2] * d * d]
        return np.stack(columns, axis=1) * (weight / model)[:, None]

    start = [x[low], y[low], y[far] / abs(x[far] - x[low])]
    x0, a, q = least_squares(residual, start, jacobian, method="lm", max_nfev=60).x
    if not math.isfinite(x0):
        return None, False
    return x0, _inside(x0, x) and _r2(y, np.hypot(a, q * (x - x0))) >= least_r2


def _inside(x0: float, x: np.ndarray) -> bool:
    return bool(x.min() < x0 < x.max())


def _r2(y: np.ndarray, model: np.ndarray) -> float:
    return 1 - float(np.sum((y - model) ** 2) / max(np.sum((y - y.mean()) ** 2), 1e-12))
