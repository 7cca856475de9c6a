"""The form: made from metadata, judged on Enter, never losing a valid value."""

import pytest

from focusbench.options import AutofocusOptions, option_specs
from focusbench.widgets import OptionsForm
from focusbench.widgets.options_form import read_field

SPECS = {spec.name: spec for spec in option_specs(AutofocusOptions)}


@pytest.fixture
def form():
    made = OptionsForm(AutofocusOptions(step_size=60))
    yield made
    made.close()


def control(form: OptionsForm, name: str):
    """The widget that a person types or clicks in."""
    return form.field(name).children[0]


def test_every_option_has_a_field_with_label_and_help(form):
    for name, spec in SPECS.items():
        assert control(form, name).description == spec.label
        assert spec.help in control(form, name).tooltip


def test_text_fields_wait_for_enter(form):
    assert control(form, "step_size").continuous_update is False


def test_a_valid_change_is_told_once(form):
    told = []
    form.on_change(told.append)
    control(form, "step_size").value = "80"
    assert [options.step_size for options in told] == [80]
    assert form.value.step_size == 80


def test_a_bad_value_says_bound_and_value_in_force(form):
    told = []
    form.on_change(told.append)
    control(form, "step_size").value = "0"
    assert form.errors == {"step_size": "Step size must be 1 or more. Still using 60."}
    assert form.value.step_size == 60
    assert told == []
    assert form.still_using == ["Step size is still 60."]


def test_an_error_goes_when_the_field_is_right_again(form):
    control(form, "step_size").value = "0"
    control(form, "step_size").value = "60"
    assert form.errors == {}


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("data_points", "2", "Data points must be from 3 to 99."),
        ("data_points", "7.5", "Data points must be a whole number."),
        ("step_size", "sixty", "Step size must be a whole number."),
        ("step_size", "", "Step size must be a whole number."),
        ("step_size", "inf", "Step size must be a whole number."),
        ("exposure_s", "nan", "Exposure must be"),
        ("exposure_s", "0", "Exposure must be"),
        ("crop_percent", "91", "Crop must be from 0 to 90 %."),
    ],
)
def test_what_the_bound_refuses_the_field_refuses(form, name, text, sentence):
    before = form.value
    control(form, name).value = text
    assert sentence in form.errors[name]
    assert form.value == before


def test_an_optional_field_may_be_empty():
    assert read_field(SPECS["max_travel"], " ") is None
    assert read_field(SPECS["max_travel"], "500") == 500


def test_a_true_minus_is_a_minus():
    with pytest.raises(ValueError, match="1 or more"):
        read_field(SPECS["step_size"], "−5")


def test_setting_the_value_fills_the_fields_and_clears_errors(form):
    control(form, "step_size").value = "0"
    form.value = AutofocusOptions(step_size=90, binning=2, smart_focus=False)
    assert control(form, "step_size").value == "90"
    assert control(form, "binning").value == 2
    assert control(form, "smart_focus").value is False
    assert form.errors == {}
    assert form.value.step_size == 90


def test_a_folded_group_counts_what_was_changed(form):
    fold = form._folds["Curve and smart focus"]
    control(form, "curve").value = "parabola"
    control(form, "max_sweeps").value = "2"
    assert fold.description == "▸ Curve and smart focus · 2 changed"
    fold.value = True
    assert fold.description == "▾ Curve and smart focus · 2 changed"


def test_advice_is_shown_as_text_not_as_markup(form):
    form.advise("<b>9</b> frames")
    assert "&lt;b&gt;9&lt;/b&gt; frames" in form._advice.value


def test_as_sgpro_sets_the_run_and_leaves_the_rig(form):
    told = []
    form.on_change(told.append)
    control(form, "step_size").value = "25"
    form.sgpro_button.click()
    assert form.value == AutofocusOptions.as_sgpro(step_size=25)
    assert control(form, "curve").value == "two_lines"
    assert told[-1] == form.value


def test_filters_are_typed_after_each_other(form):
    control(form, "filters").value = "L 3 s @ 10250; Ha 30 s"
    assert form.value.exposure_for("Ha") == 30
    control(form, "filters").value = "Ha 30 s @"
    assert "is not like Ha 30 s @ 10310" in form.errors["filters"]
    assert form.value.exposure_for("Ha") == 30
