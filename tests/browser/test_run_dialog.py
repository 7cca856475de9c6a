"""The run dialog in a real JupyterLab: before, during and after a run, and how each end looks."""

import re
from datetime import datetime

import nbformat
import pytest

from tests.browser.conftest import TOKEN
from tests.browser.test_first_run import HARMLESS, first_line, press, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

CELLS = (
    """import focusbench as fb
from focusbench.errors import DeviceTimeout
rig = fb.simulated_rig(best_focus=10_250, seed=1, live=True, speed=8)
options = fb.AutofocusOptions(step_size=60, data_points=9, exposure_s=3)""",
    "fb.AutofocusPanel(rig, options, save_packages_to=None)",
    """def after_a_run(options, camera_dies=False, **sky):
    rig = fb.simulated_rig(best_focus=10_250, seed=2, **sky)
    if camera_dies:
        taken, read = [], rig.camera.read_image
        def read_image():
            taken.append(1)
            if len(taken) > 4:
                raise DeviceTimeout("camera", "The camera did not answer for 10 s.")
            return read()
        rig.camera.read_image = read_image
    fb.FocusSession.of(rig).run(options)
    return fb.AutofocusPanel(rig, options, save_packages_to=None)""",
    "after_a_run(options, camera_dies=True)",
    "after_a_run(options.replace(curve='parabola', veto=False, min_quality=1))",
    "after_a_run(options.replace(smart_focus=False), start=10_900)",
)

NOTEBOOK = """const app = window.jupyterapp;
    const main = [...app.shell.widgets("main")];
    const notebook = main.find((w) => w.content?.activeCellIndex !== undefined);"""

OPEN_VIEW = f"""async (cell) => {{
    {NOTEBOOK}
    app.shell.mode = "multiple-document";
    app.shell.activateById(notebook.id);
    notebook.content.activeCellIndex = cell;
    await app.commands.execute("notebook:create-output-view");
    app.shell.mode = "single-document";
    app.shell.collapseLeft();
}}"""

RUN_CELL = f"""(cell) => {{
    {NOTEBOOK}
    const view = main.find((w) => w !== notebook);
    app.shell.activateById(notebook.id);
    notebook.content.activeCellIndex = cell;
    void app.commands.execute("notebook:run-cell");
    app.shell.activateById(view.id);
}}"""

SAVE = f"() => {{ {NOTEBOOK} void notebook.context.save(); }}"

RUN_ALL = "window.jupyterapp.commands.execute('notebook:run-all-cells')"

CENTRES = """(selector) => [...document.querySelectorAll('.jp-LinkedOutputView ' + selector)]
    .map((one) => one.getBoundingClientRect()).filter((box) => box.width > 0)
    .map((box) => box.x + box.width / 2).sort((a, b) => a - b)"""


def busiest_second(received):
    """Most comm messages, and most bytes outside frames and thumbnails, in any one second."""
    sent = []
    for payload in received:
        data = payload if isinstance(payload, bytes) else payload.encode()
        if b'"comm_msg"' in data:
            # When the kernel sent it: a page, or this test, may be late to look.
            when = datetime.fromisoformat(re.search(rb'"date": ?"([^"]+)"', data)[1].decode())
            sent.append((when.timestamp(), 0 if b"data:image/png" in data else len(data)))
    assert sent
    windows = [[n for t, n in sent if begin <= t < begin + 1] for begin, _ in sent]
    return max(map(len, windows)), max(map(sum, windows))


@pytest.fixture
def notebook(lab_root):
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(
        nbformat.v4.new_notebook(cells=cells, metadata=kernel), lab_root / "run_dialog.ipynb"
    )
    return "run_dialog.ipynb"


def view(page):
    panel = page.locator(".jp-LinkedOutputView:visible .fb-root")
    panel.locator(".fb-figure svg").first.wait_for(timeout=20_000)
    return panel


def points_taken(panel) -> int:
    return panel.locator(".fb-star").count()


