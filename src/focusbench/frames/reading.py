"""Frames read from files of any kind: FITS, XISF, camera raw."""

import gzip
import io
import mmap
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from focusbench.errors import FrameError
from focusbench.frames.colour import plane_mean, without_pattern
from focusbench.frames.fits_blocks import Header
from focusbench.frames.fits_files import FITS_SUFFIXES, first_image
from focusbench.frames.frame import Frame, Stored
from focusbench.frames.keywords import frame_of
from focusbench.frames.raw_files import RAW_SUFFIXES, raw_image
from focusbench.frames.xisf_files import XISF_SIGNATURE, XISF_SUFFIXES, xisf_image

_LARGEST = 2**30
"""Largest frame that is unzipped, bytes: 268 Mpx in floats."""

FRAME_SUFFIXES = (*FITS_SUFFIXES, *XISF_SUFFIXES, *RAW_SUFFIXES)
"""Endings of the names of files that `read_frame` reads, lower case."""


def read_frame(
    source: str | Path | BinaryIO | bytes, name: str | None = None, *, in_place: bool = False
) -> Frame:
    """Read the first image of a file.

    FITS and XISF are known by their first bytes, camera raw by the ending of the name. Pixels
    keep their type: 16-bit unsigned files stay uint16, floats are not rescaled. Those of an
    uncompressed XISF file may be read-only, since they are looked at where they lie. A colour
    image becomes the weighted mean of its planes (see `luminance`); a mosaic stays a mosaic.

    Parameters
    ----------
    source : path, open binary file, or bytes
        FITS, gzip-compressed or not, tile-compressed (fpack, Rice) or not; XISF; or camera raw
        where `rawpy` is installed.
    name : str, optional
        What to call it in `Frame.source` and in errors; the file's own name where not given.
    in_place : bool
        Leave the pixels of a plain FITS file on the disk: nothing of the size of the frame is
        copied into memory. For a frame that is let go within the same breath: until then, or
        until `Frame.pixels` is asked for, Windows lets nobody delete the file, and the process
        ends if somebody cuts it short.

    Raises
    ------
    FrameError
        Not there, of no known kind, damaged, without an image, or in need of a package that is
        not installed.
    """
    named = name or (Path(source).name if isinstance(source, str | Path) else "The frame")
    mapped = _mapped(source) if in_place and isinstance(source, str | Path) else None
    body = _unzipped(_bytes_of(source, named), named) if mapped is None else b""
    header: Header
    pixels: NDArray[np.generic] | Stored
    if body.startswith(XISF_SIGNATURE):
        header, pixels = xisf_image(body, named)
    elif body and not body.startswith(b"SIMPLE") and named.lower().endswith(RAW_SUFFIXES):
        header, pixels = raw_image(body, named)
    else:
        header, pixels = first_image(body if mapped is None else mapped, named)
    if not isinstance(pixels, Stored) and pixels.ndim == 3:
        # A picture in colour is no mosaic any more, though its header may still name the pattern.
        header, pixels = without_pattern(header), plane_mean(pixels)
    return frame_of(header, pixels, named)


def _mapped(path: str | Path) -> mmap.mmap | None:
    """A plain FITS file as it lies on the disk; None for what has to be read another way."""
    try:
        with Path(path).open("rb") as file:
            if file.read(6) == b"SIMPLE":
                return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError):
        pass  # reading it will say what is wrong, or work where no file can be mapped
    return None


def _bytes_of(source: str | Path | BinaryIO | bytes, name: str) -> bytes:
    if isinstance(source, bytes):
        return source
    try:
        return Path(source).read_bytes() if isinstance(source, str | Path) else source.read()
    except FileNotFoundError:
        raise FrameError(f"There is no file {source}.") from None
    except IsADirectoryError:
        raise FrameError(f"{name} is a folder; give one of the frames in it.") from None
    except OSError as error:
        raise FrameError(f"{name} cannot be read: {error.strerror or error}.") from error


def _unzipped(body: bytes, name: str) -> bytes:
    if not body.startswith(b"\x1f\x8b"):
        return body
    try:
        # Bounded: a few kilobytes may promise to become gigabytes.
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as file:
            unzipped = file.read(_LARGEST + 1)
        if len(unzipped) > _LARGEST:
            raise FrameError(f"{name} is refused: unzipped it is larger than {_LARGEST >> 20} MB.")
        return unzipped
    except (OSError, EOFError, zlib.error) as error:
        raise FrameError(
            f"{name} is damaged: it cannot be unzipped. Copy it again or leave it out."
        ) from error
