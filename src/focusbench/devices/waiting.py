"""The one waiting loop: every wait for a device goes through it and can be stopped."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from focusbench.errors import DeviceTimeout, RunCancelled

if TYPE_CHECKING:
    from focusbench.devices.clock import Clock

POLL_S = 0.1
"""How often a device is asked, and how late a Cancel may be noticed."""


class Stop(Protocol):
    """Anything that can say "stop now": a `threading.Event` will do."""

    def is_set(self) -> bool:
        """Whether to stop."""
        ...

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until told to stop, at most `timeout` seconds; True where told."""
        ...


def wait_until(
    done: Callable[[], bool],
    clock: "Clock",
    *,
    stop: Stop | None,
    timeout_s: float,
    device: str,
    doing: str,
    poll_s: float = POLL_S,
) -> None:
    """Wait until `done()` is true.

    Parameters
    ----------
    done : callable returning bool
    clock : Clock
    stop : Stop or None
        Looked at before every question and during every pause.
    timeout_s : float, seconds
        On the rig's clock.
    device, doing : str
        For the error: "the focuser" … "did not finish its move to 10490".
    poll_s : float, seconds

    Raises
    ------
    RunCancelled
        `stop` was set.
    DeviceTimeout
        Not done in time.
    """
    deadline = clock.now() + timeout_s
    while True:
        if stop is not None and stop.is_set():
            raise RunCancelled(f"Cancelled while the {device} was busy.")
        if done():
            return
        if clock.now() >= deadline:
            raise DeviceTimeout(device, f"The {device} {doing} within {timeout_s:.0f} s.")
        if clock.sleep(poll_s, stop):
            raise RunCancelled(f"Cancelled while the {device} was busy.")
