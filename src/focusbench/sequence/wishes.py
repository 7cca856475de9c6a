"""What is asked of a night from outside; any thread may ask, the night answers between frames."""

import threading
from typing import NamedTuple


class Asking(NamedTuple):
    """What was asked since the last look."""

    focus: bool
    centred: bool
    flipped: bool
    paused: bool
    resumed: bool


class Wishes:
    """Pause, resume, focus now, centred, flipped, stop.

    Attributes
    ----------
    stop : threading.Event
        Ends the night at once: a move is halted, an exposure aborted, a run cancelled.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._focus = self._centred = self._flipped = self._resumed = False
        self._paused = False
        self.stop = threading.Event()

    @property
    def paused(self) -> bool:
        """Whether the night is to pause, or does."""
        return self._paused

    def pause(self) -> None:
        """Take no frame after the one that is being taken, until `resume`."""
        with self._lock:
            self._paused = True
            self._resumed = False
        self._changed.set()

    def resume(self) -> None:
        """Go on after a pause."""
        with self._lock:
            self._paused = False
            self._resumed = True
        self._changed.set()

    def focus_now(self) -> None:
        """Make a focus run before the next frame, due or not; also while paused."""
        with self._lock:
            self._focus = True
        self._changed.set()

    def centred(self, *, flipped: bool = False) -> None:
        """Say that the target was centred, or the mount flipped."""
        with self._lock:
            self._centred = self._centred or not flipped
            self._flipped = self._flipped or flipped
        self._changed.set()

    def end(self) -> None:
        """Stop the night."""
        self.stop.set()
        self._changed.set()

    def taken(self) -> Asking:
        """Return what was asked since the last time, and forget it; a pause lasts."""
        with self._lock:
            found = Asking(self._focus, self._centred, self._flipped, self._paused, self._resumed)
            self._focus = self._centred = self._flipped = self._resumed = False
            self._changed.clear()
            return found

    def wait(self, timeout_s: float) -> None:
        """Wait until something is asked, so many seconds at most.

        Not on the rig's clock: a pause lasts until a person ends it, on simulated nights, too.
        """
        self._changed.wait(timeout_s)
