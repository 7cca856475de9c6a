import socket
import time

import pytest

from focusbench.alpaca import connect_alpaca, disconnect
from focusbench.alpaca import link as alpyca
from focusbench.alpaca.link import headers
from focusbench.alpaca.server.handlers import DeviceHandler
from focusbench.devices import Camera, FilterWheel, Focuser, Thermometer
from focusbench.errors import DeviceNotConnected, DeviceRefused, OptionsError


def test_an_address_becomes_a_rig(server):
    rig = connect_alpaca(server.address, filter_wheel=0, focal_ratio=5.0, obstruction=0.3)
    assert isinstance(rig.focuser, Focuser)
    assert isinstance(rig.camera, Camera)
    assert isinstance(rig.filter_wheel, FilterWheel)
    assert isinstance(rig.thermometer, Thermometer)
    assert rig.temperature_c() == pytest.approx(10.0, abs=0.1)
    assert rig.describe()["focuser_limits"] == [0, 25_000]
    assert (rig.focal_ratio, rig.obstruction) == (5.0, 0.3)
    assert server.address in rig.name


def test_a_rig_without_wheel_and_sensor_has_none(server):
    server.refuses("focuser", "get_temperature", 0x400, "No sensor.")
    rig = connect_alpaca(server.address)
    assert rig.filter_wheel is None
    assert rig.thermometer is None


def test_the_temperature_may_come_from_a_weather_station(server):
    server.refuses("focuser", "get_temperature", 0x400, "No sensor.")
    server.answers("observingconditions", "get_temperature", lambda: -3.5)
    rig = connect_alpaca(server.address, conditions=0)
    assert rig.temperature_c() == -3.5
    server.refuses("observingconditions", "get_temperature", 0x402, "No value yet.")
    assert rig.temperature_c() is None


def test_a_weather_station_without_a_thermometer_is_refused(server):
    server.refuses("observingconditions", "get_temperature", 0x400, "Humidity only.")
    with pytest.raises(DeviceRefused, match=r"weather station .* refused: Humidity only"):
        connect_alpaca(server.address, conditions=0)


def test_a_filter_is_changed_by_its_name(server):
    wheel = connect_alpaca(server.address, filter_wheel=0).filter_wheel
    assert wheel.filters == ("L", "Ha", "OIII")
    assert wheel.filter() == "L"
    wheel.start_change("OIII")
    assert wheel.filter() is None
    while wheel.filter() is None:
        time.sleep(0.01)
    assert wheel.filter() == "OIII"
    with pytest.raises(DeviceRefused, match="no filter 'SII'; it has L, Ha, OIII"):
        wheel.start_change("SII")


def test_filters_and_their_offsets_come_from_the_wheel(server):
    rig = connect_alpaca(server.address, filter_wheel=0)
    assert str(rig.filter_table()) == "L @ 0, Ha @ 60, OIII @ 48"


def test_a_wheel_whose_offsets_are_all_zero_was_told_none(server):
    server.answers("filterwheel", "get_focusoffsets", lambda: [0, 0, 0])
    rig = connect_alpaca(server.address, filter_wheel=0)
    assert str(rig.filter_table()) == "L, Ha, OIII"


@pytest.mark.parametrize(
    "address", ["nonsense", "", "host:", ":11111", "host:70000", "host:0", "http://host:1", "h:1/x"]
)
def test_an_address_of_another_form_is_refused_with_an_example(address):
    with pytest.raises(OptionsError, match=r"HOST:PORT .* such as 192\.168\.1\.20:11111") as caught:
        connect_alpaca(address)
    assert caught.value.field == "address"


def test_where_nothing_listens_the_sentence_says_so():
    with socket.create_server(("127.0.0.1", 0)) as held:
        address = f"127.0.0.1:{held.getsockname()[1]}"
    with pytest.raises(DeviceNotConnected, match="does not answer; is the Alpaca server running"):
        connect_alpaca(address)


def test_a_server_of_another_kind_is_no_alpaca_server(server, monkeypatch):
    async def page(handler, *_):
        await handler.finish("<html>It works!</html>")

    monkeypatch.setattr(DeviceHandler, "_answer", page)
    with pytest.raises(DeviceRefused, match="not Alpaca"):
        connect_alpaca(server.address)


def test_a_device_number_that_the_server_does_not_have_is_named(server):
    with pytest.raises(DeviceRefused, match=r"HTTP 400\): There is no camera 3 here\. Is this"):
        connect_alpaca(server.address, camera=3)


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("127.0.0.1:11111", {}),
        ("[fe80::1%eth0]:11111", {"Host": "[fe80::1]:11111"}),
    ],
)
def test_the_zone_of_an_address_is_no_part_of_the_host_that_is_asked(address, host):
    assert headers(address) == host


def test_a_rig_that_is_disconnected_lets_its_devices_go(server):
    rig = connect_alpaca(server.address, filter_wheel=0, conditions=0)
    devices = [
        Device(server.address, 0)
        for Device in (
            alpyca.Camera,
            alpyca.Focuser,
            alpyca.FilterWheel,
            alpyca.ObservingConditions,
        )
    ]
    assert all(device.Connected for device in devices)
    disconnect(rig)
    assert not any(device.Connected for device in devices)
    disconnect(rig)  # and once more does no harm
