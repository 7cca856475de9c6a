"""A focuser over Alpaca."""

import logging
import math
from contextlib import suppress

from alpaca.exceptions import NotImplementedException

from focusbench.alpaca.door import asking, offered
from focusbench.alpaca.link import Focuser as AlpycaFocuser
from focusbench.errors import DeviceError, DeviceRefused

log = logging.getLogger(__name__)

_DEVICE = "focuser"


class AlpacaFocuser:
    """An absolute focuser; also the thermometer, where it has a sensor.

    Parameters
    ----------
    address : str
        HOST:PORT of the Alpaca server.
    number : int
        Number of the focuser on that server.

    Raises
    ------
    DeviceError
        It cannot be reached or connected, or it knows no absolute position.
    """

    def __init__(self, address: str, number: int = 0) -> None:
        self._address = address
        self._alpyca = AlpycaFocuser(address, number)
        with asking(_DEVICE, address):
            self._alpyca.Connected = True
            self._name = str(self._alpyca.Name)
            absolute = bool(self._alpyca.Absolute)
        if not absolute:
            raise DeviceRefused(
                _DEVICE,
                f"{self._name} is a relative focuser: it knows no position, so best focus "
                "could not be found again. Switch its driver to absolute positions.",
            )
        with asking(_DEVICE, address):
            self._max_step = int(self._alpyca.MaxStep)
            self._max_increment = int(self._alpyca.MaxIncrement)
        self._compensates = bool(
            offered(lambda: self._alpyca.TempCompAvailable, False, _DEVICE, address)
        )

    @property
    def name(self) -> str:
        """Name that the driver gives."""
        return self._name

    @property
    def limits(self) -> tuple[int, int]:
        """0 and the driver's MaxStep, steps."""
        return 0, self._max_step

    def position(self) -> int:
        """Position now, steps."""
        with asking(_DEVICE, self._address):
            return int(self._alpyca.Position)

    def start_move(self, position: int) -> None:
        """Begin to move.

        Raises
        ------
        DeviceRefused
            Beyond the limits, or further than the driver moves at once.
        """
        # Alpaca drivers stop at a limit without a word; a V-curve needs to know.
        low, high = self.limits
        if not low <= position <= high:
            raise DeviceRefused(
                _DEVICE, f"{self._name} moves from {low} to {high}; {position} was asked for."
            )
        if self._max_increment < self._max_step:
            distance = abs(position - self.position())
            if distance > self._max_increment:
                raise DeviceRefused(
                    _DEVICE,
                    f"{self._name} moves at most {self._max_increment} steps at once; "
                    f"{distance} were asked for.",
                )
        with asking(_DEVICE, self._address):
            self._alpyca.sure(
                lambda: self._alpyca.Move(position),
                lambda: self._alpyca.IsMoving or self._alpyca.Position == position,
            )

    def is_moving(self) -> bool:
        """Whether a move is going on."""
        with asking(_DEVICE, self._address):
            return bool(self._alpyca.IsMoving)

    def halt(self) -> None:
        """Stop a move where it is; a focuser that cannot be halted ends its move."""
        with asking(_DEVICE, self._address):
            try:
                self._alpyca.Halt()
            except NotImplementedException:
                log.warning("%s cannot be halted; it ends its move.", self._name)

    def temperature_compensation(self) -> bool | None:
        """Whether it follows the temperature by itself now; None where it never does."""
        if not self._compensates:
            return None
        with asking(_DEVICE, self._address):
            return bool(self._alpyca.TempComp)

    def set_temperature_compensation(self, on: bool) -> None:
        """Switch it on or off; raises `DeviceRefused` where there is none."""
        with asking(_DEVICE, self._address):
            self._alpyca.TempComp = on

    def temperature_c(self) -> float | None:
        """Temperature at the focuser now, °C; None without a working sensor."""
        try:
            with asking(_DEVICE, self._address):
                temperature_c = float(self._alpyca.Temperature)
        except DeviceRefused:
            return None
        return temperature_c if math.isfinite(temperature_c) else None

    def disconnect(self) -> None:
        """Say good-bye; a server that does not hear it is passed over."""
        with suppress(DeviceError), asking(_DEVICE, self._address):
            self._alpyca.Connected = False
