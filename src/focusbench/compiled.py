"""Compiled functions: none is compiled on import, each only once on a computer.

Never: knows what a kernel computes, and never imports another room.
Imported by: curve, stars.
"""

import contextlib
import hashlib
import logging
import os
import sys
import tempfile
import threading
from collections.abc import Callable
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
    """

    def __init__(self, room: Path) -> None:
        self.cache_folder = _find_cache_folder(room)
        self._waiting: list[tuple[Any, Any]] = []
        self._lock = threading.Lock()

    def kernel(self, signature: Any, **options: Any) -> Callable[[Callable[..., Any]], Any]:
        """Make a function a kernel: without the GIL, kept in the cache folder.

        Parameters
        ----------
        signature : numba signature
            Types of the result and the arguments.
        **options
            Further options of `numba.njit`, such as `fastmath`.
        """

        def register(function: Callable[..., Any]) -> Any:
            before = _numba.CACHE_DIR
            cached = self.cache_folder is not None
            if cached:
                _numba.CACHE_DIR = str(self.cache_folder)
            try:
                compiled = nb.njit(nogil=True, cache=cached, error_model="numpy", **options)(
                    function
                )
            finally:
                _numba.CACHE_DIR = before
            self._waiting.append((compiled, signature))
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
            # In the order of their definition: those that are called come first.
            while self._waiting:
                compiled, signature = self._waiting[0]
                compiled.compile(signature)
                # From now on arguments are converted to these types.
                compiled.disable_compile()
                del self._waiting[0]
            if self.cache_folder is not None:
                with contextlib.suppress(OSError):
                    (self.cache_folder / _COMPLETE).touch()


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
