"""Many runs opened at once: found, read or looked up in the catalogue, warned of, put together.

The dataset is described in `many_dataset`.
"""

import contextlib
import hashlib
import warnings
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from focusbench.af_packages import finding, sgpro_log
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

Paths = str | Path | Iterable[str | Path]
"""One path, or several."""


@dataclass(frozen=True)
class Found:
    """A source that may hold runs.

    Attributes
    ----------
    source : Path
    name : str
        By which a catalogue knows it.
    book : Catalogue or None
        Where it is remembered.
    """

    source: Path
    name: str = ""
    book: Catalogue | None = None


@dataclass(frozen=True)
class ListedRuns:
    """Runs as a list: what is remembered of each.

    Attributes
    ----------
    entries : tuple of (Path, dict)
        The source of each run, and its entry; see `entry`.
    skipped : tuple of str
        One sentence for each file that could not be read.
    """

    entries: tuple[tuple[Path, Entry], ...]
    skipped: tuple[str, ...] = ()


def open_packages(
    paths: Paths,
    *,
    progress: Progress | None = None,
    catalogue: bool = True,
    executor: Executor | None = None,
    log: str | Path | None = None,
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
    log : path, optional
        An SGPro log that tells where the frames of AF packs were taken, if they do not.
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
        There is no run at all, or the log moves nothing.

    Examples
    --------
    >>> import focusbench as fb
    >>> runs = fb.open_packages(fb.sample_packages())
    >>> runs.metric.dims
    ('run', 'point')
    """
    options = _options(log, metric, min_star_diameter_px, crop_percent, min_stars)
    listed = _list(paths, options, progress=progress, catalogue=catalogue, executor=executor)
    return as_dataset(listed, paths, partial(_fits_of, options=options))


def list_runs(
    paths: Paths,
    *,
    progress: Progress | None = None,
    catalogue: bool = True,
    log: str | Path | None = None,
) -> ListedRuns:
    """List many runs without making a Dataset of them; what cannot be read is no error.

    Parameters
    ----------
    paths, progress, catalogue, log
        As in `open_packages`.

    Raises
    ------
    PackageError
        A folder cannot be looked into, or the log moves nothing.
    """
    return _list(paths, _options(log), progress=progress, catalogue=catalogue)


def find_all(paths: Paths, book_of: Callable[[Path], Catalogue | None]) -> list[Found]:
    """Every source under the paths given, with the book of the folder it lies in.

    Raises
    ------
    PackageError
        A folder cannot be looked into.
    """
    found: list[Found] = []
    for path in map(Path, as_list(paths)):
        if not path.is_dir():
            found.append(Found(path))
            continue
        try:
            inner = list(finding.sources(path))
        except OSError as error:
            raise PackageError(f"Cannot read {path}: {error.strerror or error}.") from error
        if inner == [path]:
            found.append(Found(path))
            continue
        book = book_of(path)
        found += [Found(one, one.relative_to(path).as_posix(), book) for one in inner]
    return found


def as_list(paths: Paths) -> list[str | Path]:
    """One path or several, as several."""
    return [paths] if isinstance(paths, str | Path) else list(paths)


def as_dataset(
    listed: ListedRuns, paths: Paths, fits_of: "Callable[[Path, Entry], Fits]"
) -> "xarray.Dataset":
    """Put runs side by side, and warn of what a person should know of them.

    Raises
    ------
    PackageError
        There is no run.
    """
    if not listed.entries:
        places = ", ".join(str(path) for path in as_list(paths)[:3])
        raise PackageError(
            listed.skipped[0] if listed.skipped else f"There is no run in {places or 'nothing'}."
        )
    # Here, since xarray takes its time to import.
    from focusbench.af_packages.many_dataset import dataset

    runs = dataset(list(listed.entries), fits_of)
    runs.attrs["skipped"] = "\n".join(listed.skipped)
    _warn(runs, listed.skipped)
    return runs


def _options(log: str | Path | None, *how: Any) -> MeasureOptions:
    options = MeasureOptions(*how)
    return options if log is None else options.with_log(sgpro_log.read_moves(Path(log)))


def _list(
    paths: Paths,
    options: MeasureOptions,
    *,
    progress: Progress | None,
    catalogue: bool,
    executor: Executor | None = None,
) -> ListedRuns:
    found = find_all(paths, Catalogue if catalogue else lambda _: None)
    entries: list[tuple[Path, Entry]] = []
    skipped: list[str] = []
    try:
        for done, (one, (got, trouble, stamp)) in enumerate(
            zip(found, _results(found, options, executor), strict=True), start=1
        ):
            if got is None:
                skipped += [trouble] if trouble else []
            else:
                entries += [(one.source, entry) for entry in got]
                if one.book is not None and stamp is not None:
                    one.book.add(one.name, stamp, _how(options), got)
            if progress is not None:
                progress(done, len(found))
    finally:
        for book in {id(one.book): one.book for one in found if one.book}.values():
            book.save()
    return ListedRuns(tuple(entries), tuple(skipped))


def _how(options: MeasureOptions) -> str:
    """How frames were measured, as a catalogue remembers it."""
    how = (
        f"{options.metric},{options.min_star_diameter_px:g},"
        f"{options.crop_percent:g},{options.min_stars}"
    )
    if options.moves:
        how += f",log {hashlib.sha256(repr(options.moves).encode()).hexdigest()[:16]}"
    return how


Result = tuple[Sequence[Entry] | None, str, tuple[int, int] | None]
"""Entries or None, what went wrong, and the stamp of what is new to the catalogue."""


def remembered(found: Sequence[Found], how: str) -> dict[int, Result]:
    """What the books know of sources as they are now, by their place."""
    known: dict[int, Result] = {}
    for i, one in enumerate(found):
        entries = None
        if one.book is not None:
            # Reading it will say what is wrong.
            with contextlib.suppress(OSError):
                entries = one.book.get(one.name, finding.stamp(one.source), how)
        if entries is not None:
            known[i] = entries, "", None
    return known


def _results(
    found: Sequence[Found], options: MeasureOptions, executor: Executor | None
) -> Iterable[Result]:
    known = remembered(found, _how(options))
    unread = [one.source for i, one in enumerate(found) if i not in known]
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


def _warn(runs: "xarray.Dataset", skipped: Sequence[str]) -> None:
    if skipped:
        files = "1 file was" if len(skipped) == 1 else f"{len(skipped)} files were"
        warnings.warn(
            f"{files} not read, see attrs['skipped']: {skipped[0]}", UserWarning, stacklevel=4
        )
    meanings = sorted(set(runs.definition.values.tolist()))
    if len(meanings) > 1:
        warnings.warn(
            f"The runs measure {len(meanings)} different things, see the coordinate definition; "
            "compare only those that agree.",
            UserWarning,
            stacklevel=4,
        )
    rigs = sorted(set(runs.rig.values.tolist()) - {""})
    if len(rigs) > 1:
        warnings.warn(
            f"The runs are from {len(rigs)} rigs, see the coordinate rig: {', '.join(rigs)[:200]}.",
            UserWarning,
            stacklevel=4,
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
