import dataclasses
import itertools
import json

import pytest

from focusbench.errors import OptionsError
from focusbench.options import (
    SGPRO_RUN,
    AutofocusOptions,
    FilterTable,
    changed,
    load_options,
    option_specs,
    options_from_dict,
    options_to_dict,
    save_options,
)


@dataclasses.dataclass(frozen=True)
class Refused:
    name: str
    given: dict
    says: str


REFUSED = (
    Refused("two data points", {"data_points": 2}, "data_points.*from 3 to 99.*got 2"),
    Refused("no step", {"step_size": 0}, "step_size.*1 or more.*got 0"),
    Refused("half a step", {"step_size": 1.5}, "step_size.*whole number.*1.5"),
    Refused("no exposure", {"exposure_s": 0}, "exposure_s.*more than 0 and at most 3600"),
    Refused("not a number", {"exposure_s": float("nan")}, "exposure_s"),
    Refused("text for a number", {"step_size": "60"}, "step_size.*'60'"),
    Refused("truth for a number", {"step_size": True}, "step_size.*True"),
    Refused("number for a truth", {"smart_focus": 1}, "smart_focus.*true or false.*1"),
    Refused("unknown curve", {"curve": "gauss"}, "curve.*one of auto, two_lines.*'gauss'"),
    Refused("unknown option", {"stepsize": 3}, "no option 'stepsize'.*Did you mean 'step_size'"),
    Refused("no exposure of a filter", {"filters": {"Ha": {"exposure_s": 0}}}, "Ha must.*got 0"),
    Refused("unknown setting of a filter", {"filters": {"Ha": {"gain": 1}}}, "Ha was given.*gain"),
    Refused("half a focus point", {"filters": {"L": {"focus_point": 0.5}}}, "L must.*got 0.5"),
    Refused("text for filters", {"filters": "L 3 s"}, "filters.*must be filters like.*'L 3 s'"),
    Refused("None where there must be a value", {"data_points": None}, "data_points.*None"),
)


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_bad_value_is_refused_by_name_bound_and_value(case):
    with pytest.raises(OptionsError, match=case.says):
        AutofocusOptions(**case.given)


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_error_knows_its_field(case):
    with pytest.raises(OptionsError) as caught:
        AutofocusOptions(**case.given)
    assert caught.value.field == next(iter(case.given))


def test_every_option_has_label_group_help_and_a_default_that_it_accepts():
    for spec in option_specs(AutofocusOptions):
        assert spec.label, spec.name
        assert spec.group, spec.name
        assert len(spec.help) > 20, spec.name
        assert spec.check(spec.default) == spec.default


def test_numbers_come_out_in_their_own_type():
    options = AutofocusOptions(step_size=60.0, exposure_s=3)
    assert (options.step_size, type(options.step_size)) == (60, int)
    assert (options.exposure_s, type(options.exposure_s)) == (3.0, float)


def test_options_cannot_be_changed_but_replaced_and_are_checked_again():
    options = AutofocusOptions()
    with pytest.raises(dataclasses.FrozenInstanceError):
        options.step_size = 3
    assert options.replace(step_size=80).step_size == 80
    assert options.step_size == 60
    with pytest.raises(OptionsError, match="step_size"):
        options.replace(step_size=-1)
    with pytest.raises(OptionsError, match="no option 'nonsense'"):
        options.replace(nonsense=1)


def test_options_round_trip_through_a_file(tmp_path):
    options = AutofocusOptions(step_size=25, curve="two_lines", max_travel=500)
    save_options(options, tmp_path / "profile.json")
    assert load_options(tmp_path / "profile.json") == options


def test_a_file_may_leave_options_out():
    assert options_from_dict({"step_size": 25}) == AutofocusOptions(step_size=25)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "no JSON file"),
        ("[1]", "mapping of names to values"),
        (json.dumps({"data_points": 2}), "data_points.*got 2"),
        ("[" * 100_000, "no JSON file"),
    ],
)
def test_bad_file_is_named_with_what_is_wrong(tmp_path, text, says):
    path = tmp_path / "profile.json"
    path.write_text(text)
    with pytest.raises(OptionsError, match=says) as caught:
        load_options(path)
    assert "profile.json" in str(caught.value)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(OptionsError, match=r"nowhere\.json"):
        load_options(tmp_path / "nowhere.json")


