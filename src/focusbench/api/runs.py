"""Run auto focus, saved as an AF package."""

from collections.abc import Callable
from pathlib import Path

from focusbench.af_packages import Keep, PackageRecorder
from focusbench.api.rig_memory import RigMemory
from focusbench.devices import Rig
from focusbench.engine import (
    Event,
    FocusSession,
    Hook,
    Recorder,
    RunRecord,
    log_warnings,
    tell_warnings,
)
from focusbench.options import AutofocusOptions


def new_recorder(save_packages_to: str | Path | None, keep: Keep = "frames") -> Recorder | None:
    """Make the recorder of one run; None saves nothing."""
    return None if save_packages_to is None else PackageRecorder(save_packages_to, keep)


def autofocus(
    rig: Rig,
    options: AutofocusOptions | None = None,
    *,
    save_packages_to: str | Path | None = "af_packages",
    keep: Keep = "frames",
    require_package: bool = False,
    watcher: Callable[[Event], None] | None = None,
    on_warning: Callable[[str], object] | None = None,
    before_run: Hook | None = None,
    after_run: Hook | None = None,
    memory: RigMemory | str | Path | None = None,
) -> RunRecord:
    """Run auto focus once and wait for the result; Ctrl-C cancels.

    Parameters
    ----------
    rig : Rig
        From `simulated_rig` or `connect_alpaca`.
    options : AutofocusOptions, optional
    save_packages_to : path or None
        Folder that gets the run's AF package; None saves nothing.
    keep : {"frames", "stamps", "numbers"}
        What the package keeps of the frames: all pixels; those around the stars, and nothing that
        tells the person or the place; or only what was measured.
    require_package : bool
        Whether a run that cannot be saved has failed. Otherwise the focus counts, and the
        record's warnings say why it is not saved.
    watcher : callable, optional
        Told every event of the run, in the run's thread.
    on_warning : callable, optional
        Told every warning, as one sentence, in the run's thread. Warnings are also in the
        record, and in the log of `focusbench.engine`.
    before_run, after_run : callable, optional
        Called before anything moves and when the rig is left as found, whatever the end: to pause
        guiding and go on. The session's own hooks are called where these are not given.
    memory : RigMemory or path, optional
        What earlier runs tell of the rig; this run adds to it where it focuses. The record's
        `rig_shape` says what was used.

    Returns
    -------
    RunRecord

    Raises
    ------
    OptionsError
        No such `keep`.
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
    options = options or AutofocusOptions()
    recorder = new_recorder(save_packages_to, keep)
    if isinstance(memory, str | Path):
        memory = RigMemory(memory)
    watchers = [log_warnings, watcher, on_warning and tell_warnings(on_warning), memory]
    session = FocusSession.of(rig)
    unsubscribe = [session.subscribe(each) for each in watchers if each]
    hooks = session.before_run, session.after_run
    session.before_run, session.after_run = before_run or hooks[0], after_run or hooks[1]
    try:
        return session.run(
            options,
            recorder=recorder,
            require_package=require_package,
            rig_shape=memory.shape_of(rig, options) if memory else None,
        )
    finally:
        session.before_run, session.after_run = hooks
        for leave in unsubscribe:
            leave()
