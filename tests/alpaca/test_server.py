"""What the server promises beyond the letter of the protocol, asked with alpyca and requests."""

import contextlib
import json
import socket
import threading
import time

import numpy as np
import pytest
import requests
from alpaca import camera, discovery, filterwheel, focuser, management, observingconditions
from alpaca.exceptions import (
    InvalidOperationException,
    InvalidValueException,
    NotConnectedException,
    NotImplementedException,
)

from focusbench.alpaca import AlpacaServer
from focusbench.errors import DeviceNotConnected, DeviceRefused, DeviceTimeout
from focusbench.frames import Frame
from tests.alpaca.rigs import small_rig

NOT_OFFERED = {
    camera.Camera: """BayerOffsetX BayerOffsetY CCDTemperature CoolerOn CoolerPower ElectronsPerADU
        FastReadout FullWellCapacity GainMax GainMin Gains HeatSinkTemperature IsPulseGuiding
        Offset OffsetMax OffsetMin Offsets SensorName SetCCDTemperature SubExposureDuration""",
    filterwheel.FilterWheel: "",
    focuser.Focuser: "StepSize",
    observingconditions.ObservingConditions: """CloudCover DewPoint Humidity Pressure RainRate
        SkyBrightness SkyQuality SkyTemperature StarFWHM WindDirection WindGust WindSpeed""",
}
"""Properties that a rig knows nothing of."""


@pytest.fixture
def rig():
    return small_rig()


@pytest.fixture
def server(rig):
    with AlpacaServer(rig, port=0, discovery=False) as server:
        yield server


@pytest.fixture
def the_camera(server):
    return connected(camera.Camera, server)


@pytest.fixture
def the_focuser(server):
    return connected(focuser.Focuser, server)


def connected(kind, server):
    device = kind(server.address, 0)
    device.Connected = True
    return device


def url(server, path):
    return f"http://{server.address}/api/v1/{path}"


def wait(done, timeout_s=5.0):
    until = time.monotonic() + timeout_s
    while not done():
        assert time.monotonic() < until
        time.sleep(0.01)


def expose(device, seconds=0.5):
    device.StartExposure(seconds, True)
    wait(lambda: device.ImageReady)


@pytest.mark.parametrize("kind", NOT_OFFERED)
def test_every_property_that_alpyca_knows_has_a_value_or_is_not_implemented(server, kind):
    device = connected(kind, server)
    if kind is camera.Camera:
        expose(device)
    names = [
        name
        for base in kind.__mro__
        for name, thing in vars(base).items()
        if isinstance(thing, property)
    ]
    refused = set()
    for name in names:
        try:
            assert getattr(device, name) is not None, name
        except NotImplementedException:
            refused.add(name)
    assert refused == set(NOT_OFFERED[kind].split())


def test_what_is_not_connected_does_not_answer_but_says_what_it_is(server):
    device = focuser.Focuser(server.address, 0)
    with pytest.raises(NotConnectedException, match="Simulated focuser is not connected"):
        _ = device.Position
    assert device.Name == "Simulated focuser"
    assert device.InterfaceVersion == 4


def test_a_device_stays_connected_until_the_last_of_its_clients_lets_go(server):
    def set_connected(client, state):
        data = {"ClientID": client, "Connected": state}
        requests.put(url(server, "focuser/0/connected"), data=data, timeout=5)

    def answers():
        reply = requests.get(url(server, "focuser/0/position"), timeout=5).json()
        return reply["ErrorNumber"] == 0

    set_connected(1, True)
    set_connected(2, True)
    set_connected(1, False)
    assert answers()
    set_connected(2, False)
    assert not answers()


def test_the_image_is_the_same_in_alpycas_bytes_and_in_json(server, the_camera):
    expose(the_camera)
    by_alpyca = np.array([list(column) for column in the_camera.ImageArray])
    reply = requests.get(url(server, "camera/0/imagearray"), timeout=5)
    assert reply.text.startswith('{"Type":2,"Rank":2,"Value":[[')
    assert by_alpyca.shape == (64, 48)
    np.testing.assert_array_equal(by_alpyca, reply.json()["Value"])
    info = the_camera.ImageArrayInfo
    assert (info.Rank, info.Dimension1, info.Dimension2) == (2, 64, 48)


def test_a_sub_frame_is_cut_from_the_binned_frame(rig, the_camera, monkeypatch):
    rows, columns = np.mgrid[:24, :32]
    frame = Frame(pixels=(100 * columns + rows).astype(np.uint16))
    monkeypatch.setattr(rig.camera, "read_image", lambda: frame)
    the_camera.BinX = 2
    the_camera.StartX, the_camera.StartY, the_camera.NumX, the_camera.NumY = 3, 5, 10, 7
    expose(the_camera)
    assert the_camera.BinY == 2
    part = np.array([list(column) for column in the_camera.ImageArray])
    np.testing.assert_array_equal(part, frame.pixels.T[3:13, 5:12])
    the_camera.StartX = 30
    with pytest.raises(InvalidValueException, match="beyond the 32×24 pixels"):
        the_camera.StartExposure(0.5, True)


