"""The stars of a frame: what size they share, which objects are stars, and which to use."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from focusbench.stars.detection import Detail, Peaks, seeds
from focusbench.stars.growth import COLUMN, COLUMNS
from focusbench.stars.levels import Bands, Levels
from focusbench.stars.measurement import STAR_FIELDS
from focusbench.stars.meter import Meter, StarSize, aperture_of
from focusbench.stars.neighbours import pairs
from focusbench.stars.source import Source

MOST_STARS = 350
MOST_PROFILES = 100
"""Stars whose FWHM and HFD are measured where these are not what was asked for."""
_FEW = 5


def _weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, 0.5 * total[-1])])


@dataclass(frozen=True, eq=False)
class Found:
    """Objects of a frame that might be stars, most significant first.

    Attributes
    ----------
    rows : array, shape (n, len(COLUMNS))
        What was measured of each.
    size : StarSize
        Size that the stars have in common.
    blended : bool array, shape (n,)
        Whether another object lies in the aperture.
    window : (top, left, height, width)
        Part of the frame that was measured.
    unclear : bool array, shape (n,)
        Whether what lies under it may be structure of the sky.
    uneven : float
        How much more the sky varies at the stars' scale than noise makes it.
    rivalry : float
        Weight of objects of another size over that of the stars.
    """

    rows: NDArray[np.float64]
    size: StarSize
    blended: NDArray[np.bool_]
    window: tuple[int, int, int, int]
    unclear: NDArray[np.bool_]
    uneven: float
    rivalry: float

    def table(self, min_diameter_px: float, min_stars: int) -> NDArray[np.void]:
        """Table of stars, each with the first reason, if any, not to use it."""
        rows, size = self.rows, self.size
        c = {name: rows[:, k] for name, k in COLUMN.items()}
        table = np.zeros(len(rows), STAR_FIELDS)
        for name in ("x", "y", "flux", "snr", "peak", "diameter", "elongation"):
            table[name] = c[name]
        table["hfr"], table["hfr_mean_radius"] = c["r50"], c["mean_radius"]
        table["hfd_astap"], table["fwhm"] = c["hfd_astap"], c["fwhm"]
        table["saturated"] = c["full"] >= 2
        reason = table["reason"]

        def drop(where: NDArray[np.bool_], why: str) -> None:
            reason[where & (reason == "")] = why

        with np.errstate(invalid="ignore"):
            top, left, height, width = self.window
            inside = np.minimum.reduce(
                [c["x"] - left, c["y"] - top, left + width - 1 - c["x"], top + height - 1 - c["y"]]
            )
            drop(~np.isfinite(c["r50"]) | ~(c["snr"] > 12.0), "too faint")
            drop(inside < 1.1 * size.r90 + 1.0, "touches the border")
            drop(table["saturated"], "saturated")
            drop(c["missing"] > 0.15, "touches the border or missing pixels")
            drop((c["mended"] > 0) & (c["sharpest"] > 0.6), "hot pixel or cosmic ray")
            drop(c["diameter"] < min_diameter_px, "smaller than the minimum star diameter")
            drop(self.blended, "blended with a neighbour")
            lopsided = c["lopsided"] > np.maximum(0.12, 4.0 / c["snr"])
            drop(lopsided, "blended with a neighbour")
            good = reason == ""
            usual = float(np.median(c["elongation"][good])) if good.any() else 1.0
            drop(c["elongation"] > 1.5 * max(usual, 1.0), "elongated")
            drop(c["r50"] < 0.6 * size.r50, "sharper than the optics")
            drop(c["r50"] > 1.6 * size.r50, "wider than the stars")
            clear = (reason == "") & ~self.unclear
            if clear.sum() >= _FEW:
                drop(self.unclear, "not clear of the uneven sky")
            else:
                odd = np.abs(np.log(c["r50"] / size.r50)) > 0.07
                odd |= c["r90"] / c["r50"] > 1.05 * size.r90 / size.r50
                drop(self.unclear & odd, "not clear of the uneven sky")
            good = reason == ""
            if 2 < good.sum() < _FEW:
                # A noisy radius must not decide between two sure ones.
                weak = good & (c["snr"] < 0.1 * np.sort(c["snr"][good])[-2])
                if good.sum() - weak.sum() >= max(2, min_stars):
                    drop(weak, "too faint beside the others")
        drop(np.cumsum(reason == "") > MOST_STARS, f"beyond the {MOST_STARS} brightest")
        table["used"] = reason == ""
        return table

    def doubt(self, stars: NDArray[np.void]) -> str:
        """Why the frame's value may be wrong; empty where nothing speaks against it."""
        used = stars[stars["used"]]
        if len(used) == 0:
            return ""
        value = float(np.median(used["hfr"]))
        scatter = 1.4826 * float(np.median(np.abs(used["hfr"] - value)))
        if len(used) > 1 and scatter > 0.3 * value:
            return "the stars differ in size"
        if len(used) > 1 and 1.2533 * scatter / len(used) ** 0.5 > 0.05 * value:
            return "few and faint stars"
        if abs(np.log(value / self.size.r50)) > 0.08:
            return "bright and faint stars differ in size"
        if self.uneven > 3.0 and len(used) < _FEW:
            return "uneven sky and few stars"
        if self.rivalry > 0.6:
            return "objects of another size are as many"
        return ""


