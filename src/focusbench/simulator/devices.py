"""The simulated devices: non-blocking primitives on the rig's clock, safe from any thread."""

import dataclasses
import math
import threading
from dataclasses import dataclass

from focusbench.devices import Clock
from focusbench.errors import DeviceRefused
from focusbench.frames import Frame
from focusbench.simulator.mechanics import SAME_TIME_S, Drive, ThermalDrift, Turret
from focusbench.simulator.sensor import Sensor
from focusbench.simulator.telescope import Telescope

MAX_BINNING = 4
MAX_EXPOSURE_S = 3600.0
MAX_GAIN = 300
"""In tenths of a decibel, as many CMOS cameras count it."""
FAST_DOWNLOAD = 0.5
FAST_NOISE = 2.0
"""The fast read-out mode takes half the time at twice the read noise."""


class SimulatedFocuser:
    """A focuser whose moves take time.

    Parameters
    ----------
    drive : Drive
    clock : Clock
    limits : (int, int), steps
    drift : ThermalDrift
        What temperature compensation follows: the true shift, as a well tuned one would.
    """

    name = "Simulated focuser"

    def __init__(
        self, drive: Drive, clock: Clock, limits: tuple[int, int], drift: ThermalDrift
    ) -> None:
        self._drive = drive
        self._clock = clock
        self._limits = limits
        self._drift = drift
        self._compensated_from: float | None = None
        """Position less thermal shift when compensation was switched on; None while it is off."""

    @property
    def limits(self) -> tuple[int, int]:
        """Smallest and largest position that may be commanded, steps."""
        return self._limits

    def position(self) -> int:
        """Position now, steps; also while moving."""
        self._follow_temperature()
        return round(self._drive.motor(self._clock.now()))

    def start_move(self, position: int) -> None:
        """Begin to move; raises `DeviceRefused` beyond the limits, or while it compensates."""
        if self._compensated_from is not None:
            # As ASCOM had it up to IFocuserV2, and many drivers still have it.
            raise DeviceRefused(
                "focuser", "The focuser does not move while temperature compensation is on."
            )
        low, high = self._limits
        if not low <= position <= high:
            raise DeviceRefused(
                "focuser", f"The focuser goes from {low} to {high}; it was sent to {position}."
            )
        self._drive.start(position)

    def is_moving(self) -> bool:
        """Whether a move is going on."""
        return self._drive.is_moving(self._clock.now())

    def halt(self) -> None:
        """Stop a move where it is; harmless when nothing moves."""
        self._drive.halt()

    def temperature_compensation(self) -> bool | None:
        """Whether it follows the temperature by itself now."""
        return self._compensated_from is not None

    def set_temperature_compensation(self, on: bool) -> None:
        """Switch it on or off; it keeps to where the focuser stands, or goes, at that time."""
        if not on:
            self._compensated_from = None
        elif self._compensated_from is None:
            now = self._clock.now()
            self._compensated_from = self._drive.target(now) - self._drift.shift(now)

    def _follow_temperature(self) -> None:
        """Where compensation is on, begin the move that the temperature asks for by now."""
        if self._compensated_from is None or self.is_moving():
            return
        now, (low, high) = self._clock.now(), self._limits
        target = min(max(round(self._compensated_from + self._drift.shift(now)), low), high)
        if target != round(self._drive.motor(now)):
            self._drive.start(target)


@dataclass(frozen=True)
class _Exposure:
    number: int
    start_s: float
    exposure_s: float
    binning: int
    download_s: float
    sensor: Sensor


