import threading

import numpy as np
import pytest

from focusbench.alpaca import AlpacaCamera, AlpacaFocuser
from focusbench.devices import RealClock, VirtualClock, wait_until
from focusbench.errors import DeviceNotConnected, DeviceRefused, DeviceTimeout
from tests.alpaca.alpaca_server import NOT_IMPLEMENTED, TYPE_NUMBERS, AlpacaError

CHIP = 100 * np.arange(60)[None, :] + np.arange(40)[:, None]


@pytest.fixture
def camera(server):
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
    assert camera.shape == frame.pixels.shape == (40, 60)
    np.testing.assert_array_equal(frame.pixels, CHIP)


@pytest.mark.parametrize("pixel_type", TYPE_NUMBERS)
def test_every_pixel_type_of_the_standard_is_read(server, camera, pixel_type):
    server.camera.pixel_type = pixel_type
    frame = take(camera)
    np.testing.assert_array_equal(frame.pixels, CHIP.astype(pixel_type))
    # 32-bit whole numbers become uint16 where all of them fit
    kept = "u2" if pixel_type in ("i4", "u4") else pixel_type
    assert frame.pixels.dtype == np.dtype(kept).newbyteorder("<")


def test_the_colours_of_a_pixel_are_averaged(server, camera):
    server.camera.colours = 3
    frame = take(camera)
    np.testing.assert_array_equal(frame.pixels, CHIP + 1)


def test_binning_and_sub_frame_are_set_for_the_frame_and_put_back_after_it(server, camera):
    frame = take(camera, binning=3)
    assert server.camera.shape_taken == (3, 0, 0, 20, 13)
    assert frame.pixels.shape == (13, 20)
    assert frame.binning == 3
    found = server.camera
    assert (found.binx, found.biny, found.startx, found.starty) == (1, 1, 5, 5)
    assert (found.numx, found.numy) == (20, 10)


def test_a_binning_that_the_camera_cannot_do_is_refused_with_its_bound(camera):
    with pytest.raises(DeviceRefused, match="bins from 1 to 4; 5 was asked for"):
        camera.start_exposure(1.0, binning=5)


def test_a_frame_knows_its_exposure_and_the_time_of_its_middle(server):
    clock = VirtualClock(start=1_000_000.0)
    frame = take(AlpacaCamera(server.address, clock=clock), exposure_s=0.02)
    assert frame.exposure_s == 0.02
    assert frame.time_s == 1_000_000.01
    assert frame.header["INSTRUME"] == "Fake camera"


def test_what_the_camera_is_can_be_asked(camera):
    assert (camera.name, camera.max_binning, camera.pixel_um) == ("Fake camera", 4, 3.76)


def test_abort_ends_an_exposure_and_harms_nothing_without_one(server, camera):
    camera.abort()
    camera.start_exposure(60.0)
    camera.abort()
    assert not camera.image_ready()
    assert server.camera.numx == 20
    take(camera)


def test_an_exposure_that_failed_is_said_and_does_not_wait_for_ever(server, camera):
    camera.start_exposure(60.0)
    server.camera.failed = True
    with pytest.raises(DeviceRefused, match="exposure failed"):
        camera.image_ready()


def test_an_image_without_an_exposure_is_refused(camera):
    with pytest.raises(DeviceRefused, match="none was exposed"):
        camera.read_image()


def test_an_error_in_place_of_an_image_becomes_the_error_it_is(server, camera):
    # alpyca stumbles over these answers with an AttributeError.
    server.camera.image_error = (0x407, "The camera has been unplugged.")
    with pytest.raises(DeviceNotConnected, match="unplugged"):
        take(camera)
    server.camera.image_error = (0x40B, "The frame is gone.")
    with pytest.raises(DeviceRefused, match="The frame is gone"):
        take(camera)


def test_an_image_that_ends_early_is_said_to_be_broken(server, camera):
    server.camera.cut_bytes = 100
    with pytest.raises(DeviceRefused, match="broken image: 4744 bytes of 4844"):
        take(camera)


def test_a_server_without_image_bytes_is_refused_with_the_reason(server, camera):
    server.camera.gives_json = True
    with pytest.raises(DeviceRefused, match="does not send ImageBytes"):
        take(camera)


def test_a_download_that_hangs_times_out_and_leaves_the_focuser_free(server, camera):
    # alpyca holds one lock over all devices while it downloads; the focuser would wait with it.
    server.camera.download_s = 1.0
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
    assert [error.device for error in failed] == ["camera"]
    assert len(focuser_answered) > 3


def test_fast_readout_switch_is_offered_as_two_modes(server):
    server.camera.canfastreadout = True
    camera = AlpacaCamera(server.address, clock=RealClock())
    assert camera.readout_modes == ("Normal", "Fast")
    camera.set_readout_mode(camera.fast_readout_mode)
    assert server.camera.fastreadout is True
    assert camera.readout_mode() == "Fast"


def test_mode_that_says_it_is_fast_is_known_by_its_name(server):
    camera = AlpacaCamera(server.address, clock=RealClock())
    assert camera.fast_readout_mode == "High Speed"
    server.camera.readoutmodes = ("Photographic DSO", "Extend Fullwell")
    assert AlpacaCamera(server.address, clock=RealClock()).fast_readout_mode is None


@pytest.mark.parametrize("member", ["gain", "readoutmodes"])
def test_camera_without_a_choice_says_none(server, member):
    server.refuses[member] = AlpacaError(NOT_IMPLEMENTED, "No.")
    camera = AlpacaCamera(server.address, clock=RealClock())
    assert (camera.gain if member == "gain" else camera.readout_mode)() is None
