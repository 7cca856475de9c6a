"""The focus module on a simulated rig, without a page: clicks, frames, boxes, and runs."""

import threading
import time

import numpy as np
import pytest
from ipywidgets.widgets import widget as widget_module

from focusbench.engine import FocusSession
from focusbench.errors import DeviceNotConnected
from focusbench.options import AutofocusOptions
from focusbench.simulator import simulated_rig
from focusbench.widgets import FocusModule
from focusbench.widgets.frame_picture import whole
from focusbench.widgets.stretch import Levels, Stretch
from focusbench.widgets.stretch_tools import StretchTools

SMALL = {"best_focus": 10_250, "seed": 11, "shape": (240, 320), "n_stars": 60, "start": 10_240}


@pytest.fixture
def rig():
    return simulated_rig(**SMALL)


@pytest.fixture
def module(rig):
    made = FocusModule(rig)
    yield made
    made.close()
    made.manual.wait(20)


def until(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.005)


def press(module, button) -> None:
    button.click()
    module.refresh()


def with_frame(module) -> FocusModule:
    press(module, module.take_button)
    assert module.manual.wait(90)
    until(lambda: len(module.view.overlay.kept.x) > 0 and module.view.shown_as)
    module.refresh()
    return module


def says(module) -> str:
    module.refresh()
    return module._words.value


def steps(module, text):
    (found,) = (one for one in module.moves.step_buttons if one.description == text)
    return found


def slider(module, name):
    return next(
        child.children[0]
        for child in module.fields.rows
        if getattr(getattr(child, "children", [None])[0], "description", "") == name
    )


def test_an_empty_module_says_what_take_frame_would_do(module):
    assert "No frame yet." in says(module)
    assert "Take frame exposes 3 s at 10240." in says(module)
    assert (module.take_button.disabled, module.stop_button.disabled) == (False, True)
    assert module.stop_button.tooltip == "Nothing is going on."


def test_steps_in_and_out_add_up_and_follow_their_fields(module, rig):
    module.moves.coarse.text.value = "300"
    module.refresh()
    for text in ("+300", "+300", "−10"):
        press(module, steps(module, text))
    assert module.manual.wait(5)
    assert rig.focuser.position() == 10_830
    assert '<b class="fb-position">10830</b>' in (module.refresh(), module._position.value)[1]


def test_go_moves_to_what_was_typed_even_if_that_is_heard_of_after_the_click(module, rig):
    module.moves.go_button.click()
    module.moves.go_to.text.value = "10300"
    module.refresh()
    assert module.manual.wait(5)
    assert rig.focuser.position() == 10_300


def test_go_without_a_position_moves_nothing_and_says_so(module, rig):
    press(module, module.moves.go_button)
    assert module.moves.go_to.error == "Type a position first."
    assert rig.focuser.position() == 10_240


def test_a_position_beyond_the_limit_is_refused_under_its_field(module, rig):
    module.moves.go_to.text.value = "25100"
    press(module, module.moves.go_button)
    assert module.moves.go_to.error == "25100 is beyond the focuser's limit of 25000."
    assert not module.manual.busy


def test_a_step_beyond_the_limit_is_said_and_nothing_moves(module, rig):
    module.moves.coarse.text.value = "20000"
    module.refresh()
    press(module, steps(module, "−20000"))
    assert module.manual.wait(5)
    assert "-9760 is beyond the focuser&#x27;s limit of 0." in says(module)
    assert rig.focuser.position() == 10_240


def test_a_frame_gets_its_value_its_boxes_and_its_numbers(module):
    with_frame(module)
    look, drawn = module.view.boxed, module.view.overlay
    assert f"HFR {look.value:.2f} px ± {look.error:.2f}" in says(module)
    assert len(drawn.kept.x) == look.n_used
    assert len(drawn.dropped.x) == len(look.stars) - look.n_used
    assert f"<b>{look.value:.2f} px</b>" in module._numbers.value
    assert "320×240, real pixels" in module._header.value
    assert module.view._whole_pane.mark.image.value[:4] == b"\x89PNG"


