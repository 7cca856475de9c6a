"""Each trigger against SGPro's help page, case by case, at its edges too."""

import dataclasses
import re

import pytest

from focusbench import triggers
from focusbench.options import TriggerOptions, option_specs
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

L = FrameKind("M 31", "L", 1, 300)
HA = FrameKind("M 31", "Ha", 1, 300)
OFF = TriggerOptions(on_filter_change=False, before_first_frame=False)
NIGHT_S = 1_000_000.0


def focused(temperature_c=12.4, kind=L):
    """A night that has just focused at NIGHT_S."""
    return after_run(begun(NIGHT_S, kind, temperature_c), focused=True)


def later(state, minutes=0.0, temperature_c=12.4, kind=L, west=None):
    return observed(
        state,
        time_s=state.time_s + 60 * minutes,
        next=kind,
        temperature_c=temperature_c,
        west=west,
    )


def light(hfr=2.0, stars=100, kind=L, **more):
    return LightFrame(kind, NIGHT_S, hfr=hfr, n_stars=stars, **more)


def with_frames(state, *frames):
    for frame in frames:
        state = after_frame(state, frame)
    return state


def answer(state, options, trigger):
    (found,) = (d for d in decide(state, options).decisions if d.trigger == trigger)
    return found


def test_every_option_and_its_test_stand_in_the_map_of_the_room():
    told = set(re.findall(r"`(\w+)`", triggers.__doc__))
    assert {spec.name for spec in option_specs(TriggerOptions)} <= told
    tests = set(re.findall(r"test_(?!triggers)\w+", triggers.__doc__))
    assert len(tests) == 12
    assert tests <= set(globals())


# -------------------------------------------------------------------------------- all of them


def test_nothing_is_asked_where_auto_focus_is_not_used():
    options = TriggerOptions(use_auto_focus=False, every_frames=1)
    decided = decide(with_frames(begun(0, L), light()), options)
    assert (decided.decisions, decided.due, decided.next) == ((), (), None)


def test_a_trigger_that_is_off_does_not_answer():
    assert decide(begun(0, L), OFF).decisions == ()


def test_several_are_due_together_and_each_says_why():
    options = TriggerOptions(every_frames=1, every_c=1, after_centring=True)
    state = with_frames(focused(), light())
    state = later(after_centring(state, flipped=True), 10, 10.9, HA)
    decided = decide(state, options)
    assert [d.trigger for d in decided.due] == [
        "centring",
        "filter change",
        "frames",
        "temperature",
    ]
    assert decided.words == (
        "centring: after meridian flip; filter change: L → Ha; frames: 1 ≥ 1 frames; "
        "temperature: 12.4 °C → 10.9 °C: 1.5 ≥ 1.0"
    )


def test_the_next_one_expected_is_the_first_that_will_be_due():
    options = OFF.replace(every_frames=3, every_c=1, every_minutes=60)
    state = later(with_frames(focused(), light(), light()), 30, 11.9)
    decided = decide(state, options)
    expected = {d.trigger: d.expected_s for d in decided.decisions}
    # 0.5 °C in 30 minutes: the other half takes as long.
    assert expected == pytest.approx({"frames": 300, "temperature": 1800, "time": 1800})
    assert decided.next.trigger == Trigger.FRAMES


def test_deciding_changes_nothing():
    state = later(with_frames(focused(), light()), 30, 8)
    before = dataclasses.asdict(state)
    options = TriggerOptions(every_frames=1, every_c=1)
    assert decide(state, options) == decide(state, options)
    assert dataclasses.asdict(state) == before


# -------------------------------------------------------------------------------- every X frames


@pytest.mark.parametrize(
    ("taken", "due", "words"),
    [(0, False, "0 of 3 frames"), (2, False, "2 of 3 frames"), (3, True, "3 ≥ 3 frames")],
)
def test_every_x_frames(taken, due, words):
    state = with_frames(focused(), *[light()] * taken)
    found = answer(state, OFF.replace(every_frames=3), Trigger.FRAMES)
    assert (found.due, found.words) == (due, words)


def test_frames_of_every_kind_count_and_those_without_stars_too():
    state = with_frames(focused(), light(), light(kind=HA), light(hfr=None, stars=0))
    assert answer(state, OFF.replace(every_frames=3), Trigger.FRAMES).due


def test_without_any_run_frames_count_from_the_start():
    state = with_frames(begun(0, L), light(), light())
    assert answer(state, OFF.replace(every_frames=2), Trigger.FRAMES).due


