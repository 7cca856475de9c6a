"""Points of the V-curve from a real or simulated rig: move, expose, measure."""

import dataclasses
import logging

from focusbench.devices import POLL_S, Rig, Stop, wait_until
from focusbench.engine.focuser_moves import FocuserMoves
from focusbench.engine.measuring import average, measure_sample
from focusbench.engine.progress import Activity
from focusbench.engine.rig_setup import RigSetup
from focusbench.engine.sampler import Passing, Sample
from focusbench.errors import DeviceError, RunCancelled
from focusbench.frames import Dark, DarkLibrary, Frame
from focusbench.options import AutofocusOptions
from focusbench.stars import warm_in_background

logger = logging.getLogger(__name__)

READOUT_TIMEOUT_S = 60.0
"""How long a camera may take to deliver a frame after its exposure."""


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
        No dark fits the frames that will be taken, or the rig lacks the filter asked for.
    """

    def __init__(self, rig: Rig, options: AutofocusOptions) -> None:
        self._rig = rig
        self._options = options
        self._notices: list[str] = []
        self._moves = FocuserMoves(rig, options, self._tell, self._notices.append)
        self._setup = RigSetup(rig, options, self._notices.append)
        self._darks = DarkLibrary(options.dark_folder) if options.dark_folder else None
        self._still = False
        self._knows_temperature = True
        self._exposing = False
        self.activity = Activity()
        self._filter = options.focus_filter or self.filter()
        self._exposure_s = options.exposure_for(self._filter)
        self._dark = self._find_dark()

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

    def filter(self) -> str | None:
        """Name of the filter in the beam; None without a wheel. Waits while the wheel turns."""
        return self._setup.filter_at_rest()

    def begin(self, travel: tuple[int, int]) -> None:
        """Make ready for the run's frames and moves; what is changed is put back by `end`."""
        self._hold_still(travel)
        self._setup.set_camera()

    def change_filter(self, name: str, stop: Stop | None) -> None:
        """Bring a filter into the beam and wait; exposures are its own from then on."""
        self._tell(Activity("turning", None, self.now()))
        self._setup.turn_to(name, stop)
        self._filter = name
        self._exposure_s = self._options.exposure_for(name)

    def move_to(self, position: int, stop: Stop | None, *, via: int | None = None) -> int:
        """Move there, backlash taken up, and wait; returns where the focuser stands."""
        if not self._still:
            self._hold_still()
        self._moves.begin(position, via)
        self._moves.finish(stop)
        self._tell(Activity(since_s=self.now()))
        return self.position()

    def sample(self, position: int, stop: Stop | None, then: int | None = None) -> Sample:
        """Move there, expose and measure; the move to `then` begins before the measurement."""
        self._moves.begin(position)
        self._moves.finish(stop)
        self._settle(position, stop)
        samples = []
        try:
            self._expose(position)
            for left in reversed(range(self._options.frames_per_point)):
                frame = self._fetch(position, stop)
                self._moves.check_nobody_moved_it()
                if left:
                    self._expose(position)
                elif then is not None:
                    self._begin_next(then)
                self._prepare(position, stop)
                self._tell(Activity("measuring", position, self.now()))
                samples.append(self._measure(frame, position))
        except BaseException:
            self._abort()
            raise
        self._tell(Activity(since_s=self.now()))
        return average(samples)

    def notices(self) -> tuple[str, ...]:
        """What a person should know and was not told before."""
        said = tuple(self._notices)
        self._notices.clear()
        return said

    def end(self) -> tuple[str, ...]:
        """Stop what goes on, and put back what `begin` changed; returns what could not be."""
        self._moves.halt()
        self._tell(Activity(since_s=self.now()))
        return self._setup.restore()

    def go_back(self, position: int) -> None:
        """Move there after the run, and leave the rig otherwise as it is."""
        self._still = False
        try:
            self.move_to(position, None)
        finally:
            self.end()

    def _hold_still(self, travel: tuple[int, int] | None = None) -> None:
        """From now on nothing but the run moves the focuser."""
        self._setup.hold_still()
        self._moves.stand(travel)
        self._still = True

    def _tell(self, activity: Activity) -> None:
        self.activity = activity

    def _find_dark(self) -> Dark | None:
        """The dark for these options, found before the first move so that a run can say so."""
        if self._darks is None:
            return None
        binning = self._options.binning
        rows, columns = self._rig.camera.shape
        shape = (rows // binning, columns // binning)
        return self._darks.find(self._exposure_s, shape, binning)

    def _begin_next(self, then: int) -> None:
        try:
            self._moves.begin(then, passing=isinstance(then, Passing))
        except DeviceError:
            # This point is good. Whoever asks for the next one hears of it.
            logger.info("The move to %d did not begin", then, exc_info=True)

    def _measure(self, frame: Frame, position: int) -> Sample:
        """Measure one frame; what stands in for a camera without pixels replaces it."""
        return measure_sample(frame, position, self._options, self._darks)

    def _settle(self, position: int, stop: Stop | None) -> None:
        if self._options.settle_s:
            self._tell(Activity("settling", position, self.now(), self._options.settle_s))
            if self._rig.clock.sleep(self._options.settle_s, stop):
                raise RunCancelled("Cancelled while the focuser settled.")

    def _expose(self, position: int) -> None:
        self._began_s = self.now()
        self._tell(Activity("exposing", position, self._began_s, self._exposure_s))
        self._exposing = True
        self._rig.camera.start_exposure(self._exposure_s, binning=self._options.binning)

    def _fetch(self, position: int, stop: Stop | None) -> Frame:
        """Wait for the frame that is being exposed, and download it."""
        camera, exposure_s, began_s = self._rig.camera, self._exposure_s, self._began_s
        self._tell(Activity("exposing", position, began_s, exposure_s))
        wait_until(
            camera.image_ready,
            self._rig.clock,
            stop=stop,
            timeout_s=exposure_s + READOUT_TIMEOUT_S,
            device="camera",
            doing="did not deliver its frame",
        )
        self._tell(Activity("reading", position, self.now()))
        frame = camera.read_image()
        self._exposing = False
        return dataclasses.replace(
            frame,
            exposure_s=exposure_s,
            binning=self._options.binning,
            position=position,
            filter=self._filter,
            temperature_c=self._temperature_c(),
            time_s=began_s + exposure_s / 2,
        )

    def _abort(self) -> None:
        """End an exposure that is going on, so that the camera is as it was found."""
        if not self._exposing:
            return
        self._exposing = False
        try:
            self._rig.camera.abort()
        except Exception:
            logger.warning("The exposure could not be aborted", exc_info=True)

    def _temperature_c(self) -> float | None:
        """Temperature now; a sensor that fails costs the temperature, not the run."""
        try:
            temperature_c = self._rig.temperature_c()
        except DeviceError as error:
            if self._knows_temperature:
                self._notices.append(f"The temperature is no longer known: {error}")
            self._knows_temperature = False
            return None
        return temperature_c

    def _prepare(self, position: int, stop: Stop | None) -> None:
        """Wait until stars can be measured; only the first frame of a process may have to."""
        ready = warm_in_background()
        if ready.is_set():
            return
        self._tell(Activity("preparing", position, self.now()))
        # Not on the rig's clock: compiling takes its time on simulated nights, too.
        while not ready.wait(POLL_S):
            if stop is not None and stop.is_set():
                raise RunCancelled("Cancelled while the measurement of stars was prepared.")
