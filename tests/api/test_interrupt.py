"""Ctrl-C, or Kernel ▸ Interrupt, cancels a blocking run and brings the focuser back."""

import signal
import subprocess
import sys

import pytest

RUN = """
import signal
# A shell's background job, and all that it starts, ignores interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)
import focusbench as fb
rig = fb.simulated_rig(best_focus=10_250, start=10_230, seed=1, live=True, shape=(240, 320))
options = fb.AutofocusOptions(exposure_s=60)
tell = lambda event: print(type(event).__name__, flush=True)
record = fb.autofocus(rig, options, save_packages_to=None, watcher=tell)
print(record.outcome.value, rig.focuser.position(), flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_interrupt_cancels_and_returns_the_record():
    lines = []
    command = [sys.executable, "-c", RUN]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            lines.append(line.strip())
            if lines[-1] == "PointStarted":
                process.send_signal(signal.SIGINT)
    assert process.returncode == 0
    assert lines[-1] == "CANCELLED 10230"