# -------------------------------------------------------------------------------- every X °C


@pytest.mark.parametrize(
    ("was", "now", "due", "words"),
    [
        (12.4, 10.9, True, "12.4 °C → 10.9 °C: 1.5 ≥ 1.0"),
        (12.4, 12.1, False, "12.4 °C → 12.1 °C: 0.3 of 1.0"),
        (10.9, 12.4, True, "10.9 °C → 12.4 °C: 1.5 ≥ 1.0"),
        (0.5, -0.5, True, "0.5 °C → −0.5 °C: 1.0 ≥ 1.0"),
        # Exactly 1 °C, though the binary numbers miss it by a hair.
        (8.3, 7.3, True, "8.3 °C → 7.3 °C: 1.0 ≥ 1.0"),
        (4.1, 5.1, True, "4.1 °C → 5.1 °C: 1.0 ≥ 1.0"),
        (12.4, 11.41, False, "12.4 °C → 11.4 °C: 0.99 of 1.00"),
        (11.96, 10.83, True, "11.96 °C → 10.83 °C: 1.13 ≥ 1.00"),
        (12.4, None, False, "the temperature is not known"),
    ],
)
def test_every_x_degrees(was, now, due, words):
    found = answer(later(focused(was), 5, now), OFF.replace(every_c=1), Trigger.TEMPERATURE)
    assert (found.due, found.words) == (due, words)


def test_a_sensor_that_comes_back_is_compared_with_the_last_focus():
    state = later(later(focused(12.4), 5, None), 5, 11.0)
    assert answer(state, OFF.replace(every_c=1), Trigger.TEMPERATURE).due


def test_without_a_temperature_at_focus_the_first_one_since_then_is_the_reference():
    state = focused(None)
    options = OFF.replace(every_c=1)
    assert not answer(later(state, 1, None), options, Trigger.TEMPERATURE).due
    state = later(state, 1, 9.0)
    assert not answer(state, options, Trigger.TEMPERATURE).due
    found = answer(later(state, 60, 8.0), options, Trigger.TEMPERATURE)
    assert found.words == "9.0 °C → 8.0 °C: 1.0 ≥ 1.0"


def test_the_temperature_of_the_runs_points_is_the_reference_where_it_is_given():
    state = after_run(later(focused(12.4), 60, 11.0), focused=True, temperature_c=11.2)
    found = answer(later(state, 60, 10.2), OFF.replace(every_c=1), Trigger.TEMPERATURE)
    assert found.words == "11.2 °C → 10.2 °C: 1.0 ≥ 1.0"


# -------------------------------------------------------------------------------- every X minutes


@pytest.mark.parametrize(
    ("minutes", "due", "words"),
    [
        (29, False, "29.0 of 30.0 min"),
        (29.999, False, "29.999 of 30.000 min"),
        (30, True, "30.0 ≥ 30.0 min"),
        (45, True, "45.0 ≥ 30.0 min"),
    ],
)
def test_every_x_minutes(minutes, due, words):
    found = answer(later(focused(), minutes), OFF.replace(every_minutes=30), Trigger.TIME)
    assert (found.due, found.words) == (due, words)


def test_a_clock_that_steps_back_neither_fires_nor_loses_what_was_counted():
    options = OFF.replace(every_minutes=30)
    state = later(later(focused(), 20), -60)
    found = answer(state, options, Trigger.TIME)
    assert not found.due
    assert found.words == "20.0 of 30.0 min; the clock went back by 60.0 min, which does not count"
    assert answer(later(state, 10), options, Trigger.TIME).due


# -------------------------------------------------------------------------------- filter change


@pytest.mark.parametrize(
    ("was", "wanted", "due", "words"),
    [
        ("L", "Ha", True, "L → Ha"),
        ("L", "L", False, "still L"),
        (None, None, False, "there is no filter wheel"),
    ],
)
def test_filter_change(was, wanted, due, words):
    state = focused(kind=dataclasses.replace(L, filter=was))
    state = later(state, kind=dataclasses.replace(L, filter=wanted))
    found = answer(state, OFF.replace(on_filter_change=True), Trigger.FILTER)
    assert (found.due, found.words) == (due, words)


def test_filter_change_runs_though_the_chosen_trigger_is_not_due():
    decided = decide(later(focused(), kind=HA), OFF.replace(on_filter_change=True, every_c=1))
    assert [d.trigger for d in decided.due] == [Trigger.FILTER]


