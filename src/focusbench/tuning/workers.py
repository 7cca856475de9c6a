"""Other processes that take a share of the simulated nights.

Each runs `serve`: it reads tasks from its input and writes results to its
output. Unlike a pool of `multiprocessing` it never imports the caller's program again, which a
script without ``if __name__ == "__main__"`` would not survive, and it does not copy a process
that has threads, as a notebook has.
"""

import logging
import os
import pickle
import subprocess
import sys
from typing import Any, BinaryIO, cast

from focusbench.curve import warm
from focusbench.tuning.trials import simulate

logger = logging.getLogger(__name__)


class Worker:
    """A process that simulates; `OSError` where there can be none."""

    def __init__(self) -> None:
        paths = os.pathsep.join(path for path in sys.path if path)
        self._process = subprocess.Popen(
            [sys.executable, "-c", f"from {__name__} import serve; serve()"],
            env=os.environ | {"PYTHONPATH": paths},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def simulate(self, *task: Any, **named: Any) -> Any:
        """Do what `trials.simulate` does, over there."""
        pickle.dump((task, named), cast("BinaryIO", self._process.stdin))
        cast("BinaryIO", self._process.stdin).flush()
        return pickle.load(cast("BinaryIO", self._process.stdout))

    def end(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


def hire(most: int) -> list[Worker]:
    """As many workers as there are processors to spare, no more than `most`."""
    workers: list[Worker] = []
    try:
        for _ in range(min(most, (os.cpu_count() or 1) - 1)):
            workers.append(Worker())
    except OSError:
        logger.info("No further process can be started; the study takes longer.")
    return workers


def serve() -> None:
    """Do what is asked on the standard input until it ends."""
    warm()
    source, answers = sys.stdin.buffer, sys.stdout.buffer
    while True:
        try:
            task, named = pickle.load(source)
        except EOFError:
            return
        pickle.dump(simulate(*task, **named), answers)
        answers.flush()
