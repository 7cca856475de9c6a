"""Our client keeps the contracts of all devices: on our own server, and on one of others."""

import pytest

from focusbench.alpaca import AlpacaCamera, AlpacaFilterWheel, AlpacaFocuser
from focusbench.devices import RealClock
from tests.alpaca.processes import alpaca_simulators, our_server
from tests.contracts.device_contracts import (
    CameraContract,
    FilterWheelContract,
    FocuserContract,
    ThermometerContract,
)


@pytest.fixture(scope="module")
def ours():
    with our_server(speed=1.0, focuser_speed=500.0) as address:
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
        camera = AlpacaCamera(address, clock=clock)
        camera.abort()
        return camera

    @pytest.fixture
    def wheel(self, address):
        return AlpacaFilterWheel(address)


class TestOurFocuser(OnOurServer, OverAlpaca, FocuserContract):
    pass


class TestOurThermometer(OnOurServer, OverAlpaca, ThermometerContract):
    pass


class TestOurCamera(OnOurServer, OverAlpaca, CameraContract):
    pass


class TestOurFilterWheel(OnOurServer, OverAlpaca, FilterWheelContract):
    pass


class TestTheirFocuser(OnAlpacaSimulators, OverAlpaca, FocuserContract):
    moves_take_time = False


class TestTheirThermometer(OnAlpacaSimulators, OverAlpaca, ThermometerContract):
    pass


class TestTheirCamera(OnAlpacaSimulators, OverAlpaca, CameraContract):
    pass


class TestTheirFilterWheel(OnAlpacaSimulators, OverAlpaca, FilterWheelContract):
    pass
