"""Nights with one trouble each, of known cause and strength, for `doctor.py`.

A night is a physical model, and none of it uses `focusbench.curve` or `focusbench.doctor`. Where
the drawtube stands follows from every move through the play of the drive; best focus follows the
temperature; stars grow as (1 + u²)^γ with wings of unlike slope; each frame has its own seeing and
a number of stars that falls with defocus; the engine's own generator takes the points.

Strengths are chosen so that a person who looks at the points would see the trouble, and so that
focus suffers: the run is refused, ends beside focus, needs a second sweep, or states a wider error
(`auto` bears with much). `STRENGTHS` says how strong, `doctor.py` prints what it does.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from focusbench.curve import FocusPoint, Rejected
from focusbench.engine import RunRecord, Sample, autofocus_run
from focusbench.options import AutofocusOptions

STAR_SCATTER = 0.12
"""How unlike the stars of one frame are."""
STARS_FALL = 0.7
"""Stars found fall as metric^−0.7 (rendered frames: 120 in focus, 50 at 3.3 times its HFR)."""
SHARPEST_PX = 2.0

STRENGTHS = {
    "good": "7 to 13 points, ends 2.3 to 3.7 x, frames scatter 1 to 5 %, wings differ by up to "
    "± 10 %, 35 to 120 stars, up to a step off centre, play up to 0.25 step",
    "step_too_small": "ends 1.25 to 1.7 x: the bottom is lost in 1 to 5 % of seeing",
    "step_too_large": "ends 6 to 12 x: one to three points below twice the minimum",
    "backlash": "play of 2 to 3.2 steps, not compensated: so many first points read alike; "
    "half of the runs go straight to best focus",
    "edge": "focus within 0.9 step of an end or up to a step beyond the inner one, so that one "
    "point at most lies on that side; smart focus off",
    "outlier": "one frame 1.4 to 2.2 x too high (70 %) or too low (30 %), anywhere",
    "noise": "frames scatter 20 to 35 % (wind)",
    "cloud": "stars divided by 4 to 10 on 2 to 4 frames in a row",
    "few_stars": "7 to 12 stars in focus, fewer than the needed 5 at the ends",
    "donut_plateau": "the HFR stops at 1.8 to 2.6 x its minimum, or falls by up to 10 % a step "
    "from there, where optics would go on to 4 to 6 x",
    "asymmetry": "slopes of the wings in the ratio 1.6 to 2.6",
    "drift": "1 to 3 °C within the run move focus by 1.5 to 3 steps",
    "galaxy": "15 to 30 % of the objects near focus are 2.5 to 4 times as wide as stars",
    "wrong_way": "focus 1 to 4 steps beyond the first point; smart focus on, off or with one sweep",
    "flat": "the drawtube does not move",
}


@dataclass(frozen=True)
class Night:
    """One rig on one night. Lengths in focuser steps, times in seconds."""

    n: int
    step: int
    ratio: float
    gamma: float
    asymmetry: float
    scatter: float
    stars: float
    offset: float
    """Where the run begins, step sizes outward of best focus."""
    play: float
    best: float
    exposure_s: float
    c_per_h: float
    steps_per_c: float
    thermometer: bool
    final_approach: str
    smart_focus: bool = True
    max_sweeps: int = 3
    ceiling: float = math.inf
    bend: float = 0.0
    """Share of the metric lost with every step size beyond the ceiling."""
    bad: tuple[int, float] | None = None
    """Number of the frame, and the factor it is off by."""
    cloud: tuple[int, int, float] | None = None
    """First frame, one past the last, and the factor by which stars are divided."""
    galaxies: tuple[float, float] | None = None
    """Share of the objects in focus, and how many times as wide as a star."""
    stuck: float | None = None
    """Distance from focus at which the drawtube stays, in b."""

    @property
    def half(self) -> int:
        """Planned points on a side."""
        return self.n // 2

    @property
    def b(self) -> float:
        """Width of the curve: where u = 1."""
        return self.half * self.step / math.sqrt(self.ratio ** (1 / self.gamma) - 1)

    def options(self) -> AutofocusOptions:
        """What the run is asked to do."""
        return AutofocusOptions(
            step_size=self.step,
            data_points=self.n,
            exposure_s=self.exposure_s,
            smart_focus=self.smart_focus,
            max_sweeps=self.max_sweeps,
            final_approach=self.final_approach,
        )


def sound_night(rng: np.random.Generator) -> Night:
    """Draw a night without trouble."""
    step = int(rng.integers(20, 121))
    return Night(
        n=int(rng.choice([7, 9, 11, 13])),
        step=step,
        ratio=rng.uniform(2.3, 3.7),
        gamma=rng.uniform(0.5, 0.6),
        asymmetry=rng.uniform(-0.1, 0.1),
        scatter=rng.uniform(0.01, 0.05),
        stars=rng.uniform(35, 120),
        offset=rng.uniform(-1, 1),
        play=rng.uniform(0, 0.25) * step,
        best=10_000 + rng.uniform(-0.5, 0.5),
        exposure_s=float(rng.choice([2, 4, 8, 20])),
        c_per_h=rng.uniform(-2, 0.3),
        steps_per_c=rng.uniform(0, 0.4) * step,
        thermometer=rng.random() < 0.8,
        final_approach="as_sampled" if rng.random() < 0.85 else "direct",
    )


def night_with(cause: str, rng: np.random.Generator) -> Night:
    """Draw a night with one trouble, or `good`; strengths as in `STRENGTHS`."""
    night = sound_night(rng)
    half = night.half
    match cause:
        case "good":
            return night
        case "step_too_small":
            return replace(night, ratio=rng.uniform(1.25, 1.7))
        case "step_too_large":
            return replace(night, ratio=rng.uniform(6, 12))
        case "backlash":
            return replace(
                night,
                n=int(rng.choice([9, 11, 13])),
                play=rng.uniform(2, 3.2) * night.step,
                final_approach=str(rng.choice(["as_sampled", "direct"])),
            )
        case "edge":
            inner = rng.random() < 0.6
            off = (
                rng.uniform(half - 0.9, half + 1) if inner else -rng.uniform(half - 0.9, half - 0.2)
            )
            return replace(night, offset=off, smart_focus=False)
        case "outlier":
            high = rng.random() < 0.7
            factor = rng.uniform(1.4, 2.2) if high else 1 / rng.uniform(1.4, 2.2)
            return replace(night, bad=(int(rng.integers(night.n)), factor))
        case "noise":
            return replace(night, scatter=rng.uniform(0.2, 0.35))
        case "cloud":
            length = int(rng.integers(2, 5))
            first = int(rng.integers(0, night.n - length + 1))
            return replace(night, cloud=(first, first + length, rng.uniform(4, 10)))
        case "few_stars":
            return replace(night, stars=rng.uniform(7, 12))
        case "donut_plateau":
            return replace(
                night,
                n=int(rng.choice([9, 11, 13])),
                ratio=rng.uniform(4, 6),
                ceiling=rng.uniform(1.8, 2.6),
                bend=rng.uniform(0, 0.1),
            )
        case "asymmetry":
            ratio = rng.uniform(1.6, 2.6)
            return replace(night, asymmetry=rng.choice([-1, 1]) * (ratio - 1) / (ratio + 1))
        case "drift":
            fall, moves = rng.uniform(1, 3), rng.uniform(1.5, 3)
            run_s = (night.n + 1) * (night.exposure_s + OVERHEAD_S)
            return replace(
                night,
                c_per_h=-fall * 3600 / run_s,
                steps_per_c=rng.choice([-1, 1]) * moves * night.step / fall,
                thermometer=True,
            )
        case "galaxy":
            return replace(night, galaxies=(rng.uniform(0.15, 0.3), rng.uniform(2.5, 4)))
        case "wrong_way":
            way = rng.integers(3)
            return replace(
                night,
                offset=-rng.uniform(half + 1, half + 4),
                smart_focus=bool(way),
                max_sweeps=1 if way == 1 else 3,
            )
        case "flat":
            return replace(night, stuck=rng.uniform(0, 3))
    raise ValueError(cause)


START_S = 1.7e9
OVERHEAD_S = 4.0
"""Move, settling and download of one point."""


class NightSampler:
    """Takes the points of one night; a `focusbench.engine.Sampler`."""

    def __init__(self, night: Night, rng: np.random.Generator) -> None:
        self._night = night
        self._rng = rng
        self._time_s = START_S
        self._motor = self._drawtube = round(night.best + night.offset * night.step)
        self._n_taken = 0
        self._travel: tuple[int, int] | None = None

    def now(self) -> float:
        """Time of the night."""
        return self._time_s

    def describe(self) -> dict[str, object]:
        """Name of the source."""
        return {"name": "night"}

    def position(self) -> int:
        """Where the motor stands."""
        return self._motor

    def filter(self) -> str | None:
        """No wheel: always None."""
        return None

    def begin(self, travel: tuple[int, int]) -> None:
        """Remember how far moves may overshoot."""
        self._travel = travel

    def change_filter(self, name: str, stop: object) -> None:
        """Every filter shows the same stars."""

    def notices(self) -> tuple[str, ...]:
        """Nothing to say."""
        return ()

    def end(self) -> tuple[str, ...]:
        """Nothing to put back."""
        return ()

    def move_to(self, position: int, stop: object, *, via: int | None = None) -> int:
        """Go there; the drawtube follows inward at once, outward when the play is taken up."""
        if via is not None and self._travel is not None:
            low, high = self._travel
            via = min(max(via, min(low, position)), max(high, position))
        for leg in (position,) if via is None else (via, position):
            self._motor = leg
            self._drawtube = min(max(self._drawtube, leg - self._night.play), leg)
        return position

    def sample(self, position: int, stop: object, then: int | None = None) -> Sample:
        """Take one frame there."""
        night, rng = self._night, self._rng
        self.move_to(position, stop)
        self._time_s += night.exposure_s + OVERHEAD_S
        number = self._n_taken
        self._n_taken += 1
        known = FocusPoint(
            position,
            math.nan,
            time_s=self._time_s,
            temperature_c=round(10 + self._warmer(), 2) if night.thermometer else None,
        )
        grown = self._growth(self._drawtube - self._truth())
        stars = night.stars * grown**-STARS_FALL
        if night.cloud and night.cloud[0] <= number < night.cloud[1]:
            stars /= night.cloud[2]
        n_stars = int(rng.poisson(stars))
        if n_stars < 5:
            reason = f"{n_stars} stars, 5 needed"
            return Sample(
                replace(known, n_stars=n_stars, rejected=Rejected.FEW_STARS, reason=reason)
            )
        spread = STAR_SCATTER
        if night.galaxies:
            # A galaxy keeps its width while stars grow, and fades below the noise.
            share, width = night.galaxies
            share *= math.exp(-(((grown - 1) / 0.25) ** 2))
            spread = math.sqrt(spread**2 + share * (1 - share) * (width - 1) ** 2)
            grown *= 1 + share * (width - 1)
        error = spread * 1.2533 / math.sqrt(n_stars)
        metric = SHARPEST_PX * grown
        metric *= 1 + math.hypot(night.scatter, error) * rng.normal()
        if night.bad and night.bad[0] == number:
            metric *= night.bad[1]
        metric = max(metric, 0.3)
        told = math.sqrt(rng.chisquare(n_stars - 1) / (n_stars - 1))
        return Sample(
            replace(
                known,
                metric=metric,
                error=told * error * metric,
                scatter=told * spread * metric,
                n_stars=n_stars,
            )
        )

    def lost(self) -> float:
        """Share by which the HFR is above the best there is, here and now."""
        return self._growth(self._drawtube - self._truth()) - 1

    def _warmer(self) -> float:
        return self._night.c_per_h * (self._time_s - START_S) / 3600

    def _truth(self) -> float:
        """Best focus now, as a position of the drawtube."""
        return self._night.best + self._night.steps_per_c * self._warmer()

    def _growth(self, distance: float) -> float:
        """Metric over its value in focus, `distance` steps outward of it."""
        night = self._night
        u = distance / night.b * (1 + night.asymmetry * math.copysign(1, distance))
        if night.stuck is not None:
            u = night.stuck
        grown = (1 + u * u) ** night.gamma
        if grown <= night.ceiling:
            return grown
        at_ceiling = math.sqrt(night.ceiling ** (1 / night.gamma) - 1) * night.b
        beyond = (abs(distance) - at_ceiling) / night.step
        return night.ceiling * (1 - night.bend) ** max(beyond, 0)


def run_night(night: Night, rng: np.random.Generator) -> tuple[RunRecord, float]:
    """Run auto focus on that night.

    Returns
    -------
    RunRecord
    float
        How far the HFR is above the best there is where the run has left the drawtube, as a share.
    """
    sampler = NightSampler(night, rng)
    steps = autofocus_run(night.options(), sampler)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value, sampler.lost()
