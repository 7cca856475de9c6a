import pytest
from alpaca import discovery

from focusbench.alpaca import AlpacaServer
from focusbench.alpaca.server.protocol import AlpacaError
from tests.alpaca.rigs import small_rig


class OddServer(AlpacaServer):
    """Our own server, whose members can be made to answer as other people's drivers do."""

    def __init__(self):
        self.rig = small_rig(start=10_000, best_focus=10_250)
        super().__init__(self.rig, port=0, discovery=False)

    def answers(self, device_type, member, answer):
        """From now on `answer()` is what "get_…" or "put_…" of a device does."""
        setattr(self._devices[device_type, 0], member, answer)

    def refuses(self, device_type, member, number, message):
        """From now on a member of a device is refused."""

        def refuse():
            raise AlpacaError(number, message)

        self.answers(device_type, member, refuse)


@pytest.fixture
def server():
    with OddServer() as server:
        yield server


@pytest.fixture
def only_loopback(monkeypatch):
    """alpyca asks on every adapter of the computer; tests may not be heard outside of it."""
    adapters = [
        adapter
        for adapter in discovery.ifaddr.get_adapters()
        if all(str(ip.ip).startswith("127.") for ip in adapter.ips if ip.is_IPv4)
    ]
    monkeypatch.setattr(discovery.ifaddr, "get_adapters", lambda: adapters)
