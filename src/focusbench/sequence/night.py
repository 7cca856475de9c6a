"""The night: a generator of events over a station. It knows no device, file or widget."""

import itertools
import logging
from collections.abc import Generator, Iterator

from focusbench.curve import Outcome
from focusbench.errors import DeviceError, FocusbenchError, FrameError, RunCancelled
from focusbench.sequence import events
from focusbench.sequence.events import NightEvent, Why
from focusbench.sequence.plan import Row, Sequence
from focusbench.sequence.progress import NightProgress, fold
from focusbench.sequence.station import Station
from focusbench.sequence.wishes import Wishes
from focusbench.triggers import Trigger, decide, observed

logger = logging.getLogger(__name__)

Steps = Iterator[NightEvent]

WAIT_S = 0.5
"""How long a pause waits before it looks round again, real seconds."""

MOVED_BY = 2
"""Steps by which a focuser's report may differ from where it was sent: some round."""

LOST_IN_A_ROW = 3
"""So many frames lost one after the other pause the night."""

AFTER_LOST_S = 10.0
"""How long a device is left alone after a frame was lost, seconds."""

BY_HAND = "by hand"


def night_run(
    sequence: Sequence,
    station: Station,
    wishes: Wishes | None = None,
    *,
    progress: NightProgress | None = None,
) -> Generator[NightEvent, None, NightProgress]:
    """Do a sequence.

    Parameters
    ----------
    sequence : Sequence
    station : Station
        A rig, or a simulated night.
    wishes : Wishes, optional
        What is asked from outside while it goes on.
    progress : NightProgress, optional
        Of a night that was broken off: it goes on from there, with the sequence of that night.

    Yields
    ------
    NightEvent
        In the order that `focusbench.sequence.events` says; exactly one `NightEnded`, the last.
        A frame that is told as taken is finished (`Station.keep`) when the next event is asked
        for: whoever keeps a journal writes it down in between.

    Returns
    -------
    NightProgress

    Raises
    ------
    OptionsError
        The station cannot do the sequence; nothing was begun.
    """
    night = _Night(sequence, station, wishes or Wishes(), progress)
    station.check(night.sequence)
    try:
        yield from night.run()
    finally:
        station.release()
    return night.progress


