"""Whether auto focus over a network that misbehaves at random always ends, and honestly.

    python -m benchmarks.alpaca_faults --runs 200

Each run goes through a proxy that delays, drops, cuts, garbles, repeats or never gives answers, or
loses the server for a while. Counted are runs that hang, packages that are lost, focusers that are
left moving, positions that are told wrongly, and failures that do not say which device failed.
"""

import argparse
import collections
import logging
import random
import re
import tempfile
import time

import focusbench as fb
from focusbench.af_packages import PackageRecorder
from focusbench.alpaca import AlpacaServer, connect_alpaca, link
from focusbench.curve import Outcome
from focusbench.errors import FocusbenchError
from tests.alpaca.fault_proxy import Fault, FaultProxy

OPTIONS = fb.AutofocusOptions(step_size=80, data_points=5, exposure_s=3, smart_focus=False)
START = 10_220
HANGS_AFTER_S = 90.0
DEVICES = ("focuser", "camera", "server")


class RandomFaults:
    """Goes wrong with a given probability, and sometimes for many requests in a row."""

    def __init__(self, rng: random.Random, rate: float) -> None:
        self._rng = rng
        self._rate = rate
        self._down = 0

    def __call__(self, verb: str, member: str) -> Fault | None:
        """What goes wrong with a request."""
        if self._down:
            self._down -= 1
            return Fault.LOST_QUESTION
        if self._rng.random() < self._rate / 20:
            self._down = self._rng.randrange(2, 40)
        return self._rng.choice(list(Fault)) if self._rng.random() < self._rate else None


def bring_back(rig) -> None:
    """Begin every run at rest and at the same place, whatever the last one left behind."""
    rig.camera.abort()
    rig.focuser.start_move(START)
    while rig.focuser.is_moving():
        time.sleep(0.01)


def one_run(address: str, rig, rng: random.Random, rate: float, folder: str):
    """Outcome, faults and what was wrong about the end of one run."""
    wrong = []
    with FaultProxy(address) as proxy:
        far = connect_alpaca(proxy.address)
        far.camera._download_timeout_s = 1.0
        session = fb.FocusSession.of(far)
        proxy.choose = RandomFaults(rng, rate)
        recorder = PackageRecorder(folder)
        session.start(OPTIONS, recorder=recorder)
        if not session.wait(HANGS_AFTER_S):
            return "HANGS", proxy.hit, ["hangs"], ""
        if session.record is None:
            # It could not even ask where the focuser is: nothing was begun, nothing saved.
            said = session.error
            if not any(device in said for device in DEVICES):
                wrong.append("does not say which device")
            return "NOT BEGUN", proxy.hit, wrong, said
        record = session.record
    time.sleep(0.05)
    if rig.focuser.is_moving():
        time.sleep(0.3)
        if rig.focuser.is_moving():
            wrong.append("focuser left moving")
    if record.final_position is not None and record.final_position != rig.focuser.position():
        wrong.append("final position told wrongly")
    try:
        package = fb.open_package(record.package_path)
        if len(package.focus_points) != len(record.points):
            wrong.append("points lost")
    except (FocusbenchError, TypeError) as error:
        wrong.append(f"package lost: {error}")
    if record.outcome == Outcome.FAILED and not any(d in record.diagnosis for d in DEVICES):
        wrong.append("does not say which device")
    return str(record.outcome), proxy.hit, wrong, record.diagnosis


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**31))
    parser.add_argument("--rate", type=float, default=0.05, help="of requests that go wrong")
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    link.PAUSES_S, link.ANSWER_TIMEOUT_S = (0.05, 0.1, 0.2), 1.0
    rng = random.Random(arguments.seed)
    outcomes, faults, wrongs = (collections.Counter() for _ in range(3))
    longest_s = 0.0
    rig = fb.simulated_rig(
        **{"seed": 5, "shape": (240, 320), "n_stars": 90, "focus_steps_per_c": 0, "backlash": 0},
        **{"live": True, "speed": 200.0, "download_s": 0.0},
    )
    failures = collections.Counter()
    with AlpacaServer(rig, port=0, discovery=False) as server, tempfile.TemporaryDirectory() as to:
        for number in range(arguments.runs):
            bring_back(rig)
            began_s = time.monotonic()
            outcome, hit, wrong, said = one_run(server.address, rig, rng, arguments.rate, to)
            longest_s = max(longest_s, time.monotonic() - began_s)
            outcomes[outcome] += 1
            faults.update(fault.name for fault, _, _ in hit)
            wrongs.update(wrong)
            if outcome in ("FAILED", "NOT BEGUN"):
                said = re.sub(r"127\.0\.0\.1:\d+", "…", said)
                failures[said.split(" The focuser ")[0][:120]] += 1
            if wrong:
                print(f"run {number}: {outcome}, {wrong}: {said}", flush=True)
    print(f"seed {arguments.seed}, {arguments.runs} runs, the longest took {longest_s:.0f} s")
    for title, counted in (("outcomes", outcomes), ("faults", faults), ("wrong ends", wrongs)):
        print(f"{title}: {dict(counted.most_common()) or 'none'}")
    for said, n in failures.most_common(12):
        print(f"{n:5d} × {said}")


if __name__ == "__main__":
    main()
