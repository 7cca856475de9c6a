"""Reads the attempts that Hocus Focus saves: raw frames, its stars, its report.

::

    AutoFocus_{yyyyMMdd_HHmmss}/
      metadata.json                        (newer versions)
      initial/  attempt01/  attempt02/ …  final/
        {image}_Frame{frame}_BitDepth{b}_Bayered{0|1}_Focuser{position}[_HFR{x}].{fits|fit|xisf|tif}
        {image}_Frame{frame}_Region{region}_star_detection_result.json
        autofocus_report_Region{region}.json

Each attempt is a run. The number of the image tells the order taken. Old versions put the first
frame into the attempt, too: of images at one position the last one counts. Points come from the
detection results of the first region where each image has one, else from the report, else the
frames are measured here. The frame in `final` is the validation of the last attempt.

A result tells the standard deviation s over n stars and not whether their mean or their median was
taken: the standard error is that of the median of a normal sample, 1.2533 s / √n, the larger one.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from focusbench.af_packages import frame_folder, nina, stars_table
from focusbench.af_packages.frame_folder import MeasureOptions
from focusbench.af_packages.package import Package, read_member
from focusbench.af_packages.text import (
    check_counts,
    decode_text,
    median_gap,
    naive_time_s,
    number,
    number_or_none,
    size_px,
    steps,
)
from focusbench.af_packages.tree import JSON_LIMIT, Tree
from focusbench.curve import FocusPoint, Rejected
from focusbench.errors import FrameError, PackageDamaged, PackageError

_IMAGE = re.compile(
    r"(?P<image>\d+)_Frame(?P<frame>\d+)_BitDepth\d+_Bayered\d_Focuser(?P<position>\d+)"
    r"(?:_HFR\d+(?:[.,]\d+)?)?\.(?P<kind>fits|fit|xisf|tiff?)",
    re.I,
)
_RESULT = re.compile(
    r"(?P<image>\d+)_Frame(?P<frame>\d+)_Region(?P<region>\d+)_star_detection_result\.json", re.I
)
_REPORT = re.compile(r"autofocus_report_Region(?P<region>\d+)\.json", re.I)
_ATTEMPT = re.compile(r"attempt(\d+)", re.I)
_STAMP = re.compile(r"AutoFocus_(\d{4})(\d\d)(\d\d)_(\d\d)(\d\d)(\d\d)")
_DEFINITION = f"{nina.DEFINITION}, or their median; measured by Hocus Focus"


@dataclass
class _Image:
    """One stop of the focuser: its frames and what was detected in each."""

    number: int
    position: float | None = None
    frames: dict[int, str] = field(default_factory=dict)
    results: dict[int, tuple[int, str]] = field(default_factory=dict)
    """By frame: region and name of its result."""


def recognises(tree: Tree) -> bool:
    """Whether a folder or zip holds such attempts, or is one."""
    return holds_images(tree.nested_names())


def holds_images(names: Iterable[str]) -> bool:
    """Whether these are the names of what such an attempt holds."""
    return any(map(_matches, names))


def read(tree: Tree, options: MeasureOptions) -> tuple[Package, ...]:
    """Read every attempt.

    Raises
    ------
    PackageError
        No attempt holds a point.
    PackageDamaged
        A result or report that is none.
    """
    folders: dict[str, list[str]] = {}
    for name in tree.nested_names():
        folders.setdefault(name.rpartition("/")[0], []).append(name)
    attempts = [
        folder
        for folder, names in folders.items()
        if holds_images(names) and folder.rpartition("/")[2] not in ("initial", "final")
    ]
    if not attempts:
        raise PackageError(f"{tree.source} holds no attempt of Hocus Focus with points.")
    attempts.sort(key=lambda folder: (folder.rpartition("/")[0], _attempt_number(folder)))
    runs = []
    for k, folder in enumerate(attempts):
        parent = folder.rpartition("/")[0]
        is_last = all(other.rpartition("/")[0] != parent for other in attempts[k + 1 :])
        final = f"{parent}/final".lstrip("/") if is_last and folder else None
        run = _read_attempt(tree, folders[folder], folders.get(final, []) if final else [], options)
        about = _about(tree, f"{parent}/metadata.json".lstrip("/") if folder else "", folder)
        notes = (*run.notes, *about.notes)
        run = replace(
            run,
            notes=notes,
            started_s=about.started_s if run.started_s is None else run.started_s,
            settings={**about.settings, **run.settings},
            run=k if len(attempts) > 1 else None,
        )
        runs.append(run)
    return tuple(runs)


def _matches(name: str) -> bool:
    last = name.rpartition("/")[2]
    return bool(_IMAGE.fullmatch(last) or _RESULT.fullmatch(last))


def _attempt_number(folder: str) -> int:
    found = _ATTEMPT.fullmatch(folder.rpartition("/")[2])
    return int(found.group(1)[:9]) if found else 0


def _images(names: list[str]) -> list[_Image]:
    """Stops of the focuser in the order taken; of several at one position the last."""
    images: dict[int, _Image] = {}
    for name in names:
        last = name.rpartition("/")[2]
        if found := _IMAGE.fullmatch(last):
            image = images.setdefault(int(found["image"][:9]), _Image(int(found["image"][:9])))
            image.position = steps(found["position"])
            if frame_folder.frame_names([last]):
                image.frames[int(found["frame"][:9])] = name
        elif found := _RESULT.fullmatch(last):
            image = images.setdefault(int(found["image"][:9]), _Image(int(found["image"][:9])))
            frame, region = int(found["frame"][:9]), int(found["region"][:9])
            if region <= image.results.get(frame, (region, ""))[0]:
                image.results[frame] = region, name
    return [images[number] for number in sorted(images)]


def _last_of_each_position(images: list[_Image]) -> list[_Image]:
    last = {image.position: image.number for image in images}
    return [image for image in images if last[image.position] == image.number]


def _read_attempt(
    tree: Tree, names: list[str], final: list[str], options: MeasureOptions
) -> Package:
    reports = sorted(name for name in names if _REPORT.fullmatch(name.rpartition("/")[2]))
    report = _report(tree, reports[0]) if reports else None
    images, stars = _images(names), []
    points: list[FocusPoint | None] = []
    table: NDArray[np.void] | None
    check_counts(tree.source, len(images))
    for image in images:
        point, found = _detected(tree, image, report)
        points.append(point)
        stars.append(found)
        image.position = point.position if point else image.position
    if any(image.position is None or math.isnan(image.position) for image in images):
        raise PackageDamaged(f"{tree.source} is damaged: nothing tells where an image was taken.")
    kept = _last_of_each_position(images)
    chosen = [images.index(image) for image in kept]
    detected = [points[i] for i in chosen]
    if all(point is not None for point in detected):
        measured, by = [point for point in detected if point is not None], "its star detection"
        table = _numbered([stars[i] for i in chosen])
        metric, definition = "hfr_mean_radius", _DEFINITION
    elif report is not None:
        values = {p.position: p for p in report.focus_points if p.role != "validation"}
        kept = [image for image in kept if image.position in values]
        measured, by = [values[image.position or 0.0] for image in kept], "its report"
        table, metric, definition = None, report.metric, report.definition
    else:
        measured, table = _measure(tree, kept, options)
        by, metric, definition = "measuring its frames", options.metric, options.definition
    if not measured:
        raise PackageError(f"{tree.source} holds an attempt of Hocus Focus without any point.")
    frames = [tuple(image.frames[n] for n in sorted(image.frames)) for image in kept]
    checked = _final(tree, final, report) if metric == "hfr_mean_radius" else None
    if checked is not None:
        measured.append(checked)
        frames.append(())
    notes = [f"Points are taken from {by}."]
    if len(kept) < len(images):
        notes.append(f"{len(images) - len(kept)} images at a position taken again are left out.")
    return Package(
        source=tree.source,
        format="Hocus Focus",
        focus_points=tuple(measured),
        metric=metric,
        definition=definition,
        time_ordered=True,
        step_size=median_gap(p.position for p in measured if p.role != "validation"),
        filter=report.filter if report else None,
        started_s=report.started_s if report else None,
        notes=(*notes, *(report.notes[1:] if report else ())),
        unknown=("when each frame was taken",),
        settings=report.settings if report else {},
        found=report.found if report else {},
        _tree=tree,
        _frame_names=tuple(frames),
        _measured_stars=table,
    )


def _report(tree: Tree, name: str) -> Package:
    document = _json(tree, name)
    if not nina.is_report(document):
        raise PackageDamaged(f"{tree.source} is damaged: {name} is no report.")
    return nina.read(document, tree.source / name)


def _detected(
    tree: Tree, image: _Image, report: Package | None
) -> tuple[FocusPoint | None, NDArray[np.void]]:
    """The point of an image by its detection results, averaged over its frames, and its stars."""
    tables = [np.zeros(0, stars_table.FIELDS)]
    values: list[tuple[float, float | None, int]] = []
    if not image.results or (image.frames and set(image.results) < set(image.frames)):
        return None, tables[0]
    position = image.position
    for frame, (_, name) in sorted(image.results.items()):
        result = _json(tree, name)
        if not isinstance(result, dict):
            raise PackageDamaged(f"{tree.source} is damaged: {name} is no detection result.")
        if position is None:
            position = steps(result.get("FocuserPosition"))
        stars = result.get("StarList")
        stars = stars if isinstance(stars, list) else []
        count = number_or_none(result.get("DetectedStars"))
        value = size_px(result.get("AverageHFR"))
        n = len(stars) if count is None else int(min(count, 1e9))
        if math.isfinite(value) and n > 0:
            values.append((value, number_or_none(result.get("HFRStdDev")), n))
        tables.append(_stars(stars, frame))
    if position is None or not math.isfinite(position):
        return None, tables[0]
    temperature = report.focus_points[0].temperature_c if report else None
    table = np.concatenate(tables)
    if not values:
        none = FocusPoint(
            position,
            math.nan,
            n_stars=0,
            temperature_c=temperature,
            rejected=Rejected.FEW_STARS,
            reason="no stars",
        )
        return none, table
    scatters = [s for _, s, _ in values if s is not None]
    errors = [1.2533 * s / math.sqrt(n) for _, s, n in values if s and 0 < s < 1e5]
    known = len(errors) == len(values)
    point = FocusPoint(
        position=position,
        metric=sum(value for value, _, _ in values) / len(values),
        error=math.hypot(*errors) / len(errors) if known else None,
        scatter=sum(scatters) / len(scatters) if scatters else None,
        n_stars=round(sum(n for _, _, n in values) / len(values)),
        temperature_c=temperature,
    )
    return point, table


def _stars(stars: list[Any], frame: int) -> NDArray[np.void]:
    table = np.zeros(len(stars), stars_table.FIELDS)
    for name in table.dtype.names or ():
        if table.dtype[name].kind == "f":
            table[name] = np.nan
    table["frame"], table["used"] = frame, True
    for row, star in zip(table, stars, strict=True):
        star = star if isinstance(star, Mapping) else {}
        place = star.get("Position")
        if isinstance(place, str):  # as .NET writes some kinds of points
            place = dict(zip("XY", place.split(", "), strict=False))
        place = place if isinstance(place, Mapping) else {}
        row["x"], row["y"] = number(place.get("X")), number(place.get("Y"))
        row["hfr_mean_radius"] = number(star.get("HFR"))
        row["peak"] = number(star.get("MaxBrightness")) - number(star.get("Background"))
    return table


def _numbered(tables: list[NDArray[np.void]]) -> NDArray[np.void]:
    for number_, table in enumerate(tables):
        table["point"] = number_
    return np.concatenate([np.zeros(0, stars_table.FIELDS), *tables])


def _measure(
    tree: Tree, images: list[_Image], options: MeasureOptions
) -> tuple[list[FocusPoint], NDArray[np.void]]:
    """Measure the first frame of each image here."""
    points, tables = [], []
    for image in images:
        if not image.frames:
            raise PackageError(
                f"{tree.source} has neither a report nor results, and its frames are of a kind "
                "that cannot be read: save them as FITS or XISF."
            )
        try:
            frame = read_member(tree, image.frames[min(image.frames)], in_place=True)
        except FrameError as error:
            raise PackageDamaged(f"{tree.source}: {error}") from error
        taken = frame_folder.measured(frame, options)
        points.append(frame_folder.point_of(taken, image.position or 0.0))
        tables.append(frame_folder.stars_of(taken))
    return points, _numbered(tables)


def _final(tree: Tree, names: list[str], report: Package | None) -> FocusPoint | None:
    """The validation frame: the last image in `final`, else what the report says of it."""
    images = _images(names)
    point = _detected(tree, images[-1], report)[0] if images else None
    if point is not None:
        return replace(point, role="validation")
    told = [p for p in report.focus_points if p.role == "validation"] if report else []
    return told[0] if told else None


@dataclass(frozen=True)
class _About:
    started_s: float | None = None
    notes: tuple[str, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)


def _about(tree: Tree, name: str, folder: str) -> _About:
    """What metadata.json and the name of the folder tell of all attempts."""
    stamp = _STAMP.search(folder) or _STAMP.search(str(tree.source))
    started_s, notes = None, []
    if stamp:
        year, month, day, hour, minute, second = stamp.groups()
        started_s = naive_time_s(f"{year}-{month}-{day}T{hour}:{minute}:{second}")
        notes.append("The time is the computer's local one, read as UTC.")
    document = _json(tree, name) if name in tree.nested_names() else None
    if not isinstance(document, dict):
        return _About(started_s, tuple(notes))
    written = naive_time_s(str(document.get("createdAtUtc") or ""))
    if written is not None:
        started_s, notes = written, []
    if document.get("succeeded") is False:
        notes.append(
            f"Hocus Focus calls the run failed: {str(document.get('failureReason'))[:200]}."
        )
    asked = document.get("autoFocus")
    asked = asked if isinstance(asked, Mapping) else {}
    plain = {k: v for k, v in asked.items() if isinstance(v, bool | int | float | str)}
    return _About(started_s, tuple(notes), plain)


def _json(tree: Tree, name: str) -> Any:
    text = decode_text(tree.read(name, JSON_LIMIT))
    try:
        return json.loads(text or "")
    except (ValueError, RecursionError) as error:
        raise PackageDamaged(f"{tree.source} is damaged: {Path(name).name} is no JSON.") from error