def test_a_larger_minimum_diameter_measures_the_frame_shown_again(module, rig):
    with_frame(module)
    n_frames, kept = rig.camera._n_started, len(module.view.overlay.kept.x)
    slider(module, "Min. diameter").value = 12.0
    until(lambda: module.view.boxed.options.min_star_diameter_px == 12)
    assert len(module.view.overlay.kept.x) < kept
    words = module.view.overlay.dropped.words
    assert any("smaller than the minimum star diameter" in one for one in words)
    assert rig.camera._n_started == n_frames
    assert module.manual.options.min_star_diameter_px == 12


def test_a_crop_is_drawn_and_leaves_out_what_lies_beyond_it(module):
    with_frame(module)
    slider(module, "Crop").value = 50.0
    until(lambda: module.view.boxed.options.crop_percent == 50)
    module.refresh()
    assert module.view._marks.edge.x.tolist() == [80, 240, 240, 80, 80]
    assert module.view.overlay.kept.x.min() > 80


def test_another_metric_is_named_in_figures_and_words(module):
    with_frame(module)
    slider(module, "Metric").value = "fwhm"
    until(lambda: module.view.boxed.options.metric == "fwhm")
    assert "FWHM" in says(module)
    assert module.view.overlay.kept.words[0].startswith("FWHM")


def test_a_frame_without_a_usable_star_still_shows_why(module):
    with_frame(module)
    slider(module, "Min. diameter").value = 40.0
    until(lambda: module.view.boxed.options.min_star_diameter_px == 40)
    assert "No star of this frame can be used." in says(module)
    assert "smaller than the minimum star diameter" in says(module)
    assert len(module.view.overlay.kept.x) == 0
    assert len(module.view.overlay.dropped.x) > 20


def test_exposure_is_refused_by_its_bound_and_the_next_frame_uses_the_last_valid_one(module, rig):
    field = module.fields.exposure
    field.text.value = "0"
    assert field.error == ("Exposure must be more than 0 and at most 3600 s. Still using 3.")
    field.text.value = "1.5"
    with_frame(module)
    assert module.manual.last.frames[0].exposure_s == 1.5


def test_zoom_and_pan_show_another_part_and_show_all_comes_back(module):
    view = with_frame(module).view
    view.zoom(4)
    assert (view.view.width, view.view.height) == (80, 60)
    view.pan(0.5, 0)
    until(lambda: (module.refresh(), view.shown_view == view.view)[1])
    assert view._x.min == pytest.approx(160)
    inside = view.overlay.kept.x
    assert ((inside >= 160) & (inside <= 240)).all()
    view.show_all()
    assert view.view == whole((240, 320))


def test_a_page_that_repeats_late_what_it_was_told_moves_nothing():
    asked = []
    tools = StretchTools(lambda: asked.append(1))
    levels = Levels.of(np.arange(10_000, dtype=np.float32).reshape(100, 100))
    told = []
    for black in (1000.0, 2000.0, 3000.0):
        tools.put(levels, Stretch("asinh", black, 9000.0))
        told.append(tools.slider.value)
    tools.slider.value = told[0]
    assert tools.curve.value == "auto"
    assert not asked
    tools.slider.value = (10.0, 20.0)
    assert tools.curve.value == "asinh"
    assert asked
    tools.close()


def test_a_view_dragged_off_the_frame_comes_back_when_the_mouse_rests(module):
    view = with_frame(module).view
    view.zoom(2)
    with view._x.hold_trait_notifications():
        view._x.min, view._x.max = 300.0, 460.0
    for _ in range(6):
        module.refresh()
    assert (view._x.min, view._x.max) == (160.0, 320.0)


