"""Which Alpaca servers there are, and which devices they have."""

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import requests
from alpaca import discovery

from focusbench.alpaca.address import checked_address
from focusbench.alpaca.door import asking
from focusbench.alpaca.link import (
    ANSWER_TIMEOUT_S,
    CONNECT_TIMEOUT_S,
    client_parameters,
    headers,
)

DEVICE_TYPES = ("camera", "focuser", "filterwheel", "observingconditions")
"""Those that a rig is made of, in the words of the standard."""

_MOST_OF_A_TYPE = 8
_DEVICE = "server"


@dataclass(frozen=True)
class FoundDevice:
    """A device that a server offers.

    Attributes
    ----------
    type : str
        One of `DEVICE_TYPES`.
    number : int
        Its number on the server.
    name : str
        As the server gives it.
    """

    type: str
    number: int
    name: str


def find_servers(*, wait_s: int = 1) -> tuple[str, ...]:
    """Look for Alpaca servers on this computer and on its networks.

    Alpaca's discovery: a question is broadcast from every network adapter to UDP port 32227.
    Servers beyond a router, or that do not answer it, are reached by their address all the same.

    Parameters
    ----------
    wait_s : int, seconds
        How long each adapter waits for answers.

    Returns
    -------
    tuple of str
        HOST:PORT of each, as `connect_alpaca` takes it, in the order of their answers.
    """
    try:
        return tuple(discovery.search_ipv4(numquery=1, timeout=wait_s))
    except OSError:
        return ()  # without a network there is nobody to ask


def list_devices(address: str) -> tuple[FoundDevice, ...]:
    """Ask a server which devices it has.

    Servers without Alpaca's management interface are asked for the devices one by one.

    Parameters
    ----------
    address : str
        HOST:PORT of the server.

    Returns
    -------
    tuple of FoundDevice
        Those that a rig can be made of, by type and number.

    Raises
    ------
    OptionsError
        The address is not HOST:PORT.
    DeviceError
        Nothing answers there, or what answers does not speak Alpaca.
    """
    address = checked_address(address)
    with asking(_DEVICE, address):
        reply = _ask(address, "management/v1/configureddevices")
        if reply is None:
            devices = list(_probe(address))
        else:
            devices = [
                FoundDevice(kind, int(one["DeviceNumber"]), str(one["DeviceName"]))
                for one in reply["Value"]
                if (kind := str(one["DeviceType"]).lower()) in DEVICE_TYPES
            ]
    return tuple(sorted(devices, key=lambda one: (DEVICE_TYPES.index(one.type), one.number)))


def _probe(address: str) -> Iterator[FoundDevice]:
    for kind in DEVICE_TYPES:
        for number in range(_MOST_OF_A_TYPE):
            reply = _ask(address, f"api/v1/{kind}/{number}/name")
            if reply is None or reply["ErrorNumber"]:
                break
            yield FoundDevice(kind, number, str(reply["Value"]))


def _ask(address: str, path: str) -> Any:
    """What a server answers; None where it does not know what is asked for."""
    answer = requests.get(
        f"http://{address}/{path}",
        params=client_parameters(),
        headers=headers(address),
        timeout=(CONNECT_TIMEOUT_S, ANSWER_TIMEOUT_S),
    )
    return answer.json() if answer.status_code == HTTPStatus.OK else None
