"""What lesson 7 claims."""

import re

import pytest

from focusbench import lessons
from focusbench.api import SYMPTOMS
from tests.lessons.executed import LESSONS

LESSON = "07_reading_bad_curves"

SHOWN = [row for row in SYMPTOMS if row.sample]


def test_every_symptom_that_a_run_can_show_is_in_the_lesson():
    text = (LESSONS / f"{LESSON}.ipynb").read_text(encoding="utf-8")
    for row in SHOWN:
        assert re.search(rf'\\"{row.sample}\\"', text), row.see


def test_table_has_every_row(lesson):
    for row in SYMPTOMS:
        assert f"| {row.see} | {row.cause} | {row.remedy} |" in lesson.said


def test_good_run_has_no_fault(lesson):
    assert lesson["finding.code"] == "good"
    assert 2.5 < float(re.search(r"read ([\d.]+) times", lesson["finding.sentence"])[1]) < 4


def test_run_on_galaxies_focuses_when_it_is_measured_anew(lesson):
    assert lesson["stored.outcome.value"] == "NOT_FOCUSED"
    assert lesson["anew.outcome.item()"] == "FOCUSED"
    off = lesson["anew.best_position.item() - lessons.true_focus('galaxy')"]
    assert abs(off) < 3 * lesson["anew.best_position_error.item()"]


def test_parabola_with_the_better_r_squared_has_its_minimum_at_the_edge(lesson):
    at_edge, below = lesson["r2"]
    assert at_edge == pytest.approx(0.98, abs=0.01)  # as the table says
    assert below < 0.90 < at_edge  # SGPro's gate
    positions = sorted((p.metric, p.position) for p in lessons.sample("parabola_edge").focus_points)
    places = sorted(place for _, place in positions)
    assert places.index(positions[0][1]) <= 1


def test_every_case_asks_what_the_doctor_would_say(lesson):
    assert len(lesson.pictures) == 1 + len(SHOWN) - 1 + 1  # good, the others, the unknown one
    assert lesson.complaints == []


@pytest.mark.parametrize("row", SHOWN, ids=lambda row: row.sample)
def test_case_has_one_right_choice_that_says_what_to_do(row):
    (case,) = lessons.cases(row.sample).cases
    assert case.quiz.right.lower() == row.cause.lower()
    assert row.remedy in case.quiz.replies[case.quiz.right]
    assert case.finding.sentence in case.quiz.replies[case.quiz.right]
    assert len(case.quiz.replies) == 4
    # The picture does not give it away.
    assert row.cause not in case.picture.words


def test_another_number_gives_another_unknown_run():
    one, again, other = (lessons.unknown_run(seed) for seed in (1, 1, 2))
    assert one.picture.words == again.picture.words != other.picture.words


def test_unknown_sample_without_a_row_is_refused():
    with pytest.raises(ValueError, match="shows no row"):
        lessons.cases("off_centre_start")
