"""What a night asks for moves, frames and focus runs: a rig, or a simulated night of points."""

from typing import Protocol, runtime_checkable

from focusbench.devices import Stop
from focusbench.options import AutofocusOptions
from focusbench.sequence.events import FocusRun
from focusbench.sequence.plan import Row, Sequence, Target
from focusbench.sequence.sky_place import SkyPlace
from focusbench.triggers import LightFrame, Trigger


@runtime_checkable
class Station(Protocol):
    """A telescope as a night uses it.

    Calls that wait take `stop` and raise `~focusbench.errors.RunCancelled` within 0.2 s of its
    being set. Every call may raise `~focusbench.errors.DeviceError`.
    """

    def now(self) -> float:
        """Unix time on the station's own clock, seconds."""
        ...

    def sleep(self, seconds: float, stop: Stop) -> None:
        """Let time pass on that clock."""
        ...

    def check(self, sequence: Sequence) -> None:
        """See before the first frame that all of the sequence can be done.

        Raises
        ------
        OptionsError
            A filter, a binning, or a dark for the focus frames of some filter is missing.
        """
        ...

    def take(self, stop: Stop) -> None:
        """Have the telescope to oneself until `release`; waits while somebody else has it."""
        ...

    def release(self) -> None:
        """Let it go; harmless where it is not had."""
        ...

    def run_by_hand(self) -> FocusRun | None:
        """A focus run that somebody else made since the last time this was asked."""
        ...

    def temperature_c(self) -> float | None:
        """Temperature now, °C; None where it cannot be told."""
        ...

    def sky_place(self, sequence: Sequence, target: Target) -> SkyPlace:
        """Airmass and side of the meridian of a target now."""
        ...

    def filter(self) -> str | None:
        """Name of the filter in the beam; None without a wheel. Waits while the wheel turns."""
        ...

    def turn_to(self, filter: str, stop: Stop) -> None:
        """Bring a filter into the beam and wait."""
        ...

    def position(self) -> int:
        """Position of the focuser now, steps."""
        ...

    def follows_temperature(self) -> bool:
        """Whether the focuser follows the temperature by itself; then the night does not."""
        ...

    def move_to(self, position: int, options: AutofocusOptions, stop: Stop) -> None:
        """Send the focuser there, backlash taken up, and wait."""
        ...

    def expose(self, sequence: Sequence, row: Row, number: int, stop: Stop) -> LightFrame:
        """Take, measure and save a frame; one without stars has no `hfr`.

        It is saved under a name that says that it is not finished, until `keep`.
        """
        ...

    def keep(self, frame: LightFrame) -> None:
        """Finish the frame: the journal names it now."""
        ...

    def focus(
        self,
        options: AutofocusOptions,
        triggers: tuple[Trigger, ...],
        words: str,
        stop: Stop,
    ) -> tuple[FocusRun, ...]:
        """Run auto focus, wait the close delay, and return the runs made.

        More than one where somebody pressed Run again in the delay; each says whether it was
        cancelled in the end. A run that could not even begin is a FAILED one.
        """
        ...
