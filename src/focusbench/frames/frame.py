"""A frame: pixels and what is known about how they were taken."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Stored:
    """16-bit pixels as they lie in a file, not copied.

    FITS knows no unsigned numbers: a camera's are stored less 32768.

    Attributes
    ----------
    raw : int16 array, shape (n_y, n_x)
        Either byte order; may be read-only.
    zero : {0, 32768}, ADU
        What a raw pixel of 0 stands for.
    """

    raw: NDArray[np.int16]
    zero: int

    def pixels(self) -> NDArray[np.generic]:
        """Pixels in memory of their own: int16, or uint16 where `zero` says so. ADU."""
        native = self.raw.astype(np.int16)
        if not self.zero:
            return native
        # Adding half the range to a signed integer flips its highest bit.
        unsigned = native.view(np.uint16)
        unsigned ^= np.uint16(self.zero)
        return unsigned


class _Pixels:
    """The field `pixels`: what is stored is only unpacked when somebody asks for it."""

    def __get__(self, frame: "Frame | None", _: object = None) -> NDArray[np.generic]:
        if frame is None:
            raise AttributeError  # which tells dataclass that there is no default
        given: NDArray[np.generic] | Stored = frame.__dict__["pixels"]
        if isinstance(given, Stored):
            frame.__dict__["pixels"] = given = given.pixels()
        return given

    def __set__(self, frame: "Frame", given: NDArray[np.generic] | Stored) -> None:
        frame.__dict__["pixels"] = given


@dataclass(frozen=True, eq=False)
class Frame:
    """One exposure.

    Attributes
    ----------
    pixels : array, shape (n_y, n_x), ADU
        As the camera or file gave them; any integer or float type, either byte order. May be
        given as `Stored`; reading it then unpacks them, once.
    exposure_s : float or None, seconds
    binning : int
    position : float or None, steps
        Focuser position; None where unknown.
    filter : str or None
    temperature_c : float or None, °C
        At the focuser.
    time_s : float or None, seconds
        Middle of the exposure, Unix time.
    header : mapping
        Everything else that was said, under FITS keywords.
    source : str
        File name, or "" for a frame that came from a camera.
    """

    pixels: _Pixels = _Pixels()
    exposure_s: float | None = None
    binning: int = 1
    position: float | None = None
    filter: str | None = None
    temperature_c: float | None = None
    time_s: float | None = None
    header: Mapping[str, object] = field(default_factory=dict, repr=False)
    source: str = ""

    @property
    def stored(self) -> tuple[NDArray[np.generic], int]:
        """Pixels as they lie, unpacked or not, and what is to be added to make them ADU."""
        given: NDArray[np.generic] | Stored = self.__dict__["pixels"]
        return (given.raw, given.zero) if isinstance(given, Stored) else (given, 0)
