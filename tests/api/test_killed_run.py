"""A kernel that dies in mid-run leaves a package that opens."""

import json
import signal
import subprocess
import sys
import time

import pytest

import focusbench as fb

RUN = """
import sys
import focusbench as fb
rig = fb.simulated_rig(
    best_focus=10_250, start=10_230, seed=1, live=True, speed=15, shape=(240, 320), n_stars=60
)
fb.autofocus(rig, save_packages_to=sys.argv[1])
"""


def n_points(log):
    if not log:
        return 0
    lines = log[0].read_text().splitlines()
    return sum('"PointMeasured"' in line for line in lines)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is a POSIX signal")
@pytest.mark.parametrize("points_before_the_kill", [1, 4])
def test_killed_run_opens_with_the_points_taken_so_far(tmp_path, points_before_the_kill):
    process = subprocess.Popen([sys.executable, "-c", RUN, str(tmp_path)])
    try:
        deadline = time.monotonic() + 60
        while n_points(list(tmp_path.glob("*/events.jsonl"))) < points_before_the_kill:
            assert process.poll() is None, "the run ended before it could be killed"
            assert time.monotonic() < deadline, "no point was taken"
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    (folder,) = tmp_path.iterdir()
    assert not (folder / "manifest.json").exists()
    taken = n_points([folder / "events.jsonl"])
    package = fb.open_package(folder)
    assert len(package.focus_points) == taken >= points_before_the_kill
    assert package.points.sizes["point"] == taken
    assert list(package.points.position.values[:1]) == [10_470]
    # Every point of the log has its frame, whole.
    assert len(package.frames) >= taken
    assert package.frames[0].pixels.shape == (240, 320)
    started = json.loads((folder / "events.jsonl").read_text().splitlines()[0])
    assert started["event"] == "RunStarted"
