"""How soon a click is answered in the page while a 61 Mpx run is measured anew.

    python -m benchmarks.page
    python -m benchmarks.page --megapixels 16 --points 9

A run is rendered and saved, then opened in the package browser in a real JupyterLab in headless
Chromium. While *Measure* works, the heads of the table are clicked one after the other; timed is,
in the page, from the click to the moment at which the head shows that the table is sorted by it,
which only the kernel can answer. The same clicks are timed before, while nothing goes on.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import focusbench as fb
from tests.browser.lab import INSTALL, find_chromium, running_chromium, running_lab
from tests.browser.stage import Stage, first_line, press, wait_for

SHAPES = {1: (768, 1024), 16: (3460, 4624), 61: (6388, 9576)}

CLICK = """async (head) => {
    const before = head.innerText;
    const began = performance.now();
    head.click();
    while (head.innerText === before) await new Promise((wake) => setTimeout(wake, 4));
    return performance.now() - began;
}"""


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megapixels", type=int, default=61, choices=SHAPES)
    parser.add_argument("--points", type=int, default=5)
    given = parser.parse_args()
    chromium = find_chromium()
    if chromium is None:
        parser.error(INSTALL)
    with tempfile.TemporaryDirectory() as folder:
        root, home = Path(folder) / "root", Path(folder) / "home"
        root.mkdir()
        home.mkdir()
        render(root / "runs", SHAPES[given.megapixels], given.points)
        with running_lab(root, home) as url, running_chromium(chromium) as browser:
            context = browser.new_context(viewport={"width": 1280, "height": 720})
            idle, busy, took_s = clicks(Stage(context, url, root, lambda *_: None))
    print(f"{given.megapixels} Mpx, {given.points} points, measured anew in {took_s:.1f} s")
    print("                  clicks   median    worst   of 0.3 s")
    for name, times in (("nothing goes on", idle), ("while measuring", busy)):
        median, worst = statistics.median(times), max(times)
        print(f"{name:17s} {len(times):5d}   {median:5.0f} ms {worst:5.0f} ms   {worst / 300:6.2f}")


def render(folder: Path, shape: tuple[int, int], points: int) -> None:
    """Save a run with all its frames."""
    rig = fb.simulated_rig(best_focus=10_250, seed=1, shape=shape, n_stars=900)
    options = fb.AutofocusOptions(step_size=60, data_points=points, smart_focus=False)
    fb.autofocus(rig, options, save_packages_to=folder)


def clicks(stage: Stage) -> tuple[list[float], list[float], float]:
    """Times of clicks while nothing goes on and while the run is measured, ms; how long it took."""
    panel = stage.show("import focusbench as fb\nfb.PackageBrowser('runs')")
    heads = panel.locator("button.fb-head")
    row = panel.locator(".fb-row > button:enabled")
    wait_for(lambda: row.count() == 1, 60)
    row.first.click()
    wait_for(lambda: first_line(panel).endswith("°C."), 120)
    press(panel, "Re-measure…")
    diameter = panel.locator(".fb-option-min_star_diameter_px input")
    diameter.fill("4")
    diameter.press("Enter")
    idle = [heads.nth(i % 4).evaluate(CLICK) for i in range(40)]
    press(panel, "Measure")
    wait_for(lambda: "Measuring" in first_line(panel), 20)
    began, busy = time.monotonic(), []
    while "Measuring" in first_line(panel):
        busy.append(heads.nth(len(busy) % 4).evaluate(CLICK))
    return idle, busy, time.monotonic() - began


if __name__ == "__main__":
    main()
