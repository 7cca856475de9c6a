import threading

import numpy as np
import pytest
from alpaca.camera import Camera as AlpycaCamera
from alpaca.camera import CameraStates

from focusbench.alpaca import AlpacaCamera, AlpacaFocuser
from focusbench.alpaca.server.device import takes
from focusbench.alpaca.server.handlers import DeviceHandler
from focusbench.alpaca.server.protocol import ErrorNumber, boolean
from focusbench.devices import RealClock, VirtualClock, wait_until
from focusbench.errors import DeviceError, DeviceNotConnected, DeviceRefused, DeviceTimeout
from focusbench.frames import Frame

CHIP = (100 * np.arange(64)[None, :] + np.arange(48)[:, None]).astype(np.uint16)
"""Its pixel (x, y) reads 100 x + y, so that a swapped axis shows."""


@pytest.fixture
def camera(server, monkeypatch):
    taken = server.rig.camera

    def read_image():
        binning = taken._exposure.binning
        rows, columns = (size // binning for size in CHIP.shape)
        return Frame(pixels=CHIP[::binning, ::binning][:rows, :columns])

    monkeypatch.setattr(taken, "read_image", read_image)
    return AlpacaCamera(server.address, clock=RealClock(), download_timeout_s=0.3)


def take(camera, exposure_s=0.01, binning=1):
    camera.start_exposure(exposure_s, binning=binning)
    wait_until(
        camera.image_ready,
        RealClock(),
        stop=None,
        timeout_s=10.0,
        device="camera",
        doing="gave no frame",
        poll_s=0.01,
    )
    return camera.read_image()


def test_a_frame_is_the_whole_chip_in_rows_and_columns(camera):
    frame = take(camera)
    assert camera.shape == frame.pixels.shape == (48, 64)
    np.testing.assert_array_equal(frame.pixels, CHIP)
    assert frame.pixels.flags.c_contiguous


def test_binning_and_sub_frame_are_set_for_the_frame_and_put_back_after_it(server, camera):
    somebody = AlpycaCamera(server.address, 0)
    somebody.StartX, somebody.StartY, somebody.NumX, somebody.NumY = 5, 6, 20, 10
    frame = take(camera, binning=3)
    assert frame.pixels.shape == (16, 21)
    np.testing.assert_array_equal(frame.pixels, CHIP[::3, ::3][:16, :21])
    assert frame.binning == 3
    assert (somebody.BinX, somebody.StartX, somebody.StartY) == (1, 5, 6)
    assert (somebody.NumX, somebody.NumY) == (20, 10)


def test_a_sub_frame_is_put_back_also_where_the_frame_was_lost(server, camera):
    somebody = AlpycaCamera(server.address, 0)
    somebody.NumX = 20
    server.refuses("camera", "get_imagearray", 0x500, "The USB hub is out.")
    with pytest.raises(DeviceRefused, match="The USB hub is out"):
        take(camera)
    assert somebody.NumX == 20


def test_a_binning_that_the_camera_cannot_do_is_refused_with_its_bound(camera):
    with pytest.raises(DeviceRefused, match="bins from 1 to 4; 5 was asked for"):
        camera.start_exposure(1.0, binning=5)


def test_a_frame_knows_its_exposure_and_the_time_of_its_middle(server):
    clock = VirtualClock(start=1_000_000.0)
    frame = take(AlpacaCamera(server.address, clock=clock), exposure_s=0.02)
    assert frame.exposure_s == 0.02
    assert frame.time_s == 1_000_000.01
    assert frame.header["INSTRUME"] == "Simulated camera"


def test_what_the_camera_is_can_be_asked(camera):
    assert (camera.name, camera.max_binning, camera.pixel_um) == ("Simulated camera", 4, 3.76)


def test_abort_ends_an_exposure_and_harms_nothing_without_one(server, camera):
    camera.abort()
    camera.start_exposure(3000.0)
    camera.abort()
    assert not camera.image_ready()
    take(camera)


def test_abort_leaves_the_exposure_of_another_program_alone(server, camera):
    somebody = AlpycaCamera(server.address, 0)
    somebody.StartExposure(3000.0, True)
    with pytest.raises(DeviceRefused, match="busy with another exposure"):
        camera.start_exposure(1.0)
    camera.abort()
    assert somebody.CameraState == CameraStates.cameraExposing


def test_an_exposure_that_somebody_else_aborted_is_not_waited_for(server):
    clock = VirtualClock()
    camera = AlpacaCamera(server.address, clock=clock)
    camera.start_exposure(3000.0)
    AlpycaCamera(server.address, 0).AbortExposure()
    assert not camera.image_ready()
    clock.sleep(3006.0)
    with pytest.raises(DeviceRefused, match="did somebody else abort the exposure"):
        camera.image_ready()


def test_an_exposure_that_failed_is_said_and_does_not_wait_for_ever(server, camera):
    def fail():
        raise DeviceError("camera", "No cooling.")

    camera.start_exposure(3000.0)
    server.rig.camera.image_ready = fail
    with pytest.raises(DeviceRefused, match="exposure failed"):
        camera.image_ready()


def test_an_image_without_an_exposure_is_refused(camera):
    with pytest.raises(DeviceRefused, match="none was exposed"):
        camera.read_image()


def test_an_error_in_place_of_an_image_becomes_the_error_it_is(server, camera):
    server.refuses("camera", "get_imagearray", 0x407, "The camera has been unplugged.")
    with pytest.raises(DeviceNotConnected, match="unplugged"):
        take(camera)
    server.refuses("camera", "get_imagearray", 0x40B, "The frame is gone.")
    with pytest.raises(DeviceRefused, match="The frame is gone"):
        take(camera)


def test_a_server_without_image_bytes_sends_the_same_pixels_as_json(camera, server, monkeypatch):
    monkeypatch.setattr(DeviceHandler, "_wants_image_bytes", lambda self: False)
    frame = take(camera)
    np.testing.assert_array_equal(frame.pixels, server.rig.camera.read_image().pixels)
    assert frame.pixels.dtype == np.uint16


def test_a_download_that_hangs_times_out_and_leaves_the_focuser_free(server, camera):
    # alpyca holds one lock over all devices while it downloads; the focuser would wait with it.
    let_go = threading.Event()
    server.answers("camera", "get_imagearray", lambda: let_go.wait(5))
    focuser = AlpacaFocuser(server.address)
    failed, focuser_answered = [], []

    def download():
        try:
            take(camera)
        except DeviceTimeout as error:
            failed.append(error)

    thread = threading.Thread(target=download)
    thread.start()
    while thread.is_alive():
        focuser_answered.append(focuser.position())
        thread.join(0.02)
    let_go.set()
    assert [error.device for error in failed] == ["camera"]
    assert len(focuser_answered) > 3


def test_an_abandoned_download_does_not_spoil_the_next_exposure(server, camera):
    let_go = threading.Event()
    get_imagearray = server._devices["camera", 0].get_imagearray

    def late():
        let_go.wait(5)
        return get_imagearray()

    server.answers("camera", "get_imagearray", late)
    camera.start_exposure(0.01)
    while not server.rig.camera.image_ready():
        pass
    assert not camera.image_ready()
    camera.abort()
    server.answers("camera", "get_imagearray", get_imagearray)
    np.testing.assert_array_equal(take(camera).pixels, CHIP)
    let_go.set()


def test_a_fast_readout_switch_is_offered_as_two_modes(server):
    is_fast = []
    server.answers("camera", "get_canfastreadout", lambda: True)
    server.answers("camera", "get_fastreadout", lambda: bool(is_fast))
    switch = takes(FastReadout=boolean)(lambda fast: is_fast.append(fast))
    server.answers("camera", "put_fastreadout", switch)
    camera = AlpacaCamera(server.address, clock=RealClock())
    assert camera.readout_modes == ("Normal", "Fast")
    assert camera.readout_mode() == "Normal"
    camera.set_readout_mode(camera.fast_readout_mode)
    assert is_fast == [True]
    assert camera.readout_mode() == "Fast"


@pytest.mark.parametrize(
    ("modes", "fast"),
    [
        (["Photographic", "High Speed"], "High Speed"),
        (["Photographic DSO", "Extend Fullwell"], None),
    ],
)
def test_a_mode_that_says_it_is_fast_is_known_by_its_name(server, modes, fast):
    server.answers("camera", "get_readoutmodes", lambda: modes)
    assert AlpacaCamera(server.address, clock=RealClock()).fast_readout_mode == fast


@pytest.mark.parametrize("member", ["gain", "readoutmodes"])
def test_a_camera_without_a_choice_says_none(server, member):
    server.refuses("camera", f"get_{member}", ErrorNumber.NOT_IMPLEMENTED, "No.")
    camera = AlpacaCamera(server.address, clock=RealClock())
    assert (camera.gain if member == "gain" else camera.readout_mode)() is None


def test_what_the_camera_tells_of_itself_stands_in_the_header(server, camera):
    told = {
        "get_gain": lambda: 120,
        "get_offset": lambda: 30,
        "get_ccdtemperature": lambda: -9.8,
        "get_setccdtemperature": lambda: -10.0,
        "get_cooleron": lambda: True,
    }
    for member, answer in told.items():
        server.answers("camera", member, answer)
    header = take(AlpacaCamera(server.address, clock=RealClock())).header
    assert (header["GAIN"], header["OFFSET"], header["COOLER"]) == (120, 30, True)
    assert (header["CCD-TEMP"], header["SET-TEMP"]) == (-9.8, -10.0)
    assert "EGAIN" not in header


def test_a_header_that_cannot_be_read_costs_no_frame(server):
    server.answers("camera", "get_offset", lambda: 30)
    camera = AlpacaCamera(server.address, clock=RealClock())
    server.refuses("camera", "get_offset", 0x500, "Not now.")
    assert "OFFSET" not in take(camera).header


def test_a_gain_beyond_the_range_of_the_camera_is_refused_with_the_range(server):
    for member, answer in (("gain", 10), ("gainmin", 0), ("gainmax", 570)):
        server.answers("camera", f"get_{member}", lambda answer=answer: answer)
    camera = AlpacaCamera(server.address, clock=RealClock())
    with pytest.raises(DeviceRefused, match="has gains from 0 to 570; 900 was asked for"):
        camera.set_gain(900)


def test_a_gain_is_chosen_by_its_number_where_the_driver_has_a_list(server):
    server.answers("camera", "get_gain", lambda: 1)
    server.answers("camera", "get_gains", lambda: ["low", "unity", "high"])
    camera = AlpacaCamera(server.address, clock=RealClock())
    with pytest.raises(DeviceRefused, match="has gains from 0 to 2; 3 was asked for"):
        camera.set_gain(3)
