"""Which Alpaca servers there are, and which devices they have."""

import ipaddress
import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import ifaddr
import requests

from focusbench.alpaca.address import checked_address
from focusbench.alpaca.door import asking
from focusbench.alpaca.link import (
    ANSWER_TIMEOUT_S,
    CONNECT_TIMEOUT_S,
    client_parameters,
    headers,
)
from focusbench.devices import RealClock

DEVICE_TYPES = ("camera", "focuser", "filterwheel", "observingconditions")
"""Those that a rig is made of, in the words of the standard."""

_MOST_OF_A_TYPE = 8
_DEVICE = "server"
_LOOPBACK = "127.0.0.1"
_clock = RealClock()


DISCOVERY_PORT = 32227
QUESTION = b"alpacadiscovery1"
"""What the standard has clients ask, and where."""


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


def find_servers(*, wait_s: float = 1.0, local_only: bool = False) -> tuple[str, ...]:
    """Look for Alpaca servers on this computer and on its networks.

    Alpaca's discovery: a question is broadcast from every network adapter to UDP port 32227
    ("Alpaca API Reference", section 4). Servers beyond a router, or that do not answer it, are
    reached by their address all the same.

    Parameters
    ----------
    wait_s : float, seconds
        How long answers are waited for.
    local_only : bool
        Ask on this computer alone.

    Returns
    -------
    tuple of str
        HOST:PORT of each, as `connect_alpaca` takes it, in the order of their answers.

    Examples
    --------
    >>> import focusbench as fb
    >>> with fb.AlpacaServer(fb.simulated_rig(live=True), port=0) as server:
    ...     server.address in fb.find_servers(local_only=True, wait_s=0.3)
    True
    """
    adapters = {
        ipaddress.IPv4Interface(f"{ip.ip}/{ip.network_prefix}")
        for adapter in ifaddr.get_adapters()
        for ip in adapter.ips
        if ip.is_IPv4
    }
    asked = {one for one in adapters if one.is_loopback or not local_only}
    until_s = _clock.now() + wait_s
    answers: list[tuple[str, int]] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        for one in asked:
            with suppress(OSError):  # an adapter without a cable
                line.sendto(QUESTION, (str(one.network.broadcast_address), DISCOVERY_PORT))
        while (left_s := until_s - _clock.now()) > 0:
            line.settimeout(left_s)
            with suppress(OSError, ValueError, KeyError, TypeError):
                reply, (host, _) = line.recvfrom(1024)
                answers.append((host, int(json.loads(reply)["AlpacaPort"])))
    # A server that listens on every adapter of this computer answers on each of them.
    at_home = {
        (str(one.ip), port) for host, port in answers if host == _LOOPBACK for one in adapters
    }
    once = [one for one in answers if one[0] == _LOOPBACK or one not in at_home]
    return tuple(dict.fromkeys(f"{host}:{port}" for host, port in once))


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
