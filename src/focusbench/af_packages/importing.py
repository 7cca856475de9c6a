"""Foreign runs become AF packages: each file of a folder, each run of a file."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from focusbench.af_packages import finding, imported
from focusbench.af_packages.frame_folder import MeasureOptions
from focusbench.af_packages.reader import read_runs, sentence_in_folder
from focusbench.af_packages.sgpro_log import read_moves
from focusbench.af_packages.stamps import KEEPS, Keep
from focusbench.errors import FrameError, OptionsError, PackageError


class AlreadyPackage(PackageError):
    """An AF package needs no import; in a folder it is passed over."""


@dataclass(frozen=True)
class ImportedRun:
    """One run that is an AF package now.

    Attributes
    ----------
    source : Path
        The file or folder it was read from.
    run : int or None
        Which run of it, where it holds several.
    package : Path
        The AF package, made now or by an earlier import of the same file.
    n_points : int
        Points of its curve; the validation frame is none.
    """

    source: Path
    run: int | None
    package: Path
    n_points: int


@dataclass(frozen=True)
class ImportedRuns:
    """What an import made.

    Attributes
    ----------
    runs : tuple of ImportedRun
    skipped : tuple of str
        One sentence for each file that could not be read.
    """

    runs: tuple[ImportedRun, ...]
    skipped: tuple[str, ...] = ()


def import_runs(
    source: str | Path,
    folder: str | Path = "af_packages",
    *,
    keep: Keep = "frames",
    log: str | Path | None = None,
    progress: Callable[[int, int], object] | None = None,
    metric: str = "hfr",
    min_star_diameter_px: float = 3.0,
    crop_percent: float = 0.0,
    min_stars: int = 1,
) -> ImportedRuns:
    """Make AF packages of the runs of other programs.

    The source stays as it is; the same file imported again makes no second package.

    Parameters
    ----------
    source : path
        Any file or folder that `open_package` opens, or a folder of such.
    folder : path
        Where the packages are made.
    keep : {"frames", "stamps", "numbers"}
        Whether the frames come along, cut-outs around their stars, or only what was measured.
    log : path, optional
        An SGPro log that tells where frames were taken, if they do not.
    progress : callable, optional
        Called with the number of files done and their total.
    metric, min_star_diameter_px, crop_percent, min_stars
        How plain frames are measured, as in `open_package`.

    Raises
    ------
    PackageError
        Nothing in it can be read, or a package cannot be written.

    Examples
    --------
    >>> import focusbench as fb
    >>> run = fb.export_run(fb.sample_packages()[0], "tables/last_night.csv")
    >>> done = fb.import_runs("tables", "imported")
    >>> [run.n_points for run in done.runs], done.skipped
    ([9], ())
    """
    if keep not in KEEPS:
        raise OptionsError(f"keep is one of {', '.join(KEEPS)}; got {keep!r}.", "keep")
    path, target = Path(source), Path(folder)
    options = MeasureOptions(metric, min_star_diameter_px, crop_percent, min_stars)
    if log is not None:
        options = options.with_log(read_moves(Path(log)))
    try:
        sources = list(finding.sources(path)) if path.is_dir() else [path]
    except OSError as error:
        raise PackageError(f"Cannot read {path}: {error.strerror or error}.") from error
    alone = sources in ([path], [])
    runs: list[ImportedRun] = []
    skipped: list[str] = []
    for done, one in enumerate(sources or [path], start=1):
        try:
            runs += _import(one, target, keep, options)
        except PackageError as error:
            if alone:
                raise
            said = "" if isinstance(error, AlreadyPackage) else sentence_in_folder(error, one)
            skipped += [said] if said else []
        if progress is not None:
            progress(done, len(sources))
    if not runs:
        raise PackageError(skipped[0] if skipped else f"There is no run in {path}.")
    return ImportedRuns(tuple(runs), tuple(skipped))


def _import(source: Path, folder: Path, keep: Keep, options: MeasureOptions) -> list[ImportedRun]:
    packages = read_runs(source, options)
    if packages[0].path is not None:
        raise AlreadyPackage(f"{source} is an AF package already: open it as it is.")
    sha256 = imported.hash_of(packages[0])
    made = []
    for package in packages:
        try:
            path = imported.write(package, folder, sha256, keep=keep)
        except (OSError, FrameError) as error:
            why = error.strerror if isinstance(error, OSError) else None
            raise PackageError(f"Cannot import {source} to {folder}: {why or error}.") from error
        n_points = sum(point.role != "validation" for point in package.focus_points)
        made.append(ImportedRun(source, package.run, path, n_points))
    return made
