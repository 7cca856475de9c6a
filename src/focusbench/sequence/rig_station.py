"""A night's frames and focus runs from a rig: real or simulated devices."""

import contextlib
import dataclasses
from collections.abc import Callable
from pathlib import Path

from focusbench.af_packages import PackageRecorder
from focusbench.devices import POLL_S, Rig, Stop, wait_until
from focusbench.engine import (
    Activity,
    Event,
    FocusSession,
    Recorder,
    RigSampler,
    RunDismissed,
    RunFinished,
    RunRecord,
)
from focusbench.errors import (
    FocusbenchError,
    OptionsError,
    RunCancelled,
    RunInProgress,
)
from focusbench.options import AutofocusOptions
from focusbench.sequence.events import FocusRun
from focusbench.sequence.plan import Row, Sequence, Target
from focusbench.sequence.rig_checks import what_is_missing
from focusbench.sequence.rig_lights import RigLights, quiet_temperature_c
from focusbench.sequence.run_facts import facts_of, failed_run, reasons_of
from focusbench.sequence.sky_place import SkyPlace
from focusbench.triggers import LightFrame, Trigger

FILTER_TIMEOUT_S = 60.0
MOVE_TIMEOUT_S = 300.0
PACKAGES = "af_packages"
"""Folder of the AF packages, in that of the night."""
BUSY_WITH = "a sequence; pause it first"
"""What somebody reads who wants to use the rig meanwhile."""


