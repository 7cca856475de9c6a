"""The tuning notebook as a person uses it: pick packages, study, click a cell, copy the advice."""

import re

import pytest

from tests.browser.stage import wait_for

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


def test_a_person_goes_from_packages_to_the_numbers_to_type_in(stage):
    panel = stage.cells_of("04_tune.ipynb", "TuningPanel(")
    first, second = panel.locator(".fb-first"), panel.locator(".fb-second")

    def press(name):
        panel.get_by_role("button", name=name, exact=True).click()

    # Pick packages: the three runs are ticked; one is left out and taken back.
    wait_for(lambda: panel.locator(".fb-run").count() == 3, 90)
    one = panel.locator(".fb-run input").nth(1)
    one.uncheck()
    wait_for(lambda: "from 2 packages" in second.inner_text(), 5)
    one.check()
    wait_for(lambda: "from 3 packages" in second.inner_text(), 5)
    trials = panel.get_by_label("Runs each")
    trials.fill("60")
    trials.press("Enter")
    stage.screenshot("tuning-packages")

    # Study: cells fill in as they are done.
    press("Study")
    filled = panel.locator(".fb-heat button:not([disabled])")
    wait_for(lambda: filled.count() >= 3, 60)
    stage.screenshot("tuning-running")
    wait_for(lambda: "Study finished" in first.inner_text(), 90)
    head = re.search(
        r"(\d+) data points, step size (\d+)\.", panel.locator(".fb-advised").inner_text()
    )
    assert head, panel.locator(".fb-advise").inner_text()
    picked = panel.locator(".fb-heat button.fb-picked")
    wait_for(lambda: picked.count() == 1, 5)
    stage.screenshot("tuning-done")

    # Click a cell that does not keep focus: such runs are shown, those without a focus as Xs.
    panel.locator(".fb-heat button.fb-hatched").first.click()
    runs = panel.locator(".fb-middle .fb-section")
    wait_for(lambda: "WITHOUT A FOCUS" in panel.locator(".fb-two-plots").inner_text().upper(), 5)
    assert re.search(r": \d+ SUCH RUNS", runs.inner_text().upper())
    press("In the zone")
    wait_for(lambda: " to " in picked.inner_text(), 5)
    stage.screenshot("tuning-cell")
    press("Error")

    # Copy the advice: what changes is named first, and can be taken back.
    points, step = head[1], head[2]
    panel.locator(f'.fb-heat button[title^="{points} data points, step size {step}:"]').click()
    press(f"Copy {points} × {step} into options")
    words = panel.locator(".fb-copy-words")
    wait_for(lambda: f"step size 30 → {step}" in words.inner_text().lower(), 5)
    stage.screenshot("tuning-copy")
    press("Copy")
    wait_for(lambda: "Copied." in words.inner_text(), 5)
    assert "N.I.N.A." in panel.locator(".fb-programs").inner_text()
    panel.get_by_label("Night").check()
    stage.screenshot("tuning-night", 300)
    panel.get_by_label("Night").uncheck()
    stage.dark("tuning-dark")
    assert stage.not_reached_by_tab(panel) == []
    press("Undo")
    wait_for(lambda: words.inner_text() == "", 5)
