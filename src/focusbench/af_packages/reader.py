"""The one door to every format: looks at what a file holds, not only at its name."""

import json
from pathlib import Path

from focusbench.af_packages import csv_table, frame_folder, manifest, nina, own
from focusbench.af_packages.frame_folder import MeasureOptions
from focusbench.af_packages.package import Package
from focusbench.af_packages.text import decode_text
from focusbench.af_packages.tree import FolderTree, Tree, open_tree, read_bytes
from focusbench.errors import PackageError

_KNOWN = (
    "an AF package (folder or zip), a N.I.N.A. report, a CSV with the columns position and hfr, "
    "or a folder or zip of frames"
)


def open_package(
    path: str | Path,
    *,
    metric: str = "hfr",
    min_star_diameter_px: float = 3.0,
    crop_percent: float = 0.0,
    min_stars: int = 1,
) -> Package:
    """Open a run: an AF package, or what another program left.

    Parameters
    ----------
    path : path
        An AF package (folder or zip, also of a run that was killed), a N.I.N.A. report, a CSV, or
        a folder or zip of frames.
    metric, min_star_diameter_px, crop_percent, min_stars
        How the frames of a plain folder are measured, as in `focusbench.measure_frame`; formats
        that bring their own numbers ignore them.

    Raises
    ------
    PackageError
        Nothing there, or nothing that can be opened; the message names it and the cure.
    PackageVersionError
        Written by a newer focusbench.
    PackageDamaged
        A package or report whose contents contradict themselves.

    Examples
    --------
    >>> package = open_package("af_packages/2026-11-22T20-15-03Z_Ha")  # doctest: +SKIP
    >>> package.best().best_position  # doctest: +SKIP
    10247.3
    """
    source = Path(path)
    options = MeasureOptions(metric, min_star_diameter_px, crop_percent, min_stars)
    try:
        return _open(source, options)
    except OSError as error:
        raise PackageError(f"Cannot read {source}: {error.strerror or error}.") from error


def _open(source: Path, options: MeasureOptions) -> Package:
    if not source.exists():
        raise PackageError(f"There is no {source}; check the path.")
    if source.name in (manifest.MANIFEST, manifest.EVENTS):
        source = source.parent
    if source.is_dir():
        return _open_tree(open_tree(source), options)
    with source.open("rb") as file:
        if file.read(4) in (b"PK\x03\x04", b"PK\x05\x06"):
            return _open_tree(open_tree(source), options)
    if frame_folder.frame_names([source.name]):
        raise PackageError(f"{source} is a single frame; open the folder of the whole run.")
    return _open_text(source)


def _open_tree(tree: Tree, options: MeasureOptions) -> Package:
    names = tree.names()
    if own.is_package(names):
        return _own_package(tree)
    if frame_folder.frame_names(names):
        return frame_folder.read(tree, options)
    source = tree.source
    if isinstance(tree, FolderTree):
        packages = sum(own.is_package(FolderTree(p).names()) for p in _folders(source))
        if packages:
            raise PackageError(f"{source} holds {packages} AF packages; open one of them.")
        reports = [name for name in names if name.lower().endswith((".json", ".csv", ".zip"))]
        if reports:
            raise PackageError(
                f"{source} holds no frames; open one of its files, such as {source / reports[0]}."
            )
    if not names:
        raise PackageError(f"{source} is empty; give {_KNOWN}.")
    raise PackageError(f"{source} holds no frames and no AF package; give {_KNOWN}.")


def _folders(source: Path) -> list[Path]:
    return [path for path in source.iterdir() if path.is_dir()]


def _own_package(tree: Tree) -> Package:
    run = own.read(tree)
    options = run.record.options
    chosen = run.record.filter or run.record.rig.get("filter")
    return Package(
        source=tree.source,
        format="focusbench",
        focus_points=run.record.points,
        metric=options.metric,
        definition=run.definition,
        time_ordered=True,
        step_size=options.step_size,
        filter=chosen if isinstance(chosen, str) else None,
        started_s=run.record.started_s,
        record=run.record,
        notes=run.notes,
        _tree=tree,
        _frame_names=run.frames,
    )


def _open_text(source: Path) -> Package:
    text = decode_text(read_bytes(source))
    if text is not None and text.lstrip().startswith("{"):
        try:
            # The literal NaN is no JSON, but N.I.N.A. writes it.
            document = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise PackageError(
                f"{source} is damaged JSON ({error}); copy or export it again."
            ) from error
        if nina.is_report(document):
            return nina.read(document, source)
        raise PackageError(f"{source} is JSON, but no N.I.N.A. report; give {_KNOWN}.")
    if text is not None and csv_table.looks_like_table(text):
        return csv_table.read(text, source)
    raise PackageError(f"{source} is no run that can be opened; give {_KNOWN}.")
