"""Compiled functions: none is compiled on import, each only once on a computer.

A kernel states the types of its arguments, so that one machine code serves every kind of frame.
Numba looks for changes only in the file of the function itself; here a change in any file of this
room leads to another cache folder, since kernels call kernels of other files.
"""

import hashlib
import logging
import os
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba as nb
from numba.core import config

logger = logging.getLogger(__name__)

_numba: Any = config
_REGISTERED: list[tuple[Any, Any]] = []
_LOCK = threading.Lock()


def kernel(signature: Any, **options: Any) -> Callable[[Callable[..., Any]], Any]:
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
        if _CACHE_FOLDER is not None:
            _numba.CACHE_DIR = str(_CACHE_FOLDER)
        try:
            cached = _CACHE_FOLDER is not None
            compiled = nb.njit(nogil=True, cache=cached, error_model="numpy", **options)(function)
        finally:
            _numba.CACHE_DIR = before
        _REGISTERED.append((compiled, signature))
        return compiled

    return register


def compile_kernels() -> None:
    """Compile every kernel that is not compiled yet, or load it from the cache folder."""
    with _LOCK:
        # In the order of their definition: those that are called come first.
        while _REGISTERED:
            compiled, signature = _REGISTERED[0]
            compiled.compile(signature)
            # From now on arguments are converted to these types.
            compiled.disable_compile()
            del _REGISTERED[0]


def _find_cache_folder() -> Path | None:
    """Folder for compiled kernels: beside them, else the user's; None where none is writable."""
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for file in sorted(here.glob("*.py")):
        text = file.read_bytes()
        if b"@kernel(" in text:
            digest.update(text)
    name = f"kernels-{digest.hexdigest()[:12]}"
    users = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or "~/.cache"
    asked = os.environ.get("NUMBA_CACHE_DIR")
    for place in (asked, here / "__pycache__", Path(users).expanduser() / "focusbench"):
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


_CACHE_FOLDER = _find_cache_folder()
