"""A look at rig, options and folder before a run: what would make it fail, and what would help.

Nothing is moved, exposed or written. What is ✕ here is refused by the run, too; this list says it
before anything has moved.
"""

import functools
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from focusbench.devices import Rig
from focusbench.engine.record import RunRecord
from focusbench.errors import DeviceError, FocusbenchError
from focusbench.frames import DarkLibrary
from focusbench.options import AutofocusOptions

Verdict = Literal["ok", "warn", "bad"]

OVERHEAD_S = 3.0
"""What a point takes besides its exposure, as long as this rig has not shown it: move, read-out."""

_BYTES_PER_PIXEL = 2
_BYTES_PER_POINT = 50_000
"""Events, stars and manifest, for each frame of a package: measured on the sample packages."""


@dataclass(frozen=True)
class Check:
    """One line of the list.

    Attributes
    ----------
    about : str
        "Sweep", "Camera", "Filter", "Darks", "Disk" or "Time".
    verdict : {"ok", "warn", "bad"}
        "bad": the run would fail. "warn": it would go on, with a drawback.
    sentence : str
        What was found, with its numbers.
    cure : str
        What to do about it; empty where all is well.
    """

    about: str
    verdict: Verdict
    sentence: str
    cure: str = ""


def preflight(
    rig: Rig,
    options: AutofocusOptions,
    *,
    folder: str | Path | None = None,
    keep: str = "frames",
    last: RunRecord | None = None,
) -> tuple[Check, ...]:
    """Look whether a run could be made as things are.

    Parameters
    ----------
    rig : Rig
    options : AutofocusOptions
    folder : path or None
        Where the package would be saved; None saves nothing.
    keep : {"frames", "stamps", "numbers"}
        What the package would keep of the frames.
    last : RunRecord, optional
        The rig's last run: how long a point takes besides its exposure.

    Returns
    -------
    tuple of Check
        In the order in which a run would meet them.

    Examples
    --------
    >>> from focusbench.simulator import simulated_rig
    >>> rig = simulated_rig(start=24_900)
    >>> preflight(rig, AutofocusOptions(step_size=60))[0].cure
    'Begin at 24760 or further in, or lower the step size to 25.'
    """
    checks: tuple[tuple[str, Callable[[], Iterator[Check]]], ...] = (
        ("Sweep", lambda: _sweep(rig, options)),
        ("Camera", lambda: _camera(rig, options)),
        ("Filter", lambda: _filter(rig, options)),
        ("Darks", lambda: _darks(rig, options)),
        ("Disk", lambda: _disk(rig, options, folder, keep)),
        ("Time", lambda: _time(rig, options, last)),
    )
    found: list[Check] = []
    for about, look in checks:
        try:
            found += look()
        except DeviceError as error:
            found.append(Check(about, "bad", str(error), "Check the device and its cable."))
        except FocusbenchError as error:
            found.append(Check(about, "bad", str(error)))
    return tuple(found)


def expected_duration_s(
    options: AutofocusOptions, last: RunRecord | None = None, *, filter: str | None = None
) -> float:
    """How long a run with these options should take, seconds.

    The time of a point besides exposure and settling is what the rig's last run took; before
    there is one, `OVERHEAD_S`.
    """
    overhead = OVERHEAD_S
    if last is not None and last.points:
        overhead = max(
            0.0, last.duration_s / len(last.points) - _fixed_s(last.options, last.filter)
        )
    points = options.data_points + options.validation_frame
    return points * (_fixed_s(options, options.focus_filter or filter) + overhead)


def _fixed_s(options: AutofocusOptions, filter: str | None) -> float:
    return options.frames_per_point * options.exposure_for(filter) + options.settle_s


