"""A number is judged when it has been typed, never clamped, and wrong ones are told why."""

import pytest

from focusbench.widgets.number_field import NumberField, whole_number


@pytest.fixture
def field():
    given = []
    made = NumberField("Coarse", 100, whole_number(1, 500, "A step"), given.append, unit="steps")
    made.given = given
    return made


def test_a_valid_number_is_told_once(field):
    for text in ("200", "200.0", " 200 "):
        field.text.value = text
    assert (field.given, field.value, field.error) == ([200], 200, "")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "This must be a number."),
        ("many", "This must be a number."),
        ("0", "A step must be a whole number from 1 to 500."),
        ("2.5", "A step must be a whole number from 1 to 500."),
        ("nan", "A step must be a whole number from 1 to 500."),
        ("1e9", "A step must be a whole number from 1 to 500."),
    ],
)
def test_a_wrong_one_is_refused_in_one_sentence_and_the_last_stays_in_force(field, text, why):
    field.text.value = text
    assert field.error == f"{why} Still using 100."
    assert (field.value, field.given) == (100, [])
    assert why in field._words.value
    field.text.value = "50"
    assert (field.error, field.value) == ("", 50)


def test_nothing_is_judged_while_it_is_typed(field):
    assert not field.text.continuous_update
