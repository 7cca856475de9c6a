"""Lives through a night again and again and is killed at random moments; a program of its own.

Each child is a process that takes the night up where the last one was killed, on a rig whose clock
begins anew. Prints how many children were killed before the night was complete.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

import pytest

from focusbench.sequence import JOURNAL, Night, read_night
from tests.sequence.quick_rig import NO_TRIGGERS, QuickRig, plan

SEQUENCE = plan(
    ("L", 1, 50),
    ("Ha", 1, 50),
    triggers=NO_TRIGGERS.replace(every_frames=6, on_filter_change=True),
)


def live(folder):
    """Take the night up, until it is complete or somebody kills this process."""
    quick = QuickRig(pytest.MonkeyPatch())
    night = Night(quick.rig, SEQUENCE, folder)
    sleep = quick.clock.sleep

    def slowly(seconds, stop=None):
        # Real time passes, too, so that every step of a frame is there to be killed in.
        time.sleep(0.0005)
        return sleep(seconds, stop)

    quick.clock.sleep = slowly
    night.start()
    night.wait()
    os._exit(0 if night.progress.complete else 3)


def whole_lines(path):
    return path.read_bytes().count(b"\n") if path.exists() else 0


def main(folder, kills, seed):
    rng, killed, journal = random.Random(seed), 0, folder / JOURNAL
    while True:
        told = whole_lines(journal)
        child = os.fork()
        if child == 0:
            live(folder)
        last = killed >= kills
        if not last:
            while whole_lines(journal) == told:
                time.sleep(0.001)
            time.sleep(rng.uniform(0, 0.08))
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            killed += 1
            continue
        if os.waitstatus_to_exitcode(status) != 0:
            sys.exit(f"a night ended badly: {status}")
        break
    sys.stdout.write(f"{killed} {len(read_night(folder).frames)}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
