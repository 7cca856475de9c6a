"""Small rigs to be offered over Alpaca in tests."""

import json
import sys
import threading

from focusbench.alpaca import AlpacaServer
from focusbench.devices import Clock
from focusbench.errors import DeviceRefused
from focusbench.simulator import simulated_rig


class TurningWheel:
    """A filter wheel that takes its time."""

    name = "Turning wheel"
    filters = ("L", "Ha", "OIII")
    focus_offsets = (0, 60, 48)

    def __init__(self, clock: Clock, turns_s: float = 0.05) -> None:
        self._clock = clock
        self._turns_s = turns_s
        self._lock = threading.Lock()
        self._filter, self._until_s = self.filters[0], clock.now()

    def filter(self) -> str | None:
        with self._lock:
            return None if self._clock.now() < self._until_s else self._filter

    def start_change(self, name: str) -> None:
        if name not in self.filters:
            raise DeviceRefused("filter wheel", f"There is no filter {name}.")
        with self._lock:
            self._filter, self._until_s = name, self._clock.now() + self._turns_s


def small_rig(**given):
    """A live rig with few pixels and a filter wheel, 20 times as fast as a real one."""
    arguments = {
        **{"seed": 1, "shape": (48, 64), "n_stars": 5, "speed": 20.0, "download_s": 0.0},
        **given,
    }
    rig = simulated_rig(live=True, **arguments)
    rig.filter_wheel = TurningWheel(rig.clock, turns_s=0.05 * arguments["speed"])
    return rig


def serve(arguments):
    """Serve a small rig in this process until standard input ends; says on which port."""
    with AlpacaServer(small_rig(**arguments), port=0, discovery=False) as server:
        sys.stdout.write(f"{server.port}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    serve(json.loads(sys.argv[1]))
