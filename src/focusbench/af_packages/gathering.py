"""Packages from whatever a person hands in: packages, files and folders, one or many."""

import logging
from collections.abc import Iterable
from pathlib import Path

from focusbench.af_packages.finding import sources
from focusbench.af_packages.package import Package
from focusbench.af_packages.reader import read_runs, sentence_in_folder
from focusbench.errors import PackageError

logger = logging.getLogger(__name__)

Runs = Package | str | Path


def gather_packages(runs: Runs | Iterable[Runs]) -> tuple[Package, ...]:
    """Open every run of what is given.

    Parameters
    ----------
    runs : Package or path, or several
        A folder that is no run itself is looked through; what in it cannot be read is passed
        over, and logged.

    Raises
    ------
    PackageError
        There is no run at all, or a file that was named cannot be read.
    """
    given = [runs] if isinstance(runs, Package | str | Path) else list(runs)
    found: list[Package] = []
    for one in given:
        found += [one] if isinstance(one, Package) else _runs_at(Path(one))
    if not found:
        places = ", ".join(str(one) for one in given[:3])
        raise PackageError(f"There is no run in {places or 'nothing'}.")
    return tuple(found)


def _runs_at(path: Path) -> list[Package]:
    inner = list(sources(path)) if path.is_dir() else [path]
    if inner in ([path], []):
        return list(read_runs(path))
    found: list[Package] = []
    for source in inner:
        try:
            found += read_runs(source)
        except PackageError as error:
            if sentence := sentence_in_folder(error, source):
                logger.warning("Not read: %s", sentence)
    return found
