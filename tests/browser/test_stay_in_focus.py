"""Notebook 05 as a person uses it: start a night, watch it, pause, compare sets of triggers."""

import time

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

HARMLESS = ("A negative value is not valid",)
"""bqplot at size 0, in a panel that is not shown yet."""

OPEN_IN_ITS_OWN_TAB = """async (text) => {
    const app = window.jupyterapp;
    const notebook = app.shell.currentWidget.content;
    const at = notebook.widgets.findIndex(
        (cell) => cell.model.sharedModel.source.includes(text) && cell.model.type === "code"
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


def test_a_person_starts_a_night_pauses_and_lets_it_end(open_notebook, screenshot):
    page = open_notebook("05_stay_in_focus.ipynb")
    page.evaluate(OPEN_IN_ITS_OWN_TAB, "SequencePanel(")
    panel = page.locator(".jp-LinkedOutputView .fb-root")
    first = panel.locator(".fb-first")

    def press(name):
        panel.get_by_role("button", name=name, exact=True).click()

    wait_until(lambda: "Ready for 8 frames" in first.inner_text(), 90)
    page.wait_for_timeout(300)
    screenshot(page, "sequence-ready")
    press("Start")
    wait_until(lambda: "Focusing." in first.inner_text(), 60)
    screenshot(page, "sequence-focusing")
    press("Pause")
    wait_until(lambda: "Paused." in first.inner_text(), 90)
    assert "Resume goes on with M 31" in panel.locator(".fb-second").inner_text()
    page.wait_for_timeout(300)
    screenshot(page, "sequence-paused")
    press("Resume")
    wait_until(lambda: "All 8 frames are taken." in first.inner_text(), 90)
    wait_until(lambda: panel.locator("svg[aria-label^='HFR: 8 frames']").count() == 1, 5)
    page.wait_for_timeout(300)
    screenshot(page, "sequence-done")
    panel.get_by_label("Night").check()
    page.wait_for_timeout(300)
    screenshot(page, "sequence-night")
    assert [c for c in page.complaints if not any(h in c for h in HARMLESS)] == []


def test_a_person_compares_sets_of_triggers(open_notebook, screenshot):
    page = open_notebook("05_stay_in_focus.ipynb")
    page.evaluate(OPEN_IN_ITS_OWN_TAB, "compare_triggers(night, sets)")
    view = page.locator(".jp-LinkedOutputView .fb-root")
    wait_until(lambda: view.locator(".fb-sets tbody tr").count() == 5, 90)
    assert view.locator(".fb-set").count() == 5
    page.wait_for_timeout(300)
    screenshot(page, "triggers-compared")
    view.locator("summary").first.click()
    wait_until(lambda: "first frame: none was taken yet" in view.inner_text(), 5)
    assert [c for c in page.complaints if not any(h in c for h in HARMLESS)] == []
