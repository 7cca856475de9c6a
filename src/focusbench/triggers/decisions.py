"""What triggers answer."""

from dataclasses import dataclass
from enum import StrEnum


class Trigger(StrEnum):
    """The triggers, by the names that people and records know them by."""

    FIRST_FRAME = "first frame"
    RESUME = "resume"
    CENTRING = "centring"
    FILTER = "filter change"
    FRAMES = "frames"
    TEMPERATURE = "temperature"
    TIME = "time"
    HISTORY = "image history"
    RETRY = "retry"


@dataclass(frozen=True)
class Decision:
    """What one trigger answers, and why.

    Attributes
    ----------
    trigger : Trigger
    due : bool
    words : str
        "12.4 °C → 10.9 °C: 1.5 ≥ 1.0".
    expected_s : float or None, seconds
        Time from now until it should be due if all goes on as it does; 0 where it is, None where
        nobody can tell.
    """

    trigger: Trigger
    due: bool
    words: str
    expected_s: float | None = None

    def __str__(self) -> str:
        return f"{self.trigger}: {self.words}"


@dataclass(frozen=True)
class Decided:
    """What all triggers that are on answer.

    Attributes
    ----------
    decisions : tuple of Decision
        In the order of `Trigger`, due or not.
    held : str
        Why no run is made although triggers may be due: the cool-down; empty where nothing holds.
    """

    decisions: tuple[Decision, ...] = ()
    held: str = ""

    @property
    def due(self) -> tuple[Decision, ...]:
        """Those for which one run is to be made now; none while something holds."""
        return () if self.held else tuple(d for d in self.decisions if d.due)

    @property
    def words(self) -> str:
        """All that is due, in one line; empty where nothing is."""
        return "; ".join(str(decision) for decision in self.due)

    @property
    def next(self) -> Decision | None:
        """The one that should be due first; None where nobody can tell."""
        known = [d for d in self.decisions if d.expected_s is not None]
        return min(known, key=lambda d: d.expected_s or 0.0) if known else None
