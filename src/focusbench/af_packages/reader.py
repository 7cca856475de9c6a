"""The one door to every format: looks at what a file holds, not only at its name."""

import json
from pathlib import Path
from types import ModuleType

from focusbench.af_packages import (
    csv_table,
    ekos_analyze,
    ekos_log,
    frame_folder,
    hocus_focus,
    imported,
    manifest,
    nina,
    own,
    sgpro_log,
    sgpro_viewer,
)
from focusbench.af_packages.frame_folder import MeasureOptions
from focusbench.af_packages.package import Package
from focusbench.af_packages.text import decode_text
from focusbench.af_packages.tree import JSON_LIMIT, FolderTree, Tree, open_tree, read_bytes
from focusbench.errors import PackageDamaged, PackageError

_KNOWN = (
    "an AF package (folder or zip), a N.I.N.A. or Hocus Focus report, an attempt that Hocus Focus "
    "saved, an .analyze file or focus log of Ekos, an SGPro log or its viewer's export, a CSV with "
    "the columns position and hfr, or a folder or zip of frames"
)

# Those that know themselves by the surest sign come first.
_TEXTS: tuple[ModuleType, ...] = (ekos_analyze, ekos_log, sgpro_log, csv_table, sgpro_viewer)


class NoRun(PackageError):
    """A file that is none of the kinds that can be opened."""


def sentence_in_folder(error: PackageError, source: Path) -> str:
    """What to say of a file of a folder that was not read; empty where that surprises nobody."""
    if not isinstance(error, NoRun):
        return str(error)
    # Notes and logs of other programs lie everywhere; what can be opened is not told each time.
    quiet = source.suffix.lower() in (".txt", ".log")
    return "" if quiet else str(error).partition("; give ")[0].rstrip(".") + "."


def open_package(
    path: str | Path,
    *,
    run: int | None = None,
    log: str | Path | None = None,
    metric: str = "hfr",
    min_star_diameter_px: float = 3.0,
    crop_percent: float = 0.0,
    min_stars: int = 1,
) -> Package:
    """Open a run: an AF package, or what another program left.

    Parameters
    ----------
    path : path
        An AF package (folder or zip, also of a run that was killed), a N.I.N.A. or Hocus Focus
        report, an attempt that Hocus Focus saved, an .analyze file or focus log of Ekos, an SGPro
        log or its viewer's export, a CSV, or a folder or zip of frames.
    run : int, optional
        Which run of a file that holds several, from 0; negative numbers count from the last.
    log : path, optional
        An SGPro log that tells where the frames of a folder were taken, if they do not.
    metric, min_star_diameter_px, crop_percent, min_stars
        How the frames of a plain folder are measured, as in `focusbench.measure_frame`; formats
        that bring their own numbers ignore them.

    Raises
    ------
    PackageError
        Nothing there, nothing that can be opened, or several runs and none picked; the message
        names it and the cure.
    PackageVersionError
        Written by a newer focusbench.
    PackageDamaged
        A package or report whose contents contradict themselves.

    Examples
    --------
    >>> import focusbench as fb
    >>> package = fb.open_package(fb.sample_packages()[0])
    >>> package.best().outcome.value, len(package.focus_points)
    ('FOCUSED', 10)
    """
    options = MeasureOptions(metric, min_star_diameter_px, crop_percent, min_stars)
    runs = read_runs(path, options, log=log)
    if run is None:
        if len(runs) > 1:
            raise PackageError(
                f"{path} holds {len(runs)} runs: pick one with run=0 to run={len(runs) - 1}, or "
                "open all of them with open_packages."
            )
        return runs[0]
    if not -len(runs) <= run < len(runs):
        held = f"runs 0 to {len(runs) - 1}" if len(runs) > 1 else "one run, run=0"
        raise PackageError(f"{path} has no run {run}: it holds {held}.")
    return runs[run]


