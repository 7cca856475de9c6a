"""The size that the stars of a frame have in common, before it is known which objects are stars."""

import numpy as np
from numpy.typing import NDArray

from focusbench.stars.detection import Detail, Peaks, seeds
from focusbench.stars.growth import COLUMN, COLUMNS
from focusbench.stars.levels import Levels
from focusbench.stars.meter import Meter, StarSize, aperture_of
from focusbench.stars.saturation import saturated
from focusbench.stars.source import Source

_N_EACH = 6
"""Peaks of every level of which half are the most significant; eight times as many are followed."""
_MOST_REFINED = 30

Numbers = NDArray[np.float64]


def frame_size(
    data: Source, levels: Levels, detail: Detail, meter: Meter
) -> tuple[StarSize | None, float]:
    """Size that the stars have in common, or None where nothing looks like a star.

    The most significant peaks of every level are measured, each with an aperture that follows
    its own size. What stars share decides: a size that many of them agree on.

    Returns
    -------
    size : StarSize or None
    rivalry : float
        Weight of objects of another size over that of those that agree.
    """
    found = seeds(detail, max(1, len(levels.images) - 2), _N_EACH)
    if len(found) == 0:
        return None, 0.0
    rows = _own_sizes(levels, found, meter)
    rows = _separate(rows[_like_stars(data, rows, levels.window)])
    while len(rows):
        size, alike, rivalry = _shared(rows, meter)
        if size is not None:
            return size, rivalry
        rows = rows[~alike]
    return None, 0.0


def _ends_sharply(r50: Numbers | float, r90: Numbers | float) -> NDArray[np.bool_]:
    """Whether what is wide ends as sharply as a pupil does; clouds and nebulae do not.

    r90 / r50 is 1.34 for a disc and 1.28 for an annulus (obstruction 0.35); seeing adds up to
    4 px / r50 and other aberrations some more. Waves of the sky have 1.5 and more.
    """
    return np.asarray(r90 < 1.36 * r50 + 6.5)


def _like_stars(
    data: Source, rows: Numbers, window: tuple[int, int, int, int]
) -> NDArray[np.bool_]:
    """Which objects may be stars; of saturated ones only if there are no others."""
    c = {name: rows[:, k] for name, k in COLUMN.items()}
    r50, r90 = c["r50"], c["r90"]
    top, left, height, width = window
    with np.errstate(invalid="ignore"):
        x, y = c["x"] - left, c["y"] - top
        inside = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y))
        star = (
            np.isfinite(r50 + r90)
            & (c["flux"] > 0)
            & (c["snr"] > 8)
            & (c["missing"] < 0.4)
            # as of stars that are used: what fills the frame is the sum of its stars
            & (inside > 1.1 * r90 + 1.0)
            & (r50 > 0.85)
            & (c["elongation"] < np.where(r50 < 10.0, 3.0, 1.8))
            & (c["lopsided"] < 0.2)
            & _ends_sharply(r50, r90)
        )
    unsaturated = star & ~saturated(data, rows)
    return unsaturated if unsaturated.any() else star


def _separate(rows: Numbers) -> Numbers:
    """Each object once, most significant first.

    A fragment of a donut lies in the donut, which gathers more light.
    """
    x, y, r50, r90, snr = (rows[:, COLUMN[c]] for c in ("x", "y", "r50", "r90", "snr"))
    within = (x[:, None] - x) ** 2 + (y[:, None] - y) ** 2 <= (1.1 * r90) ** 2
    alone: list[int] = []
    taken = np.zeros(len(rows), bool)
    for k in np.argsort(-snr * r50**0.15, kind="stable").tolist():
        if not taken[k]:
            alone.append(k)
            taken |= within[:, k]
    return rows[alone]


def _shared(rows: Numbers, meter: Meter) -> tuple[StarSize | None, NDArray[np.bool_], float]:
    """Size on which most objects agree, which those are, and what weight others have.

    None where, measured with the aperture of that size, none of them ends sharply.
    """
    r50, r90, snr = (rows[:, COLUMN[c]] for c in ("r50", "r90", "snr"))
    weight = np.sqrt(np.minimum(snr, 200.0))
    apart = np.abs(np.log(r50[:, None] / r50))
    votes = (weight * (apart < 0.2)).sum(axis=1)
    best = int(np.argmax(votes))
    rivalry = float(votes[apart[best] > 0.4].max(initial=0.0) / votes[best])
    alike = apart[best] < 0.3
    size = _middle(r50[alike], r90[alike], weight[alike])
    xs, ys = rows[alike][:_MOST_REFINED, :2].T
    for _ in range(4):
        again = meter(xs, ys, size)
        a, b, s = (again[:, COLUMN[c]] for c in ("r50", "r90", "snr"))
        with np.errstate(invalid="ignore"):
            ok = np.isfinite(a) & np.isfinite(b) & (s > 0) & _ends_sharply(a, b)
        if not ok.any():
            return None, alike, rivalry
        before = size
        size = _middle(a[ok], b[ok], np.sqrt(np.minimum(s[ok], 200.0)))
        if abs(size.aperture - before.aperture) < 0.01 * size.aperture:
            break
    return size, alike, rivalry


def _middle(r50: Numbers, r90: Numbers, weight: Numbers) -> StarSize:
    """Weighted medians of both radii, kept within what an aperture can follow."""
    middle = _weighted_median(r50, weight)
    outer = min(max(_weighted_median(r90, weight), 1.15 * middle), 3.0 * middle)
    return StarSize(max(middle, 0.5), outer)


def _weighted_median(values: Numbers, weights: Numbers) -> float:
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, 0.5 * total[-1])])


def _own_sizes(levels: Levels, found: Peaks, meter: Meter) -> Numbers:
    """Result rows of peaks, each measured with an aperture that follows its own size."""
    scale = levels.factor * 2.0**found.level
    start = np.maximum(1.1 * scale, 1.5)
    if levels.factor > 1:
        start = np.where(found.level == 0, 2.5, start)
    sizes = np.c_[start, 1.6 * start]
    rows = np.full((len(found), len(COLUMNS)), np.nan)
    open_ = np.arange(len(found))
    for _ in range(4):
        here = meter(found.x[open_], found.y[open_], sizes[open_], 1.5, rough=True)
        rows[open_] = here
        r50, r90, flux, snr, long = (
            here[:, COLUMN[c]] for c in ("r50", "r90", "flux", "snr", "elongation")
        )
        with np.errstate(invalid="ignore"):
            good = np.isfinite(r50 + r90) & (flux > 0) & ~(snr < 8) & ~(long > 8)
        open_, r50, r90 = open_[good], r50[good], r90[good]
        r50 = np.clip(r50, 0.5, 4 * start[open_])
        before, sizes[open_, 0] = aperture_of(*sizes[open_].T), r50
        sizes[open_, 1] = np.clip(r90, 1.15 * r50, 3 * r50)
        after = aperture_of(*sizes[open_].T)
        open_ = open_[np.abs(after - before) > 0.05 * after]
        # several peaks that settle on the same object need to be followed once
        place, size = rows[:, 0] + 1j * rows[:, 1], sizes[:, 0]
        same = np.abs(place[open_, None] - place) < 0.2 * size[open_, None]
        same &= np.abs(size[open_, None] - size) < 0.1 * size[open_, None]
        follow = np.ones(len(found), bool)
        for k, others in zip(open_, same, strict=True):
            follow[k] = not (others[:k] & follow[:k]).any()
        rows[open_[~follow[open_]]] = np.nan
        open_ = open_[follow[open_]]
        if len(open_) == 0:
            break
    return rows
