"""Frames: pixels with what is known about them, read from files and written to them.

Never: looks for stars or decides anything about focus.
Imported by: stars, devices and the rooms above; imports only errors and options.
"""

from focusbench.frames.cropping import crop
from focusbench.frames.fits_files import FITS_SUFFIXES, compress_fits, read_frame, write_frame
from focusbench.frames.frame import Frame

__all__ = ["FITS_SUFFIXES", "Frame", "compress_fits", "crop", "read_frame", "write_frame"]
