"""Do the 95 % intervals of many runs hold the truth: backlash, temperature, filters, noise.

Run by hand::

    python benchmarks/sessions.py                # fresh seed, printed; an hour on one idle core
    python benchmarks/sessions.py --sessions 60  # fewer simulated sessions a row
    python benchmarks/sessions.py --seed 7 --only backlash

Backlash: runs of the real engine on the simulator's drive, points from a formula with shapes,
noise, bad points and seeing drift that the estimator does not know (`play_rig.py`), and a few on
rendered frames. A validation frame alone cannot see little play (its metric grows as the square of
it): without play its interval is one from 0 up and holds it always. The rest: tables of runs with
known slope, offsets and noise. A row is as asked for where 90 to 99 % of its intervals hold the
truth.
"""

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

# Many small matrices: threads would only wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from play_rig import STEP, PlayRig

import focusbench as fb
from focusbench.engine import BothWays, uncompensated
from focusbench.errors import OptionsError

OPTIONS = fb.AutofocusOptions(step_size=STEP)
DIRECT = OPTIONS.replace(final_approach="direct")


@dataclass
class Held:
    """Intervals of one kind, and how many hold the truth."""

    inside: list[bool] = field(default_factory=list)
    width: list[float] = field(default_factory=list)

    def add(self, interval: tuple[float, float], truth: float) -> None:
        """Compare one."""
        low, high = interval
        self.inside.append(low - 1e-9 <= truth <= high + 1e-9)
        self.width.append(high - low)

    def line(self, name: str) -> str:
        """Row of the table."""
        n, share = len(self.inside), float(np.mean(self.inside))
        error = np.sqrt(max(share * (1 - share), 1e-4) / n)
        verdict = "" if 0.90 <= share <= 0.99 else "  outside 90 to 99 %"
        return (
            f"{name:46s} {n:5d} {100 * share:6.1f} ± {100 * error:.1f} % "
            f"{np.median(self.width):8.1f}{verdict}"
        )


def one_run(options: fb.AutofocusOptions) -> Callable:
    """Sessions of one run with these options."""
    return lambda rig, rng: [rig.run(options, rng)]


def several(n: int) -> Callable:
    """Sessions of runs compensated or not, approached either way."""

    def runs(rig: PlayRig, rng: np.random.Generator) -> list[fb.RunRecord]:
        amount = int(rng.uniform(1, 2 * STEP)) if rng.random() < 0.5 else 0
        options = (DIRECT if rng.random() < 0.5 else OPTIONS).replace(backlash=amount)
        return [rig.run(options, rng) for _ in range(n)]

    return runs


def both_ways(rig: PlayRig, rng: np.random.Generator) -> list[fb.RunRecord]:
    """One sweep outward and one inward."""
    return [rig.run(uncompensated(OPTIONS), rng, BothWays)]


BACKLASH = {
    "1 run, approached as sampled": one_run(OPTIONS),
    "1 run, approached direct": one_run(DIRECT),
    "sweeps both ways": both_ways,
    "6 runs, some compensated": several(6),
    "20 runs, some compensated": several(20),
}

SHORTENED = {"6 runs, some compensated": 3, "20 runs, some compensated": 10}
"""Rows of many runs a session have fewer sessions."""


def backlash(rng: np.random.Generator, n_sessions: int) -> None:
    """Coverage of the backlash interval, with and without backlash."""
    for name, sessions in BACKLASH.items():
        n = n_sessions // SHORTENED.get(name, 1)
        for none in (True, False):
            held, validated = Held(), Held()
            for _ in range(n):
                play = 0 if none else round(rng.uniform(0, 3 * STEP))
                found = fb.find_backlash(sessions(PlayRig.draw(rng, play), rng))
                held.add(found.interval_95, play)
                alone = found.from_evidence.get("validation frames")
                if alone is not None:
                    validated.add(alone, play)
            amount = "no play" if none else "play up to 3 steps"
            print(held.line(f"{name}; {amount}"), flush=True)
            if "direct" in name:
                print(validated.line("   its validation frame alone"), flush=True)


def rendered(rng: np.random.Generator, n_rigs: int) -> None:
    """The same on rendered frames: one ordinary run and one sweep both ways a rig."""
    ordinary, measured = Held(), Held()
    for _ in range(n_rigs):
        play = int(rng.choice([0, round(rng.uniform(0, 2.5 * STEP))]))
        rig = fb.simulated_rig(
            backlash=play,
            seed=int(rng.integers(2**31)),
            obstruction=float(rng.uniform(0, 0.4)),
            seeing_px=float(rng.uniform(2.5, 4)),
            outer_travel=float(rng.uniform(0.85, 1)),
        )
        record = fb.autofocus(rig, OPTIONS, save_packages_to=None)
        ordinary.add(fb.find_backlash([record]).interval_95, play)
        found = fb.measure_backlash(rig, OPTIONS, save_packages_to=None)
        measured.add(found.interval_95, play)
    print(ordinary.line("rendered frames, 1 run"), flush=True)
    print(measured.line("rendered frames, sweeps both ways"), flush=True)


