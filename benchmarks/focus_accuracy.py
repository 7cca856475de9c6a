"""How true best focus and its error bar are, for `auto` and its peers, on the same draws.

Run by hand::

    python benchmarks/focus_accuracy.py            # fresh seed, printed; ten minutes on one core
    python benchmarks/focus_accuracy.py --quick    # a tenth of the runs
    python benchmarks/focus_accuracy.py --seed 7 --renders 0

Truth comes from a population of shapes, from the renderer's optics, and from rendered frames;
never from the curve that is fitted. `rms` counts every run, refused or not, bias included: a fit
without an answer counts with its lowest point, one outside the points with the nearest end.
"""

import argparse
import contextlib
import math
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
from peers import PEERS
from populations import (
    DEPLOYMENT,
    MIXES,
    OPTICS,
    SINGLE_CAUSES,
    STAR_SCATTER,
    TWO_BAD,
    Cell,
    Draw,
    draw,
    nothing,
)
from scipy.optimize import curve_fit

import focusbench as fb
from focusbench.curve import CurveFit, FocusPoint, Outcome, RigShape, find_best_focus, learn_shape

EARLIER_RUNS = 6
METHODS = ("auto", *PEERS)
LEARNED, RENDERED, EQUAL = "mix n 9, learned", "rendered frames", ", equal wings"
RENDERED_FAR = "rendered frames, start 3 to 5 steps off"
EMPTY = ("flat", "line", "two minima", "outside", "noise")


@dataclass(frozen=True)
class Tried:
    """One draw, all methods: error and acceptance of each; bounds; where the truth fell."""

    error: tuple[float, ...]
    focused: tuple[bool, ...]
    crb3: float
    crb5: float
    inside_68: bool
    inside_95: bool
    z: float
    why: str


def points_of(run: Draw) -> list[FocusPoint]:
    """The run as the estimator gets it."""
    return [
        FocusPoint(x, y, error=e if e > 0 else None)
        for x, y, e in zip(run.x.tolist(), run.y.tolist(), run.error.tolist(), strict=True)
    ]


def try_draw(run: Draw, rig: RigShape | None = None, step_size: float = 1.0) -> Tried:
    """Give one draw to all methods; errors in step sizes."""
    best = find_best_focus(points_of(run), step_size=step_size, rig=rig)
    fit = best.fits["auto"]
    errors, focused = [], []
    answers = [(fit.best_position, best.outcome is Outcome.FOCUSED)]
    answers += [peer(run.x, run.y, STAR_SCATTER * run.y) for peer in PEERS.values()]
    for x0, accepted in answers:
        x0 = run.x[np.argmin(run.y)] if x0 is None else np.clip(x0, run.x.min(), run.x.max())
        errors.append((x0 - run.truth) / step_size)
        focused.append(bool(accepted))
    low, high = fit.interval_95 or (math.nan, math.nan)
    sigma = fit.best_position_error or math.nan
    off = (fit.best_position or math.nan) - run.truth
    return Tried(
        tuple(errors),
        tuple(focused),
        run.crb3,
        run.crb5,
        abs(off) < sigma,
        low < run.truth < high,
        off / sigma,
        best.diagnosis,
    )


def run_cell(task: tuple[Cell, int, np.random.SeedSequence]) -> list[Tried]:
    """All runs of one cell."""
    cell, n_runs, seed = task
    rng = np.random.default_rng(seed)
    return [try_draw(draw(cell, rng)) for _ in range(n_runs)]


def run_learned(task: tuple[Cell, int, np.random.SeedSequence]) -> list[Tried]:
    """The same, each rig having shown its asymmetry in six earlier runs."""
    cell, n_runs, seed = task
    rng = np.random.default_rng(seed)
    tried = []
    for _ in range(n_runs):
        wings = rng.uniform(*cell.wings)
        fits: list[CurveFit] = []
        for _ in range(EARLIER_RUNS):
            earlier = draw(cell, rng, wings)
            best = find_best_focus(points_of(earlier), step_size=1.0, rig=learn_shape(fits))
            fits.append(best.fits["auto"])
        tried.append(try_draw(draw(cell, rng, wings), learn_shape(fits)))
    return tried


def run_nothing(task: tuple[str, int, int, np.random.SeedSequence]) -> list[Tried]:
    """Runs with nothing to focus on."""
    kind, n, n_runs, seed = task
    rng = np.random.default_rng(seed)
    return [try_draw(nothing(kind, n, rng)) for _ in range(n_runs)]


