"""The workbench: its pages belong to one rig, and what is found on one goes to the others."""

import shutil
import time

import pytest
from ipywidgets.widgets import widget as widget_module

import focusbench as fb

OPTIONS = fb.AutofocusOptions(step_size=60, exposure_s=3)


def wait_until(condition, seconds=30.0):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.02)


@pytest.fixture
def rig():
    return fb.simulated_rig(best_focus=10_250, seed=1, shape=(240, 320), n_stars=40)


@pytest.fixture
def runs(tmp_path):
    folder = tmp_path / "runs"
    folder.mkdir()
    for path in fb.sample_packages()[:2]:
        shutil.copy(path, folder)
    return folder


def test_without_a_rig_it_begins_with_the_picker(tmp_path):
    bench = fb.Workbench(runs=tmp_path / "new")
    assert bench.page == "Rig"
    assert bench.panel is None
    wait_until(lambda: "No runs in" in bench.browser._words.value)
    bench.close()


def test_module_and_panel_share_the_session_of_the_rig(rig, tmp_path):
    bench = fb.Workbench(rig, OPTIONS, runs=tmp_path)
    assert bench.page == "Auto focus"
    assert bench.module.session is bench.panel.session
    assert bench.panel.form.value == OPTIONS
    assert "<b>Simulated rig</b> is in use" in bench._in_use.value
    bench.close()


def test_one_page_is_shown_and_its_tab_is_marked(rig, tmp_path):
    bench = fb.Workbench(rig, runs=tmp_path)
    bench.tabs["Focus"].click()
    hidden = [name for name, place in bench._places.items() if "fb-hidden" in place._dom_classes]
    assert set(hidden) == {"Rig", "Auto focus", "Packages", "Tuning"}
    marked = [name for name, tab in bench.tabs.items() if "mod-active" in tab._dom_classes]
    assert marked == ["Focus"]
    bench.close()


def test_runs_picked_in_the_browser_are_tuned_from(rig, runs):
    bench = fb.Workbench(rig, OPTIONS, runs=runs)
    wait_until(lambda: len(bench.browser.rows) == 2 and not bench.browser._work.busy)
    bench.browser.pick(bench.browser.rows[0].key)
    wait_until(lambda: not bench.browser.tune_button.disabled)
    bench.browser.tune_button.click()
    assert bench.page == "Tuning"
    wait_until(lambda: bench.tuning.form.ticks and not bench.tuning._opening)
    (picked,) = bench.tuning.form.picked
    assert picked.source == bench.browser.rows[0].source
    bench.close()


def test_copied_advice_changes_the_form_and_keeps_what_was_typed_since(rig, tmp_path):
    bench = fb.Workbench(rig, OPTIONS, runs=tmp_path)
    bench.panel.form.value = OPTIONS.replace(exposure_s=5)
    bench._copy(OPTIONS.replace(step_size=80))
    assert (bench.panel.form.value.step_size, bench.panel.form.value.exposure_s) == (80, 5)
    bench.close()


def test_closing_leaves_no_widget_behind(rig, runs):
    before = len(widget_module._instances)
    bench = fb.Workbench(rig, runs=runs)
    wait_until(lambda: len(bench.browser.rows) == 2 and not bench.browser._work.busy)
    bench.close()
    assert len(widget_module._instances) == before
