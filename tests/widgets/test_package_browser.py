"""The package browser without a page: what it reads, says and offers."""

import json
import re
import shutil
import threading
import time

import pytest
from ipywidgets.widgets import widget as widget_module

import focusbench.widgets.run_shelf as shelf_module
from focusbench.af_packages import open_package
from focusbench.widgets import PackageBrowser
from focusbench.widgets.run_table import ROWS
from tests.af_packages.foreign import hocus_report
from tests.af_packages.test_import import make_csv
from tests.conftest import ROOT

SAMPLES = ROOT / "data" / "sample_packages"


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive")
    for name in ("good", "outlier", "flat"):
        shutil.copy(SAMPLES / f"{name}.zip", folder)
    for night in range(10):
        report = hocus_report(range(25_013, 24_800, -25), Filter="Ha")
        report["Timestamp"] = f"2026-11-{10 + night}T21:30:00+00:00"
        (folder / f"night{night}.json").write_text(json.dumps(report))
    (folder / "torn.json").write_text('{"MeasurePoints": <b>[')
    return folder


@pytest.fixture
def made(tmp_path):
    browsers = []

    def make(paths, **more):
        browsers.append(PackageBrowser(paths, export_to=tmp_path / "exports", **more))
        wait_for(browsers[-1])
        return browsers[-1]

    yield make
    for browser in browsers:
        browser.close()


def wait_for(browser, text="", seconds=30.0):
    until = time.monotonic() + seconds
    while browser._work.busy or browser._work.waiting or text not in browser._words.value:
        assert time.monotonic() < until, browser._words.value
        time.sleep(0.02)
    browser.refresh()


def pick(browser, *names):
    for name in names:
        (row,) = (row for row in browser.rows if row.name == name)
        browser.pick(row.key)
    wait_for(browser)


def shown(browser):
    return [cells.value for cells in browser.list.table.cells if cells.value]


def test_own_and_foreign_runs_stand_in_one_table_a_page_at_a_time(made, archive):
    browser = made(archive)
    assert len(browser.rows) == 13
    assert {row.format for row in browser.rows} == {"focusbench", "Hocus Focus"}
    assert len(shown(browser)) == ROWS
    assert "19 Nov" in shown(browser)[0]  # the newest comes first
    browser.list.table.forth.click()
    assert len(shown(browser)) == 2
    assert browser.list.table.forth.disabled
    assert browser.list.table.forth.tooltip == "This is the last page."
    assert "13 runs · 11 nights" in browser._header.value


def test_what_could_not_be_read_is_listed_with_its_reason(made, archive):
    browser = made(archive)
    assert browser.list.unread_button.description == "1 file not read…"
    browser.list.unread_button.value = True
    assert "torn.json is damaged JSON" in browser.list.unread.value
    assert "<b>" not in browser.list.unread.value


def test_words_and_outcome_narrow_the_table_and_clear_widens_it(made, archive):
    browser = made(archive)
    browser.list.find_box.value = "good"
    assert len(shown(browser)) == 1
    browser.list.find_box.value = ""
    browser.list.outcome.value = "Not focused"
    assert "flat.zip" in shown(browser)[0]
    browser.list.find_box.value = "Ha <i>"
    assert "No run matches “Ha &lt;i&gt;, Not focused”." in browser._words.value
    browser.list.clear_button.click()
    assert len(shown(browser)) == ROWS


def test_a_head_sorts_and_once_more_turns_the_order(made, archive):
    browser = made(archive)
    browser.list.table.heads["best"].click()
    assert browser.list.table.heads["best"].description == "Best ▴"
    good = open_package(archive / "good.zip").record
    assert f">{good.best_position:.0f}<" in shown(browser)[0]
    browser.list.table.heads["best"].click()
    assert ">24901<" in shown(browser)[0]


def test_runs_picked_are_drawn_over_each_other_and_no_more_than_six(made, archive):
    browser = made(archive)
    for toggle in browser.list.table.toggles[:7]:
        toggle.value = True
    wait_for(browser)
    assert len(browser.picked) == 7
    assert len(browser.overlay.shown) == 6
    assert "the first six are shown" in browser._words.value
    looks = {(line.colors[0], line.line_style) for line in browser.overlay._lines[:6]}
    assert len(looks) == len({mark.marker for mark in browser.overlay._points[:6]}) == 6
    browser.list.table.toggles[0].value = False
    wait_for(browser)
    assert len(browser.picked) == 6
    assert "the first six" not in browser._words.value


