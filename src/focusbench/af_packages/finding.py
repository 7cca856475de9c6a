"""Finds what could be runs under a folder, without opening any of it."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from focusbench.af_packages import frame_folder, hocus_focus, manifest

RUN_SUFFIXES = (".json", ".csv", ".tsv", ".txt", ".log", ".analyze", ".zip")
"""Endings of the names of files that may hold runs, lower case."""

CATALOGUE = "focusbench-catalogue.jsonl"
"""Name of the catalogue beside an archive."""

REMEASURED = "focusbench-remeasured.jsonl"
"""Name of what was measured anew of an archive, beside it."""

_DEEPEST = 4
_ATTEMPT = re.compile(r"attempt\d+", re.I)
_OURS = (CATALOGUE, REMEASURED, "index.json")
_IN_PROGRESS = ".part"


def sources(folder: Path, depth: int = 0) -> Iterator[Path]:
    """Folders and files under `folder` that may hold runs, by name; links are not followed.

    A package, an attempt of Hocus Focus and a folder of frames are each one source, others are
    looked into, a few folders deep.
    """
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    names = [entry.name for entry in found]
    if manifest.MANIFEST in names or manifest.EVENTS in names:
        yield folder
        return
    folders = [entry for entry in found if entry.is_dir(follow_symlinks=False)]
    attempts = any(_ATTEMPT.fullmatch(entry.name) for entry in folders)
    if attempts or hocus_focus.holds_images(names):
        yield folder
        return
    if frame_folder.frame_names(names):
        yield folder
    for entry in found:
        if entry.name.startswith(".") or entry.name.endswith(_IN_PROGRESS):
            continue
        if entry.is_dir(follow_symlinks=False):
            if depth < _DEEPEST:
                yield from sources(folder / entry.name, depth + 1)
        elif entry.name.lower().endswith(RUN_SUFFIXES) and entry.name not in _OURS:
            yield from [folder / entry.name] if entry.is_file() else ()


def stamp(source: Path) -> tuple[int, int]:
    """What changes when a source does: time of the last change (ns), and size (bytes).

    Of a package, its manifest's, or its events' while it has none; of another folder, the latest
    time and the sum of its files.
    """
    if not source.is_dir():
        status = source.stat()
        return status.st_mtime_ns, status.st_size
    for name in (manifest.MANIFEST, manifest.EVENTS):
        try:
            status = os.stat(source / name)  # noqa: PTH116 (half the time, thousands of times)
        except FileNotFoundError:
            continue
        return status.st_mtime_ns, status.st_size
    latest = size = 0
    for path, _, names in os.walk(source):
        for name in names:
            status = (Path(path) / name).stat(follow_symlinks=False)
            latest, size = max(latest, status.st_mtime_ns), size + status.st_size
    return latest, size
