"""Compiled functions: none is compiled on import, each only once on a computer.

Never: knows what a kernel computes, and never imports another room.
Imported by: curve, stars.

Run as a program it compiles some of them, to share the work: the compiler holds a lock, so that
threads gain nothing.
"""

import contextlib
import hashlib
import importlib
import logging
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import llvmlite.binding
import numba as nb
from numba.core import config

__all__ = ["Kernels"]

logger = logging.getLogger(__name__)

_COMPLETE = "complete"
"""Name of a file in the cache folder: every kernel was compiled."""

_numba: Any = config
_choosing_folder = threading.Lock()
"""Numba has one setting for all rooms, and they may be imported by several threads at once."""


@dataclass(frozen=True, eq=False)
class _Kernel:
    """A function that numba will compile, for these types."""

    compiled: Any
    signature: Any
    large: bool


class Kernels:
    """The compiled functions of one room.

    A kernel states the types of its arguments, so that one machine code serves every kind of
    input. Numba looks for changes only in the file of the function itself; here a change in any
    kernel file of the room leads to another cache folder, since kernels call kernels of other
    files.

    Parameters
    ----------
    room : Path
        Folder of the room's files.
    name : str
        Full name of this object, by which a second process finds it.
    """

    def __init__(self, room: Path, name: str) -> None:
        self.cache_folder = _find_cache_folder(room)
        self._name = name
        self._waiting: list[_Kernel] = []
        self._lock = threading.Lock()

    def kernel(
        self, signature: Any, *, large: bool = False, **options: Any
    ) -> Callable[[Callable[..., Any]], Any]:
        """Make a function a kernel: without the GIL, kept in the cache folder.

        Parameters
        ----------
        signature : numba signature
            Types of the result and the arguments.
        large : bool
            Takes long to compile, so that a second process does it, where there is one.
        **options
            Further options of `numba.njit`, such as `fastmath`.
        """

        def register(function: Callable[..., Any]) -> Any:
            cached = self.cache_folder is not None
            with _choosing_folder:
                before = _numba.CACHE_DIR
                if cached:
                    _numba.CACHE_DIR = str(self.cache_folder)
                try:
                    compiled = nb.njit(nogil=True, cache=cached, error_model="numpy", **options)(
                        function
                    )
                finally:
                    _numba.CACHE_DIR = before
            self._waiting.append(_Kernel(compiled, signature, large))
            return compiled

        return register

    @property
    def cached(self) -> bool:
        """Whether the room's kernels were compiled before, by this process or an earlier one."""
        return self.cache_folder is not None and (self.cache_folder / _COMPLETE).exists()

    @property
    def waiting(self) -> int:
        """How many kernels are not compiled yet, of those whose files were imported."""
        return len(self._waiting)

    def compile(self) -> None:
        """Compile every kernel that is not compiled yet, or load it from the cache folder."""
        with self._lock:
            if not self._waiting:
                return
            helper = None if self.cached else self._helper()
            if helper is not None:
                # From the last on, as far as nothing they call is left; the other process begins
                # at the other end. Each finds in the cache folder what the other has compiled.
                while small := [k for k in self._waiting if not k.large and not self._needs(k)]:
                    self._compile(small[-1])
                helper.wait()
            # in the order of their definition: those that are called come first
            while self._waiting:
                self._compile(self._waiting[0])
            if self.cache_folder is not None:
                with contextlib.suppress(OSError):
                    (self.cache_folder / _COMPLETE).touch()

    def compile_large(self) -> None:
        """Compile the large kernels, and before them what they call."""
        wanted = [k for k in self._waiting if k.large]
        for kernel in wanted:
            wanted += [k for k in self._needs(kernel) if k not in wanted]
        for kernel in [k for k in self._waiting if k in wanted]:
            self._compile(kernel)

    def _compile(self, kernel: "_Kernel") -> None:
        kernel.compiled.compile(kernel.signature)
        # From now on arguments are converted to these types, in calls from other kernels, too.
        kernel.compiled.disable_compile()
        self._waiting.remove(kernel)

    def _needs(self, kernel: "_Kernel") -> "list[_Kernel]":
        """Kernels that it calls and that are not compiled yet."""
        function = kernel.compiled.py_func
        called = [function.__globals__.get(name) for name in function.__code__.co_names]
        return [k for k in self._waiting if any(k.compiled is one for one in called)]

    def _helper(self) -> "subprocess.Popen[bytes] | None":
        """Process that compiles the large kernels; None where there are none, or one processor."""
        large = any(kernel.large for kernel in self._waiting)
        if not large or self.cache_folder is None or (os.cpu_count() or 1) < 2:
            return None
        modules = dict.fromkeys(kernel.compiled.py_func.__module__ for kernel in self._waiting)
        paths = os.pathsep.join(path for path in sys.path if path)
        folder = {"NUMBA_CACHE_DIR": str(self.cache_folder.parent), "PYTHONPATH": paths}
        try:
            return subprocess.Popen(
                [sys.executable, "-m", __name__, self._name, *modules],
                env=os.environ | folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        except OSError:
            return None


def _find_cache_folder(room: Path) -> Path | None:
    """Folder for a room's kernels: beside them, else the user's; None where none is writable."""
    # What numba would compile anew for: another release, Python or processor.
    processor = llvmlite.binding.get_host_cpu_name()
    versions = f"{nb.__version__} {sys.implementation.cache_tag} {processor}"
    digest = hashlib.sha256(versions.encode())
    for file in sorted(room.glob("*.py")):
        text = file.read_bytes()
        if b"@kernel(" in text:
            digest.update(text)
    name = f"kernels-{room.name}-{digest.hexdigest()[:12]}"
    users = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or "~/.cache"
    asked = os.environ.get("NUMBA_CACHE_DIR")
    for place in (asked, room / "__pycache__", Path(users).expanduser() / "focusbench"):
        if not place:
            continue
        folder = Path(place) / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError:
            continue
    logger.info("No folder for compiled kernels is writable; they are compiled in every process.")
    return None


def _help(name: str, *modules: str) -> None:
    """Compile the large kernels of `modules`, registered with the `Kernels` of that name."""
    for module in modules:
        importlib.import_module(module)
    home, _, kernels = name.rpartition(".")
    getattr(importlib.import_module(home), kernels).compile_large()


if __name__ == "__main__":
    _help(*sys.argv[1:])
