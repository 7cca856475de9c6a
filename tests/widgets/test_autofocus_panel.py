"""The panel on a simulated rig: it shows the session's run, and its buttons never block."""

import threading

import ipywidgets as widgets
import pytest
from ipywidgets.widgets import widget as widget_module

import focusbench.widgets.panel as panel_module
from focusbench.api import RigMemory
from focusbench.curve import RigShape
from focusbench.engine import FocusSession
from focusbench.errors import DeviceNotConnected, OptionsError, RunInProgress
from focusbench.options import AutofocusOptions
from focusbench.simulator import simulated_rig
from focusbench.widgets import AutofocusPanel
from focusbench.widgets.cells import Execution
from focusbench.widgets.theme import NIGHT

# Few points and small frames: the panel is under test, not the measurement.
OPTIONS = AutofocusOptions(step_size=100, data_points=5, exposure_s=3)


@pytest.fixture
def rig():
    return simulated_rig(best_focus=10_250, seed=11, shape=(240, 320), n_stars=60, start=10_240)


@pytest.fixture
def panel(rig):
    made = AutofocusPanel(rig, OPTIONS, save_packages_to=None)
    yield made
    made.session.cancel()
    made.session.wait(20)
    made.close()


def words(panel: AutofocusPanel) -> str:
    panel.refresh()
    return panel._words.value


def press(panel: AutofocusPanel, name: str) -> None:
    """Press a button, and let the panel serve it now rather than at its next turn."""
    getattr(panel, name).click()
    panel.refresh()


def run_to_its_end(panel: AutofocusPanel) -> None:
    press(panel, "run_button")
    assert panel.session.wait(60)
    panel.refresh()


def n_open_widgets() -> int:
    return len(widget_module._instances)


def test_an_idle_panel_is_ready_and_says_what_run_would_do(panel):
    assert "Ready." in words(panel)
    assert "Sweeps 10440 → 10040, 5 frames" in panel.form._advice.value
    assert (panel.run_button.disabled, panel.cancel_button.disabled) == (False, True)


def test_a_button_that_cannot_be_used_says_why(panel):
    assert panel.run_again_button.tooltip == "Run again needs a result to centre on."
    assert panel.cancel_button.tooltip == "There is no run to cancel."


def test_a_run_ends_with_curve_verdict_and_both_buttons_live(panel):
    run_to_its_end(panel)
    assert "Focused at 102" in words(panel)
    assert len(panel.curve.shown.used.x) == 5
    assert panel.curve.shown.best == panel.session.record.best_position
    assert "Where each curve puts it" in panel.right.html
    assert not panel.run_again_button.disabled
    assert panel.cancel_button.tooltip == "Undo: the focuser goes back to 10240."


def test_points_are_drawn_one_by_one(panel, rig):
    seen = []
    stop = panel.session.subscribe(
        lambda event: (panel.refresh(), seen.append(len(panel.curve.shown.used.x)))
    )
    run_to_its_end(panel)
    stop()
    assert set(range(6)) <= set(seen)


def test_cancel_after_a_finished_run_goes_back_and_says_so(panel, rig):
    run_to_its_end(panel)
    panel.cancel_button.click()
    assert panel.session.wait(20)
    assert rig.focuser.position() == 10_240
    assert "Undone. The focuser is back at 10240." in words(panel)
    assert panel.cancel_button.disabled


def test_run_again_is_centred_on_the_last_best_focus(panel):
    run_to_its_end(panel)
    best = panel.session.last_best
    press(panel, "run_again_button")
    assert panel.session.wait(60)
    panel.refresh()
    assert panel.session.record.return_position == best
    assert panel.curve.shown.x_ticks[2] == best


def test_cancel_in_mid_run_brings_the_focuser_back(panel, rig):
    third_point = threading.Event()

    def watch(event):
        if len(panel.session.progress.points) == 3 and not third_point.is_set():
            third_point.set()
            panel.cancel_button.click()

    panel.session.subscribe(watch)
    run_to_its_end(panel)
    assert third_point.is_set()
    assert rig.focuser.position() == 10_240
    assert "Cancelled. The focuser is back at 10240." in words(panel)


