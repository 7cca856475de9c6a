"""Frames: pixels with what is known about them, read from files and written to them.

Never: looks for stars or decides anything about focus.
Imported by: stars, devices and the rooms above; imports only errors and options.
"""

from focusbench.frames.colour import bayer_pattern, luminance
from focusbench.frames.cropping import crop
from focusbench.frames.darks import Dark, DarkLibrary
from focusbench.frames.fits_files import FITS_SUFFIXES
from focusbench.frames.frame import Frame
from focusbench.frames.reading import FRAME_SUFFIXES, read_frame
from focusbench.frames.saturation import RowMaxima, saturation_level
from focusbench.frames.writing import compress_fits, write_frame

__all__ = [
    "FITS_SUFFIXES",
    "FRAME_SUFFIXES",
    "Dark",
    "DarkLibrary",
    "Frame",
    "RowMaxima",
    "bayer_pattern",
    "compress_fits",
    "crop",
    "luminance",
    "read_frame",
    "saturation_level",
    "write_frame",
]
