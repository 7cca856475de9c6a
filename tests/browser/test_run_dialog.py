"""The run dialog in a real JupyterLab: before, during and after a run, and how each end looks."""

import re

import pytest

from tests.browser.stage import first_line, press, second_line, until_it_says, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

CELLS = (
    """import focusbench as fb
from focusbench.errors import DeviceTimeout
rig = fb.simulated_rig(best_focus=10_250, seed=1, live=True, speed=8)
options = fb.AutofocusOptions(step_size=60, data_points=9, exposure_s=3)""",
    "fb.AutofocusPanel(rig, options, save_packages_to=None)",
)

ENDS = (
    """import focusbench as fb
from focusbench.errors import DeviceTimeout
options = fb.AutofocusOptions(step_size=60, data_points=9, exposure_s=3)
def after_a_run(options, camera_dies=False, **sky):
    rig = fb.simulated_rig(best_focus=10_250, seed=2, shape=(384, 512), n_stars=70, **sky)
    if camera_dies:
        taken, read = [], rig.camera.read_image
        def read_image():
            taken.append(1)
            if len(taken) > 4:
                raise DeviceTimeout("camera", "The camera did not answer for 10 s.")
            return read()
        rig.camera.read_image = read_image
    panel = fb.AutofocusPanel(rig, options, save_packages_to=None)
    panel.session.run(options)
    return panel""",
    "after_a_run(options, camera_dies=True)",
    "after_a_run(options.replace(curve='parabola', veto=False, min_quality=1))",
    "after_a_run(options.replace(smart_focus=False, data_points=7), start=10_700)",
    "after_a_run(options.replace(data_points=5, max_travel=300), start=10_700)",
)

CENTRES = """(selector) => [...document.querySelectorAll('.jp-LinkedOutputView ' + selector)]
    .map((one) => one.getBoundingClientRect()).filter((box) => box.width > 0)
    .map((box) => box.x + box.width / 2).sort((a, b) => a - b)"""


def points_taken(panel) -> int:
    return panel.locator(".fb-star").count()


def right(panel) -> str:
    return panel.locator(".fb-right").inner_text()


def test_before_during_and_after_a_run(stage, lab_root):
    panel = stage.show(*CELLS)
    page = stage.page
    panel.locator(".fb-figure svg").first.wait_for(timeout=20_000)

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
    assert "lower the step size to 2555" in second_line(panel)
    run = panel.get_by_role("button", name="Run", exact=True)
    assert run.is_disabled()
    assert "beyond the focuser's limit" in run.get_attribute("title")
    stage.screenshot("dialog-not-ready")

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
    stage.screenshot("dialog-profile")
    press(panel, "Load")
    wait_for(lambda: step_size.input_value() == "60", 10)
    press(panel, "▾ Profile")

    # A whole run, and what the kernel sends to the page in the meantime.
    stage.received.clear()
    press(panel, "Run")
    wait_for(lambda: panel.locator(".fb-line.fb-ok").count() > 0, 60)
    best = re.match(r"✓?Focused at (102\d\d), ± \d+ steps\.", first_line(panel))[1]
    wait_for(lambda: panel.locator(".fb-star img").count() >= 9, 10)
    flushes, messages, octets = stage.busiest_second()
    assert flushes <= 10
    assert messages <= 80
    assert octets <= 500_000

    # Curve, stars and counts stand below each other.
    stage.screenshot("dialog-done", 300)
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
    stage.screenshot("dialog-point", 300)
    press(panel, "Back to the result")
    wait_for(lambda: panel.locator(".fb-point-frame").count() == 0, 10)
    panel.locator("button.fb-look:visible").first.focus()
    page.keyboard.press("Enter")
    wait_for(lambda: "POINT 1 OF 9" in right(panel).upper(), 10)
    press(panel, "Back to the result")

    # The tab is closed in mid-run. Opened again, the saved notebook shows the run as it is.
    exposure = panel.get_by_label("Exposure")
    exposure.fill("15")
    exposure.press("Enter")
    panel.get_by_role("button", name="profile: 3 ↺").wait_for(timeout=10_000)
    press(panel, "Run")
    wait_for(lambda: first_line(panel).startswith("Point 2 of 9"), 60)
    stage.open_again()
    panel = stage.view(1)
    assert re.match("Point [2-9] of 9|[2-9] of 9", first_line(panel)), first_line(panel)
    wait_for(lambda: points_taken(panel) >= 2, 20)
    # What is clicked in it still arrives.
    panel.locator(".fb-figure .object_grp").first.click()
    panel.locator(".fb-point .fb-point-frame").wait_for(timeout=10_000)
    press(panel, "Back to the result")
    # Its cell executed again joins the run; it starts no other.
    stage.execute_again(1)
    wait_for(lambda: "by another panel or page" in second_line(panel), 20)
    assert points_taken(panel) >= 2
    wait_for(lambda: "Finish" in right(panel), 20)
    stage.screenshot("dialog-running")
    press(panel, "Cancel")
    # The promise is one second of real time, read off the page like a person would.
    back = panel.locator(".fb-position")
    assert wait_for(lambda: back.inner_text() == best, 20) < 1.0
    wait_for(lambda: first_line(panel) == f"–Cancelled. The focuser is back at {best}.", 20)
    stage.screenshot("dialog-cancelled", 300)


def test_how_a_run_looks_that_ended_otherwise(stage):
    stage.cells(*ENDS)
    for cell, name, words in (
        (1, "failed", "The camera did not answer for 10 s."),
        (2, "no-fit", "No fit. Moved to 10"),
        (3, "not-focused", "Not focused. The focuser is back at 10700."),
        (4, "lost", "Not focused: gave up"),
    ):
        panel = stage.view(cell)
        panel.locator(".fb-figure svg").first.wait_for(timeout=20_000)
        until_it_says(panel, words)
        stage.screenshot(f"dialog-{name}", 400)
    stage.dark("dialog-lost-dark")
    panel.get_by_label("Night").check()
    stage.screenshot("dialog-lost-night", 300)
    panel.get_by_label("Night").uncheck()


def test_twenty_runs_leave_no_comm_behind(stage):
    panel = stage.show(
        """import focusbench as fb
rig = fb.simulated_rig(best_focus=10_250, seed=1, shape=(160, 224), n_stars=40)
options = fb.AutofocusOptions(step_size=90, data_points=5, smart_focus=False)
panel = fb.AutofocusPanel(rig, options, save_packages_to=None)
panel"""
    )
    press(panel, "Run")
    wait_for(lambda: points_taken(panel) == 5)
    before = stage.n_comms()
    stage.run("for _ in range(20): panel.session.run(panel.form.value)")
    wait_for(lambda: points_taken(panel) == 5)
    assert stage.n_comms() == before