def read_runs(
    path: str | Path,
    options: MeasureOptions | None = None,
    *,
    log: str | Path | None = None,
) -> tuple[Package, ...]:
    """Every run of one file or folder, at least one.

    Raises
    ------
    PackageError
        As `open_package`; `NoRun` where it is no file of any kind that can be opened.
    """
    source = Path(path)
    options = options or MeasureOptions()
    if log is not None:
        options = options.with_log(sgpro_log.read_moves(Path(log)))
    try:
        return _read(source, options)
    except OSError as error:
        raise PackageError(f"Cannot read {source}: {error.strerror or error}.") from error


def _read(source: Path, options: MeasureOptions) -> tuple[Package, ...]:
    if not source.exists():
        raise PackageError(f"There is no {source}; check the path.")
    if source.name in (manifest.MANIFEST, manifest.EVENTS):
        source = source.parent
    if source.is_dir():
        return _read_tree(open_tree(source), options)
    if not source.is_file():
        raise PackageError(f"{source} is neither a file nor a folder.")
    with source.open("rb") as file:
        if file.read(4) in (b"PK\x03\x04", b"PK\x05\x06"):
            return _read_tree(open_tree(source), options)
    if frame_folder.frame_names([source.name]):
        raise NoRun(f"{source} is a single frame; open the folder of the whole run.")
    return _read_text(source)


def _read_tree(tree: Tree, options: MeasureOptions) -> tuple[Package, ...]:
    names = tree.names()
    if own.is_package(names):
        return (_own_package(tree.guarded()),)
    if names == (manifest.STARS,):
        raise own.killed_at_once(tree.source)
    if hocus_focus.recognises(tree):
        return hocus_focus.read(tree, options)
    if frame_folder.frame_names(names):
        return frame_folder.read(tree, options)
    source = tree.source
    if isinstance(tree, FolderTree):
        packages = sum(own.is_package(FolderTree(p).names()) for p in _folders(source))
        if packages:
            raise NoRun(
                f"{source} holds {packages} AF packages; open one of them, or all of them with "
                "open_packages."
            )
        reports = [name for name in names if name.lower().endswith((".json", ".csv", ".zip"))]
        if reports:
            raise NoRun(
                f"{source} holds no frames; open one of its files, such as {source / reports[0]}, "
                "or all of them with open_packages."
            )
    if not names:
        raise NoRun(f"{source} is empty; give {_KNOWN}.")
    raise NoRun(f"{source} holds no frames and no AF package; give {_KNOWN}.")


def _folders(source: Path) -> list[Path]:
    return [path for path in source.iterdir() if path.is_dir()]


def _own_package(tree: Tree) -> Package:
    if manifest.MANIFEST in tree.names():
        document = manifest.load(tree.read(manifest.MANIFEST, JSON_LIMIT), tree.source)
        if imported.is_import(document):
            return imported.read(document, tree)
        run = own.read(tree, document)
    else:
        run = own.read(tree)
    options = run.record.options
    chosen = run.record.filter or run.record.rig.get("filter")
    camera = run.record.rig.get("camera")
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
        rig=camera if isinstance(camera, str) else None,
        _tree=tree,
        _frame_names=run.frames,
    )


def _read_text(source: Path) -> tuple[Package, ...]:
    content = read_bytes(source)
    text = decode_text(content)
    if text is not None and text.lstrip("\ufeff \t\r\n").startswith("{"):
        return _read_json(text, len(content), source)
    if text is not None:
        for form in _TEXTS:
            if form.recognises(text):
                runs: tuple[Package, ...] = form.read(text, source)
                return runs
    raise NoRun(f"{source} is no run that can be opened; give {_KNOWN}.")


def _read_json(text: str, size: int, source: Path) -> tuple[Package, ...]:
    if size > JSON_LIMIT:
        raise PackageError(f"{source} is no report: it is larger than {JSON_LIMIT // 2**20} MB.")
    try:
        # The literal NaN is no JSON, but N.I.N.A. writes it.
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PackageDamaged(
            f"{source} is damaged JSON ({error}); copy or export it again."
        ) from error
    if nina.is_report(document):
        return (nina.read(document, source),)
    raise NoRun(f"{source} is JSON, but no report of a run; give {_KNOWN}.")