def run_rendered(task: tuple[bool, int, np.random.SeedSequence]) -> tuple[list[Tried], list[Tried]]:
    """Runs of simulated rigs through rendered frames and measured stars, without smart focus.

    Seeing, obstruction, stars and frame-to-frame seeing are drawn; half of the rigs have up to
    1.5 steps of backlash that nobody compensates; the start is up to 1.5 steps off, or `far`: 3 to
    5 steps, with 11 to 15 points. The renderer's wings are equal. Returns the runs as they are, and
    with the wings of the population: the same frames, at positions of a focuser whose steps are
    up to 10 % larger on one side of focus.
    """
    far, n_runs, seed = task
    rng = np.random.default_rng(seed)
    equal, unequal = [], []
    for _ in range(n_runs):
        n = int(rng.integers(11, 16) if far else rng.integers(7, 14))
        start = rng.choice([-1, 1]) * rng.uniform(3, 5) if far else rng.uniform(-1.5, 1.5)
        seeing = rng.uniform(2, 5)
        obstruction = float(rng.choice([0, rng.uniform(0.15, 0.45)]))
        donut_px = 0.62 * seeing * math.sqrt(rng.uniform(1.8, 5) ** 2 - 1)
        donut_px /= math.sqrt((1 + obstruction**2) / 2)
        step = max(2, round(donut_px * 2 * 7 * 3.76 / 1.75 / ((n - 1) / 2)))
        best_focus = 10_000 + rng.uniform(-0.5, 0.5)
        rig = fb.simulated_rig(
            best_focus=best_focus,
            seed=int(rng.integers(2**31)),
            start=round(best_focus + start * step),
            obstruction=obstruction,
            seeing_px=seeing,
            seeing_variation=rng.uniform(0.01, 0.06),
            n_stars=int(np.exp(rng.uniform(np.log(15), np.log(120)))),
            shape=(384, 512),
            backlash=round(rng.choice([0, rng.uniform(0, 1.5) * step])),
        )
        options = fb.AutofocusOptions(step_size=step, data_points=n, smart_focus=False)
        truth = rig.true_best_focus()
        record = fb.autofocus(rig, options, save_packages_to=None)
        truth = (truth + rig.true_best_focus()) / 2
        taken = [p for p in record.points if p.counts and math.isfinite(p.metric)]
        if len(taken) < 5:
            continue
        x = np.array([p.position for p in taken], dtype=float)
        y = np.array([p.metric for p in taken])
        error = np.array([p.error or 0.0 for p in taken])
        wings = rng.uniform(-0.1, 0.1)
        stretched = truth + (x - truth) / (1 + wings * np.sign(x - truth))
        for runs, at in ((equal, x), (unequal, stretched)):
            runs.append(try_draw(Draw(at, y, error, truth, math.nan, math.nan), None, step))
    return equal, unequal


def rms(values: Iterable[float]) -> float:
    """Root mean square."""
    array = np.array(list(values))
    return float(np.sqrt(np.mean(array**2))) if len(array) else math.nan


def share(flags: Iterable[bool]) -> float:
    """Per cent."""
    array = np.array(list(flags))
    return 100 * float(array.mean()) if len(array) else math.nan


def off(tried: Sequence[Tried], m: int) -> float:
    """Per cent of the runs method m calls focused that are more than a step off."""
    return share(abs(t.error[m]) > 1 for t in tried if t.focused[m])


def row_of_auto(name: str, tried: Sequence[Tried]) -> str:
    """One line of the first table."""
    error, focused = rms(t.error[0] for t in tried), [t for t in tried if t.focused[0]]
    return (
        f"| {name} | {len(tried)} | {error:.3f} | {error / rms(t.crb3 for t in tried):.2f} "
        f"| {error / rms(t.crb5 for t in tried):.2f} "
        f"| {rms(t.error[0] for t in focused) / rms(t.crb5 for t in focused):.2f} "
        f"| {share(t.inside_68 for t in tried):.1f} / {share(t.inside_95 for t in tried):.1f} "
        f"| {share(t.inside_68 for t in focused):.1f} / {share(t.inside_95 for t in focused):.1f} "
        f"| {share(t.focused[0] for t in tried):.1f} | {off(tried, 0):.2f} |"
    )


def row_of_peers(name: str, tried: Sequence[Tried]) -> str:
    """One line of the second table: rms in steps · share focused · share of those off."""
    cells = [
        f"{rms(t.error[m] for t in tried):.3f} · {share(t.focused[m] for t in tried):.0f} · "
        f"{off(tried, m):.1f}"
        for m in range(len(METHODS))
    ]
    return f"| {name} | " + " | ".join(cells) + " |"


