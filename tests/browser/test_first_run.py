"""The first notebook in a real JupyterLab, done as a person does it: look, click, type."""

import re
import time

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

# One by one, with the reason why each is harmless.
HARMLESS = (
    # bqplot draws a figure that is updated while its tab is hidden, at size 0.
    "attribute width: A negative value is not valid",
    "attribute height: A negative value is not valid",
)

START = 10_220
"""Where the simulated focuser stands at first: best focus − 30."""

OWN_TAB = """async () => {
    const app = window.jupyterapp;
    const notebook = app.shell.currentWidget.content;
    notebook.activeCellIndex = notebook.widgets.findIndex(
        (cell) => cell.model.sharedModel.source.includes("AutofocusPanel")
    );
    await app.commands.execute("notebook:create-output-view");
    app.shell.mode = "single-document";
    app.shell.collapseLeft();
}"""

CELLS_ARE_DONE = """() => [...document.querySelectorAll(".jp-InputPrompt")].every(
    (prompt) => !prompt.innerText.includes("*"))"""

FAILED_CELLS = """() => window.jupyterapp.shell.currentWidget.content.widgets.flatMap(
    (cell) => cell.model.outputs?.toJSON() ?? []
).filter((output) => output.output_type === "error").map((output) => output.evalue)"""


def press(panel, name: str) -> None:
    panel.get_by_role("button", name=name, exact=True).click()


def first_line(panel) -> str:
    return panel.locator(".fb-first").inner_text()


def position(panel) -> int:
    return int(panel.locator(".fb-position").inner_text())


def n_points(panel) -> int:
    """Point marks on the chart."""
    return panel.locator(".fb-figure .object_grp").count()


def wait_for(condition, seconds: float) -> float:
    """Wait until a condition holds; returns how many real seconds that took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "waited too long"
        time.sleep(0.02)
    return time.monotonic() - began


def test_first_run_from_the_notebook_to_cancel(open_notebook, screenshot):
    page = open_notebook("01_first_run.ipynb")
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_selector(".fb-root .fb-say", state="attached", timeout=90_000)
    page.wait_for_function(CELLS_ARE_DONE, timeout=90_000)
    assert page.evaluate(FAILED_CELLS) == []
    screenshot(page, "notebook")
    page.evaluate(OWN_TAB)
    panel = page.locator(".jp-LinkedOutputView .fb-root")
    panel.locator(".fb-figure svg").first.wait_for(timeout=10_000)

    # Before a run: the panel says what will happen, and why two buttons are not live yet.
    assert first_line(panel) == "Ready."
    assert position(panel) == START
    assert "Sweeps 10460 → 9980, 9 frames" in panel.locator(".fb-advice").inner_text()
    assert panel.get_by_role("button", name="Cancel").is_disabled()
    page.wait_for_timeout(500)
    screenshot(page, "autofocus-idle")

    # A bad value is refused under its field; the last valid one stays in force.
    step_size = panel.get_by_label("Step size")
    step_size.fill("0")
    step_size.press("Enter")
    error = panel.locator(".fb-error")
    error.wait_for(timeout=5_000)
    assert error.inner_text() == "Step size must be 1 or more. Still using 60."
    screenshot(page, "autofocus-field-error")
    step_size.fill("60")
    step_size.press("Enter")
    error.wait_for(state="detached", timeout=5_000)

    # Run: points arrive one by one, then fit, best focus and verdict.
    press(panel, "Run")
    seen = []

    def run_is_over() -> bool:
        count = n_points(panel)
        if "Point" in first_line(panel) and count not in seen:
            seen.append(count)
            if count == 5:
                screenshot(page, "autofocus-running")
        return panel.locator(".fb-line.fb-ok").count() > 0

    wait_for(run_is_over, 90)
    assert seen == sorted(seen)
    assert len(seen) >= 7, f"points did not arrive one by one: {seen}"
    verdict = re.fullmatch(r"✓?Focused at (\d+), ± \d+ steps\.", first_line(panel))
    assert verdict, first_line(panel)
    best = int(verdict[1])
    # The simulated focus is at 10 250; a quarter of the step size is 15.
    assert abs(best - 10_250) <= 15
    assert position(panel) == best
    assert "The validation frame" in panel.locator(".fb-second").inner_text()
    assert "best fit" in panel.locator(".fb-legend").inner_text()
    page.wait_for_timeout(500)
    screenshot(page, "autofocus-done")

    panel.get_by_label("Night").check()
    page.wait_for_timeout(500)
    screenshot(page, "autofocus-night")
    panel.get_by_label("Night").uncheck()

    # Run again, centred on the best focus; long exposures, so that Cancel falls into one.
    exposure = panel.get_by_label("Exposure")
    exposure.fill("16")
    exposure.press("Enter")
    press(panel, "Run again")
    wait_for(lambda: "Point 2 of 9: exposing" in first_line(panel), 60)
    assert position(panel) == best + 180
    press(panel, "Cancel")
    # The promise is one second of real time, read off the page like a person would.
    took_s = wait_for(lambda: position(panel) == best, 20)
    assert took_s < 1.0
    wait_for(lambda: "Cancelled." in first_line(panel), 5)
    assert f"The focuser is back at {best}." in first_line(panel)
    page.wait_for_timeout(500)
    screenshot(page, "autofocus-cancelled")

    unexpected = [said for said in page.complaints if not any(h in said for h in HARMLESS)]
    assert unexpected == []