def disturbed(kind: str, n: int, scatter: float, rng: np.random.Generator) -> np.ndarray:
    """What runs scatter beyond their stated errors."""
    if kind == "heavy tails":
        return scatter * rng.standard_t(3, n)
    bad = rng.random(n) < (0.06 if kind == "bad runs" else 0)
    return scatter * rng.normal(size=n) + bad * rng.choice([-1, 1], n) * rng.uniform(30, 150, n)


def temperature(rng: np.random.Generator, n_sessions: int) -> None:
    """Coverage of slope, filter offsets and the next focus; and of p below 5 % without slope."""
    for kind in ("normal", "heavy tails", "bad runs"):
        for n, n_filters in ((6, 1), (10, 2), (20, 3), (60, 4)):
            slope, offsets, ahead, false = Held(), Held(), Held(), []
            for i in range(n_sessions):
                truth = 0.0 if i % 2 else rng.uniform(-30, 30)
                nights = int(rng.integers(1, max(n // 5, 1) + 1))
                night = np.sort(rng.integers(0, nights, n))
                which = rng.permutation(np.arange(n) % n_filters)
                span = rng.uniform(1, 12)
                t = rng.uniform(-1, 1, nights)[night] * span / 2 + rng.uniform(-1, 1, n) * span / 4
                between = rng.choice([0, 0, 20.0]) * rng.normal(size=nights + 1)
                scatter, stated = rng.choice([0, 2, 8.0]), rng.lognormal(np.log(4), 0.4, n)
                away = np.array([0, 40, -25, 8.0])
                y = 9000 + truth * t + away[which] + between[night] + stated * rng.normal(size=n)
                y += disturbed(kind, n, scatter, rng)
                table = {
                    "best_position": y,
                    "best_position_error": stated,
                    "temperature": t,
                    "filter": np.array(list("LRGB"))[which],
                    "started": 86_400.0 * night + 900 * np.arange(n),
                }
                try:
                    model = fb.fit_temperature(table, reference="L")
                except OptionsError:
                    continue
                if not model.has_temperature:
                    continue
                slope.add(model.interval_95, truth)
                if not truth:
                    false.append(model.p_value < 0.05)
                for j in range(1, n_filters):
                    offsets.add(model.filter_offsets["LRGB"[j]].interval_95, away[j])
                t_next = rng.uniform(t.min(), t.max())
                # Of a night yet to come; where only one is known, of that one.
                next_focus = 9000 + truth * t_next + between[-1 if nights > 1 else 0]
                # A bad run is not what is predicted.
                honest = "normal" if kind == "bad runs" else kind
                next_focus += disturbed(honest, 1, scatter, rng)[0]
                ahead.add(model.predict(t_next, "L").interval_95, next_focus)
            name = f"{n} runs, {kind}"
            print(slope.line(f"{name}: steps per °C"))
            if n_filters > 1:
                print(offsets.line(f"{name}: filter offsets"))
            print(ahead.line(f"{name}: next focus"))
            print(
                f"{'   p < 0.05 without any slope':46s} {len(false):5d} {100 * np.mean(false):6.1f}"
            )


def repeating(rng: np.random.Generator, n_sessions: int) -> None:
    """Coverage of the ratio of run-to-run noise to stated errors."""
    for drift in ("no drift", "linear drift", "random walk"):
        for n in (8, 20, 60):
            held = Held()
            for _ in range(n_sessions):
                nights = int(rng.integers(1, n // 4 + 1))
                night = np.sort(rng.integers(0, nights, n))
                started = 86_400.0 * night
                for each in range(nights):
                    mine = night == each
                    started[mine] += np.sort(rng.uniform(0, 8 * 3600, mine.sum()))
                hours = started / 3600
                ratio, stated = rng.uniform(0.6, 3), rng.lognormal(np.log(4), 0.4, n)
                y = 9000 + 20 * rng.normal(size=nights)[night]
                y += ratio * stated * rng.normal(size=n)
                if drift == "linear drift":
                    y += rng.uniform(-20, 20) * (hours % 24)
                if drift == "random walk":
                    step = rng.uniform(2, 15) * np.sqrt(np.diff(hours, prepend=hours[0]))
                    y += np.cumsum(step * rng.normal(size=n))
                table = {"best_position": y, "best_position_error": stated, "started": started}
                try:
                    held.add(fb.repeatability(table).interval_95, ratio)
                except OptionsError:
                    continue
            print(held.line(f"{n} runs, {drift}: noise / stated errors"), flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int)
    parser.add_argument("--sessions", type=int, default=300)
    parts = {"backlash": backlash, "temperature": temperature, "repeatability": repeating}
    parser.add_argument("--only", choices=[*parts, "rendered"])
    arguments = parser.parse_args()
    seed = arguments.seed
    if seed is None:
        seed = int(np.random.default_rng().integers(2**31))
    print(f"seed {seed}\n")
    print(f"{'95 % intervals':46s} {'n':>5s} {'hold the truth':>16s} {'median width':>14s}")
    n_sessions = arguments.sessions
    for i, (name, part) in enumerate(parts.items()):
        if arguments.only in (None, name):
            began = time.perf_counter()
            part(np.random.default_rng([seed, i]), n_sessions)
            print(f"   {time.perf_counter() - began:.0f} s\n", flush=True)
    if arguments.only in (None, "rendered"):
        rendered(np.random.default_rng([seed, 9]), n_sessions // 6)


if __name__ == "__main__":
    main()
