"""`focusbench simulator`: the simulated rig, offered as an Alpaca server until interrupted."""

import argparse
import json
import signal
import threading
from contextlib import ExitStack

from focusbench import api
from focusbench.alpaca import ALPACA_PORT, AlpacaServer
from focusbench.devices import Rig
from focusbench.errors import OptionsError


def simulator(arguments: argparse.Namespace) -> int:
    """Serve the simulated rig; says where it listens, then waits for Ctrl-C."""
    given = {
        name: getattr(arguments, name)
        for name in ("seed", "best_focus", "backlash", "focus_steps_per_c")
        if getattr(arguments, name) is not None
    }
    rig = api.simulated_rig(live=True, speed=arguments.speed, **given)
    with ExitStack() as until_interrupted:
        server = _listen(until_interrupted, rig, arguments.host, arguments.port)
        if arguments.json:
            print(json.dumps({"host": server.host, "port": server.port}), flush=True)
        else:
            _tell(server, rig.seed)
        _wait_for_interrupt()
    return 0


def _listen(stack: ExitStack, rig: Rig, host: str, port: int | None) -> AlpacaServer:
    """Listen on the port given; else on the usual one, or any that is free where it is taken."""
    if port is not None and not 0 <= port <= 65_535:
        raise OptionsError(f"port is a whole number from 0 to 65535; got {port}.", "port")
    reason = ""
    for one in (ALPACA_PORT, 0) if port is None else (port,):
        try:
            return stack.enter_context(AlpacaServer(rig, host=host, port=one))
        except OSError as error:
            reason = error.strerror or str(error)
    raise OptionsError(f"Nothing can listen on {host}:{port or 0}: {reason}.", "port")


def _tell(server: AlpacaServer, seed: int) -> None:
    print(f"The simulated rig (seed {seed}) is an Alpaca server at {server.address}.")
    if server.host.startswith("127."):
        print("Only this computer reaches it; --host 0.0.0.0 opens it to the network.")
    else:
        print("Whoever reaches that address can use it: Alpaca knows no passwords.")
    print(f"Try: focusbench run --alpaca {server.address}     Ctrl-C ends it.", flush=True)


def _wait_for_interrupt() -> None:
    stop = threading.Event()
    # Set here, since a shell starts what runs in its background deaf to Ctrl-C.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    # In slices: an endless wait would not notice Ctrl-C on Windows.
    while not stop.wait(0.5):
        pass
