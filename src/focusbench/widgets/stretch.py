"""From ADU to grey: which value is black, which white, and how the greys lie between."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CURVES = (("Auto", "auto"), ("Linear", "linear"), ("Asinh", "asinh"), ("Log", "log"))
"""As people choose them: label and name."""

SKY_GREY = 0.09
"""Brightness that `auto` gives the sky: dark, and its noise still seen."""

_LOG = 1000.0
"""Contrast of the logarithm, as in SAOImage DS9: log(1000 x + 1) / log(1001)."""

_ASINH = 30.0
"""Softening of the asinh chosen by hand: linear up to a thirtieth of white."""

_SLIDER = 6.0
"""Half of the slider's way spans the lowest twentieth of the levels, where sky and stars are."""


@dataclass(frozen=True)
class Levels:
    """The values of one picture, ADU.

    Attributes
    ----------
    low, high : float
        Almost the lowest value, and the highest: what the slider spans.
    sky, noise : float
        Median, and 1.4826 × the median absolute deviation.
    bright : float
        What one pixel in a thousand passes.
    """

    low: float = 0.0
    high: float = 1.0
    sky: float = 0.0
    noise: float = 0.0
    bright: float = 1.0

    @classmethod
    def of(cls, picture: NDArray[np.generic]) -> "Levels":
        """Look at a picture; what is no number is left out."""
        sample = np.asarray(picture, np.float64).ravel()[:: max(1, picture.size // 100_000)]
        sample = sample[np.isfinite(sample)]
        if not len(sample):
            return cls()
        low, sky, bright = np.quantile(sample, (0.001, 0.5, 0.999))
        noise = 1.4826 * float(np.median(np.abs(sample - sky)))
        high = max(float(np.nanmax(np.where(np.isfinite(picture), picture, low))), low + 1.0)
        return cls(float(low), high, float(sky), noise, float(bright))

    def at(self, share: float) -> float:
        """Value at a share of the slider's way, ADU; fine at its dark end."""
        return self.low + (self.high - self.low) * float(np.expm1(_SLIDER * share)) / _FULL

    def share(self, value: float) -> float:
        """Share of the slider's way at which a value lies, 0 to 1."""
        height = (value - self.low) / (self.high - self.low)
        return float(np.log1p(min(max(height, 0.0), 1.0) * _FULL)) / _SLIDER


_FULL = float(np.expm1(_SLIDER))


@dataclass(frozen=True)
class Stretch:
    """How ADU become grey.

    Attributes
    ----------
    curve : {"linear", "asinh", "log"}
    black, white : float, ADU
    softening : float
        Of asinh: values are stretched evenly up to `1 / softening` of the way to white.
    """

    curve: str
    black: float
    white: float
    softening: float = _ASINH

    @classmethod
    def auto(cls, levels: Levels) -> "Stretch":
        """Asinh that puts the sky at a dark grey and the brightest thousandth near white."""
        noise = levels.noise or 0.01 * (levels.bright - levels.sky) or 0.01
        black = levels.sky - 1.5 * noise
        white = max(levels.bright, levels.sky + 30.0 * noise)
        return cls("asinh", black, white, _softening((levels.sky - black) / (white - black)))

    def grey(self, picture: NDArray[np.generic]) -> NDArray[np.uint8]:
        """Greys of a picture, 0 to 255; what is no number is black."""
        span = max(self.white - self.black, 1e-9)
        share = (np.asarray(picture, np.float32) - np.float32(self.black)) / np.float32(span)
        share = np.clip(np.nan_to_num(share, nan=0.0), 0.0, 1.0)
        if self.curve == "asinh":
            share = np.arcsinh(share * np.float32(self.softening)) / np.arcsinh(self.softening)
        elif self.curve == "log":
            share = np.log1p(share * np.float32(_LOG)) / np.log1p(_LOG)
        return np.asarray(share * 255.0 + 0.5).astype(np.uint8)


def _softening(sky: float) -> float:
    """Softening with which asinh lifts a share of the range, 0 to 1, to `SKY_GREY`."""
    low, high = 1e-3, 1e5
    for _ in range(40):
        middle = (low * high) ** 0.5
        if np.arcsinh(middle * sky) / np.arcsinh(middle) < SKY_GREY:
            low = middle
        else:
            high = middle
    return float(low)
