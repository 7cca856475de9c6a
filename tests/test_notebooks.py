"""Every notebook runs from top to bottom, and is committed without outputs."""

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from jupyter_client import KernelManager
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


@pytest.fixture(scope="module")
def kernel() -> Iterator[KernelManager]:
    """One kernel for all notebooks: to import everything takes longer than most of them."""
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel()
    yield manager
    manager.shutdown_kernel(now=True)


@pytest.mark.notebook
@pytest.mark.parametrize("path", TOOLS, ids=name)
def test_notebook_runs_from_top_to_bottom(
    path: Path, tmp_path: Path, kernel: KernelManager
) -> None:
    notebook = nbformat.read(path, as_version=4)
    # None finds what another has left behind: neither names nor files.
    fresh = nbformat.v4.new_code_cell(f"%reset -f\n%cd -q {tmp_path}")
    notebook.cells.insert(0, fresh)
    # An error in a cell is raised with the cell's own traceback.
    client = NotebookClient(notebook, timeout=100, km=kernel)
    try:
        client.execute()
    finally:
        client.kc.stop_channels()
    assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code")
