"""Saves a run as an AF package while it goes on; a killed kernel costs only the point in hand.

Order within a point: its frames, its stars, then its line in events.jsonl; so whatever the events
name is there. The manifest comes last, by rename.
"""

import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path

from focusbench.af_packages import manifest, stars_table
from focusbench.af_packages.codec import event_to_json
from focusbench.af_packages.private import private
from focusbench.af_packages.stamps import KEEPS, Keep, cut_out
from focusbench.curve import FocusPoint
from focusbench.engine import Event, PointMeasured, RunFinished, RunRecord, RunStarted, Validated
from focusbench.errors import FrameError, OptionsError, PackageError
from focusbench.frames import write_frame


class PackageRecorder:
    """Saves the events of runs, each in its own AF package.

    Parameters
    ----------
    folder : path
        Where packages are made; it is made itself where it does not exist.
    keep : {"frames", "stamps", "numbers"}
        Whether frames are saved, only the pixels around their stars (and nothing that tells the
        person or the place), or only what was measured of them.

    Examples
    --------
    >>> recorder = PackageRecorder("af_packages")
    >>> recorder.path is None
    True
    """

    def __init__(self, folder: str | Path, keep: Keep = "frames") -> None:
        if keep not in KEEPS:
            raise OptionsError(f"keep is one of {', '.join(KEEPS)}; got {keep!r}.", "keep")
        self._folder = Path(folder)
        self._keep = keep
        self._path: Path | None = None
        self._frames: list[tuple[str, ...]] = []
        self._sweep = self._point = -1
        self._failed: str = ""

    @property
    def path(self) -> Path | None:
        """Folder of the run being saved, or saved last; None before the first."""
        return self._path

    def record(self, event: Event) -> None:
        """Save one event, with its frames and stars; it is on disk when this returns.

        Raises
        ------
        PackageError
            It cannot be saved: the folder is read-only, the disk full. The rest of the run is
            then refused with the same sentence: a package with a hole would lie.
        """
        if isinstance(event, RunStarted):
            self._failed = ""
        if self._failed:
            raise PackageError(self._failed)
        try:
            self._record(event)
        except (OSError, FrameError) as error:
            cause = error if isinstance(error, OSError) else error.__cause__
            why = (cause.strerror if isinstance(cause, OSError) else None) or str(error)
            where = self._path or self._folder
            self._failed = f"Cannot save the run in {where}: {why.rstrip('.')}."
            raise PackageError(self._failed) from error

    def _record(self, event: Event) -> None:
        if isinstance(event, RunStarted):
            self._begin(event)
        if self._path is None:
            raise PackageError("A package begins with RunStarted.")
        names: tuple[str, ...] = ()
        if isinstance(event, PointMeasured | Validated):
            names = self._save_point(event)
        line = event_to_json(event, frames=names) if names else event_to_json(event)
        if self._keep == "stamps":
            line = json.dumps(private(json.loads(line)), ensure_ascii=False, allow_nan=False)
        # What is worth surviving a power cut, too, is a point or the end of the run.
        lasting = isinstance(event, PointMeasured | Validated | RunFinished)
        _append(self._path / manifest.EVENTS, line + "\n", lasting=lasting)
        if isinstance(event, RunFinished):
            self._finish(event.record)

    def _begin(self, event: RunStarted) -> None:
        """Make the folder of a new run, under a name that nobody has."""
        self._path = None
        self._frames = []
        self._sweep = self._point = -1
        self._folder.mkdir(parents=True, exist_ok=True)
        name = package_name(event)
        for number in range(1, 1000):
            path = self._folder / (name if number == 1 else f"{name}_{number}")
            try:
                path.mkdir()
            except FileExistsError:
                continue
            self._path = path
            break
        else:
            raise PackageError(f"{self._folder} already holds a thousand runs named {name}.")
        _append(path / manifest.STARS, stars_table.header())

    def _save_point(self, event: PointMeasured | Validated) -> tuple[str, ...]:
        """Write the frames and stars of a point; returns the names of the frames."""
        assert self._path is not None
        point = event.point
        validation = isinstance(event, Validated)
        if not validation:
            self._point = self._point + 1 if point.sweep == self._sweep else 0
            self._sweep = point.sweep
        names: list[str] = []
        if self._keep != "numbers":
            for number, frame in enumerate(event.frames):
                name = frame_name(point, None if validation else self._point, number)
                (self._path / "frames").mkdir(exist_ok=True)
                if self._keep == "stamps":
                    stars = event.stars[number] if number < len(event.stars) else None
                    frame = cut_out(frame, stars)
                write_frame(frame, self._path / name)
                names.append(name)
        for number, stars in enumerate(event.stars):
            if stars is not None:
                of = stars_table.VALIDATION if validation else self._point
                lines = stars_table.rows(point.sweep, of, stars, number)
                _append(self._path / manifest.STARS, lines)
        self._frames.append(tuple(names))
        return tuple(names)

    def _finish(self, record: RunRecord) -> None:
        """Write the manifest, all at once."""
        assert self._path is not None
        # events.jsonl stays open for what happens after the run (RunDismissed), so it has no hash.
        names = [manifest.STARS, *(name for names in self._frames for name in names)]
        files = {name: manifest.sha256(self._path / name) for name in names}
        document = manifest.build(record, self._frames, files)
        text = manifest.dump(private(document) if self._keep == "stamps" else document)
        write_whole(self._path / manifest.MANIFEST, text)


def package_name(event: RunStarted) -> str:
    """Name of a run's folder: when it began, and its filter (2026-11-22T20-15-03Z_Ha)."""
    name = datetime.fromtimestamp(event.time_s, tz=UTC).strftime("%Y-%m-%dT%H-%M-%SZ")
    # Filters are named by people: only what every file system takes is kept.
    filter = str(event.options.focus_filter or event.rig.get("filter") or "")
    chosen = re.sub(r"[^A-Za-z0-9.+-]+", "-", filter).strip("-.")
    return f"{name}_{chosen[:40]}" if chosen else name


def frame_name(point: FocusPoint, number: int | None, frame: int) -> str:
    """Name of a frame: sweep, point, frame and position; or that of the validation frame."""
    which = "validation" if number is None else f"s{point.sweep}_p{number:02d}"
    return f"frames/{which}_f{frame}_{round(point.position)}.fits"


def write_whole(path: Path, text: str) -> None:
    """Write a file so that it is there whole or not at all."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _append(path: Path, text: str, *, lasting: bool = False) -> None:
    with path.open("a", encoding="utf-8", newline="\n") as file:
        file.write(text)
        if lasting:
            file.flush()
            os.fsync(file.fileno())
