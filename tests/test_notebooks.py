"""Every notebook runs from top to bottom, and is committed without outputs."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").rglob("*.ipynb"))
TOOLS = [path for path in NOTEBOOKS if path.parent.name != "lessons"]
"""Lessons are executed in tests/lessons, once for all that is asked of them there."""


def name(path: Path) -> str:
    return path.stem


def test_there_is_a_first_notebook() -> None:
    assert "01_first_run" in [path.stem for path in NOTEBOOKS]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_notebook_is_committed_without_outputs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in cells)
    assert "widgets" not in notebook.metadata


@pytest.mark.parametrize("path", TOOLS, ids=name)
def test_notebook_cells_are_short(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    lines = [len(c.source.splitlines()) for c in notebook.cells if c.cell_type == "code"]
    assert max(lines) < 10


@pytest.mark.notebook
@pytest.mark.parametrize("path", TOOLS, ids=name)
def test_notebook_runs_from_top_to_bottom(path: Path, tmp_path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    # An error in a cell is raised with the cell's own traceback.
    NotebookClient(
        notebook, timeout=100, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    ).execute()
    assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code")
