"""The first run on a computer: it begins at once, and its first point waits for the compiler."""

import threading

import pytest

from focusbench.engine import FocusSession, rig_sampler
from focusbench.options import AutofocusOptions
from focusbench.simulator import simulated_rig


@pytest.fixture
def compiling(monkeypatch):
    """The compiler at work until this event is set."""
    ready = threading.Event()
    monkeypatch.setattr(rig_sampler, "warm_in_background", lambda: ready)
    yield ready
    ready.set()


@pytest.fixture
def session():
    rig = simulated_rig(best_focus=10_250, start=10_230, seed=5, shape=(240, 320), n_stars=60)
    return FocusSession.of(rig)


def start_and_wait_for_the_compiler(session):
    pause = threading.Event()
    session.start(AutofocusOptions())
    for _ in range(200):
        if session.activity.kind == "preparing":
            return
        pause.wait(0.05)
    pytest.fail(f"the run never waited for the compiler: {session.activity}")


def test_the_run_moves_and_exposes_while_the_compiler_works(session, compiling):
    start_and_wait_for_the_compiler(session)
    assert session.activity.position == 10_470  # taken at the first point, not before the run
    compiling.set()
    assert session.wait(60)
    assert session.record.focused


def test_cancel_does_not_wait_for_the_compiler(session, compiling):
    start_and_wait_for_the_compiler(session)
    session.cancel()
    assert session.wait(10)
    assert session.record.outcome == "CANCELLED"
    assert session.rig.focuser.position() == 10_230
    assert not compiling.is_set()
