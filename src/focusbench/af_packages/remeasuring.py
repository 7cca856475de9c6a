"""The frames of runs measured anew, with other settings: of one run, or of an archive.

What was measured of an archive is kept beside it, one line a run, so that a session that was
interrupted goes on where it ended. No package is changed.
"""

import dataclasses
import math
from collections.abc import Sequence
from concurrent.futures import Executor, as_completed
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from focusbench.af_packages import finding
from focusbench.af_packages.catalogue import Catalogue
from focusbench.af_packages.entry import Entry, entry_of
from focusbench.af_packages.frame_folder import MeasureOptions, measured, point_of
from focusbench.af_packages.many import (
    Found,
    ListedRuns,
    Paths,
    Progress,
    Result,
    as_dataset,
    find_all,
    remembered,
)
from focusbench.af_packages.package import Package, read_member
from focusbench.af_packages.reader import read_runs, sentence_in_folder
from focusbench.curve import CURVES, FocusPoint
from focusbench.engine import RunRecord, Sample, Validation, average, verdict
from focusbench.errors import FocusbenchError, PackageError
from focusbench.frames import DarkLibrary
from focusbench.options import AutofocusOptions

if TYPE_CHECKING:
    import xarray

    from focusbench.af_packages.lazy_fits import Fits


@dataclasses.dataclass(frozen=True)
class Settings:
    """How frames are measured anew; what is None stays as it was in the run.

    A run that does not tell (a folder of frames) was measured as `open_package` does.

    Attributes
    ----------
    metric : str or None
    min_star_diameter_px : float or None, pixels at 1×1
    crop_percent : float or None
    min_stars : int or None

    Raises
    ------
    OptionsError
        A value that no run may have.
    """

    metric: str | None = None
    min_star_diameter_px: float | None = None
    crop_percent: float | None = None
    min_stars: int | None = None

    def __post_init__(self) -> None:
        AutofocusOptions(**self._given())

    def __str__(self) -> str:
        words = {
            "metric": "metric {}",
            "min_star_diameter_px": "{:g} px minimum",
            "crop_percent": "{:g} % crop",
            "min_stars": "at least {} stars",
        }
        said = [words[name].format(value) for name, value in self._given().items()]
        return ", ".join(said) or "its own settings"

    def of(self, package: Package) -> MeasureOptions:
        """Settings of one run in full."""
        known = {} if package.options is None else _measure_options(package.options)
        return MeasureOptions(**{**known, **self._given()})

    def _given(self) -> dict[str, Any]:
        return {k: v for k, v in dataclasses.asdict(self).items() if v is not None}


def _measure_options(options: AutofocusOptions) -> dict[str, Any]:
    names = [field.name for field in dataclasses.fields(Settings)]
    return {name: getattr(options, name) for name in names}


def measured_anew(package: Package, settings: Settings | None = None) -> Package:
    """The same run, had its frames been measured with other settings.

    Positions, times and temperatures stay. A run of ours is decided again by its own rules; its
    record then says what would have come of these points, not where the focuser went.

    Parameters
    ----------
    package : Package
        Stays as it is.
    settings : Settings, optional

    Raises
    ------
    PackageError
        It has no frames, or one of them cannot be read.
    OptionsError
        A crop that leaves nothing.
    """
    options = (settings or Settings()).of(package)
    if not any(package._frame_names):
        raise PackageError(
            f"{package.source} has no frames to measure: only what was measured of them was kept."
        )
    darks, note = _darks(package)
    points = []
    for point, names in zip(package.focus_points, package._frame_names, strict=True):
        samples = []
        for name in names:
            frame = read_member(package._tree, name, in_place=True)
            taken = measured(darks.subtract(frame) if darks else frame, options)
            samples.append(Sample(point_of(taken, point.position)))
        points.append(_measured(point, average(samples)) if samples else point)
    anew = dataclasses.replace(
        package,
        focus_points=tuple(points),
        metric=options.metric,
        definition=options.definition,
        record=package.record and _before_any_fit(package.record, tuple(points), options),
        found={},
        notes=(*package.notes, f"Measured anew with {settings or Settings()}.", *note),
        _decided=None,
    )
    return anew if anew.record is None else _decided(anew, anew.record)


def remeasure(
    paths: Paths,
    *,
    metric: str | None = None,
    min_star_diameter_px: float | None = None,
    crop_percent: float | None = None,
    min_stars: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    results: str | Path | None = None,
) -> "xarray.Dataset":
    """Measure the frames of many runs anew; interrupted, it goes on where it ended.

    Parameters
    ----------
    paths : path, or several
        Packages, foreign runs with frames, and folders of such.
    metric, min_star_diameter_px, crop_percent, min_stars : optional
        As in `focusbench.measure_frame`; what is not given stays as it was in each run.
    executor : concurrent.futures.Executor, optional
        Where runs are measured: threads, processes, or a cluster (`client.get_executor()` of
        dask, which must see the same paths). The numbers are the same everywhere.
    progress : callable, optional
        Called with the number of runs' sources done and their total, after each.
    results : path, optional
        File that remembers what was measured, a line a source, added to as soon as it is there;
        ``focusbench-remeasured.jsonl`` in each folder given where it is not. A source that has
        changed, or other settings, are measured again.

    Returns
    -------
    xarray.Dataset
        Dims `(run, point)`, as `open_packages` gives. Runs without frames, and what could not be
        read, are named in the attribute `skipped`; `settings` says how it was measured.

    Raises
    ------
    OptionsError
        A setting that no run may have.
    PackageError
        No run could be measured.

    Examples
    --------
    >>> import focusbench as fb
    >>> good = fb.sample_packages()[0]
    >>> runs = fb.remeasure(good, min_star_diameter_px=6)
    >>> runs.metric.dims
    ('run', 'point')
    """
    settings = Settings(metric, min_star_diameter_px, crop_percent, min_stars)
    if results is None:
        found = find_all(paths, partial(Catalogue, file=finding.REMEASURED))
    else:
        book = Catalogue(Path(results).parent, Path(results).name)
        found = [
            Found(one.source, one.source.resolve().as_posix(), book)
            for one in find_all(paths, lambda _: None)
        ]
    listed = _measure_all(found, settings, executor, progress)
    runs = as_dataset(listed, paths, _fits_of)
    runs.attrs["settings"] = str(settings)
    return runs


