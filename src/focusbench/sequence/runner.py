"""The night in a thread of its own: journal, watchers, and what a person may ask of it."""

import logging
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from focusbench.devices import Rig
from focusbench.engine import Activity
from focusbench.errors import OptionsError, RunInProgress
from focusbench.sequence.events import NightEvent
from focusbench.sequence.journal import Journal
from focusbench.sequence.night import night_run
from focusbench.sequence.plan import Sequence
from focusbench.sequence.progress import NightProgress, fold
from focusbench.sequence.rig_station import RigStation
from focusbench.sequence.wishes import Wishes

logger = logging.getLogger(__name__)

Watcher = Callable[[NightEvent], None]


class Night:
    """A sequence on a rig: started, paused, resumed and watched; one at a time on each rig.

    Parameters
    ----------
    rig : Rig
    sequence : Sequence, optional
        May be left out where the folder holds a night that was broken off.
    folder : path or None
        Where the journal, the light frames and the AF packages are kept. A night that was broken
        off there (the kernel killed, the night stopped) goes on where it was. None keeps nothing.

    Raises
    ------
    OptionsError
        No sequence, or another than that of the night that the folder holds.
    PackageError
        The folder cannot be written to, or its journal is damaged.

    Attributes
    ----------
    wishes : Wishes
        What was asked and not yet done.
    error : str
        Why the night broke off or could not begin, in words; empty where it did not.

    Examples
    --------
    >>> import focusbench as fb
    >>> plan = fb.Sequence(triggers=fb.TriggerOptions(before_first_frame=False))
    >>> plan = plan.add_target("M 31", fb.TargetEvent(filter="L", exposure_s=5, count=2))
    >>> rig = fb.simulated_rig(seed=1, shape=(240, 320), n_stars=60)
    >>> night = fb.Night(rig, plan, folder=None)
    >>> night.start()
    >>> night.wait()
    True
    >>> night.progress.complete, len(night.progress.frames)
    (True, 2)
    """

    _going_on: ClassVar["weakref.WeakKeyDictionary[Rig, Night]"] = weakref.WeakKeyDictionary()
    _lock: ClassVar = threading.Lock()

    def __init__(
        self,
        rig: Rig,
        sequence: Sequence | None = None,
        folder: str | Path | None = "night",
    ) -> None:
        self.rig = rig
        self.folder = None if folder is None else Path(folder)
        self.wishes = Wishes()
        self.error = ""
        self._sequence = sequence
        self._station = RigStation(rig, self.folder)
        self._watchers: list[Watcher] = []
        self._idle = threading.Event()
        self._idle.set()
        self._journal: Journal | None = None
        plan = sequence or Sequence()
        self._progress = NightProgress(sequence=plan, done=(0,) * len(plan.rows))
        self._kept: NightProgress | None = None
        self._open()
        self._close()

    @classmethod
    def on(cls, rig: Rig) -> "Night | None":
        """The night that is going on on a rig; None where none is."""
        with cls._lock:
            return cls._going_on.get(rig)

    # ------------------------------------------------------------------ what a panel asks

    @property
    def progress(self) -> NightProgress:
        """State of the night."""
        return self._progress

    @property
    def running(self) -> bool:
        """Whether it goes on, paused or not."""
        return not self._idle.is_set()

    @property
    def activity(self) -> Activity:
        """What the rig is doing now; polled, for it changes faster than events come."""
        return self._station.activity if self.running else Activity()

    # ------------------------------------------------------------------ what a person does

    def start(self) -> None:
        """Begin, or go on where the night was broken off; returns at once.

        Raises
        ------
        RunInProgress
            A night is going on on this rig.
        OptionsError
            The rig cannot do the sequence; the sentence says all that is missing.
        """
        with self._lock:
            if self.running or self.rig in self._going_on:
                raise RunInProgress(f"{self.rig.name} is busy with a sequence.")
            self._open()
            try:
                sequence = self._kept.sequence if self._kept else self._sequence
                assert sequence is not None
                self._station.check(sequence)
            except BaseException:
                self._close()
                raise
            self.wishes, self.error = Wishes(), ""
            self._going_on[self.rig] = self
            self._idle.clear()
        run = night_run(sequence, self._station, self.wishes, progress=self._kept)

        def work() -> None:
            try:
                for event in run:
                    self._announce(event)
            except Exception as error:
                # Nothing may die silently in a thread.
                logger.exception("The night broke off")
                self.error = str(error) or type(error).__name__
            finally:
                run.close()
                self._close()
                with self._lock:
                    self._going_on.pop(self.rig, None)
                self._idle.set()

        threading.Thread(target=work, name="focusbench night", daemon=True).start()

    def pause(self) -> None:
        """Take no frame after the one that is being taken, until `resume`."""
        self.wishes.pause()

    def resume(self) -> None:
        """Go on after a pause."""
        self.wishes.resume()

    def focus_now(self) -> None:
        """Focus before the next frame, due or not; also while paused."""
        self.wishes.focus_now()

    def centred(self, *, flipped: bool = False) -> None:
        """Say that the target was centred, or that the mount flipped."""
        self.wishes.centred(flipped=flipped)

    def stop(self) -> None:
        """End the night within a moment: the frame being taken is lost. `start` goes on."""
        self.wishes.end()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is over; False where `timeout` seconds were not enough."""
        return self._idle.wait(timeout)

    def subscribe(self, watcher: Watcher) -> Callable[[], None]:
        """Tell `watcher` every event from now on, in the night's thread; returns how to end it."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher) if watcher in self._watchers else None

    # ------------------------------------------------------------------ journal and watchers

    def _open(self) -> None:
        """Open the journal and see what night it holds."""
        kept = self._progress if self._progress.started_s else None
        if self.folder is not None:
            self._journal = Journal(self.folder)
            kept = self._journal.progress
        given = self._sequence
        if kept is None and given is None:
            self._close()
            where = "" if self.folder is None else f" and {self.folder} holds none"
            raise OptionsError(f"There is no sequence: none was given{where}.")
        if kept is not None and given is not None and kept.sequence != given:
            self._close()
            raise OptionsError(
                f"{self.folder} holds the night of another sequence; choose another folder, or "
                "leave the sequence out to go on with that night."
            )
        self._kept = kept
        if kept is not None:
            self._progress = kept

    def _close(self) -> None:
        journal, self._journal = self._journal, None
        if journal is not None:
            journal.close()

    def _announce(self, event: NightEvent) -> None:
        if self._journal is not None:
            self._journal.write(event)
        self._progress = fold(self._progress, event)
        for watcher in tuple(self._watchers):
            try:
                watcher(event)
            except Exception:
                # A broken plot must not stop a night.
                logger.exception("A watcher of the night broke and is dropped")
                self._watchers.remove(watcher)
