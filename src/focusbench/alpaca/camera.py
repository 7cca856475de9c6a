"""A camera over Alpaca."""

import logging
from typing import NamedTuple

import numpy as np
import requests
from alpaca.camera import Camera as AlpycaCamera
from alpaca.camera import CameraStates, raise_alpaca_if
from alpaca.exceptions import AlpacaRequestException
from numpy.typing import NDArray

from focusbench.alpaca.door import asking, offered
from focusbench.alpaca.image_bytes import decode_image_bytes
from focusbench.alpaca.readout import ReadoutModes
from focusbench.devices import Clock
from focusbench.errors import DeviceError, DeviceRefused
from focusbench.frames import Frame

log = logging.getLogger(__name__)

_DEVICE = "camera"

CONNECT_TIMEOUT_S = 3.0
"""How long an image server may take to open the line."""

DOWNLOAD_TIMEOUT_S = 30.0
"""How long an image server may stay silent before and between its bytes."""


class _SubFrame(NamedTuple):
    """What a camera reads out, in the order in which strict drivers accept a larger one."""

    BinX: int
    BinY: int
    StartX: int
    StartY: int
    NumX: int
    NumY: int


class _Exposure(NamedTuple):
    exposure_s: float
    binning: int
    start_s: float


class AlpacaCamera:
    """A camera; its binning and sub-frame are put back when a frame has been taken.

    Parameters
    ----------
    address : str
        HOST:PORT of the Alpaca server.
    number : int
        Number of the camera on that server.
    clock : Clock
        Tells when an exposure began.
    download_timeout_s : float, seconds
        How long the server may stay silent before and between the bytes of an image.

    Raises
    ------
    DeviceError
        It cannot be reached or connected.
    """

    def __init__(
        self,
        address: str,
        number: int = 0,
        *,
        clock: Clock,
        download_timeout_s: float = DOWNLOAD_TIMEOUT_S,
    ) -> None:
        self._address = address
        self._clock = clock
        self._download_timeout_s = download_timeout_s
        self._alpyca = AlpycaCamera(address, number)
        self._exposure: _Exposure | None = None
        self._put_back: _SubFrame | None = None
        with asking(_DEVICE, address):
            self._alpyca.Connected = True
            self._name = str(self._alpyca.Name)
            self._shape = int(self._alpyca.CameraYSize), int(self._alpyca.CameraXSize)
            self._max_binning = min(int(self._alpyca.MaxBinX), int(self._alpyca.MaxBinY))
            self._can_abort = bool(self._alpyca.CanAbortExposure)
        pixel_um = offered(lambda: self._alpyca.PixelSizeX, 0, _DEVICE, address)
        self._pixel_um = float(pixel_um) or None
        self._has_gain = offered(lambda: self._alpyca.Gain, None, _DEVICE, address) is not None
        self._readout = ReadoutModes(self._alpyca, _DEVICE, address)

    @property
    def name(self) -> str:
        """Name that the driver gives."""
        return self._name

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of a whole frame at 1×1."""
        return self._shape

    @property
    def pixel_um(self) -> float | None:
        """Size of a pixel at 1×1, µm; None where the driver does not tell."""
        return self._pixel_um

    @property
    def max_binning(self) -> int:
        """Largest symmetric binning."""
        return self._max_binning

    @property
    def readout_modes(self) -> tuple[str, ...]:
        """Names of its read-out modes; empty where there is no choice."""
        return self._readout.names

    @property
    def fast_readout_mode(self) -> str | None:
        """The mode for quick frames; None where no name says so."""
        return self._readout.fast

    def readout_mode(self) -> str | None:
        """The mode that the next frame is read in; None where there is no choice."""
        return self._readout.now()

    def set_readout_mode(self, name: str) -> None:
        """Choose a read-out mode; raises `DeviceRefused` where there is none of that name."""
        if name not in self.readout_modes:
            raise DeviceRefused(
                _DEVICE,
                f"{self._name} has no read-out mode {name!r}; it has "
                f"{', '.join(self.readout_modes) or 'no choice'}.",
            )
        self._readout.choose(name)

    def gain(self) -> int | None:
        """Gain of the next frame, or its number in the driver's list; None without a choice."""
        if not self._has_gain:
            return None
        with asking(_DEVICE, self._address):
            return int(self._alpyca.Gain)

    def set_gain(self, gain: int) -> None:
        """Choose a gain; raises `DeviceRefused` where the camera has none such."""
        if not self._has_gain:
            raise DeviceRefused(_DEVICE, f"{self._name} has no gain to choose.")
        with asking(_DEVICE, self._address):
            self._alpyca.Gain = gain

    def start_exposure(self, exposure_s: float, *, binning: int = 1) -> None:
        """Begin an exposure of the whole frame.

        Raises
        ------
        DeviceRefused
            The camera cannot bin so, cannot expose so long or so briefly, or is busy.
        """
        if not 1 <= binning <= self._max_binning:
            raise DeviceRefused(
                _DEVICE,
                f"{self._name} bins from 1 to {self._max_binning}; {binning} was asked for.",
            )
        if not exposure_s >= 0:
            raise DeviceRefused(_DEVICE, f"{self._name} cannot expose for {exposure_s} s.")
        # Asked before anything is set: a sub-frame must not change under an exposure.
        if not self._is_idle():
            raise DeviceRefused(_DEVICE, f"{self._name} is busy with another exposure.")
        n_y, n_x = self._shape
        wanted = _SubFrame(binning, binning, 0, 0, n_x // binning, n_y // binning)
        with asking(_DEVICE, self._address):
            found = _SubFrame(*(int(getattr(self._alpyca, name)) for name in _SubFrame._fields))
            if found != wanted:
                self._put_back = self._put_back or found
                for name, value in wanted._asdict().items():
                    setattr(self._alpyca, name, value)
            start_s = self._clock.now()
            self._alpyca.StartExposure(exposure_s, True)
        self._exposure = _Exposure(exposure_s, binning, start_s)

    def image_ready(self) -> bool:
        """Whether the frame has been read out and can be fetched.

        Raises
        ------
        DeviceRefused
            The camera says that the exposure failed.
        """
        # A driver may still hold the frame of another program.
        if self._exposure is None:
            return False
        with asking(_DEVICE, self._address):
            if self._alpyca.ImageReady:
                return True
            failed = self._alpyca.CameraState == CameraStates.cameraError
        if failed:
            raise DeviceRefused(_DEVICE, f"{self._name} reports that the exposure failed.")
        return False

    def abort(self) -> None:
        """End an exposure without a frame; a camera that cannot do so ends it on its own."""
        self._exposure = None
        if not self._is_idle():
            if self._can_abort:
                with asking(_DEVICE, self._address):
                    self._alpyca.AbortExposure()
            else:
                log.warning("%s cannot abort an exposure; its frame is thrown away.", self._name)
        self._restore_sub_frame()

    def read_image(self) -> Frame:
        """Fetch the frame.

        Raises
        ------
        DeviceRefused
            No frame was taken, or what came is no whole image.
        DeviceTimeout
            The server fell silent.
        """
        if self._exposure is None:
            raise DeviceRefused(_DEVICE, f"{self._name} has no frame: none was exposed.")
        pixels = self._download()
        exposure, self._exposure = self._exposure, None
        self._restore_sub_frame()
        return Frame(
            pixels=pixels,
            exposure_s=exposure.exposure_s,
            binning=exposure.binning,
            time_s=exposure.start_s + exposure.exposure_s / 2,
            header={"INSTRUME": self._name},
        )

    def _is_idle(self) -> bool:
        with asking(_DEVICE, self._address):
            state = self._alpyca.CameraState
        return state in (CameraStates.cameraIdle, CameraStates.cameraError)

    def _download(self) -> NDArray[np.generic]:
        # alpyca would hold one lock for all devices while the image comes, without a time-out: a
        # camera that hangs would keep the focuser from being halted.
        with asking(_DEVICE, self._address):
            answer = requests.get(
                f"{self._alpyca.base_url}/imagearray",
                params={"ClientID": 1, "ClientTransactionID": 1},
                headers={"Accept": "application/imagebytes"},
                timeout=(CONNECT_TIMEOUT_S, self._download_timeout_s),
            )
            if answer.status_code != requests.codes.ok:
                raise AlpacaRequestException(answer.status_code, answer.text)
            if "application/imagebytes" in answer.headers.get("Content-Type", ""):
                return decode_image_bytes(answer.content)
            reply = answer.json()
            raise_alpaca_if(reply["ErrorNumber"], reply["ErrorMessage"])
        raise DeviceRefused(
            _DEVICE, f"{self._name} does not send ImageBytes, the only form that is understood."
        )

    def _restore_sub_frame(self) -> None:
        if self._put_back is None:
            return
        found, self._put_back = self._put_back, None
        try:
            with asking(_DEVICE, self._address):
                # Size before start: a small frame fits at 0, a large one does not fit elsewhere.
                for name in ("BinX", "BinY", "NumX", "NumY", "StartX", "StartY"):
                    setattr(self._alpyca, name, getattr(found, name))
        except DeviceError as error:
            # The frame that was just fetched is worth more than the sub-frame.
            log.warning("%s did not take back its sub-frame: %s", self._name, error)
