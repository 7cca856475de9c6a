"""What all lessons share: one idea, few words, no logic, no number typed that is computed."""

import ast
import re
from pathlib import Path

import nbformat
import pytest

from tests.lessons.executed import LESSONS
from tests.lessons.facts import FACTS

PATHS = sorted(LESSONS.glob("*.ipynb"))
TESTED = Path(__file__).parent

MOST_WORDS = 500
MOST_LINES, MOST_LINES_ASKING = 9, 16
"""Of a code cell, as in every notebook; of one that asks, which is mostly words."""

NUMBER = re.compile(r"(?<![\w.#])\d[\d\u202f.,]*\d|(?<![\w.#])\d")
ASKS = re.compile(r"\b(question|quiz)\(")
TEXTS = {"say", "question", "quiz"}
"""Functions of `focusbench.lessons` whose strings are text of the lesson."""

lessons = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


def read(path):
    notebook = nbformat.read(path, as_version=4)
    text = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return text, code


def trees(path):
    return [ast.parse(cell.source) for cell in read(path)[1]]


def written_in(tree):
    """Strings within the calls that make text; of an f-string only what was typed."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and getattr(call.func, "attr", "") in TEXTS:
            # Neither how a value is formatted nor how it is named is text.
            inner = [
                one.format_spec for one in ast.walk(call) if isinstance(one, ast.FormattedValue)
            ]
            inner += [one.slice for one in ast.walk(call) if isinstance(one, ast.Subscript)]
            no_text = {id(node) for one in inner if one for node in ast.walk(one)}
            for node in ast.walk(call):
                typed = isinstance(node, ast.Constant) and isinstance(node.value, str)
                if typed and id(node) not in no_text:
                    yield node.value


def typed_numbers(path):
    """Numbers that stand in the text as typed, not computed."""
    text, _ = read(path)
    words = [cell.source for cell in text]
    # The number of the lesson stands in its title.
    words[0] = re.sub(r"^# \d+", "", words[0])
    words += [typed for tree in trees(path) for typed in written_in(tree)]
    told = [re.sub(r"\]\([^)]*\)|`[^`]*`", "", one) for one in words]
    return {number for one in told for number in NUMBER.findall(one)}


def given_numbers(path):
    """Numbers that the lesson's code sets: what the text says of them is no claim."""
    return {
        f"{node.value:g}"
        for tree in trees(path)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and type(node.value) in (int, float)
    }


@lessons
def test_lesson_begins_with_its_number_and_its_one_idea(path):
    first = read(path)[0][0].source.splitlines()
    number = int(path.stem.split("_")[0])
    assert first[0].startswith(f"# {number} ")
    (idea,) = [line for line in first if line.startswith("> ")]
    assert re.fullmatch(r"> \*\*[^.!?]+\.\*\*", idea), "one sentence, in bold"


@lessons
def test_lesson_is_short(path):
    text, code = read(path)
    words = " ".join(cell.source for cell in text).split()
    words += " ".join(typed for tree in trees(path) for typed in written_in(tree)).split()
    assert len(words) <= MOST_WORDS
    for cell in code:
        most = MOST_LINES_ASKING if ASKS.search(cell.source) else MOST_LINES
        assert len(cell.source.splitlines()) <= most, cell.source


@lessons
def test_lesson_holds_no_logic(path):
    logic = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.For, ast.While)
    logic += (ast.Try, ast.If)
    for tree in trees(path):
        found = [type(node).__name__ for node in ast.walk(tree) if isinstance(node, logic)]
        assert not found, ast.unparse(tree)
        loops = [node for node in ast.walk(tree) if isinstance(node, ast.comprehension)]
        assert len(loops) <= 1, ast.unparse(tree)


@lessons
def test_code_is_collapsed_but_for_what_the_reader_changes(path):
    for cell in read(path)[1]:
        hidden = cell.metadata.get("jupyter", {}).get("source_hidden", False)
        yours = "yours" in cell.metadata.get("tags", [])
        assert hidden != yours, f"collapse it, or tag it 'yours': {cell.source}"


@lessons
def test_reader_is_asked_and_has_something_to_do(path):
    _, code = read(path)
    asked = [cell for cell in code if ASKS.search(cell.source)]
    assert len(asked) >= 2
    assert any("yours" in cell.metadata.get("tags", []) for cell in code)


@lessons
def test_no_number_is_typed_that_a_cell_computes(path):
    facts = FACTS.get(path.stem, {})
    typed = typed_numbers(path)
    assert typed <= given_numbers(path) | set(facts), "compute it, or name its source in facts.py"
    assert set(facts) <= typed, "a fact that no lesson uses"


@lessons
def test_claims_of_the_lesson_have_tests_of_their_own(path):
    number = path.stem.split("_")[0]
    tests = list(TESTED.glob(f"test_{number}_*.py"))
    assert [file.stem for file in tests] == [f"test_{path.stem}"]
    assert f'LESSON = "{path.stem}"' in tests[0].read_text(encoding="utf-8")


@lessons
def test_lesson_has_the_kernel_of_every_notebook(path):
    notebook = nbformat.read(path, as_version=4)
    assert notebook.metadata.kernelspec.name == "python3"


def test_numbers_that_code_sets_are_told_from_numbers_of_the_text(tmp_path):
    cells = [
        nbformat.v4.new_markdown_cell("# 1 · Title\n\n> **One idea.**\n\nFocus is at 10247 px."),
        nbformat.v4.new_code_cell("step = 60\nlessons.say(f'Of 60: {step:.2f}, not 7.5')"),
    ]
    path = tmp_path / "01_x.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    assert typed_numbers(path) == {"10247", "60", "7.5"}
    assert given_numbers(path) == {"60"}
