import pytest

from focusbench.alpaca import AlpacaFocuser
from focusbench.devices import RealClock, wait_until
from focusbench.errors import DeviceNotConnected, DeviceRefused, DeviceTimeout
from tests.alpaca.alpaca_server import NOT_CONNECTED, NOT_IMPLEMENTED, AlpacaError


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
    focuser.start_move(11_000)
    assert focuser.is_moving()
    assert focuser.position() < 11_000
    arrive(focuser)
    assert focuser.position() == 11_000


def test_halt_stops_a_move_where_it_is_and_harms_nothing_at_rest(server):
    server.focuser.steps_per_s = 100.0
    focuser = AlpacaFocuser(server.address)
    focuser.halt()
    focuser.start_move(20_000)
    focuser.halt()
    assert not focuser.is_moving()
    assert 10_000 <= focuser.position() < 11_000


def test_a_focuser_that_cannot_be_halted_ends_its_move(server):
    server.refuses["halt"] = AlpacaError(NOT_IMPLEMENTED, "No Halt.")
    focuser = AlpacaFocuser(server.address)
    focuser.start_move(11_000)
    focuser.halt()
    arrive(focuser)
    assert focuser.position() == 11_000


@pytest.mark.parametrize("position", [-1, 50_001])
def test_a_position_beyond_the_limits_is_refused_with_the_limits(server, position):
    focuser = AlpacaFocuser(server.address)
    with pytest.raises(DeviceRefused, match=f"moves from 0 to 50000; {position} was asked for"):
        focuser.start_move(position)
    assert focuser.position() == 10_000


def test_a_move_longer_than_the_driver_makes_at_once_is_refused(server):
    server.focuser.maxincrement = 500
    focuser = AlpacaFocuser(server.address)
    with pytest.raises(DeviceRefused, match="at most 500 steps at once; 600 were asked for"):
        focuser.start_move(10_600)
    focuser.start_move(10_400)
    arrive(focuser)
    assert focuser.position() == 10_400


def test_a_relative_focuser_is_refused_with_the_reason(server):
    server.focuser.absolute = False
    with pytest.raises(DeviceRefused, match="relative focuser: it knows no position") as caught:
        AlpacaFocuser(server.address)
    assert caught.value.device == "focuser"


def test_the_temperature_is_the_sensors_or_none(server):
    focuser = AlpacaFocuser(server.address)
    assert focuser.temperature_c() == 4.5
    server.refuses["temperature"] = AlpacaError(NOT_IMPLEMENTED, "No sensor.")
    assert focuser.temperature_c() is None


def test_a_driver_that_lost_its_device_is_not_connected(server):
    focuser = AlpacaFocuser(server.address)
    server.refuses["position"] = AlpacaError(NOT_CONNECTED, "The USB cable is out.")
    with pytest.raises(DeviceNotConnected, match="The USB cable is out") as caught:
        focuser.position()
    assert caught.value.device == "focuser"
    assert caught.value.__cause__ is not None


def test_a_refusal_of_the_driver_is_handed_on_in_its_words(server):
    focuser = AlpacaFocuser(server.address)
    server.refuses["move"] = AlpacaError(0x5AB, "The motor is hot.")
    with pytest.raises(DeviceRefused, match="The motor is hot"):
        focuser.start_move(10_100)


def test_a_server_that_goes_away_is_not_connected(server):
    focuser = AlpacaFocuser(server.address)
    server.close()
    with pytest.raises(DeviceNotConnected, match="does not answer"):
        focuser.position()


def test_a_server_that_is_silent_runs_into_the_time_out(server, monkeypatch):
    focuser = AlpacaFocuser(server.address)
    ask = focuser._alpyca._get
    monkeypatch.setattr(focuser._alpyca, "_get", lambda member: ask(member, tmo=0.1))
    server.delays_s["position"] = 1.0
    with pytest.raises(DeviceTimeout, match="did not answer in time"):
        focuser.position()


def test_focuser_without_temperature_compensation_says_none(server):
    server.focuser.tempcompavailable = False
    assert AlpacaFocuser(server.address).temperature_compensation() is None