class RigStation:
    """A rig as a night uses it.

    Parameters
    ----------
    rig : Rig
    folder : path or None
        Where frames and AF packages are saved; None saves nothing.
    """

    def __init__(self, rig: Rig, folder: str | Path | None) -> None:
        self._rig = rig
        self._session = FocusSession.of(rig)
        self._folder = None if folder is None else Path(folder)
        self._lease: contextlib.AbstractContextManager[None] | None = None
        self._seen: RunRecord | None = self._session.record
        self._sampler: RigSampler | None = None
        self._activity = Activity()
        self._lights = RigLights(rig, self._folder, self._tell)

    @property
    def activity(self) -> Activity:
        """What the rig is doing now; the session's own while it runs auto focus."""
        if self._session.running:
            return self._session.activity
        return self._sampler.activity if self._sampler else self._activity

    # ------------------------------------------------------------------ the rig at hand

    def now(self) -> float:
        """Unix time on the rig's clock, seconds."""
        return self._rig.clock.now()

    def sleep(self, seconds: float, stop: Stop) -> None:
        """Let time pass on the rig's clock."""
        if self._rig.clock.sleep(seconds, stop):
            raise RunCancelled("Stopped.")

    def take(self, stop: Stop) -> None:
        """Hold the rig's lease; waits while a run or somebody by hand has it."""
        while self._lease is None:
            if stop.is_set():
                raise RunCancelled("Stopped while the rig was busy.")
            lease = self._rig.lease(BUSY_WITH)
            try:
                lease.__enter__()
            except RunInProgress:
                # In real time: whoever is busy is a person, or a thread of its own.
                stop.wait(POLL_S)
            else:
                self._lease = lease

    def release(self) -> None:
        """Let the rig go."""
        lease, self._lease = self._lease, None
        if lease is not None:
            lease.__exit__(None, None, None)

    def run_by_hand(self) -> FocusRun | None:
        """The session's last run, where it is not one of ours and was not taken back."""
        record = self._session.record
        if record is None or record is self._seen or self._session.running:
            return None
        self._seen = record
        if self._session.progress.dismissed:
            return None
        return self._facts(record, (), "by hand", self._rig.filter())

    def temperature_c(self) -> float | None:
        """Temperature now; a sensor that fails costs the temperature, not the night."""
        return quiet_temperature_c(self._rig)

    def sky_place(self, sequence: Sequence, target: Target) -> SkyPlace:
        """Where the target stands now, from its coordinates and the site's."""
        return sequence.sky_place(target, self.now())

    def check(self, sequence: Sequence) -> None:
        """See that all frames and all focus frames can be taken; says all that is missing."""
        missing = what_is_missing(self._rig, sequence)
        if missing:
            raise OptionsError(" ".join(missing))

    # ------------------------------------------------------------------ wheel and focuser

    def filter(self) -> str | None:
        """Name of the filter in the beam, once the wheel rests."""
        wheel = self._rig.filter_wheel
        if wheel is None:
            return None
        self._wait_for_wheel(lambda: wheel.filter() is not None, None, "did not come to rest")
        return wheel.filter()

    def turn_to(self, filter: str, stop: Stop) -> None:
        """Bring a filter into the beam and wait."""
        wheel = self._rig.filter_wheel
        assert wheel is not None
        self._tell(Activity("turning", None, self.now()))
        wheel.start_change(filter)
        self._wait_for_wheel(lambda: wheel.filter() == filter, stop, f"did not reach {filter}")
        self._tell(Activity(since_s=self.now()))

    def _tell(self, activity: Activity) -> None:
        self._activity = activity

    def _wait_for_wheel(self, done: Callable[[], bool], stop: Stop | None, doing: str) -> None:
        wait_until(
            done,
            self._rig.clock,
            stop=stop,
            timeout_s=FILTER_TIMEOUT_S,
            device="filter wheel",
            doing=doing,
        )

    def position(self) -> int:
        """Position of the focuser, steps; one that follows the temperature ends its move first."""
        focuser = self._rig.focuser
        here = focuser.position()
        if focuser.is_moving():
            wait_until(
                lambda: not focuser.is_moving(),
                self._rig.clock,
                stop=None,
                timeout_s=MOVE_TIMEOUT_S,
                device="focuser",
                doing="did not come to rest",
            )
            here = focuser.position()
        return here

    def follows_temperature(self) -> bool:
        """Whether the focuser's own temperature compensation is on."""
        return bool(self._rig.focuser.temperature_compensation())

    def move_to(self, position: int, options: AutofocusOptions, stop: Stop) -> None:
        """Send the focuser there as a run does; its own compensation is as found afterwards."""
        sampler = self._sampler = RigSampler(self._rig, only_moves(options))
        try:
            sampler.move_to(position, stop)
        finally:
            sampler.end()
            self._sampler = None

    # ------------------------------------------------------------------ frames

    def expose(self, sequence: Sequence, row: Row, number: int, stop: Stop) -> LightFrame:
        """Take a frame, measure it, and save it as a file that is not finished yet."""
        return self._lights.take(sequence, row, number, stop)

    def keep(self, frame: LightFrame) -> None:
        """Give the file its name."""
        self._lights.keep(frame)

    # ------------------------------------------------------------------ focus

    def focus(
        self,
        options: AutofocusOptions,
        triggers: tuple[Trigger, ...],
        words: str,
        stop: Stop,
    ) -> tuple[FocusRun, ...]:
        """Run auto focus through the rig's session, and wait the close delay."""
        # Whoever has the rig at this moment is waited for; a run could only fail now.
        self.take(stop)
        session, filter, began_s = self._session, self.filter(), self.now()
        self.release()
        ended: list[RunRecord] = []
        dismissed: list[RunRecord] = []

        def watch(event: Event) -> None:
            if isinstance(event, RunFinished):
                ended.append(event.record)
            elif isinstance(event, RunDismissed) and ended:
                dismissed.append(ended[-1])

        leave = session.subscribe(watch)
        try:
            session.start(options, recorder=self._recorder(), reasons=reasons_of(triggers, words))
            self._wait_for_session(stop)
            if session.error:
                raise RunInProgress(session.error)
            session.wait_for_close(stop)
        except FocusbenchError as error:
            if stop.is_set():
                raise
            if not ended:
                return (failed_run(error, began_s, self.now(), triggers, words, filter),)
        finally:
            leave()
            self._seen = session.record
        return tuple(
            self._facts(
                record,
                () if number else triggers,
                "run again" if number else words,
                filter,
                cancelled=any(record is each for each in dismissed),
            )
            for number, record in enumerate(ended)
        )

    def _facts(
        self,
        record: RunRecord,
        triggers: tuple[Trigger, ...],
        words: str,
        filter: str | None,
        *,
        cancelled: bool = False,
    ) -> FocusRun:
        """What is remembered of a run; a night's folder may be moved, and its packages with it."""
        run = facts_of(record, triggers, words, filter, cancelled=cancelled)
        path = record.package_path
        if path is not None and self._folder is not None and path.is_relative_to(self._folder):
            return dataclasses.replace(run, package=path.relative_to(self._folder).as_posix())
        return run

    def _wait_for_session(self, stop: Stop) -> None:
        while not self._session.wait(POLL_S):
            if stop.is_set():
                self._session.cancel()
                self._session.wait()

    def _recorder(self) -> Recorder | None:
        return None if self._folder is None else PackageRecorder(self._folder / PACKAGES)


def only_moves(options: AutofocusOptions) -> AutofocusOptions:
    """The options as far as moves ask for them: no darks are looked for, no filter is checked."""
    return options.replace(dark_folder=None, focus_filter=None)
