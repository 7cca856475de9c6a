"""Alpaca discovery: tells those who ask on a known port where the server listens."""

import asyncio
import json
import logging
import socket
from typing import cast

from focusbench.alpaca.finding import DISCOVERY_PORT, QUESTION

log = logging.getLogger(__name__)

_LOOPBACK_BROADCAST = "127.255.255.255"


class _Responder(asyncio.DatagramProtocol):
    def __init__(self, port: int) -> None:
        self._answer = json.dumps({"AlpacaPort": port}).encode()
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if data.startswith(QUESTION) and self._transport is not None:
            self._transport.sendto(self._answer, addr)


async def answer_discovery(
    host: str, port: int, *, discovery_port: int = DISCOVERY_PORT
) -> list[asyncio.DatagramTransport]:
    """Answer whoever looks for Alpaca servers.

    Parameters
    ----------
    host : str
        Where the server listens; only there is discovery answered.
    port : int
        Its port, which is the answer.
    discovery_port : int

    Returns
    -------
    list of asyncio.DatagramTransport
        To be closed; empty where the port cannot be had, which is no reason not to serve.
    """
    # Clients ask by broadcast, which a socket bound to 127.0.0.1 alone does not hear on Linux;
    # elsewhere the broadcast address cannot be bound, and is not needed.
    hosts = [host, _LOOPBACK_BROADCAST] if host.startswith("127.") else [host]
    transports = []
    for one in hosts:
        try:
            transports.append(await _listen(one, port, discovery_port))
        except OSError as error:
            if one == host:
                log.warning("Alpaca discovery is not answered: %s", error)
    return transports


async def _listen(host: str, port: int, discovery_port: int) -> asyncio.DatagramTransport:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        # Several servers of one computer share the port, as the standard wants it.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, discovery_port))
        listener.setblocking(False)
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Responder(port), sock=listener
        )
    except OSError:
        listener.close()
        raise
    return transport