class SimulatedCamera:
    """A camera that sees what the telescope shows.

    A frame depends only on the rig's seed, the number of the exposure and where the focuser
    stood, so it is rendered when it is fetched, and fetched again it is the same.

    Parameters
    ----------
    telescope : Telescope
    clock : Clock
    download_s : float, seconds
        Time from the end of an exposure until its frame can be fetched.
    """

    name = "Simulated camera"

    def __init__(self, telescope: Telescope, clock: Clock, *, download_s: float) -> None:
        self._telescope = telescope
        self._clock = clock
        self._download_s = download_s
        self._exposure: _Exposure | None = None
        self._gain = 0
        self._fast = False
        self._n_started = 0
        self._lock = threading.Lock()

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of a whole frame at 1×1."""
        return self._telescope.sensor.shape

    @property
    def pixel_um(self) -> float | None:
        """Size of a pixel at 1×1, µm."""
        return self._telescope.sensor.pixel_um

    @property
    def max_binning(self) -> int:
        """Largest symmetric binning."""
        return min(MAX_BINNING, *self.shape)

    @property
    def readout_modes(self) -> tuple[str, ...]:
        """Normal, and a fast one that takes half the time at twice the read noise."""
        return ("Normal", "Fast")

    @property
    def fast_readout_mode(self) -> str | None:
        """The mode for quick frames."""
        return "Fast"

    def readout_mode(self) -> str | None:
        """The mode that the next frame is read in."""
        return "Fast" if self._fast else "Normal"

    def set_readout_mode(self, name: str) -> None:
        """Choose a read-out mode."""
        if name not in self.readout_modes:
            raise DeviceRefused(
                "camera",
                f"The camera has no read-out mode {name!r}; it has "
                f"{', '.join(self.readout_modes)}.",
            )
        self._fast = name == "Fast"

    def gain(self) -> int | None:
        """Gain of the next frame, tenths of a decibel."""
        return self._gain

    def set_gain(self, gain: int) -> None:
        """Choose a gain; 200 gives ten times the ADU for an electron."""
        if not 0 <= gain <= MAX_GAIN:
            raise DeviceRefused(
                "camera",
                f"The camera's gain goes from 0 to {MAX_GAIN}; it was asked for {gain}.",
            )
        self._gain = gain

    def start_exposure(self, exposure_s: float, *, binning: int = 1) -> None:
        """Begin an exposure; raises `DeviceRefused` while one is going on."""
        if not (math.isfinite(exposure_s) and 0 < exposure_s <= MAX_EXPOSURE_S):
            raise DeviceRefused(
                "camera",
                f"The camera exposes for more than 0 and up to {MAX_EXPOSURE_S:.0f} s; "
                f"it was asked for {exposure_s:g} s.",
            )
        if binning not in range(1, self.max_binning + 1):
            raise DeviceRefused(
                "camera",
                f"The camera bins from 1×1 to {self.max_binning}×{self.max_binning}; "
                f"it was asked for {binning}×{binning}.",
            )
        with self._lock:
            if self._exposure is not None and not self._is_ready(self._exposure):
                raise DeviceRefused("camera", "The camera is still busy with an exposure.")
            self._n_started += 1
            sensor = self._telescope.sensor
            self._exposure = _Exposure(
                number=self._n_started,
                start_s=self._clock.now(),
                exposure_s=float(exposure_s),
                binning=binning,
                download_s=self._download_s * (FAST_DOWNLOAD if self._fast else 1),
                sensor=dataclasses.replace(
                    sensor,
                    gain_e_per_adu=sensor.gain_e_per_adu * 10 ** (-self._gain / 200),
                    read_noise_e=sensor.read_noise_e * (FAST_NOISE if self._fast else 1),
                ),
            )

    def image_ready(self) -> bool:
        """Whether the frame has been read out and can be fetched."""
        with self._lock:
            return self._exposure is not None and self._is_ready(self._exposure)

    def abort(self) -> None:
        """End an exposure without a frame; harmless when none is going on."""
        with self._lock:
            if self._exposure is not None and not self._is_ready(self._exposure):
                self._exposure = None

    def read_image(self) -> Frame:
        """Fetch the frame; raises `DeviceRefused` where there is none."""
        with self._lock:
            exposure = self._exposure
            if exposure is None or not self._is_ready(exposure):
                raise DeviceRefused("camera", "The camera has no frame to fetch.")
        # Rendered outside the lock, so that nobody who asks the camera waits for it.
        sensor = exposure.sensor
        return Frame(
            pixels=self._telescope.frame(
                exposure.number,
                exposure.start_s,
                exposure.exposure_s,
                binning=exposure.binning,
                sensor=sensor,
            ),
            exposure_s=exposure.exposure_s,
            binning=exposure.binning,
            time_s=exposure.start_s + exposure.exposure_s / 2,
            header={
                "INSTRUME": self.name,
                "XPIXSZ": sensor.pixel_um * exposure.binning,
                "YPIXSZ": sensor.pixel_um * exposure.binning,
                "EGAIN": sensor.gain_e_per_adu,
            },
        )

    def _is_ready(self, exposure: _Exposure) -> bool:
        takes_s = exposure.exposure_s + exposure.download_s
        return self._clock.now() + SAME_TIME_S >= exposure.start_s + takes_s


class SimulatedFilterWheel:
    """A wheel whose filters focus at different positions and let different shares of light pass.

    Parameters
    ----------
    turret : Turret
    clock : Clock
    filters : tuple of str
        Names, by slot.
    """

    name = "Simulated filter wheel"

    def __init__(self, turret: Turret, clock: Clock, filters: tuple[str, ...]) -> None:
        self._turret = turret
        self._clock = clock
        self._filters = filters

    @property
    def filters(self) -> tuple[str, ...]:
        """Names of the filters, by slot."""
        return self._filters

    @property
    def focus_offsets(self) -> tuple[int, ...]:
        """None: nobody has measured them yet."""
        return ()

    def filter(self) -> str | None:
        """Name of the filter in the beam; None while the wheel turns."""
        slot = self._turret.slot(self._clock.now())
        return None if slot is None else self._filters[slot]

    def start_change(self, name: str) -> None:
        """Begin to turn to a filter; raises `DeviceRefused` where there is none of that name."""
        if name not in self._filters:
            raise DeviceRefused(
                "filter wheel",
                f"The wheel has no filter {name!r}; it has {', '.join(self._filters)}.",
            )
        self._turret.start(self._filters.index(name))


class SimulatedThermometer:
    """Reads the air at the telescope, to a hundredth of a degree.

    Parameters
    ----------
    drift : ThermalDrift
    clock : Clock
    """

    def __init__(self, drift: ThermalDrift, clock: Clock) -> None:
        self._drift = drift
        self._clock = clock

    def temperature_c(self) -> float | None:
        """Temperature now, °C."""
        return round(self._drift.temperature_c(self._clock.now()), 2)
