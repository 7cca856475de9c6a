"""The files of a package, whether they lie in a folder or in one .zip; read only, in memory.

Nothing is ever extracted. A zip is checked before anything of it is read: names that point
outside, links, encrypted or absurdly large members are refused with the reason.
"""

import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Protocol

from focusbench.errors import PackageDamaged, PackageError

TEXT_LIMIT = 64 * 2**20
"""Largest manifest, table or report that is read, bytes."""

JSON_LIMIT = 16 * 2**20
"""Largest JSON file that is read, bytes: in memory it becomes some twenty times as large."""

FRAME_LIMIT = 2**30
"""Largest frame that is read from a zip, bytes: 268 Mpx in floats."""

_MEMBERS_LIMIT = 20_000
_RATIO_LIMIT = 1100
"""Deflate cannot do better than 1032 to 1; a member that claims more lies."""

_LARGE = 64 * 2**20
_RATIO_OF_LARGE = 100
"""A large member that unpacks to so many times its size holds no picture, but is a bomb."""

_LONGEST_NAME = 1024


class Tree(Protocol):
    """Files under one roof, by name; names use / and are relative."""

    source: Path

    def names(self) -> tuple[str, ...]:
        """Names of all files, sorted."""
        ...

    def nested_names(self) -> tuple[str, ...]:
        """Names of all files, those in folders within folders, too."""
        ...

    def guarded(self) -> "Tree":
        """The same tree, which refuses what leads out of it: for names that a file told."""
        ...

    def read(self, name: str, limit: int = TEXT_LIMIT) -> bytes:
        """Contents of one file of text."""
        ...

    def frame(self, name: str) -> Path | BytesIO:
        """What a frame can be read from."""
        ...


def open_tree(path: Path) -> Tree:
    """Look at a folder or a zip as a tree of files."""
    return FolderTree(path) if path.is_dir() else ZipTree(path)


class FolderTree:
    """A folder: its own files and those in `frames/`.

    Parameters
    ----------
    path : Path
    guarded : bool
        Whether a link that leads out of the folder is refused.
    """

    def __init__(self, path: Path, *, guarded: bool = False) -> None:
        self.source = path
        self._guarded = guarded

    def names(self) -> tuple[str, ...]:
        """Names of all files, sorted."""
        found = [p.name for p in self.source.iterdir() if p.is_file()]
        frames = self.source / "frames"
        if frames.is_dir():
            found += [f"frames/{p.name}" for p in frames.iterdir() if p.is_file()]
        return tuple(sorted(name for name in found if not _is_litter(name)))

    def nested_names(self) -> tuple[str, ...]:
        """Names of all files, down to two folders within the folder; links are not followed."""
        found: list[str] = []
        pending = [("", self.source)]
        while pending and len(found) < _MEMBERS_LIMIT:
            prefix, folder = pending.pop()
            for path in folder.iterdir():
                if path.is_file():
                    found.append(prefix + path.name)
                elif path.is_dir() and not path.is_symlink() and prefix.count("/") < 2:
                    pending.append((f"{prefix}{path.name}/", path))
        return tuple(sorted(name for name in found if not _is_litter(name)))

    def guarded(self) -> "FolderTree":
        """The same folder, out of which no link leads."""
        return FolderTree(self.source, guarded=True)

    def read(self, name: str, limit: int = TEXT_LIMIT) -> bytes:
        """Contents of one file of text."""
        return read_bytes(self._path(name), limit)

    def frame(self, name: str) -> Path:
        """Path of a frame."""
        path = self._path(name)
        if not path.is_file():
            raise PackageDamaged(f"{self.source} lacks {name}.")
        return path

    def _path(self, name: str) -> Path:
        path = self.source / inner_name(name, self.source)
        if self._guarded and not path.resolve().is_relative_to(self.source.resolve()):
            raise PackageError(
                f"{self.source} is refused: {name!r} is a link that leads out of the package."
            )
        return path


