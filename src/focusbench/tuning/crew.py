"""Simulated nights of a study, made here and in other processes at once."""

import contextlib
import pickle
import threading
from collections.abc import Iterator, Sequence
from types import TracebackType

from focusbench.curve import warm
from focusbench.devices import Stop
from focusbench.errors import RunCancelled
from focusbench.options import AutofocusOptions
from focusbench.tuning.rig_model import RigModel
from focusbench.tuning.trials import Settings, Trials, simulate
from focusbench.tuning.workers import Worker, hire

WORTH_A_WORKER = 1000
"""A process takes a second to start: so many runs must be its share."""

Task = tuple[int, Settings, int, int]
"""Its number, the settings, the first trial and how many."""


class Crew:
    """Makes trials of one rig, together with other processes; use it in a ``with``.

    Parameters
    ----------
    rig : RigModel
    options : AutofocusOptions
    n_runs : int
        How many there will be at least: few are not worth a process.
    seed : int
    cancel : Event, optional
    """

    def __init__(
        self,
        rig: RigModel,
        options: AutofocusOptions,
        n_runs: int,
        *,
        seed: int,
        cancel: Stop | None,
    ) -> None:
        self._rig, self._options, self._seed, self._cancel = rig, options, seed, cancel
        self._n_workers = n_runs // WORTH_A_WORKER
        self._workers: list[Worker] = []
        self._waiting: list[Task] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> "Crew":
        warm()
        self._workers = hire(self._n_workers)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._waiting.clear()
        for worker in self._workers:
            worker.end()
        for thread in self._threads:
            thread.join()

    def simulate(self, tasks: Sequence[Task]) -> Iterator[tuple[int, Trials]]:
        """Make the trials of all tasks; yields their numbers and trials as they are made.

        Raises
        ------
        RunCancelled
        """
        self._waiting = list(tasks)[::-1]
        results: dict[int, Trials] = {}
        told: set[int] = set()
        self._threads = [
            threading.Thread(target=self._work, args=(worker, results), daemon=True)
            for worker in self._workers
        ]
        for thread in self._threads:
            thread.start()
        while len(told) < len(tasks):
            if self._cancel is not None and self._cancel.is_set():
                raise RunCancelled("The study was cancelled.")
            with contextlib.suppress(IndexError):
                index, settings, first, n = self._waiting.pop()
                results[index] = simulate(
                    *(self._rig, self._options, settings, n),
                    first=first,
                    seed=self._seed,
                    stop=self._cancel,
                )
            if not self._waiting:
                for thread in self._threads:
                    thread.join(0.05)
            for index in [index for index in list(results) if index not in told]:
                told.add(index)
                yield index, results[index]

    def _work(self, worker: Worker, results: dict[int, Trials]) -> None:
        while self._waiting:
            try:
                task = self._waiting.pop()
            except IndexError:
                return
            index, settings, first, n = task
            try:
                results[index] = worker.simulate(
                    self._rig, self._options, settings, n, first=first, seed=self._seed
                )
            except (OSError, EOFError, pickle.PickleError):
                self._waiting.append(task)  # this worker is gone: others do it
                return
