"""Notebook 05 as a person uses it: start a night, watch it, pause, compare sets of triggers."""

import pytest

from tests.browser.stage import OPEN_VIEW, press, second_line, until_it_says, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def test_a_person_starts_a_night_pauses_and_lets_it_end(stage):
    panel = stage.cells_of("05_stay_in_focus.ipynb", "SequencePanel(")
    until_it_says(panel, "Ready for 8 frames", 60)
    stage.screenshot("sequence-ready", 300)
    assert stage.not_reached_by_tab(panel) == []
    press(panel, "Start")
    until_it_says(panel, "Focusing.", 60)
    stage.screenshot("sequence-focusing")
    press(panel, "Pause")
    until_it_says(panel, "Paused.", 90)
    assert "Resume goes on with M 31" in second_line(panel)
    stage.screenshot("sequence-paused", 300)
    press(panel, "Resume")
    until_it_says(panel, "All 8 frames are taken.", 90)
    wait_for(lambda: panel.locator("svg[aria-label^='HFR: 8 frames']").count() == 1, 5)
    stage.screenshot("sequence-done", 300)
    panel.get_by_label("Night").check()
    stage.screenshot("sequence-night", 300)
    panel.get_by_label("Night").uncheck()
    stage.dark("sequence-dark")


def test_a_person_compares_sets_of_triggers(stage):
    stage.whole("05_stay_in_focus.ipynb")
    stage.page.evaluate(OPEN_VIEW, "compare_triggers(night, sets)")
    view = stage.page.locator(".jp-LinkedOutputView:visible .fb-root").first
    wait_for(lambda: view.locator(".fb-sets tbody tr").count() == 5, 60)
    assert view.locator(".fb-set").count() == 5
    stage.screenshot("triggers-compared", 300)
    view.locator("summary").first.click()
    wait_for(lambda: "first frame: none was taken yet" in view.inner_text(), 5)
