"""The form: made from metadata, judged on Enter, never losing a valid value."""

import pytest
from ipywidgets.widgets import widget as widget_module

from focusbench.options import AutofocusOptions, load_options, option_specs, save_options
from focusbench.widgets import OptionsForm
from focusbench.widgets.option_field import read_field

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


def test_a_value_that_differs_from_the_profile_is_marked_and_taken_back(form):
    told = []
    form.on_change(told.append)
    field = form.field("step_size")
    assert field.profile_button is None
    control(form, "step_size").value = "80"
    assert field.profile_button.description == "profile: 60 ↺"
    assert field.profile_button.layout.display is None
    field.profile_button.click()
    assert (form.value.step_size, control(form, "step_size").value) == (60, "60")
    assert field.profile_button.layout.display == "none"
    assert [options.step_size for options in told] == [80, 60]


def test_the_profiles_value_is_said_as_the_field_shows_it(form):
    control(form, "smart_focus").value = False
    control(form, "binning").value = 2
    control(form, "max_travel").value = "500"
    assert form.field("smart_focus").profile_button.description == "profile: on ↺"
    assert form.field("binning").profile_button.description == "profile: 1×1 ↺"
    assert form.field("max_travel").profile_button.description == "profile: auto ↺"


def test_the_profiles_value_clears_an_error(form):
    control(form, "step_size").value = "80"
    control(form, "step_size").value = "0"
    form.field("step_size").profile_button.click()
    assert (form.errors, form.value.step_size) == ({}, 60)


@pytest.mark.parametrize(
    "name", [s.name for s in SPECS.values() if s.kind in (int, float) and not s.choices]
)
def test_every_field_refuses_what_its_option_refuses(form, name):
    spec = SPECS[name]
    beyond = [spec.low if spec.low_open else spec.low - 1]
    beyond += [] if spec.high is None else [spec.high + 1]
    for value in beyond:
        control(form, name).value = str(value)
        assert f"{spec.label} must be" in form.errors[name]
    assert form.value == AutofocusOptions(step_size=60)


def test_a_profile_is_saved_loaded_and_becomes_what_fields_are_compared_with(form, tmp_path):
    files = form.files
    files.file.value = str(tmp_path / "newton")
    control(form, "step_size").value = "80"
    files.save_button.click()
    assert files.sentence == "Saved as newton.json."
    assert not form.field("step_size").differs
    form.value = AutofocusOptions(step_size=70, smart_focus=False)
    assert form.field("step_size").profile_button.description == "profile: 80 ↺"
    assert form._folds["Profile"].description == "▸ Profile · 2 changed"
    files.load_button.click()
    assert form.value == AutofocusOptions(step_size=80)
    assert files.sentence == "Loaded newton.json. Step size 70 → 80; Smart focus off → on."
    assert form._folds["Profile"].description == "▸ Profile"


def test_compare_says_where_a_profile_differs_and_changes_nothing(form, tmp_path):
    save_options(AutofocusOptions(step_size=90), tmp_path / "other.json")
    form.files.file.value = str(tmp_path / "other.json")
    form.files.compare_button.click()
    assert form.files.sentence == "other.json differs. Step size 90 there, 60 here."
    assert form.value.step_size == 60
    form.value = AutofocusOptions(step_size=90)
    form.files.compare_button.click()
    assert form.files.sentence == "other.json: the same."


def test_overwriting_a_profile_that_differs_asks_once_in_place(form, tmp_path):
    path = tmp_path / "newton.json"
    save_options(AutofocusOptions(step_size=90), path)
    files = form.files
    files.file.value = str(path)
    files.save_button.click()
    assert files.sentence == "newton.json is there already. Step size 90 → 60."
    assert "fb-hidden" not in files._question._dom_classes
    files.keep_button.click()
    assert "fb-hidden" in files._question._dom_classes
    assert load_options(path).step_size == 90
    files.save_button.click()
    files.overwrite_button.click()
    assert load_options(path).step_size == 60
    files.save_button.click()
    assert files.sentence == "Saved as newton.json."


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "Cannot read the profile"),
        ("{", "is no JSON file of options"),
        ('{"step_size": 0}', "must be 1 or more"),
        ('{"stepsize": 5}', "Did you mean 'step_size'"),
    ],
)
def test_a_file_that_is_no_profile_is_told_in_one_sentence(form, tmp_path, content, words):
    path = tmp_path / "odd.json"
    if content is not None:
        path.write_text(content)
    form.files.file.value = str(path)
    form.files.load_button.click()
    assert words in form.files.sentence
    assert form.value.step_size == 60


def test_a_folder_that_cannot_be_written_and_an_empty_name_are_told(form, tmp_path):
    form.files.save_button.click()
    assert form.files.sentence == "Give the name of a file, such as newton.json."
    form.files.file.value = str(tmp_path / "none" / "a.json")
    form.files.save_button.click()
    assert form.files.sentence.startswith("Cannot save ")


def test_closing_a_form_closes_the_buttons_that_were_made_later():
    before = len(widget_module._instances)
    form = OptionsForm()
    control(form, "step_size").value = "80"
    form.close()
    assert len(widget_module._instances) == before
