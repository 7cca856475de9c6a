"""How fast an archive of many runs opens, cold and from its catalogue, and what one more costs.

    python benchmarks/archive.py [--runs 1000] [--largest 10000] [--seed N]

Packages of nine points are recorded from made-up runs, as the recorder does it, without frames.
"Cold" is the first opening: every manifest is read. The same numbers as one netCDF or zarr file a
run are read beside it where xarray can (h5netcdf, netCDF4 or zarr installed).
"""

import argparse
import dataclasses
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import xarray as xr

from focusbench import engine
from focusbench.af_packages import PackageRecorder, open_package, open_packages
from focusbench.af_packages.finding import CATALOGUE
from focusbench.curve import FocusPoint, find_best_focus
from focusbench.options import AutofocusOptions

N_POINTS = 9


def record(folder: Path, number: int, rng: np.random.Generator) -> Path:
    """Record one made-up run of nine points."""
    options = AutofocusOptions(step_size=60, data_points=N_POINTS)
    started = 1_795_464_903.0 + 1800.0 * number
    best = 10_000 + 10 * float(rng.normal())
    points = []
    for i, position in enumerate(options.sweep_positions(10_000)):
        truth = 2.0 * np.hypot(1.0, (position - best) / 90)
        value = float(truth * (1 + 0.02 * rng.normal()))
        points.append(
            FocusPoint(
                position,
                value,
                error=0.02 * value,
                scatter=0.2,
                n_stars=60,
                time_s=started + 15 * i,
                temperature_c=4.5,
                others={"hfr_mean_radius": 1.06 * value},
            )
        )
    found = _found(points)
    record_ = engine.RunRecord(
        outcome=found.outcome,
        diagnosis="made up",
        options=options,
        start_position=10_000,
        return_position=10_000,
        final_position=10_000,
        points=tuple(points),
        best=found,
        started_s=started,
        duration_s=150.0,
        rig={"name": "made up", "camera": "made up", "filter": "L"},
    )
    events: list[engine.Event] = [
        engine.RunStarted(options, 10_000, 10_000, 10_000, started, record_.rig),
        engine.SweepStarted(0, options.sweep_positions(10_000)),
        *(engine.PointMeasured(point) for point in points),
        engine.CurvesFitted(found),
        engine.RunFinished(record_),
    ]
    recorder = PackageRecorder(folder, keep="numbers")
    for event in events:
        recorder.record(event)
    assert recorder.path is not None
    return recorder.path


_fits: list[object] = []


def _found(points: list[FocusPoint]) -> object:
    """A real best focus; the first one serves all runs, for fitting is not what is measured."""
    if not _fits:
        _fits.append(find_best_focus(points, curve="auto", step_size=60, time_ordered=True))
    return dataclasses.replace(_fits[0])


def seconds(action: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU time of one call."""
    wall, cpu = time.perf_counter(), time.process_time()
    action()
    return time.perf_counter() - wall, time.process_time() - cpu


def report(name: str, times: tuple[float, float]) -> None:
    """Print one line."""
    print(f"{name:<58}{times[0]:8.3f} s wall {times[1]:8.3f} s CPU")


def other_forms(folder: Path, archive: Path) -> None:
    """The same runs as one netCDF or zarr each, where xarray can."""
    engines = [e for e in ("h5netcdf", "netcdf4", "zarr") if e in xr.backends.list_engines()]
    if not engines:
        print("no netCDF or zarr library is installed: nothing to compare with")
    for name in engines:
        paths = []
        for package in sorted(p for p in archive.iterdir() if p.is_dir()):
            path = folder / name / f"{package.name}.{'zarr' if name == 'zarr' else 'nc'}"
            path.parent.mkdir(exist_ok=True)
            points = open_package(package).points
            points.to_zarr(path) if name == "zarr" else points.to_netcdf(path, engine=name)
            paths.append(path)
        load = partial(load_all, paths, name)
        report(f"one {name} file a run, each opened and loaded", seconds(load))


def load_all(paths: list[Path], engine_name: str) -> None:
    """Open and load each of the files."""
    for path in paths:
        xr.open_dataset(path, engine=engine_name).load().close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--largest", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=None)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    folder = Path(tempfile.mkdtemp(prefix="focusbench-archive-"))
    try:
        archive = folder / "archive"
        first = record(archive, 0, rng)
        open_packages([first])  # imports and compiled kernels
        made = seconds(lambda: [record(archive, i, rng) for i in range(1, arguments.runs)])
        report(f"record {arguments.runs - 1} runs without frames", made)
        report(f"open {arguments.runs} runs, cold", seconds(lambda: open_packages(archive)))
        for _ in range(3):
            again = seconds(lambda: open_packages(archive))
            report(f"open {arguments.runs} runs, from the catalogue", again)
        size = (archive / CATALOGUE).stat().st_size / 2**20
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"catalogue {size:.1f} MB, largest memory {peak:.0f} MB")
        runs = open_packages(archive)
        report(
            "fitted curves of 10 runs, read when asked",
            seconds(lambda: runs.fitted.isel(run=slice(10)).load()),
        )
        other_forms(folder, archive)
        one_more(folder, arguments.largest, rng)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def one_more(folder: Path, largest: int, rng: np.random.Generator) -> None:
    """What it costs to record one more run into archives of several sizes."""
    grown = folder / "grown"
    have = 0
    size = 10
    while size <= largest:
        for i in range(have, size):
            record(grown, i, rng)
        open_packages(grown)
        times = [seconds(lambda: record(grown, size + i, rng)) for i in range(5)]  # noqa: B023
        have = size + 5
        report(f"record one run into an archive of {size}", min(times))
        before = (grown / CATALOGUE).stat().st_size
        opened = seconds(lambda: open_packages(grown))
        added = (grown / CATALOGUE).stat().st_size - before
        report(f"  then open it; the catalogue grew by {added / 5 / 1024:.1f} kB a run", opened)
        size *= 10


if __name__ == "__main__":
    sys.exit(main())
