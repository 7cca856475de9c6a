"""Makes one .zip of a package, its frames compressed without loss."""

import zipfile
from hashlib import sha256
from io import BytesIO
from pathlib import Path

from focusbench.af_packages import manifest, own
from focusbench.af_packages.tree import FolderTree
from focusbench.errors import FrameError, PackageDamaged, PackageError
from focusbench.frames import compress_fits

# Members of a zip carry a date; always the same one makes equal packages equal files.
_DATE = (1980, 1, 1, 0, 0, 0)


def zip_package(folder: str | Path, target: str | Path) -> Path:
    """Zip a package; it opens to the same numbers, and its frames to the same pixels.

    Parameters
    ----------
    folder : path
        A package of ours with its manifest; it stays as it is.
    target : path
        The zip to make, whole or not at all; an existing file is replaced.

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
            _fill(archive, FolderTree(source))
        part.replace(target)
    except OSError as error:
        raise PackageError(f"Cannot write {target}: {error.strerror or error}.") from error
    except FrameError as error:
        raise PackageDamaged(f"{source} cannot be zipped: {error}") from error
    finally:
        part.unlink(missing_ok=True)
    return target


def _fill(archive: zipfile.ZipFile, tree: FolderTree) -> None:
    document = manifest.load(tree.read(manifest.MANIFEST), tree.source)
    frames = {name for names in own.read(tree).frames for name in names}
    hashes: dict[str, str] = {}
    # Whatever else somebody put into the folder is no part of the package.
    texts = {manifest.EVENTS, manifest.STARS} & set(tree.names())
    for name in sorted(frames | texts):
        path = tree.frame(name)
        content = _compressed(path) if name in frames else path.read_bytes()
        if name != manifest.EVENTS:
            hashes[name] = sha256(content).hexdigest()
        # Rice leaves nothing for deflate to do.
        _add(archive, name, content, deflate=name not in frames)
    document["files"] = hashes
    _add(archive, manifest.MANIFEST, manifest.dump(document).encode(), deflate=True)


def _compressed(path: Path) -> bytes:
    body = BytesIO()
    compress_fits(path, body)
    return body.getvalue()


def _add(archive: zipfile.ZipFile, name: str, content: bytes, *, deflate: bool) -> None:
    member = zipfile.ZipInfo(name, _DATE)
    member.external_attr = 0o644 << 16
    kind = zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED
    archive.writestr(member, content, compress_type=kind)
