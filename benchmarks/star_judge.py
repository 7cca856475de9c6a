"""Compares the stars that a method used with those that were rendered.

A blend lies in the middle of the light of two stars or more; a fragment lies in a star's light
elsewhere, or is the second on one star. Stars are alone that have no other within 2.5 radii; a
star's radius is that of its donut, or that which holds nine tenths of its light if that is larger.
"""

import numpy as np
from fields import Field, half_flux_radius, stamps
from scipy.spatial import cKDTree


def judge(field: Field, rows: np.ndarray) -> dict[str, float]:
    """Compare the stars used with the truth."""
    value, rows = rows[-1, 2], rows[:-1]
    reach = max(1.2 * field.optics.radius, 2.0 * field.optics.seeing)
    stars = cKDTree(np.c_[field.x, field.y])
    near, which = stars.query(rows[:, :2]) if len(rows) else (np.zeros(0), np.zeros(0, int))
    is_star = near < 0.25 * reach + 1.0
    wrong = {"hot": field.hot, "cosmic": field.cosmic}
    counts = {}
    left = ~is_star
    for name, places in wrong.items():
        hit = left & (cKDTree(places).query(rows[:, :2])[0] < 2.5) if len(rows) else left
        counts[name] = int(hit.sum())
        left &= ~hit
    blends = left & _between_stars(field, stars, rows, reach)
    left &= ~blends
    counts["blends"] = int(blends.sum())
    fragments = left & (near < reach)
    doubled = is_star.sum() - len(np.unique(which[is_star]))
    counts["fragments"] = int(fragments.sum() + doubled)
    counts["false"] = int((left & ~fragments).sum())
    # of the brightest, unsaturated stars away from the border and from each other
    bank = stamps(field.optics)
    peak = field.flux * float(bank[0, 0].max())
    n_y, n_x = field.pixels.shape
    margin = 2.5 * field.hfr + 10
    inside = (field.x > margin) & (field.x < n_x - margin)
    inside &= (field.y > margin) & (field.y < n_y - margin)
    brightest = np.argsort(-np.where((peak < 60_000) & inside, field.flux, 0))[:300]
    brightest = brightest[((peak < 60_000) & inside)[brightest]]
    gap = stars.query(np.c_[field.x, field.y][brightest], k=2)[0][:, 1]
    radius = max(field.optics.radius, half_flux_radius(bank, 0.9))
    alone = brightest[gap > 2.5 * radius]
    used = set(which[is_star].tolist())
    complete = np.mean([k in used for k in alone]) if len(alone) else np.nan
    return {
        "error": 100 * (value / field.hfr - 1),
        "n": len(rows),
        "complete": 100 * complete,
        "alone": len(alone),
        **counts,
    }


def _between_stars(field: Field, stars: cKDTree, rows: np.ndarray, reach: float) -> np.ndarray:
    """Which objects lie in the middle of the light of several stars."""
    found = np.zeros(len(rows), bool)
    for k, (x, y) in enumerate(rows[:, :2]):
        near = stars.query_ball_point((x, y), reach)
        if len(near) > 1:
            flux = field.flux[near]
            middle = (flux @ field.x[near] / flux.sum(), flux @ field.y[near] / flux.sum())
            found[k] = np.hypot(x - middle[0], y - middle[1]) < 0.25 * reach + 1.0
    return found
