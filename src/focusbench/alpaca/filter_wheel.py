"""A filter wheel over Alpaca."""

from collections.abc import Sequence
from contextlib import suppress

from focusbench.alpaca.door import asking, offered
from focusbench.alpaca.link import FilterWheel as AlpycaFilterWheel
from focusbench.errors import DeviceError, DeviceRefused

_DEVICE = "filter wheel"

# Alpaca: the position of a wheel that turns.
_TURNING = -1


class AlpacaFilterWheel:
    """A filter wheel.

    Parameters
    ----------
    address : str
        HOST:PORT of the Alpaca server.
    number : int
        Number of the filter wheel on that server.

    Raises
    ------
    DeviceError
        It cannot be reached or connected.
    """

    def __init__(self, address: str, number: int = 0) -> None:
        self._address = address
        self._alpyca = AlpycaFilterWheel(address, number)
        asked = _DEVICE, address
        with asking(*asked):
            self._alpyca.Connected = True
            self._name = str(self._alpyca.Name)
            self._filters = tuple(str(name) for name in self._alpyca.Names)
        offsets: Sequence[int] = offered(lambda: self._alpyca.FocusOffsets, (), *asked)
        self._offsets = tuple(int(offset) for offset in offsets)

    @property
    def name(self) -> str:
        """Name that the driver gives."""
        return self._name

    @property
    def filters(self) -> tuple[str, ...]:
        """Names of the filters, by slot."""
        return self._filters

    @property
    def focus_offsets(self) -> tuple[int, ...]:
        """Offsets by slot, steps, as the driver was told; empty where all are zero."""
        known = len(self._offsets) == len(self._filters) and any(self._offsets)
        return self._offsets if known else ()

    def filter(self) -> str | None:
        """Name of the filter in the beam; None while the wheel turns."""
        with asking(_DEVICE, self._address):
            slot = int(self._alpyca.Position)
        return None if slot == _TURNING else self._filters[slot]

    def start_change(self, name: str) -> None:
        """Begin to turn to a filter.

        Raises
        ------
        DeviceRefused
            The wheel has no filter of that name.
        """
        if name not in self._filters:
            raise DeviceRefused(
                _DEVICE, f"{self._name} has no filter {name!r}; it has {', '.join(self._filters)}."
            )
        with asking(_DEVICE, self._address):
            self._alpyca.Position = self._filters.index(name)

    def disconnect(self) -> None:
        """Say good-bye; a server that does not hear it is passed over."""
        with suppress(DeviceError), asking(_DEVICE, self._address):
            self._alpyca.Connected = False