def _sweep(rig: Rig, options: AutofocusOptions) -> Iterator[Check]:
    here, (low, high) = rig.focuser.position(), rig.focuser.limits
    shift = options.focus_shift(rig.filter(), options.focus_filter or rig.filter()) or 0
    sweep = options.sweep_positions(here + shift)
    if low <= sweep[-1] and sweep[0] <= high:
        yield Check(
            "Sweep", "ok", f"{sweep[0]} → {sweep[-1]}, within the focuser's {low} to {high}."
        )
        return
    out, inward = sweep[0] - here - shift, here + shift - sweep[-1]
    beyond, limit = (sweep[0], high) if sweep[0] > high else (sweep[-1], low)
    first, last = low + inward - shift, high - out - shift
    if first > last:
        where = ""
    elif sweep[0] > high:
        where = f"Begin at {last} or further in, or "
    else:
        where = f"Begin at {first} or further out, or "
    n_out = options.data_points // 2
    n_in = options.data_points - 1 - n_out
    step = min((high - here - shift) // n_out, (here + shift - low) // n_in)
    lower = f"lower the step size to {step}." if step > 0 else "use fewer data points."
    cure = where + lower if where else lower.capitalize()
    yield Check("Sweep", "bad", f"{beyond} is beyond the focuser's limit of {limit}.", cure)


def _camera(rig: Rig, options: AutofocusOptions) -> Iterator[Check]:
    camera = rig.camera
    if not camera.is_idle():
        yield Check(
            "Camera", "bad", f"{camera.name} is busy with another exposure.", "Wait for its end."
        )
        return
    if options.binning > camera.max_binning:
        most = f"{camera.max_binning}×{camera.max_binning}"
        yield Check("Camera", "bad", f"{camera.name} bins to {most} at most.", f"Choose {most}.")
        return
    rows, columns = _frame_shape(rig, options)
    yield Check("Camera", "ok", f"idle; frames of {columns} × {rows} pixels.")


def _filter(rig: Rig, options: AutofocusOptions) -> Iterator[Check]:
    wheel, wanted = rig.filter_wheel, options.focus_filter
    has = wheel.filters if wheel else ()
    if wanted is not None and wanted not in has:
        there = f"it has {', '.join(has)}" if has else "it has no filter wheel"
        yield Check(
            "Filter",
            "bad",
            f"{rig.name} has no filter {wanted!r}; {there}.",
            "Choose another under Focus with, or leave it empty.",
        )
        return
    if wheel is None:
        yield Check("Filter", "ok", "the rig has no filter wheel.")
        return
    now = wheel.filter()
    if now is None:
        yield Check("Filter", "warn", "the wheel turns.", "A run waits until it rests.")
        return
    focus = wanted or now
    if options.focus_shift(now, focus) is None:
        yield Check(
            "Filter",
            "warn",
            f"the focus points of {now} and {focus} are not both known.",
            f"Give them under Filters, else the focuser is left where {focus} focuses.",
        )
        return
    yield Check("Filter", "ok", f"{focus}, {options.exposure_for(focus):g} s a frame.")


def _darks(rig: Rig, options: AutofocusOptions) -> Iterator[Check]:
    if not options.dark_folder:
        yield Check("Darks", "ok", "none are subtracted.")
        return
    exposure_s = options.exposure_for(options.focus_filter or rig.filter())
    dark = _library(options.dark_folder).find(
        exposure_s, _frame_shape(rig, options), options.binning
    )
    yield Check("Darks", "ok", f"{dark.path.name} for {exposure_s:g} s.")


@functools.lru_cache(1)
def _library(folder: str) -> DarkLibrary:
    """The darks of a folder, which remembers those it has read."""
    return DarkLibrary(folder)


def _disk(
    rig: Rig, options: AutofocusOptions, folder: str | Path | None, keep: str
) -> Iterator[Check]:
    if folder is None:
        yield Check("Disk", "ok", "nothing is saved.")
        return
    there = Path(folder).absolute()
    while not there.exists() and there != there.parent:
        there = there.parent
    try:
        free = shutil.disk_usage(there).free
    except OSError as error:
        why = (error.strerror or str(error)).rstrip(".")
        yield Check("Disk", "warn", f"{there}: {why}.", _NOT_SAVED)
        return
    if not there.is_dir() or not os.access(there, os.W_OK):
        yield Check("Disk", "warn", f"{there} cannot be written to.", _NOT_SAVED)
        return
    needed = package_bytes(rig, options, keep)
    # Smart focus may sweep again; validation comes once.
    most = needed * (options.max_sweeps if options.smart_focus else 1)
    at_most = "at most " if keep == "stamps" else ""
    words = f"the package takes {at_most}{_size(needed)}; {_size(free)} are free."
    if free < needed:
        yield Check("Disk", "warn", words, _NOT_SAVED)
    elif free < most:
        yield Check("Disk", "warn", words, f"Smart focus may need up to {_size(most)}: make room.")
    else:
        yield Check("Disk", "ok", words)


_NOT_SAVED = "A run would focus, but not be saved: make room, or save elsewhere."


def package_bytes(rig: Rig, options: AutofocusOptions, keep: str = "frames") -> int:
    """Size of the package of one sweep and its validation frame, bytes; at most, for stamps."""
    rows, columns = _frame_shape(rig, options)
    frames = (options.data_points + options.validation_frame) * options.frames_per_point
    pixels = 0 if keep == "numbers" else rows * columns * _BYTES_PER_PIXEL
    return frames * (pixels + _BYTES_PER_POINT)


def _time(rig: Rig, options: AutofocusOptions, last: RunRecord | None) -> Iterator[Check]:
    seconds = expected_duration_s(options, last, filter=rig.filter())
    source = "" if last is None else ", at the pace of the last run"
    yield Check("Time", "ok", f"about {_about(seconds)}{source}.")


def _frame_shape(rig: Rig, options: AutofocusOptions) -> tuple[int, int]:
    rows, columns = rig.camera.shape
    return rows // options.binning, columns // options.binning


def _size(n_bytes: float) -> str:
    """A size as a person says it: "31 MB"."""
    for unit in ("kB", "MB", "GB", "TB"):
        n_bytes /= 1000
        if n_bytes < 999.5 or unit == "TB":
            break
    return f"{n_bytes:.0f} {unit}" if n_bytes >= 9.95 else f"{n_bytes:.1f} {unit}"


def _about(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, left = divmod(5 * round(seconds / 5), 60)
    return f"{minutes:.0f} min {left:02.0f} s" if left else f"{minutes:.0f} min"
