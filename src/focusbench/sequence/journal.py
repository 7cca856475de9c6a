"""The journal of a night: its events, one a line, from which it goes on after a crash.

A frame is written in three steps: a file with the ending `.part`, a line in the journal, and the
file's own name. Killed after the first, the frame is taken again; killed after the second, opening
the journal does the third. So no finished frame is lost, and none is counted twice.
"""

import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from focusbench.af_packages import decode, encode, parse
from focusbench.errors import OptionsError, PackageDamaged, PackageError
from focusbench.sequence import events
from focusbench.sequence.events import FrameTaken, NightEvent, NightStarted
from focusbench.sequence.lasting import LIGHTS, UNFINISHED, finish_file, sync_folder
from focusbench.sequence.progress import NightProgress, fold

JOURNAL = "night.jsonl"

_KINDS: dict[str, type[NightEvent]] = {
    name: kind
    for name, kind in vars(events).items()
    if isinstance(kind, type) and issubclass(kind, NightEvent) and kind is not NightEvent
}
_LASTING = (NightStarted, FrameTaken, events.FocusEnded, events.NightEnded)
"""What is worth surviving a power cut, too."""


class Journal:
    """The journal in a night's folder, open to be written to.

    Parameters
    ----------
    folder : path
        Made where it does not exist. What was broken off there is put in order: frames that the
        journal names get their names, others that were not finished are removed.

    Attributes
    ----------
    progress : NightProgress or None
        Of the night that the folder holds; None where it holds none.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.path = self.folder / JOURNAL
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            told, whole = read_events(self.path) if self.path.exists() else ((), 0)
            self.progress = _folded(told)
            _put_in_order(self.folder, told)
            self._file = self.path.open("ab")
            self._file.truncate(whole)
        except OSError as error:
            raise PackageError(
                f"The night cannot be kept in {self.folder}: {error.strerror or error}."
            ) from error

    def write(self, event: NightEvent) -> None:
        """Write an event down; it survives this process when this returns.

        Raises
        ------
        PackageError
            It cannot be written.
        """
        line = json.dumps(
            {"event": type(event).__name__, **_encoded(event)}, ensure_ascii=False, allow_nan=False
        )
        try:
            self._file.write(line.encode() + b"\n")
            self._file.flush()
            if isinstance(event, _LASTING):
                os.fsync(self._file.fileno())
        except OSError as error:
            raise PackageError(
                f"The night's journal {self.path} cannot be written: {error.strerror or error}."
            ) from error

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def read_events(path: str | Path) -> tuple[tuple[NightEvent, ...], int]:
    """Read a journal.

    Returns
    -------
    events : tuple of NightEvent
        Kinds that this version does not know are left out.
    whole : int, bytes
        How long the file is up to its last whole line: a line that was cut off is no event.

    Raises
    ------
    PackageDamaged
        A line within is no event.
    """
    content = Path(path).read_bytes()
    whole = content.rfind(b"\n") + 1
    told = []
    for number, line in enumerate(content[:whole].splitlines(), 1):
        try:
            document = parse(line.decode("utf-8"))
            kind = _KINDS.get(document["event"])
            if kind is not None:
                told.append(decode(kind, document))
        except (PackageDamaged, OptionsError, UnicodeDecodeError, KeyError, TypeError) as error:
            raise PackageDamaged(
                f"{path}, line {number} is no event of a night: {error}"
            ) from error
    return tuple(told), whole


def read_night(folder: str | Path) -> NightProgress:
    """Read the night that a folder holds; nothing in it is changed.

    Raises
    ------
    PackageError
        There is none, or its journal is damaged.
    """
    path = Path(folder) / JOURNAL
    try:
        progress = _folded(read_events(path)[0])
    except OSError as error:
        raise PackageError(
            f"There is no night in {folder}: {path.name}: {error.strerror or error}."
        ) from error
    if progress is None:
        raise PackageError(f"There is no night in {folder}: {path.name} is empty.")
    return progress


def _folded(told: tuple[NightEvent, ...]) -> NightProgress | None:
    if not any(isinstance(event, NightStarted) for event in told):
        return None
    progress = NightProgress()
    for event in told:
        progress = fold(progress, event)
    return progress


def _put_in_order(folder: Path, told: tuple[NightEvent, ...]) -> None:
    """Finish the frames that the journal names; remove those that it does not."""
    named = {
        folder / event.frame.file
        for event in told
        if isinstance(event, FrameTaken) and event.frame.file
    }
    for path in sorted((folder / LIGHTS).glob(f"*{UNFINISHED}")):
        finished = path.with_name(path.name.removesuffix(UNFINISHED))
        if finished in named and not finished.exists():
            finish_file(finished)
        else:
            path.unlink()
            sync_folder(path.parent)


def _encoded(event: NightEvent) -> dict[str, Any]:
    document: dict[str, Any] = encode(event)
    return document
