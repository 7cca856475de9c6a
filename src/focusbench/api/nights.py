"""A sequence as a plain call."""

from collections.abc import Callable
from pathlib import Path

from focusbench.devices import Rig
from focusbench.errors import FocusbenchError
from focusbench.sequence import Night, NightEvent, NightProgress, Sequence


def run_sequence(
    rig: Rig,
    sequence: Sequence | None = None,
    folder: str | Path | None = "night",
    *,
    watcher: Callable[[NightEvent], None] | None = None,
) -> NightProgress:
    """Do a sequence and wait until it is over; Ctrl-C stops it, and the same call goes on.

    Parameters
    ----------
    rig : Rig
        From `simulated_rig` or `connect_alpaca`.
    sequence : Sequence, optional
        May be left out where the folder holds a night that was broken off.
    folder : path or None
        Gets the night's journal, its light frames and its AF packages; None keeps nothing.
    watcher : callable, optional
        Told every event of the night, in the night's thread.

    Returns
    -------
    NightProgress
        `complete` says whether every frame was taken; `history` is the image history.

    Raises
    ------
    OptionsError
        The rig cannot do the sequence, or the folder holds another night; nothing was begun.
    RunInProgress
        A night is going on on this rig.
    FocusbenchError
        The night broke off: its journal can no longer be written.

    Examples
    --------
    >>> import focusbench as fb
    >>> plan = fb.Sequence().add_target("M 31", fb.TargetEvent(exposure_s=60, count=3))
    >>> night = fb.run_sequence(fb.simulated_rig(seed=1), plan, folder=None)
    >>> night.complete, len(night.runs), night.history.dataset.sizes["frame"]
    (True, 1, 3)
    """
    night = Night(rig, sequence, folder)
    if watcher is not None:
        night.subscribe(watcher)
    night.start()
    try:
        # In slices: an endless wait would not notice Ctrl-C on Windows.
        while not night.wait(0.2):
            pass
    except KeyboardInterrupt:
        night.stop()
        night.wait()
    if night.error:
        raise FocusbenchError(night.error)
    return night.progress
