"""Reads our own packages; a run that was killed is rebuilt from its events."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from focusbench.af_packages import manifest
from focusbench.af_packages.codec import event_from_json
from focusbench.af_packages.definitions import definition
from focusbench.af_packages.tree import JSON_LIMIT, Tree, check_names
from focusbench.curve import BestFocus, FocusPoint, Outcome
from focusbench.engine import (
    CurvesFitted,
    Event,
    FilterChanged,
    PointMeasured,
    RunFinished,
    RunRecord,
    RunStarted,
    SweepStarted,
    Validated,
    Validation,
    Warned,
)
from focusbench.errors import PackageDamaged, PackageError


@dataclass(frozen=True)
class OwnRun:
    """What a package of ours says.

    Attributes
    ----------
    record : RunRecord
    frames : tuple of tuple of str
        Names of the frames of each point of the record.
    definition : str
        What the deciding metric means.
    notes : tuple of str
    """

    record: RunRecord
    frames: tuple[tuple[str, ...], ...]
    definition: str
    notes: tuple[str, ...] = ()


def is_package(names: tuple[str, ...]) -> bool:
    """Whether these are the files of a package of ours."""
    return manifest.MANIFEST in names or manifest.EVENTS in names


def read(tree: Tree, document: Mapping[str, Any] | None = None) -> OwnRun:
    """Read a package; its manifest may be given where it was read before.

    Raises
    ------
    PackageError, PackageDamaged, PackageVersionError
    """
    if manifest.MANIFEST not in tree.names():
        return _rebuild(tree)
    if document is None:
        document = manifest.load(tree.read(manifest.MANIFEST, JSON_LIMIT), tree.source)
    record = manifest.record_of(document, tree.source)
    try:
        frames = tuple(manifest.frame_names(point) for point in document["points"])
        metric: Mapping[str, Any] = document["metric"]
        meaning = str(metric["definition"])
    except (PackageDamaged, KeyError, TypeError) as error:
        raise manifest.damaged(tree.source, error) from error
    check_names(frames, tree.source)
    return OwnRun(replace(record, package_path=tree.source), frames, meaning)


def killed_at_once(source: Path) -> PackageError:
    """Make the error for a run of which nothing was saved."""
    return PackageError(f"{source} holds a run that was killed before its first point; delete it.")


def read_events(tree: Tree) -> list[tuple[Event, Mapping[str, Any]]]:
    """Read the events, each with its line; a torn last line is dropped.

    Events of a kind that this version does not know are left out.

    Raises
    ------
    PackageDamaged
        A line before the last is no event.
    """
    if manifest.EVENTS not in tree.names():
        return []
    lines = tree.read(manifest.EVENTS).split(b"\n")
    events: list[tuple[Event, Mapping[str, Any]]] = []
    # Whatever follows the last line's end was being written when the run was killed.
    for number, line in enumerate(lines[:-1], start=1):
        try:
            event, document = event_from_json(line.decode("utf-8"))
        except (PackageDamaged, UnicodeDecodeError) as error:
            raise PackageDamaged(
                f"{tree.source / manifest.EVENTS} is damaged in line {number} ({error}); "
                "delete the lines from there on, and what was taken before opens."
            ) from error
        if event is not None:
            events.append((event, document))
    return events


def _rebuild(tree: Tree) -> OwnRun:
    """Rebuild the record of a run that left no manifest."""
    events = read_events(tree)
    started = next((event for event, _ in events if isinstance(event, RunStarted)), None)
    if started is None:
        raise killed_at_once(tree.source)
    points: list[FocusPoint] = []
    frames: list[tuple[str, ...]] = []
    best: BestFocus | None = None
    validation: Validation | None = None
    warnings: list[str] = []
    finished: RunRecord | None = None
    filter, focus_shift = started.options.focus_filter or started.rig.get("filter"), 0
    for event, document in events:
        if isinstance(event, PointMeasured | Validated):
            points.append(event.point)
            frames.append(manifest.frame_names(document))
        if isinstance(event, Validated):
            validation = Validation(
                event.point.metric, event.expected, event.deviation_percent, event.passed
            )
        elif isinstance(event, SweepStarted):
            best = None
        elif isinstance(event, FilterChanged) and event.filter == filter:
            focus_shift = event.focus_shift
        elif isinstance(event, CurvesFitted):
            best = event.best
        elif isinstance(event, Warned):
            warnings.append(event.message)
        elif isinstance(event, RunFinished):
            finished = event.record
    times = [point.time_s for point in points if point.time_s is not None]
    count = "1 point" if len(points) == 1 else f"{len(points)} points"
    note = (
        "There is no manifest: rebuilt from the events of the run."
        if finished
        else f"The run was interrupted after {count}: rebuilt from its events."
    )
    record = finished or RunRecord(
        outcome=Outcome.FAILED,
        diagnosis=f"The run was interrupted after {count}; nothing tells where the focuser is.",
        options=started.options,
        start_position=started.start_position,
        return_position=started.return_position,
        final_position=None,
        points=tuple(points),
        best=best,
        validation=validation,
        warnings=tuple(warnings),
        started_s=started.time_s,
        duration_s=max(times) - started.time_s if times else 0.0,
        rig=started.rig,
        filter=filter if isinstance(filter, str) else None,
        focus_shift=focus_shift,
        rig_shape=started.rig_shape,
        reasons=started.reasons,
    )
    check_names(frames, tree.source)
    record = replace(record, package_path=tree.source)
    return OwnRun(record, tuple(frames), definition(record.options.metric), (note,))
