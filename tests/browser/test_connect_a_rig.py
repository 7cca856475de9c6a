"""From the rig picker to a focused rig, on our own Alpaca server and on one that others wrote."""

import re

import pytest

from focusbench.alpaca import AlpacaFocuser
from tests.alpaca.processes import alpaca_simulators
from tests.browser.stage import wait_for

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

NOTEBOOK = "02_connect_a_rig.ipynb"


@pytest.fixture(params=["our server", "alpaca-simulators"])
def rig(request, tmp_path):
    """Cells that are other ones, where the rig's best focus is, and how near a run must come."""
    if request.param == "our server":
        yield {}, 10_250, 8
        return
    pytest.importorskip("alpaca_simulators")
    with alpaca_simulators(tmp_path, shape=(1024, 1024)) as address:
        AlpacaFocuser(address).start_move(10_040)
        # The same notebook, unchanged but for the address.
        yield {"address = server.address": f'address = "{address}"'}, 10_000, 5


def test_a_person_connects_a_rig_and_focuses_it(rig, request, stage):
    instead, best_focus, near = rig
    picker = stage.cells_of(NOTEBOOK, "RigPicker(", instead)
    name = "on" if instead else "02"
    said, said_second = picker.locator(".fb-first").first, picker.locator(".fb-second").first
    wait_for(lambda: "devices at 127.0.0.1" in said.inner_text(), 60)
    stage.screenshot(f"rig-found-{name}")
    picker.get_by_role("button", name="Connect", exact=True).click()
    wait_for(lambda: said.inner_text().startswith("✓Connected to"), 30)
    assert re.search(r"Focuser 10\d{3}\b", said_second.inner_text())

    panel = picker.locator(".fb-below .fb-root")
    panel.locator(".fb-figure svg").first.wait_for(timeout=20_000)
    stage.screenshot(f"rig-connected-{name}")
    panel.get_by_role("button", name="Run", exact=True).click()
    wait_for(lambda: panel.locator(".fb-busy").count() > 0, 20)
    disconnect = picker.get_by_role("button", name="Disconnect", exact=True)
    wait_for(disconnect.is_disabled, 10)
    wait_for(lambda: panel.locator(".fb-busy").count() == 0, 120)
    verdict = re.search(r"Focused at (\d+),", panel.locator(".fb-first").inner_text())
    assert verdict, panel.locator(".fb-words").inner_text()
    assert abs(int(verdict[1]) - best_focus) <= near
    wait_for(lambda: f"Focuser {verdict[1]}" in said_second.inner_text(), 10)
    picker.get_by_role("button", name="▸ Devices").click()
    assert "Camera" in picker.locator(".fb-devices").inner_text()
    stage.screenshot(f"rig-focused-{name}")

    wait_for(disconnect.is_enabled, 10)
    disconnect.click()
    wait_for(lambda: "Disconnected." in said.inner_text(), 20)
    assert panel.count() == 0
