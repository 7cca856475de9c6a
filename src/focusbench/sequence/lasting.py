"""Files that are either whole or not there, whatever moment the computer dies at."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from focusbench.errors import FrameError

LIGHTS = "lights"
"""Folder of the light frames, in that of the night."""

UNFINISHED = ".part"


@contextmanager
def lasting(path: Path) -> Iterator[Path]:
    """Give the path to write a file at that is not finished; it is on disk when this ends.

    Raises
    ------
    FrameError
        The disk is full, or the folder cannot be written to.
    """
    unfinished = path.with_name(path.name + UNFINISHED)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield unfinished
        with unfinished.open("rb+") as file:
            os.fsync(file.fileno())
    except OSError as error:
        raise FrameError(f"{path} cannot be written: {error.strerror or error}.") from error


def finish_file(path: Path) -> None:
    """Give an unfinished file its name.

    Raises
    ------
    FrameError
        It cannot be renamed.
    """
    try:
        path.with_name(path.name + UNFINISHED).replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise FrameError(f"{path} cannot be written: {error.strerror or error}.") from error


def sync_folder(folder: Path) -> None:
    """See that the names in a folder survive a power cut, where the system lets us."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
