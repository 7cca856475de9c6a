"""Ask saved runs which settings would focus their rig reliably in the least time."""

from collections.abc import Callable, Iterable

from focusbench.af_packages import Runs, gather_packages
from focusbench.devices import Stop
from focusbench.tuning import Study, learn_rig, run_study


def tune(
    packages: Runs | Iterable[Runs],
    *,
    step_size: float | Iterable[float] | None = None,
    data_points: float | Iterable[float] | None = None,
    exposure_s: float | Iterable[float] | None = None,
    frames_per_point: float | Iterable[float] | None = None,
    trials: int = 200,
    progress: Callable[[int, int], object] | None = None,
    cancel: Stop | None = None,
    seed: int = 0,
) -> Study:
    """Learn a rig from saved runs, and simulate nights of it with many settings.

    Parameters
    ----------
    packages : Package or path, or several
        Runs of one rig, filter and metric: AF packages, runs of other programs, or folders of
        them. A single run will do; more make the answer surer.
    step_size, data_points, exposure_s, frames_per_point : number or several
        What to try. Where not given: six step sizes around a good one, 5 to 13 points, and the
        exposure and frames of the latest run.
    trials : int
        Simulated runs for each combination.
    progress : callable, optional
        Called with the number of runs made and their total, now and then.
    cancel : Event, optional
        Set it to end the study.
    seed : int

    Returns
    -------
    Study
        `recommended`, `advice`; `summary` and `dataset` on `(step_size, data_points)`.

    Raises
    ------
    PackageError
        There is no run, or none that shows a V-curve.
    OptionsError
        Settings out of bounds.
    RunCancelled
        `cancel` was set.

    Examples
    --------
    >>> import focusbench as fb
    >>> good = fb.sample_packages()[0]
    >>> study = fb.tune(good, step_size=(60, 90), data_points=(5, 9), trials=20)
    >>> dict(study.dataset.sizes)
    {'step_size': 2, 'data_points': 2, 'trial': 20}
    """
    rig = learn_rig(gather_packages(packages), seed=seed)
    return run_study(
        rig,
        step_size=step_size,
        data_points=data_points,
        exposure_s=exposure_s,
        frames_per_point=frames_per_point,
        trials=trials,
        progress=progress,
        cancel=cancel,
        seed=seed,
    )
