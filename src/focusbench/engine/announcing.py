"""Who hears what happens in a run: the recorder that saves it, and those who watch."""

import dataclasses
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from focusbench.engine.events import Event, Warned
from focusbench.engine.progress import RunProgress, fold
from focusbench.engine.record import RunRecord

logger = logging.getLogger(__name__)

Watcher = Callable[[Event], None]


class Recorder(Protocol):
    """Whoever saves a run; may raise, and then the run goes on without being saved."""

    @property
    def path(self) -> Path | None:
        """Where the run is being saved; None before it has begun."""
        ...

    def record(self, event: Event) -> None:
        """Save one event."""
        ...


class Announcer:
    """Hands every event to the recorder and the watchers; none of them can stop a run.

    Attributes
    ----------
    recorder : Recorder or None
        Dropped when it fails.
    progress : RunProgress
        The events of the run so far, folded.
    """

    def __init__(self) -> None:
        self._watchers: list[Watcher] = []
        self.recorder: Recorder | None = None
        self.progress = RunProgress()

    def subscribe(self, watcher: Watcher) -> Callable[[], None]:
        """Tell `watcher` every event from now on; returns how to stop it."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher) if watcher in self._watchers else None

    def announce(self, event: Event) -> str:
        """Save an event and tell it; returns why the run is not saved, once."""
        not_saved = self.save(event)
        self.tell(event)
        if not_saved:
            self.tell(Warned(not_saved))
        return not_saved

    def announce_warnings(self, warnings: tuple[str, ...]) -> None:
        """Announce each as an event."""
        for warning in warnings:
            self.announce(Warned(warning))

    def save(self, event: Event) -> str:
        """Hand an event to the recorder; returns why the run is not saved, once."""
        if self.recorder is None:
            return ""
        try:
            self.recorder.record(event)
        except Exception as error:
            self.recorder = None
            logger.info("The run is not saved", exc_info=True)
            return f"Not saved: {error}"
        return ""

    def tell(self, event: Event) -> None:
        """Tell the watchers; one that breaks is dropped."""
        self.progress = fold(self.progress, event)
        for watcher in tuple(self._watchers):
            try:
                watcher(event)
            except Exception:
                # A broken plot must not stop a run.
                logger.exception("A watcher of the run broke and is dropped")
                self._watchers.remove(watcher)

    def complete(self, record: RunRecord) -> RunRecord:
        """Add to a record what only we know: where it was saved, and what else was said."""
        said = tuple(w for w in self.progress.warnings if w not in record.warnings)
        return dataclasses.replace(
            record,
            package_path=self.recorder.path if self.recorder else None,
            warnings=record.warnings + said,
        )
