"""What the first run on a computer waits for: nothing is compiled yet.

    python benchmarks/first_run.py
    python benchmarks/first_run.py --exposure 2 5 10

A fresh process with an empty cache folder focuses a simulated rig whose clock is the wall clock, as
a real rig's is. Printed are, from the call of `autofocus` on: when the first exposure was over, how
long the first point then waited for the compiler, and when it was measured. To be compared with
the same run once everything is compiled.
"""

import argparse
import os
import subprocess
import sys
import tempfile

RUN = """
import sys, threading, time
import focusbench as fb
from focusbench.engine import FocusSession, PointMeasured

rig = fb.simulated_rig(seed=3, live=True)
options = fb.AutofocusOptions(exposure_s=float(sys.argv[1]), data_points=3, smart_focus=False)
began, first = time.perf_counter(), {}
session = FocusSession.of(rig)
over = threading.Event()

def watch(event):
    if isinstance(event, PointMeasured):
        first.setdefault("point", time.perf_counter() - began)
        session.cancel()

def poll():
    while not over.wait(0.005):
        first.setdefault(session.activity.kind, time.perf_counter() - began)

threading.Thread(target=poll, daemon=True).start()
fb.autofocus(rig, options, save_packages_to=None, watcher=watch)
over.set()
print(*(first.get(name, float("nan")) for name in ("exposing", "reading", "measuring", "point")))
"""


def main() -> None:
    """Print one line a run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--exposure", nargs="+", type=float, default=[2.0, 5.0, 10.0])
    args = parser.parse_args()
    print("| exposure s | | begins | over | measuring | point | waited for the compiler s |")
    print("|---|---|---|---|---|---|---|")
    for exposure_s in args.exposure:
        with tempfile.TemporaryDirectory() as folder:
            for what in ("nothing compiled", "compiled"):
                done = subprocess.run(
                    [sys.executable, "-c", RUN, str(exposure_s)],
                    env=os.environ | {"NUMBA_CACHE_DIR": folder},
                    check=True,
                    capture_output=True,
                    text=True,
                )
                times = [float(word) for word in done.stdout.split()]
                # a frame of the simulator takes half a second to read out
                waited = max(0.0, times[2] - times[1] - 0.5)
                cells = [f"{exposure_s:g}", what, *(f"{t:.1f}" for t in (*times, waited))]
                print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