def test_run_uses_the_value_in_force_when_a_field_is_wrong(panel):
    panel.form.field("step_size").children[0].value = "0"
    assert "Step size is still 100." in words(panel)
    run_to_its_end(panel)
    assert panel.session.record.options.step_size == 100


def test_a_second_panel_shows_the_same_run(panel, rig):
    second = AutofocusPanel(rig, OPTIONS, save_packages_to=None)
    run_to_its_end(panel)
    second.refresh()
    assert second._words.value == panel._words.value
    assert second.curve.shown.used.x.tolist() == panel.curve.shown.used.x.tolist()
    second.close()


def test_a_start_that_is_refused_is_said_and_not_raised(panel, monkeypatch):
    def refuse(*args, **kwargs):
        raise RunInProgress("Simulated rig is busy with another run.")

    monkeypatch.setattr(panel.session, "start", refuse)
    panel.run_button.click()
    assert "Simulated rig is busy with another run." in words(panel)


def test_a_rig_that_does_not_answer_is_shown_as_not_connected(panel, rig, monkeypatch):
    def gone():
        raise DeviceNotConnected("focuser", "The focuser <b>is gone</b>.")

    monkeypatch.setattr(rig.focuser, "position", gone)
    panel.refresh()
    assert "not connected" in panel._header.value
    assert "<b>is gone" not in panel._header.value
    monkeypatch.undo()


def test_what_was_typed_before_the_click_counts_whichever_comes_first(panel, monkeypatch):
    begun = []
    monkeypatch.setattr(panel.session, "start", lambda options, **_: begun.append(options))
    panel.run_button.click()
    panel.form.value = OPTIONS.replace(step_size=70)
    panel.refresh()
    assert [options.step_size for options in begun] == [70]


def test_every_run_gets_its_own_recorder(panel, monkeypatch):
    made, used = iter(("first", "second")), []
    monkeypatch.setattr(panel_module, "new_recorder", lambda folder, keep: (next(made), keep))
    monkeypatch.setattr(panel.session, "start", lambda o, **asked: used.append(asked["recorder"]))
    press(panel, "run_button")
    press(panel, "run_again_button")
    assert used == [("first", "frames"), ("second", "frames")]


def test_what_is_kept_of_frames_is_the_panels_choice(rig, tmp_path):
    with pytest.raises(OptionsError, match="keep is one of"):
        AutofocusPanel(rig, OPTIONS, keep="everything")
    panel = AutofocusPanel(rig, OPTIONS, save_packages_to=tmp_path, keep="numbers")
    run_to_its_end(panel)
    assert panel.session.record.package_path.parent == tmp_path
    assert not list(tmp_path.rglob("*.fits"))
    panel.close()


def test_the_memory_of_a_rig_learns_from_the_panel_that_began_the_run(rig, tmp_path):
    path = tmp_path / "newton.rig.json"
    panel = AutofocusPanel(rig, OPTIONS, save_packages_to=None, memory=path)
    other = AutofocusPanel(rig, OPTIONS, save_packages_to=None, memory=tmp_path / "other.rig.json")
    run_to_its_end(panel)
    assert RigMemory(path).shape_of(rig, OPTIONS) != RigShape()
    assert not (tmp_path / "other.rig.json").exists()
    run_to_its_end(panel)
    assert panel.session.record.rig_shape not in (None, RigShape())
    panel.close()
    other.close()


def test_runs_make_no_widgets_and_closing_leaves_none_and_accepts_the_last():
    before = n_open_widgets()
    rig = simulated_rig(best_focus=10_250, seed=11, shape=(120, 160), n_stars=20, start=10_240)
    quick = OPTIONS.replace(data_points=3, smart_focus=False, validation_frame=False, min_stars=1)
    panel = AutofocusPanel(rig, quick, save_packages_to=None)
    run_to_its_end(panel)
    made = n_open_widgets()
    for _ in range(20):
        run_to_its_end(panel)
    assert n_open_widgets() == made
    panel.close()
    assert n_open_widgets() == before
    assert not FocusSession.of(rig).can_cancel


def test_before_a_run_the_list_stands_where_the_result_will(panel):
    assert "Before a run" in panel.right.html
    for about in ("Sweep", "Camera", "Filter", "Darks", "Disk", "Time"):
        assert f"<b>{about}</b>" in panel.right.html
    run_to_its_end(panel)
    assert "Before" not in panel.right.html


