"""Where the frames of a folder were taken: by their headers, their names, or a log.

Headers may be stale: the same position in all of them, or that of the frame before. Names may hold
a number that is something else. Whatever was used, and every contradiction, is said in words.
"""

import bisect
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from focusbench.af_packages.text import FARTHEST
from focusbench.frames import FRAME_SUFFIXES

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_HINT = re.compile(r"(pos|foc|step)[a-z]*[_ =-]*$", re.I)

Moves = tuple[tuple[float, float], ...]
"""When the focuser was sent where: local time (seconds) and position (steps), by time."""


@dataclass(frozen=True)
class Told:
    """What one frame tells: its name, its header's position, when it was taken.

    Attributes
    ----------
    name : str
    position : float or None, steps
    time_s : float or None, seconds
        To put the frames in order.
    local_time_s : float or None, seconds
        By the clock on the wall, to compare with a log.
    """

    name: str
    position: float | None
    time_s: float | None = None
    local_time_s: float | None = None


def find_positions(told: Sequence[Told], moves: Moves = ()) -> tuple[dict[str, float], list[str]]:
    """Position of each frame by its name, and notes on where it came from.

    Frames whose position nothing tells are left out. Nothing at all is an empty mapping.
    """
    header = {
        t.name: t.position for t in told if t.position is not None and abs(t.position) <= FARTHEST
    }
    named = positions_in_names([t.name for t in told])
    stale = len(header) > 1 and len(set(header.values())) == 1
    late = named is not None and _lags_behind(told, named)
    if len(header) < len(told) or stale or late:
        # A log was given on purpose; names hold numbers of many kinds.
        logged = _in_log(told, moves)
        if logged:
            notes = ["Positions are taken from the log, by the times of the frames."]
            return logged, notes + _of_headers(header, logged, stale=stale, late=late)
        if named is not None:
            notes = ["Positions are taken from the file names."]
            return named, notes + _of_headers(header, named, stale=stale, late=late)
    if not header or (stale and len(header) > 2):
        return {}, [f"All headers say {_any(header):g}."] if header else []
    notes = ["Positions are taken from the headers."]
    notes.extend(
        f"{t.name} was skipped: its header tells no position." for t in told if t.name not in header
    )
    if named is not None:
        wrong = [name for name in header if header[name] != named[name]]
        # Names of which most do not agree hold something else: a number of the frame.
        if 0 < len(wrong) < len(header) / 2:
            notes.append(_contradiction(wrong[0], header[wrong[0]], named[wrong[0]]))
    return header, notes


def _of_headers(
    header: Mapping[str, float], named: Mapping[str, float], *, stale: bool, late: bool
) -> list[str]:
    """What to say of headers that were not believed."""
    if stale:
        return [f"All headers say {_any(header):g}."]
    if late:
        return ["Each header holds the position of the frame before."]
    wrong = [n for n, position in header.items() if n in named and position != named[n]]
    return [_contradiction(wrong[0], header[wrong[0]], named[wrong[0]])] if wrong else []


def _lags_behind(told: Sequence[Told], named: Mapping[str, float]) -> bool:
    """Whether headers hold the position of the frame before, as some drivers tell it."""
    ordered = sorted(told, key=lambda t: t.time_s or 0.0)
    times = {t.time_s for t in told}
    if None in times or len(times) < len(told) or any(t.position is None for t in told):
        return False
    later = ordered[1:]
    lagging = sum(b.position == named[a.name] for a, b in zip(ordered, later, strict=False))
    right = sum(b.position == named[b.name] for b in later)
    return len(later) >= 3 and lagging >= 0.8 * len(later) and right < 0.5 * len(later)


def _in_log(told: Sequence[Told], moves: Moves) -> dict[str, float]:
    """Position of the last move before the middle of each exposure."""
    times = [time for time, _ in moves]
    found = {}
    for t in told:
        when = t.time_s if t.local_time_s is None else t.local_time_s
        before = bisect.bisect_right(times, when) - 1 if when is not None else -1
        if before >= 0:
            found[t.name] = moves[before][1]
    return found


def _any(header: Mapping[str, float]) -> float:
    return next(iter(header.values()))


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
    values = {c: {float(numbers[c].group()) for numbers in found.values()} for c in columns}
    differing = [c for c in columns if len(values[c]) > 1 and max(values[c]) <= FARTHEST]
    hinted = [
        c
        for c in differing
        if all(_HINT.search(stems[name][: numbers[c].start()]) for name, numbers in found.items())
    ]
    if not differing and (len(found) > 1 or max(values[-1]) > FARTHEST):
        return None
    column = (hinted or differing or [-1])[-1]
    return {name: float(numbers[column].group()) for name, numbers in found.items()}


def _stem(name: str) -> str:
    """Name of a file without its folder and ending, also without both parts of .fits.gz."""
    last = name.rsplit("/", 1)[-1]
    endings = [suffix for suffix in FRAME_SUFFIXES if last.lower().endswith(suffix)]
    return last[: len(last) - max(map(len, endings), default=0)]
