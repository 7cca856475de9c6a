"""A rig's focuser, as the protocol sees it."""

from focusbench.alpaca.server.device import ServedDevice, takes
from focusbench.alpaca.server.protocol import AlpacaError, ErrorNumber, boolean, whole
from focusbench.devices import Rig


class ServedFocuser(ServedDevice):
    """An absolute focuser; its temperature is the rig's.

    Parameters
    ----------
    rig : Rig
    """

    type = "focuser"
    interface_version = 4
    cannot_get = ("stepsize",)
    state_members = ("IsMoving", "Position", "Temperature")

    def __init__(self, rig: Rig) -> None:
        super().__init__(rig.focuser.name)
        self._rig = rig
        self._focuser = rig.focuser

    def get_absolute(self) -> bool:
        """Whether it knows its position: all focusers of rigs do."""
        return True

    def get_ismoving(self) -> bool:
        """Whether a move is going on."""
        return self._focuser.is_moving()

    def get_maxincrement(self) -> int:
        """Longest move, steps."""
        return self._focuser.limits[1]

    def get_maxstep(self) -> int:
        """Largest position, steps."""
        return self._focuser.limits[1]

    def get_position(self) -> int:
        """Position now, steps."""
        return self._focuser.position()

    def get_tempcomp(self) -> bool:
        """Whether it follows the temperature by itself now."""
        return bool(self._compensation())

    def get_tempcompavailable(self) -> bool:
        """Whether it could."""
        return self._compensation() is not None

    @takes(TempComp=boolean)
    def put_tempcomp(self, on: bool) -> None:
        """Have it follow the temperature, or not."""
        if self._compensation() is None:
            raise AlpacaError(
                ErrorNumber.NOT_IMPLEMENTED, f"{self.name} has no temperature compensation."
            )
        self.primitive(self._focuser, "set_temperature_compensation")(on)

    def _compensation(self) -> bool | None:
        state: bool | None = getattr(self._focuser, "temperature_compensation", lambda: None)()
        return state

    def get_temperature(self) -> float:
        """Temperature at the telescope, °C."""
        temperature_c = self._rig.temperature_c()
        if temperature_c is None:
            raise AlpacaError(
                ErrorNumber.NOT_IMPLEMENTED, f"{self.name} has no temperature sensor."
            )
        return temperature_c

    def put_halt(self) -> None:
        """Stop a move where it is."""
        self._focuser.halt()

    @takes(Position=whole)
    def put_move(self, position: int) -> None:
        """Begin to move; a move that is going on is replaced."""
        low, high = self._focuser.limits
        if not low <= position <= high:
            raise AlpacaError(
                ErrorNumber.INVALID_VALUE,
                f"{self.name} moves from {low} to {high}; {position} was asked for.",
            )
        self._focuser.start_move(position)
