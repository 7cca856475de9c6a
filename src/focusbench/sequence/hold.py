"""Where the focuser belongs between runs."""

from dataclasses import dataclass

from focusbench.sequence.plan import Sequence


@dataclass(frozen=True)
class Hold:
    """The last focus, from which every later position is computed.

    Attributes
    ----------
    position : int, steps
        Where the focuser was left at focus.
    temperature_c : float or None, °C
        Temperature then; None while it is not known.
    filter : str or None
        Filter in the beam then.
    """

    position: int
    temperature_c: float | None = None
    filter: str | None = None

    def position_at(
        self, sequence: Sequence, temperature_c: float | None, filter: str | None
    ) -> int:
        """Where the focuser belongs at a temperature, with a filter in the beam, steps.

        position + steps_per_c · (T − T at focus) + focus_point[filter] − focus_point[its filter],
        rounded once: many small changes of temperature add up to what one large change is. What
        is not known does not move it.

        Examples
        --------
        >>> from focusbench.options import SequenceOptions
        >>> night = Sequence(options=SequenceOptions(steps_per_c=20))
        >>> Hold(10_250, temperature_c=12.0).position_at(night, 11.5, None)
        10240
        """
        steps = 0.0
        per_c = sequence.options.steps_per_c
        if per_c is not None and temperature_c is not None and self.temperature_c is not None:
            steps = per_c * (temperature_c - self.temperature_c)
        return round(self.position + steps + (self.shift_to(sequence, filter) or 0))

    def shift_to(self, sequence: Sequence, filter: str | None) -> int | None:
        """How much further out a filter focuses than that of the last focus, steps.

        0 where focus is not adjusted per filter; None where a focus point is not known.
        """
        return sequence.autofocus.focus_shift(self.filter, filter)
