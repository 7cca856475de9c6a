"""A rig's thermometer, as the protocol sees it: observing conditions."""

from focusbench.alpaca.server.device import ServedDevice, takes
from focusbench.alpaca.server.protocol import AlpacaError, ErrorNumber, number, text
from focusbench.devices import Thermometer

_NO_SENSOR = (
    "cloudcover",
    "dewpoint",
    "humidity",
    "pressure",
    "rainrate",
    "skybrightness",
    "skyquality",
    "skytemperature",
    "starfwhm",
    "winddirection",
    "windgust",
    "windspeed",
)


class ServedConditions(ServedDevice):
    """The air at the telescope: its temperature, always the present one.

    Parameters
    ----------
    thermometer : Thermometer
    """

    type = "observingconditions"
    interface_version = 2
    cannot_get = _NO_SENSOR
    state_members = ("Temperature",)

    def __init__(self, thermometer: Thermometer) -> None:
        super().__init__("Thermometer")
        self._thermometer = thermometer

    def get_temperature(self) -> float:
        """Temperature now, °C."""
        temperature_c = self._thermometer.temperature_c()
        if temperature_c is None:
            raise AlpacaError(ErrorNumber.VALUE_NOT_SET, "The temperature cannot be told now.")
        return temperature_c

    def get_averageperiod(self) -> float:
        """Hours over which values are averaged: none."""
        return 0.0

    @takes(AveragePeriod=number)
    def put_averageperiod(self, hours: float) -> None:
        """Average over so long; only 0 is possible."""
        if hours != 0:
            raise AlpacaError(
                ErrorNumber.INVALID_VALUE, f"Nothing is averaged here: 0 hours, not {hours:g}."
            )

    def put_refresh(self) -> None:
        """Read the sensors; they are read whenever they are asked."""

    @takes(SensorName=text)
    def get_sensordescription(self, sensor: str) -> str:
        """What a sensor is."""
        self._check(sensor)
        return "Air temperature at the telescope"

    @takes(SensorName=text)
    def get_timesincelastupdate(self, sensor: str) -> float:
        """Seconds since a sensor was read; an empty name stands for any of them."""
        if sensor:
            self._check(sensor)
        return 0.0

    def _check(self, sensor: str) -> None:
        if sensor.lower() in _NO_SENSOR:
            raise AlpacaError(ErrorNumber.NOT_IMPLEMENTED, f"There is no sensor for {sensor}.")
        if sensor.lower() != "temperature":
            raise AlpacaError(
                ErrorNumber.INVALID_VALUE, f"The standard knows no sensor {sensor[:100]!r}."
            )
