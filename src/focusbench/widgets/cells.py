"""Which cell of a notebook is being executed, so that its old panel can make room for the new."""

from typing import NamedTuple

from IPython import get_ipython


class Execution(NamedTuple):
    """One execution of a cell."""

    cell: str
    request: str

    def replaces(self, other: "Execution | None") -> bool:
        """Whether what the other one has put into its cell's output is gone."""
        return other is not None and self.cell == other.cell and self.request != other.request


def execution() -> Execution | None:
    """The execution that is going on; None outside a notebook."""
    shell = get_ipython()
    ask = getattr(shell, "get_parent", None)
    request = ask() if ask is not None else None
    if not isinstance(request, dict):
        return None
    cell = request.get("metadata", {}).get("cellId")
    number = request.get("header", {}).get("msg_id")
    return Execution(str(cell), str(number)) if cell and number else None
