import pytest

from focusbench.alpaca import AlpacaCamera, AlpacaFilterWheel, AlpacaFocuser
from focusbench.devices import RealClock
from tests.contracts.device_contracts import (
    CameraContract,
    FilterWheelContract,
    FocuserContract,
    ThermometerContract,
)


class OnRealTime:
    @pytest.fixture
    def clock(self):
        return RealClock()


class TestAlpacaFocuser(OnRealTime, FocuserContract):
    @pytest.fixture
    def focuser(self, server):
        server.focuser.steps_per_s = 500.0
        return AlpacaFocuser(server.address)


class TestAlpacaThermometer(OnRealTime, ThermometerContract):
    @pytest.fixture
    def thermometer(self, server):
        return AlpacaFocuser(server.address)


class TestAlpacaCamera(OnRealTime, CameraContract):
    @pytest.fixture
    def camera(self, server, clock):
        return AlpacaCamera(server.address, clock=clock)


class TestAlpacaFilterWheel(OnRealTime, FilterWheelContract):
    @pytest.fixture
    def wheel(self, server):
        return AlpacaFilterWheel(server.address)
