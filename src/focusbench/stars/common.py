"""The same stars in every frame of a run, so that stars coming and going do not bend the curve.

Stars of one frame differ in size, by tilt, coma, colour and blends; a frame's median moves when
others are among them. Here the median is that of the same stars in each frame. Where one of them is
lost, its size relative to the frame's median is interpolated between the frames that have it.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from focusbench.errors import MeasurementError, TooFewStars
from focusbench.frames import Frame
from focusbench.stars.measure import METRICS, OWN_METRICS, measure
from focusbench.stars.measurement import Measurement
from focusbench.stars.neighbours import pairs

_BRIGHTEST = 40
"""Stars of either frame that vote on how far the telescope moved between the two."""
_ENOUGH = 20
"""Stars that make a curve; where fewer are in half of the frames, rarer ones are added."""
_FARTHEST_PX = 100.0
"""How far a star that is alone may have moved; more of them tell by their pattern."""

_SPOILT = ("touches the border", "saturated", "hot pixel", "blended", "missing")
"""What spoils the light of a star. One known from the sharpest frame need not prove again, by its
size, that it is a star."""

Tables = Sequence[NDArray[np.void]]


def measure_common(
    frames: Iterable[Frame | NDArray[np.generic]],
    *,
    metric: str = "hfr",
    min_star_diameter_px: float = 3.0,
    crop_percent: float = 0.0,
    min_stars: int = 1,
    n_threads: int = 1,
) -> list[Measurement | MeasurementError]:
    """Measure the frames of one run by the stars that they share.

    Parameters
    ----------
    frames : iterable of Frame or array of shape (n_y, n_x), in the order of their positions
        Only one is held at a time.
    metric, min_star_diameter_px, crop_percent, min_stars, n_threads
        As in `measure`; the metric has to be one of our own.

    Returns
    -------
    list of Measurement or MeasurementError, as many as frames
        See `common_stars`; an error where a frame could not be measured at all.
    """
    results: list[Measurement | MeasurementError] = []
    for frame in frames:
        try:
            measured = measure(
                frame,
                metric=metric,
                min_star_diameter_px=min_star_diameter_px,
                crop_percent=crop_percent,
                n_threads=n_threads,
            )
        except MeasurementError as error:
            results.append(error)
        else:
            results.append(measured)
    at = [k for k, result in enumerate(results) if isinstance(result, Measurement)]
    tables = [results[k].stars for k in at]  # type: ignore[union-attr]
    for k, result in zip(at, common_stars(tables, metric=metric, min_stars=min_stars), strict=True):
        results[k] = result
    return results


def common_stars(
    tables: Tables, *, metric: str = "hfr", min_stars: int = 1
) -> list[Measurement | MeasurementError]:
    """Focus metric of each frame of a run by the stars that the frames share.

    The stars are those of the sharpest frame; they are followed from frame to frame by the
    pattern they make, however far the telescope moved. Those in at least half of the frames
    count; where they are fewer than 20, the next most frequent, too.

    Parameters
    ----------
    tables : sequence of structured arrays, columns as in `STAR_FIELDS`
        Stars of each frame, in the order of the positions.
    metric : str
        A column of the tables.
    min_stars : int
        Fewest common stars that make a measurement.

    Returns
    -------
    list of Measurement or TooFewStars
        `value` is the median of all common stars, `n_stars` how many of them were measured in
        this frame, `scatter` that of single stars about what they read, relative to the others,
        in the two neighbouring frames, and `error` the standard error that follows: how stars
        differ from each other takes no part in it. `doubt` says where more than half are lost.
    """
    column = metric.partition(":")[0]
    which = _followed(tables)
    sizes = _sizes(tables, which, column)
    counted = _counted(sizes)
    logs = np.log(sizes[:, counted])
    neighbours = _Neighbours(np.isfinite(logs))
    values = _medians(logs, neighbours)
    relative = logs - values[:, None]
    noise = (relative - neighbours.between(relative)) / neighbours.spread
    results: list[Measurement | MeasurementError] = []
    for k, table in enumerate(tables):
        here = np.isfinite(logs[k])
        n = int(here.sum())
        if n < max(1, min_stars):
            results.append(TooFewStars(n, max(1, min_stars)))
            continue
        value = float(np.exp(values[k]))
        known = np.abs(noise[k][np.isfinite(noise[k])])
        scatter = 1.4826 * float(np.median(known)) * value if len(known) > 1 else None
        error = None if scatter is None else 1.2533 * scatter / n**0.5
        stars = table.copy()
        mine = which[k, counted]
        common = np.zeros(len(stars), bool)
        common[mine[here]] = True
        stars["reason"][stars["used"] & ~common] = "not among the common stars"
        stars["used"] = common
        stars["reason"][common] = ""
        others = {
            name: float(np.median(stars[name][common]))
            for name in OWN_METRICS
            if name != column and np.isfinite(stars[name][common]).all()
        }
        lost = (
            f"{len(here) - n} of the {len(here)} common stars are lost" if 2 * n < len(here) else ""
        )
        definition = f"{METRICS[metric]} By the stars common to all frames of the run."
        results.append(
            Measurement(metric, definition, value, error, scatter, n, others, stars, lost)
        )
    return results


def _followed(tables: Tables) -> NDArray[np.intp]:
    """Which row of each table is which star of the sharpest frame; −1 where it was not found.

    Returns
    -------
    array, shape (n_frames, n_stars)
    """
    used = [np.flatnonzero(table["used"]) for table in tables]
    many = max((len(rows) for rows in used), default=0)
    if many == 0:
        return np.zeros((len(tables), 0), np.intp)
    size = [
        float(np.median(table["hfr"][rows])) if len(rows) else np.inf
        for table, rows in zip(tables, used, strict=True)
    ]
    # A frame that shows few stars is no frame to choose them from, however sharp.
    rich = [k for k, rows in enumerate(used) if 2 * len(rows) >= many]
    sharpest = min(rich, key=lambda k: size[k])
    places = tables[sharpest]["x"][used[sharpest]] + 1j * tables[sharpest]["y"][used[sharpest]]
    which = np.full((len(tables), len(places)), -1, np.intp)
    which[sharpest] = used[sharpest]
    for neighbours in (range(sharpest + 1, len(tables)), range(sharpest - 1, -1, -1)):
        turn, shift = 1.0 + 0j, 0.0 + 0j
        for k in neighbours:
            rows = np.flatnonzero([not row.startswith(_SPOILT) for row in tables[k]["reason"]])
            there = tables[k]["x"][rows] + 1j * tables[k]["y"][rows]
            # A donut's centroid is as good as its light is even.
            reach = 2.0 + (0.15 * size[k] if len(used[k]) else 0.0)
            moved = _moved(turn * places + shift, there, reach)
            if moved is None:
                continue
            shift += moved
            for _ in range(2):
                here, star = _matched(turn * places + shift, there, reach)
                if len(star) >= 6:
                    # the image turns and, with the focus, grows a little
                    sums = np.c_[places[star], np.ones(len(star))]
                    turn, shift = map(complex, np.linalg.lstsq(sums, there[here])[0])
                elif len(star):
                    shift += complex(np.mean(there[here] - turn * places[star] - shift))
            here, star = _matched(turn * places + shift, there, reach)
            which[k, star] = rows[here]
    return which


def _moved(
    expected: NDArray[np.complex128], there: NDArray[np.complex128], reach: float
) -> complex | None:
    """Offset that brings most of the brightest stars to where stars are; None if none does.

    Tables are sorted by significance, so the first are the brightest.
    """
    a, b = expected[:_BRIGHTEST], there[:_BRIGHTEST]
    if len(a) == 0 or len(b) == 0:
        return None
    offsets = (b[:, None] - a).ravel()
    agreeing = np.zeros(len(offsets), np.intp)
    np.add.at(agreeing, pairs(np.c_[offsets.real, offsets.imag], reach).ravel(), 1)
    best = int(np.argmax(agreeing))
    if agreeing[best] >= 2:
        return complex(np.mean(offsets[np.abs(offsets - offsets[best]) <= reach]))
    nearest = offsets[np.argmin(np.abs(offsets))]
    if min(len(a), len(b)) > 2 or abs(nearest) > _FARTHEST_PX:
        return None
    return complex(nearest)


def _matched(
    expected: NDArray[np.complex128], there: NDArray[np.complex128], reach: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Stars that lie where they were expected, each the other's nearest: indices into both."""
    apart = np.abs(there[:, None] - expected)
    nearest_star, nearest_here = apart.argmin(axis=1), apart.argmin(axis=0)
    here = np.arange(len(there))
    sure = (nearest_here[nearest_star] == here) & (apart[here, nearest_star] <= reach)
    return here[sure], nearest_star[sure]


