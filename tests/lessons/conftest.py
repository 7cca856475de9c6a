"""One execution of a lesson for all tests of a file."""

from collections.abc import Iterator

import pytest

from tests.lessons.executed import ExecutedLesson


@pytest.fixture(scope="module")
def lesson(request, tmp_path_factory) -> Iterator[ExecutedLesson]:
    """The lesson that the test file names as `LESSON`, after it has run."""
    name = request.module.LESSON
    with ExecutedLesson(name, tmp_path_factory.mktemp(name)) as executed:
        yield executed
