"""Reads a plain folder, or zip, of frames: measures each, and finds out where it was taken.

The position comes from the header where every frame tells one; otherwise it is a number in the
file name. `Package.notes` says which was used, and where the two contradict each other.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from focusbench.af_packages import stars_table
from focusbench.af_packages.package import Package, read_member
from focusbench.af_packages.text import median_gap
from focusbench.af_packages.tree import Tree
from focusbench.curve import FocusPoint, Rejected
from focusbench.errors import FrameError, MeasurementError, PackageError, TooFewStars
from focusbench.frames import FRAME_SUFFIXES, Frame
from focusbench.stars import METRICS, Measurement, measure

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_HINT = re.compile(r"(pos|foc|step)[a-z]*[_ =-]*$", re.I)


@dataclass(frozen=True)
class MeasureOptions:
    """How the frames of a folder are measured; see `focusbench.stars.measure`."""

    metric: str = "hfr"
    min_star_diameter_px: float = 3.0
    crop_percent: float = 0.0
    min_stars: int = 1


@dataclass(frozen=True)
class _Taken:
    """What is remembered of a frame once it has been measured."""

    name: str
    position: float | None
    time_s: float | None
    temperature_c: float | None
    filter: str | None
    measurement: Measurement | None
    trouble: str
    n_stars: int | None


def frame_names(names: Sequence[str]) -> tuple[str, ...]:
    """Those of the names that frames have."""
    return tuple(name for name in names if name.lower().endswith(FRAME_SUFFIXES))


def read(tree: Tree, options: MeasureOptions) -> Package:
    """Measure all frames.

    Raises
    ------
    PackageError
        No frame can be read, or nothing tells their positions.
    OptionsError
        An unknown metric, or a crop that leaves nothing.
    """
    notes: list[str] = []
    taken: list[_Taken] = []
    for name in frame_names(tree.names()):
        try:
            taken.append(_measured(read_member(tree, name, in_place=True), options))
        except FrameError as error:
            notes.append(f"{name} was skipped: {error}")
    if not taken:
        raise PackageError(f"{tree.source} holds no readable frame: {notes[0]}")
    positions, note = _positions(taken)
    if positions is None:
        raise PackageError(
            f"{tree.source} does not tell the focuser's positions: no header has FOCUSPOS, and "
            "the file names hold no number; put the position in each name, as in focus_10250.fits."
        )
    notes.extend(note)
    taken = [t for t in taken if t.name in positions]
    # Only distinct times tell an order: some cameras stamp a whole series alike.
    times = [t.time_s for t in taken if t.time_s is not None]
    time_ordered = len(set(times)) == len(taken)
    if time_ordered:
        taken.sort(key=lambda t: t.time_s or 0.0)
    else:
        taken.sort(key=lambda t: positions[t.name])
        notes.append("The frames do not tell in which order they were taken.")
    points = tuple(_point(t, positions[t.name]) for t in taken)
    filters = {t.filter for t in taken if t.filter}
    return Package(
        source=tree.source,
        format="frames",
        focus_points=points,
        metric=options.metric,
        definition=METRICS[options.metric],
        time_ordered=time_ordered,
        step_size=median_gap(point.position for point in points),
        filter=filters.pop() if len(filters) == 1 else None,
        started_s=min(times, default=None),
        notes=tuple(notes),
        _tree=tree,
        _frame_names=tuple((t.name,) for t in taken),
        _measured_stars=_star_table(taken),
    )


def _measured(frame: Frame, options: MeasureOptions) -> _Taken:
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
    return _Taken(
        frame.source,
        frame.position,
        frame.time_s,
        frame.temperature_c,
        frame.filter,
        measurement,
        trouble,
        n_stars,
    )


def _point(taken: _Taken, position: float) -> FocusPoint:
    found = taken.measurement
    return FocusPoint(
        position=position,
        metric=found.value if found else float("nan"),
        error=found.error if found else None,
        scatter=found.scatter if found else None,
        n_stars=taken.n_stars,
        time_s=taken.time_s,
        temperature_c=taken.temperature_c,
        rejected=Rejected.NO if found else Rejected.FEW_STARS,
        reason=taken.trouble,
        others=found.others if found else {},
    )


def _positions(taken: Sequence[_Taken]) -> tuple[Mapping[str, float] | None, list[str]]:
    """Position of each frame by its name, and notes on where it came from."""
    header = {t.name: t.position for t in taken if t.position is not None}
    named = positions_in_names([t.name for t in taken])
    stale = len(header) > 1 and len(set(header.values())) == 1
    if named is not None and (len(header) < len(taken) or stale):
        notes = ["Positions are taken from the file names."]
        wrong = [name for name, position in header.items() if position != named[name]]
        if stale:
            notes.append(f"All headers say {header[wrong[0] if wrong else taken[0].name]:g}.")
        elif wrong:
            notes.append(_contradiction(wrong[0], header[wrong[0]], named[wrong[0]]))
        return named, notes
    if not header:
        return None, []
    notes = ["Positions are taken from the headers."]
    notes.extend(
        f"{t.name} was skipped: its header tells no position."
        for t in taken
        if t.name not in header
    )
    if named is not None:
        wrong = [name for name in header if header[name] != named[name]]
        # Names of which most do not agree hold something else: a number of the frame.
        if 0 < len(wrong) < len(header) / 2:
            notes.append(_contradiction(wrong[0], header[wrong[0]], named[wrong[0]]))
    return header, notes


def _contradiction(name: str, header: float, named: float) -> str:
    return f"{name} contradicts itself: its header says {header:g}, its name {named:g}."


def positions_in_names(names: Sequence[str]) -> dict[str, float] | None:
    """Find the number in file names that is the position.

    Of the numbers that differ between the names, the one after a word like "pos" or "focus", else
    the last one, is taken. None where a name holds no number.

    Examples
    --------
    >>> positions_in_names(["focus_test_570.fit", "focus_test_571.fit"])
    {'focus_test_570.fit': 570.0, 'focus_test_571.fit': 571.0}
    """
    stems = {name: _stem(name) for name in names}
    found = {name: list(_NUMBER.finditer(stem)) for name, stem in stems.items()}
    if not found or not all(found.values()):
        return None
    columns = range(-min(len(numbers) for numbers in found.values()), 0)
    differing = [
        c for c in columns if len({float(numbers[c].group()) for numbers in found.values()}) > 1
    ]
    hinted = [
        c
        for c in differing
        if all(_HINT.search(stems[name][: numbers[c].start()]) for name, numbers in found.items())
    ]
    if not differing and len(found) > 1:
        return None
    column = (hinted or differing or [-1])[-1]
    return {name: float(numbers[column].group()) for name, numbers in found.items()}


def _stem(name: str) -> str:
    """Name of a file without its folder and ending, also without both parts of .fits.gz."""
    last = name.rsplit("/", 1)[-1]
    endings = [suffix for suffix in FRAME_SUFFIXES if last.lower().endswith(suffix)]
    return last[: len(last) - max(map(len, endings), default=0)]


def _star_table(taken: Sequence[_Taken]) -> NDArray[np.void]:
    """Stars of all frames, one after the other, with the number of their point."""
    parts = [np.zeros(0, stars_table.FIELDS)]
    for number, one in enumerate(taken):
        if one.measurement is not None:
            stars = one.measurement.stars
            part = np.zeros(len(stars), stars_table.FIELDS)
            for name in stars.dtype.names or ():
                part[name] = stars[name]
            part["point"] = number
            parts.append(part)
    return np.concatenate(parts)
