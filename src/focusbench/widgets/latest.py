"""A thread that answers the last question only, so that a slider never waits for its own past."""

import logging
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

logger = logging.getLogger(__name__)

Question = TypeVar("Question")
Answer = TypeVar("Answer")


class Latest(Generic[Question, Answer]):
    """Works off the last question asked; those asked before it and not yet begun are dropped.

    Parameters
    ----------
    work : callable
        From a question to its answer, in our thread. One that raises is logged and has none.
    done : callable
        Told, in our thread, that there is an answer.
    name : str
        Of the thread.
    """

    def __init__(
        self, work: Callable[[Question], Answer], done: Callable[[], None], name: str
    ) -> None:
        self._work, self._done = work, done
        self._asked = threading.Condition()
        self._question: list[Question] = []
        self._busy = self._closed = False
        self.answer: Answer | None = None
        threading.Thread(target=self._serve, name=name, daemon=True).start()

    @property
    def busy(self) -> bool:
        """Whether a question is still without its answer."""
        return self._busy or bool(self._question)

    def ask(self, question: Question) -> None:
        """Ask, and do not wait."""
        with self._asked:
            self._question = [question]
            self._asked.notify()

    def close(self) -> None:
        """End the thread, after what it is at."""
        with self._asked:
            self._closed = True
            self._asked.notify()

    def _serve(self) -> None:
        while True:
            with self._asked:
                self._asked.wait_for(lambda: self._question or self._closed)
                if self._closed:
                    return
                question = self._question.pop()
                self._busy = True
            try:
                self.answer = self._work(question)
            except Exception:
                logger.exception("A question of the panel has no answer")
            self._busy = False
            self._done()