def _measure_all(
    found: Sequence[Found],
    settings: Settings,
    executor: Executor | None,
    progress: Progress | None,
) -> ListedRuns:
    how = f"anew: {settings}"
    done = {i: r for i, r in remembered(found, how).items() if all(map(_has_fits, r[0] or ()))}
    if progress is not None and done:
        progress(len(done), len(found))
    missing = [i for i in range(len(found)) if i not in done]

    def keep(i: int, result: Result) -> None:
        if i in done:
            return
        one, (entries, _, stamp) = found[i], result
        done[i] = result
        if one.book is not None and stamp is not None and entries is not None:
            one.book.add(one.name, stamp, how, entries)
            one.book.save()
        if progress is not None:
            progress(len(done), len(found))

    if executor is None:
        for i in missing:
            keep(i, _measure_source(found[i].source, settings))
    else:
        places = {executor.submit(_measure_source, found[i].source, settings): i for i in missing}
        try:
            for future in as_completed(places):
                keep(places[future], future.result())
        except BaseException:
            for future, i in places.items():
                # What is done is kept, whatever ended the session.
                if not future.cancel() and future.done() and future.exception() is None:
                    keep(i, future.result())
            raise
    entries = [(found[i].source, entry) for i in sorted(done) for entry in done[i][0] or ()]
    return ListedRuns(tuple(entries), tuple(done[i][1] for i in sorted(done) if done[i][1]))


def _measure_source(source: Path, settings: Settings) -> Result:
    """Measure the runs of one source; in another thread, process or computer."""
    try:
        stamp = finding.stamp(source)
        packages = read_runs(source, MeasureOptions(**settings._given()))
        return [_entry(_as_asked(package, settings)) for package in packages], "", stamp
    except PackageError as error:
        return None, sentence_in_folder(error, source), None
    except FocusbenchError as error:
        return None, f"{source} was not measured: {error}", None
    except OSError as error:
        return None, f"Cannot read {source}: {error.strerror or error}.", None


def _as_asked(package: Package, settings: Settings) -> Package:
    """Measure a run unless reading it has just done so, as with a folder of frames."""
    fresh = package.path is None and package.definition == settings.of(package).definition
    return package if fresh else measured_anew(package, settings)


def _entry(package: Package) -> Entry:
    points = package.points
    fitted = points["fitted"].values
    return entry_of(package) | {
        "used": points["used"].values.tolist(),
        "fitted": np.where(np.isnan(fitted), None, fitted).tolist(),  # type: ignore[call-overload]
    }


def _has_fits(entry: Entry) -> bool:
    try:
        used, fitted = _fits_of(Path(), entry)
    except (KeyError, TypeError, ValueError):
        return False
    return used.shape == fitted.shape == (len(CURVES), len(entry["role"]))


def _fits_of(_: Path, entry: Entry) -> "Fits":
    return np.array(entry["used"], np.int8), np.array(entry["fitted"], np.float64)


def _darks(package: Package) -> tuple[DarkLibrary | None, tuple[str, ...]]:
    """The darks that the run subtracted, and a word where they are not there."""
    record = package.record
    if record is None or not record.options.dark_folder:
        return None, ()
    try:
        library = DarkLibrary(record.options.dark_folder)
        frame = next(iter(package.frames))
        library.subtract(frame)
        return library, ()
    except FocusbenchError as error:
        return None, (f"Measured without the darks that the run subtracted: {error}",)


def _measured(point: FocusPoint, sample: Sample) -> FocusPoint:
    """A point of the run with what its frames say now; what a fit said of it is forgotten."""
    new = sample.point
    return dataclasses.replace(
        point,
        metric=new.metric,
        error=new.error,
        scatter=new.scatter,
        n_stars=new.n_stars,
        rejected=new.rejected,
        reason=new.reason,
        others=new.others,
    )


def _before_any_fit(
    record: RunRecord, points: tuple[FocusPoint, ...], options: MeasureOptions
) -> RunRecord:
    asked = {f.name: getattr(options, f.name) for f in dataclasses.fields(Settings)}
    return dataclasses.replace(
        record,
        options=record.options.replace(**asked),
        points=points,
        best=None,
        validation=None,
        warnings=(),
    )


def _decided(package: Package, record: RunRecord) -> Package:
    """The run as these points would have made it, red X's included."""
    best, points = package.best(), list(package.focus_points)
    for i, rejected, why in zip(package.sweep(), best.rejected, best.reasons, strict=True):
        points[i] = dataclasses.replace(points[i], rejected=rejected, reason=why)
    check = next((p for p in points if p.role == "validation" and math.isfinite(p.metric)), None)
    validation = None
    if check is not None:
        expected = best.expected_metric
        off = 100 * (check.metric - expected) / expected if expected else None
        passed = None if off is None else abs(off) <= record.options.validation_tolerance_percent
        validation = Validation(check.metric, expected, off, passed)
    record = dataclasses.replace(
        record,
        outcome=best.outcome,
        diagnosis=best.diagnosis or verdict(best),
        points=tuple(points),
        best=best,
        validation=validation,
    )
    return dataclasses.replace(package, focus_points=tuple(points), record=record)
