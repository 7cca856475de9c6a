"""The workbench as a person uses it in a night: focus by hand, run, look at the run, tune."""

import pytest

from tests.browser.stage import press, until_it_says, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


def test_a_night_on_one_page(stage):
    bench = stage.cells_of("06_workbench.ipynb", "fb.Workbench(")

    def turn_to(name):
        press(bench, name)
        panel = bench.locator(".fb-place:visible .fb-root").first
        panel.locator(".fb-line:visible").first.wait_for(timeout=10_000)
        return panel

    rig = turn_to("Rig")
    assert rig.get_by_role("button", name="Search").is_enabled()
    focus = turn_to("Focus")
    press(focus, "+10")
    wait_for(lambda: focus.locator(".fb-position").inner_text() == "10230", 10)
    press(focus, "Take frame")
    until_it_says(focus, "HFR")
    stage.screenshot("workbench-focus", 400)

    run = turn_to("Auto focus")
    wait_for(lambda: run.locator(".fb-position").inner_text() == "10230", 10)
    press(run, "Run")
    wait_for(lambda: run.locator(".fb-line.fb-ok").count() > 0, 60)
    stage.screenshot("workbench-run", 400)

    # The run just made is in the table, and goes from there to the tuning page.
    packages = turn_to("Packages")
    row = packages.locator(".fb-row > button:enabled")
    wait_for(lambda: row.count() > 0)
    row.first.click()
    wait_for(lambda: "1 RUN PICKED" in packages.locator(".fb-picks").inner_text().upper())
    stage.screenshot("workbench-packages", 300)
    press(packages, "Tune from these…")
    tuning = bench.locator(".fb-place:visible .fb-root").first
    wait_for(lambda: tuning.locator(".fb-run input:checked").count() == 1)
    wait_for(tuning.get_by_role("button", name="Study", exact=True).is_enabled, 10)
    stage.screenshot("workbench-tuning", 300)
    assert stage.not_reached_by_tab(bench) == []
    bench.get_by_label("Night").first.check()
    stage.screenshot("workbench-night", 300)
    bench.get_by_label("Night").first.uncheck()
    stage.dark("workbench-dark")
