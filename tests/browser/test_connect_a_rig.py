"""From the rig picker to a focused rig, on our own Alpaca server and on one that others wrote."""

import re
import time

import nbformat
import pytest

from focusbench.alpaca import AlpacaFocuser
from tests.alpaca.processes import alpaca_simulators

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

# bqplot draws a figure that is updated while its tab is hidden, at size 0.
HARMLESS = ("A negative value is not valid",)

RUN_TO_THE_PICKER = """async () => {
    const app = window.jupyterapp;
    const notebook = app.shell.currentWidget.content;
    const at = notebook.widgets.findIndex(
        (cell) => cell.model.sharedModel.source.includes("RigPicker(")
    );
    notebook.activeCellIndex = at + 1;
    await app.commands.execute("notebook:run-all-above");
    notebook.activeCellIndex = at;
    await app.commands.execute("notebook:create-output-view");
    app.shell.mode = "single-document";
    app.shell.collapseLeft();
}"""


@pytest.fixture(params=["our server", "alpaca-simulators"])
def rig(request, lab_root, tmp_path):
    """The notebook's name, where the rig's best focus is, and how near a run must come, steps."""
    source = lab_root / "02_connect_a_rig.ipynb"
    if request.param == "our server":
        yield source.name, 10_250, 8
        return
    pytest.importorskip("alpaca_simulators")
    notebook = nbformat.read(source, as_version=4)
    with alpaca_simulators(tmp_path, shape=(1024, 1024)) as address:
        AlpacaFocuser(address).start_move(10_040)
        # The same notebook, unchanged but for the address.
        (cell,) = (c for c in notebook.cells if c.source == "address = server.address")
        cell.source = f'address = "{address}"'
        nbformat.write(notebook, lab_root / "on_simulators.ipynb")
        yield "on_simulators.ipynb", 10_000, 5


def wait_until(condition, seconds):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.05)


def test_a_person_connects_a_rig_and_focuses_it(rig, open_notebook, screenshot):
    name, best_focus, near = rig
    page = open_notebook(name)
    page.evaluate(RUN_TO_THE_PICKER)
    picker = page.locator(".jp-LinkedOutputView .fb-root").first
    said, said_second = picker.locator(".fb-first").first, picker.locator(".fb-second").first
    wait_until(lambda: "devices at 127.0.0.1" in said.inner_text(), 60)
    page.wait_for_timeout(300)
    screenshot(page, f"rig-found-{name[:2]}")
    picker.get_by_role("button", name="Connect", exact=True).click()
    wait_until(lambda: said.inner_text().startswith("✓Connected to"), 30)
    assert re.search(r"Focuser 10\d{3}\b", said_second.inner_text())

    panel = picker.locator(".fb-below .fb-root")
    panel.locator(".fb-figure svg").first.wait_for(timeout=20_000)
    page.wait_for_timeout(500)
    screenshot(page, f"rig-connected-{name[:2]}")
    panel.get_by_role("button", name="Run", exact=True).click()
    wait_until(lambda: panel.locator(".fb-busy").count() > 0, 20)
    disconnect = picker.get_by_role("button", name="Disconnect", exact=True)
    wait_until(disconnect.is_disabled, 10)
    wait_until(lambda: panel.locator(".fb-busy").count() == 0, 120)
    verdict = re.search(r"Focused at (\d+),", panel.locator(".fb-first").inner_text())
    assert verdict, panel.locator(".fb-words").inner_text()
    assert abs(int(verdict[1]) - best_focus) <= near
    wait_until(lambda: f"Focuser {verdict[1]}" in said_second.inner_text(), 10)
    picker.get_by_role("button", name="▸ Devices").click()
    assert "Camera" in picker.locator(".fb-devices").inner_text()
    page.wait_for_timeout(300)
    screenshot(page, f"rig-focused-{name[:2]}")

    wait_until(disconnect.is_enabled, 10)
    disconnect.click()
    wait_until(lambda: "Disconnected." in said.inner_text(), 20)
    assert panel.count() == 0
    unexpected = [one for one in page.complaints if not any(h in one for h in HARMLESS)]
    assert unexpected == []