def main() -> None:
    """Draw, try, and print the tables and the verdicts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, help="repeat an earlier benchmark")
    parser.add_argument("--runs", type=int, default=400, help="a cell; five times that where a "
                        "coverage target is")  # fmt: skip
    parser.add_argument("--renders", type=int, default=300, help="runs through rendered frames")
    parser.add_argument("--quick", action="store_true", help="a tenth of everything")
    parser.add_argument("--processes", type=int, default=1)
    args = parser.parse_args()
    seed = args.seed if args.seed is not None else int(np.random.SeedSequence().entropy % 2**32)
    runs, renders = (
        (args.runs // 10, args.renders // 10) if args.quick else (args.runs, args.renders)
    )
    print(f"seed {seed}, {runs} runs a cell, {renders} through frames\n")
    seeds = iter(np.random.SeedSequence(seed).spawn(500))

    with ProcessPoolExecutor(args.processes) as pool:
        pending = {}
        for cell in (*MIXES, DEPLOYMENT, OPTICS, TWO_BAD):
            tasks = [(cell, runs, next(seeds)) for _ in range(5)]
            pending[cell.name] = [pool.submit(run_cell, task) for task in tasks]
        for cell in SINGLE_CAUSES:
            if cell is not TWO_BAD:
                pending[cell.name] = [pool.submit(run_cell, (cell, runs, next(seeds)))]
        for _ in range(5):
            task = (MIXES[2], runs, next(seeds))
            pending.setdefault(LEARNED, []).append(pool.submit(run_learned, task))
        for kind in EMPTY:
            for n in (7, 9, 11, 15) if kind == "two minima" else (5, 7, 9, 15):
                task = (kind, n, runs, next(seeds))
                pending.setdefault(kind, []).append(pool.submit(run_nothing, task))
        frames = {
            name: [pool.submit(run_rendered, (far, renders // 10, next(seeds))) for _ in range(n)]
            for name, far, n in ((RENDERED, False, 10), (RENDERED_FAR, True, 5))
            if renders >= 10
        }
        results = {}
        for name, futures in pending.items():
            results[name] = [t for part in futures for t in part.result()]
            if name not in EMPTY:
                say(name, results[name])
        for name, futures in frames.items():
            results[name + EQUAL] = [t for part in futures for t in part.result()[0]]
            results[name] = [t for part in futures for t in part.result()[1]]
            say(name + EQUAL, results[name + EQUAL])
            say(name, results[name])
    print_tables(results)
    print_times()


def say(name: str, tried: Sequence[Tried]) -> None:
    """Tell whoever waits how a cell ended, beside the tables."""
    print(row_of_auto(name, tried), file=sys.stderr, flush=True)


def print_times() -> None:
    """CPU of one run of nine points, beside scipy's curve_fit of a hyperbola to the same points."""
    from focusbench.curve.auto import fit_auto
    from focusbench.curve.counted import Counted
    from focusbench.curve.smooth import fit_hyperbola

    rng = np.random.default_rng(0)
    drawn = [draw(MIXES[2], rng) for _ in range(200)]
    points = [points_of(run) for run in drawn]
    counted = [Counted.of(p) for p in points]
    fits = [fit_hyperbola(c) for c in counted]
    prior = RigShape().prior()

    def scipy_fit(run: Draw) -> None:
        low = int(np.argmin(run.y))
        start = [run.x[low], run.y[low], 1.0]
        with contextlib.suppress(RuntimeError):
            curve_fit(lambda x, x0, a, q: np.hypot(a, q * (x - x0)), run.x, run.y, start)

    tasks: dict[str, Callable[[], object]] = {
        "scipy curve_fit, hyperbola": lambda: [scipy_fit(run) for run in drawn],
        "auto alone, Python around it included": lambda: [
            fit_auto(c, f, 1.0, True, prior) for c, f in zip(counted, fits, strict=True)
        ],
        "find_best_focus, all four curves": lambda: [
            find_best_focus(p, step_size=1.0) for p in points
        ],
    }
    best = dict.fromkeys(tasks, math.inf)
    for _ in range(7):
        for name, task in tasks.items():
            start = time.process_time()
            task()
            best[name] = min(best[name], (time.process_time() - start) / len(drawn))
    print("\n## CPU of nine points, best of seven\n\n| | ms | of curve_fit |\n|---|---|---|")
    for name, seconds in best.items():
        ratio = seconds / best["scipy curve_fit, hyperbola"]
        print(f"| {name} | {1000 * seconds:.2f} | {ratio:.1f} |")