class _Night:
    """The steps of a night; `progress` is the fold of all that it has told."""

    def __init__(
        self,
        sequence: Sequence,
        station: Station,
        wishes: Wishes,
        progress: NightProgress | None,
    ) -> None:
        self.sequence = progress.sequence if progress else sequence
        self.station = station
        self.wishes = wishes
        self.progress = progress or NightProgress()
        self._continues = progress is not None
        self._lost_in_a_row = 0
        self._warned = set(self.progress.warnings)

    def run(self) -> Steps:
        try:
            yield from self._begin()
            while (number := self.progress.next_row) is not None:
                try:
                    yield from self._one_frame(number)
                except RunCancelled:
                    if not self.wishes.stop.is_set():
                        raise
                    break
                except DeviceError as error:
                    yield from self._lost(number, error)
        except RunCancelled:
            pass
        except FocusbenchError as error:
            if self.progress.phase == "idle":
                raise
            yield self._tell(events.NightEnded(self.station.now(), False, str(error)))
            return
        complete = self.progress.next_row is None
        why = "all frames are taken" if complete else "stopped"
        yield self._tell(events.NightEnded(self.station.now(), complete, why))

    # ------------------------------------------------------------------ the way to a frame

    def _begin(self) -> Steps:
        station = self.station
        station.take(self.wishes.stop)
        station.run_by_hand()
        if self._continues:
            yield self._tell(events.NightContinued(station.now()))
        else:
            yield self._tell(
                events.NightStarted(
                    station.now(),
                    self.sequence,
                    station.position(),
                    station.filter(),
                    station.temperature_c(),
                )
            )
        if self.sequence.options.steps_per_c is not None and station.follows_temperature():
            yield from self._warn(
                "The focuser follows the temperature by itself: the sequence does not move it."
            )
        yield from self._say_what_is_missing()

    def _say_what_is_missing(self) -> Steps:
        """Say which filter offsets will be missing."""
        focus_in = [row.frames.filter for row in self.sequence.rows if row.frames.filter]
        for was, now in itertools.pairwise(focus_in):
            if self.sequence.autofocus.focus_shift(was, now) is None:
                yield from self._warn(
                    f"The focus points of {was} and {now} are not both known: between them the "
                    "focuser is not moved. Give them under Filters."
                )

    def _one_frame(self, number: int) -> Steps:
        yield from self._serve()
        if self.wishes.stop.is_set():
            raise RunCancelled("Stopped.")
        row = self.sequence.rows[number]
        self.station.take(self.wishes.stop)
        yield from self._look_for_others()
        yield from self._make_ready(row)
        made_a_run = yield from self._ask(number, row)
        if made_a_run:
            if self.wishes.paused or self.progress.paused_why:
                # Whoever said pause while it focused means this frame, too.
                return
            yield from self._make_ready(row)
        yield from self._expose(number, row)

    def _look_for_others(self) -> Steps:
        """Take notice of what others did with the telescope while it was let go."""
        run = self.station.run_by_hand()
        if run is not None and run.focused:
            yield self._tell(events.FocusEnded(self.station.now(), run))
        here, follows = self.station.position(), self.station.follows_temperature()
        moved = abs(here - self.progress.left_at) > MOVED_BY and not self.progress.unsettled
        if moved or (follows and here != self.progress.left_at):
            yield self._tell(
                events.FocuserFound(
                    self.station.now(), here, self.station.filter(), self.station.temperature_c()
                )
            )
            if not follows:
                yield from self._warn(
                    f"The focuser was moved to {here}; the sequence goes on from there."
                )

    def _make_ready(self, row: Row) -> Steps:
        """Wheel first, then the focuser to where it belongs."""
        station, stop, hold = self.station, self.wishes.stop, self.progress.hold
        was, wanted = station.filter(), row.frames.filter
        if wanted is None and self.progress.unsettled:
            # A run that was killed may have left the focus filter in the beam.
            wanted = self.progress.filter
        now = was if wanted is None else wanted
        if now is not None and now != was:
            yield self._tell(events.FilterTurned(station.now(), now))
            station.turn_to(now, stop)
        target = hold.position_at(self.sequence, self._known_temperature_c(), now)
        here = self.progress.left_at
        if self.progress.unsettled:
            stands = station.position()
            here = target if abs(stands - target) <= MOVED_BY else stands
        if target == here:
            return
        why: Why = "temperature"
        if self.progress.unsettled:
            why = "last good position"
        elif hold.shift_to(self.sequence, was) != hold.shift_to(self.sequence, now):
            why = "filter offset"
        yield self._tell(events.FocuserSent(station.now(), target, why))
        station.move_to(target, self.sequence.autofocus_for(row.target), stop)

    def _known_temperature_c(self) -> float | None:
        """Temperature that the focuser is to follow; the last one known while none is."""
        if self.station.follows_temperature():
            return None
        now_c = self.station.temperature_c()
        return self.progress.temperature_c if now_c is None else now_c

    # ------------------------------------------------------------------ focus

    def _ask(self, number: int, row: Row) -> Generator[NightEvent, None, bool]:
        """Ask the triggers, once, and make one run for all that are due."""
        station = self.station
        place = station.sky_place(self.sequence, row.target)
        now, temperature_c = station.now(), station.temperature_c()
        kind = row.kind_with(station.filter())
        state = observed(
            self.progress.state,
            time_s=now,
            next=kind,
            temperature_c=temperature_c,
            west=place.west,
        )
        decided = decide(state, self.sequence.triggers)
        yield self._tell(
            events.Asked(now, number, kind, temperature_c, place.airmass, place.west, decided)
        )
        if not decided.due:
            return False
        yield from self._focus(row, tuple(d.trigger for d in decided.due), decided.words)
        return True

    def _focus(self, row: Row, triggers: tuple[Trigger, ...], words: str) -> Steps:
        station = self.station
        yield self._tell(events.FocusStarted(station.now(), triggers, words))
        station.release()
        options = self.sequence.autofocus_for(row.target)
        runs = station.focus(options, triggers, words, self.wishes.stop)
        for run in runs:
            yield self._tell(events.FocusEnded(station.now(), run))
        if self.wishes.stop.is_set():
            raise RunCancelled("Stopped.")
        station.take(self.wishes.stop)
        last = runs[-1].outcome if runs else Outcome.CANCELLED
        focused = any(run.focused for run in runs)
        stops = self.sequence.triggers.after_failure == "stop"
        if triggers and stops and not focused and last != Outcome.CANCELLED:
            yield from self._pause(f"The run did not focus: {runs[-1].diagnosis}")

    # ------------------------------------------------------------------ frames

    def _expose(self, number: int, row: Row) -> Steps:
        station, stop = self.station, self.wishes.stop
        count = len(self.progress.frames) + 1
        yield self._tell(events.FrameStarted(station.now(), number, count))
        try:
            frame = station.expose(self.sequence, row, count, stop)
        except FrameError as error:
            yield from self._lost(number, error)
            return
        self._lost_in_a_row = 0
        yield self._tell(events.FrameTaken(station.now(), number, frame))
        station.keep(frame)

    def _lost(self, number: int, error: Exception) -> Steps:
        """A device or the disk failed: try again after a while; after some times, pause."""
        logger.info("A frame was lost", exc_info=True)
        self._lost_in_a_row += 1
        yield self._tell(events.FrameLost(self.station.now(), number, str(error)))
        if self._lost_in_a_row >= LOST_IN_A_ROW:
            self._lost_in_a_row = 0
            yield from self._pause(f"{LOST_IN_A_ROW} frames were lost in a row: {error}")
        else:
            self.station.sleep(AFTER_LOST_S, self.wishes.stop)

    # ------------------------------------------------------------------ wishes

    def _pause(self, why: str) -> Steps:
        self.wishes.pause()
        yield self._tell(events.Paused(self.station.now(), why))

    def _serve(self) -> Steps:
        """Do what was asked since the last frame; where that is a pause, until it ends."""
        while not self.wishes.stop.is_set():
            asked = self.wishes.taken()
            if asked.centred:
                yield self._tell(events.Centred(self.station.now()))
            if asked.flipped:
                yield self._tell(events.Centred(self.station.now(), flipped=True))
            if asked.paused and not self.progress.paused_why:
                yield self._tell(events.Paused(self.station.now(), BY_HAND))
            if asked.focus:
                yield from self._focus_by_hand()
            if not asked.paused:
                if self.progress.paused_why:
                    yield self._tell(events.Resumed(self.station.now()))
                return
            self.station.release()
            self.wishes.wait(WAIT_S)

    def _focus_by_hand(self) -> Steps:
        number = self.progress.next_row
        assert number is not None
        row = self.sequence.rows[number]
        self.station.take(self.wishes.stop)
        yield from self._look_for_others()
        yield from self._make_ready(row)
        yield from self._focus(row, (), BY_HAND)

    # ------------------------------------------------------------------ telling

    def _tell(self, event: NightEvent) -> NightEvent:
        self.progress = fold(self.progress, event)
        return event

    def _warn(self, message: str) -> Steps:
        """Say something once."""
        if message not in self._warned:
            self._warned.add(message)
            yield self._tell(events.NightWarned(self.station.now(), message))
