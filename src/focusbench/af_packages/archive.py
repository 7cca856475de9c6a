"""Makes one .zip of a package, its frames compressed without loss."""

import json
import tempfile
import zipfile
from collections import Counter
from collections.abc import Mapping
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from focusbench.af_packages import imported, manifest, own, stars_table
from focusbench.af_packages.private import private
from focusbench.af_packages.stamps import Keep, cut_out
from focusbench.af_packages.tree import FolderTree
from focusbench.errors import FrameError, PackageDamaged, PackageError
from focusbench.frames import FRAME_SUFFIXES, compress_fits, read_frame, write_frame

_PLAIN = (".fits", ".fit", ".fts")

_SMALL = 2**17
"""Below this a frame is deflated, too, bytes."""

# Members of a zip carry a date; always the same one makes equal packages equal files.
_DATE = (1980, 1, 1, 0, 0, 0)


def zip_package(folder: str | Path, target: str | Path, *, keep: Keep = "frames") -> Path:
    """Zip a package; it opens to the same numbers, and its frames to the same pixels.

    Parameters
    ----------
    folder : path
        A package of ours with its manifest; it stays as it is.
    target : path
        The zip to make, whole or not at all; an existing file is replaced.
    keep : {"frames", "stamps", "numbers"}
        To share a package: "stamps" keeps the pixels around the stars, and nothing that tells the
        person or the place; "numbers" no pixels.

    Returns
    -------
    Path
        `target`.

    Raises
    ------
    PackageError
        No such package, an unfinished one, or a target that cannot be written.
    """
    source, target = Path(folder), Path(target)
    if not (source / manifest.MANIFEST).is_file():
        raise PackageError(
            f"{source} is no finished AF package: it has no {manifest.MANIFEST}; "
            "only a run that ended can be zipped."
        )
    part = target.with_name(target.name + ".part")
    try:
        with zipfile.ZipFile(part, "w") as archive:
            _fill(archive, FolderTree(source, guarded=True), keep)
        part.replace(target)
    except OSError as error:
        raise PackageError(f"Cannot write {target}: {error.strerror or error}.") from error
    except (FrameError, RecursionError, ValueError) as error:
        raise PackageDamaged(f"{source} cannot be zipped: {error}") from error
    finally:
        part.unlink(missing_ok=True)
    return target


def _fill(archive: zipfile.ZipFile, tree: FolderTree, keep: Keep) -> None:
    document = manifest.load(tree.read(manifest.MANIFEST), tree.source)
    # A package that does not open is not passed on.
    if imported.is_import(document):
        imported.read(document, tree)
    else:
        own.read(tree, document)
    stars = _stars_of_frames(tree, document) if keep == "stamps" else {}
    names = [manifest.frame_names(point) for point in document["points"]]
    frames = {name: _name_in_zip(name, keep) for of_point in names for name in of_point}
    if keep == "numbers":
        frames = {}
    document["points"] = [
        {**point, "frames": [frames[name] for name in of_point if name in frames]}
        for point, of_point in zip(document["points"], names, strict=True)
    ]
    if keep == "stamps":
        document = private(document)
    hashes: dict[str, str] = {}
    # Whatever else somebody put into the folder is no part of the package.
    texts = {name: name for name in {manifest.EVENTS, manifest.STARS} & set(tree.names())}
    for name, target in sorted((frames | texts).items()):
        is_frame = name in frames
        content = _frame(tree, name, stars.get(name), keep) if is_frame else tree.read(name)
        if name == manifest.EVENTS:
            content = _events(content, keep)
        else:
            hashes[target] = sha256(content).hexdigest()
        # Rice leaves nothing for deflate to do but the headers, most of a small frame.
        _add(archive, target, content, deflate=not is_frame or len(content) < _SMALL)
    document["files"] = hashes
    _add(archive, manifest.MANIFEST, manifest.dump(document).encode(), deflate=True)


def _name_in_zip(name: str, keep: Keep) -> str:
    """Name of a frame: whatever kind it was of, its stamps are FITS."""
    endings = [suffix for suffix in FRAME_SUFFIXES if name.lower().endswith(suffix)]
    if keep != "stamps" or not endings:
        return name
    return name[: -max(map(len, endings))] + ".fits"


def _frame(tree: FolderTree, name: str, stars: NDArray[np.void] | None, keep: Keep) -> bytes:
    """A frame as it goes into the zip: plain FITS compressed without loss, others as they are."""
    path = tree.frame(name)
    if keep != "stamps":
        return _compressed(path) if name.lower().endswith(_PLAIN) else path.read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "stamps.fits"
        write_frame(cut_out(read_frame(path), stars), small)
        return _compressed(small)


def _stars_of_frames(tree: FolderTree, document: Mapping[str, Any]) -> dict[str, NDArray[np.void]]:
    """Stars of each frame by its name."""
    if manifest.STARS not in tree.names():
        return {}
    table = stars_table.read(tree.read(manifest.STARS).decode("utf-8"))
    found, counted = {}, Counter[int]()
    for point in document["points"]:
        sweep = int(point.get("sweep", 0))
        number = counted[sweep]
        if point.get("role") == "validation":
            number = stars_table.VALIDATION
        else:
            counted[sweep] += 1
        mine = table[(table["sweep"] == sweep) & (table["point"] == number)]
        for i, name in enumerate(manifest.frame_names(point)):
            found[name] = mine[mine["frame"] == i]
    return found


def _events(content: bytes, keep: Keep) -> bytes:
    """The lines of events as they go into the zip."""
    if keep == "frames":
        return content
    lines = []
    for line in content.decode("utf-8").splitlines():
        event = json.loads(line)
        if keep == "numbers":
            event.pop("frames", None)
        lines.append(json.dumps(private(event) if keep == "stamps" else event, ensure_ascii=False))
    return "".join(f"{line}\n" for line in lines).encode()


def _compressed(path: Path) -> bytes:
    body = BytesIO()
    compress_fits(path, body)
    return body.getvalue()


def _add(archive: zipfile.ZipFile, name: str, content: bytes, *, deflate: bool) -> None:
    member = zipfile.ZipInfo(name, _DATE)
    member.external_attr = 0o644 << 16
    kind = zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED
    archive.writestr(member, content, compress_type=kind)
