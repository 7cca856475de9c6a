import pytest

from focusbench.errors import OptionsError
from focusbench.options import (
    SequenceOptions,
    TriggerOptions,
    load_options,
    option_specs,
    save_options,
)


@pytest.mark.parametrize("cls", [TriggerOptions, SequenceOptions])
def test_every_option_has_label_group_help_and_a_default_that_it_accepts(cls):
    for spec in option_specs(cls):
        assert spec.label, spec.name
        assert spec.group, spec.name
        assert len(spec.help) > 10, spec.name
        assert spec.check(spec.default) == spec.default


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"every_frames": 0}, "every_frames.*from 1 to 10000 frames; got 0"),
        ({"every_frames": 1.5}, "every_frames.*whole number"),
        ({"every_c": 0}, "every_c.*more than 0 and at most 50 °C; got 0"),
        ({"every_minutes": -1}, "every_minutes.*more than 0"),
        ({"history": "fwhm"}, "history.*one of off, hfr, stars"),
        ({"history_percent": 0}, "history_percent.*more than 0"),
        ({"after_failure": "panic"}, "after_failure.*one of go_on, retry, stop"),
        ({"every_degree": 1}, "no option 'every_degree'"),
    ],
)
def test_a_bad_value_is_refused_by_name_bound_and_value(given, says):
    with pytest.raises(OptionsError, match=says):
        TriggerOptions(**given)


@pytest.mark.parametrize(
    "options",
    [
        TriggerOptions(every_c=1, every_frames=20, history="hfr_or_stars"),
        SequenceOptions(steps_per_c=-3.5, latitude_deg=48, longitude_deg=11),
    ],
)
def test_options_round_trip_through_a_file(tmp_path, options):
    save_options(options, tmp_path / "triggers.json")
    assert load_options(tmp_path / "triggers.json", type(options)) == options
