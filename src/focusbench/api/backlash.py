"""Measure the backlash of a rig on request."""

from collections.abc import Callable
from pathlib import Path

from focusbench.af_packages import Keep
from focusbench.api.runs import new_recorder
from focusbench.curve import Outcome
from focusbench.devices import Rig
from focusbench.engine import BothWays, Event, FocusSession, log_warnings, uncompensated
from focusbench.errors import MeasurementError, RunCancelled
from focusbench.options import AutofocusOptions
from focusbench.tuning import Backlash, find_backlash


def measure_backlash(
    rig: Rig,
    options: AutofocusOptions | None = None,
    *,
    save_packages_to: str | Path | None = "af_packages",
    keep: Keep = "frames",
    watcher: Callable[[Event], None] | None = None,
) -> Backlash:
    """Sweep outward and inward over the same positions without compensation, and compare.

    It is a run like any other: Cancel and Ctrl-C work, a failure ends at the start, it is saved as
    a package, and where it focuses the focuser is left at best focus. Begin near focus. The more
    data points, the shorter the interval; a run of nine takes twice nine frames.

    Parameters
    ----------
    rig : Rig
    options : AutofocusOptions, optional
        Step size, data points and exposure as for auto focus; five data points or more.
    save_packages_to : path or None
        Folder that gets the run's AF package; None saves nothing.
    keep : {"frames", "stamps", "numbers"}
    watcher : callable, optional
        Told every event of the run, in the run's thread.

    Returns
    -------
    Backlash
        Signed; compared with the backlash that `options` have.

    Raises
    ------
    OptionsError
        Too few data points, planned or measured.
    RunCancelled
        Somebody cancelled; the focuser is back where it was.
    MeasurementError
        A device failed; the sentence of the run says which and where the focuser is.
    RunInProgress
        The rig is busy with another run.

    Examples
    --------
    >>> import focusbench as fb
    >>> rig = fb.simulated_rig(best_focus=10_250, seed=1, backlash=60)
    >>> found = fb.measure_backlash(rig, save_packages_to=None)
    >>> found.interval_95[0] < 60 < found.interval_95[1]
    True
    """
    options = options or AutofocusOptions()
    session = FocusSession.of(rig)
    unsubscribe = [session.subscribe(each) for each in (log_warnings, watcher) if each]
    try:
        record = session.run(
            uncompensated(options),
            recorder=new_recorder(save_packages_to, keep),
            sampling=BothWays,
        )
    finally:
        for leave in unsubscribe:
            leave()
    if record.outcome is Outcome.CANCELLED:
        raise RunCancelled(record.diagnosis)
    if record.outcome is Outcome.FAILED:
        raise MeasurementError(record.diagnosis)
    return find_backlash([record], configured=options.backlash, final_move=options.final_move)
