"""Points of the V-curve from a formula: the run without a rig, for tests and simulated nights."""

from collections.abc import Callable

import numpy as np

from focusbench.curve import FocusPoint
from focusbench.devices import Stop
from focusbench.engine.sampler import Sample
from focusbench.errors import RunCancelled


class CurveSampler:
    """Gives the value of a curve, with noise, at any position; nothing moves and no time passes.

    Parameters
    ----------
    metric : callable, steps → pixels
        The true curve.
    start : int, steps
        Where the focuser stands.
    relative_error : float
        Standard error of each point as a share of its value; also what it is stated as.
    seed : int
    """

    def __init__(
        self,
        metric: Callable[[float], float],
        *,
        start: int,
        relative_error: float = 0.0,
        seed: int = 0,
    ) -> None:
        self._metric = metric
        self._position = start
        self._relative_error = relative_error
        self._rng = np.random.default_rng(seed)
        self._travel: tuple[int, int] | None = None
        self.visited: list[int] = []
        """Every position gone to, in order."""

    def now(self) -> float:
        """No clock runs: always 0."""
        return 0.0

    def describe(self) -> dict[str, object]:
        """Name of the source."""
        return {"name": "curve"}

    def position(self) -> int:
        """Position now, steps."""
        return self._position

    def filter(self) -> str | None:
        """No wheel: always None."""
        return None

    def begin(self, travel: tuple[int, int]) -> None:
        """Remember how far moves may overshoot."""
        self._travel = travel

    def change_filter(self, name: str, stop: Stop | None) -> None:
        """Every filter shows the same curve."""

    def notices(self) -> tuple[str, ...]:
        """Nothing to say."""
        return ()

    def end(self) -> tuple[str, ...]:
        """Nothing to put back."""
        return ()

    def move_to(self, position: int, stop: Stop | None, *, via: int | None = None) -> int:
        """Stand there at once."""
        if stop is not None and stop.is_set():
            raise RunCancelled("Cancelled.")
        if via is not None and self._travel is not None:
            low, high = self._travel
            via = min(max(via, min(low, position)), max(high, position))
        self.visited += [position] if via is None else [via, position]
        self._position = position
        return position

    def sample(self, position: int, stop: Stop | None, then: int | None = None) -> Sample:
        """Value of the curve there, with its noise."""
        if position != self._position:
            self.move_to(position, stop)
        true = self._metric(position)
        value = true * (1 + self._relative_error * float(self._rng.standard_normal()))
        error = true * self._relative_error if self._relative_error else None
        return Sample(FocusPoint(position=position, metric=value, error=error, n_stars=100))
