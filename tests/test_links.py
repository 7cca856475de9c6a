"""Links to files lead somewhere, and the first page leads everybody to theirs."""

import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").rglob("*.ipynb"))
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + NOTEBOOKS
START = ROOT / "notebooks" / "00_start_here.ipynb"


def text_of(page):
    if page.suffix != ".ipynb":
        return page.read_text(encoding="utf-8")
    cells = nbformat.read(page, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def links_of(page):
    """Files that a page links or shows; what leads out of the project is left to its reader."""
    found = re.findall(r"\]\(([^)\s#]+)(?:#[^)]*)?\)", text_of(page))
    return [link for link in found if not re.match(r"[a-z]+:", link)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_linked_files_exist(page):
    for link in links_of(page):
        assert (page.parent / link).exists(), link


def test_notebooks_named_in_a_text_exist():
    names = {notebook.stem for notebook in NOTEBOOKS}
    for page in PAGES:
        for name in re.findall(r"`(\d\d_\w+)(?:\.ipynb)?`", text_of(page)):
            assert name in names, f"{page.name}: {name}"


def test_files_named_in_contributing_exist():
    """The table of where to change what: `room/file.py` lies in a room, or in its own place."""
    rows = re.search(r"\| where do I change.*?\n\n", text_of(PAGES[1]), re.DOTALL)[0]
    for line in rows.splitlines():
        room = ""
        for name in re.findall(r"`([\w/]+(?:\.py|\.css|\.json|/))`", line):
            if "/" in name:
                room = name.rpartition("/")[0]
            places = [ROOT, ROOT / "src/focusbench", ROOT / "src/focusbench" / room]
            assert any((place / name).exists() for place in places), f"{name} in {line}"


def test_first_page_leads_each_kind_of_user_and_to_every_lesson():
    links = links_of(START)
    for goal in ("tune at the telescope", "teach or learn", "find out why focus was lost"):
        (row,) = [line for line in text_of(START).splitlines() if goal in line]
        assert re.search(r"\]\(\d\d_|\]\(lessons/", row), goal
    wanted = {path.relative_to(START.parent).as_posix() for path in NOTEBOOKS} - {START.name}
    assert wanted <= set(links)


def test_first_page_is_one_screen():
    assert len(re.sub(r"\]\([^)]*\)", "", text_of(START)).split()) < 200


def test_readme_has_every_notebook():
    readme = text_of(PAGES[0])
    for path in NOTEBOOKS:
        assert path.relative_to(ROOT).as_posix() in readme, path.name
