"""Reads plain folders, or zips, of frames, SGPro's AF packs among them: measures each frame.

SGPro packs the frames of one run, or of several. Runs are told apart by camera, by filter, and by
the gaps between the times of their frames: within a run they follow each other, between two runs
light frames are taken.
"""

import dataclasses
import itertools
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from focusbench.af_packages import stars_table
from focusbench.af_packages.frame_positions import Moves, Told, find_positions
from focusbench.af_packages.order import ORDER, VALIDATION_NOTE, with_validation
from focusbench.af_packages.package import Format, Package, read_member
from focusbench.af_packages.text import check_counts, median_gap, naive_time_s
from focusbench.af_packages.tree import Tree
from focusbench.curve import FocusPoint, Rejected
from focusbench.errors import FrameError, MeasurementError, PackageError, TooFewStars
from focusbench.frames import FRAME_SUFFIXES, Frame
from focusbench.stars import METRICS, Measurement, measure

SHORTEST_GAP_S = 120.0
"""Frames closer than this belong to one run, seconds: a long exposure and a slow focuser."""

_GAP_FACTOR = 5.0
"""A gap this many times the median one begins another run."""


@dataclass(frozen=True)
class MeasureOptions:
    """How the frames of a folder are measured; see `focusbench.stars.measure`.

    `moves` tells where the frames were taken, if they do not: the moves of an SGPro log.
    """

    metric: str = "hfr"
    min_star_diameter_px: float = 3.0
    crop_percent: float = 0.0
    min_stars: int = 1
    moves: Moves = ()

    @property
    def definition(self) -> str:
        """What the metric means."""
        return METRICS[self.metric]

    def with_log(self, moves: Moves) -> "MeasureOptions":
        """The same with a log's moves."""
        return dataclasses.replace(self, moves=moves)


@dataclass(frozen=True)
class Taken:
    """What is remembered of a frame once it has been measured."""

    told: Told
    exposure_s: float | None
    temperature_c: float | None
    filter: str | None
    creator: str
    camera: str
    measurement: Measurement | None
    trouble: str
    n_stars: int | None


def frame_names(names: Sequence[str]) -> tuple[str, ...]:
    """Those of the names that frames have."""
    return tuple(name for name in names if name.lower().endswith(FRAME_SUFFIXES))


def read(tree: Tree, options: MeasureOptions) -> tuple[Package, ...]:
    """Measure all frames, and put them together to runs.

    Raises
    ------
    PackageError
        No frame can be read, or nothing tells their positions.
    OptionsError
        An unknown metric, or a crop that leaves nothing.
    """
    skipped: list[str] = []
    taken: list[Taken] = []
    check_counts(tree.source, 0, len(frame_names(tree.names())))
    for name in frame_names(tree.names()):
        try:
            taken.append(measured(read_member(tree, name, in_place=True), options))
        except FrameError as error:
            skipped.append(f"{name} was skipped: {error}")
    if not taken:
        raise PackageError(f"{tree.source} holds no readable frame: {skipped[0]}")
    positions, notes = find_positions([t.told for t in taken], options.moves)
    if not positions:
        stale = f"{notes[0]} They are stale" if notes else "no header has FOCUSPOS"
        raise PackageError(
            f"{tree.source} does not tell the focuser's positions: {stale}, and "
            "the file names hold no number; put the position in each name, as in focus_10250.fits, "
            "or give an SGPro log of that night (log=...)."
        )
    taken = [t for t in taken if t.told.name in positions]
    groups = _runs(taken)
    return tuple(
        _package(
            tree,
            group,
            positions,
            options,
            notes=[*skipped, *notes],
            run=number if len(groups) > 1 else None,
        )
        for number, group in enumerate(groups)
    )


def _runs(taken: list[Taken]) -> list[list[Taken]]:
    """Frames of each run, in the order taken where times tell it.

    A run lies in one folder and is of one camera and one filter; frames that do not tell theirs
    are of the others'.
    """
    runs: list[list[Taken]] = []
    for folder in sorted({t.told.name.rpartition("/")[0] for t in taken}):
        inside = [t for t in taken if t.told.name.rpartition("/")[0] == folder]
        for of_camera in _apart(inside, lambda t: t.camera):
            for group in _apart(of_camera, lambda t: t.filter or ""):
                runs += _by_gaps(group)
    return sorted(runs, key=lambda run: run[0].told.time_s or 0.0)


def _apart(taken: list[Taken], key: Callable[[Taken], str]) -> list[list[Taken]]:
    """Groups of frames by what they tell, in order; all together where one has only one kind."""
    kinds = dict.fromkeys(key(t) for t in taken if key(t))
    if len(kinds) < 2:
        return [taken]
    first = next(iter(kinds))
    return [[t for t in taken if (key(t) or first) == kind] for kind in kinds]


