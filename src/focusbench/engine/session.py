"""The session: one per rig, and the only one that may start a run on it.

It holds the rig's lease while a run goes on, knows where Cancel goes back to and where Run again
is centred, runs in its own thread, and tells whoever watches what happens.
"""

import dataclasses
import logging
import threading
import weakref
from collections.abc import Callable, Generator
from typing import ClassVar

from focusbench.curve import Outcome, RigShape
from focusbench.devices import POLL_S, Rig, Stop
from focusbench.engine.announcing import Announcer, Recorder, Watcher
from focusbench.engine.cancel_file import StopSignal
from focusbench.engine.events import (
    Event,
    MoveStarted,
    RunDismissed,
    RunFinished,
    Warned,
)
from focusbench.engine.hooks import Hook, Hooks
from focusbench.engine.points import RunPoints
from focusbench.engine.progress import Activity, RunProgress
from focusbench.engine.record import RunRecord
from focusbench.engine.rig_sampler import RigSampler
from focusbench.engine.run import Sampling, autofocus_run
from focusbench.engine.search import Search
from focusbench.errors import FocusbenchError, PackageError, RunCancelled, RunInProgress
from focusbench.options import AutofocusOptions
from focusbench.stars import warm_in_background

logger = logging.getLogger(__name__)

AutofocusRun = Generator[Event, None, RunRecord]


