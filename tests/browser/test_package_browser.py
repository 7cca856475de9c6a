"""The package browser as a person uses it: find, pick, compare, measure anew, export, open."""

import json
import re
import shutil
import time

import nbformat
import pytest

from tests.af_packages.foreign import hocus_report
from tests.conftest import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

# bqplot draws a figure that is updated while its tab is hidden, at size 0.
HARMLESS = ("A negative value is not valid",)
SAMPLES = ROOT / "data" / "sample_packages"
SHOWN = ("good", "outlier", "backlash", "flat", "galaxy", "noise", "edge", "cloud", "few_stars")

RUN_ALL_AND_SHOW = """async () => {
    const app = window.jupyterapp;
    const notebook = app.shell.currentWidget.content;
    await app.commands.execute("notebook:run-all-cells");
    notebook.activeCellIndex = notebook.widgets.length - 1;
    await app.commands.execute("notebook:create-output-view");
    app.shell.mode = "single-document";
    app.shell.collapseLeft();
}"""


@pytest.fixture
def archive(lab_root):
    """Our own packages, a night of another program's reports, and a file that is torn."""
    folder = lab_root / "archive"
    folder.mkdir()
    for name in SHOWN:
        shutil.copy(SAMPLES / f"{name}.zip", folder)
    for night in range(4):
        report = hocus_report(range(25_013, 24_800, -25), Filter="Ha", Temperature=13.0 - night)
        for point in report["MeasurePoints"]:
            point["Position"] -= 9.0 * night
        report["Timestamp"] = f"2026-11-22T{19 + night}:30:00+00:00"
        (folder / f"night{night}.json").write_text(json.dumps(report))
    (folder / "torn.json").write_text('{"MeasurePoints": [')
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(
                "import focusbench as fb\nfb.PackageBrowser('archive', export_to='exports')"
            )
        ],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    nbformat.write(notebook, lab_root / "browse.ipynb")
    return folder


def wait_until(condition, seconds=20):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.05)


def test_a_person_finds_compares_remeasures_and_exports_runs(
    archive, lab_root, open_notebook, screenshot
):
    page = open_notebook("browse.ipynb")
    page.evaluate(RUN_ALL_AND_SHOW)
    panel = page.locator(".jp-LinkedOutputView .fb-root").first
    said, second = panel.locator(".fb-first").first, panel.locator(".fb-second").first
    wait_until(lambda: "Pick a run" in said.inner_text(), 60)
    header = panel.locator(".fb-header").first
    assert re.search(r"archive · 13 runs · \d nights?", header.inner_text())
    rows = panel.locator(".fb-cells:visible")
    assert rows.count() == 11
    page.wait_for_timeout(300)
    screenshot(page, "packages-idle")

    # The file that could not be read is named, with its reason.
    panel.get_by_role("button", name="1 file not read…").click()
    wait_until(lambda: "torn.json" in panel.locator(".fb-unread").inner_text())
    screenshot(page, "packages-unread")
    panel.get_by_role("button", name="‹ Back to the runs").click()

    # Find, and pick with the keyboard alone.
    find = panel.get_by_placeholder("Find: Ha, not focused, 2026-11")
    find.fill("ha, 2026-11")
    wait_until(lambda: rows.count() == 4)
    assert "night" not in said.inner_text()
    toggles = panel.locator(".fb-row > button:enabled")
    for i in range(3):
        toggles.nth(i).focus()
        page.keyboard.press("Space")
    wait_until(lambda: "Focus moved from" in said.inner_text() and "by 2.0 °C" in said.inner_text())
    assert "3 runs in Ha give 9.0" in second.inner_text()
    legend = panel.locator(".fb-overlay .fb-legend")
    wait_until(lambda: legend.locator("div").count() == 3)
    page.wait_for_timeout(300)
    screenshot(page, "packages-picked")

    # Sorting and the second page.
    for i in range(3):
        toggles.nth(i).click()
    find.fill("")
    panel.get_by_role("button", name="Points", exact=True).click()
    panel.locator(".fb-foot button").nth(1).click()
    wait_until(lambda: "page 2 of 2" in panel.locator(".fb-foot").inner_text())
    assert rows.count() == 2

    # A run that took galaxies for stars, measured anew.
    find.fill("galaxy")
    wait_until(lambda: rows.count() == 1)
    toggles.first.click()
    wait_until(lambda: "Not focused: galaxy.zip" in said.inner_text())
    panel.get_by_role("button", name="Re-measure…").click()
    diameter = panel.locator(".fb-option-min_star_diameter_px input")
    diameter.fill("-1")
    diameter.press("Enter")
    wait_until(lambda: panel.locator(".fb-tray .fb-error").count() == 1)
    diameter.fill("6")
    diameter.press("Enter")
    panel.get_by_role("button", name="Measure", exact=True).click()
    wait_until(lambda: said.inner_text().startswith("Stored no focus; with 6 px minimum"), 60)
    found = re.search(r"([\d.]+) px at (\d+)\.$", said.inner_text())
    assert abs(int(found[2]) - 10_247) < 20
    page.wait_for_timeout(300)
    screenshot(page, "packages-remeasured")
    panel.get_by_role("button", name="Re-measure…").click()

    # Exports, which other programs open.
    panel.get_by_role("button", name="Export ▾").click()
    for ending, name in ((".csv", "CSV"), (".html", "HTML report"), (".nc", "netCDF")):
        panel.get_by_role("button", name=name, exact=True).click()
        wait_until(lambda e=ending: f"Exported galaxy{e}" in said.inner_text(), 30)
        assert (lab_root / "exports" / f"galaxy{ending}").stat().st_size > 500
    panel.get_by_role("button", name="Export ▾").click()

    # Opened, with the doctor's word; and at night.
    panel.get_by_role("button", name="Open", exact=True).click()
    facts = panel.locator(".fb-opened .fb-result")
    wait_until(lambda: "WHAT THE DOCTOR FINDS" in facts.inner_text().upper(), 30)
    assert panel.locator(".fb-lists").is_hidden()
    page.wait_for_timeout(400)
    screenshot(page, "packages-opened")
    panel.get_by_role("button", name="‹ All runs").click()
    wait_until(lambda: rows.count() == 1)
    panel.get_by_role("button", name="Clear").click()
    panel.get_by_label("Night").check()
    wait_until(lambda: rows.count() == 11)
    page.wait_for_timeout(300)
    screenshot(page, "packages-night")
    panel.get_by_label("Night").uncheck()

    # Everything fits into 1280×720 without scrolling.
    foot = panel.locator(".fb-foot").bounding_box()
    assert foot["y"] + foot["height"] <= 700
    unexpected = [one for one in page.complaints if not any(h in one for h in HARMLESS)]
    assert unexpected == []