def _by_gaps(taken: list[Taken]) -> list[list[Taken]]:
    if not _ordered(taken):
        return [taken]
    ordered = sorted(taken, key=lambda t: t.told.time_s or 0.0)
    times = [t.told.time_s or 0.0 for t in ordered]
    gaps = [b - a for a, b in itertools.pairwise(times)]
    longest = max(SHORTEST_GAP_S, _GAP_FACTOR * statistics.median(gaps)) if gaps else 0.0
    runs = [ordered[:1]]
    for gap, one in zip(gaps, ordered[1:], strict=True):
        if gap > longest:
            runs.append([])
        runs[-1].append(one)
    return runs


def _ordered(taken: Sequence[Taken]) -> bool:
    """Whether times tell the order: only distinct ones do, for some cameras stamp all alike."""
    times = {t.told.time_s for t in taken}
    return None not in times and len(times) == len(taken)


def _package(
    tree: Tree,
    taken: list[Taken],
    positions: dict[str, float],
    options: MeasureOptions,
    *,
    notes: list[str],
    run: int | None,
) -> Package:
    notes = list(notes)
    time_ordered = _ordered(taken)
    if not time_ordered:
        taken = sorted(taken, key=lambda t: positions[t.told.name])
        notes.append("The frames do not tell in which order they were taken.")
    points = tuple(point_of(t, positions[t.told.name]) for t in taken)
    if time_ordered:
        points, marked = with_validation(points)
        if marked:
            notes.append(VALIDATION_NOTE)
    exposures = sorted({t.exposure_s for t in taken if t.exposure_s is not None})
    if len(exposures) > 1:
        notes.append(f"Exposure times differ: {', '.join(f'{s:g} s' for s in exposures)}.")
    filters = {t.filter for t in taken if t.filter}
    cameras = {t.camera for t in taken if t.camera}
    by_sgpro = any(t.creator.startswith("Sequence Generator Pro") for t in taken)
    form: Format = "SGPro" if by_sgpro else "frames"
    unknown = [] if time_ordered else [ORDER]
    unknown += [] if filters else ["the filter"]
    unknown += [] if exposures else ["the exposure time"]
    return Package(
        source=tree.source,
        format=form,
        focus_points=points,
        metric=options.metric,
        definition=options.definition,
        time_ordered=time_ordered,
        step_size=median_gap(p.position for p in points if p.role != "validation"),
        filter=filters.pop() if filters else None,
        started_s=min((t.told.time_s for t in taken if t.told.time_s is not None), default=None),
        notes=tuple(notes),
        run=run,
        unknown=tuple(unknown),
        settings={"exposure_s": exposures[0]} if len(exposures) == 1 else {},
        rig=cameras.pop() if cameras else None,
        _tree=tree,
        _frame_names=tuple((t.told.name,) for t in taken),
        _measured_stars=_star_table(taken, points),
    )


def measured(frame: Frame, options: MeasureOptions) -> Taken:
    """Measure one frame, and let its pixels go."""
    measurement, trouble, n_stars = None, "", None
    try:
        measurement = measure(
            frame,
            metric=options.metric,
            min_star_diameter_px=options.min_star_diameter_px,
            crop_percent=options.crop_percent,
            min_stars=options.min_stars,
        )
        n_stars = measurement.n_stars
    except TooFewStars as error:
        trouble, n_stars = str(error), error.n_stars
    except MeasurementError as error:
        trouble = str(error)
    local = naive_time_s(str(frame.header.get("DATE-LOC") or ""))
    local = None if local is None else local + (frame.exposure_s or 0.0) / 2
    return Taken(
        told=Told(frame.source, frame.position, frame.time_s, local),
        exposure_s=frame.exposure_s,
        temperature_c=frame.temperature_c,
        filter=frame.filter,
        creator=str(frame.header.get("CREATOR") or ""),
        camera=str(frame.header.get("INSTRUME") or "").strip(),
        measurement=measurement,
        trouble=trouble,
        n_stars=n_stars,
    )


def point_of(taken: Taken, position: float) -> FocusPoint:
    """The point of a measured frame."""
    found = taken.measurement
    return FocusPoint(
        position=position,
        metric=found.value if found else float("nan"),
        error=found.error if found else None,
        scatter=found.scatter if found else None,
        n_stars=taken.n_stars,
        time_s=taken.told.time_s,
        temperature_c=taken.temperature_c,
        rejected=Rejected.NO if found else Rejected.FEW_STARS,
        reason=taken.trouble,
        others=found.others if found else {},
    )


def stars_of(taken: Taken) -> NDArray[np.void]:
    """Stars of a measured frame, with the columns of `stars_table.FIELDS`."""
    if taken.measurement is None:
        return np.zeros(0, stars_table.FIELDS)
    stars = taken.measurement.stars
    table = np.zeros(len(stars), stars_table.FIELDS)
    for name in stars.dtype.names or ():
        table[name] = stars[name]
    return table


def _star_table(taken: Sequence[Taken], points: Sequence[FocusPoint]) -> NDArray[np.void]:
    """Stars of all frames, one after the other, with the number of their point."""
    parts = [np.zeros(0, stars_table.FIELDS)]
    for number, (one, point) in enumerate(zip(taken, points, strict=True)):
        part = stars_of(one)
        part["point"] = stars_table.VALIDATION if point.role == "validation" else number
        parts.append(part)
    return np.concatenate(parts)
