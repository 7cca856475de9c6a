"""Text whose numbers a cell has computed."""

import textwrap
from dataclasses import dataclass


@dataclass(frozen=True)
class Said:
    """A piece of Markdown, shown as text of the lesson."""

    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_markdown_(self) -> str:
        return self.text


def say(text: str) -> Said:
    """Show Markdown, as the last line of a cell; its numbers come from an f-string.

    A number typed into the text of a lesson is true on the day it is typed. This one is true
    whenever the notebook is run.

    Parameters
    ----------
    text : str
        Markdown; common indentation is taken off.

    Examples
    --------
    >>> from focusbench import lessons
    >>> ratio = 3.3
    >>> lessons.say(f"The ends read **{ratio:.1f} times** the minimum.")
    The ends read **3.3 times** the minimum.
    """
    return Said(textwrap.dedent(text).strip())
