"""The say line: one sentence in one place, and what a panel knows to say it."""

from dataclasses import dataclass, field
from typing import Literal

from focusbench.options import AutofocusOptions

Sign = Literal["", "✓", "!", "✕", "–"]


@dataclass(frozen=True)
class PanelState:
    """What a panel knows besides the run itself.

    Attributes
    ----------
    running, cancelling : bool
        A run, or a move back after one, is going on; Cancel was pressed in it.
    attached : bool
        The run was started by another panel, or from another page.
    position, return_position : int or None, steps
        Where the focuser is now, and where Cancel takes it.
    last_best : float or None, steps
    now_s : float, seconds
        Unix time on the rig's clock.
    options : AutofocusOptions
        What the form holds: the options of the next run.
    trouble : str
        Why the last button did nothing, or what broke unexpectedly.
    notes : tuple of str
        Fields whose text is not in force ("Step size is still 60.").
    obstacles : tuple of str
        Why a run would fail as things are, and what helps.
    """

    running: bool = False
    cancelling: bool = False
    attached: bool = False
    position: int | None = None
    return_position: int | None = None
    last_best: float | None = None
    now_s: float = 0.0
    options: AutofocusOptions = field(default_factory=AutofocusOptions)
    trouble: str = ""
    notes: tuple[str, ...] = ()
    obstacles: tuple[str, ...] = ()


@dataclass(frozen=True)
class SayLine:
    """One sentence in one place: what happened, and below it the evidence and what to do."""

    sign: Sign
    first: str
    second: str
    busy: bool = False


def join(*sentences: str) -> str:
    """Sentences one after the other; empty ones are left out."""
    return " ".join(sentence for sentence in sentences if sentence)


def ended(sentence: str) -> str:
    """A sentence with its stop."""
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."
