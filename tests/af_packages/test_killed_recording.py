"""A recording killed at any moment leaves a package that opens with what was taken."""

import subprocess
import sys

import pytest

from tests.af_packages.conftest import REPO


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL and fork are POSIX")
def test_a_recording_killed_at_random_moments_opens_with_what_was_taken():
    # In a process of its own: a child of a process with threads may hang before it is killed.
    # The script asserts for each kill that all points on disk open, with their frames and stars.
    done = subprocess.run(
        [sys.executable, str(REPO / "benchmarks" / "kill_recording.py"), "--kills", "15"],
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    assert "15 kills: every package opened" in done.stdout
