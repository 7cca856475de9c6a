"""Advice for a rig from its own runs: a night to practise on, and the numbers in one table."""

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from focusbench.af_packages import PackageRecorder
from focusbench.api import (
    AutofocusOptions,
    FocusSession,
    Package,
    advise_exposure,
    analyze,
    find_backlash,
    fit_temperature,
    open_package,
    open_packages,
    simulated_rig,
    tune,
)
from focusbench.errors import PackageError
from focusbench.frames import Frame
from focusbench.simulator import SimulatedRig
from focusbench.tuning import Backlash, ExposureAdvice, Study, TemperatureModel

TRIALS = 40
TRIED, POINTS = (1.0, 1.5, 2.0), (5, 9)
"""Simulated runs for each setting; step sizes, times that of last night, and data points: a
lesson's, not those of a full study."""


@dataclass(frozen=True, eq=False)
class Advice:
    """What the runs of a rig say that should be typed in.

    Attributes
    ----------
    settings : Study
        Step size and data points.
    exposure : ExposureAdvice
        From the frame furthest out, where the stars are faintest.
    backlash : Backlash
    temperature : TemperatureModel
    """

    settings: Study
    exposure: ExposureAdvice
    backlash: Backlash
    temperature: TemperatureModel

    @property
    def options(self) -> AutofocusOptions:
        """The run to make next time."""
        return replace(
            self.settings.recommended.options,
            exposure_s=self.exposure.exposure_s or self.settings.recommended.options.exposure_s,
            backlash=self.backlash.advice,
            final_move=self.backlash.final_move,
        )


def advise(folder: str | Path, *, trials: int = TRIALS) -> Advice:
    """Ask the runs of a folder for everything that can be typed in.

    Parameters
    ----------
    folder : path
        AF packages of one rig, with frames.
    trials : int
        Simulated runs for each setting that is tried.

    Raises
    ------
    PackageError
        There are no packages, or none kept its frames.
    OptionsError
        Too few runs to tell.
    """
    paths = packages_in(folder)
    if not paths:
        raise PackageError(
            f"No AF package in {folder}; save_packages_to={str(folder)!r} puts them."
        )
    latest = open_package(paths[-1])
    usual = latest.step_size or 60
    return Advice(
        settings=tune(
            paths,
            step_size=[round(times * usual) for times in TRIED],
            data_points=POINTS,
            trials=trials,
        ),
        exposure=advise_exposure(outermost_frame(latest)),
        backlash=find_backlash(paths),
        temperature=fit_temperature(open_packages(paths, catalogue=False)),
    )


def practice_rig(**truth: Any) -> SimulatedRig:
    """A small simulated rig, so that a night of it is quick.

    Parameters
    ----------
    **truth
        Of `focusbench.simulated_rig`.
    """
    return simulated_rig(
        seed=8, shape=(200, 260), n_stars=70, filters=None, seeing_variation=0.06, **truth
    )


def last_night(
    rig: SimulatedRig, folder: str | Path, options: AutofocusOptions, *, n_runs: int = 5
) -> list[Path]:
    """Make runs an hour apart, each around the focus of the one before; saved into a folder.

    Parameters
    ----------
    rig : SimulatedRig
    folder : path
    options : AutofocusOptions
    n_runs : int

    Returns
    -------
    list of Path
        The packages, oldest first; those of an earlier call are used again.
    """
    have = packages_in(folder)
    for _ in range(n_runs - len(have)):
        rig.clock.sleep(3600)
        FocusSession.of(rig).run(options, recorder=PackageRecorder(folder), require_package=True)
    return packages_in(folder)


def packages_in(folder: str | Path) -> list[Path]:
    """The AF packages of a folder, oldest first."""
    return sorted(path.parent for path in Path(folder).glob("*/manifest.json"))


def first_findings(folder: str | Path) -> list[str]:
    """What the doctor says first of each run, oldest first; empty where it finds nothing."""
    found = [analyze(path).findings for path in packages_in(folder)]
    return [one[0].sentence if one else "" for one in found]


def latest_options(folder: str | Path) -> AutofocusOptions:
    """What the latest run of a folder was asked to do."""
    return open_package(packages_in(folder)[-1]).options or AutofocusOptions()


def outermost_frame(package: Package) -> Frame:
    """The frame of a run that was taken furthest out, where stars are faintest."""
    kept = [i for i in package.sweep() if len(package.frames_of(i))]
    if not kept:
        raise PackageError(f"{package.name} kept no frames; exposure advice needs one.")
    outer = max(kept, key=lambda i: package.focus_points[i].position)
    return package.frames_of(outer)[0]


def nights_apart(rig: SimulatedRig, options: AutofocusOptions, n_runs: int = 3) -> list[float]:
    """How far a simulated rig is left from true focus by runs an hour apart, steps."""
    off = []
    for _ in range(n_runs):
        rig.clock.sleep(3600)
        record = FocusSession.of(rig).run(options)
        off.append(abs((record.best_position or math.inf) - rig.true_best_focus()))
    return off
