import threading

import pytest

from focusbench.alpaca import AlpacaFocuser, link
from focusbench.devices import RealClock, wait_until
from focusbench.errors import DeviceNotConnected, DeviceRefused, DeviceTimeout
from tests.alpaca.conftest import OddServer

NOT_IMPLEMENTED, NOT_CONNECTED = 0x400, 0x407


@pytest.fixture
def impatient(monkeypatch):
    """A client that gives a server up sooner."""
    monkeypatch.setattr(link, "PAUSES_S", (0.01, 0.01))
    monkeypatch.setattr(link, "ANSWER_TIMEOUT_S", 0.1)


def arrive(focuser):
    wait_until(
        lambda: not focuser.is_moving(),
        RealClock(),
        stop=None,
        timeout_s=10.0,
        device="focuser",
        doing="did not arrive",
        poll_s=0.01,
    )


def test_a_move_starts_at_once_and_arrives_later(server):
    focuser = AlpacaFocuser(server.address)
    focuser.start_move(12_000)
    assert focuser.is_moving()
    assert focuser.position() < 12_000
    arrive(focuser)
    assert focuser.position() == 12_000


def test_halt_stops_a_move_where_it_is_and_harms_nothing_at_rest(server):
    focuser = AlpacaFocuser(server.address)
    focuser.halt()
    focuser.start_move(20_000)
    focuser.halt()
    assert not focuser.is_moving()
    assert 10_000 <= focuser.position() < 20_000


def test_a_focuser_that_cannot_be_halted_ends_its_move(server):
    server.refuses("focuser", "put_halt", NOT_IMPLEMENTED, "No Halt.")
    focuser = AlpacaFocuser(server.address)
    focuser.start_move(11_000)
    focuser.halt()
    arrive(focuser)
    assert focuser.position() == 11_000


@pytest.mark.parametrize("position", [-1, 25_001])
def test_a_position_beyond_the_limits_is_refused_with_the_limits(server, position):
    focuser = AlpacaFocuser(server.address)
    with pytest.raises(DeviceRefused, match=f"moves from 0 to 25000; {position} was asked for"):
        focuser.start_move(position)
    assert focuser.position() == 10_000


def test_a_move_longer_than_the_driver_makes_at_once_is_refused(server):
    server.answers("focuser", "get_maxincrement", lambda: 500)
    focuser = AlpacaFocuser(server.address)
    with pytest.raises(DeviceRefused, match="at most 500 steps at once; 600 were asked for"):
        focuser.start_move(10_600)
    focuser.start_move(10_400)
    arrive(focuser)
    assert focuser.position() == 10_400


def test_a_relative_focuser_is_refused_with_the_reason(server):
    server.answers("focuser", "get_absolute", lambda: False)
    with pytest.raises(DeviceRefused, match="relative focuser: it knows no position") as caught:
        AlpacaFocuser(server.address)
    assert caught.value.device == "focuser"


def test_the_temperature_is_the_sensors_or_none(server):
    focuser = AlpacaFocuser(server.address)
    assert focuser.temperature_c() == pytest.approx(10.0, abs=0.1)
    server.refuses("focuser", "get_temperature", NOT_IMPLEMENTED, "No sensor.")
    assert focuser.temperature_c() is None


def test_a_driver_that_lost_its_device_is_not_connected(server):
    focuser = AlpacaFocuser(server.address)
    server.refuses("focuser", "get_position", NOT_CONNECTED, "The USB cable is out.")
    with pytest.raises(DeviceNotConnected, match="The USB cable is out") as caught:
        focuser.position()
    assert caught.value.device == "focuser"
    assert caught.value.__cause__ is not None


def test_a_refusal_of_the_driver_is_handed_on_in_its_words(server):
    server.answers("focuser", "get_maxincrement", lambda: 25_000)
    server.refuses("focuser", "get_ismoving", 0x5AB, "The motor is hot.")
    focuser = AlpacaFocuser(server.address)
    with pytest.raises(DeviceRefused, match="The motor is hot"):
        focuser.is_moving()


def test_a_server_that_goes_away_is_not_connected(impatient):
    with OddServer() as server:
        focuser = AlpacaFocuser(server.address)
    with pytest.raises(DeviceNotConnected, match="does not answer"):
        focuser.position()


def test_a_server_that_is_silent_runs_into_the_time_out(server, impatient):
    focuser = AlpacaFocuser(server.address)
    let_go = threading.Event()
    server.answers("focuser", "get_position", lambda: let_go.wait(5))
    with pytest.raises(DeviceTimeout, match="did not answer in time"):
        focuser.position()
    let_go.set()


def test_a_server_that_forgot_its_clients_is_said_once_and_then_connected_again(server):
    focuser = AlpacaFocuser(server.address)
    focuser._alpyca.Connected = False
    with pytest.raises(DeviceNotConnected, match="Simulated focuser is not connected"):
        focuser.position()
    assert focuser.position() == 10_000


def test_a_focuser_without_temperature_compensation_says_none(server):
    server.answers("focuser", "get_tempcompavailable", lambda: False)
    assert AlpacaFocuser(server.address).temperature_compensation() is None