def test_the_first_filter_of_a_night_is_no_change():
    assert not decide(begun(0, HA), OFF.replace(on_filter_change=True)).due


def test_back_to_the_filter_of_the_last_focus_is_no_change():
    options = OFF.replace(on_filter_change=True)
    state = after_run(later(focused(), kind=HA), focused=False)
    assert not answer(later(state, 60, kind=L), options, Trigger.FILTER).due
    assert answer(later(state, 60, kind=HA), options, Trigger.FILTER).due


# -------------------------------------------------------------------------------- what happens once


def test_before_the_first_frame():
    options = OFF.replace(before_first_frame=True)
    state = begun(0, L)
    assert answer(state, options, Trigger.FIRST_FRAME).words == "none was taken yet"
    assert decide(state, options).due
    assert not decide(after_run(state, focused=True), options).due
    assert not decide(after_frame(state, light()), options).due


def test_before_the_first_frame_is_not_asked_on_resume():
    options = OFF.replace(before_first_frame=True)
    state = after_pause(after_frame(begun(0, L), light()), 100)
    assert not decide(state, options).due


def test_on_resume():
    options = OFF.replace(on_resume=True)
    state = focused()
    assert not decide(state, options).due
    state = after_pause(state, state.time_s + 600)
    assert decide(state, options).words == "resume: the sequence goes on"
    assert not decide(after_run(state, focused=True), options).due
    assert not decide(after_pause(focused(), NIGHT_S), OFF).due


@pytest.mark.parametrize("flipped", [False, True])
def test_after_centring_or_a_meridian_flip(flipped):
    options = OFF.replace(after_centring=True)
    state = after_centring(focused(), flipped=flipped)
    what = "meridian flip" if flipped else "centring"
    assert decide(state, options).words == f"centring: after {what}"
    assert not decide(after_run(state, focused=True), options).due


# -------------------------------------------------------------------------------- pause, resume


def test_counters_keep_their_values_through_pause_and_resume():
    options = OFF.replace(every_frames=5, every_c=3, every_minutes=60)
    state = later(with_frames(focused(), light(), light()), 40, 11.4)
    paused = after_pause(state, state.time_s + 3600)
    before, after = decide(state, options), decide(paused, options)
    assert [d.words for d in before.decisions] == [d.words for d in after.decisions]
    assert answer(later(paused, 20), options, Trigger.TIME).words == "60.0 ≥ 60.0 min"


# -------------------------------------------------------------------------------- runs


ALL = TriggerOptions(
    every_frames=2, every_c=1, every_minutes=30, on_resume=True, after_centring=True, history="hfr"
)


def all_due():
    state = with_frames(focused(), light(2.0), light(2.5), light(2.5))
    state = after_centring(after_pause(state, NIGHT_S))
    return later(state, 45, 10.9, L)


def test_every_successful_run_sets_all_references():
    state = all_due()
    assert len(decide(state, ALL).due) == 6
    assert decide(after_run(state, focused=True), ALL).due == ()


def test_a_failed_run_leaves_the_references_and_starts_the_cool_down():
    options = ALL.replace(cool_down_minutes=10)
    state = after_run(all_due(), focused=False)
    decided = decide(state, options)
    assert decided.due == ()
    assert [d.due for d in decided.decisions].count(True) == 6
    assert decided.held == "cool-down after a run that did not focus: 10.0 min of 10 min left"
    assert decide(later(state, 9.99, 10.9), options).due == ()
    assert len(decide(later(state, 10, 10.9), options).due) == 6


def test_a_run_by_hand_ends_the_cool_down():
    state = after_run(all_due(), focused=False)
    assert decide(after_run(state, focused=True), ALL).held == ""


def test_no_cool_down_where_it_is_set_to_zero():
    state = after_run(all_due(), focused=False)
    assert decide(state, ALL.replace(cool_down_minutes=0)).due


def test_retry_runs_again_after_the_cool_down_whether_anything_is_due_or_not():
    options = OFF.replace(after_failure="retry", cool_down_minutes=10)
    assert decide(focused(), options).due == ()
    state = after_run(focused(), focused=False)
    assert decide(later(state, 9), options).due == ()
    assert decide(later(state, 10), options).words == "retry: the last run failed 10.0 min ago"
    assert decide(later(state, 30), OFF).due == ()


# -------------------------------------------------------------------------------- image history


H = OFF.replace(history="hfr")


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    frames: tuple
    due: bool
    words: str
    options: TriggerOptions = H
    next: FrameKind = L
    west: bool | None = None