def test_a_run_that_is_opened_shows_verdict_curve_and_findings(made, archive):
    browser = made(archive)
    assert browser.open_button.tooltip == "First pick a run in the table."
    pick(browser, "outlier.zip")
    browser.open_button.click()
    record = open_package(archive / "outlier.zip").record
    best, error = record.best_position, record.best_position_error
    wait_for(browser, f"Best focus {best:.0f} ± {error:.0f} steps")
    (bad,) = (point for point in record.points if point.position == 10_300)
    assert f"The point at 10300 reads {bad.metric:.2f} px" in browser.opened.facts.value
    first, second = browser.opened.curve.shown.reasons
    assert first.startswith("backlash")
    assert re.fullmatch(r"\d\d\.\d σ above the curve", second)
    assert "fb-hidden" in browser._lists._dom_classes
    browser.opened.back_button.click()
    assert "fb-hidden" not in browser._lists._dom_classes


def test_a_foreign_run_opens_like_one_of_ours(made, archive):
    browser = made(archive)
    pick(browser, "night3.json")
    browser.open_button.click()
    wait_for(browser, "Best focus 24900.9 ± 0.5")
    assert "Found by Hocus Focus" in browser.opened.facts.value
    assert len(browser.opened.curve.shown.used.x) == 9


def test_other_settings_show_both_curves_and_say_both_numbers(made, archive):
    browser = made(archive)
    pick(browser, "good.zip")
    browser.remeasuring.set("min_star_diameter_px", 10.0)
    browser.remeasuring.measure_button.click()
    record = open_package(archive / "good.zip").record
    said = f"Stored {record.expected_metric:.2f} px at {record.best_position:.0f}"
    wait_for(browser, f"{said}; with 10 px minimum")
    stored, anew = browser.overlay.shown
    assert (stored.anew, anew.anew) == (False, True)
    assert [line.line_style for line in browser.overlay._lines[:2]] == ["solid", "dashed"]


def test_a_run_without_frames_says_that_it_cannot_be_measured(made, archive):
    browser = made(archive)
    pick(browser, "night1.json")
    browser.remeasuring.measure_button.click()
    wait_for(browser, "has no frames to measure")


def test_files_are_written_and_named(made, archive, tmp_path):
    browser = made(archive)
    pick(browser, "good.zip", "night1.json")
    browser.exports.buttons["HTML report"].click()
    wait_for(browser, "Exported good.html and 1 more file.")
    assert {path.name for path in (tmp_path / "exports").iterdir()} == {"good.html", "night1.html"}


def test_tuning_is_told_the_runs_picked_and_says_why_it_cannot(made, archive):
    browser = made(archive)
    pick(browser, "good.zip", "outlier.zip")
    assert browser.tune_button.disabled
    assert browser.tune_button.tooltip == "No tuning panel is joined to this browser."
    told = []
    browser.on_tune = told.append
    browser.refresh()
    browser.tune_button.click()
    assert told == [(archive / "good.zip", archive / "outlier.zip")]


def test_another_folder_is_read_when_its_path_is_given(made, archive, tmp_path):
    browser = made(archive)
    browser.list.folder.value = str(tmp_path / "nowhere")
    wait_for(browser, "No such file")
    assert browser.rows == ()
    make_csv(tmp_path)
    browser.list.folder.value = str(tmp_path)
    wait_for(browser, "Pick a run")
    assert [row.name for row in browser.rows] == ["run.csv"]


def test_while_it_reads_it_says_how_far_it_is_and_holds_nobody_up(archive, monkeypatch):
    go_on = threading.Event()

    def slowly(paths, *, progress, log):
        progress(3, 10)
        assert go_on.wait(20)
        raise RuntimeError("a <b>stumble</b>")

    monkeypatch.setattr(shelf_module, "list_runs", slowly)
    browser = PackageBrowser(archive)
    try:
        until = time.monotonic() + 20
        while "3 of 10" not in browser._words.value:
            assert time.monotonic() < until
            time.sleep(0.02)
        assert "fb-busy" in browser._words.value
        assert "width:30%" in browser._bar.value
        go_on.set()
        wait_for(browser, "RuntimeError(&#x27;a &lt;b&gt;stumble")
    finally:
        browser.close()


def test_closing_leaves_no_widget_behind(archive):
    before = len(widget_module._instances)
    browser = PackageBrowser(archive)
    wait_for(browser)
    browser.pick(browser.rows[0].key)
    wait_for(browser)
    browser.close()
    assert len(widget_module._instances) == before