def find_stars(data: Source, levels: Levels, bands: Bands, *, every_profile: bool) -> Found:
    """Find the stars of a frame and measure each; `every_profile`: FWHM and HFD of all."""
    meter = Meter(data, levels, bands)
    detail = Detail(levels, bands)
    size, rivalry = _frame_size(levels, detail, meter)
    if size is None:
        nobody = np.zeros(0, bool)
        return Found(
            np.zeros((0, len(COLUMNS))), StarSize(1, 2), nobody, levels.window, nobody, 1.0, 0.0
        )
    # the level on which a star's half-flux radius is about 1.2 pixels
    level = int(np.clip(round(np.log2(size.r50 / 1.2 / levels.factor)), 0, len(levels.images) - 1))
    peaks = detail.peaks(level)
    peaks = peaks[np.arange(min(len(peaks), 4 * MOST_STARS))]
    n = min(len(peaks), int(1.15 * MOST_STARS))
    rows = meter(peaks.x[:n], peaks.y[:n], size, n_profiles=n if every_profile else MOST_PROFILES)
    # peaks that settled on the same star are one: the most significant stands for it
    order = np.arange(n)
    at = np.where(np.isfinite(rows[:, :2]), rows[:, :2], np.c_[peaks.x, peaks.y][:n])
    if n > 1:
        same = pairs(at, 0.7 * size.r50 + 0.5)
        order = np.setdiff1d(order, same.max(axis=1)) if len(same) else order
    blended = np.zeros(n, bool)
    where = np.r_[at[order], np.c_[peaks.x, peaks.y][n:]]
    weight = np.r_[peaks.significance[order], peaks.significance[n:]]
    if len(where) > 1:
        reach = size.aperture + 0.3 * size.r50
        close = pairs(where, reach)
        for a, b in ((0, 1), (1, 0)):
            i, j = close[:, a], close[:, b]
            heavy = (i < len(order)) & (weight[j] > 0.04 * weight[i])
            blended[order[i[heavy]]] = True
    unclear = np.zeros(n, bool)
    with np.errstate(invalid="ignore"):
        sharp = np.abs(np.log(rows[:, COLUMN["r50"]] / size.r50)) < 0.15
        sharp &= rows[:, COLUMN["r90"]] / rows[:, COLUMN["r50"]] < 1.1 * size.r90 / size.r50
    uneven = detail.uneven(level, rows[sharp, 0], rows[sharp, 1], 2.2 * size.r90)
    if uneven > 3.0:
        unclear = peaks.significance[:n] < 6.0 * uneven
    return Found(rows[order], size, blended[order], levels.window, unclear[order], uneven, rivalry)


