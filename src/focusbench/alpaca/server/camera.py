"""A rig's camera, as the protocol sees it."""

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from focusbench.alpaca.server.device import ServedDevice, takes
from focusbench.alpaca.server.protocol import AlpacaError, ErrorNumber, boolean, number, whole
from focusbench.devices import Rig
from focusbench.errors import DeviceError, DeviceRefused

EXPOSURE_MIN_S, EXPOSURE_MAX_S = 0.001, 3600.0

IDLE, EXPOSING, READING, ERROR = 0, 2, 3, 5
"""The states of the standard that are used here."""


@dataclass(frozen=True)
class _Window:
    """A part of the frame, pixels as binned."""

    start_x: int
    start_y: int
    num_x: int
    num_y: int


@dataclass(eq=False)
class _Exposure:
    start_s: float
    duration_s: float
    window: _Window
    pixels: NDArray[np.generic] | None = None


class ServedCamera(ServedDevice):
    """A camera; it exposes whole frames, and a sub-frame is cut from what it took.

    The last frame stays and can be fetched again, by anybody, until the next exposure. An
    exposure whose client has vanished ends by itself.

    Parameters
    ----------
    rig : Rig
    """

    type = "camera"
    interface_version = 4
    # What the protocols of rigs do not know.
    cannot_get = (
        "bayeroffsetx",
        "bayeroffsety",
        "ccdtemperature",
        "cooleron",
        "coolerpower",
        "electronsperadu",
        "fastreadout",
        "fullwellcapacity",
        "gainmax",
        "gainmin",
        "gains",
        "heatsinktemperature",
        "imagearrayvariant",
        "ispulseguiding",
        "offset",
        "offsetmax",
        "offsetmin",
        "offsets",
        "sensorname",
        "setccdtemperature",
        "subexposureduration",
    )
    cannot_put: ClassVar = {
        "cooleron": {"CoolerOn": boolean},
        "fastreadout": {"FastReadout": boolean},
        "offset": {"Offset": whole},
        "pulseguide": {"Direction": whole, "Duration": whole},
        "setccdtemperature": {"SetCCDTemperature": number},
        "stopexposure": {},
        "subexposureduration": {"SubExposureDuration": number},
    }
    state_members = ("CameraState", "ImageReady", "PercentCompleted")
    slow = frozenset({"imagearray"})

    def __init__(self, rig: Rig) -> None:
        super().__init__(rig.camera.name)
        self._camera = rig.camera
        self._clock = rig.clock
        self._binning = 1
        rows, columns = self._camera.shape
        self._window = {"start_x": 0, "start_y": 0, "num_x": columns, "num_y": rows}
        self._exposure: _Exposure | None = None
        self._fetching = threading.Lock()

    # ------------------------------------------------------------------ the sensor

    def get_cameraxsize(self) -> int:
        """Columns at 1×1."""
        return self._camera.shape[1]

    def get_cameraysize(self) -> int:
        """Rows at 1×1."""
        return self._camera.shape[0]

    def get_pixelsizex(self) -> float:
        """Size of a pixel at 1×1, µm."""
        if self._camera.pixel_um is None:
            raise AlpacaError(ErrorNumber.NOT_IMPLEMENTED, f"{self.name} tells no pixel size.")
        return self._camera.pixel_um

    get_pixelsizey = get_pixelsizex

    def get_maxadu(self) -> int:
        """Largest pixel value."""
        return 65535

    def get_sensortype(self) -> int:
        """0, monochrome: what a rig's frames are."""
        return 0

    def get_hasshutter(self) -> bool:
        """Whether darks can be taken without a hand on the cap."""
        return False

    def get_gain(self) -> int:
        """Gain of the next frame."""
        gain = self.primitive(self._camera, "gain")()
        if gain is None:
            raise AlpacaError(ErrorNumber.NOT_IMPLEMENTED, f"{self.name} has no choice of gain.")
        return int(gain)

    @takes(Gain=whole)
    def put_gain(self, gain: int) -> None:
        """Choose a gain."""
        self.get_gain()
        try:
            self.primitive(self._camera, "set_gain")(gain)
        except DeviceRefused as error:
            raise AlpacaError(ErrorNumber.INVALID_VALUE, str(error)) from error

    def get_readoutmodes(self) -> list[str]:
        """Names of the read-out modes; one where there is no choice."""
        return list(getattr(self._camera, "readout_modes", ())) or ["Normal"]

    def get_readoutmode(self) -> int:
        """Number of the read-out mode now."""
        modes = self.get_readoutmodes()
        return modes.index(self.primitive(self._camera, "readout_mode")()) if modes[1:] else 0

    @takes(ReadoutMode=whole)
    def put_readoutmode(self, number: int) -> None:
        """Choose a read-out mode."""
        modes = self.get_readoutmodes()
        name = modes[_within("ReadoutMode", number, 0, len(modes) - 1)]
        if modes[1:]:
            self.primitive(self._camera, "set_readout_mode")(name)

    # ------------------------------------------------------------------ what it can do

    def get_canabortexposure(self) -> bool:
        """Whether an exposure can be ended without a frame."""
        return True

    def get_canasymmetricbin(self) -> bool:
        """Whether the axes can be binned differently."""
        return False

    def _no(self) -> bool:
        """What no camera of a rig can do."""
        return False

    get_canfastreadout = get_cangetcoolerpower = get_canpulseguide = _no
    get_cansetccdtemperature = get_canstopexposure = _no

    def get_exposuremin(self) -> float:
        """Shortest exposure, seconds."""
        return EXPOSURE_MIN_S

    def get_exposuremax(self) -> float:
        """Longest exposure, seconds."""
        return EXPOSURE_MAX_S

    def get_exposureresolution(self) -> float:
        """Smallest difference between exposures, seconds; 0: any."""
        return 0.0

    # ------------------------------------------------------------------ binning and sub-frame

    def get_maxbinx(self) -> int:
        """Largest binning."""
        return self._camera.max_binning

    get_maxbiny = get_maxbinx

    def get_binx(self) -> int:
        """Binning of both axes."""
        return self._binning

    get_biny = get_binx

    @takes(BinX=whole)
    def put_binx(self, binning: int) -> None:
        """Set the binning of both axes; the sub-frame is the client's to adapt."""
        self._binning = _within("Binning", binning, 1, self._camera.max_binning)

    @takes(BinY=whole)
    def put_biny(self, binning: int) -> None:
        """Set the binning of both axes."""
        self.put_binx(binning)

    def get_startx(self) -> int:
        """First column of the sub-frame, binned pixels."""
        return self._window["start_x"]

    def get_starty(self) -> int:
        """First row of the sub-frame, binned pixels."""
        return self._window["start_y"]

    def get_numx(self) -> int:
        """Columns of the sub-frame, binned pixels."""
        return self._window["num_x"]

    def get_numy(self) -> int:
        """Rows of the sub-frame, binned pixels."""
        return self._window["num_y"]

    # Only together do they fit or not, so that is judged when an exposure starts.

    @takes(StartX=whole)
    def put_startx(self, start: int) -> None:
        """Set the first column of the sub-frame."""
        self._window["start_x"] = _within("StartX", start, 0, self._camera.shape[1] - 1)

    @takes(StartY=whole)
    def put_starty(self, start: int) -> None:
        """Set the first row of the sub-frame."""
        self._window["start_y"] = _within("StartY", start, 0, self._camera.shape[0] - 1)

    @takes(NumX=whole)
    def put_numx(self, num: int) -> None:
        """Set the columns of the sub-frame."""
        self._window["num_x"] = _within("NumX", num, 1, self._camera.shape[1])

    @takes(NumY=whole)
    def put_numy(self, num: int) -> None:
        """Set the rows of the sub-frame."""
        self._window["num_y"] = _within("NumY", num, 1, self._camera.shape[0])

    # ------------------------------------------------------------------ exposures

    @takes(Duration=number, Light=boolean)
    def put_startexposure(self, duration_s: float, light: bool) -> None:
        """Begin an exposure; without a shutter `Light` says nothing."""
        if not EXPOSURE_MIN_S <= duration_s <= EXPOSURE_MAX_S:
            raise AlpacaError(
                ErrorNumber.INVALID_VALUE,
                f"{self.name} exposes for {EXPOSURE_MIN_S:g} to {EXPOSURE_MAX_S:g} s; "
                f"{duration_s:g} s were asked for.",
            )
        window = _Window(**self._window)
        rows, columns = (size // self._binning for size in self._camera.shape)
        if window.start_x + window.num_x > columns or window.start_y + window.num_y > rows:
            raise AlpacaError(
                ErrorNumber.INVALID_VALUE,
                f"The sub-frame reaches beyond the {columns}×{rows} pixels that there are at "
                f"{self._binning}×{self._binning}.",
            )
        if self._state() in (EXPOSING, READING):
            raise AlpacaError(
                ErrorNumber.INVALID_OPERATION, f"{self.name} is busy with an exposure."
            )
        start_s = self._clock.now()
        self._camera.start_exposure(duration_s, binning=self._binning)
        self._exposure = _Exposure(start_s, duration_s, window)

    def put_abortexposure(self) -> None:
        """End an exposure without a frame; a frame that is ready stays."""
        if self._state() != IDLE:
            self._camera.abort()
            self._exposure = None

    def get_camerastate(self) -> int:
        """Number of what it does now."""
        return self._state()

    def get_imageready(self) -> bool:
        """Whether a frame can be fetched."""
        return self._exposure is not None and self._state() == IDLE

    def get_percentcompleted(self) -> int:
        """How much of the exposure has passed, percent."""
        exposure = self._exposure
        if exposure is None:
            raise AlpacaError(ErrorNumber.INVALID_OPERATION, "No exposure is going on.")
        if self._state() != EXPOSING:
            return 100
        passed_s = self._clock.now() - exposure.start_s
        return min(100, max(0, int(100 * passed_s / exposure.duration_s)))

    def get_lastexposureduration(self) -> float:
        """How long the last exposure took, seconds."""
        return self._last_exposure().duration_s

    def get_lastexposurestarttime(self) -> str:
        """When the last exposure began, UTC as FITS writes it."""
        start = datetime.fromtimestamp(self._last_exposure().start_s, UTC)
        return start.replace(tzinfo=None).isoformat(timespec="milliseconds")

    def get_imagearray(self) -> NDArray[np.generic]:
        """The frame, shape (n_x, n_y) as the standard wants it, ADU."""
        exposure = self._last_exposure()
        # One thread fetches a frame, all others wait for it here and get the same.
        with self._fetching:
            if exposure.pixels is None:
                if not self._camera.image_ready():
                    raise AlpacaError(ErrorNumber.INVALID_OPERATION, "The frame is not ready.")
                exposure.pixels = self._camera.read_image().pixels
        window = exposure.window
        return exposure.pixels[
            window.start_y : window.start_y + window.num_y,
            window.start_x : window.start_x + window.num_x,
        ].T

    def _last_exposure(self) -> _Exposure:
        if self._exposure is None:
            raise AlpacaError(ErrorNumber.INVALID_OPERATION, "No exposure was taken.")
        return self._exposure

    def _state(self) -> int:
        exposure = self._exposure
        if exposure is None or exposure.pixels is not None:
            return IDLE
        try:
            if self._camera.image_ready():
                return IDLE
        except DeviceError:
            return ERROR
        is_exposing = self._clock.now() < exposure.start_s + exposure.duration_s
        return EXPOSING if is_exposing else READING


def _within(name: str, value: int, low: int, high: int) -> int:
    if not low <= value <= high:
        raise AlpacaError(
            ErrorNumber.INVALID_VALUE, f"{name} goes from {low} to {high}; got {value}."
        )
    return value
