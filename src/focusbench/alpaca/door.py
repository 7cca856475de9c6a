"""The door to the network: whatever goes wrong behind it becomes one of our device errors."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import requests
from alpaca.exceptions import (
    ActionNotImplementedException,
    AlpacaRequestException,
    DriverException,
    InvalidOperationException,
    InvalidValueException,
    NotConnectedException,
    NotImplementedException,
    OperationCancelledException,
    ParkedException,
    SlavedException,
    ValueNotSetException,
)

from focusbench.alpaca.link import ServerError
from focusbench.errors import DeviceNotConnected, DeviceRefused, DeviceTimeout

T = TypeVar("T")

# alpyca's exceptions have no common base.
_REFUSALS = (
    ActionNotImplementedException,
    DriverException,
    InvalidOperationException,
    InvalidValueException,
    NotImplementedException,
    OperationCancelledException,
    ParkedException,
    SlavedException,
    ValueNotSetException,
)


@contextmanager
def asking(device: str, address: str) -> Iterator[None]:
    """Translate what alpyca and requests raise while a device is asked something.

    Parameters
    ----------
    device : str
        "focuser", "camera" or "filter wheel".
    address : str
        Host and port of its server, for the message.

    Raises
    ------
    DeviceNotConnected
        Nothing answers there, or the link was cut, or the driver says that it is not connected.
    DeviceTimeout
        The server took too long.
    DeviceRefused
        The driver refused, or what answered does not speak Alpaca.
    """
    name = f"The {device} at {address}"
    try:
        yield
    except NotConnectedException as error:
        raise DeviceNotConnected(
            device, f"{name} is not connected to its driver: {_words(error)}."
        ) from error
    except _REFUSALS as error:
        raise DeviceRefused(device, f"{name} refused: {_words(error)}.") from error
    except ServerError as error:
        raise DeviceRefused(
            device,
            f"The server of {name[0].lower()}{name[1:]} failed (HTTP {error.number}): "
            f"{_words(error)}.",
        ) from error
    except AlpacaRequestException as error:
        raise DeviceRefused(
            device,
            f"{name} did not accept the request (HTTP {error.number}): {_words(error)}. "
            "Is this the address of an Alpaca server, and does it have a device of that number?",
        ) from error
    # requests calls "nobody there" a time-out too, so this one comes first.
    except requests.ConnectTimeout as error:
        raise DeviceNotConnected(device, _nobody(device, address)) from error
    except requests.Timeout as error:
        raise DeviceTimeout(device, f"{name} did not answer in time.") from error
    except (requests.exceptions.JSONDecodeError, KeyError, TypeError) as error:
        raise DeviceRefused(
            device, f"{name} gave an answer that is not Alpaca; is the port right?"
        ) from error
    except requests.exceptions.ChunkedEncodingError as error:
        raise DeviceNotConnected(
            device, f"{name} broke off in the middle of its answer."
        ) from error
    except requests.RequestException as error:
        raise DeviceNotConnected(device, _nobody(device, address)) from error


def offered(ask: Callable[[], T], default: T, device: str, address: str) -> T:
    """Ask for what a driver need not have; `default` where it answers that it has not."""
    try:
        with asking(device, address):
            return ask()
    except DeviceRefused:
        return default


def _nobody(device: str, address: str) -> str:
    return (
        f"The {device} at {address} does not answer; is the Alpaca server running there, "
        "and is the port right?"
    )


def _words(error: Exception) -> str:
    """First line of what the driver said; some put whole web pages there."""
    said = str(getattr(error, "message", error)).strip()
    first = said.splitlines()[0][:200] if said else type(error).__name__
    return first.rstrip(".")
