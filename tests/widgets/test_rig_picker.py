"""The rig picker on a server in this process: what it says, offers and shows."""

import time

import pytest
from ipywidgets.widgets import widget as widget_module

import focusbench.widgets.rig_picker as picker_module
from focusbench.alpaca import AlpacaServer
from focusbench.engine import FocusSession
from focusbench.options import AutofocusOptions
from focusbench.widgets import AutofocusPanel, RigPicker
from tests.alpaca.rigs import small_rig


@pytest.fixture
def server():
    with AlpacaServer(small_rig(start=10_000), port=0, discovery=False) as server:
        yield server


@pytest.fixture
def made():
    pickers = []

    def make(*arguments, **named):
        pickers.append(RigPicker(*arguments, **named))
        return pickers[-1]

    yield make
    for picker in pickers:
        picker.close()


def wait_for(picker, text, seconds=10.0):
    until = time.monotonic() + seconds
    while text not in picker._words.value:
        assert time.monotonic() < until, picker._words.value
        time.sleep(0.02)


def connected(made, server, **named):
    picker = made(server.address, **named)
    wait_for(picker, "4 devices")
    picker.connect_button.click()
    wait_for(picker, "Connected")
    return picker


def test_without_an_address_it_says_how_to_begin(made):
    picker = made()
    assert "look for one with Search" in picker._words.value
    assert picker.connect_button.disabled
    assert "First give the address" in picker.connect_button.tooltip
    assert picker.disconnect_button.tooltip == "Nothing is connected."


def test_an_address_lists_the_devices_of_its_server(made, server):
    picker = made(server.address)
    wait_for(picker, "4 devices")
    assert picker.camera.options == (("Simulated camera (no. 0)", 0),)
    assert picker.filter_wheel.options == (("Turning wheel (no. 0)", 0), ("none", None))
    assert not picker.connect_button.disabled


def test_a_rig_that_is_connected_is_shown_with_what_it_can_do_and_where_it_is(made, server):
    picker = connected(made, server)
    assert picker.rig.focuser.position() == 10_000
    picker.refresh()
    for text in ("0 to 25000 steps", "64×48", "L +0, Ha +60, OIII +48", ">10000<", "10.0 °C"):
        assert text in picker._table.value


def test_a_position_that_changes_is_shown(made, server):
    picker = connected(made, server)
    picker.rig.focuser.start_move(10_007)
    until = time.monotonic() + 10
    while ">10007<" not in picker._table.value:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_devices_that_a_rig_can_do_without_may_be_left_out(made, server):
    picker = made(server.address)
    wait_for(picker, "4 devices")
    picker.filter_wheel.value = None
    picker.conditions.value = 0
    picker.connect_button.click()
    wait_for(picker, "Connected")
    assert picker.rig.filter_wheel is None
    assert picker.rig.thermometer.name == "Thermometer"


def test_optics_that_are_typed_go_into_the_rig(made, server):
    picker = made(server.address)
    wait_for(picker, "4 devices")
    picker._take_optics("focal_ratio", 5.0)
    picker.connect_button.click()
    wait_for(picker, "Connected")
    picker._take_optics("obstruction", 0.3)
    assert (picker.rig.focal_ratio, picker.rig.obstruction) == (5.0, 0.3)


def test_a_panel_opens_below_the_connected_rig_and_closes_with_it(made, server):
    picker = connected(made, server, open_panel=AutofocusPanel)
    (panel,) = picker._below.children
    assert panel.session is FocusSession.of(picker.rig)
    picker.disconnect_button.click()
    wait_for(picker, "Disconnected")
    assert picker._below.children == ()
    assert picker.rig is None
    assert picker._table.value == ""


def test_nothing_is_connected_or_let_go_while_a_run_goes_on(made, server):
    picker = connected(made, server)
    session = FocusSession.of(picker.rig)
    session.start(AutofocusOptions(step_size=10, data_points=5, exposure_s=20))
    try:
        picker.refresh()
        assert picker.disconnect_button.disabled
        assert picker.disconnect_button.tooltip == "Auto focus is running on this rig."
        assert picker.connect_button.disabled
    finally:
        session.cancel()
        session.wait(20)


def test_where_nothing_listens_the_say_line_says_so(made):
    picker = made("127.0.0.1:9")
    wait_for(picker, "does not answer; is the Alpaca server running there")
    assert picker.connect_button.disabled


def test_an_address_of_another_form_is_refused_with_an_example(made):
    picker = made("nonsense")
    wait_for(picker, "such as 192.168.1.20:11111")


def test_search_lists_the_devices_of_the_only_server_that_answers(made, server, monkeypatch):
    monkeypatch.setattr(picker_module, "find_servers", lambda: (server.address,))
    picker = made()
    picker.search_button.click()
    wait_for(picker, "4 devices")
    assert picker.address.value == server.address


def test_search_offers_the_servers_where_there_are_several(made, monkeypatch):
    servers = ("127.0.0.1:1111", "127.0.0.1:2222")
    monkeypatch.setattr(picker_module, "find_servers", lambda: servers)
    picker = made()
    picker.search_button.click()
    wait_for(picker, "2 Alpaca servers answered")
    assert tuple(picker.address.options) == servers


def test_a_search_without_an_answer_says_what_else_can_be_done(made, monkeypatch):
    monkeypatch.setattr(picker_module, "find_servers", tuple)
    picker = made()
    picker.search_button.click()
    wait_for(picker, "No Alpaca server answered")


def test_a_rig_that_falls_silent_is_said_to_be_lost(made):
    with AlpacaServer(small_rig(), port=0, discovery=False) as server:
        picker = connected(made, server)
    wait_for(picker, "The rig does not answer", 30)


def test_closing_leaves_no_widget_behind(server):
    before = len(widget_module._instances)
    picker = RigPicker(server.address)
    wait_for(picker, "4 devices")
    picker.close()
    assert len(widget_module._instances) == before
