"""The package browser as a person uses it: find, pick, compare, measure anew, export, open."""

import json
import re
import shutil

import pytest

from tests.af_packages.foreign import hocus_report
from tests.browser.stage import wait_for
from tests.conftest import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

SAMPLES = ROOT / "data" / "sample_packages"
SHOWN = ("good", "outlier", "backlash", "flat", "galaxy", "noise", "edge", "cloud", "few_stars")

CELL = "import focusbench as fb\nfb.PackageBrowser('archive', export_to='exports')"


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
    return folder


def test_a_person_finds_compares_remeasures_and_exports_runs(archive, lab_root, stage):
    panel = stage.show(CELL)
    page = stage.page
    said, second = panel.locator(".fb-first").first, panel.locator(".fb-second").first
    wait_for(lambda: "Pick a run" in said.inner_text(), 60)
    header = panel.locator(".fb-header").first
    assert re.search(r"archive · 13 runs · \d nights?", header.inner_text())
    rows = panel.locator(".fb-cells:visible")
    assert rows.count() == 11
    stage.screenshot("packages-idle")

    # The file that could not be read is named, with its reason.
    panel.get_by_role("button", name="1 file not read…").click()
    wait_for(lambda: "torn.json" in panel.locator(".fb-unread").inner_text())
    stage.screenshot("packages-unread")
    panel.get_by_role("button", name="‹ Back to the runs").click()

    # Find, and pick with the keyboard alone.
    find = panel.get_by_placeholder("Find: Ha, not focused, 2026-11")
    find.fill("ha, 2026-11")
    wait_for(lambda: rows.count() == 4)
    assert "night" not in said.inner_text()
    toggles = panel.locator(".fb-row > button:enabled")
    for i in range(3):
        toggles.nth(i).focus()
        page.keyboard.press("Space")
    wait_for(lambda: "Focus moved from" in said.inner_text() and "by 2.0 °C" in said.inner_text())
    assert "3 runs in Ha give 9.0" in second.inner_text()
    legend = panel.locator(".fb-overlay .fb-legend")
    wait_for(lambda: legend.locator("div").count() == 3)
    stage.screenshot("packages-picked")

    # Sorting and the second page.
    for i in range(3):
        toggles.nth(i).click()
    find.fill("")
    panel.get_by_role("button", name="Points", exact=True).click()
    panel.locator(".fb-foot button").nth(1).click()
    wait_for(lambda: "page 2 of 2" in panel.locator(".fb-foot").inner_text())
    assert rows.count() == 2

    # A run that took galaxies for stars, measured anew.
    find.fill("galaxy")
    wait_for(lambda: rows.count() == 1)
    toggles.first.click()
    wait_for(lambda: "Not focused: galaxy.zip" in said.inner_text())
    panel.get_by_role("button", name="Re-measure…").click()
    diameter = panel.locator(".fb-option-min_star_diameter_px input")
    diameter.fill("-1")
    diameter.press("Enter")
    wait_for(lambda: panel.locator(".fb-tray .fb-error").count() == 1)
    diameter.fill("6")
    diameter.press("Enter")
    panel.get_by_role("button", name="Measure", exact=True).click()
    wait_for(lambda: said.inner_text().startswith("Stored no focus; with 6 px minimum"), 60)
    found = re.search(r"([\d.]+) px at (\d+)\.$", said.inner_text())
    assert abs(int(found[2]) - 10_247) < 20
    stage.screenshot("packages-remeasured")
    panel.get_by_role("button", name="Re-measure…").click()

    # Exports, which other programs open.
    panel.get_by_role("button", name="Export ▾").click()
    for ending, name in ((".csv", "CSV"), (".html", "HTML report"), (".nc", "netCDF")):
        panel.get_by_role("button", name=name, exact=True).click()
        wait_for(lambda e=ending: f"Exported galaxy{e}" in said.inner_text(), 30)
        assert (lab_root / "exports" / f"galaxy{ending}").stat().st_size > 500
    panel.get_by_role("button", name="Export ▾").click()

    # Opened, with the doctor's word; and at night.
    panel.get_by_role("button", name="Open", exact=True).click()
    facts = panel.locator(".fb-opened .fb-result")
    wait_for(lambda: "WHAT THE DOCTOR FINDS" in facts.inner_text().upper(), 30)
    assert panel.locator(".fb-lists").is_hidden()
    chart = panel.locator(".fb-opened .fb-figure")
    wait_for(lambda: chart.locator(".object_grp:visible").count() >= 9)
    stage.screenshot("packages-opened", 300)
    panel.get_by_role("button", name="‹ All runs").click()
    wait_for(lambda: rows.count() == 1)
    panel.get_by_role("button", name="Clear").click()
    panel.get_by_label("Night").check()
    wait_for(lambda: rows.count() == 11)
    stage.screenshot("packages-night")
    panel.get_by_label("Night").uncheck()
    stage.dark("packages-dark")
    assert stage.not_reached_by_tab(panel) == []

    # Everything fits into 1280×720 without scrolling.
    foot = panel.locator(".fb-foot").bounding_box()
    assert foot["y"] + foot["height"] <= 700
