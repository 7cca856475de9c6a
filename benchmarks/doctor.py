"""How often the doctor's first finding names the one trouble that a run had.

Run by hand::

    python benchmarks/doctor.py                 # fresh seed, printed; some minutes
    python benchmarks/doctor.py --runs 20       # fewer runs of each cause
    python benchmarks/doctor.py --seed 7

Prints the strength of each trouble with what it does to focus, and the confusion matrix: one row
a cause, one column a first finding, in per cent; `-` is no finding. Rules were chosen on seeds 1
to 99; report others.
"""

import argparse
import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

import numpy as np
from ailing_nights import STRENGTHS, night_with, run_night

from focusbench.doctor import diagnose

FIVE_TIMES = {"good": 5}
"""Sound runs are what a doctor mostly sees: five times as many."""


class Seen(NamedTuple):
    """All runs of one cause."""

    cause: str
    said: Counter[str]
    """First findings."""
    n_focused: int
    lost: float
    """What one in ten of the runs that focused loses in HFR, or more, per cent."""
    error: float
    """Median of the stated error of best focus, in zones of good focus."""


def runs_of(task: tuple[str, int, np.random.SeedSequence]) -> Seen:
    """Run and diagnose all nights of one cause."""
    cause, n_runs, seed = task
    rng = np.random.default_rng(seed)
    said: Counter[str] = Counter()
    lost, errors = [], []
    for _ in range(n_runs):
        record, lost_here = run_night(night_with(cause, rng), rng)
        findings = diagnose(record)
        said[findings[0].code if findings else "-"] += 1
        if record.focused:
            lost.append(lost_here)
            if record.best_position_error and record.best and record.best.zone:
                errors.append(record.best_position_error / record.best.zone)
    tenth = 100 * float(np.quantile(lost or [np.nan], 0.9))
    return Seen(cause, said, len(lost), tenth, float(np.median(errors or [np.nan])))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=100, help="runs of each cause")
    parser.add_argument("--seed", type=int, default=None)
    arguments = parser.parse_args()
    seed = arguments.seed
    if seed is None:
        seed = int(np.random.SeedSequence().generate_state(1)[0])
    seeds = np.random.SeedSequence(seed).spawn(len(STRENGTHS))
    tasks = [
        (cause, arguments.runs * FIVE_TIMES.get(cause, 1), child)
        for cause, child in zip(STRENGTHS, seeds, strict=True)
    ]
    with ProcessPoolExecutor(max_workers=min(2, os.cpu_count() or 1)) as pool:
        rows = list(pool.map(runs_of, tasks))

    print(f"seed {seed}\n")
    print("| cause | strength | focused | HFR lost by 1 in 10 of these | error in zones |")
    print("|---|---|---|---|---|")
    for row in rows:
        share = 100 * row.n_focused / row.said.total()
        lost, error = (f"{row.lost:.0f} %", f"{row.error:.2f}") if row.n_focused else ("", "")
        print(f"| {row.cause} | {STRENGTHS[row.cause]} | {share:.0f} % | {lost} | {error} |")
    columns = [*STRENGTHS, "-"]
    print(f"\n| first finding in % | n | {' | '.join(columns)} |")
    print("|---" * (len(columns) + 2) + "|")
    for row in rows:
        n = row.said.total()
        cells = [f"{100 * row.said[c] / n:.0f}" if row.said[c] else "" for c in columns]
        print(f"| {row.cause} | {n} | {' | '.join(cells)} |")
    ill = [row for row in rows if row.cause != "good"]
    right, total = sum(r.said[r.cause] for r in ill), sum(r.said.total() for r in ill)
    (sound,) = (row.said for row in rows if row.cause == "good")
    print(f"\nfirst finding right: {100 * right / total:.1f} % of {total} runs with one trouble")
    print(f"read good: {100 * sound['good'] / sound.total():.1f} % of {sound.total()} sound runs")


if __name__ == "__main__":
    main()
