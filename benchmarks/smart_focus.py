"""How far off a run may start: smart focus from up to four sweeps away, either side.

    python benchmarks/smart_focus.py [--runs 300] [--rendered 10] [--seed 1]

Points come from a model of a night (a telescope's own curve of growth with and without a central
obstruction, seeing from frame to frame, fewer and fainter stars the larger they are), and with
`--rendered` from rendered frames that are measured, the whole way. A sweep is N·s long.

Promises, which the table is to be held against:

- up to one sweep off: at least 95 % FOCUSED within one step size;
- up to four sweeps off: FOCUSED, or LOST / NOT_FOCUSED with the focuser back at its start, 100 %;
- no move, overshoot included, further from the start than the largest travel.
"""

import argparse
import functools
import math
import time
from collections import Counter

import numpy as np

from focusbench.curve import FocusPoint, Outcome, Rejected
from focusbench.devices import Stop
from focusbench.engine import CurveSampler, FocusSession, Sample, autofocus_run
from focusbench.options import AutofocusOptions
from focusbench.simulator import Optics, simulated_rig

BANDS = ((0.0, 0.5), (0.5, 1.0), (1.0, 2.0), (2.0, 4.0))
"""How far focus lies from the start, in sweeps."""

STARS_IN_FOCUS = 120
STAR_SCATTER = 0.12
COUNT_SLOPE = 0.8
"""N(brighter than f) ∝ f^−0.8, and the faintest star found has a flux ∝ its radius."""

START = 50_000
FWHM_PX, PIXEL_UM, STEP_UM = 3.0, 3.76, 1.75


@functools.cache
def curve_of_growth(obstruction: float) -> tuple[np.ndarray, np.ndarray]:
    """Half-flux radius against the radius of the donut, pixels, from the encircled energy."""
    from scipy.special import j1

    optics = Optics(7.0, obstruction, 3.0)
    dk = 0.001
    k = np.arange(dk / 2, 4, dk)
    diagonal = k / math.sqrt(2)
    donuts = np.concatenate([np.linspace(0, 20, 41), np.linspace(22, 100, 40)])
    radii = []
    for donut in donuts:
        r = np.linspace(0.3, 1.2 * donut + 8, 400)
        energy = (r[:, None] * j1(k * r[:, None]) * dk) @ optics.transfer(
            diagonal, diagonal, donut, FWHM_PX
        )
        radii.append(float(np.interp(0.5, energy, r)))
    return donuts, np.array(radii)


class NightSampler(CurveSampler):
    """Points as a night would give them."""

    def __init__(self, focus: float, obstruction: float, rng: np.random.Generator) -> None:
        super().__init__(lambda _: 1.0, start=START)
        self._focus, self._rng_of_night = focus, rng
        self._donuts, self._radii = curve_of_growth(obstruction)
        self._seeing = rng.uniform(0.01, 0.06)

    def sample(self, position: int, stop: Stop | None, then: int | None = None) -> Sample:
        """Stars fade and grow fewer the larger they are; the seeing is another in every frame."""
        super().sample(position, stop, then)
        rng = self._rng_of_night
        donut = abs(position - self._focus) * STEP_UM / (2 * 7.0 * PIXEL_UM)
        radius = float(np.interp(donut, self._donuts, self._radii))
        n_stars = int(rng.poisson(STARS_IN_FOCUS * (radius / self._radii[0]) ** -COUNT_SLOPE))
        if n_stars < 5:
            few = f"{n_stars} stars, 5 needed"
            return Sample(FocusPoint(position, math.nan, rejected=Rejected.FEW_STARS, reason=few))
        error = STAR_SCATTER * 1.2533 / math.sqrt(n_stars)
        # The seeing changes its own part of a star's size; a donut far from focus hardly feels it.
        seeing = self._seeing * (self._radii[0] / radius) ** 2 + 0.005
        metric = radius * (1 + math.hypot(error, seeing) * rng.standard_normal())
        stated = error * radius * math.sqrt(rng.chisquare(n_stars - 1) / (n_stars - 1))
        return Sample(FocusPoint(position, metric, error=stated, n_stars=n_stars))


