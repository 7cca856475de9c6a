import contextlib
import re
import socket
import threading

import pytest

from focusbench.alpaca import AlpacaServer, FoundDevice, find_servers, list_devices
from focusbench.errors import DeviceNotConnected, DeviceRefused, OptionsError
from tests.alpaca.rigs import small_rig

OURS = (
    FoundDevice("camera", 0, "Simulated camera"),
    FoundDevice("focuser", 0, "Simulated focuser"),
    FoundDevice("filterwheel", 0, "Turning wheel"),
    FoundDevice("observingconditions", 0, "Thermometer"),
)


def test_servers_on_this_computer_are_found():
    with AlpacaServer(small_rig(), port=0) as one, AlpacaServer(small_rig(), port=0) as other:
        assert {one.address, other.address} <= set(find_servers(wait_s=0.5, local_only=True))


def test_what_answers_nonsense_is_passed_over():
    with (
        AlpacaServer(small_rig(), port=0) as server,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as joker,
    ):
        joker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        joker.bind(("127.255.255.255", 32227))
        answering = threading.Thread(target=_answer_nonsense, args=(joker,))
        answering.start()
        found = find_servers(wait_s=0.7, local_only=True)
        answering.join()
    assert all(re.fullmatch(r"127\.0\.0\.1:\d+", address) for address in found)
    assert server.port > 0


def _answer_nonsense(joker):
    joker.settimeout(2)
    with contextlib.suppress(TimeoutError):
        _, asker = joker.recvfrom(1024)
        for reply in (b"", b"{", b"[]", b'{"AlpacaPort": "many"}', b"\xff"):
            joker.sendto(reply, asker)


def test_a_server_tells_its_devices(server):
    assert list_devices(f" {server.address} ") == OURS


def test_a_server_without_management_is_asked_for_its_devices_one_by_one(server, requests_mock_404):
    assert list_devices(server.address) == OURS


@pytest.fixture
def requests_mock_404(monkeypatch):
    """Nobody answers the management interface, as with alpaca-simulators."""
    from focusbench.alpaca import finding

    ask = finding._ask
    monkeypatch.setattr(
        finding,
        "_ask",
        lambda address, path: None if path.startswith("management") else ask(address, path),
    )


def test_where_nobody_listens_the_sentence_says_so():
    with pytest.raises(DeviceNotConnected, match=r"The server at 127\.0\.0\.1:9 does not answer"):
        list_devices("127.0.0.1:9")


def test_what_is_no_alpaca_server_is_said_to_be_none(server, monkeypatch):
    monkeypatch.setattr(
        "focusbench.alpaca.finding._ask", lambda address, path: {"message": "Hello, I am a printer"}
    )
    with pytest.raises(DeviceRefused, match="not Alpaca"):
        list_devices(server.address)


def test_an_address_without_a_port_is_refused():
    with pytest.raises(OptionsError, match="HOST:PORT"):
        list_devices("192.168.1.20")