class FocusSession:
    """Runs auto focus on one rig, one run at a time; use `FocusSession.of`.

    Attributes
    ----------
    before_run, after_run : callable or None
        Called before anything moves and when the rig is left as found, both in every run and
        whatever its end: to pause guiding and go on. One that raises is a warning.

    Examples
    --------
    >>> import focusbench as fb
    >>> session = fb.FocusSession.of(fb.simulated_rig(best_focus=10_250, seed=1))
    >>> record = session.run(fb.AutofocusOptions(step_size=60))
    >>> record.outcome.value, session.running
    ('FOCUSED', False)
    """

    _sessions: ClassVar["weakref.WeakKeyDictionary[Rig, FocusSession]"] = (
        weakref.WeakKeyDictionary()
    )
    _sessions_lock: ClassVar = threading.Lock()

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._lock = threading.RLock()
        self._voice = Announcer()
        # Not the thread itself: before Python 3.13 an interrupted join marks it as ended.
        self._idle = threading.Event()
        self._idle.set()
        self._stop: StopSignal | None = None
        self._sampler: RigSampler | None = None
        self._last_best: int | None = None
        self._best_before: int | None = None
        self._accepted = False
        self._record: RunRecord | None = None
        self._broken: Exception | None = None
        self._n_launched = 0
        self.before_run: Hook | None = None
        self.after_run: Hook | None = None

    @classmethod
    def of(cls, rig: Rig) -> "FocusSession":
        """Return the session of a rig: always the same one."""
        # Compiled, where it still has to be, while the focuser moves to the first point.
        warm_in_background()
        with cls._sessions_lock:
            if rig not in cls._sessions:
                cls._sessions[rig] = cls(rig)
            return cls._sessions[rig]

    # ------------------------------------------------------------------ what a panel asks

    @property
    def rig(self) -> Rig:
        """The rig that this session owns."""
        return self._rig

    @property
    def progress(self) -> RunProgress:
        """State of the run going on, or of the last one."""
        return self._voice.progress

    @property
    def running(self) -> bool:
        """Whether a run, or the way back from one, is going on."""
        return not self._idle.is_set()

    @property
    def activity(self) -> Activity:
        """What the rig is doing now."""
        sampler = self._sampler
        return sampler.activity if sampler and self.running else Activity()

    @property
    def record(self) -> RunRecord | None:
        """The last finished run."""
        return self._record

    @property
    def last_best(self) -> int | None:
        """Where the last run that was not cancelled left the focuser at focus, steps."""
        return self._last_best

    @property
    def return_position(self) -> int | None:
        """Where Cancel sends the focuser, steps; None before the first run."""
        return self.progress.return_position

    @property
    def can_cancel(self) -> bool:
        """Whether there is anything to cancel: a run, or a finished one not yet accepted."""
        if self.running:
            return True
        record = self._record
        return (
            record is not None
            and not self._accepted
            and not self.progress.dismissed
            and record.final_position != record.return_position
        )

    @property
    def can_run_again(self) -> bool:
        """Whether there is something to centre another run on."""
        return not self.running and self._again()[0] is not None

    @property
    def error(self) -> str:
        """Why the last run could not even begin, in words; empty where it could."""
        return "" if self._broken is None else str(self._broken) or type(self._broken).__name__

    # ------------------------------------------------------------------ what a panel does

    def start(
        self,
        options: AutofocusOptions,
        *,
        again: bool = False,
        recorder: Recorder | None = None,
        require_package: bool = False,
        rig_shape: RigShape | None = None,
        sampling: Callable[[RunPoints], Sampling] = Search,
        reasons: tuple[str, ...] = (),
    ) -> None:
        """Start a run in the background and return at once.

        Parameters
        ----------
        options : AutofocusOptions
        again : bool
            Run again: centred on the last best focus, which becomes the position that Cancel
            returns to. After a run without best focus it is centred on the lowest point, and
            Cancel returns where it did.
        recorder : Recorder, optional
            Saves the run.
        require_package : bool
            Whether a run that cannot be saved has failed.
        rig_shape : RigShape, optional
            What earlier runs tell of the rig's asymmetry.
        sampling : callable
            How points are taken: `Search`, or `BothWays` to measure backlash.
        reasons : tuple of str
            Why the run is made, in words: the triggers of a sequence that were due.

        Raises
        ------
        RunInProgress
            A run is going on, here or in another program's hands.
        """
        with self._lock:
            if self.running:
                raise RunInProgress(f"{self._rig.name} is busy with another run.")
            centre, home = self._again() if again else (None, None)
            self._accepted = True
            self._voice.recorder = recorder
            self._broken = None
            self._record = None
            stop = self._stop = StopSignal()

            def run(sampler: RigSampler) -> AutofocusRun:
                return autofocus_run(
                    options,
                    sampler,
                    stop=stop,
                    centre=centre,
                    return_position=home,
                    rig_shape=rig_shape,
                    sampling=sampling,
                    reasons=reasons,
                )

            self._launch(lambda: self._run(options, run, stop, require_package))

    def run(
        self,
        options: AutofocusOptions,
        *,
        again: bool = False,
        recorder: Recorder | None = None,
        require_package: bool = False,
        rig_shape: RigShape | None = None,
        sampling: Callable[[RunPoints], Sampling] = Search,
    ) -> RunRecord:
        """Run, and wait until it is over; Ctrl-C or Interrupt cancels it.

        Raises
        ------
        RunInProgress
            A run is going on.
        FocusbenchError
            The rig could not even be asked where it stands.
        """
        try:
            self.start(
                options,
                again=again,
                recorder=recorder,
                require_package=require_package,
                rig_shape=rig_shape,
                sampling=sampling,
            )
            # In slices: an endless join would not notice Ctrl-C on Windows.
            while not self.wait(0.2):
                pass
        except KeyboardInterrupt:
            self.cancel()
            self.wait()
        if self._broken is not None:
            raise self._broken
        assert self._record is not None
        return self._record

    def cancel(self) -> None:
        """Cancel the run going on, or send the focuser back from a finished one; does not wait."""
        with self._lock:
            if self.running:
                if self._stop is not None:
                    self._stop.set()
            elif self.can_cancel:
                self._launch(self._dismiss)

    def accept(self) -> None:
        """Keep the finished run: Cancel no longer takes it back."""
        self._accepted = True

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until nothing is going on; False where `timeout` seconds were not enough."""
        return self._idle.wait(timeout)

    def wait_for_close(self, stop: Stop | None = None) -> None:
        """Wait the close delay of a finished run, then accept it.

        This is how long a sequence leaves a person time for Run again or Cancel, which start the
        delay anew; `accept` (the dialog is closed) ends it. It passes on the rig's clock.

        Parameters
        ----------
        stop : Stop, optional
            Ends the wait; the run is not accepted then.
        """
        while True:
            self.wait()
            launched, began_s = self._n_launched, self._rig.clock.now()
            while launched == self._n_launched:
                record = self._record
                if record is None or self._accepted:
                    return
                left_s = record.options.close_delay_s - (self._rig.clock.now() - began_s)
                if left_s <= 0:
                    self.accept()
                    return
                if self._rig.clock.sleep(min(POLL_S, left_s), stop):
                    return

    def subscribe(self, watcher: Watcher) -> Callable[[], None]:
        """Tell `watcher` every event, in the run's thread; returns how to stop it."""
        return self._voice.subscribe(watcher)

    # ------------------------------------------------------------------ in the run's own thread

    def _launch(self, work: Callable[[], None]) -> None:
        def guarded() -> None:
            try:
                work()
            except FocusbenchError as error:
                # A sentence for who asked for the run: `run` raises it, panels show `error`.
                self._broken = error
            except Exception as error:
                # Nothing may die silently in a thread.
                logger.exception("The focus session broke")
                self._broken = error
            finally:
                if self._stop is not None:
                    self._stop.close()
                self._idle.set()

        self._n_launched += 1
        self._idle.clear()
        threading.Thread(target=guarded, name="focusbench run", daemon=True).start()

    def _run(
        self,
        options: AutofocusOptions,
        begin: Callable[[RigSampler], AutofocusRun],
        stop: StopSignal,
        require_package: bool,
    ) -> None:
        with self._rig.lease():
            self._sampler = RigSampler(self._rig, options)
            run, hooks = begin(self._sampler), Hooks(self.before_run, self.after_run)
            try:
                hooks.before()
                self._drive(run, stop, require_package, hooks)
            finally:
                run.close()
                hooks.after()
        record = self._record
        if stop.is_set() and record is not None and record.focused:
            # Cancel came between the last look at it and the end of the run.
            self._dismiss()

    def _drive(
        self, run: AutofocusRun, stop: StopSignal, require_package: bool, hooks: Hooks
    ) -> None:
        """Take the run from event to event; throw in what must end it."""
        ending = False
        try:
            event = next(run)
            while not isinstance(event, RunFinished):
                not_saved = self._voice.announce(event)
                self._voice.announce_warnings(hooks.warnings())
                ending = ending or _goes_home(event)
                if stop.is_set() and not ending:
                    event = run.throw(RunCancelled("Cancelled."))
                elif not_saved and require_package and not ending:
                    event = run.throw(PackageError(not_saved))
                else:
                    event = next(run)
        except StopIteration:
            return
        hooks.after()
        self._voice.announce_warnings(hooks.warnings())
        self._finish(event.record, require_package)

    def _finish(self, record: RunRecord, require_package: bool) -> None:
        """Save and tell the end of a run: the last of its events."""
        not_saved = self._voice.save(RunFinished(self._voice.complete(record)))
        if not_saved:
            self._voice.tell(Warned(not_saved))
        if not_saved and require_package and record.focused:
            record = self._undone(record, not_saved)
        record = self._voice.complete(record)
        self._remember(record)
        self._voice.tell(RunFinished(record))

    def _undone(self, record: RunRecord, why: str) -> RunRecord:
        """Make a run that must be saved, and cannot be, a failed one."""
        assert self._sampler is not None
        home = record.return_position
        left_at: int | None = home
        try:
            self._sampler.go_back(home)
            why += f" The focuser is back at {home}."
        except Exception as error:
            left_at = None
            why += f" The focuser did not get back to {home}: {error}"
        return dataclasses.replace(
            record, outcome=Outcome.FAILED, diagnosis=why, final_position=left_at
        )

    def _remember(self, record: RunRecord) -> None:
        self._record = record
        self._accepted = False
        self._best_before = self._last_best
        if record.focused:
            self._last_best = record.final_position

    def _dismiss(self) -> None:
        """Send the focuser back from a finished run."""
        record = self._record
        assert record is not None
        with self._rig.lease():
            self._sampler = RigSampler(self._rig, record.options)
            self._voice.tell(MoveStarted(record.return_position, "home"))
            self._sampler.go_back(record.return_position)
            self._voice.announce(RunDismissed(record.return_position))
            self._last_best = self._best_before

    def _again(self) -> tuple[int | None, int | None]:
        """Where Run again is centred, and where Cancel goes after it, steps.

        Both are the last best focus; after a run without one it is centred on the lowest counted
        point and goes back where that run did.
        """
        record = self._record
        if record is None or record.outcome not in _WITHOUT_FOCUS:
            return self._last_best, self._last_best
        lowest = record.lowest_position
        return self._last_best if lowest is None else lowest, record.return_position


_WITHOUT_FOCUS = (Outcome.NOT_FOCUSED, Outcome.LOST, Outcome.FAILED)


def _goes_home(event: Event) -> bool:
    return isinstance(event, MoveStarted) and event.purpose == "home"
