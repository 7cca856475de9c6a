"""The simulated devices: non-blocking primitives on the rig's clock, safe from any thread."""

import math
import threading
from dataclasses import dataclass

from focusbench.devices import Clock
from focusbench.errors import DeviceRefused
from focusbench.frames import Frame
from focusbench.simulator.mechanics import Drive, ThermalDrift
from focusbench.simulator.telescope import Telescope

MAX_BINNING = 4
MAX_EXPOSURE_S = 3600.0


class SimulatedFocuser:
    """A focuser whose moves take time.

    Parameters
    ----------
    drive : Drive
    clock : Clock
    limits : (int, int), steps
    """

    name = "Simulated focuser"

    def __init__(self, drive: Drive, clock: Clock, limits: tuple[int, int]) -> None:
        self._drive = drive
        self._clock = clock
        self._limits = limits

    @property
    def limits(self) -> tuple[int, int]:
        """Smallest and largest position that may be commanded, steps."""
        return self._limits

    def position(self) -> int:
        """Position now, steps; also while moving."""
        return round(self._drive.motor(self._clock.now()))

    def start_move(self, position: int) -> None:
        """Begin to move; raises `DeviceRefused` beyond the limits."""
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


@dataclass(frozen=True)
class _Exposure:
    number: int
    start_s: float
    exposure_s: float
    binning: int


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
            self._exposure = _Exposure(
                self._n_started, self._clock.now(), float(exposure_s), binning
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
        sensor = self._telescope.sensor
        return Frame(
            pixels=self._telescope.frame(
                exposure.number, exposure.start_s, exposure.exposure_s, binning=exposure.binning
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
        takes_s = exposure.exposure_s + self._download_s
        return self._clock.now() >= exposure.start_s + takes_s


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
