"""Kill a recording at random moments: every package opens with what was taken.

    python benchmarks/kill_recording.py [--kills 50] [--seed N]

A child records a made-up run of twelve frames as fast as it can and says each point that is on
disk; the parent kills it (SIGKILL) at a random moment, opens what is left, and counts. POSIX only.
"""

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

from focusbench import engine
from focusbench.af_packages import PackageRecorder, open_package
from focusbench.curve import FocusPoint
from focusbench.errors import PackageError
from focusbench.frames import Frame
from focusbench.options import AutofocusOptions
from focusbench.stars import STAR_FIELDS

N_POINTS = 12


def events() -> list[engine.Event]:
    """A run of frames of half a megabyte."""
    options = AutofocusOptions(step_size=60, data_points=N_POINTS)
    rng = np.random.default_rng(0)
    started = 1_795_464_903.0
    made: list[engine.Event] = [engine.RunStarted(options, 1000, 1000, 1000, started, {})]
    points = []
    for i in range(N_POINTS):
        position = 1360 - 60 * i
        point = FocusPoint(position, 2.0 + abs(i - 6), error=0.05, n_stars=40, time_s=started + i)
        pixels = rng.integers(0, 60_000, (400, 600)).astype(np.uint16)
        frame = Frame(pixels, exposure_s=3.0, position=position)
        stars = np.zeros(200, STAR_FIELDS)
        made.append(engine.PointStarted(i + 1, N_POINTS, position, 0, "sweep"))
        made.append(engine.PointMeasured(point, (frame,), (stars,)))
        points.append(point)
    record = engine.RunRecord(
        "NOT_FOCUSED", "made up", options, 1000, 1000, 1000, tuple(points), started_s=started
    )
    return [*made, engine.RunFinished(record)]


def child(folder: Path, told: int, made: list[engine.Event]) -> None:
    """Record, and tell every point that is on disk."""
    recorder = PackageRecorder(folder)
    for event in made:
        recorder.record(event)
        if isinstance(event, engine.PointMeasured):
            os.write(told, b".")
    os.write(told, b"!")


def kill_once(folder: Path, after_s: float, made: list[engine.Event]) -> tuple[int, int, bool]:
    """Points that were told, points that opened, and whether a manifest was there."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        try:
            child(folder, writer, made)
        finally:
            os._exit(0)
    os.close(writer)
    time.sleep(after_s)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    told = b""
    while part := os.read(reader, 100):
        told += part
    os.close(reader)
    packages = list(folder.glob("*")) if folder.is_dir() else []
    if not packages:
        return told.count(b"."), 0, False
    package = None
    try:
        package = open_package(packages[0])
    except PackageError as error:
        said = str(error)
    if package is None:
        # Before its first event a run has nothing to open, and says so.
        assert "killed before its first point" in said or "is empty" in said, said
        return told.count(b"."), 0, False
    assert len(package.frames) == len(package.focus_points)
    for frame in package.frames:
        assert frame.pixels.shape == (400, 600)
    assert package.points.sizes["point"] == len(package.focus_points)
    assert len(package.stars) >= 200 * len(package.focus_points)
    return told.count(b"."), len(package.focus_points), (packages[0] / "manifest.json").is_file()


def kill_many(n_kills: int, seed: int | None, folder: Path) -> Counter[str]:
    """Kill a recording `n_kills` times; counts what was found."""
    made, rng = events(), np.random.default_rng(seed)
    # How long a whole run takes here decides when to kill.
    start = time.perf_counter()
    for event, recorder in zip(made, [PackageRecorder(folder / "whole")] * len(made), strict=True):
        recorder.record(event)
    whole_s = time.perf_counter() - start
    found: Counter[str] = Counter()
    for number in range(n_kills):
        told, opened, finished = kill_once(
            folder / str(number), float(rng.uniform(0, 1.3 * whole_s)), made
        )
        # The one in hand may be on disk without having been told.
        assert told <= opened <= told + 1, (number, told, opened)
        found["whole" if finished else f"{opened} points"] += 1
    return found


def main() -> None:
    """Kill and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=None)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="focusbench-kill-"))
    try:
        found = kill_many(arguments.kills, arguments.seed, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for what, count in sorted(found.items()):
        print(f"{what:<12}{count:4d}")
    print(f"{arguments.kills} kills: every package opened with what was taken")


if __name__ == "__main__":
    sys.exit(main())
