"""Has the compiled functions ready before the first frame comes."""

import functools
import logging
import threading

logger = logging.getLogger(__name__)


def warm() -> None:
    """Compile what measures stars, or load it, so that the first frame does not wait for it.

    Takes ten to twenty seconds the first time on a computer, about a second from then on.
    """
    from focusbench.stars import finding  # noqa: F401  kernels are known once imported
    from focusbench.stars.kernel import KERNELS

    KERNELS.compile()


def is_compiled() -> bool:
    """Whether the first frame waits a second at most, since all is compiled on this computer."""
    from focusbench.stars.kernel import KERNELS

    return KERNELS.cached


@functools.cache
def warm_in_background() -> threading.Event:
    """Begin to `warm` in a thread, once in a process.

    Returns
    -------
    threading.Event
        Set when a frame need not wait any more; also where compiling failed, since measuring
        will then say why.
    """
    ready = threading.Event()

    def work() -> None:
        try:
            warm()
        except Exception:
            logger.info("The measurement of stars could not be compiled ahead.", exc_info=True)
        finally:
            ready.set()

    threading.Thread(target=work, name="focusbench-warm", daemon=True).start()
    return ready
