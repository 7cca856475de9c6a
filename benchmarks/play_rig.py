"""Runs of the real engine on the simulator's drive, whose points come from a formula.

The moves, the overshoot and the play are those of the house; only optics, sky and the measurement
of stars are replaced, so that thousands of runs take minutes. None of it uses `focusbench.tuning`.
"""

import dataclasses
import math

import numpy as np

from focusbench.curve import FocusPoint
from focusbench.engine import RigSampler, RunRecord, Sample, Search, autofocus_run
from focusbench.options import AutofocusOptions
from focusbench.simulator import SimulatedRig, simulated_rig

STEP = 60
FOCUS = 10_000


@dataclasses.dataclass(frozen=True)
class PlayRig:
    """A rig whose V-curve is a formula. Width in `STEP`; the rest as `populations` has it."""

    play: float
    width: float
    gamma: float
    wings: float
    stars: float
    scatter: float
    drift: float = 0.04
    bad_share: float = 0.15

    @classmethod
    def draw(cls, rng: np.random.Generator, play: float) -> "PlayRig":
        """Draw one of the population."""
        return cls(
            play=play,
            width=4 / math.sqrt(rng.uniform(2, 4) ** 2 - 1),
            gamma=rng.uniform(0.5, 0.58),
            wings=rng.uniform(-0.1, 0.1),
            stars=rng.uniform(15, 100),
            scatter=rng.uniform(0.01, 0.06),
        )

    def run(self, options: AutofocusOptions, rng: np.random.Generator, how=Search) -> RunRecord:
        """Run auto focus once, best focus anywhere between two points."""
        start = FOCUS + round(rng.uniform(-0.5, 0.5) * STEP)
        rig = simulated_rig(
            best_focus=FOCUS,
            start=start,
            backlash=round(self.play),
            focuser_speed=1_000_000,
            shape=(16, 16),
            n_stars=1,
            seed=1,
            filters=None,
        )
        run = autofocus_run(options, FormulaSampler(rig, options, self, rng), sampling=how)
        while True:
            try:
                next(run)
            except StopIteration as end:
                return end.value


class FormulaSampler(RigSampler):
    """Moves as the real one; a point is what the formula says of where the drawtube stands."""

    def __init__(
        self,
        rig: SimulatedRig,
        options: AutofocusOptions,
        truth: PlayRig,
        rng: np.random.Generator,
    ) -> None:
        super().__init__(rig, options)
        self._drive, self._truth, self._dice = rig.telescope.drive, truth, rng
        self._taken = 0
        self._slope = truth.drift * rng.uniform(-1, 1) / options.data_points
        self._width = truth.width * math.exp(0.1 * rng.normal())
        self._bad = rng.integers(options.data_points) if rng.random() < truth.bad_share else -1

    def sample(self, position: int, stop: object, then: int | None = None) -> Sample:
        """Move there, and ask the formula."""
        self._moves.begin(position)
        self._moves.finish(None)
        off = self._drive.drawtube(self._rig.clock.now()) - FOCUS
        u = off / STEP / self._width * (1 + self._truth.wings * np.sign(off))
        ln_y = self._truth.gamma * math.log1p(u * u)
        stars = max(3.0, self._truth.stars * math.exp(-0.7 * ln_y))
        error = 0.12 * 1.2533 / math.sqrt(stars)
        y = 3 * math.exp(ln_y + self._slope * self._taken)
        y *= 1 + math.hypot(self._truth.scatter, error) * self._dice.normal()
        if self._taken == self._bad:
            y *= 1 + self._dice.uniform(0.12, 0.8)
        self._taken += 1
        return Sample(FocusPoint(position, max(y, 0.1), error=error * y, n_stars=round(stars)))
