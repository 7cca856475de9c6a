"""CPU of fitting many runs at once, beside `scipy.optimize.curve_fit` called for each.

Run by hand::

    python benchmarks/batch_fits.py

10,000 runs of 9 points drawn from the population of `populations.py`, positions in focuser steps.
`curve_fit` gets the same curve, weights and a start read off the points (lowest point, its metric,
the slope to the far end); also without a good start, as it is often called. Each is timed five
times in turn, and the least counts.
"""

import argparse
import contextlib
import math
import time
import warnings
from collections.abc import Callable

import numpy as np
from populations import MIXES, draw
from scipy.optimize import OptimizeWarning, curve_fit

from focusbench.curve import fit_autos, fit_hyperbolas

STEP = 60.0
ROUNDS = 5


def hyperbola(x: np.ndarray, x0: float, a: float, b: float) -> np.ndarray:
    """The curve of N.I.N.A., with its parameters."""
    return a * np.sqrt(1 + ((x - x0) / b) ** 2)


def main() -> None:
    """Draw, fit, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--one-by-one", type=int, default=500, help="runs that curve_fit gets")
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    drawn = [draw(MIXES[2], rng) for _ in range(args.runs)]
    x = np.stack([10_000 + STEP * run.x for run in drawn])
    y = np.stack([run.y for run in drawn])
    error = np.stack([run.error for run in drawn])

    def one_by_one(good_start: bool) -> np.ndarray:
        vertices = np.full(args.one_by_one, math.nan)
        for i in range(args.one_by_one):
            low = int(y[i].argmin())
            start = [x[i, low], y[i, low], y[i, low] * 4 * STEP / y[i].max()]
            if not good_start:
                start = [x[i].mean(), 1.0, 1.0]
            with contextlib.suppress(RuntimeError):
                found, _ = curve_fit(hyperbola, x[i], y[i], start, error[i], xtol=1e-11, ftol=1e-11)
                vertices[i] = found[0]
        return vertices

    warnings.simplefilter("ignore", OptimizeWarning)
    vertices = one_by_one(good_start=True)
    batch = fit_hyperbolas(x, y, error)
    fit_autos(x[:10], y[:10], error[:10], step_size=STEP)
    tasks: dict[str, tuple[int, Callable[[], object]]] = {
        "curve_fit, start read off the points": (args.one_by_one, lambda: one_by_one(True)),
        "curve_fit, start (middle, 1, 1)": (args.one_by_one, lambda: one_by_one(False)),
        "fit_hyperbolas": (args.runs, lambda: fit_hyperbolas(x, y, error)),
        "fit_autos": (args.runs, lambda: fit_autos(x, y, error, step_size=STEP)),
        "fit_autos, no lag suspected": (
            args.runs,
            lambda: fit_autos(x, y, error, step_size=STEP, time_ordered=False),
        ),
    }
    best = dict.fromkeys(tasks, math.inf)
    for _ in range(ROUNDS):
        for name, (n, task) in tasks.items():
            began = time.process_time()
            task()
            best[name] = min(best[name], (time.process_time() - began) / n)
    usual = best["curve_fit, start read off the points"]
    print(f"{args.runs} runs of 9 points\n\n| | CPU a run, µs | of curve_fit |\n|---|---|---|")
    for name, seconds in best.items():
        print(f"| {name} | {1e6 * seconds:.1f} | {seconds / usual:.4f} = 1/{usual / seconds:.1f} |")
    off = np.abs(vertices - batch.best_position[: args.one_by_one])
    inside = batch.ok[: args.one_by_one] & np.isfinite(off)
    print(
        f"\nVertices of {inside.sum()} runs with a minimum between the points differ by "
        f"{off[inside].max():.1e} steps at most; of all {np.isfinite(off).sum()} that both fit, "
        f"{np.mean(off[np.isfinite(off)] < 1e-4):.1%} by less than 1e-4."
    )


if __name__ == "__main__":
    main()
