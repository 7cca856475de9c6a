"""The server: a rig's devices behind a socket, in a thread of their own."""

import asyncio
import contextlib
import socket
import threading
import uuid
from types import TracebackType
from typing import Self

from tornado.httpserver import HTTPServer

from focusbench.alpaca.server.camera import ServedCamera
from focusbench.alpaca.server.conditions import ServedConditions
from focusbench.alpaca.server.device import ServedDevice
from focusbench.alpaca.server.discovery import answer_discovery
from focusbench.alpaca.server.filter_wheel import ServedFilterWheel
from focusbench.alpaca.server.focuser import ServedFocuser
from focusbench.alpaca.server.handlers import Offer, application
from focusbench.devices import Rig

LOOPBACK = "127.0.0.1"

ALPACA_PORT = 11111
"""Where clients look for an Alpaca server first."""

_LARGEST_REQUEST_BYTES = 65_536


class AlpacaServer:
    """Offers a rig over Alpaca, while its `with` block lasts or from `start` to `stop`.

    It listens on this computer alone unless another host is given: Alpaca knows no passwords,
    and whoever reaches the server can move the focuser.

    Parameters
    ----------
    rig : Rig
        Its clock should be the real one: clients wait in real time.
    host : str
        Address to listen on; "0.0.0.0" for every computer of the network.
    port : int
        0 for any that is free; see `port`.
    discovery : bool
        Whether to answer those who look for Alpaca servers.

    Raises
    ------
    OSError
        It cannot listen there.

    Examples
    --------
    >>> from focusbench.alpaca import AlpacaServer
    >>> from focusbench.api import simulated_rig
    >>> with AlpacaServer(simulated_rig(live=True), port=0, discovery=False) as server:
    ...     server.host
    '127.0.0.1'
    """

    def __init__(
        self, rig: Rig, *, host: str = LOOPBACK, port: int = ALPACA_PORT, discovery: bool = True
    ) -> None:
        self.host = host
        self.port = port
        self._discovery = discovery
        self._devices = _devices_of(rig)
        self._offer = Offer(
            rig.name,
            self._devices,
            {key: _unique_id(rig.name, *key) for key in self._devices},
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._close = contextlib.AsyncExitStack()

    @property
    def address(self) -> str:
        """HOST:PORT, for `connect_alpaca`."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> Self:
        """Listen from now on; a `with` block does so by itself."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        listener = socket.create_server((self.host, self.port), family=family)
        listener.setblocking(False)
        self.port = listener.getsockname()[1]
        loop = self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=loop.run_forever, name="Alpaca server", daemon=True)
        self._thread.start()

        async def open_() -> None:
            server = HTTPServer(application(self._offer), max_body_size=_LARGEST_REQUEST_BYTES)
            server.add_socket(listener)
            self._close.push_async_callback(server.close_all_connections)
            self._close.callback(server.stop)
            if self._discovery:
                for transport in await answer_discovery(self.host, self.port):
                    self._close.callback(transport.close)

        asyncio.run_coroutine_threadsafe(open_(), loop).result()
        return self

    def stop(self) -> None:
        """Listen no more."""
        loop, thread = self._loop, self._thread
        assert loop is not None
        assert thread is not None
        asyncio.run_coroutine_threadsafe(self._close.aclose(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        for device in self._devices.values():
            device.one_at_a_time.shutdown(wait=False, cancel_futures=True)
        loop.close()


def _devices_of(rig: Rig) -> dict[tuple[str, int], ServedDevice]:
    """What a rig has, under type and number."""
    devices: list[ServedDevice] = [ServedCamera(rig), ServedFocuser(rig)]
    if rig.filter_wheel is not None:
        devices.append(ServedFilterWheel(rig.filter_wheel))
    if rig.thermometer is not None:
        devices.append(ServedConditions(rig.thermometer))
    return {(device.type, 0): device for device in devices}


def _unique_id(rig_name: str, device_type: str, number: int) -> str:
    """The same whenever this rig is offered on this computer, and nowhere else."""
    return str(uuid.uuid5(uuid.UUID(int=uuid.getnode()), f"{rig_name}/{device_type}/{number}"))


__all__ = ["ALPACA_PORT", "AlpacaServer"]