def _sizes(tables: Tables, which: NDArray[np.intp], column: str) -> NDArray[np.float64]:
    """Metric of each star in each frame, NaN where it was not found. Shape as `which`."""
    sizes = np.full(which.shape, np.nan)
    for k, table in enumerate(tables):
        found = which[k] >= 0
        sizes[k, found] = table[column][which[k, found]]
    sizes[~(sizes > 0)] = np.nan
    return sizes


def _counted(sizes: NDArray[np.float64]) -> NDArray[np.intp]:
    """Stars that are in half of the frames; up to the 20th, the next most frequent as well."""
    times = np.isfinite(sizes).sum(axis=0)
    ordered = np.sort(times)[::-1]
    if len(times) == 0 or ordered[0] == 0:
        return np.zeros(0, np.intp)
    half = -(-int(np.isfinite(sizes).any(axis=1).sum()) // 2)
    needed = max(min(half, ordered[min(_ENOUGH, len(ordered)) - 1]), min(2, ordered[0]))
    return np.flatnonzero(times >= needed)


class _Neighbours:
    """For each star (column) of each frame (row), the next frames on either side that have it.

    Parameters
    ----------
    seen : bool array, shape (n_frames, n_stars)
    """

    def __init__(self, seen: NDArray[np.bool_]) -> None:
        n_frames = len(seen)
        frame = np.arange(n_frames)[:, None]
        last = np.maximum.accumulate(np.where(seen, frame, -1), axis=0)
        first = np.minimum.accumulate(np.where(seen, frame, n_frames)[::-1], axis=0)[::-1]
        before, after = np.full(seen.shape, -1), np.full(seen.shape, n_frames)
        before[1:], after[:-1] = last[:-1], first[1:]
        self._any = (before >= 0) | (after < n_frames)
        # Beyond the ends the one neighbour there is stands for both.
        self._before = np.where(before < 0, np.minimum(after, n_frames - 1), before)
        self._after = np.where(after == n_frames, np.maximum(before, 0), after)
        span = np.maximum(self._after - self._before, 1)
        self._share = np.where(self._after == self._before, 0.0, (frame - self._before) / span)

    def between(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values interpolated between the neighbours, their own left out; NaN without any."""
        first = np.take_along_axis(values, self._before, axis=0)
        second = np.take_along_axis(values, self._after, axis=0)
        return np.where(self._any, (1.0 - self._share) * first + self._share * second, np.nan)

    @property
    def spread(self) -> NDArray[np.float64]:
        """Noise of a value less `between`, in units of that of one value."""
        both = self._before != self._after
        return np.sqrt(1.0 + np.where(both, (1.0 - self._share) ** 2 + self._share**2, 1.0))


def _medians(logs: NDArray[np.float64], neighbours: _Neighbours) -> NDArray[np.float64]:
    """Median of each frame (row) over all stars, seen there or not; NaN for a frame with none.

    A star that a frame lost reads what it does, relative to the medians, in the neighbouring
    frames; how high the frame itself lies is told by the stars that it has.
    """
    seen = np.isfinite(logs)
    alive = np.flatnonzero(seen.any(axis=1))
    medians = np.full(len(logs), np.nan)
    # A first guess: each star has its own factor throughout. Medians in turn (Tukey, Exploratory
    # Data Analysis, 1977, chapter 11).
    factors = np.zeros(logs.shape[1])
    for _ in range(10):
        for k in alive:
            medians[k] = np.median((logs[k] - factors)[seen[k]])
        for s in range(len(factors)):
            factors[s] = np.median((logs[:, s] - medians)[seen[:, s]])
        factors -= np.median(factors) if len(factors) else 0.0
    for _ in range(20):
        expected = neighbours.between(logs - medians[:, None])
        before = medians.copy()
        for k in alive:
            known = np.isfinite(expected[k])
            both = seen[k] & known
            if both.any():
                height = np.median((logs[k] - expected[k])[both])
                whole = np.where(seen[k], logs[k], height + expected[k])
                medians[k] = np.median(whole[seen[k] | known])
            else:
                medians[k] = np.median(logs[k, seen[k]])
        if np.abs(medians - before)[alive].max(initial=0.0) < 1e-5:
            break
    return medians