@pytest.mark.parametrize(
    ("centre", "n", "step", "first", "last"),
    [
        (1000, 3, 10, 1010, 990),
        (5000, 7, 10, 5030, 4970),
        (6830, 9, 25, 6930, 6730),
        # An even number puts one point more outside: SGPro's two formulas agree on nothing else.
        (1000, 4, 10, 1020, 990),
    ],
)
def test_sweep_starts_half_the_points_out_and_steps_in(centre, n, step, first, last):
    positions = AutofocusOptions(data_points=n, step_size=step).sweep_positions(centre)
    assert len(positions) == n
    assert (positions[0], positions[-1]) == (first, last)
    assert {a - b for a, b in itertools.pairwise(positions)} == {step}


def test_travel_limit_is_two_sweeps_unless_given():
    assert AutofocusOptions(data_points=9, step_size=60).travel_limit == 1080
    assert AutofocusOptions(max_travel=100).travel_limit == 100


def test_changed_lists_what_differs():
    assert changed(AutofocusOptions(step_size=25), AutofocusOptions()) == {"step_size": 25}


def test_options_as_a_dict_hold_every_field():
    names = {field.name for field in dataclasses.fields(AutofocusOptions)}
    assert set(options_to_dict(AutofocusOptions())) == names


FILTERS = {
    "L": {"exposure_s": 3, "focus_point": 10_250},
    "Ha 7nm": {"exposure_s": 30, "focus_point": 10_310},
    "OIII": {"exposure_s": 20.5},
    "none": {},
}


def test_filters_round_trip_through_a_file_and_a_field(tmp_path):
    options = AutofocusOptions(filters=FILTERS, focus_filter="L")
    save_options(options, tmp_path / "profile.json")
    assert json.loads((tmp_path / "profile.json").read_text())["filters"] == FILTERS
    assert load_options(tmp_path / "profile.json") == options
    assert str(options.filters) == "L 3 s @ 10250, Ha 7nm 30 s @ 10310, OIII 20.5 s, none"
    assert FilterTable.from_text(str(options.filters)) == options.filters
    assert hash(options) == hash(AutofocusOptions(filters=FILTERS, focus_filter="L"))


@pytest.mark.parametrize("text", ["Ha 30 s @", "@ 10310", "Ha @ far"])
def test_text_that_is_no_filter_is_refused(text):
    with pytest.raises(OptionsError, match="is not like Ha 30 s @ 10310"):
        FilterTable.from_text(text)


@pytest.mark.parametrize(
    ("filter", "exposure_s"), [("L", 3), ("OIII", 20.5), ("none", 5), ("R", 5), (None, 5)]
)
def test_a_filter_has_its_own_exposure_or_the_common_one(filter, exposure_s):
    assert AutofocusOptions(exposure_s=5, filters=FILTERS).exposure_for(filter) == exposure_s


def test_focus_shift_is_the_difference_of_the_focus_points():
    options = AutofocusOptions(filters=FILTERS, adjust_focus_per_filter=True)
    assert options.focus_shift("L", "Ha 7nm") == 60
    assert options.focus_shift("Ha 7nm", "L") == -60
    assert options.focus_shift("OIII", "OIII") == 0
    assert options.focus_shift("L", "OIII") is None
    assert options.focus_shift(None, "L") is None
    assert options.replace(adjust_focus_per_filter=False).focus_shift("L", "Ha 7nm") == 0


def test_sgpro_preset_lets_two_lines_decide_and_leaves_the_rig_alone():
    options = AutofocusOptions.as_sgpro(step_size=25, exposure_s=8, binning=2)
    assert changed(options, AutofocusOptions(step_size=25, exposure_s=8, binning=2)) == {
        "curve": "two_lines",
        "veto": False,
        "final_approach": "direct",
    }
    assert (options.data_points, options.validation_tolerance_percent) == (9, 10)
    # The defaults are SGPro's in everything else, and stay the preset's where they change.
    assert set(SGPRO_RUN) >= {"smart_focus", "max_sweeps", "validation_frame", "frames_per_point"}
