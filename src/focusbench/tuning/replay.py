"""A saved run, run again by the real engine with other options."""

from collections.abc import Callable
from typing import Any

from focusbench.af_packages import Package
from focusbench.devices import Stop
from focusbench.engine import Event, RunRecord
from focusbench.options import AutofocusOptions
from focusbench.tuning.replay_points import ReplayPoints
from focusbench.tuning.replay_sampler import ReplaySampler


def replay(
    package: Package | ReplayPoints,
    options: AutofocusOptions | None = None,
    *,
    start: int | None = None,
    star_share: float = 1.0,
    seed: int = 0,
    watcher: Callable[[Event], object] | None = None,
    stop: Stop | None = None,
    **changes: Any,
) -> RunRecord:
    """Run auto focus over a saved run, as it would have gone with other options.

    Parameters
    ----------
    package : Package, or ReplayPoints
        The points of a package remember what was measured; give them where the same package is
        replayed many times.
    options : AutofocusOptions, optional
        Those of the run where not given.
    start : int, optional, steps
        Where the focuser stands at first; the centre of the run's first sweep where not given.
    star_share : float
        Of each frame's stars that are kept, 0 to 1.
    seed : int
        Of the draws of photons (a shorter exposure) and stars.
    watcher : callable, optional
        Told every event.
    stop : Stop, optional
        When set, the replay is cancelled.
    **changes
        Options to change: ``replay(package, step_size=120, exposure_s=1.0)``.

    Returns
    -------
    RunRecord
        As of a live run; ``record.rig["replay_of"]`` names the package. Where the run would have
        gone to a position that the package does not have, it is FAILED and the diagnosis says so.

    Raises
    ------
    NotInPackage
        The package cannot answer from the first: a longer exposure, frames that were not kept.
    OptionsError
        A change that is no option, or out of bounds.

    Examples
    --------
    >>> import focusbench as fb
    >>> package = fb.open_package(fb.sample_packages()[0])
    >>> record = fb.replay(package, step_size=2 * package.options.step_size, data_points=5)
    >>> len(record.points)
    6
    """
    points = package if isinstance(package, ReplayPoints) else ReplayPoints(package)
    options = (options or points.options).replace(**changes)
    sampler = ReplaySampler(points, options, start=start, star_share=star_share, seed=seed)
    return sampler.run(watcher=watcher, stop=stop)