def test_a_moved_stretch_stays_and_the_automatic_one_follows_the_frame(module):
    view = with_frame(module).view
    automatic = view.stretch.slider.value
    # What the page echoes of what it was told is no wish.
    view.stretch.slider.value = (automatic[0] + 0.1, automatic[1])
    assert view.stretch.curve.value == "auto"
    view.stretch.slider.value = (0.0, 90.0)
    assert view.stretch.curve.value == "asinh"
    until(lambda: (module.refresh(), view._written.stretch.curve == "asinh")[1])
    view.stretch.curve.value = "auto"
    until(lambda: (module.refresh(), view.stretch.slider.value == automatic)[1])


def test_nothing_can_be_pressed_while_auto_focus_runs_and_its_frames_are_shown(module, rig):
    seen, session = [], FocusSession.of(rig)

    def look(event):
        module.refresh()
        if session.running and module._shown.frame is not None:
            seen.append((module.take_button.disabled, module.moves.go_button.tooltip, says(module)))

    leave = session.subscribe(look)
    session.run(AutofocusOptions(data_points=5, step_size=100, smart_focus=False, exposure_s=3))
    leave()
    disabled, why, words = seen[-1]
    assert disabled
    assert why == "Auto focus is running: the focuser and the camera are its own."
    assert "Auto focus is running." in words
    until(lambda: (module.refresh(), not module.take_button.disabled)[1])
    record = session.record
    assert f"{record.best_position:.0f} ±" in module._memory.value
    assert f"{record.validation.metric:.2f} px" in module._memory.value
    until(lambda: (module.refresh(), module.view.boxed)[1] is not None)
    assert module.view.boxed.frame.position == record.final_position


def test_a_run_that_was_undone_is_no_last_focus(module, rig):
    session = FocusSession.of(rig)
    session.run(AutofocusOptions(data_points=5, step_size=100, smart_focus=False, exposure_s=3))
    module.refresh()
    session.cancel()
    assert session.wait(10)
    module.refresh()
    assert "none yet" in module._memory.value


def test_a_second_module_shows_the_same_frame(module, rig):
    with_frame(module)
    second = FocusModule(rig)
    until(lambda: (second.refresh(), second.view.boxed)[1] is not None)
    assert second.view.boxed.value == module.view.boxed.value
    second.close()


def test_a_focuser_that_does_not_answer_is_said_and_escaped(module, rig, monkeypatch):
    def gone():
        raise DeviceNotConnected("focuser", "The focuser <b>is gone</b>.")

    monkeypatch.setattr(rig.focuser, "position", gone)
    assert "The focuser does not answer." in says(module)
    assert "<b>is gone" not in module._words.value + module._header.value
    assert "not connected" in module._header.value


def test_nothing_is_written_while_nothing_changes(module, monkeypatch):
    with_frame(module)
    until(lambda: not module.refresh())
    sent = []
    for one in widget_module._instances.values():
        monkeypatch.setattr(one, "send_state", lambda key=None, one=one: sent.append((one, key)))
    for _ in range(5):
        module.refresh()
    assert sent == []


def test_frames_make_no_widgets_and_closing_leaves_none(rig):
    before = len(widget_module._instances)
    module = FocusModule(rig)
    made = len(widget_module._instances)
    for _ in range(3):
        with_frame(module)
    assert len(widget_module._instances) == made
    module.close()
    assert len(widget_module._instances) == before


def test_the_table_of_stars_has_what_the_boxes_say(module):
    with_frame(module)
    table = module._stars.value
    reasons = set(np.unique(module.view.boxed.stars["reason"])) - {""}
    assert reasons
    assert any(reason in table for reason in reasons)
    assert table.count("<tr>") > 20


def test_closing_ends_a_loop_and_its_threads(rig):
    n_threads = threading.active_count()
    module = FocusModule(rig)
    press(module, module.loop_button)
    until(lambda: module.manual.n_frames > 0, 90)
    module.close()
    assert module.manual.wait(5)
    until(lambda: threading.active_count() <= n_threads)
