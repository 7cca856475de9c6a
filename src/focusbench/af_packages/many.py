"""Many runs opened at once: found, read or looked up in the catalogue, warned of, put together.

The dataset is described in `many_dataset`.
"""

import contextlib
import warnings
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from focusbench.af_packages import finding
from focusbench.af_packages.catalogue import Catalogue
from focusbench.af_packages.entry import Entry, entry_of
from focusbench.af_packages.frame_folder import MeasureOptions
from focusbench.af_packages.package import Package
from focusbench.af_packages.reader import read_runs, sentence_in_folder
from focusbench.errors import PackageError

if TYPE_CHECKING:
    import xarray

    from focusbench.af_packages.lazy_fits import Fits

Progress = Callable[[int, int], object]
"""Told how many sources are done, and of how many."""


def open_packages(
    paths: str | Path | Iterable[str | Path],
    *,
    progress: Progress | None = None,
    catalogue: bool = True,
    executor: Executor | None = None,
    metric: str = "hfr",
    min_star_diameter_px: float = 3.0,
    crop_percent: float = 0.0,
    min_stars: int = 1,
) -> "xarray.Dataset":
    """Open many runs as one Dataset with the dims `run` and `point`.

    Parameters
    ----------
    paths : path, or several
        Files and folders of any kind that `open_package` opens; a folder that is no run itself is
        looked through.
    progress : callable, optional
        Called with the number of sources done and their total, after each.
    catalogue : bool
        Whether a folder gets a catalogue (one file in it), which makes the next opening fast.
    executor : concurrent.futures.Executor, optional
        Where sources are read; a pool of processes for folders of frames.
    metric, min_star_diameter_px, crop_percent, min_stars
        How plain frames are measured, as in `open_package`.

    Returns
    -------
    xarray.Dataset
        As `af_packages.many_dataset` says. What could not be read is named in the attribute
        `skipped`, one sentence a line.

    Warns
    -----
    UserWarning
        Files were skipped, metrics are defined differently, or there are several rigs.

    Raises
    ------
    PackageError
        There is no run at all.

    Examples
    --------
    >>> import focusbench as fb
    >>> runs = fb.open_packages(fb.sample_packages())
    >>> runs.metric.dims
    ('run', 'point')
    """
    given = [paths] if isinstance(paths, str | Path) else list(paths)
    options = MeasureOptions(metric, min_star_diameter_px, crop_percent, min_stars)
    how = f"{metric},{min_star_diameter_px:g},{crop_percent:g},{min_stars}"
    found: list[tuple[Path, str, Catalogue | None]] = []
    books: list[Catalogue] = []
    for path in map(Path, given):
        if not path.is_dir():
            found.append((path, "", None))
            continue
        inner = list(finding.sources(path))
        book = Catalogue(path) if catalogue and inner != [path] else None
        books += [book] if book else []
        found += [(source, source.relative_to(path).as_posix(), book) for source in inner]
    entries: list[tuple[Path, Entry]] = []
    skipped: list[str] = []
    results = _results(found, how, options, executor)
    try:
        for done, ((source, name, book), (got, trouble, stamp)) in enumerate(
            zip(found, results, strict=True), start=1
        ):
            if got is None:
                skipped += [trouble] if trouble else []
            else:
                entries += [(source, entry) for entry in got]
                if book is not None and stamp is not None:
                    book.add(name, stamp, how, got)
            if progress is not None:
                progress(done, len(found))
    finally:
        for book in books:
            book.save()
    if not entries:
        places = ", ".join(str(path) for path in given[:3])
        raise PackageError(skipped[0] if skipped else f"There is no run in {places or 'nothing'}.")
    # Here, since xarray takes its time to import.
    from focusbench.af_packages.many_dataset import dataset

    runs = dataset(entries, partial(_fits_of, options=options))
    runs.attrs["skipped"] = "\n".join(skipped)
    _warn(runs, skipped)
    return runs


Result = tuple[Sequence[Entry] | None, str, tuple[int, int] | None]
"""Entries or None, what went wrong, and the stamp of what is new to the catalogue."""


def _results(
    found: Sequence[tuple[Path, str, Catalogue | None]],
    how: str,
    options: MeasureOptions,
    executor: Executor | None,
) -> Iterable[Result]:
    known: dict[int, Result] = {}
    unread: list[Path] = []
    for i, (source, name, book) in enumerate(found):
        entries = None
        if book is not None:
            # Reading it will say what is wrong.
            with contextlib.suppress(OSError):
                entries = book.get(name, finding.stamp(source), how)
        if entries is None:
            unread.append(source)
        else:
            known[i] = entries, "", None
    read = (executor.map if executor else map)(partial(_read, options=options), unread)
    results = iter(read)
    for i in range(len(found)):
        yield known[i] if i in known else next(results)


def _read(source: Path, options: MeasureOptions) -> Result:
    """Read one source; what is no run at all is passed over in silence."""
    try:
        stamp = finding.stamp(source)
        return [entry_of(package) for package in read_runs(source, options)], "", stamp
    except PackageError as error:
        return None, sentence_in_folder(error, source), None
    except OSError as error:
        return None, f"Cannot read {source}: {error.strerror or error}.", None


def _warn(runs: "xarray.Dataset", skipped: list[str]) -> None:
    if skipped:
        files = "1 file was" if len(skipped) == 1 else f"{len(skipped)} files were"
        warnings.warn(
            f"{files} not read, see attrs['skipped']: {skipped[0]}", UserWarning, stacklevel=3
        )
    meanings = sorted(set(runs.definition.values.tolist()))
    if len(meanings) > 1:
        warnings.warn(
            f"The runs measure {len(meanings)} different things, see the coordinate definition; "
            "compare only those that agree.",
            UserWarning,
            stacklevel=3,
        )
    rigs = sorted(set(runs.rig.values.tolist()) - {""})
    if len(rigs) > 1:
        warnings.warn(
            f"The runs are from {len(rigs)} rigs, see the coordinate rig: {', '.join(rigs)[:200]}.",
            UserWarning,
            stacklevel=3,
        )


@lru_cache(maxsize=1)
def _runs_of(source: Path, stamp: tuple[int, int], options: MeasureOptions) -> tuple[Package, ...]:
    """Runs of a source as it is now: a log of many runs is read once for all of them."""
    return read_runs(source, options)


def _fits_of(source: Path, entry: Entry, options: MeasureOptions) -> "Fits":
    """Which points each curve used, and its values there: arrays (curve, point)."""
    package = _runs_of(source, finding.stamp(source), options)[entry["run"] or 0]
    points = package.points
    return points["used"].values, points["fitted"].values
