"""One thread that does what may take long, so that the notebook is never blocked."""

import logging
import threading
from collections import deque
from collections.abc import Callable

from focusbench.errors import FocusbenchError

logger = logging.getLogger(__name__)


class Background:
    """Jobs of one panel, done one after the other.

    Parameters
    ----------
    name : str
        Name of the thread.
    on_change : callable
        Called when `busy` or `trouble` has changed, in the thread.

    Attributes
    ----------
    busy : str
        What is being done, in words; empty where nothing is.
    trouble : str
        Why the last job failed; empty where it did not.
    """

    def __init__(self, name: str, on_change: Callable[[], None]) -> None:
        self.busy = ""
        self.trouble = ""
        self._on_change = on_change
        self._jobs: deque[tuple[str, Callable[[], None]]] = deque()
        self._wake = threading.Event()
        self._closed = False
        threading.Thread(target=self._work, name=name, daemon=True).start()

    def do(self, saying: str, job: Callable[[], None]) -> None:
        """Do a job after those that are waiting."""
        self.busy = self.busy or saying
        self._jobs.append((saying, job))
        self._wake.set()

    @property
    def waiting(self) -> bool:
        """Whether there is more to do after what is being done."""
        return bool(self._jobs)

    def close(self) -> None:
        """Begin no other job."""
        self._closed = True
        self._wake.set()

    def _work(self) -> None:
        while not self._closed:
            self._wake.wait()
            self._wake.clear()
            while self._jobs and not self._closed:
                self.busy, job = self._jobs.popleft()
                self.trouble = ""
                self._tell()
                try:
                    job()
                except FocusbenchError as error:
                    self.trouble = str(error)
                except Exception as error:
                    logger.exception("A job of the panel failed")
                    self.trouble = repr(error)
                if not self._jobs:
                    self.busy = ""
                self._tell()

    def _tell(self) -> None:
        try:
            self._on_change()
        except Exception:
            # A picture that cannot be drawn must not end the panel.
            logger.exception("The panel could not be drawn")
