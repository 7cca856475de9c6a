"""Whether the advice of `fb.tune` holds on the rig itself, and how long a study takes.

Run by hand::

    python benchmarks/tuning.py            # 24 rigs, 400 runs each; about ten minutes on one core
    python benchmarks/tuning.py --quick    # 6 rigs, 100 runs each
    python benchmarks/tuning.py --seed 7

Twelve rigs are fixed, twelve drawn. Of each, three packages are taken through rendered frames,
every one with a poor step size (half, or twice, a good one) and 7 to 11 points; `fb.tune` learns
the rig from these and nothing else. The settings it advises are then run 400 times on the rig
itself, and as often SGPro's rule of thumb with nine points, whose ends read 3.5 times the minimum
by the rig's true optics; both with the same backlash compensation. These runs use the simulator's
mechanics and optics point by point, without rendering (`point_rig.py`), which a table compares
with rendered runs.

The width of the error's interval stands beside the least that these three packages allow at all
(`package_information.py`): three runs with half of a good step hold no point in the wings, where
the asymmetry shows, and no estimate from them can say how far it will pull.
"""

import argparse
import math
import os
import tempfile
import time
from dataclasses import dataclass

import numpy as np
from package_information import least_width
from point_rig import Outcome, PointRig, RigTruth

import focusbench as fb

POOR = (0.5, 0.6, 1.8, 2.0)
FIXED = (
    #        name                 f/   hole  seeing var  step um stars backlash
    RigTruth("default", 7.0, 0.30, 3.0, 0.04, 1.75, 100, 0.0),
    RigTruth("fast newton", 4.0, 0.35, 3.0, 0.04, 1.0, 120, 0.5),
    RigTruth("refractor", 5.3, 0.0, 2.2, 0.03, 1.2, 150, 0.0),
    RigTruth("long SCT", 10.0, 0.36, 4.5, 0.05, 2.5, 60, 1.0),
    RigTruth("bad seeing", 7.0, 0.30, 5.0, 0.06, 1.75, 100, 0.5),
    RigTruth("good seeing", 7.0, 0.20, 2.0, 0.02, 1.75, 120, 0.0),
    RigTruth("fine focuser", 6.0, 0.30, 3.0, 0.04, 0.25, 100, 0.0),
    RigTruth("coarse focuser", 5.0, 0.30, 3.0, 0.04, 9.0, 100, 0.0),
    RigTruth("few stars", 8.0, 0.40, 3.5, 0.04, 2.0, 25, 0.0),
    RigTruth("backlash 1", 7.0, 0.30, 3.0, 0.04, 1.75, 100, 1.0),
    RigTruth("backlash 2", 7.0, 0.25, 3.0, 0.03, 1.75, 100, 2.0),
    RigTruth("backlash 3", 9.0, 0.40, 3.5, 0.05, 2.0, 80, 3.0),
)
RENDERED_RIGS, RENDERED_RUNS = 3, 100


def draw_rig(number: int, rng: np.random.Generator) -> RigTruth:
    """Draw a rig."""
    return RigTruth(
        f"drawn {number}",
        focal_ratio=rng.uniform(4, 10),
        obstruction=float(rng.choice([0.0, rng.uniform(0.15, 0.4)])),
        seeing_px=rng.uniform(2, 5),
        variation=rng.uniform(0.02, 0.06),
        step_um=math.exp(rng.uniform(math.log(0.4), math.log(5))),
        n_stars=int(math.exp(rng.uniform(math.log(30), math.log(200)))),
        backlash=float(rng.choice([0.0, rng.uniform(0, 3)])),
    )


@dataclass(frozen=True)
class Realised:
    """Figures of many runs on the rig itself."""

    error_rms: float
    in_zone_rate: float
    failure_rate: float
    duration_s: float

    @classmethod
    def of(cls, runs: list[Outcome]) -> "Realised":
        """Sum up."""
        focused = [run for run in runs if run.focused]
        return cls(
            math.sqrt(np.mean([run.error**2 for run in focused])) if focused else math.nan,
            float(np.mean([run.focused and run.penalty <= 0.05 for run in runs])),
            1 - len(focused) / len(runs),
            float(np.mean([run.duration_s for run in runs])),
        )


