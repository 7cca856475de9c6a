"""The focus module in a real JupyterLab, done as a person does it: move, look, point, zoom."""

import re

import pytest

from tests.browser.stage import wait_for

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

CELL = """import focusbench as fb

rig = fb.simulated_rig(best_focus=10_250, seed=3, live=True, speed=8)
module = fb.FocusModule(rig, fb.AutofocusOptions(exposure_s=2))
module"""

START = 10_220


class Module:
    """What a person sees and does."""

    def __init__(self, stage) -> None:
        self.panel = stage.show(CELL)
        self.page = stage.page

    def press(self, name: str) -> None:
        self.panel.get_by_role("button", name=name, exact=True).click()

    def says(self) -> str:
        return self.panel.locator(".fb-say .fb-words").inner_text()

    def position(self) -> int:
        return int(self.panel.locator(".fb-position").inner_text())

    def boxes(self, colour: str):
        return self.panel.locator(f'.fb-over .object_grp path[style*="--fb-{colour})"]')

    def point_at(self, n: int) -> None:
        """Rest the pointer on a star; those that are kept come first."""
        self.page.mouse.move(1, 1)
        self.boxes("sky").nth(n).hover(force=True)

    def n_boxes(self) -> tuple[int, int]:
        return self.boxes("box").count(), self.boxes("boxout").count()


def test_focus_by_hand_from_the_first_frame_to_a_loop(stage):
    see = Module(stage)
    page = stage.page
    see.panel.locator(".fb-over svg").first.wait_for(timeout=10_000)

    # At first there is no frame, and the module says what Take frame would do.
    assert see.position() == START
    assert "No frame yet." in see.says()
    assert "Take frame exposes 2 s at 10220." in see.says()
    assert see.panel.get_by_role("button", name="Stop", exact=True).is_disabled()
    stage.screenshot("focus-module-empty")

    # In and out, by clicks that add up, by other steps, and to a position.
    see.press("+100")
    see.press("+10")
    wait_for(lambda: see.position() == START + 110)
    fine = see.panel.get_by_label("Fine")
    fine.fill("x")
    fine.press("Enter")
    error = see.panel.locator(".fb-error")
    error.wait_for(timeout=5_000)
    assert error.inner_text() == "This must be a number. Still using 10."
    fine.fill("20")
    fine.press("Enter")
    see.press("−20")
    wait_for(lambda: see.position() == START + 90)
    go_to = see.panel.get_by_label("Go to")
    go_to.fill("25100")
    see.press("Go")
    wait_for(lambda: error.count() == 1)
    assert error.inner_text() == "25100 is beyond the focuser's limit of 25000."
    stage.screenshot("focus-module-field-error")
    go_to.fill("20000")
    see.press("Go")
    wait_for(lambda: "Moving out to 20000" in see.says())
    see.press("Stop")
    wait_for(lambda: "Moving" not in see.says())
    assert START + 90 < see.position() < 20_000
    go_to.fill("10250")
    see.press("Go")
    wait_for(lambda: see.position() == 10_250)

    # A frame: its value, its stars, a box around each.
    see.press("Take frame")
    wait_for(lambda: see.n_boxes()[0] > 50, 40)
    value = re.search(r"HFR (\d\.\d\d) px ± 0\.\d\d, (\d+) of (\d+) stars", see.says())
    assert value, see.says()
    assert 1.5 < float(value[1]) < 2.3
    kept, dropped = see.n_boxes()
    assert (kept, kept + dropped) == (int(value[2]), int(value[3]))
    dashes = "path => getComputedStyle(path).strokeDasharray"
    assert see.boxes("box").first.evaluate(dashes) == "none"
    assert see.boxes("boxout").first.evaluate(dashes) != "none"

    # Why a star is left out, by pointing at it; a kept one tells its size and brightness.
    tooltip = page.locator(".bqplot_mark_tooltip:visible")
    see.point_at(kept)
    tooltip.wait_for(timeout=5_000)
    assert re.search(r"Left out: \w.*\n.*peak \d+ ADU", tooltip.inner_text())
    stage.screenshot("focus-module-frame")
    see.point_at(0)
    wait_for(lambda: re.match(r"HFR \d\.\d\d px · size \d+ px · peak \d+", tooltip.inner_text()))

    # A larger smallest star: fewer are kept, at once and without another frame.
    handle = see.panel.locator(".fb-slider .noUi-handle").first
    handle.focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    wait_for(lambda: see.n_boxes()[0] < kept - 20)
    assert "smaller than the minimum star diameter" in see.says()
    stage.screenshot("focus-module-min-diameter")
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    wait_for(lambda: see.n_boxes()[0] == kept)

    # To real pixels with the wheel, further with a button, and back.
    figure = see.panel.locator(".fb-frame").bounding_box()
    page.mouse.move(figure["x"] + figure["width"] / 2, figure["y"] + figure["height"] / 2 + 7)
    for _ in range(4):
        page.mouse.wheel(0, -250)
    wait_for(lambda: see.n_boxes()[0] < kept / 3)
    see.press("+")
    stage.screenshot("focus-module-zoomed", 500)
    see.press("Show all")
    wait_for(lambda: see.n_boxes()[0] == kept)

    # A loop: the focuser moves meanwhile, and Stop ends it.
    see.press("Loop")
    wait_for(lambda: "Frame 2:" in see.says(), 20)
    stage.screenshot("focus-module-loop")
    see.press("+100")
    wait_for(lambda: see.position() == 10_350)
    header = see.panel.locator(".fb-title")
    wait_for(lambda: "at 10350" in header.inner_text(), 20)
    assert see.panel.locator(".fb-over .object_grp path:not([style*='--fb-'])").count() == 0
    see.press("Stop")
    wait_for(lambda: "HFR" in see.says().split("\n")[0])
    # The stretch is still the automatic one: nobody has touched it.
    assert see.panel.get_by_label("Stretch").input_value() == "Auto"
    see.panel.get_by_label("Night").check()
    stage.screenshot("focus-module-night", 300)
    see.panel.get_by_label("Night").uncheck()
    stage.dark("focus-module-dark")
    assert stage.not_reached_by_tab(see.panel) == []

    # Auto focus runs: nothing can be pressed, every button says why, and its frames are shown.
    run = "module.session.start(fb.AutofocusOptions(step_size=50, exposure_s=1, binning=2))"
    stage.run(run)
    wait_for(lambda: "Auto focus is running." in see.says())
    wait_for(lambda: "at 10550" in header.inner_text() and "512×384" in header.inner_text(), 20)
    for name in ("Take frame", "Loop", "Stop", "Go", "+100"):
        button = see.panel.get_by_role("button", name=name, exact=True)
        assert button.is_disabled()
        assert "Auto focus is running" in button.get_attribute("title")
    stage.screenshot("focus-module-run")
    stage.run("module.session.cancel()")
    wait_for(lambda: see.position() == 10_350 and "Auto focus" not in see.says())
    wait_for(see.panel.get_by_role("button", name="Take frame").is_enabled)
