"""Cancel from another process: a file that the run looks for while it waits.

While a notebook's kernel is busy with another cell, a click on Cancel may not reach it; a second
terminal can.
"""

import contextlib
import getpass
import itertools
import os
import tempfile
import threading
from pathlib import Path

from focusbench.devices import POLL_S, RealClock

_numbers = itertools.count(1)


def runs_folder() -> Path:
    """Folder of this user's running runs, one `<pid>-<n>.run` file each.

    ``$FOCUSBENCH_RUNS`` names another one: tests must never cancel a run at the telescope.
    """
    if "FOCUSBENCH_RUNS" in os.environ:
        return Path(os.environ["FOCUSBENCH_RUNS"])
    return Path(tempfile.gettempdir()) / f"focusbench-{getpass.getuser()}"


def request_cancel(wait_s: float = 3.0) -> int:
    """Ask every run that this user has going, in any process, to cancel.

    Parameters
    ----------
    wait_s : float, seconds
        How long to wait for the runs to answer.

    Returns
    -------
    int
        How many runs answered. One that is busy for longer than `wait_s` still finds the request
        later; files that already bear an unanswered request are those of a killed kernel, and
        are removed.
    """
    asked = []
    for run in runs_folder().glob("*.run"):
        cancel = run.with_suffix(".cancel")
        if cancel.exists():
            run.unlink(missing_ok=True)
            cancel.unlink(missing_ok=True)
        else:
            cancel.touch()
            asked.append(cancel)
    clock = RealClock()
    deadline = clock.now() + wait_s
    while any(cancel.exists() for cancel in asked) and clock.now() < deadline:
        clock.sleep(POLL_S)
    return sum(not cancel.exists() for cancel in asked)


class StopSignal:
    """A stop that is set by this process, or by a file from another one.

    A folder that cannot be written only costs the second way.
    """

    def __init__(self) -> None:
        self._event = threading.Event()
        self._run = runs_folder() / f"{os.getpid()}-{next(_numbers)}.run"
        self._cancel = self._run.with_suffix(".cancel")
        with contextlib.suppress(OSError):
            self._run.parent.mkdir(mode=0o700, exist_ok=True)
            self._cancel.unlink(missing_ok=True)
            self._run.touch()

    def set(self) -> None:
        """Ask to stop."""
        self._event.set()

    def is_set(self) -> bool:
        """Whether somebody asked to stop."""
        if not self._event.is_set() and self._cancel.exists():
            self._event.set()
            self._remove(self._cancel)  # the answer to whoever asked
        return self._event.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until asked to stop, at most `timeout` seconds; True where asked."""
        left = float("inf") if timeout is None else timeout
        while not self.is_set() and left > 0:
            self._event.wait(min(POLL_S, left))
            left -= POLL_S
        return self.is_set()

    def close(self) -> None:
        """Remove the files."""
        self._remove(self._run)
        self._remove(self._cancel)

    @staticmethod
    def _remove(path: Path) -> None:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
