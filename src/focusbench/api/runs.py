"""Run auto focus, saved as an AF package."""

from collections.abc import Callable
from pathlib import Path

from focusbench.af_packages import PackageRecorder
from focusbench.devices import Rig
from focusbench.engine import Event, FocusSession, Recorder, RunRecord
from focusbench.options import AutofocusOptions


def new_recorder(save_packages_to: str | Path | None) -> Recorder | None:
    """Make the recorder of one run; None saves nothing."""
    return None if save_packages_to is None else PackageRecorder(save_packages_to)


def autofocus(
    rig: Rig,
    options: AutofocusOptions | None = None,
    *,
    save_packages_to: str | Path | None = "af_packages",
    require_package: bool = False,
    watcher: Callable[[Event], None] | None = None,
) -> RunRecord:
    """Run auto focus once and wait for the result; Ctrl-C cancels.

    Parameters
    ----------
    rig : Rig
        From `simulated_rig` or `connect_alpaca`.
    options : AutofocusOptions, optional
    save_packages_to : path or None
        Folder that gets the run's AF package; None saves nothing.
    require_package : bool
        Whether a run that cannot be saved has failed. Otherwise the focus counts, and the
        record's warnings say why it is not saved.
    watcher : callable, optional
        Told every event of the run, in the run's thread.

    Returns
    -------
    RunRecord

    Raises
    ------
    RunInProgress
        The rig is busy with another run.

    Examples
    --------
    >>> import focusbench as fb
    >>> rig = fb.simulated_rig(best_focus=10_250, seed=1)
    >>> record = fb.autofocus(rig, save_packages_to=None)
    >>> record.outcome
    <Outcome.FOCUSED: 'FOCUSED'>
    """
    if not isinstance(rig, Rig):
        raise TypeError(
            f"autofocus(rig, options): the first argument is a rig, from simulated_rig or "
            f"connect_alpaca; got {type(rig).__name__}."
        )
    session = FocusSession.of(rig)
    unsubscribe = session.subscribe(watcher) if watcher else None
    try:
        return session.run(
            options or AutofocusOptions(),
            recorder=new_recorder(save_packages_to),
            require_package=require_package,
        )
    finally:
        if unsubscribe:
            unsubscribe()
