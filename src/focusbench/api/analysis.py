"""Look at a frame, or at a saved or foreign run."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from focusbench.af_packages import Package, by_common_stars, open_package
from focusbench.curve import BestFocus, Outcome
from focusbench.doctor import Finding, diagnose_points
from focusbench.engine import verdict
from focusbench.frames import Frame, read_frame
from focusbench.stars import Measurement, measure


def measure_frame(
    frame: str | Path | Frame | NDArray[np.generic],
    *,
    metric: str = "hfr",
    min_star_diameter_px: float = 3.0,
    crop_percent: float = 0.0,
    min_stars: int = 1,
) -> Measurement:
    """Measure the focus metric of one frame.

    Parameters
    ----------
    frame : path, Frame or array of shape (n_y, n_x)
    metric : {"hfr", "hfr_mean_radius", "hfd_astap", "fwhm", "hfr:photutils", "hfd_astap:astap_cli"}
    min_star_diameter_px : float, pixels at 1×1
    crop_percent : float
    min_stars : int

    Returns
    -------
    Measurement
        `value`, `error`, `scatter`, `n_stars`, and the table `stars`.

    Raises
    ------
    FrameError
        The file is no readable frame.
    MeasurementError
        The frame cannot be measured; `TooFewStars` says how many there were.

    Examples
    --------
    >>> import focusbench as fb
    >>> rig = fb.simulated_rig(best_focus=10_250, seed=1)
    >>> record = fb.autofocus(rig, save_packages_to=None)
    >>> rig.camera.start_exposure(3.0)
    >>> _ = rig.clock.sleep(60)
    >>> 1.5 < fb.measure_frame(rig.camera.read_image()).value < 2.5
    True
    """
    if isinstance(frame, str | Path):
        frame = read_frame(frame, in_place=True)
    return measure(
        frame,
        metric=metric,
        min_star_diameter_px=min_star_diameter_px,
        crop_percent=crop_percent,
        min_stars=min_stars,
    )


@dataclass(frozen=True)
class Analysis:
    """Fits and verdict of one run, ours or foreign.

    Attributes
    ----------
    source : str
        The path given.
    package : Package
    best : BestFocus
        Decided by the curve asked for, or the run's own.
    findings : tuple of Finding
        The doctor's, ordered by evidence.

    Examples
    --------
    >>> import focusbench as fb
    >>> analysis = fb.analyze(fb.sample_packages()[0])
    >>> isinstance(analysis, fb.Analysis), analysis.findings[0].code
    (True, 'good')
    """

    source: str
    package: Package
    best: BestFocus
    findings: tuple[Finding, ...]

    def __repr__(self) -> str:
        return f"<Analysis of {self.source}: {self.outcome}. {self.diagnosis}>"

    @property
    def outcome(self) -> Outcome:
        """FOCUSED, LOWEST_POINTS or NOT_FOCUSED."""
        return self.best.outcome

    @property
    def diagnosis(self) -> str:
        """One sentence: best focus with its error, or why there is none."""
        return self.best.diagnosis or verdict(self.best)


def analyze(
    source: str | Path | Package,
    *,
    curve: str | None = None,
    metric: str | None = None,
    common_stars: bool = False,
) -> Analysis:
    """Fit a saved or foreign run again, by the rules of the run, and say what it shows.

    Parameters
    ----------
    source : path or Package
        An AF package (folder or zip), a N.I.N.A. report, a CSV, or a folder or zip of frames; or
        what `open_package` made of one.
    curve : {"auto", "two_lines", "parabola", "hyperbola"}, optional
        Which curve decides; that of the run where not given, `auto` for a foreign one.
    metric : str, optional
        Another metric than the run's own.
    common_stars : bool
        Whether each point is measured anew by the stars that all frames share, so that stars
        coming and going do not bend the curve; needs the run's table of stars, no frames.

    Raises
    ------
    PackageError
        It is none of these; the message names it and the cure.

    Examples
    --------
    >>> import focusbench as fb
    >>> analysis = fb.analyze(fb.sample_packages()[0])
    >>> analysis.outcome
    <Outcome.FOCUSED: 'FOCUSED'>
    """
    package = source if isinstance(source, Package) else open_package(source)
    if common_stars:
        package = by_common_stars(package)
    best = package.best(curve=curve, metric=metric)
    findings = diagnose_points(
        package.focus_points,
        best,
        options=package.options,
        step_size=package.step_size,
        time_ordered=package.time_ordered,
    )
    return Analysis(str(package.source), package, best, findings)
