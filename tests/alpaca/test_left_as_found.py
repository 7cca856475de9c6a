"""Whatever the end of a run over Alpaca, the devices are as another program had left them."""

import time

import pytest
from alpaca.camera import Camera as AlpycaCamera

from focusbench.alpaca import AlpacaServer, connect_alpaca
from focusbench.alpaca.server.protocol import AlpacaError, ErrorNumber
from focusbench.engine import FocusSession
from focusbench.options import AutofocusOptions
from focusbench.simulator import Filter, simulated_rig

OPTIONS = AutofocusOptions(
    data_points=5,
    step_size=100,
    exposure_s=3,
    smart_focus=False,
    gain=40,
    fast_download=True,
    focus_filter="Ha",
)
SUB_FRAME = {"NumX": 60, "NumY": 50, "StartX": 7, "StartY": 9}


@pytest.fixture
def server():
    rig = simulated_rig(
        seed=5,
        shape=(240, 320),
        n_stars=90,
        focus_steps_per_c=0,
        backlash=0,
        live=True,
        speed=60.0,
        download_s=0.0,
        filters={"L": Filter(), "Ha": Filter()},
    )
    with AlpacaServer(rig, port=0, discovery=False) as server:
        server.rig = rig
        yield server


@pytest.fixture
def somebody(server):
    """Another program, which had its own sub-frame, and compensation on."""
    camera = AlpycaCamera(server.address, 0)
    camera.Connected = True
    for name, value in SUB_FRAME.items():
        setattr(camera, name, value)
    server.rig.focuser.set_temperature_compensation(True)
    return camera


def left(server, somebody):
    rig = server.rig
    return (
        {name: getattr(somebody, name) for name in ("BinX", "BinY", *SUB_FRAME)},
        (rig.camera.gain(), rig.camera.readout_mode()),
        rig.focuser.temperature_compensation(),
        rig.filter_wheel.filter(),
    )


def turned_back(server, found, somebody):
    """What stands there once the wheel, which nobody waits for, has turned."""
    for _ in range(40):
        if left(server, somebody) == found:
            break
        time.sleep(0.05)
    return left(server, somebody)


@pytest.mark.parametrize("end", ["FOCUSED", "CANCELLED", "FAILED", "FAILED in a download"])
def test_devices_are_left_as_found(server, somebody, end):
    found = left(server, somebody)
    served = server._devices["camera", 0]
    session = FocusSession.of(connect_alpaca(server.address, filter_wheel=0))
    in_the_run = []
    session.subscribe(lambda event: in_the_run.append(left(server, somebody)[1:3]))
    get_imagearray = served.get_imagearray
    downloads = []

    def refuse(*_, **__):
        raise AlpacaError(ErrorNumber.INVALID_OPERATION, "The cooler is off.")

    def cancel_at_the_third():
        downloads.append(1)
        if len(downloads) == 3:
            session.cancel()
        return get_imagearray()

    if end == "CANCELLED":
        served.get_imagearray = cancel_at_the_third
    elif end == "FAILED":
        served.put_startexposure = refuse
    elif end == "FAILED in a download":
        served.get_imagearray = refuse
    record = session.run(OPTIONS)
    assert record.outcome == end.split()[0], record.diagnosis
    assert turned_back(server, found, somebody) == found
    assert ((40, "Fast"), False) in in_the_run
    if end == "FOCUSED":
        assert server.rig.focuser.position() == record.final_position
    else:
        assert server.rig.focuser.position() == record.start_position
        assert record.diagnosis
