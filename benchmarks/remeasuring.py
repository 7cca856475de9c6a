"""Measure an archive anew: in this process, in threads, and on a local dask cluster.

    pip install 'focusbench[cluster]'
    python benchmarks/remeasuring.py [--packages 200] [--workers 2]

The archive holds copies of sample packages of nine points. Every way must give the same numbers,
to the last bit; each one's time stands beside the first one's. Workers compile the kernels, or
load them, within their time.
"""

import argparse
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import numpy as np

import focusbench as fb

NAMES = ("good", "outlier", "flat", "few_stars", "edge", "drift", "noise", "step_too_large")


def main() -> None:
    """Print a line for each way."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--packages", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    from distributed import Client, LocalCluster

    work = Path(tempfile.mkdtemp())
    archive = work / "archive"
    archive.mkdir()
    samples = [path for path in fb.sample_packages() if path.stem in NAMES]
    for i in range(given.packages):
        shutil.copy(samples[i % len(samples)], archive / f"run{i:04d}.zip")
    fb.remeasure(samples[0], results=work / "warm.jsonl")

    with LocalCluster(
        n_workers=given.workers, threads_per_worker=1, dashboard_address=None
    ) as cluster:
        client = Client(cluster)
        ways: dict[str, Callable[[], Executor | None]] = {
            "in this process": lambda: None,
            f"{given.workers} threads": lambda: ThreadPoolExecutor(given.workers),
            f"dask, {given.workers} workers": client.get_executor,
        }
        first = None
        for number, (name, executor) in enumerate(ways.items()):
            told: list[int] = []
            began = time.perf_counter()
            runs = fb.remeasure(
                archive,
                min_star_diameter_px=10,
                executor=executor(),
                progress=lambda done, _, told=told: told.append(done),
                results=work / f"{number}.jsonl",
            ).load()
            took = time.perf_counter() - began
            first = first or (runs, took)
            for variable in runs.data_vars:
                np.testing.assert_array_equal(runs[variable].values, first[0][variable].values)
            print(
                f"{name:18} {took:6.1f} s, ratio {took / first[1]:4.2f}, "
                f"progress told {len(told)} times, the same numbers"
            )
        client.close()
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
