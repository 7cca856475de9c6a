"""What all Alpaca devices have in common: their members, and who holds the connection."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from typing import Any, ClassVar, NamedTuple, TypeVar

from focusbench.alpaca.server.protocol import (
    AlpacaError,
    BadRequest,
    ErrorNumber,
    Parser,
    as_alpaca_error,
    boolean,
    read_parameters,
    text,
)
from focusbench.errors import DeviceError

_Method = TypeVar("_Method", bound=Callable[..., Any])

_WITHOUT_CONNECTION = frozenset(
    [
        "connect",
        "connected",
        "connecting",
        "description",
        "disconnect",
        "driverinfo",
        "driverversion",
        "interfaceversion",
        "name",
        "supportedactions",
    ]
)

_COMMAND: Mapping[str, Parser] = {"Command": text, "Raw": boolean}


def takes(**parameters: Parser) -> Callable[[_Method], _Method]:
    """Say which parameters a member takes, under the names of the standard."""

    def remember(method: _Method) -> _Method:
        method.parameters = parameters  # type: ignore[attr-defined]
        return method

    return remember


def of_client(method: _Method) -> _Method:
    """Say that a member is told, before its parameters, which client asks."""
    method.of_client = True  # type: ignore[attr-defined]
    return method


def _connection_state(given: str) -> bool:
    try:
        return boolean(given)
    except ValueError as error:
        # ConformU: any other bad value is an invalid value, a bad Connected a bad request.
        raise BadRequest(f"Connected is True or False; got {given[:100]!r}.") from error


class Member(NamedTuple):
    """One member of a device.

    Attributes
    ----------
    call : callable
        Takes the parameters in their order; its result is the value.
    parameters : mapping
        Their names, and how each is read.
    of_client : bool
        Whether it takes the number of the client first.
    """

    call: Callable[..., Any]
    parameters: Mapping[str, Parser]
    of_client: bool = False


class ServedDevice:
    """One device of a rig, as the protocol sees it.

    A member of the standard is a method `get_<member>` or `put_<member>`; `@takes` names its
    parameters. What a rig cannot do stands in `cannot_get` and `cannot_put`.

    Parameters
    ----------
    name : str
        Name for people.
    """

    type: ClassVar[str]
    interface_version: ClassVar[int]
    cannot_get: ClassVar[tuple[str, ...]] = ()
    cannot_put: ClassVar[Mapping[str, Mapping[str, Parser]]] = {}
    state_members: ClassVar[tuple[str, ...]] = ()
    """What `devicestate` tells, in the casing of the interface definitions."""
    slow: ClassVar[frozenset[str]] = frozenset()
    """Members that others need not wait for."""

    _common_cannot_put: ClassVar[Mapping[str, Mapping[str, Parser]]] = {
        "action": {"Action": text, "Parameters": text},
        "commandblind": _COMMAND,
        "commandbool": _COMMAND,
        "commandstring": _COMMAND,
    }

    def __init__(self, name: str) -> None:
        self.name = name
        # Not every driver may be asked from several threads at once.
        self.one_at_a_time = ThreadPoolExecutor(1, thread_name_prefix=f"Alpaca {self.type}")
        self._holders: set[int] = set()

    def member(self, verb: str, name: str) -> Member:
        """Find a member.

        Parameters
        ----------
        verb : {"get", "put"}
        name : str
            Small letters only.

        Raises
        ------
        BadRequest
            There is none of that name, or it is for the other verb.
        """
        found = self._member(verb, name)
        if found is None:
            other = "put" if verb == "get" else "get"
            if self._member(other, name) is not None:
                raise BadRequest(f"{name} is for {other.upper()} only.", 405)
            raise BadRequest(f"A {self.type} has no member {name}.", 404)
        return found

    def answer(
        self,
        member: Member,
        name: str,
        arguments: Mapping[str, str],
        *,
        client: int,
        any_case: bool,
    ) -> Any:
        """Value of a member, or what a method returns.

        Raises
        ------
        AlpacaError, BadRequest
        """
        values = read_parameters(arguments, member.parameters, any_case=any_case)
        if member.of_client:
            values.insert(0, client)
        if name not in _WITHOUT_CONNECTION and not self._holders:
            raise AlpacaError(ErrorNumber.NOT_CONNECTED, f"{self.name} is not connected.")
        try:
            return member.call(*values)
        except DeviceError as error:
            raise as_alpaca_error(error) from error

    def _member(self, verb: str, name: str) -> Member | None:
        method = getattr(self, f"{verb}_{name}", None)
        if method is not None:
            return Member(
                method, getattr(method, "parameters", {}), getattr(method, "of_client", False)
            )
        if verb == "get" and name in self.cannot_get:
            return Member(self._cannot(name), {})
        cannot_put = {**self._common_cannot_put, **self.cannot_put}
        if verb == "put" and name in cannot_put:
            return Member(self._cannot(name), cannot_put[name])
        return None

    def _cannot(self, name: str) -> Callable[..., Any]:
        def refuse(*_: Any) -> Any:
            raise AlpacaError(
                ErrorNumber.NOT_IMPLEMENTED, f"{self.name} does not implement {name}."
            )

        return refuse

    def primitive(self, device: object, name: str) -> Callable[..., Any]:
        """A primitive that not every device of a rig has.

        Raises
        ------
        AlpacaError
            This one has not.
        """
        found: Callable[..., Any] = getattr(device, name, None) or self._cannot(name)
        return found

    # ------------------------------------------------------------------ connection
    # A device is connected for everybody as long as one of those who connected it holds on.

    def get_connected(self) -> bool:
        """Whether anybody holds the connection."""
        return bool(self._holders)

    @of_client
    @takes(Connected=_connection_state)
    def put_connected(self, client: int, connected: bool) -> None:
        """Take hold of the device, or let go."""
        if connected:
            self._holders.add(client)
        else:
            self._holders.discard(client)

    @of_client
    def put_connect(self, client: int) -> None:
        """Take hold of the device; done at once."""
        self.put_connected(client, True)

    @of_client
    def put_disconnect(self, client: int) -> None:
        """Let go of the device; done at once."""
        self.put_connected(client, False)

    def get_connecting(self) -> bool:
        """Never: to connect takes no time."""
        return False

    # ------------------------------------------------------------------ what it is

    def get_name(self) -> str:
        """Name for people."""
        return self.name

    def get_description(self) -> str:
        """What it is."""
        return f"{self.name}, offered by focusbench"

    def get_driverinfo(self) -> str:
        """What drives it."""
        return "focusbench, a workbench for telescope auto focus"

    def get_driverversion(self) -> str:
        """Version of focusbench."""
        return version("focusbench")

    def get_interfaceversion(self) -> int:
        """Version of the device interface: that of ASCOM Platform 7."""
        return self.interface_version

    def get_supportedactions(self) -> list[str]:
        """No actions beyond the standard."""
        return []

    def get_devicestate(self) -> list[dict[str, Any]]:
        """What changes, in one answer.

        Without a time stamp: the standard's own schema lets no date through, as it takes it for
        two things at once.
        """
        state = []
        for name in self.state_members:
            try:
                state.append({"Name": name, "Value": getattr(self, f"get_{name.lower()}")()})
            except (AlpacaError, DeviceError):
                continue  # what cannot be told now is left out
        return state
