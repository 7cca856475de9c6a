"""Darks from a folder, matched by exposure as SGPro does, and their subtraction.

Reference: the help page of SGPro's auto focus: files `<NNN>_<name>`, NNN in seconds, serve
exposures that differ by at most two seconds.
"""

import re
import threading
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from focusbench.errors import FrameError, OptionsError
from focusbench.frames.frame import Frame
from focusbench.frames.reading import FRAME_SUFFIXES, read_frame
from focusbench.frames.saturation import saturation_level

MATCH_S = 2.0
"""How far the exposure of a dark may be from that of the frame, seconds."""

_NAME = re.compile(r"(\d+(?:\.\d+)?)_[^.]")
_LEAST_PEDESTAL = 100  # ADU; keeps the noise of a sky near zero above zero
_ROWS = 64  # worked on at a time, so that they stay in the processor's cache
_ROUNDING_S = 1e-6  # of decimals that binary numbers cannot hold


@dataclass(frozen=True, eq=False)
class Dark:
    """A dark frame of a library.

    Attributes
    ----------
    path : Path
    exposure_s : float, seconds
        As its name says.
    frame : Frame
    """

    path: Path
    exposure_s: float
    frame: Frame


class DarkLibrary:
    """The darks in one folder, read when first needed and again when they change.

    Files are named `<NNN>_<name>` with the ending of any frame that can be read: `15_dark.fits`,
    `2.5_dark.cr2`. Others in the folder are left alone. May be used from several threads.

    Parameters
    ----------
    folder : path

    Raises
    ------
    OptionsError
        No such folder.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        if not self.folder.is_dir():
            raise OptionsError(
                f"There is no folder of darks {self.folder}; choose another, or leave it empty."
            )
        self._lock = threading.Lock()
        self._read: dict[Path, tuple[int, Frame]] = {}

    def find(self, exposure_s: float, shape: tuple[int, ...], binning: int) -> Dark:
        """The dark nearest in exposure, at most 2 s off; of equals the first by name.

        Parameters
        ----------
        exposure_s : float, seconds
        shape : tuple of int, (n_y, n_x)
        binning : int

        Raises
        ------
        OptionsError
            None fits, or the folder cannot be looked through; says what there is.
        FrameError
            A dark of fitting exposure is damaged.
        """
        listed = self._listed()
        near = sorted(
            (round(abs(dark_s - exposure_s), 6), path.name, dark_s, path)
            for path, dark_s in listed
            if abs(dark_s - exposure_s) <= MATCH_S + _ROUNDING_S
        )
        unfit = []
        for _, name, dark_s, path in near:
            frame = self._frame(path)
            if frame.pixels.shape == tuple(shape) and frame.binning == binning:
                return Dark(path, dark_s, frame)
            unfit.append(f"{name} has {_described(frame.pixels.shape, frame.binning)}")
        wanted = f"{exposure_s:g} s, {_described(shape, binning)}"
        if unfit:
            there = _shortened(unfit)
        elif listed:
            seconds = sorted({dark_s for _, dark_s in listed})
            there = f"it has darks of {_shortened([f'{s:g}' for s in seconds])} s"
        else:
            there = "it has no file named like 15_dark.fits (15 for the seconds)"
        raise OptionsError(
            f"No dark in {self.folder} fits a frame of {wanted}, within {MATCH_S:g} s of exposure: "
            f"{there}. Add one, or choose another folder."
        )

    def subtract(self, frame: Frame) -> Frame:
        """A frame without what its dark shows.

        Frames of whole numbers up to 16 bits become uint16: frame − dark + pedestal, clipped to
        0 … 65535, so that they stay as small and as fast to measure as they came. The pedestal is
        the median of the dark, at least 100 ADU: the sky stays about where it was and its noise
        above zero. Others become float32 (float64 stays), with no pedestal. Saturated pixels get
        one value that no other exceeds (SATURATE), since nobody knows how much light they had.

        Parameters
        ----------
        frame : Frame
            Not changed. One array is added, that of the result.

        Returns
        -------
        Frame
            Its header says which dark was used (DARKFILE), and PEDESTAL and SATURATE in ADU.

        Raises
        ------
        OptionsError, FrameError
            As `find`; or a frame of unknown exposure.
        """
        if frame.exposure_s is None:
            raise FrameError(
                f"{frame.source or 'The frame'} does not say its exposure, so no dark can be "
                "chosen for it; write EXPTIME into its header, or leave the folder of darks empty."
            )
        dark = self.find(frame.exposure_s, frame.pixels.shape, frame.binning)
        light, pattern = frame.pixels, dark.frame.pixels
        if (
            light.dtype.kind in "iu"
            and pattern.dtype.kind == "f"
            and not np.any(np.greater(pattern, 1))
        ):
            raise FrameError(
                f"The pixels of the dark {dark.path.name} go from 0 to 1, those of the frame are "
                "ADU; save the dark as 16-bit whole numbers."
            )
        header: dict[str, object] = {**frame.header, "DARKFILE": dark.path.name}
        full = saturation_level(frame)
        if light.dtype.kind in "iu" and light.dtype.itemsize <= 2:
            pedestal = _pedestal(pattern)
            top = min(round(full) + pedestal, 65535)
            header |= {"PEDESTAL": pedestal, "SATURATE": top}
            pixels = np.empty_like(light, dtype=np.uint16)
            _difference(light, pattern, pixels, pedestal, full, top)
        else:
            double = light.dtype.kind == "f" and light.dtype.itemsize > 4
            pixels = np.empty_like(light, dtype=np.float64 if double else np.float32)
            _difference(light, pattern, pixels, 0, full, full)
        return replace(frame, pixels=pixels, header=header)

    def _listed(self) -> list[tuple[Path, float]]:
        """Darks of the folder and the exposures in their names, seconds."""
        try:
            paths = list(self.folder.iterdir())
        except OSError as error:
            raise OptionsError(
                f"The folder of darks {self.folder} cannot be looked through: "
                f"{error.strerror or error}."
            ) from error
        named = ((path, _NAME.match(path.name)) for path in paths)
        return [
            (path, float(found.group(1)))
            for path, found in named
            if found and path.name.lower().endswith(FRAME_SUFFIXES)
        ]

    def _frame(self, path: Path) -> Frame:
        """The frame in a file, read once as long as the file does not change."""
        with self._lock:
            try:
                changed = path.stat().st_mtime_ns
            except OSError as error:
                raise FrameError(
                    f"The dark {path} cannot be read: {error.strerror or error}."
                ) from error
            known = self._read.get(path)
            if known is None or known[0] != changed:
                known = self._read[path] = (changed, read_frame(path))
            return known[1]


def _pedestal(dark: NDArray[np.generic]) -> int:
    step = max(1, round((dark.size / 100_000) ** 0.5))
    sample = dark[::step, ::step].astype(np.float64)
    finite = sample[np.isfinite(sample)]
    level = float(np.median(finite)) if finite.size else 0.0
    return int(min(max(_LEAST_PEDESTAL, round(level)), 65535))


def _difference(
    light: NDArray[np.generic],
    dark: NDArray[np.generic],
    out: NDArray[np.generic],
    pedestal: int,
    full: float,
    top: float,
) -> None:
    """Write light − dark + pedestal into `out`, a strip at a time; `top` where `full`."""
    if light.flags.f_contiguous and not light.flags.c_contiguous:
        light, dark, out = light.T, dark.T, out.T  # strips as they lie in memory
    wide: type[np.generic] = np.float64
    if light.dtype.kind in "iu" and dark.dtype.kind in "iu":
        wide = np.int32 if dark.dtype.itemsize <= 2 else np.int64
    for first in range(0, len(light), _ROWS):
        rows = slice(first, first + _ROWS)
        # A pixel of which the dark knows nothing is left as it is.
        known = np.nan_to_num(dark[rows].astype(wide), posinf=0.0, neginf=0.0)
        strip = np.subtract(light[rows], known, dtype=wide, casting="unsafe")
        strip += pedestal
        if out.dtype == np.uint16:
            strip = np.clip(np.rint(strip), 0, 65535)
        out[rows] = strip
        np.copyto(out[rows], top, where=np.greater_equal(light[rows], full), casting="unsafe")


def _described(shape: tuple[int, ...], binning: int) -> str:
    return f"{' × '.join(str(side) for side in reversed(shape))} pixels at {binning}×{binning}"


def _shortened(things: list[str]) -> str:
    """The first of them as a list for people."""
    return ", ".join(things[:6]) + (f" and {len(things) - 6} more" if len(things) > 6 else "")
