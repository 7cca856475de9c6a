"""Our client keeps the contracts of all devices: on our own server, and on one of others."""

import pytest

from focusbench.alpaca import AlpacaCamera, AlpacaFilterWheel, AlpacaFocuser, connect_alpaca
from focusbench.curve import Outcome
from focusbench.devices import RealClock
from focusbench.engine import FocusSession
from focusbench.options import AutofocusOptions
from tests.alpaca.processes import alpaca_simulators, our_server
from tests.contracts.device_contracts import (
    CameraContract,
    FilterWheelContract,
    FocuserContract,
    ThermometerContract,
)


@pytest.fixture(scope="module")
def ours():
    with our_server(speed=1.0) as address:
        yield address


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    pytest.importorskip("alpaca_simulators")
    with alpaca_simulators(tmp_path_factory.mktemp("simulators")) as address:
        yield address


class OnOurServer:
    @pytest.fixture
    def address(self, ours):
        return ours


class OnAlpacaSimulators:
    @pytest.fixture
    def address(self, theirs):
        return theirs


class OverAlpaca:
    @pytest.fixture
    def clock(self):
        return RealClock()

    @pytest.fixture
    def focuser(self, address):
        return AlpacaFocuser(address)

    @pytest.fixture
    def thermometer(self, address):
        return AlpacaFocuser(address)

    @pytest.fixture
    def camera(self, address, clock):
        return AlpacaCamera(address, clock=clock)

    @pytest.fixture
    def wheel(self, address):
        return AlpacaFilterWheel(address)


class TestOurFocuser(OnOurServer, OverAlpaca, FocuserContract):
    pass


class TestOurThermometer(OnOurServer, OverAlpaca, ThermometerContract):
    pass


class TestOurCamera(OnOurServer, OverAlpaca, CameraContract):
    exposure_s = 0.4  # longer than a few questions take on a busy computer


class TestOurFilterWheel(OnOurServer, OverAlpaca, FilterWheelContract):
    pass


class TestTheirFocuser(OnAlpacaSimulators, OverAlpaca, FocuserContract):
    moves_take_time = False


class TestTheirThermometer(OnAlpacaSimulators, OverAlpaca, ThermometerContract):
    pass


class TestTheirCamera(OnAlpacaSimulators, OverAlpaca, CameraContract):
    exposure_s = 0.4

    def test_gain_is_kept_as_set_or_refused(self):
        pytest.skip("this camera reads its gain one higher than it was set")


class TestTheirFilterWheel(OnAlpacaSimulators, OverAlpaca, FilterWheelContract):
    pass


def test_a_run_on_a_server_that_others_wrote_finds_its_focus(theirs):
    options = AutofocusOptions(step_size=30, data_points=7, exposure_s=0.6, smart_focus=False)
    rig = connect_alpaca(theirs, filter_wheel=0)
    rig.focuser.start_move(10_020)
    record = FocusSession.of(rig).run(options)
    assert record.outcome == Outcome.FOCUSED, record.diagnosis
    # Its stars are smallest at 10 000; its noise is never the same, so the error bar is asked.
    assert record.best_position == pytest.approx(10_000, abs=4 * record.best_position_error)
    assert record.best_position_error < 10