def _frame_size(levels: Levels, detail: Detail, meter: Meter) -> tuple[StarSize | None, float]:
    """Size that the stars have in common, or None where nothing looks like a star.

    The most significant peaks of every level are measured, each with an aperture that follows
    its own size. What stars share decides: a size that many of them agree on.
    """
    found = seeds(detail, max(1, len(levels.images) - 2), 10)
    if len(found) == 0:
        return None, 0.0
    rows = _own_sizes(levels, found, meter)
    column = {name: rows[:, k] for name, k in COLUMN.items()}
    r50, r90, snr = column["r50"], column["r90"], column["snr"]
    with np.errstate(invalid="ignore"):
        good = (
            np.isfinite(r50 + r90)
            & (column["flux"] > 0)
            & (snr > 8)
            & (column["missing"] < 0.4)
            & (_inside(rows, levels.window) > 0.8 * r90)
            & (r50 > 0.85)
            & (column["elongation"] < 3.0)
        )
        # what is wide must end as sharply as a pupil does: clouds and nebulae do not
        star = good & (r90 < (1.42 + 6.0 / r50) * r50) & (column["lopsided"] < 0.2)
        star &= (r50 < 10.0) | (column["elongation"] < 1.8)
        if (star & (column["full"] < 2)).any():
            star &= column["full"] < 2
    if not star.any():
        return None, 0.0
    rows = rows[star]
    r50, r90, snr = (rows[:, COLUMN[c]] for c in ("r50", "r90", "snr"))
    x, y = rows[:, 0], rows[:, 1]
    # A fragment of a donut lies in the donut, which gathers more light; one object counts once.
    order = np.argsort(-snr * r50**0.15, kind="stable")
    alone: list[int] = []
    for k in order:
        if all((x[k] - x[m]) ** 2 + (y[k] - y[m]) ** 2 > (1.1 * r90[m]) ** 2 for m in alone):
            alone.append(int(k))
    rows, r50, r90, snr = rows[alone], r50[alone], r90[alone], snr[alone]
    weight = np.sqrt(np.minimum(snr, 200.0))
    votes = np.array([(weight * (np.abs(np.log(r50 / r)) < 0.2)).sum() for r in r50])
    best = int(np.argmax(votes))
    others = votes[np.abs(np.log(r50 / r50[best])) > 0.4]
    rivalry = float(others.max() / votes[best]) if len(others) else 0.0
    alike = np.abs(np.log(r50 / r50[best])) < 0.3
    frame = StarSize(
        _weighted_median(r50[alike], weight[alike]), _weighted_median(r90[alike], weight[alike])
    )
    xs, ys = rows[alike][:30, 0], rows[alike][:30, 1]
    for _ in range(4):
        again = meter(xs, ys, frame)
        a, b, s = (again[:, COLUMN[c]] for c in ("r50", "r90", "snr"))
        ok = np.isfinite(a) & np.isfinite(b) & (s > 0)
        if not ok.any():
            break
        before = frame
        heavy = np.sqrt(np.minimum(s[ok], 200.0))
        middle = _weighted_median(a[ok], heavy)
        frame = StarSize(
            max(middle, 0.5), min(max(_weighted_median(b[ok], heavy), 1.15 * middle), 3.0 * middle)
        )
        if abs(frame.aperture - before.aperture) < 0.01 * frame.aperture:
            break
    return frame, rivalry


def _inside(rows: NDArray[np.float64], window: tuple[int, int, int, int]) -> NDArray[np.float64]:
    """Distance of each star from the nearest border of the window, pixels."""
    top, left, height, width = window
    x, y = rows[:, 0] - left, rows[:, 1] - top
    return np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y))


def _own_sizes(levels: Levels, found: Peaks, meter: Meter) -> NDArray[np.float64]:
    """Result rows of peaks, each measured with an aperture that follows its own size."""
    scale = levels.factor * 2.0**found.level
    start = np.maximum(1.1 * scale, 1.5)
    if levels.factor > 1:
        start = np.where(found.level == 0, 2.5, start)
    sizes = np.c_[start, 1.6 * start]
    rows = np.full((len(found), len(COLUMNS)), np.nan)
    open_ = np.arange(len(found))
    for _ in range(6):
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