@dataclass(frozen=True)
class Judged:
    """One rig: what was advised, and what came of it."""

    truth: RigTruth
    study: fb.Study
    advised: Realised
    rule: Realised
    least_width: float
    """What the packages can tell at best (`package_information.py`)."""

    def inside(self, name: str) -> bool:
        """Whether a realised figure lies in the interval stated."""
        estimate = self.study.recommended.estimates[name]
        return estimate.low - 1e-9 <= getattr(self.advised, name) <= estimate.high + 1e-9

    @property
    def off(self) -> float:
        """ln(predicted / realised) of the error."""
        return math.log(self.study.recommended.position_error / self.advised.error_rms)

    @property
    def width(self) -> float:
        """Upper over lower end of the interval of the error."""
        estimate = self.study.recommended.estimates["error_rms"]
        return estimate.high / estimate.low

    @property
    def cost(self) -> float:
        """Time over that of SGPro's rule of thumb."""
        return self.advised.duration_s / self.rule.duration_s


def take_packages(rig: PointRig, folder: str, rng: np.random.Generator) -> list[fb.Package]:
    """Three runs with poor settings, through rendered frames."""
    packages = []
    for _ in range(3):
        rig.go_to_start()
        options = fb.AutofocusOptions(
            step_size=max(1, round(rig.truth.good_step * float(rng.choice(POOR)))),
            data_points=int(rng.choice([7, 9, 11])),
        )
        record = fb.autofocus(rig.rig, options, save_packages_to=folder, keep="numbers")
        packages.append(fb.open_package(record.package_path))
    return packages


def judge(truth: RigTruth, seed: int, n_runs: int) -> tuple[Judged, PointRig]:
    """Take packages, ask for advice, and run it on the rig."""
    rng = np.random.default_rng([seed, 2])
    rig = PointRig(truth, seed)
    with tempfile.TemporaryDirectory() as folder:
        packages = take_packages(rig, folder, rng)
        study = fb.tune(packages, seed=seed)
        options = study.recommended.options
        bound = least_width(packages, study.rig, options)
    advised = Realised.of([rig.run(options) for _ in range(n_runs)])
    thumb = options.replace(step_size=rig.step_at(3.5, 4), data_points=9)
    rule = Realised.of([rig.run(thumb) for _ in range(n_runs)])
    return Judged(truth, study, advised, rule, bound), rig


def row(judged: Judged) -> str:
    """One line of the table."""
    chosen, got = judged.study.recommended, judged.advised

    def against(name: str, digits: int, factor: float = 1) -> str:
        e = chosen.estimates[name]
        said = f"{factor * e.value:.{digits}f} ({factor * e.low:.{digits}f}–"
        said += f"{factor * e.high:.{digits}f})"
        mark = "" if judged.inside(name) else " ✗"
        return f"{said} {factor * getattr(got, name):.{digits}f}{mark}"

    return (
        f"| {judged.truth.name} | {chosen.step_size} / {judged.truth.good_step:.0f} "
        f"| {chosen.data_points} | {against('error_rms', 2)} | {judged.off:+.2f} "
        f"| {judged.width:.2f} / {judged.least_width:.2f} | {against('failure_rate', 1, 100)} "
        f"| {against('duration_s', 1)} "
        f"| {100 * got.in_zone_rate:.1f} / {100 * judged.rule.in_zone_rate:.1f} "
        f"| {judged.cost:.2f} | {judged.study.advice.limited_by} |"
    )


