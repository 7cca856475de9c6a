"""The tuning notebook as a person uses it: pick packages, study, click a cell, copy the advice."""

import re
import time

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

RUN_TO_THE_PANEL = """async () => {
    const app = window.jupyterapp;
    const notebook = app.shell.currentWidget.content;
    const at = notebook.widgets.findIndex(
        (cell) => cell.model.sharedModel.source.includes("TuningPanel(")
            && cell.model.type === "code"
    );
    notebook.activeCellIndex = at + 1;
    await app.commands.execute("notebook:run-all-above");
    notebook.activeCellIndex = at;
    await app.commands.execute("notebook:create-output-view");
    app.shell.mode = "single-document";
    app.shell.collapseLeft();
}"""


def wait_until(condition, seconds):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.05)


def test_a_person_goes_from_packages_to_the_numbers_to_type_in(open_notebook, screenshot):
    page = open_notebook("04_tune.ipynb")
    page.evaluate(RUN_TO_THE_PANEL)
    panel = page.locator(".jp-LinkedOutputView .fb-root")
    first, second = panel.locator(".fb-first"), panel.locator(".fb-second")

    def press(name):
        panel.get_by_role("button", name=name, exact=True).click()

    # Pick packages: the three runs are ticked; one is left out and taken back.
    wait_until(lambda: panel.locator(".fb-run").count() == 3, 90)
    one = panel.locator(".fb-run input").nth(1)
    one.uncheck()
    wait_until(lambda: "from 2 packages" in second.inner_text(), 5)
    one.check()
    wait_until(lambda: "from 3 packages" in second.inner_text(), 5)
    trials = panel.get_by_label("Runs each")
    trials.fill("60")
    trials.press("Enter")
    page.wait_for_timeout(300)
    screenshot(page, "tuning-packages")

    # Study: cells fill in as they are done.
    press("Study")
    filled = panel.locator(".fb-heat button:not([disabled])")
    wait_until(lambda: filled.count() >= 3, 60)
    screenshot(page, "tuning-running")
    wait_until(lambda: "Study finished" in first.inner_text(), 90)
    head = re.search(
        r"(\d+) data points, step size (\d+)\.", panel.locator(".fb-advised").inner_text()
    )
    assert head, panel.locator(".fb-advise").inner_text()
    picked = panel.locator(".fb-heat button.fb-picked")
    wait_until(lambda: picked.count() == 1, 5)
    page.wait_for_timeout(400)
    screenshot(page, "tuning-done")

    # Click a cell that does not keep focus: such runs are shown, those without a focus as Xs.
    panel.locator(".fb-heat button.fb-hatched").first.click()
    runs = panel.locator(".fb-middle .fb-section")
    wait_until(lambda: "WITHOUT A FOCUS" in panel.locator(".fb-two-plots").inner_text().upper(), 5)
    assert "60 SUCH RUNS" in runs.inner_text().upper()
    press("In the zone")
    wait_until(lambda: " to " in picked.inner_text(), 5)
    page.wait_for_timeout(300)
    screenshot(page, "tuning-cell")
    press("Error")

    # Copy the advice: what changes is named first, and can be taken back.
    points, step = head[1], head[2]
    panel.locator(f'.fb-heat button[title^="{points} data points, step size {step}:"]').click()
    press(f"Copy {points} × {step} into options")
    words = panel.locator(".fb-copy-words")
    wait_until(lambda: f"step size 30 → {step}" in words.inner_text().lower(), 5)
    page.wait_for_timeout(200)
    screenshot(page, "tuning-copy")
    press("Copy")
    wait_until(lambda: "Copied." in words.inner_text(), 5)
    assert "N.I.N.A." in panel.locator(".fb-programs").inner_text()
    panel.get_by_label("Night").check()
    page.wait_for_timeout(400)
    screenshot(page, "tuning-night")
    press("Undo")
    wait_until(lambda: words.inner_text() == "", 5)
    assert page.complaints == []