def test_before_during_and_after_a_run(notebook, lab_root, lab_url, open_notebook, screenshot):
    page = open_notebook(notebook)
    page.evaluate(RUN_ALL)
    page.wait_for_selector(".fb-root .fb-say", state="attached", timeout=60_000)
    page.evaluate(OPEN_VIEW, 1)
    panel = view(page)

    # Before a run: one list, in the place of the result.
    assert first_line(panel) == "Ready."
    assert panel.locator(".fb-before li").count() == 6
    assert panel.locator(".fb-before").inner_text().count("✓") == 6
    step_size = panel.get_by_label("Step size")
    step_size.press_sequentially("0")
    assert panel.locator(".fb-error").count() == 0, "a half-typed number is no error"
    step_size.fill("3000")
    step_size.press("Enter")
    wait_for(lambda: first_line(panel) == "✕Not ready: a run would fail.", 10)
    assert "lower the step size to 2555" in panel.locator(".fb-second").inner_text()
    run = panel.get_by_role("button", name="Run", exact=True)
    assert run.is_disabled()
    assert "beyond the focuser's limit" in run.get_attribute("title")
    page.wait_for_timeout(300)
    screenshot(page, "dialog-not-ready")

    # A profile: what differs is marked, taken back, saved, and compared.
    press(panel, "profile: 60 ↺")
    wait_for(lambda: first_line(panel) == "Ready.", 10)
    press(panel, "▸ Profile")
    panel.get_by_label("File").fill("newton.json")
    press(panel, "Save")
    wait_for(lambda: panel.locator(".fb-said").inner_text() == "Saved as newton.json.", 10)
    step_size.fill("70")
    step_size.press("Enter")
    press(panel, "Save")
    press(panel, "Keep it")
    press(panel, "Compare")
    wait_for(lambda: "Step size 60 there, 70 here" in panel.locator(".fb-said").inner_text(), 10)
    page.wait_for_timeout(200)
    screenshot(page, "dialog-profile")
    press(panel, "Load")
    wait_for(lambda: step_size.input_value() == "60", 10)
    press(panel, "▾ Profile")

    # A whole run, and what the kernel sends to the page in the meantime.
    page.received.clear()
    press(panel, "Run")
    wait_for(lambda: panel.locator(".fb-line.fb-ok").count() > 0, 90)
    best = re.match(r"✓?Focused at (102\d\d), ± \d+ steps\.", first_line(panel))[1]
    wait_for(lambda: panel.locator(".fb-star img").count() >= 9, 10)
    messages, octets = busiest_second(page.received)
    assert messages <= 80
    assert octets <= 500_000

    # Curve, stars and counts stand below each other.
    page.wait_for_timeout(500)
    screenshot(page, "dialog-done")
    stars, ticks = (
        page.evaluate(CENTRES, ".fb-star"),
        page.evaluate(CENTRES, ".fb-figure .axis .tick"),
    )
    for star in stars:
        assert min(abs(star - tick) for tick in ticks) < 1.5, (stars, ticks)

    # A click on a point, and the keyboard on a thumbnail, show its frame.
    panel.locator(".fb-figure .object_grp").nth(3).click()
    panel.locator(".fb-point .fb-point-frame").wait_for(timeout=10_000)
    assert panel.locator(".fb-point-frame rect.fb-box").count() > 20
    page.wait_for_timeout(500)
    screenshot(page, "dialog-point")
    press(panel, "Back to the result")
    wait_for(lambda: panel.locator(".fb-point-frame").count() == 0, 10)
    panel.locator("button.fb-look:visible").first.focus()
    page.keyboard.press("Enter")
    wait_for(lambda: "Point 1 of 9".upper() in panel.locator(".fb-right").inner_text().upper(), 10)
    press(panel, "Back to the result")

    # The tab is closed in mid-run. Opened again, the saved notebook shows the run as it is.
    page.evaluate(SAVE)
    wait_for(lambda: "AutofocusPanel" in (lab_root / notebook).read_text(), 20)
    exposure = panel.get_by_label("Exposure")
    exposure.fill("15")
    exposure.press("Enter")
    panel.get_by_role("button", name="profile: 3 ↺").wait_for(timeout=10_000)
    press(panel, "Run")
    wait_for(lambda: first_line(panel).startswith("Point 3 of 9"), 60)
    context, complaints = page.context, page.complaints
    page.close()
    page = context.new_page()
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.goto(f"{lab_url}/lab/tree/{notebook}?token={TOKEN}&reset")
    page.wait_for_selector(".fb-root .fb-say", state="attached", timeout=60_000)
    page.evaluate(OPEN_VIEW, 1)
    panel = view(page)
    assert re.match("Point [3-9] of 9|[3-9] of 9", first_line(panel)), first_line(panel)
    assert panel.locator(".fb-star img").count() >= 2
    # Its cell executed again joins the run; it starts no other.
    page.evaluate(RUN_CELL, 1)
    wait_for(lambda: "by another panel or page" in panel.locator(".fb-second").inner_text(), 20)
    assert points_taken(panel) >= 2
    wait_for(lambda: points_taken(panel) >= 4, 60)
    assert "Finish" in panel.locator(".fb-right").inner_text()
    page.wait_for_timeout(200)
    screenshot(page, "dialog-running")
    press(panel, "Cancel")
    wait_for(lambda: first_line(panel) == f"–Cancelled. The focuser is back at {best}.", 20)
    page.wait_for_timeout(300)
    screenshot(page, "dialog-cancelled")

    # How a run looks that ended otherwise.
    for cell, name, words in (
        (3, "failed", "The camera did not answer for 10 s."),
        (4, "no-fit", "No fit. Moved to 10"),
        (5, "not-focused", "Not focused. The focuser is back at 10900."),
    ):
        page.evaluate(OPEN_VIEW, cell)
        panel = view(page)
        wait_for(lambda words=words, panel=panel: words in first_line(panel), 20)
        page.wait_for_timeout(600)
        screenshot(page, f"dialog-{name}")

    unexpected = [said for said in complaints if not any(h in said for h in HARMLESS)]
    assert unexpected == []