@pytest.mark.parametrize("kind", ["u1", "i2", "u2", "i4", "u4", "i8", "f4", "f8", ">u2"])
def test_pixels_of_any_type_are_sent_as_the_whole_numbers_they_are(
    rig, the_camera, monkeypatch, kind
):
    frame = Frame(pixels=np.arange(48 * 64, dtype=np.int64).reshape(48, 64) % 251)
    frame = Frame(pixels=frame.pixels.astype(kind))
    monkeypatch.setattr(rig.camera, "read_image", lambda: frame)
    expose(the_camera)
    got = np.array([list(column) for column in the_camera.ImageArray])
    np.testing.assert_array_equal(got, frame.pixels.T.astype(int))


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("BinX", 5, "from 1 to 4; got 5"),
        ("NumX", 0, "from 1 to 64; got 0"),
        ("StartY", -1, "from 0 to 47; got -1"),
        ("ReadoutMode", 9, r"from 0 to \d; got 9"),
    ],
)
def test_a_value_out_of_range_is_refused_with_its_bounds(the_camera, name, value, says):
    with pytest.raises(InvalidValueException, match=says):
        setattr(the_camera, name, value)


def test_what_a_rigs_devices_may_have_is_offered_where_they_have_it(
    rig, the_camera, the_focuser, monkeypatch
):
    chosen = {"gain": 100, "mode": "Normal", "compensates": False}

    def set_gain(gain):
        if gain > 300:
            raise DeviceRefused("camera", "The gain goes from 0 to 300.")
        chosen["gain"] = gain

    rig.camera.gain = lambda: chosen["gain"]
    rig.camera.set_gain = set_gain
    rig.camera.readout_mode = lambda: chosen["mode"]
    rig.camera.set_readout_mode = lambda mode: chosen.update(mode=mode)
    monkeypatch.setattr(type(rig.camera), "readout_modes", ("Normal", "Fast"), raising=False)
    rig.focuser.temperature_compensation = lambda: chosen["compensates"]
    rig.focuser.set_temperature_compensation = lambda on: chosen.update(compensates=on)

    assert (the_camera.Gain, the_camera.ReadoutMode) == (100, 0)
    assert the_camera.ReadoutModes == ["Normal", "Fast"]
    the_camera.Gain, the_camera.ReadoutMode = 200, 1
    assert (the_focuser.TempCompAvailable, the_focuser.TempComp) == (True, False)
    the_focuser.TempComp = True
    assert chosen == {"gain": 200, "mode": "Fast", "compensates": True}
    with pytest.raises(InvalidValueException, match="from 0 to 300"):
        the_camera.Gain = 400


def test_exposures_out_of_range_and_beyond_the_first_are_refused(the_camera):
    for seconds in (-1.0, 0.0, 4000.0):
        with pytest.raises(InvalidValueException, match=r"0\.001 to 3600 s"):
            the_camera.StartExposure(seconds, True)
    the_camera.StartExposure(60.0, True)
    with pytest.raises(InvalidOperationException, match="busy with an exposure"):
        the_camera.StartExposure(1.0, True)
    assert the_camera.CameraState == camera.CameraStates.cameraExposing
    assert 0 <= the_camera.PercentCompleted <= 100


def test_without_a_frame_the_error_comes_in_the_form_that_was_asked_for(server, the_camera):
    place = url(server, "camera/0/imagearray")
    in_json = requests.get(place, timeout=5).json()
    assert in_json["ErrorNumber"] == 0x40B
    in_bytes = requests.get(place, headers={"Accept": "application/imagebytes"}, timeout=5)
    assert in_bytes.headers["Content-Type"] == "application/imagebytes"
    assert int.from_bytes(in_bytes.content[4:8], "little") == 0x40B
    assert in_bytes.content[44:].decode() == in_json["ErrorMessage"]


def test_a_move_beyond_the_limits_is_an_invalid_value_and_moves_nothing(the_focuser):
    start = the_focuser.Position
    with pytest.raises(InvalidValueException, match="from 0 to 25000; 25001 was asked for"):
        the_focuser.Move(25_001)
    assert the_focuser.Position == start
    assert not the_focuser.IsMoving


def test_two_clients_at_once_share_the_focuser_and_the_last_command_counts(server, the_focuser):
    other = connected(focuser.Focuser, server)
    the_focuser.Move(5_000)
    assert other.IsMoving
    other.Move(10_230)
    wait(lambda: not the_focuser.IsMoving)
    assert the_focuser.Position == other.Position == 10_230


