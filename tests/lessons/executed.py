"""A lesson executed once, whose values tests ask for."""

import ast
import copy
import json
import os
import re
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

LESSONS = Path(__file__).resolve().parents[2] / "notebooks" / "lessons"


class ExecutedLesson:
    """A lesson that ran from top to bottom, and its kernel.

    Parameters
    ----------
    name : str
        Of the notebook, without its ending.
    folder : path
        Where it runs.
    """

    def __init__(self, name: str, folder: Path) -> None:
        self.notebook = nbformat.read(LESSONS / f"{name}.ipynb", as_version=4)
        self._client = NotebookClient(
            self.notebook,
            timeout=100,
            kernel_name="python3",
            resources={"metadata": {"path": folder}},
        )
        self._stack = ExitStack()

    def __enter__(self) -> "ExecutedLesson":
        # A run of the lesson is no run of somebody's telescope.
        self._stack.enter_context(self._client.setup_kernel(env=dict(os.environ)))
        for index, cell in enumerate(list(self.notebook.cells)):
            self._client.execute_cell(cell, index)
        # The client puts whatever it executes into its own notebook.
        self.notebook = copy.deepcopy(self.notebook)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def __getitem__(self, expression: str) -> Any:
        """Value that an expression has at the end of the lesson: numbers, text, lists of them."""
        cell = nbformat.v4.new_code_cell(f"__import__('json').dumps({expression}, default=float)")
        self._client.execute_cell(cell, 0, store_history=False)
        return json.loads(ast.literal_eval(cell.outputs[-1]["data"]["text/plain"]))

    @property
    def outputs(self) -> list[dict[str, Any]]:
        """All outputs, in their order."""
        return [out for c in self.notebook.cells if c.cell_type == "code" for out in c.outputs]

    @property
    def said(self) -> str:
        """The text that cells have made, by `lessons.say`."""
        return "\n\n".join(
            out["data"]["text/markdown"]
            for out in self.outputs
            if "text/markdown" in out.get("data", {})
        )

    @property
    def answers(self) -> list[str]:
        """What the questions hide."""
        return [
            out["data"]["text/plain"]
            for out in self.outputs
            if "<details" in out.get("data", {}).get("text/html", "")
        ]

    @property
    def pictures(self) -> list[str]:
        """What the figures say they show."""
        found = (re.findall(r'<img [^>]*alt="([^"]*)"', out.get("data", {}).get("text/html", ""))
                 for out in self.outputs)  # fmt: skip
        return [words for one in found for words in one]

    @property
    def complaints(self) -> list[str]:
        """What was written to stderr: warnings, mostly."""
        return [out["text"] for out in self.outputs if out.get("name") == "stderr"]
