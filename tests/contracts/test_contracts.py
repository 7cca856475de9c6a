"""The contracts themselves: none may forget a member of the protocol it stands for."""

import inspect
import re

import pytest

from focusbench import devices
from tests.contracts import device_contracts


@pytest.mark.parametrize("protocol", ["Focuser", "Camera", "FilterWheel", "Thermometer", "Clock"])
def test_contract_asks_for_every_member_of_its_protocol(protocol):
    members = [name for name in vars(getattr(devices, protocol)) if not name.startswith("_")]
    contract = inspect.getsource(getattr(device_contracts, f"{protocol}Contract"))
    assert members
    assert [name for name in members if not re.search(rf"\.{name}\b", contract)] == []