def modelled(options: AutofocusOptions, off: float, obstruction: float, rng: np.random.Generator):
    """One run of the model: record, truth, furthest travel."""
    sampler = NightSampler(START + off, obstruction, rng)
    *_, finished = autofocus_run(options, sampler)
    return finished.record, START + off, max(abs(p - START) for p in sampler.visited)


def rendered(options: AutofocusOptions, off: float, obstruction: float, rng: np.random.Generator):
    """One run on the simulated rig, frames rendered and measured."""
    rig = simulated_rig(
        best_focus=START + off,
        start=START,
        limits=(0, 100_000),
        seed=int(rng.integers(2**31)),
        obstruction=obstruction,
        shape=(480, 640),
        n_stars=70,
        focuser_speed=2_000,
        focus_steps_per_c=0,
    )
    sent, start_move = [START], rig.focuser.start_move
    rig.focuser.start_move = lambda position: (sent.append(position), start_move(position))[1]
    record = FocusSession.of(rig).run(options)
    return record, START + off, max(abs(position - START) for position in sent)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=300, help="runs of the model in each row")
    parser.add_argument("--rendered", type=int, default=0, help="rendered runs in each row")
    parser.add_argument("--points", type=int, nargs="*", default=[9], help="data points")
    parser.add_argument("--seed", type=int, default=None)
    arguments = parser.parse_args()
    seed = arguments.seed if arguments.seed is not None else int(time.time())
    print(f"seed {seed}")
    head = f"{'':9} {'obstr.':>6} {'N':>3} {'sweeps off':>11} {'runs':>5}"
    print(f"{head} {'focused':>8} {'in 1 step':>9} {'home':>6} {'wrong':>6} {'points':>6}  travel")
    for name, run, n_runs in (
        ("model", modelled, arguments.runs),
        ("rendered", rendered, arguments.rendered),
    ):
        for obstruction in (0.0, 0.35):
            for n in arguments.points:
                for band in BANDS:
                    if n_runs:
                        row(name, run, n_runs, obstruction, n, band, seed)


def row(name, run, n_runs, obstruction, n, band, seed) -> None:
    """Print one line of the table."""
    rng = np.random.default_rng([seed, n, round(100 * obstruction), round(10 * band[0])])
    options = AutofocusOptions(data_points=n, step_size=round(60 * 8 / (n - 1)))
    length = n * options.step_size
    seen: Counter[str] = Counter()
    points, furthest = 0, 0.0
    for _ in range(n_runs):
        off = float(rng.choice([-1, 1]) * rng.uniform(*band) * length)
        record, truth, travelled = run(options, off, obstruction, rng)
        furthest = max(furthest, travelled / options.travel_limit)
        points += len(record.points)
        home = record.final_position == record.start_position
        if record.outcome in (Outcome.FOCUSED, Outcome.LOWEST_POINTS):
            near = abs(record.best_position - truth) <= options.step_size
            seen["focused"] += record.outcome == Outcome.FOCUSED
            seen["in 1 step"] += near and record.outcome == Outcome.FOCUSED
            seen["wrong"] += not near
        else:
            seen["home"] += home
            seen["wrong"] += not home
    share = {key: f"{100 * seen[key] / n_runs:.1f} %" for key in ("focused", "in 1 step", "home")}
    off_text = f"{band[0]:g} to {band[1]:g}"
    print(
        f"{name:9} {obstruction:6.2f} {n:3d} {off_text:>11} {n_runs:5d} {share['focused']:>8} "
        f"{share['in 1 step']:>9} {share['home']:>6} {seen['wrong']:>6} {points / n_runs:6.1f}"
        f"  {furthest:.2f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
