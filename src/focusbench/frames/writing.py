"""Frames written as FITS files: plain during a run, compressed for rest."""

import io
from pathlib import Path
from typing import BinaryIO

from focusbench.errors import FrameError
from focusbench.frames.fits_blocks import plain_file
from focusbench.frames.frame import Frame
from focusbench.frames.keywords import header_of
from focusbench.frames.reading import read_frame


def write_frame(frame: Frame, path: str | Path) -> None:
    """Write a frame as a plain FITS file, in place of what is there.

    Parameters
    ----------
    frame : Frame
        Its fields win over what its `header` says under the same words.
    path : path

    Raises
    ------
    FrameError
        Pixels that FITS cannot hold, or a file that cannot be written.
    """
    _write(Path(path), _plain(frame, str(path)))


def compress_fits(source: str | Path | BinaryIO | bytes, target: str | Path | BinaryIO) -> None:
    """Rewrite a file as tile-compressed FITS, without loss.

    Integers of up to 32 bits by Rice; others by gzip, since Rice would round them.

    Parameters
    ----------
    source : path, open binary file, or bytes
    target : path, or binary file open for writing

    Raises
    ------
    FrameError
        A source that is no readable frame, or a target that cannot be written.
    """
    from astropy.io import fits

    frame = read_frame(source)
    # Through our own plain file, so that every card is one that astropy accepts in silence.
    plain = fits.open(io.BytesIO(_plain(frame, frame.source)))[0]
    whole = frame.pixels.dtype.kind in "iu" and frame.pixels.dtype.itemsize <= 4
    packed = fits.CompImageHDU(
        plain.data,
        header=plain.header,
        compression_type="RICE_1" if whole else "GZIP_2",
        quantize_level=0.0,
    )
    body = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), packed]).writeto(body)
    if isinstance(target, str | Path):
        _write(Path(target), body.getvalue())
    else:
        target.write(body.getvalue())


def _plain(frame: Frame, name: str) -> bytes:
    if frame.pixels.ndim != 2:
        raise FrameError(f"{name} is not written: a frame has two dimensions, not these.")
    try:
        return plain_file(frame.pixels, header_of(frame))
    except ValueError as error:
        raise FrameError(f"{name} is not written: FITS holds numbers, not {error}.") from error


def _write(path: Path, body: bytes) -> None:
    try:
        path.write_bytes(body)
    except OSError as error:
        raise FrameError(f"{path} cannot be written: {error.strerror or error}.") from error
