"""How often the doctor's first finding names the one trouble that a run had.

Run by hand::

    python benchmarks/doctor.py                 # fresh seed, printed; some minutes
    python benchmarks/doctor.py --runs 20       # fewer runs of each cause
    python benchmarks/doctor.py --seed 7

Prints the strength of each trouble, and the confusion matrix: one row a cause, one column a first
finding, in per cent; `-` is no finding. Rules were chosen on seeds 1 to 99; report others.
"""

import argparse
import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from ailing_nights import STRENGTHS, night_with, run_night

from focusbench.doctor import diagnose

FIVE_TIMES = {"good": 5}
"""Sound runs are what a doctor mostly sees: five times as many."""


def first_findings(task: tuple[str, int, np.random.SeedSequence]) -> tuple[str, Counter, Counter]:
    """First finding, and outcome, of all runs of one cause."""
    cause, n_runs, seed = task
    rng = np.random.default_rng(seed)
    said: Counter = Counter()
    outcomes: Counter = Counter()
    for _ in range(n_runs):
        record = run_night(night_with(cause, rng), rng)
        findings = diagnose(record)
        said[findings[0].code if findings else "-"] += 1
        outcomes[str(record.outcome)] += 1
    return cause, said, outcomes


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
        rows = list(pool.map(first_findings, tasks))

    print(f"seed {seed}\n\n| cause | strength | focused |\n|---|---|---|")
    for cause, said, outcomes in rows:
        focused = 100 * outcomes["FOCUSED"] / said.total()
        print(f"| {cause} | {STRENGTHS[cause]} | {focused:.0f} % |")
    columns = [*STRENGTHS, "-"]
    print(f"\n| first finding in % | n | {' | '.join(columns)} |")
    print("|---" * (len(columns) + 2) + "|")
    for cause, said, _ in rows:
        cells = [f"{100 * said[c] / said.total():.0f}" if said[c] else "" for c in columns]
        print(f"| {cause} | {said.total()} | {' | '.join(cells)} |")
    troubles = [(cause, said) for cause, said, _ in rows if cause != "good"]
    right = sum(said[cause] for cause, said in troubles)
    total = sum(said.total() for _, said in troubles)
    sound = {cause: said for cause, said, _ in rows}["good"]
    print(f"\nfirst finding right: {100 * right / total:.1f} % of {total} runs with one trouble")
    print(f"read good: {100 * sound['good'] / sound.total():.1f} % of {sound.total()} sound runs")


if __name__ == "__main__":
    main()