def print_tables(results: dict[str, list[Tried]]) -> None:
    """Tables in Markdown, then the targets."""
    with_truth = {k: v for k, v in results.items() if k not in EMPTY and v}
    print("## auto\n")
    print(
        "| cell | runs | rms, steps | rms/CRB3 | rms/CRB5 | the same of FOCUSED | 68 / 95 % "
        "| the same of FOCUSED | FOCUSED % | of those > 1 step off % |"
    )
    print("|---" * 10 + "|")
    for name, tried in with_truth.items():
        print(row_of_auto(name, tried))
    print("\n## auto and its peers: rms in steps · focused % · of those more than a step off %\n")
    print("| cell | " + " | ".join(METHODS) + " |")
    print("|---" * (1 + len(METHODS)) + "|")
    for name, tried in with_truth.items():
        print(row_of_peers(name, tried))
    print("\n## Nothing to focus on: called focused, %\n")
    print("| | runs | " + " | ".join(METHODS) + " |")
    print("|---" * (2 + len(METHODS)) + "|")
    for name in EMPTY:
        shares = [f"{share(t.focused[m] for t in results[name]):.2f}" for m in range(len(METHODS))]
        print(f"| {name} | {len(results[name])} | " + " | ".join(shares) + " |")
    print("\n## Targets\n\n| target | measured | |\n|---|---|---|")
    for what, value, met in targets(results, with_truth):
        word = met if isinstance(met, str) else "met" if met else "MISSED"
        print(f"| {what} | {value} | {word} |")


def targets(
    results: dict[str, list[Tried]],
    with_truth: dict[str, list[Tried]],
) -> Iterable[tuple[str, str, bool | str]]:
    """Each target with what was measured and whether it is met."""
    mixes = [t for cell in MIXES for t in results[cell.name]]
    deployment = results["deployment"]
    for name, tried in (
        *((cell.name, results[cell.name]) for cell in MIXES),
        ("mix, all", mixes),
        ("deployment", deployment),
        ("optics", results["optics"]),
        (LEARNED, results[LEARNED]),
        *((k, v) for k, v in results.items() if k.startswith(RENDERED)),
    ):
        c68, c95 = share(t.inside_68 for t in tried), share(t.inside_95 for t in tried)
        met = abs(c68 - 68) <= 4 and abs(c95 - 95) <= 3
        yield f"coverage 68 ± 4, 95 ± 3 %: {name}", f"{c68:.1f} / {c95:.1f}", met

    def ratio(tried: Sequence[Tried], bound: str) -> float:
        return rms(t.error[0] for t in tried) / rms(getattr(t, bound) for t in tried)

    for what, tried, bound, most in (
        ("mix", mixes, "crb5", 1.15),
        ("mix, 0 to 2 bad", results["mix, 0 to 2 bad"], "crb5", 1.3),
        (LEARNED, results[LEARNED], "crb3", 1.3),
    ):
        value = ratio(tried, bound)
        yield f"rms ≤ {most} × {bound.upper()}: {what}", f"{value:.2f}", value <= most
    everything = [t for k, tried in with_truth.items() if EQUAL not in k for t in tried]
    value = off(everything, 0)
    yield "FOCUSED but > 1 step off ≤ 0.5 %, all cells", f"{value:.2f} %", value <= 0.5
    for what, tried, most in (
        ("mix", mixes, 2),
        ("2 bad of 9 on an ideal curve", results["2 bad of 9"], 5),
        ("mix, 2 bad of 9", results["mix, 2 bad of 9"], 5),
        ("deployment", deployment, 10),
    ):
        refused = 100 - share(t.focused[0] for t in tried)
        yield f"refused ≤ {most} %: {what}", f"{refused:.1f} %", refused <= most
    empty = [t for k in ("flat", "line", "two minima", "outside") for t in results[k]]
    value = share(t.focused[0] for t in empty)
    yield "nothing to focus on ≤ 0.3 %", f"{value:.2f} %", value <= 0.3
    value = share(t.focused[0] for t in results["noise"])
    yield "pure noise ≤ 3 %", f"{value:.2f} %", value <= 3
    for name in ("deployment", *(cell.name for cell in SINGLE_CAUSES[1:9])):
        tried = results[name]
        wrong = [share(t.focused[m] and abs(t.error[m]) > 1 for t in tried) for m in range(5)]
        least = min(wrong[1:])
        met = "tie" if wrong[0] == least else wrong[0] < least
        shown = " ".join(f"{w:.2f}" for w in wrong)
        yield f"more than a step off less often than each peer, % of runs: {name}", shown, met
    for name, tried in (("mix", mixes), ("deployment", deployment)):
        errors = [rms(t.error[m] for t in tried) for m in range(5)]
        shown = " ".join(f"{e:.3f}" for e in errors)
        yield f"rms lower than each peer's, steps: {name}", shown, errors[0] < min(errors[1:])


if __name__ == "__main__":
    main()