class ZipTree:
    """A zip of the same tree; a single folder around everything is looked through."""

    def __init__(self, path: Path) -> None:
        self.source = path
        with self._open() as archive:
            members = [m for m in archive.infolist() if not m.filename.endswith("/")]
        if len(members) > _MEMBERS_LIMIT:
            raise PackageError(f"{path} is refused: it holds {len(members)} files.")
        for member in members:
            self._check(member)
        if sum(member.compress_size for member in members) > path.stat().st_size:
            raise PackageError(f"{path} is refused: its members lie over each other.")
        kept = [m.filename for m in members if not _is_litter(m.filename)]
        roots = {name.split("/")[0] if "/" in name else "" for name in kept}
        root = roots.pop() if len(roots) == 1 else ""
        # frames/ alone is part of the tree, not a folder around it.
        self._prefix = f"{root}/" if root not in ("", "frames") else ""
        self._names = tuple(sorted(name.removeprefix(self._prefix) for name in kept))

    def names(self) -> tuple[str, ...]:
        """Names of all files, sorted."""
        return self._names

    def nested_names(self) -> tuple[str, ...]:
        """Names of all files, sorted."""
        return self._names

    def guarded(self) -> "ZipTree":
        """Itself: nothing in a zip leads out of it."""
        return self

    def read(self, name: str, limit: int = TEXT_LIMIT) -> bytes:
        """Contents of one file of text."""
        return self._read(name, limit)

    def frame(self, name: str) -> BytesIO:
        """A frame's bytes."""
        return BytesIO(self._read(name, FRAME_LIMIT))

    @contextmanager
    def _open(self) -> Iterator[zipfile.ZipFile]:
        try:
            with zipfile.ZipFile(self.source) as archive:
                yield archive
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError) as error:
            raise PackageDamaged(
                f"{self.source} is a damaged zip ({error}); copy it again."
            ) from error
        except ValueError as error:  # what zipfile says to absurd sizes and dates
            raise PackageDamaged(f"{self.source} is a damaged zip ({error}).") from error

    def _check(self, member: zipfile.ZipInfo) -> None:
        inner_name(member.filename, self.source)
        if stat.S_ISLNK(member.external_attr >> 16):
            raise PackageError(f"{self.source} is refused: {member.filename!r} is a link.")
        if member.flag_bits & 1:
            raise PackageError(f"{self.source} is encrypted; unpack it, then open the folder.")
        ratio = member.file_size / max(member.compress_size, 1)
        most = _RATIO_OF_LARGE if member.file_size > _LARGE else _RATIO_LIMIT
        if member.file_size > FRAME_LIMIT or ratio > most:
            raise PackageError(
                f"{self.source} is refused: {member.filename!r} would unpack to "
                f"{member.file_size / 2**20:,.0f} MB."
            )

    def _read(self, name: str, limit: int) -> bytes:
        with self._open() as archive:
            try:
                member = archive.getinfo(self._prefix + name)
            except KeyError:
                raise PackageDamaged(f"{self.source} lacks {name}.") from None
            # The size in the directory may be a lie: what is unpacked is bounded as well.
            with archive.open(member) as file:
                content = file.read(limit + 1)
        if len(content) > limit:
            raise PackageError(
                f"{self.source} is refused: {name!r} is larger than {limit // 2**20} MB."
            )
        return content


def inner_name(name: str, source: Path) -> str:
    """Return the name of a file within a package, unless it points out of it.

    Raises
    ------
    PackageError
    """
    path = PurePosixPath(name)
    strange = "\\" in name or ":" in name or "\0" in name or len(name) > _LONGEST_NAME
    if not name or strange or path.is_absolute():
        raise PackageError(f"{source} is refused: {name[:80]!r} is no name within a package.")
    if ".." in path.parts:
        raise PackageError(f"{source} is refused: {name!r} points outside the package.")
    return name


def check_names(points: Iterable[Iterable[str]], source: Path) -> None:
    """See that no name of a frame, as a manifest tells them point by point, leads outside.

    Raises
    ------
    PackageError
    """
    for names in points:
        for name in names:
            inner_name(name, source)


def read_bytes(path: Path, limit: int = TEXT_LIMIT) -> bytes:
    """Read a file of text, bounded.

    Raises
    ------
    PackageError
        It cannot be read, or is too large for a report, a table or a manifest.
    """
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise PackageError(f"Cannot read {path}: {error.strerror}.") from error
    if len(content) > limit:
        raise PackageError(f"{path} is no package: it is larger than {limit // 2**20} MB.")
    return content


def _is_litter(name: str) -> bool:
    """Whether an operating system left the file there."""
    last = name.rsplit("/", 1)[-1]
    return (
        name.startswith("__MACOSX/")
        or last.startswith("._")
        or last
        in {
            ".DS_Store",
            "Thumbs.db",
            "desktop.ini",
        }
    )
