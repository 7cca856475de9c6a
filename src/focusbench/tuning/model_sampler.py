"""Points of the V-curve from a learned rig: simulated nights, on a clock that only counts."""

import math

import numpy as np

from focusbench.curve import FocusPoint, Rejected
from focusbench.devices import Stop
from focusbench.engine import Sample
from focusbench.errors import RunCancelled
from focusbench.options import AutofocusOptions
from focusbench.tuning.rig_model import MOST_GROWTH, RigDraw

STARS_WITH_EXPOSURE = 0.4
"""n ∝ t^0.4: where the sky's light is the noise, the faintest star found goes as t^−½, and star
counts as flux^−0.8."""
ERROR_WITH_EXPOSURE = -0.5
BAD_SD = 0.40


class ModelSampler:
    """Moves, exposes and measures as one possible rig would.

    Parameters
    ----------
    rig : RigDraw
    options : AutofocusOptions
    best_focus : float, steps
        At the beginning of the run; it drifts.
    start : int, steps
        Where the focuser stands.
    exposure_s : float, seconds
        Exposure for which the rig states its stars.
    rng : numpy.random.Generator
    """

    def __init__(
        self,
        rig: RigDraw,
        options: AutofocusOptions,
        *,
        best_focus: float,
        start: int,
        exposure_s: float,
        rng: np.random.Generator,
    ) -> None:
        self._rig = rig
        self._options = options
        self._best_focus = best_focus
        self._position = start
        self._tube = float(start)
        self._time_s = 0.0
        self._rng = rng
        self._travel = (-math.inf, math.inf)
        longer = options.exposure_s / exposure_s
        frames = options.frames_per_point
        self._star_error = rig.star_error * longer**ERROR_WITH_EXPOSURE / math.sqrt(frames)
        self._scatter = rig.scatter / math.sqrt(frames)
        self._n_stars = rig.n_stars * longer**STARS_WITH_EXPOSURE

    def now(self) -> float:
        """Seconds since the run began."""
        return self._time_s

    def describe(self) -> dict[str, object]:
        """Name of the source."""
        return {"name": "rig model"}

    def position(self) -> int:
        """Position of the motor now, steps."""
        return self._position

    @property
    def distance(self) -> float:
        """How far from best focus the drawtube stands now, steps."""
        drifted = self._rig.drift_per_min * self._time_s / 60
        return self._tube - self._best_focus - drifted

    def ln_growth(self) -> float:
        """Natural logarithm of the metric over its minimum, where the drawtube stands now."""
        u = self.distance / self._rig.b
        u2 = u * u
        return self._rig.gamma * math.log1p(u2) + self._rig.kappa * u * abs(u) / (1 + u2)

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
        """Go there, backlash taken up; first to `via`, where given."""
        if stop is not None and stop.is_set():
            raise RunCancelled("Cancelled.")
        if position == self._position:
            return position
        if via is None:
            via = self._overshoot(position)
        if via is not None:
            low, high = self._travel
            self._go(int(min(max(via, min(low, position)), max(high, position))))
        self._go(position)
        return position

    def sample(self, position: int, stop: Stop | None, then: int | None = None) -> Sample:
        """Go there and take a point."""
        rig, options = self._rig, self._options
        self.move_to(position, stop)
        began_s, frames = self._time_s + options.settle_s, options.frames_per_point
        middle_s = began_s + (frames * options.exposure_s + (frames - 1) * rig.overhead_s) / 2
        self._time_s = middle_s
        growth = self.ln_growth()
        self._time_s = began_s + frames * (options.exposure_s + rig.overhead_s)
        n_stars = round(self._n_stars * math.exp(-rig.star_loss * growth))
        if n_stars < options.min_stars:
            point = FocusPoint(
                position=position,
                metric=math.nan,
                n_stars=n_stars,
                time_s=middle_s,
                rejected=Rejected.FEW_STARS,
                reason=f"{n_stars} stars, {options.min_stars} needed",
            )
            return Sample(point)
        stated = self._star_error * math.exp(rig.star_error_growth * growth)
        fade = math.exp(-rig.fading * min(max(growth, 0.0), MOST_GROWTH))
        noise = math.hypot(stated, self._scatter * fade)
        if self._rng.random() < rig.bad_share:
            noise = math.hypot(noise, BAD_SD)
        off = noise * float(self._rng.standard_normal())
        metric = rig.minimum_px * math.exp(growth + off)
        error = stated * metric if stated > 0 else None
        return Sample(
            FocusPoint(
                position=position, metric=metric, error=error, n_stars=n_stars, time_s=middle_s
            )
        )

    def _overshoot(self, target: int) -> int | None:
        """Where to go first, so that the last move has the direction of `final_move`."""
        backlash, inward = self._options.backlash, self._options.final_move == "in"
        if not backlash or (target > self._position) != inward:
            return None
        return target + (backlash if inward else -backlash)

    def _go(self, target: int) -> None:
        self._time_s += self._rig.s_per_step * abs(target - self._position)
        self._position = target
        self._tube = min(max(self._tube, target - self._rig.lag), float(target))
