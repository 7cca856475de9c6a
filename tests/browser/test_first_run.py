"""The first notebook in a real JupyterLab, as a person does it: look, click, type."""

import re

import pytest

from tests.browser.stage import CLOSE_VIEWS, first_line, press, second_line, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

START = 10_220
"""Where the simulated focuser stands at first: best focus − 30."""


def position(panel) -> int:
    return int(panel.locator(".fb-position").inner_text())


def n_points(panel) -> int:
    """Point marks on the chart."""
    return panel.locator(".fb-figure .object_grp").count()


def test_from_the_notebook_to_a_saved_package(stage, lab_root):
    stage.whole("01_first_run.ipynb")
    stage.screenshot("notebook")
    packages = set((lab_root / "af_packages").iterdir())
    panel = stage.view("AutofocusPanel(")
    panel.locator(".fb-figure svg").first.wait_for(timeout=10_000)

    # Before a run: the panel says what will happen, and why two buttons are not live yet.
    assert first_line(panel) == "Ready."
    assert position(panel) == START
    assert "Sweeps 10460 → 9980, 9 frames" in panel.locator(".fb-advice").inner_text()
    assert panel.get_by_role("button", name="Cancel").is_disabled()
    stage.screenshot("autofocus-idle", 400)
    assert stage.not_reached_by_tab(panel) == []

    # A bad value is refused under its field; the last valid one stays in force.
    step_size = panel.get_by_label("Step size")
    step_size.fill("0")
    step_size.press("Enter")
    error = panel.locator(".fb-error")
    error.wait_for(timeout=5_000)
    assert error.inner_text() == "Step size must be 1 or more. Still using 60."
    stage.screenshot("autofocus-field-error")
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
                stage.screenshot("autofocus-running", 0)
        return panel.locator(".fb-line.fb-ok").count() > 0

    wait_for(run_is_over, 60)
    assert seen == sorted(seen)
    assert len(seen) >= 7, f"points did not arrive one by one: {seen}"
    verdict = re.fullmatch(r"✓?Focused at (\d+), ± \d+ steps\.", first_line(panel))
    assert verdict, first_line(panel)
    # The simulated focus is at 10 250; a quarter of the step size is 15.
    assert abs(int(verdict[1]) - 10_250) <= 15
    assert position(panel) == int(verdict[1])
    assert "The validation frame" in second_line(panel)
    assert "best fit" in panel.locator(".fb-legend").inner_text()
    stage.screenshot("autofocus-done", 400)
    panel.get_by_label("Night").check()
    stage.screenshot("autofocus-night", 400)
    panel.get_by_label("Night").uncheck()
    stage.dark("autofocus-dark")

    # It was saved, and the panel says where.
    (package,) = set((lab_root / "af_packages").iterdir()) - packages
    assert package.name in panel.locator(".fb-right").inner_text().replace("\n", "")
    assert (package / "manifest.json").is_file()

    # A key pressed on a panel in its own tab, the documented place, is nobody else's. Inside a
    # notebook it reaches the notebook: pressed twice, d deletes the cell.
    n_cells = stage.n_cells()
    panel.get_by_role("button", name="▸ Points").focus()
    stage.page.keyboard.press("d")
    stage.page.keyboard.press("d")
    stage.page.wait_for_timeout(200)
    assert stage.n_cells() == n_cells
    stage.page.evaluate(CLOSE_VIEWS)
    inside = stage.page.locator(".jp-Notebook .fb-root:has(.fb-form)")
    inside.scroll_into_view_if_needed()
    inside.get_by_role("button", name="▸ Points").focus()
    stage.page.keyboard.press("d")
    stage.page.keyboard.press("d")
    wait_for(lambda: stage.n_cells() == n_cells - 1, 5)
