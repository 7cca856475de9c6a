"""AF packages made of foreign runs: the same manifest, with where it came from.

What the source does not tell is null there (options, rig, start, duration …), and `imported` holds
the rest: file, sha256 and run of the source, its format, what is unknown, what the other program
found, the notes. Points, frames and stars are as in a run of ours; there are no events.
"""

import dataclasses
import hashlib
import itertools
import json
import platform
import re
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from focusbench.af_packages import manifest, stars_table
from focusbench.af_packages.codec import decode, encode
from focusbench.af_packages.package import Format, Origin, Package, read_member
from focusbench.af_packages.recorder import write_whole
from focusbench.af_packages.stamps import Keep, cut_out
from focusbench.af_packages.tree import Tree, check_names
from focusbench.curve import BestFocus, FocusPoint
from focusbench.doctor import diagnose_points
from focusbench.engine import verdict
from focusbench.errors import PackageDamaged, PackageError
from focusbench.frames import FRAME_SUFFIXES, write_frame

_UNKNOWN = (
    "options", "rig", "ambient", "start_position", "return_position", "final_position",
    "duration_s", "validation",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class _About:
    """The part `imported` of a manifest."""

    file: str
    sha256: str
    format: str
    time_ordered: bool
    run: int | None = None
    imported_by: str = ""
    step_size: float | None = None
    filter: str | None = None
    rig: str | None = None
    unknown: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    settings: Mapping[str, object] = dataclasses.field(default_factory=dict)
    found: Mapping[str, float] = dataclasses.field(default_factory=dict)


def is_import(document: Mapping[str, Any]) -> bool:
    """Whether a manifest is that of an imported run."""
    return isinstance(document.get("imported"), dict)


def read(document: Mapping[str, Any], tree: Tree) -> Package:
    """Read an imported run.

    Raises
    ------
    PackageDamaged
    """
    try:
        about = decode(_About, document["imported"])
        points = _decode_points(document["points"])
        frames = tuple(manifest.frame_names(point) for point in document["points"])
        started_s = document.get("started_s")
        fits = document.get("fits")
        best = None if fits is None else decode(BestFocus, fits)
        metric, meaning = str(document["metric"]["name"]), str(document["metric"]["definition"])
        if about.format not in get_args(Format):
            raise PackageDamaged(f"its format is {about.format[:40]!r}")
        if not (started_s is None or isinstance(started_s, int | float)):
            raise PackageDamaged(f"started_s is {str(started_s)[:40]!r}")
    except (PackageDamaged, KeyError, TypeError) as error:
        raise PackageDamaged(
            f"{tree.source / manifest.MANIFEST} is damaged ({error}); import the run again."
        ) from error
    check_names(frames, tree.source)
    form: Format = about.format  # type: ignore[assignment]
    return Package(
        source=tree.source,
        format=form,
        focus_points=points,
        metric=metric,
        definition=meaning,
        time_ordered=about.time_ordered,
        step_size=about.step_size,
        filter=about.filter,
        started_s=started_s,
        notes=about.notes,
        origin=Origin(about.file, about.sha256, about.run, about.imported_by),
        unknown=about.unknown,
        settings=about.settings,
        found=about.found,
        rig=about.rig,
        _tree=tree,
        _frame_names=frames,
        _decided=best,
    )


def _decode_points(documents: object) -> tuple[FocusPoint, ...]:
    if not isinstance(documents, list) or not documents:
        raise PackageDamaged("it has no points")
    return tuple(decode(FocusPoint, document) for document in documents)


def write(package: Package, folder: Path, sha256: str, *, keep: Keep = "frames") -> Path:
    """Make an AF package of a foreign run; one that is there already is left as it is.

    Parameters
    ----------
    package : Package
    folder : Path
        Where packages are; it is made where it does not exist.
    sha256 : str
        Of the source, see `hash_of`.
    keep : {"frames", "stamps", "numbers"}

    Returns
    -------
    Path
        The folder of the package, made now or before.

    Raises
    ------
    PackageError
        It cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    base = package_name(package)
    for number in itertools.count(1):
        target = folder / (base if number == 1 else f"{base}_{number}")
        if not target.exists():
            break
        if _is_same(target, sha256, package.run):
            return target
    part = target.with_name(target.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    try:
        _fill(package, part, sha256, keep)
        part.rename(target)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return target


def package_name(package: Package) -> str:
    """Name of an imported run: when it began, else its file's name; its filter; its format."""
    if package.started_s is not None and 0 <= package.started_s < 253e9:
        name = datetime.fromtimestamp(package.started_s, tz=UTC).strftime("%Y-%m-%dT%H-%M-%SZ")
    else:
        name = _safe(package.source.stem) + ("" if package.run is None else f"_{package.run}")
    words = [name, _safe(package.filter or "")[:40], _safe(package.format.replace(".", ""))]
    return "_".join(word for word in words if word)


def _safe(text: str) -> str:
    """Only what every file system takes."""
    return re.sub(r"[^A-Za-z0-9+-]+", "-", text).strip("-")[:80]


def _is_same(target: Path, sha256: str, run: int | None) -> bool:
    try:
        text = (target / manifest.MANIFEST).read_bytes()
        document = manifest.load(text, target)
    except (OSError, PackageError):
        return False
    about = document.get("imported")
    return isinstance(about, dict) and (about.get("sha256"), about.get("run")) == (sha256, run)


def _fill(package: Package, part: Path, sha256: str, keep: Keep) -> None:
    frames = [() for _ in package.focus_points] if keep == "numbers" else _copy(package, part, keep)
    files = {name: manifest.sha256(part / name) for names in frames for name in names}
    if len(package.stars):
        text = stars_table.header() + "".join(_star_rows(package))
        write_whole(part / manifest.STARS, text)
        files[manifest.STARS] = manifest.sha256(part / manifest.STARS)
    version = metadata.version("focusbench")
    about = _About(
        file=package.source.name,
        sha256=sha256,
        format=package.format,
        time_ordered=package.time_ordered,
        run=package.run,
        imported_by=f"focusbench {version}",
        step_size=package.step_size,
        filter=package.filter,
        rig=package.rig,
        unknown=package.unknown,
        notes=package.notes,
        settings=package.settings,
        found=package.found,
    )
    best = package.decided
    points = [package.focus_points[i] for i in package.sweep()]
    findings = diagnose_points(
        points, best, step_size=package.step_size, time_ordered=package.time_ordered
    )
    document = {
        "schema": manifest.SCHEMA,
        "schema_version": manifest.SCHEMA_VERSION,
        "software": {"focusbench": version, "python": platform.python_version()},
        "metric": {"name": package.metric, "definition": package.definition},
        "outcome": encode(best.outcome),
        "diagnosis": best.diagnosis or verdict(best),
        **dict.fromkeys(_UNKNOWN),
        "started_s": encode(package.started_s),
        "points": [
            {**encode(point), "frames": list(names)}
            for point, names in zip(package.focus_points, frames, strict=True)
        ],
        "fits": encode(best),
        "warnings": [],
        "findings": encode(findings),
        "imported": encode(about),
        "files": files,
    }
    write_whole(part / manifest.MANIFEST, manifest.dump(document))


def _star_rows(package: Package) -> list[str]:
    """Lines of the table of stars, frame by frame."""
    table, rows = package.stars, []
    for sweep, point, frame in dict.fromkeys(table[["sweep", "point", "frame"]].tolist()):
        of_point = (table["sweep"] == sweep) & (table["point"] == point)
        mine = table[of_point & (table["frame"] == frame)]
        rows.append(stars_table.rows(sweep, point, mine, frame))
    return rows


def _copy(package: Package, part: Path, keep: Keep) -> list[tuple[str, ...]]:
    """Copy the frames, as they are or cut out; returns their new names, point by point."""
    tree, names = package._tree, package._frame_names
    copied: list[tuple[str, ...]] = []
    if tree is None or not any(names):
        return [() for _ in package.focus_points]
    (part / "frames").mkdir()
    for number, of_point in enumerate(names):
        new = []
        for i, name in enumerate(of_point):
            last = name.rpartition("/")[2]
            suffix = max((s for s in FRAME_SUFFIXES if last.lower().endswith(s)), key=len)
            stem = f"frames/p{number:02d}_f{i}_{_safe(last[: -len(suffix)])}"
            if keep == "stamps":
                new.append(f"{stem}.fits")
                stamps = cut_out(read_member(tree, name), _stars_of(package, number, i))
                write_frame(stamps, part / new[-1])
            else:
                new.append(stem + suffix)
                _copy_file(tree, name, part / new[-1])
        copied.append(tuple(new))
    return copied


def _stars_of(package: Package, number: int, frame: int) -> NDArray[np.void]:
    """Stars of one frame."""
    table, point = package.stars, package.focus_points[number]
    which = stars_table.VALIDATION if point.role == "validation" else number
    mine: NDArray[np.void] = table[(table["point"] == which) & (table["frame"] == frame)]
    return mine


def _copy_file(tree: Tree, name: str, target: Path) -> None:
    source = tree.frame(name)
    if isinstance(source, Path):
        shutil.copyfile(source, target)
    else:
        target.write_bytes(source.getbuffer())


def hash_of(package: Package) -> str:
    """sha256 of the source of a package: of a file its bytes, of a folder those of its files."""
    source, tree = package.source, package._tree
    if source.is_file() or tree is None:
        return manifest.sha256(source)
    whole = hashlib.sha256()
    for name in tree.nested_names():
        whole.update(json.dumps([name, manifest.sha256(source / name)]).encode())
    return whole.hexdigest()
