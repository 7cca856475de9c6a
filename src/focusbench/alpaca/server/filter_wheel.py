"""A rig's filter wheel, as the protocol sees it."""

from focusbench.alpaca.server.device import ServedDevice, takes
from focusbench.alpaca.server.protocol import AlpacaError, ErrorNumber, whole
from focusbench.devices import FilterWheel

TURNING = -1
"""Position of a wheel that turns."""


class ServedFilterWheel(ServedDevice):
    """A filter wheel.

    Parameters
    ----------
    wheel : FilterWheel
    """

    type = "filterwheel"
    interface_version = 3
    state_members = ("Position",)

    def __init__(self, wheel: FilterWheel) -> None:
        super().__init__(wheel.name)
        self._wheel = wheel

    def get_names(self) -> list[str]:
        """Names of the filters, by slot."""
        return list(self._wheel.filters)

    def get_focusoffsets(self) -> list[int]:
        """Offsets of the filters, steps; zero where the wheel knows none."""
        return list(self._wheel.focus_offsets or [0] * len(self._wheel.filters))

    def get_position(self) -> int:
        """Slot in the beam; -1 while the wheel turns."""
        name = self._wheel.filter()
        return TURNING if name is None else self._wheel.filters.index(name)

    @takes(Position=whole)
    def put_position(self, slot: int) -> None:
        """Begin to turn."""
        n_slots = len(self._wheel.filters)
        if not 0 <= slot < n_slots:
            raise AlpacaError(
                ErrorNumber.INVALID_VALUE,
                f"{self.name} has the slots 0 to {n_slots - 1}; {slot} was asked for.",
            )
        self._wheel.start_change(self._wheel.filters[slot])