def test_a_run_that_would_fail_is_not_offered_and_the_panel_says_why(panel):
    panel.form.field("step_size").children[0].value = "6000"
    assert "Not ready: a run would fail." in words(panel)
    assert "-1760 is beyond the focuser&#x27;s limit of 0. Begin at 12000 or" in words(panel)
    assert panel.run_button.disabled
    assert "lower the step size to 5120." in panel.run_button.tooltip
    panel.form.field("step_size").children[0].value = "100"
    assert "Ready." in words(panel)
    assert not panel.run_button.disabled


def test_after_a_run_what_speaks_against_the_next_one_stands_below_the_result(panel):
    run_to_its_end(panel)
    panel.form.field("step_size").children[0].value = "6000"
    panel.refresh()
    assert "Before the next run" in panel.right.html
    assert "Focused at" in words(panel)
    assert panel.run_button.disabled


def test_a_star_of_each_frame_stands_below_its_point(panel):
    run_to_its_end(panel)
    panel._frames.wait()
    panel.refresh()
    assert panel._strip._html.value.count("<img src=") == 5
    assert len(panel._strip.children) == 1 + 5


def test_a_click_on_a_point_shows_its_frame_until_back_is_clicked(panel):
    run_to_its_end(panel)
    panel._frames.wait()
    panel.refresh()
    panel._strip._buttons[3].click()
    panel.refresh()
    assert "Point 4 of 5" in panel.right.html
    assert 'class="fb-box"' in panel.right.html
    assert panel.curve._ring.x.tolist() == [10_140]
    panel.right.next_button.click()
    panel.right.next_button.click()
    panel.refresh()
    assert "Validation frame" in panel.right.html
    assert panel.right.next_button.disabled
    panel.right.back_button.click()
    panel.refresh()
    assert "Result" in panel.right.html
    assert len(panel.curve._ring.x) == 0


def test_a_panel_opened_after_the_run_shows_its_frames_too(panel, rig):
    run_to_its_end(panel)
    panel._frames.wait()
    second = AutofocusPanel(rig, OPTIONS, save_packages_to=None)
    assert second._strip._html.value.count("<img src=") == 5
    second.right.pick(0)
    second.refresh()
    assert "Point 1 of 5" in second.right.html
    second.close()


def test_a_new_run_goes_back_to_the_result(panel):
    run_to_its_end(panel)
    panel.right.pick(2)
    run_to_its_end(panel)
    assert panel.right.picked is None


def test_a_cell_executed_again_leaves_no_panel_behind_and_keeps_the_run(rig, monkeypatch):
    def executed(cell: str, request: str) -> AutofocusPanel:
        monkeypatch.setattr(panel_module, "execution", lambda: Execution(cell, request))
        return AutofocusPanel(rig, OPTIONS, save_packages_to=None)

    before = n_open_widgets()
    first = executed("a", "1")
    run_to_its_end(first)
    beside, elsewhere = executed("a", "1"), executed("b", "2")
    assert not first._closed.is_set()
    again = executed("a", "3")
    assert first._closed.is_set()
    assert beside._closed.is_set()
    assert not elsewhere._closed.is_set()
    assert "Focused at 102" in words(again)
    assert not again.cancel_button.disabled
    elsewhere.close()
    again.close()
    assert n_open_widgets() == before


def test_night_turns_every_open_panel(panel, rig):
    second = AutofocusPanel(rig, OPTIONS, save_packages_to=None)
    panel._night.value = True
    assert NIGHT.on
    assert "fb-night" in second._dom_classes
    assert second._night.value
    second._night.value = False
    assert "fb-night" not in panel._dom_classes
    second.close()


def test_the_say_line_is_announced_and_escaped(panel, monkeypatch):
    assert 'role="status" aria-live="polite"' in words(panel)
    panel._trouble = "<script>alert(1)</script>"
    assert "<script>" not in words(panel)
    assert 'role="alert"' in panel._words.value


def test_the_panel_is_a_box_that_displays_itself(panel):
    assert isinstance(panel, widgets.Box)
    assert "application/vnd.jupyter.widget-view+json" in panel._repr_mimebundle_()
