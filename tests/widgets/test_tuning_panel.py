"""The tuning panel on a sample package: what it says, offers, shows and copies."""

import dataclasses
import time

import pytest
from ipywidgets.widgets import widget as widget_module

import focusbench as fb
from focusbench.errors import OptionsError
from focusbench.options import AutofocusOptions, option_specs
from focusbench.widgets.heat_map import levels_of
from focusbench.widgets.study_form import read_numbers
from focusbench.widgets.study_pictures import cheapest_at_each_error, trials_html
from focusbench.widgets.study_words import advice_html, change_sentence
from focusbench.widgets.svg_plot import round_ticks
from focusbench.widgets.tuning_panel import TuningPanel

MINE = AutofocusOptions(step_size=60, data_points=9)


def wait_until(condition, seconds=60.0):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def copied():
    return []


@pytest.fixture(scope="module")
def panel(copied):
    """A panel whose study is done."""
    panel = TuningPanel(fb.sample_packages()[0], MINE, on_copy=copied.append)
    wait_until(lambda: panel.form.ticks)
    panel.form.fields["step_sizes"].text.value = "15, 60"
    panel.form.fields["data_points"].text.value = "5 9"
    panel.form.fields["trials"].text.value = "60"
    wait_until(lambda: not panel.study_button.disabled)
    panel.study_button.click()
    wait_until(lambda: panel.study is not None)
    panel.refresh()
    yield panel
    panel.close()


def test_a_study_fills_the_map_and_gives_advice(panel):
    assert set(panel.view.heat_map.cells) == {(15, 5), (15, 9), (60, 5), (60, 9)}
    assert "Study finished: 4 settings, " in panel._words.value
    best = panel.study.recommended
    assert (best.data_points, best.step_size) == (5, 60)
    assert "5 data points, step size 60." in panel.view._advice.value
    assert "rule of thumb" in panel.view._advice.value
    assert "N.I.N.A." in panel.view._programs.value
    assert not panel.choose_button.value


def test_a_setting_that_is_the_best_is_kept(panel):
    html = advice_html(
        dataclasses.replace(panel._job.state, yours=MINE.replace(data_points=5, step_size=60))
    )
    assert "Keep 5 × 60." in html
    assert "Nothing cheaper keeps focus in 95 of 100 runs." in html


def test_every_cell_says_two_numbers_and_the_views_change_them(panel):
    cell = panel.view.heat_map.cells[60, 9]
    assert cell.description.startswith("± ")
    panel.view.views.value = "time"
    panel.refresh()
    assert cell.description.split("\n")[0].endswith("s")
    panel.view.views.value = "error"
    panel.refresh()
    assert "This is your setting." in cell.tooltip


def test_settings_that_do_not_keep_focus_are_hatched_and_have_no_shade(panel):
    for cell, choice in panel._job.state.choices.items():
        names = panel.view.heat_map.cells[cell]._dom_classes
        assert ("fb-hatched" in names) == (not choice.keeps_focus)
    assert set(levels_of(panel._job.state.choices, "error")) == {
        cell for cell, choice in panel._job.state.choices.items() if choice.keeps_focus
    }


def test_a_click_on_a_cell_shows_such_runs_one_mark_each(panel):
    panel.view.heat_map.cells[15, 5].click()
    panel.refresh()
    assert "5 × 15: 60 such runs" in panel.view._runs.value
    choice = panel._job.state.choices[15, 5]
    html = trials_html(choice, panel.study.advice.zone)
    assert html.count("<circle") == choice.trials.focused.sum()
    assert html.count("<path") == 60 - choice.trials.focused.sum()


def test_copy_names_the_changes_first_and_can_be_taken_back(panel, copied):
    panel.view.heat_map.cells[60, 5].click()
    panel.refresh()
    row = panel.view.copy_row
    row.copy_button.click()
    panel.refresh()
    assert "Data points 9 → 5" in row._words.value
    assert panel.options == MINE
    row.keep_button.click()
    row.copy_button.click()
    row.confirm_button.click()
    panel.refresh()
    assert panel.options.data_points == 5
    assert copied[-1] is panel.options
    assert row.copy_button.disabled
    assert row.copy_button.tooltip == "These are your settings already."
    row.undo_button.click()
    assert panel.options == MINE
    assert copied[-1] == MINE


def test_the_front_holds_no_setting_that_another_beats(panel):
    front = cheapest_at_each_error(list(panel._job.state.choices.values()))
    errors = [choice.position_error for choice in front]
    assert errors == sorted(errors, reverse=True)
    assert all(choice.keeps_focus for choice in front)


def test_a_cancelled_study_says_how_far_it_came():
    panel = TuningPanel(fb.sample_packages()[0], MINE)
    wait_until(lambda: panel.form.ticks)
    panel.form.fields["trials"].text.value = "5000"
    panel.refresh()
    panel.study_button.click()
    panel.cancel_button.disabled = False
    panel.cancel_button.click()
    wait_until(lambda: not panel._job.state.running)
    panel.refresh()
    assert "Cancelled." in panel._words.value
    panel.close()


def test_a_folder_without_runs_is_said_in_a_sentence(tmp_path):
    panel = TuningPanel()
    panel.form.folder.value = str(tmp_path)
    wait_until(lambda: "That did not work." in panel._words.value)
    assert str(tmp_path) in panel._words.value
    assert panel.study_button.disabled
    assert panel.study_button.tooltip == "First pick packages."
    panel.close()


def test_numbers_are_read_or_refused_with_the_bound():
    spec = next(spec for spec in option_specs(MINE) if spec.name == "data_points")
    assert read_numbers("Data points", spec, "9, 5 7") == (5, 7, 9)
    assert read_numbers("Data points", spec, " ") == ()
    with pytest.raises(OptionsError, match="Data points must be from 3 to 99 each"):
        read_numbers("Data points", spec, "2 5")
    with pytest.raises(OptionsError, match="whole numbers"):
        read_numbers("Data points", spec, "some")
    with pytest.raises(OptionsError, match="from 60 to 5000"):
        read_numbers("Runs each", None, "5")


def test_changes_are_words_and_only_of_what_differs():
    new = MINE.replace(step_size=80, backlash=20)
    assert change_sentence(MINE, new) == "Step size 60 → 80, backlash 0 → 20."
    assert change_sentence(MINE, MINE) == ""


def test_ticks_are_round():
    assert round_ticks(-42, 42, 5) == [-40, -20, 0, 20, 40]


def test_closing_leaves_no_widget_behind(panel):
    before = len(widget_module._instances)
    other = TuningPanel(fb.sample_packages()[0], MINE)
    wait_until(lambda: other.form.ticks)
    other.close()
    assert len(widget_module._instances) == before
