"""Questions, quizzes, text and pictures that lessons are made of."""

import re
from html.parser import HTMLParser

import pytest

from focusbench import lessons


class Hidden(HTMLParser):
    """Splits a page into what stands open and what a click shows."""

    def __init__(self, page):
        super().__init__()
        self.open, self.hidden, self.tags = "", "", []
        self._depth = self._summary = 0
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._depth += tag == "details"
        self._summary += tag == "summary"

    def handle_endtag(self, tag):
        self._depth -= tag == "details"
        self._summary -= tag == "summary"

    def handle_data(self, data):
        if self._depth and not self._summary:
            self.hidden += data
        else:
            self.open += data


def test_answer_is_hidden_until_it_is_clicked():
    page = Hidden(lessons.question("How far?", "**240** steps.")._repr_html_())
    assert "How far?" in page.open
    assert "240" not in page.open
    assert page.hidden == "240 steps."
    assert not any(tag == "details" and "open" in attrs for tag, attrs in page.tags)


def test_question_needs_no_script_and_no_kernel():
    page = Hidden(lessons.question("How far?", "240 steps.")._repr_html_())
    assert {tag for tag, _ in page.tags} <= {"div", "b", "details", "summary", "p"}


def test_text_that_looks_like_a_tag_is_shown_as_it_is():
    page = Hidden(lessons.question("Is HFR < FWHM & why?", "`a<b>`")._repr_html_())
    assert "Is HFR < FWHM & why?" in page.open
    assert page.hidden == "a<b>"


def test_every_choice_of_a_quiz_answers_and_only_one_is_right():
    asked = lessons.quiz("Which?", right="b", replies={"a": "Too small.", "b": "Fits."})
    page = Hidden(asked._repr_html_())
    assert [tag for tag, _ in page.tags].count("details") == 2
    assert re.findall("Yes|No", page.hidden) == ["No", "Yes"]
    assert "Too small" not in page.open


def test_quiz_without_its_right_answer_is_refused():
    with pytest.raises(ValueError, match="'c' must be one of"):
        lessons.quiz("Which?", right="c", replies={"a": "", "b": ""})


def test_question_without_an_answer_is_refused():
    with pytest.raises(ValueError, match="both need words"):
        lessons.question("How far?", " ")


def test_what_is_said_is_markdown_without_the_indentation_of_the_code():
    said = lessons.say(
        """
        **Bold.**

        - one
        """
    )
    assert said._repr_markdown_() == "**Bold.**\n\n- one"


def test_picture_says_in_words_what_it_shows():
    figure, (axes,) = lessons.new_axes()
    axes.plot([0, 1], [1, 2])
    page = Hidden(lessons.picture(figure, 'A line > 1 "up"')._repr_html_())
    ((tag, attrs),) = page.tags
    assert (tag, attrs["alt"]) == ("img", 'A line > 1 "up"')
    assert attrs["src"].startswith("data:image/png;base64,iVBOR")
