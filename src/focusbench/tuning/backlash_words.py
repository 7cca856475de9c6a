"""What a person is told of the backlash that was found."""

import math
from collections.abc import Mapping


class BacklashWords:
    """Sentences of a `Backlash`; it has the numbers."""

    steps: float
    error: float
    interval_95: tuple[float, float]
    at_least: bool
    configured: int | None
    final_move: str
    n_runs: int
    from_evidence: Mapping[str, tuple[float, float]]

    @property
    def advice(self) -> int:
        """What to type as backlash, final move in, steps.

        The upper end of the 95 % interval, rounded up: too little spoils focus, a little too much
        costs a moment.
        """
        upper = max(self.interval_95[1], 0.0)
        unit = 10 if upper >= 100 else 5
        return unit * math.ceil(upper / unit) if upper >= 10 else math.ceil(upper)

    @property
    def seen(self) -> bool:
        """Whether there certainly is play, or too much taken up."""
        low, high = self.interval_95
        return low > 0 or high < 0

    @property
    def warning(self) -> str:
        """One sentence where what is configured does not fit what was found; else empty."""
        low, high = self.interval_95
        found = f"found {self._found}"
        if high < 0:
            return (
                f"Moves outward end {-self.steps:.0f} ± {self.error:.0f} steps too far out: the "
                "driver takes up more backlash than there is; lower it there."
            )
        if self.configured is None:
            return ""
        if self.configured and self.final_move == "out" and self.seen:
            return (
                f"Configured {self.configured} out, {found}: type {self.advice} as backlash and "
                "final move in, since the sweep steps inward."
            )
        if self.configured < low:
            return (
                f"Configured {self.configured} in, {found}: type {self.advice} as backlash, "
                "final move in."
            )
        return ""

    @property
    def sentence(self) -> str:
        """What was found, from what, and whether the setting fits, in one or two sentences."""
        low, high = self.interval_95
        runs = "1 run" if self.n_runs == 1 else f"{self.n_runs} runs"
        source = f"from {_listed(list(self.from_evidence))} of {runs}"
        if self.seen:
            said = f"Backlash {self._found} steps (95 %: {low:.0f} to {high:.0f}), {source}."
        else:
            most = "cannot be told" if self.at_least else f"at most {high:.0f} steps (95 %)"
            said = f"No backlash to be seen: {most}, {source}."
        if self.warning:
            return f"{said} {self.warning}"
        if self.configured and self.configured >= high:
            return f"{said} The {self.configured} configured are enough."
        return said

    @property
    def _found(self) -> str:
        more = " or more" if self.at_least else ""
        return f"{self.steps:.0f} ± {self.error:.0f}{more}"

    def __repr__(self) -> str:
        return f"<Backlash: {self.sentence}>"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
