"""Whatever happens in a night, the triggers answer, and what was reset is not due."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from focusbench.options import TriggerOptions
from focusbench.triggers import (
    FrameKind,
    LightFrame,
    Trigger,
    after_centring,
    after_frame,
    after_pause,
    after_run,
    begun,
    decide,
    observed,
)

KINDS = st.builds(
    FrameKind,
    st.sampled_from(["M 31", "M 33"]),
    st.sampled_from([None, "L", "Ha"]),
    st.sampled_from([1, 2]),
    st.sampled_from([60.0, 65.0, 300.0]),
)
MAYBE_C = st.none() | st.floats(-30, 30)
FRAMES = st.builds(
    LightFrame,
    KINDS,
    st.floats(0, 1e6),
    hfr=st.none() | st.sampled_from([0.0, math.nan]) | st.floats(0.5, 20),
    n_stars=st.none() | st.integers(0, 1000),
    airmass=st.none() | st.floats(1, 20),
)
STEPS = st.one_of(
    st.tuples(st.just("look"), st.floats(-1e5, 1e5), KINDS, MAYBE_C, st.none() | st.booleans()),
    st.tuples(st.just("frame"), FRAMES),
    st.tuples(st.just("run"), st.booleans()),
    st.tuples(st.just("pause"), st.floats(-1e5, 1e5)),
    st.tuples(st.just("centred"), st.booleans()),
)
OPTIONS = st.builds(
    TriggerOptions,
    every_frames=st.none() | st.integers(1, 5),
    every_c=st.none() | st.floats(0.1, 5),
    every_minutes=st.none() | st.floats(1, 100),
    on_resume=st.booleans(),
    after_centring=st.booleans(),
    history=st.sampled_from(["off", "hfr", "stars", "hfr_or_stars", "hfr_and_stars"]),
    history_frames=st.integers(1, 3),
    history_sinking=st.sampled_from(["corrected", "east_only", "ignored"]),
    history_without_baseline=st.booleans(),
    after_failure=st.sampled_from(["go_on", "retry", "stop"]),
    cool_down_minutes=st.floats(0, 30),
)


SETTINGS = settings(deadline=None, derandomize=True)


def after(state, step):
    match step:
        case "look", seconds, kind, temperature_c, west:
            return observed(
                state,
                time_s=state.time_s + seconds,
                next=kind,
                temperature_c=temperature_c,
                west=west,
            )
        case "frame", frame:
            return after_frame(state, frame)
        case "run", focused:
            return after_run(state, focused=focused)
        case "pause", seconds:
            return after_pause(state, state.time_s + seconds)
        case "centred", flipped:
            return after_centring(state, flipped=flipped)


@SETTINGS
@given(OPTIONS, st.lists(STEPS, max_size=20))
def test_triggers_always_answer_and_running_time_never_goes_back(options, steps):
    state = begun(0.0, FrameKind("M 31", "L", 1, 300), 10.0)
    for step in steps:
        before, state = state, after(state, step)
        assert state.elapsed_s >= before.elapsed_s
        decided = decide(state, options)
        assert all(answer.words for answer in decided.decisions)
        assert all(a.expected_s is None or a.expected_s >= 0 for a in decided.decisions)
        assert all(a.expected_s == 0 for a in decided.decisions if a.due)
        assert set(decided.due) <= set(decided.decisions)


@SETTINGS
@given(OPTIONS, st.lists(STEPS, max_size=20))
def test_right_after_a_focus_nothing_is_due(options, steps):
    state = begun(0.0, FrameKind("M 31", "L", 1, 300), 10.0)
    for step in steps:
        state = after(state, step)
    decided = decide(after_run(state, focused=True), options)
    assert not decided.due
    assert not decided.held


@SETTINGS
@given(OPTIONS, st.lists(STEPS, max_size=20))
def test_a_failed_run_changes_no_answer_but_that_of_retry(options, steps):
    state = begun(0.0, FrameKind("M 31", "L", 1, 300), 10.0)
    for step in steps:
        state = after(state, step)

    def answers(state):
        found = decide(state, options).decisions
        return [answer for answer in found if answer.trigger != Trigger.RETRY]

    assert answers(after_run(state, focused=False)) == answers(state)