def test_an_exposure_whose_client_vanished_ends_and_the_next_client_finds_the_frame(server):
    gone = connected(camera.Camera, server)
    gone.StartExposure(10.0, True)
    gone.rqs.close()
    other = connected(camera.Camera, server)
    assert other.CameraState == camera.CameraStates.cameraExposing
    wait(lambda: other.ImageReady)
    assert len(other.ImageArray) == 64
    other.StartExposure(60.0, True)
    other.AbortExposure()
    assert other.CameraState == camera.CameraStates.cameraIdle
    assert not other.ImageReady


@pytest.mark.parametrize(
    ("error", "number"),
    [(DeviceNotConnected, 0x407), (DeviceTimeout, 0x500)],
)
def test_errors_of_the_rig_are_answered_in_its_words(rig, server, error, number):
    def fail():
        raise error("focuser", "The cable is out.")

    requests.put(url(server, "focuser/0/connected"), data={"Connected": "True"}, timeout=5)
    rig.focuser.position = fail
    reply = requests.get(url(server, "focuser/0/position"), timeout=5).json()
    assert (reply["ErrorNumber"], reply["ErrorMessage"]) == (number, "The cable is out.")


def test_what_nobody_expected_is_http_500_in_plain_text(rig, server, caplog):
    def fail():
        raise ZeroDivisionError("oh")

    requests.put(url(server, "focuser/0/connected"), data={"Connected": "True"}, timeout=5)
    rig.focuser.position = fail
    reply = requests.get(url(server, "focuser/0/position"), timeout=5)
    assert reply.status_code == 500
    assert reply.headers["Content-Type"].startswith("text/plain")
    assert "ZeroDivisionError: oh" in reply.text


def test_a_frame_that_takes_its_time_keeps_nobody_else_waiting(rig, server, the_camera):
    release = threading.Event()
    read_image = rig.camera.read_image

    def slow():
        release.wait(5)
        return read_image()

    expose(the_camera)
    rig.camera.read_image = slow
    got = []
    place = url(server, "camera/0/imagearray")
    fetching = threading.Thread(
        target=lambda: got.append(requests.get(place, timeout=10).json()["ErrorNumber"])
    )
    fetching.start()
    assert the_camera.CameraState == camera.CameraStates.cameraIdle
    assert connected(focuser.Focuser, server).Position > 0
    release.set()
    fetching.join()
    assert got == [0]


def test_management_describes_the_server_to_alpyca(server):
    assert management.apiversions(server.address) == [1]
    assert management.description(server.address)["Manufacturer"] == "focusbench"
    devices = management.configureddevices(server.address)
    assert [(one["DeviceType"], one["DeviceNumber"]) for one in devices] == [
        ("Camera", 0),
        ("Focuser", 0),
        ("FilterWheel", 0),
        ("ObservingConditions", 0),
    ]
    assert len({one["UniqueID"] for one in devices}) == 4


def test_a_rig_without_wheel_and_thermometer_offers_none():
    rig = small_rig()
    rig.filter_wheel = rig.thermometer = None
    with AlpacaServer(rig, port=0, discovery=False) as server:
        devices = management.configureddevices(server.address)
        assert [one["DeviceType"] for one in devices] == ["Camera", "Focuser"]
        with pytest.raises(NotImplementedException, match="no temperature sensor"):
            _ = connected(focuser.Focuser, server).Temperature


def test_the_server_listens_on_this_computer_alone_unless_told_otherwise(server):
    assert server.host == "127.0.0.1"
    others = [
        entry[4][0]
        for entry in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
        if not entry[4][0].startswith("127.")
    ]
    for host in others:
        with pytest.raises(OSError, match="refused"):
            socket.create_connection((host, server.port), timeout=1)


def test_alpycas_discovery_finds_the_server(rig, only_loopback):
    with AlpacaServer(rig, port=0) as server:
        assert f"127.0.0.1:{server.port}" in discovery.search_ipv4(numquery=1, timeout=0.6)


def test_discovery_answers_the_question_of_the_standard_and_nothing_else(rig):
    answers = []
    with (
        AlpacaServer(rig, port=0) as server,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking,
    ):
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        asking.settimeout(0.6)
        for question in (b"who is there?", b"alpacadiscovery1"):
            asking.sendto(question, ("127.255.255.255", 32227))
        with contextlib.suppress(TimeoutError):
            while True:
                answers.append(json.loads(asking.recv(1024)))
    # Other servers of this computer answer, too.
    assert answers.count({"AlpacaPort": server.port}) == 1


def test_a_server_can_be_started_again_on_the_same_port():
    with AlpacaServer(small_rig(), port=0, discovery=False) as first:
        requests.get(url(first, "focuser/0/name"), timeout=5)
    with AlpacaServer(small_rig(), port=first.port, discovery=False) as second:
        assert requests.get(url(second, "focuser/0/name"), timeout=5).ok