NEARLY_L = dataclasses.replace(L, exposure_s=270)
SHORT_L = dataclasses.replace(L, exposure_s=200)
BINNED_L = dataclasses.replace(L, binning=2)
OTHER = dataclasses.replace(L, target="M 33")

CASES = (
    Case("the next frame is the baseline", (), False, "the next frame is the baseline"),
    Case("the baseline alone", (light(2.0),), False, "the baseline is HFR 2.00"),
    Case(
        "exactly so much worse, twice",
        (light(2.0), light(2.4), light(2.4)),
        True,
        "HFR 2.00 → 2.40: +20 % ≥ +20 %",
    ),
    Case(
        "just below",
        (light(2.0), light(2.4), light(2.399)),
        False,
        "HFR 2.00 → 2.40: +19.95 % < +20 %",
    ),
    Case(
        "once is not enough",
        (light(2.0), light(2.6)),
        False,
        "HFR 2.00 → 2.60: +30 % ≥ +20 % (in 1 of 2 frames)",
    ),
    Case(
        "a gust between",
        (light(2.0), light(2.0), light(9.0)),
        False,
        "HFR 2.00 → 2.00: 0 % < +20 %",
    ),
    Case(
        "only the last ones count",
        (light(2.0), light(3.0), light(3.0), light(2.1), light(2.1)),
        False,
        "HFR 2.00 → 2.10: +5 % < +20 %",
    ),
    Case("better", (light(2.0), light(1.5), light(1.5)), False, "HFR 2.00 → 1.50: −25 % < +20 %"),
    Case(
        "one frame in a row",
        (light(2.0), light(2.5)),
        True,
        "HFR 2.00 → 2.50: +25 % ≥ +20 %",
        H.replace(history_frames=1),
    ),
    Case(
        "another filter is not compared",
        (light(2.0), light(3.0, kind=HA), light(3.0, kind=HA)),
        False,
        "the baseline is HFR 2.00",
    ),
    Case(
        "another binning is not compared",
        (light(2.0), light(3.0, kind=BINNED_L), light(3.0, kind=BINNED_L)),
        False,
        "the baseline is HFR 2.00",
    ),
    Case(
        "another target is not compared",
        (light(2.0), light(3.0, kind=OTHER), light(3.0, kind=OTHER)),
        False,
        "the baseline is HFR 2.00",
    ),
    Case(
        "an exposure 10 % shorter is compared",
        (light(2.0), light(2.5, kind=NEARLY_L), light(2.5, kind=NEARLY_L)),
        True,
        "HFR 2.00 → 2.50: +25 % ≥ +20 %",
    ),
    Case(
        "an exposure a third shorter is not",
        (light(2.0), light(3.0, kind=SHORT_L), light(3.0, kind=SHORT_L)),
        False,
        "the baseline is HFR 2.00",
    ),
    Case(
        "no stars in the last frame",
        (light(2.0), light(3.0), light(None, 0)),
        False,
        "no stars in the last frames: that is not focus",
    ),
    Case(
        "no stars in the first frame: the next one is the baseline",
        (light(None, 0), light(2.0), light(3.0), light(3.0)),
        True,
        "HFR 2.00 → 3.00: +50 % ≥ +20 %",
    ),
    Case(
        "no stars at all",
        (light(None, 0), light(None, 0)),
        False,
        "no baseline: no stars in any frame since the last focus",
        H.replace(history_without_baseline=True),
    ),
    Case(
        "a kind without baseline",
        (light(2.0),),
        True,
        "no baseline: M 31 Ha 300 s is new since the focus",
        H.replace(history_without_baseline=True),
        HA,
    ),
    Case(
        "a kind without baseline, and not asked for one",
        (light(2.0),),
        False,
        "the next frame is the baseline, though M 31 Ha 300 s is new since the focus",
        H,
        HA,
    ),
    Case(
        "right after a focus the baseline comes next",
        (),
        False,
        "the next frame is the baseline",
        H.replace(history_without_baseline=True),
    ),
    Case(
        "in the west it is off",
        (light(2.0), light(3.0), light(3.0)),
        False,
        "off: the target is in the west",
        H.replace(history_sinking="east_only"),
        west=True,
    ),
    Case(
        "in the east it is on",
        (light(2.0), light(3.0), light(3.0)),
        True,
        "HFR 2.00 → 3.00: +50 % ≥ +20 %",
        H.replace(history_sinking="east_only"),
        west=False,
    ),
    Case(
        "a side that is not known is not west",
        (light(2.0), light(3.0), light(3.0)),
        True,
        "HFR 2.00 → 3.00: +50 % ≥ +20 %",
        H.replace(history_sinking="east_only"),
    ),
    Case(
        # 2^0.6 = 1.516: what a target at 30° shows of the same seeing as at the zenith.
        "a sinking target is no reason, corrected for airmass",
        (
            light(2.0, airmass=1.0),
            light(2 * 2**0.6, airmass=2.0, west=True),
            light(2 * 2**0.6, airmass=2.0, west=True),
        ),
        False,
        "HFR 2.00 → 2.00: 0 % < +20 %",
        west=True,
    ),
    Case(
        "worse than airmass explains, in the west too",
        (
            light(2.0, airmass=1.0),
            light(2.5 * 2**0.6, airmass=2.0),
            light(2.5 * 2**0.6, airmass=2.0),
        ),
        True,
        "HFR 2.00 → 2.50: +25 % ≥ +20 %",
        west=True,
    ),
    Case(
        "airmass ignored",
        (light(2.0, airmass=1.0), light(3.0, airmass=2.0), light(3.0, airmass=2.0)),
        True,
        "HFR 2.00 → 3.00: +50 % ≥ +20 %",
        H.replace(history_sinking="ignored"),
    ),
    Case(
        "stars: exactly 20 % fewer",
        (light(stars=100), light(stars=80), light(stars=80)),
        True,
        "stars 100 → 80: −20 % ≥ −20 %",
        H.replace(history="stars"),
    ),
    Case(
        "stars: 19 % fewer",
        (light(stars=100), light(stars=70), light(stars=81)),
        False,
        "stars 100 → 81: −19 % < −20 %",
        H.replace(history="stars"),
    ),
    Case(
        "stars nobody counted",
        (light(stars=None), light(stars=None), light(stars=None)),
        False,
        "stars not counted",
        H.replace(history="stars"),
    ),
    Case(
        "either: HFR alone",
        (light(2.0, 100), light(2.5, 100), light(2.5, 100)),
        True,
        "HFR 2.00 → 2.50: +25 % ≥ +20 %; stars 100 → 100: 0 % < −20 %",
        H.replace(history="hfr_or_stars"),
    ),
    Case(
        "both: HFR alone is not enough",
        (light(2.0, 100), light(2.5, 100), light(2.5, 100)),
        False,
        "HFR 2.00 → 2.50: +25 % ≥ +20 %; stars 100 → 100: 0 % < −20 %",
        H.replace(history="hfr_and_stars"),
    ),
    Case(
        "both",
        (light(2.0, 100), light(2.5, 60), light(2.5, 70)),
        True,
        "HFR 2.00 → 2.50: +25 % ≥ +20 %; stars 100 → 70: −30 % ≥ −20 %",
        H.replace(history="hfr_and_stars"),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_image_history(case):
    frames = [
        frame if frame.airmass else dataclasses.replace(frame, airmass=1.0) for frame in case.frames
    ]
    state = later(with_frames(focused(), *frames), kind=case.next, west=case.west)
    found = answer(state, case.options, Trigger.HISTORY)
    assert (found.due, found.words) == (case.due, case.words)


def test_an_airmass_that_is_not_known_is_said():
    state = with_frames(focused(), light(2.0), light(3.0), light(3.0))
    found = answer(state, H, Trigger.HISTORY)
    assert found.due
    assert found.words.endswith("airmass not known")


def test_the_baseline_is_the_next_frame_after_any_run():
    state = with_frames(focused(), light(2.0), light(3.0), light(3.0))
    state = with_frames(after_run(state, focused=True), light(3.0), light(3.1), light(3.1))
    found = answer(state, H, Trigger.HISTORY)
    assert found.words.startswith("HFR 3.00 → 3.10: +3 % < +20 %")


def test_a_failed_run_keeps_the_baseline():
    state = with_frames(focused(), light(2.0), light(3.0))
    state = with_frames(after_run(state, focused=False), light(3.0))
    assert answer(later(state, 60), H, Trigger.HISTORY).due


def test_before_anybody_has_focused_a_baseline_is_asked_for_only_where_wanted():
    assert not decide(begun(0, L), H).due
    decided = decide(begun(0, L), H.replace(history_without_baseline=True))
    assert decided.words == "image history: no baseline: nobody has focused yet"
