"""One execution of a lesson for all tests of a file."""

import re
from collections.abc import Iterator

import pytest

from tests.lessons.executed import ExecutedLesson


@pytest.fixture(scope="module")
def lesson(request, tmp_path_factory) -> Iterator[ExecutedLesson]:
    """The lesson that the test file names as `LESSON`, after it has run."""
    name = request.module.LESSON
    with ExecutedLesson(name, tmp_path_factory.mktemp(name)) as executed:
        # Of whatever lesson: every figure has its words, and no number is missing.
        assert all(words.strip() for words in executed.pictures)
        for text in (executed.said, *executed.answers, *executed.pictures):
            assert not re.search(r"\bnan\b", text), text
        yield executed