def print_verdicts(all_judged: list[Judged]) -> None:
    """Targets, measured."""
    n = len(all_judged)
    inside = {
        name: sum(j.inside(name) for j in all_judged)
        for name in ("error_rms", "failure_rate", "duration_s")
    }
    off = float(np.median([abs(j.off) for j in all_judged]))
    widths = [j.width for j in all_judged]
    bounds = [j.least_width for j in all_judged]
    cheap = sum(
        j.cost <= 0.7 and j.advised.in_zone_rate >= j.rule.in_zone_rate - 0.02 for j in all_judged
    )
    needed, enough = math.ceil(19 / 24 * n), math.ceil(18 / 24 * n)
    rows = [
        *(
            (f"{name} inside its interval on {needed} of {n}", f"{k}", k >= needed)
            for name, k in inside.items()
        ),
        ("median |ln(predicted / realised)| of the error ≤ 0.2", f"{off:.3f}", off <= 0.2),
        (
            "interval of the error no wider than a factor 2",
            f"median {np.median(widths):.2f}, largest {max(widths):.2f}, "
            f"{sum(w <= 2 for w in widths)} of {n}",
            max(widths) <= 2,
        ),
        (
            "the same of the rigs whose packages can tell so much at best",
            f"{sum(w <= 2 for w, b in zip(widths, bounds, strict=True) if b <= 2)} of "
            f"{sum(b <= 2 for b in bounds)}; width over bound, median "
            f"{np.median(np.array(widths) / bounds):.2f}",
            all(w <= 2 for w, b in zip(widths, bounds, strict=True) if b <= 2),
        ),
        (
            f"≤ 0.7 × the time of the rule of thumb, in-zone rate not lower by 2 points, on "
            f"{enough} of {n}",
            f"{cheap}; median cost {np.median([j.cost for j in all_judged]):.2f}",
            cheap >= enough,
        ),
    ]
    print("\n## Targets\n\n| target | measured | |\n|---|---|---|")
    for target, measured, met in rows:
        print(f"| {target} | {measured} | {'met' if met else 'MISSED'} |")


def print_rendered(rigs: list[tuple[Judged, PointRig]], n_runs: int) -> None:
    """The fast truth beside rendered runs."""
    print("\n## The fast truth beside rendered frames: error rms, in zone, failed, seconds\n")
    print("| rig | runs | without rendering | rendered |\n|---|---|---|---|")
    for judged, rig in rigs:
        options = judged.study.recommended.options
        fast = Realised.of([rig.run(options) for _ in range(4 * n_runs)])
        slow = Realised.of([rig.run_rendered(options) for _ in range(n_runs)])
        cells = [
            f"{r.error_rms:.2f} · {100 * r.in_zone_rate:.0f} % · {100 * r.failure_rate:.1f} % "
            f"· {r.duration_s:.1f}"
            for r in (fast, slow)
        ]
        print(f"| {judged.truth.name} | {4 * n_runs}, {n_runs} | {cells[0]} | {cells[1]} |")


def print_time(judged: Judged) -> None:
    """A study of 6 × 5 settings × 200 trials."""
    from focusbench.tuning import run_study

    best, cpu = math.inf, math.inf
    for _ in range(3):
        before, began = os.times(), time.perf_counter()
        study = run_study(judged.study.rig, trials=200)
        best = min(best, time.perf_counter() - began)
        after = os.times()
        spent = sum(after[:4]) - sum(before[:4])
        cpu = min(cpu, spent)
    sizes = " × ".join(str(size) for size in study.dataset.sizes.values())
    print(f"\n## A study of {sizes} runs, best of three, {os.cpu_count()} processors\n")
    print(f"{best:.1f} s (target 10 s), {cpu:.1f} s of CPU, load {os.getloadavg()[0]:.1f}")


def main() -> None:
    """Judge all rigs and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, help="repeat an earlier benchmark")
    parser.add_argument("--runs", type=int, default=400, help="on the rig itself")
    parser.add_argument("--quick", action="store_true", help="6 rigs, 100 runs")
    args = parser.parse_args()
    seed = args.seed if args.seed is not None else int(np.random.SeedSequence().entropy % 2**31)
    rng = np.random.default_rng(seed)
    rigs = [*FIXED, *(draw_rig(i + 1, rng) for i in range(12))]
    runs = args.runs
    if args.quick:
        rigs, runs = rigs[::4], 100
    print(f"seed {seed}, {runs} runs on each rig\n")
    print(
        "Predicted (90 % interval) realised; ✗ where outside.\n\n"
        "| rig | step / good | points | error rms, steps | ln ratio | width / bound | failed % "
        "| seconds | in zone %, advised / rule | time / rule | limited by |"
    )
    print("|---" * 11 + "|")
    done = []
    for i, truth in enumerate(rigs):
        done.append(judge(truth, seed + i, runs))
        print(row(done[-1][0]), flush=True)
    print_verdicts([judged for judged, _ in done])
    print_rendered(done[:RENDERED_RIGS], 20 if args.quick else RENDERED_RUNS)
    print_time(done[0][0])


if __name__ == "__main__":
    main()
