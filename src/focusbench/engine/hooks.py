"""What is called around every run, and what its warnings may be handed to."""

import logging
from collections.abc import Callable

from focusbench.engine.events import Event, Warned

logger = logging.getLogger(__name__)

Hook = Callable[[], object]


class Hooks:
    """Calls each of two hooks once; one that raises costs a warning, not the run.

    Parameters
    ----------
    before_run, after_run : callable or None
    """

    def __init__(self, before_run: Hook | None, after_run: Hook | None) -> None:
        self._hooks = {"before_run": before_run, "after_run": after_run}
        self._warnings: list[str] = []

    def before(self) -> None:
        """Call `before_run`, the first time."""
        self._call("before_run")

    def after(self) -> None:
        """Call `after_run`, the first time."""
        self._call("after_run")

    def warnings(self) -> tuple[str, ...]:
        """What went wrong since the last time this was asked."""
        said = tuple(self._warnings)
        self._warnings.clear()
        return said

    def _call(self, name: str) -> None:
        hook = self._hooks.pop(name, None)
        if hook is None:
            return
        try:
            hook()
        except Exception as error:
            logger.exception("The hook %s broke", name)
            self._warnings.append(f"{name} did not work: {error or type(error).__name__}")


def log_warnings(event: Event) -> None:
    """Watcher that writes a run's warnings to the log."""
    if isinstance(event, Warned):
        logger.warning("%s", event.message)


def tell_warnings(to: Callable[[str], object]) -> Callable[[Event], None]:
    """Make a watcher that hands a run's warnings to a callable, each as one sentence.

    Examples
    --------
    >>> from focusbench.engine import Warned
    >>> tell_warnings(print)(Warned("Clouds."))
    Clouds.
    """

    def watch(event: Event) -> None:
        if isinstance(event, Warned):
            to(event.message)

    return watch
