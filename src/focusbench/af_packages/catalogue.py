"""The catalogue beside an archive: one line for each source, so that it is opened only once.

`focusbench-catalogue.jsonl` in the folder of the archive. A line holds the name of a source, its
stamp (time of the last change and size), how frames were measured, and the entries of its runs. A
source whose stamp differs is read again and gets a new line; the last line of a name, measured in
one way, counts. So adding one run appends one line, however many there are. It can be deleted at
any time, and nothing in it is believed before it is checked.
"""

import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from focusbench.af_packages.entry import Entry, is_entry
from focusbench.af_packages.finding import CATALOGUE

VERSION = 2
"""To be raised when entries change, or what they say of the same file."""

_SLACK = 200
_LARGEST = 2**30


@dataclass(frozen=True)
class Line:
    """What is known of one source.

    Attributes
    ----------
    stamp : tuple of int
        `finding.stamp` when it was read.
    how : str
        How frames were measured.
    entries : sequence of dict
    """

    stamp: tuple[int, int]
    how: str
    entries: Sequence[Entry]


class Catalogue:
    """The catalogue of one folder.

    Parameters
    ----------
    folder : Path
    file : str
        Its name in there; what was measured anew lies beside what was opened.
    """

    def __init__(self, folder: Path, file: str = CATALOGUE) -> None:
        self._path = folder / file
        self._lines: dict[tuple[str, str], Line] = {}
        self._new: list[str] = []
        self._n_read = 0
        for document in self._documents():
            name, line = _line(document)
            if line is not None:
                self._lines[name, line.how] = line

    def get(self, name: str, stamp: tuple[int, int], how: str) -> Sequence[Entry] | None:
        """Entries of a source; None where it is not known as it is now."""
        line = self._lines.get((name, how))
        return line.entries if line and line.stamp == stamp else None

    def add(self, name: str, stamp: tuple[int, int], how: str, entries: Sequence[Entry]) -> None:
        """Remember a source; it is on disk after `save`."""
        self._lines[name, how] = Line(stamp, how, entries)
        self._new.append(_text(name, self._lines[name, how]))

    def save(self) -> None:
        """Append what is new; a folder that cannot be written to stays without a catalogue."""
        if not self._new:
            return
        with contextlib.suppress(OSError):
            if self._n_read + len(self._new) > 2 * len(self._lines) + _SLACK:
                part = self._path.with_name(self._path.name + ".part")
                part.write_text(
                    "".join(_text(name, line) for (name, _), line in self._lines.items()),
                    encoding="utf-8",
                )
                part.replace(self._path)
            else:
                # One call: lines of two processes do not mix.
                with self._path.open("a", encoding="utf-8", newline="\n") as file:
                    file.write("".join(self._new))
        self._new.clear()

    def _documents(self) -> list[Any]:
        try:
            if self._path.stat().st_size > _LARGEST:
                return []
            lines = self._path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return []
        self._n_read = len(lines)
        try:
            documents = json.loads(f"[{','.join(lines)}]")
            return documents if isinstance(documents, list) else []
        except (ValueError, RecursionError):
            return [document for line in lines if (document := _parsed(line)) is not None]


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _line(document: object) -> tuple[str, Line | None]:
    if not isinstance(document, Mapping) or document.get("version") != VERSION:
        return "", None
    name, stamp, how = (document.get(key) for key in ("source", "stamp", "how"))
    entries = document.get("runs")
    if not (isinstance(name, str) and isinstance(how, str) and isinstance(entries, list)):
        return "", None
    if not (isinstance(stamp, list) and len(stamp) == 2) or not all(map(is_entry, entries)):
        return "", None
    return name, Line((stamp[0], stamp[1]), how, entries)


def _text(name: str, line: Line) -> str:
    document = {
        "version": VERSION,
        "source": name,
        "stamp": list(line.stamp),
        "how": line.how,
        "runs": list(line.entries),
    }
    return json.dumps(document, allow_nan=False, separators=(",", ":")) + "\n"
