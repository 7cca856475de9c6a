"""A camera over Alpaca."""

import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple

from alpaca.camera import CameraStates

from focusbench.alpaca.camera_header import CameraHeader
from focusbench.alpaca.door import asking, offered
from focusbench.alpaca.download import ImageDownload
from focusbench.alpaca.link import Camera as AlpycaCamera
from focusbench.alpaca.readout import ReadoutModes
from focusbench.devices import Clock
from focusbench.errors import DeviceError, DeviceRefused
from focusbench.frames import Frame

log = logging.getLogger(__name__)

_DEVICE = "camera"

DOWNLOAD_TIMEOUT_S = 30.0
"""How long an image server may stay silent before and between its bytes."""

IDLE_FOR_S = 5.0
"""How long after an exposure a camera may say that it is idle and yet come up with a frame."""

_GLANCE_S = 0.05
"""How long `image_ready` looks at a download: a small frame has come by then."""


_AT_REST = (CameraStates.cameraIdle, CameraStates.cameraError)


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
    header: Mapping[str, object]


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
        self._download: ImageDownload | None = None
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
        self._gain_range = self._find_gain_range() if self._has_gain else None
        self._header = CameraHeader(self._alpyca, self._name, _DEVICE, address)
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
        low, high = self._gain_range or (gain, gain)
        if not low <= gain <= high:
            raise DeviceRefused(
                _DEVICE, f"{self._name} has gains from {low} to {high}; {gain} was asked for."
            )
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
            self._alpyca.sure(
                lambda: self._alpyca.StartExposure(exposure_s, True),
                lambda: self._alpyca.CameraState not in _AT_REST,
            )
        self._download = None
        # Asked while the shutter is open, when nobody waits for it.
        self._exposure = _Exposure(exposure_s, binning, start_s, self._header.read())

    def image_ready(self) -> bool:
        """Whether the frame has come and can be had at once.

        It is downloaded in a thread of its own as soon as the camera has it, so that whoever waits
        for it can be stopped meanwhile, and a download that hangs keeps nobody from anything.

        Raises
        ------
        DeviceRefused
            The camera says that the exposure failed.
        """
        # A driver may still hold the frame of another program.
        exposure = self._exposure
        if exposure is None:
            return False
        if self._download is None:
            with asking(_DEVICE, self._address):
                ready = self._alpyca.ImageReady
                state = None if ready else self._alpyca.CameraState
            if state == CameraStates.cameraError:
                raise DeviceRefused(_DEVICE, f"{self._name} reports that the exposure failed.")
            overdue_s = self._clock.now() - exposure.start_s - exposure.exposure_s
            if state == CameraStates.cameraIdle and overdue_s > IDLE_FOR_S:
                raise DeviceRefused(
                    _DEVICE,
                    f"{self._name} is idle and has no frame; did somebody else abort the exposure?",
                )
            if not ready:
                return False
            self._download = self._start_download()
        return self._download.is_over(_GLANCE_S)

    def abort(self) -> None:
        """End an exposure without a frame; a camera that cannot do so ends it on its own.

        An exposure that another program began is none of ours: it goes on.
        """
        ours, self._exposure = self._exposure is not None, None
        if self._download is not None:
            self._download.abandon()
            self._download = None
        if ours and not self._is_idle():
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
        # Asked first, since some drivers send an old frame, or an empty one, for one that is not
        # ready.
        if self._download is None:
            self.image_ready()
        download = self._download
        if download is None:
            raise DeviceRefused(_DEVICE, f"{self._name} has no frame yet.")
        try:
            with asking(_DEVICE, self._address):
                pixels = download.pixels()
        finally:
            self._download = None
            self._restore_sub_frame()
        exposure, self._exposure = self._exposure, None
        return Frame(
            pixels=pixels,
            exposure_s=exposure.exposure_s,
            binning=exposure.binning,
            time_s=exposure.start_s + exposure.exposure_s / 2,
            header=exposure.header,
        )

    def _find_gain_range(self) -> tuple[int, int] | None:
        """Smallest and largest gain; of a driver with a list, the numbers of its first and last."""
        names = offered(lambda: self._alpyca.Gains, None, _DEVICE, self._address)
        if names:
            return 0, len(names) - 1
        low = offered(lambda: self._alpyca.GainMin, None, _DEVICE, self._address)
        high = offered(lambda: self._alpyca.GainMax, None, _DEVICE, self._address)
        return None if low is None or high is None else (int(low), int(high))

    def _is_idle(self) -> bool:
        with asking(_DEVICE, self._address):
            state = self._alpyca.CameraState
        return state in _AT_REST

    def _start_download(self) -> ImageDownload:
        return ImageDownload(
            f"{self._alpyca.base_url}/imagearray", self._name, timeout_s=self._download_timeout_s
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

    def disconnect(self) -> None:
        """Say good-bye; a server that does not hear it is passed over."""
        with suppress(DeviceError), asking(_DEVICE, self._address):
            self._alpyca.Connected = False
