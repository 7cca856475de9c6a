"""A weather station over Alpaca: the thermometer of a rig whose focuser has none."""

import math
from contextlib import suppress

from focusbench.alpaca.door import asking
from focusbench.alpaca.link import ObservingConditions as AlpycaConditions
from focusbench.errors import DeviceError, DeviceRefused

_DEVICE = "weather station"


class AlpacaConditions:
    """An ObservingConditions device, of which the temperature is read.

    Parameters
    ----------
    address : str
        HOST:PORT of the Alpaca server.
    number : int
        Number of the device on that server.

    Raises
    ------
    DeviceError
        It cannot be reached or connected, or it measures no temperature.
    """

    def __init__(self, address: str, number: int = 0) -> None:
        self._address = address
        self._alpyca = AlpycaConditions(address, number)
        with asking(_DEVICE, address):
            self._alpyca.Connected = True
            self._name = str(self._alpyca.Name)
            self._alpyca.Temperature  # noqa: B018  (one that has no sensor refuses)

    @property
    def name(self) -> str:
        """Name that the driver gives."""
        return self._name

    def temperature_c(self) -> float | None:
        """Temperature now, °C; None while the sensor has none."""
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
