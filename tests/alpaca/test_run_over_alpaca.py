"""A whole run over Alpaca: whatever its end, the devices are as another program had left them."""

import math
import threading
from types import SimpleNamespace

import pytest

from focusbench.alpaca import connect_alpaca
from focusbench.engine import FocusSession, rig_sampler
from focusbench.options import AutofocusOptions
from tests.alpaca.alpaca_server import INVALID_OPERATION, AlpacaError

OPTIONS = AutofocusOptions(
    data_points=5,
    step_size=80,
    exposure_s=0.05,
    binning=2,
    gain=40,
    fast_download=True,
    focus_filter="Ha",
)


@pytest.fixture
def session(server, monkeypatch):
    ready = threading.Event()
    ready.set()
    server.focuser.tempcomp = True
    server.focuser.steps_per_s = 50_000.0
    monkeypatch.setattr(rig_sampler, "warm_in_background", lambda: ready)

    def measure(frame, **_):
        assert frame.pixels.shape == (20, 30)
        value = 1.9 * math.hypot(1, (frame.position - 10_020) / 77)
        return SimpleNamespace(
            value=value, error=0.01, scatter=0.1, n_stars=50, others={}, stars=None
        )

    monkeypatch.setattr(rig_sampler, "measure", measure)
    return FocusSession.of(connect_alpaca(server.address, filter_wheel=0))


def left(server):
    """What another program finds."""
    camera = server.camera
    return (
        (camera.binx, camera.biny, camera.startx, camera.starty, camera.numx, camera.numy),
        (camera.gain, camera.readoutmode),
        server.focuser.tempcomp,
        server.wheel._slot,
    )


@pytest.mark.parametrize("end", ["FOCUSED", "CANCELLED", "FAILED", "FAILED in a download"])
def test_devices_are_left_as_found(server, session, end):
    found = left(server)
    seen = []
    session.subscribe(lambda event: seen.append(left(server)))
    n_downloads = []
    if end == "CANCELLED":
        image_bytes = server.camera.image_bytes

        def cancel_at_the_third():
            n_downloads.append(1)
            if len(n_downloads) == 3:
                session.cancel()
            return image_bytes()

        server.camera.image_bytes = cancel_at_the_third
    elif end == "FAILED":
        server.refuses["startexposure"] = AlpacaError(INVALID_OPERATION, "The cooler is off.")
    elif end == "FAILED in a download":
        server.camera.image_error = (INVALID_OPERATION, "The buffer is lost.")
    record = session.run(OPTIONS)
    assert record.outcome == end.split()[0], record.diagnosis
    assert left(server) == found
    if end == "FOCUSED":
        assert server.focuser.position == record.final_position
        assert record.best_position == pytest.approx(10_020, abs=5)
        assert seen[-2][1:] == ((40, 1), False, 0)  # in the run, the filter back already
    else:
        assert server.focuser.position == record.start_position == 10_000
        assert record.diagnosis
