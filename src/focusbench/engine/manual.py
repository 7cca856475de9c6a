"""The rig by hand, while no run is going on: moves, a single frame, frames in a loop.

What is asked for is a wish; one thread holds the rig's lease and fulfils wishes, the move before
the frame, until none is left. A new wish interrupts what is going on: a frame exposed during a move
is of no use, and a loop that made a move wait would be no help in finding focus.
"""

import logging
import threading
import weakref
from collections.abc import Callable
from typing import ClassVar

from focusbench.devices import Rig
from focusbench.engine.progress import Activity
from focusbench.engine.rig_sampler import RigSampler
from focusbench.engine.sampler import Sample
from focusbench.errors import DeviceRefused, FocuserTaken, RunCancelled
from focusbench.options import AutofocusOptions
from focusbench.stars import warm_in_background

logger = logging.getLogger(__name__)

Viewer = Callable[[Sample], None]

BY_HAND = "frames and moves by hand; stop them in the focus module"
"""What somebody reads who wants to run auto focus meanwhile."""


class ManualFocus:
    """Moves a rig's focuser and takes frames by hand; use `ManualFocus.of`.

    No call waits, and any thread may make it. While a run holds the rig, wishes are refused:
    `trouble` then says so.

    Attributes
    ----------
    options : AutofocusOptions
        Exposure, binning, gain, backlash, darks and what is measured; may be set at any time, and
        holds from the next frame or move on.
    trouble : str
        Why the last wish was not fulfilled, in words; empty where it was.
    n_frames : int
        Frames taken since the last `take`.
    last : Sample or None
        The last frame taken, with its point.
    """

    _of: ClassVar["weakref.WeakKeyDictionary[Rig, ManualFocus]"] = weakref.WeakKeyDictionary()
    _of_lock: ClassVar = threading.Lock()

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._lock = threading.RLock()
        self._idle = threading.Event()
        self._idle.set()
        self._interrupt = threading.Event()
        self._target: int | None = None
        self._by = 0
        self._frames: float = 0
        self._sampler: RigSampler | None = None
        self._viewers: list[Viewer] = []
        self.options = AutofocusOptions()
        self.trouble = ""
        self.n_frames = 0
        self.last: Sample | None = None

    @classmethod
    def of(cls, rig: Rig) -> "ManualFocus":
        """Return the one of a rig: always the same."""
        warm_in_background()
        with cls._of_lock:
            if rig not in cls._of:
                cls._of[rig] = cls(rig)
            return cls._of[rig]

    # ------------------------------------------------------------------ what a panel asks

    @property
    def busy(self) -> bool:
        """Whether a move or a frame is going on."""
        return not self._idle.is_set()

    @property
    def looping(self) -> bool:
        """Whether frame after frame is taken until somebody says stop."""
        return self._frames > 1

    @property
    def watched(self) -> bool:
        """Whether anybody looks at the frames."""
        return bool(self._viewers)

    @property
    def target(self) -> int | None:
        """Where a move is going, steps; None where none is."""
        return self._target

    @property
    def activity(self) -> Activity:
        """What the rig is doing by hand now."""
        sampler = self._sampler
        return sampler.activity if sampler and self.busy else Activity()

    # ------------------------------------------------------------------ what a person does

    def move_to(self, position: int) -> None:
        """Send the focuser to a position, from wherever it stands or is going.

        Raises
        ------
        DeviceRefused
            Beyond the focuser's limits; it stays where it is.
        """
        self._check(position)
        self._wish(target=position)

    def move_by(self, steps: int) -> None:
        """Send the focuser so far out, or in where below 0; clicks add up while it moves.

        Raises
        ------
        DeviceRefused
            Beyond the focuser's limits, as far as it is known where it goes; else `trouble` says
            so.
        """
        with self._lock:
            if self._target is not None:
                self.move_to(self._target + steps)
            else:
                self._wish(by=steps)

    def take(self, *, repeat: bool = False) -> None:
        """Take a frame here, or one after the other until `stop`."""
        self.n_frames = 0
        self._wish(frames=float("inf") if repeat else 1)

    def stop(self) -> None:
        """Halt the focuser, abort the exposure, end the loop; harmless where nothing goes on."""
        with self._lock:
            self._forget()
            self._interrupt.set()

    def subscribe(self, viewer: Viewer) -> Callable[[], None]:
        """Hand `viewer` every frame with its point, in our thread; returns how to end it."""
        self._viewers.append(viewer)
        return lambda: self._viewers.remove(viewer) if viewer in self._viewers else None

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until nothing is going on; False where `timeout` seconds were not enough."""
        return self._idle.wait(timeout)

    # ------------------------------------------------------------------ wishes

    def _check(self, position: int) -> None:
        low, high = self._rig.focuser.limits
        if not low <= position <= high:
            limit = low if position < low else high
            raise DeviceRefused("focuser", f"{position} is beyond the focuser's limit of {limit}.")

    def _wish(self, target: int | None = None, by: int = 0, frames: float = 0) -> None:
        with self._lock:
            self.trouble = ""
            if target is not None or by:
                self._target, self._by = target, self._by + by
                self._interrupt.set()
            self._frames = frames or self._frames
            if self._idle.is_set():
                self._idle.clear()
                threading.Thread(target=self._serve, name="focusbench by hand", daemon=True).start()

    def _forget(self) -> None:
        self._target, self._by, self._frames = None, 0, 0

    def _wishes(self) -> bool:
        return self._target is not None or self._by != 0 or self._frames > 0

    # ------------------------------------------------------------------ in a thread of its own

    def _serve(self) -> None:
        while True:
            try:
                with self._rig.lease(BY_HAND):
                    self._fulfil()
            except Exception as error:
                # Nothing may die silently in a thread.
                logger.info("What was wished for by hand did not come", exc_info=True)
                with self._lock:
                    self._forget()
                    self.trouble = str(error) or type(error).__name__
            with self._lock:
                # A wish may have come while the rig was let go.
                if not self._wishes():
                    self._idle.set()
                    return

    def _fulfil(self) -> None:
        """Fulfil wishes until none is left; then the rig is as it was found."""
        options: AutofocusOptions | None = None
        try:
            while True:
                with self._lock:
                    self._interrupt.clear()
                    if not self._wishes():
                        return
                if self._sampler is None or options is not self.options:
                    self._let_go()
                    options = self.options
                    self._sampler = self._take_up(options)
                try:
                    target = self._where(self._sampler)
                    if target is not None:
                        self._move(self._sampler, target)
                    elif self._frames:
                        self._expose(self._sampler)
                except RunCancelled:
                    pass
                except FocuserTaken:
                    # A hand box is a hand as well: look again where the focuser stands.
                    self._let_go()
        finally:
            self._let_go()

    def _take_up(self, options: AutofocusOptions) -> RigSampler:
        # One frame in the filter that is in the beam, shown however few its stars are.
        by_hand = options.replace(frames_per_point=1, min_stars=1, focus_filter=None)
        sampler = RigSampler(self._rig, by_hand)
        try:
            sampler.begin(self._rig.focuser.limits)
        except BaseException:
            sampler.end()
            raise
        return sampler

    def _let_go(self) -> None:
        sampler, self._sampler = self._sampler, None
        if sampler is not None:
            self.trouble = " ".join(sampler.end()) or self.trouble

    def _where(self, sampler: RigSampler) -> int | None:
        """Where the focuser is to go, steps; a distance counts from where it stands now."""
        here = sampler.position() if self._by else 0
        with self._lock:
            if self._by:
                target, self._by = here + self._by, 0
                try:
                    self._check(target)
                except DeviceRefused as error:
                    self.trouble = str(error)
                else:
                    self._target = target
            return self._target

    def _move(self, sampler: RigSampler, target: int) -> None:
        sampler.move_to(target, self._interrupt)
        with self._lock:
            if self._target == target:
                self._target = None

    def _expose(self, sampler: RigSampler) -> None:
        sample = sampler.sample(sampler.position(), self._interrupt)
        with self._lock:
            self.n_frames += 1
            self.last = sample
            self._frames = max(0, self._frames - 1)
        for viewer in tuple(self._viewers):
            try:
                viewer(sample)
            except Exception:
                logger.exception("A viewer of frames broke and is dropped")
                self._viewers.remove(viewer)
