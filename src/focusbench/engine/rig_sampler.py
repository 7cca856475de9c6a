"""Points of the V-curve from a real or simulated rig: move, expose, measure."""

import dataclasses

from focusbench.curve import FocusPoint, Rejected
from focusbench.devices import POLL_S, Rig, Stop, wait_until
from focusbench.engine.progress import Activity
from focusbench.engine.sampler import Sample
from focusbench.errors import (
    DeviceError,
    DeviceRefused,
    FocuserTaken,
    MeasurementError,
    RunCancelled,
)
from focusbench.frames import Dark, DarkLibrary, Frame
from focusbench.options import AutofocusOptions
from focusbench.stars import measure, warm_in_background

MOVE_TIMEOUT_S = 300.0
"""A move that takes longer than this never ends."""

READOUT_TIMEOUT_S = 60.0
"""How long a camera may take to deliver a frame after its exposure."""

ARRIVED_WITHIN = 2
"""Steps by which a focuser's report may differ from the command: some round."""


class RigSampler:
    """Takes points with a rig's focuser and camera.

    Parameters
    ----------
    rig : Rig
    options : AutofocusOptions
        Exposure, binning, backlash, and what is measured.

    Raises
    ------
    OptionsError, FrameError
        No dark fits the frames that will be taken.
    """

    def __init__(self, rig: Rig, options: AutofocusOptions) -> None:
        self._rig = rig
        self._options = options
        low, high = rig.focuser.limits
        start = rig.focuser.position()
        self._low = max(low, start - options.travel_limit)
        self._high = min(high, start + options.travel_limit)
        self._darks = DarkLibrary(options.dark_folder) if options.dark_folder else None
        self._dark = self._find_dark()
        self._legs: list[int] = []
        self._commanded: int | None = start
        self.activity = Activity()

    def now(self) -> float:
        """Unix time on the rig's clock, seconds."""
        return self._rig.clock.now()

    def describe(self) -> dict[str, object]:
        """What a record remembers of the rig, and the dark that is subtracted."""
        dark = {"dark": self._dark.path.name} if self._dark else {}
        return self._rig.describe() | dark

    def position(self) -> int:
        """Position of the focuser now, steps."""
        return self._rig.focuser.position()

    def move_to(self, position: int, stop: Stop | None, *, via: int | None = None) -> int:
        """Move there, backlash taken up, and wait; returns where the focuser stands."""
        self._begin(position, via)
        self._finish(stop)
        self.activity = Activity(since_s=self.now())
        return self.position()

    def sample(self, position: int, stop: Stop | None, then: int | None = None) -> Sample:
        """Move there, expose and measure; the move to `then` begins before the measurement."""
        on_its_way = self._legs and self._legs[-1] == position
        if not on_its_way and self._commanded != position:
            self._begin(position)
        self._finish(stop)
        self._settle(stop)
        frame = self._expose(position, stop)
        self._check_nobody_moved_it()
        if then is not None:
            self._begin(then)
        self._prepare(position, stop)
        self.activity = Activity("measuring", position, self.now())
        sample = self._measure(frame, position)
        self.activity = Activity(since_s=self.now())
        return sample

    def _find_dark(self) -> Dark | None:
        """The dark for these options, found before the first move so that a run can say so."""
        if self._darks is None:
            return None
        binning = self._options.binning
        rows, columns = self._rig.camera.shape
        shape = (rows // binning, columns // binning)
        return self._darks.find(self._options.exposure_s, shape, binning)

    def _begin(self, target: int, via: int | None = None) -> None:
        """Start the first leg of a move; a move that is still going on is stopped first."""
        if self._legs:
            self._legs = []
            self._halt()
        self._check_nobody_moved_it()
        low, high = self._rig.focuser.limits
        if not low <= target <= high:
            raise DeviceRefused(
                "focuser",
                f"The run needs position {target}, but the focuser goes from {low} to {high}. "
                "Lower the step size or the data points, or begin further from the limit.",
            )
        self._legs = self._legs_to(target, via)
        self._start_leg()

    def _legs_to(self, target: int, via: int | None) -> list[int]:
        """Positions to go through, so that the last move has the direction of `final_move`.

        SGPro names the direction of the final move: with IN, a move out goes past the target by
        the backlash and comes back in; a move in is plain.
        """
        here, wants_in = self.position(), self._options.final_move == "in"
        if via is None and self._options.backlash and target != here:
            ends_wrong = (target > here) == wants_in
            if ends_wrong:
                via = target + (self._options.backlash if wants_in else -self._options.backlash)
        via = None if via is None else min(max(via, self._low), self._high)
        return [target] if via is None or via == target else [via, target]

    def _start_leg(self) -> None:
        self._commanded = None
        self.activity = Activity("moving", self._legs[-1], self.now())
        self._rig.focuser.start_move(self._legs[0])

    def _finish(self, stop: Stop | None) -> None:
        focuser, clock = self._rig.focuser, self._rig.clock
        while self._legs:
            target = self._legs[0]
            try:
                wait_until(
                    lambda: not focuser.is_moving(),
                    clock,
                    stop=stop,
                    timeout_s=MOVE_TIMEOUT_S,
                    device="focuser",
                    doing=f"did not finish its move to {target}",
                )
            except (RunCancelled, DeviceError):
                self._legs = []
                self._halt()
                raise
            stands = focuser.position()
            if abs(stands - target) > ARRIVED_WITHIN:
                self._legs = []
                raise DeviceError(
                    "focuser", f"The focuser stopped at {stands} on its way to {target}."
                )
            self._legs.pop(0)
            self._commanded = target
            if self._legs:
                self._start_leg()

    def _halt(self) -> None:
        focuser = self._rig.focuser
        focuser.halt()
        wait_until(
            lambda: not focuser.is_moving(),
            self._rig.clock,
            stop=None,
            timeout_s=10.0,
            device="focuser",
            doing="did not stop",
        )

    def _check_nobody_moved_it(self) -> None:
        if self._commanded is None:
            return
        stands = self.position()
        if abs(stands - self._commanded) > ARRIVED_WITHIN:
            raise FocuserTaken("focuser", f"The focuser was moved to {stands} by someone else.")

    def _settle(self, stop: Stop | None) -> None:
        if self._options.settle_s:
            self.activity = Activity(
                "settling", self._commanded, self.now(), self._options.settle_s
            )
            if self._rig.clock.sleep(self._options.settle_s, stop):
                raise RunCancelled("Cancelled while the focuser settled.")

    def _expose(self, position: int, stop: Stop | None) -> Frame:
        camera, exposure_s = self._rig.camera, self._options.exposure_s
        began_s = self.now()
        self.activity = Activity("exposing", position, began_s, exposure_s)
        camera.start_exposure(exposure_s, binning=self._options.binning)
        try:
            wait_until(
                camera.image_ready,
                self._rig.clock,
                stop=stop,
                timeout_s=exposure_s + READOUT_TIMEOUT_S,
                device="camera",
                doing="did not deliver its frame",
            )
        except (RunCancelled, DeviceError):
            camera.abort()
            raise
        self.activity = Activity("reading", position, self.now())
        return dataclasses.replace(
            camera.read_image(),
            exposure_s=exposure_s,
            binning=self._options.binning,
            position=position,
            filter=self._rig.filter(),
            temperature_c=self._rig.temperature_c(),
            time_s=began_s + exposure_s / 2,
        )

    def _prepare(self, position: int, stop: Stop | None) -> None:
        """Wait until stars can be measured; only the first frame of a process may have to."""
        ready = warm_in_background()
        if ready.is_set():
            return
        self.activity = Activity("preparing", position, self.now())
        # Not on the rig's clock: compiling takes its time on simulated nights, too.
        while not ready.wait(POLL_S):
            if stop is not None and stop.is_set():
                raise RunCancelled("Cancelled while the measurement of stars was prepared.")

    def _measure(self, frame: Frame, position: int) -> Sample:
        known = FocusPoint(
            position=position,
            metric=float("nan"),
            time_s=frame.time_s,
            temperature_c=frame.temperature_c,
        )
        try:
            measured = measure(
                self._darks.subtract(frame) if self._darks else frame,
                metric=self._options.metric,
                min_star_diameter_px=self._options.min_star_diameter_px,
                crop_percent=self._options.crop_percent,
                min_stars=self._options.min_stars,
            )
        except MeasurementError as error:
            n_stars = getattr(error, "n_stars", 0)
            point = dataclasses.replace(
                known, n_stars=n_stars, rejected=Rejected.FEW_STARS, reason=str(error)
            )
            return Sample(point, (frame,))
        point = dataclasses.replace(
            known,
            metric=measured.value,
            error=measured.error,
            scatter=measured.scatter,
            n_stars=measured.n_stars,
            others=dict(measured.others),
        )
        return Sample(point, (frame,), measured.stars)
