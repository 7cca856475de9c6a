"""What a frame tells of its photons: the gain, the read noise, the light of the sky.

A header seldom says all of it. What it does not say is estimated or assumed, and each assumption is
a sentence that whoever uses it passes on.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from focusbench.errors import OptionsError
from focusbench.frames import Frame, saturation_level

ASSUMED_GAIN_E_PER_ADU = 1.0
ASSUMED_READ_NOISE_E = 4.0
"""Cameras of CMOS have 1 to 4 electrons, those of CCD 4 to 10."""

_GAIN = ("EGAIN",)  # GAIN is a driver's own number on most cameras of today
_READ_NOISE = ("RDNOISE", "READNOIS", "RON")
_WITHIN = 0.911  # variance of a normal distribution cut at 2.5 σ
_SAMPLED = 80_000  # pixels, which tell the sky's noise to 0.5 %


@dataclass(frozen=True)
class SensorNoise:
    """How the numbers of a frame follow from electrons.

    Attributes
    ----------
    gain_e_per_adu : float, electrons per ADU
    read_noise_e : float, electrons
        Standard deviation, each pixel of the frame.
    sky_e : float, electrons
        Light of the sky in a pixel, dark current included.
    bias_adu : float, ADU
        What a pixel without light reads.
    sky_noise_adu : float, ADU
        Standard deviation of the sky, each pixel.
    full_adu : float, ADU
        Value from which on a pixel is saturated; infinite where nothing tells.
    assumptions : tuple of str
        One sentence for each thing that the header does not say.
    """

    gain_e_per_adu: float
    read_noise_e: float
    sky_e: float
    bias_adu: float
    sky_noise_adu: float
    full_adu: float
    assumptions: tuple[str, ...] = ()


def sensor_noise(
    frame: Frame, gain_e_per_adu: float | None = None, read_noise_e: float | None = None
) -> SensorNoise:
    """Tell electrons from numbers.

    The noise σ of the sky, in electrons, is that of its light and of the read-out: (gain·σ)² =
    sky + read noise² (Janesick, Photon Transfer, SPIE 2007). So the light of the sky, and with it
    the bias, follow from gain and read noise.

    Parameters
    ----------
    frame : Frame
    gain_e_per_adu, read_noise_e : float, optional
        Where not given, what the header says (EGAIN; RDNOISE); else assumed.

    Raises
    ------
    OptionsError
        A gain that is not positive, or a negative read noise.
    """
    if gain_e_per_adu is not None and not 0 < gain_e_per_adu < math.inf:
        raise OptionsError(
            f"gain_e_per_adu is a number above 0; got {gain_e_per_adu!r}.", "gain_e_per_adu"
        )
    if read_noise_e is not None and not 0 <= read_noise_e < math.inf:
        raise OptionsError(
            f"read_noise_e is a number from 0 on; got {read_noise_e!r}.", "read_noise_e"
        )
    level, noise = sky_of(frame.pixels)
    assumptions = []
    gain = _said(frame, _GAIN) if gain_e_per_adu is None else gain_e_per_adu
    if gain is None or gain <= 0:
        # The light of the sky cannot exceed its level: gain·σ² ≤ level, but for the read noise.
        most = level / noise**2 if noise > 0 and level > 0 else math.inf
        gain = min(ASSUMED_GAIN_E_PER_ADU, most)
        assumptions.append(
            f"The header does not say the gain (EGAIN): {gain:.2g} electrons per ADU assumed."
        )
    read_noise = _said(frame, _READ_NOISE) if read_noise_e is None else read_noise_e
    if read_noise is None or read_noise < 0:
        read_noise = min(ASSUMED_READ_NOISE_E, gain * noise)
        assumptions.append(
            f"The header does not say the read noise (RDNOISE): {read_noise:.2g} electrons assumed."
        )
    sky = max((gain * noise) ** 2 - read_noise**2, 0.0)
    return SensorNoise(
        gain_e_per_adu=gain,
        read_noise_e=read_noise,
        sky_e=sky,
        bias_adu=level - sky / gain,
        sky_noise_adu=noise,
        full_adu=saturation_level(frame),
        assumptions=tuple(assumptions),
    )


def sky_of(pixels: NDArray[np.generic]) -> tuple[float, float]:
    """Level of the sky and its noise, ADU.

    Level: the median, again and again without what lies more than 2.5 times the noise above it.
    Noise: from the differences of pixels that are two columns apart (neighbours in a colour mosaic
    see different colours), those within 2.5 σ alone; their median would be a whole number.
    """
    rows = max(1, math.ceil(pixels.size / _SAMPLED))
    sample = pixels[::rows].astype(np.float64)
    steps = np.abs(sample[:, 2:] - sample[:, :-2])
    values, steps = sample[np.isfinite(sample)], steps[np.isfinite(steps)]
    if values.size == 0 or steps.size == 0:
        return 0.0, 0.0
    spread = max(1.4826 * float(np.median(steps)), 0.7)
    for _ in range(3):
        kept = steps[steps <= 2.5 * spread]
        spread = math.sqrt(float(np.mean(kept**2)) / _WITHIN) if kept.size else 0.0
    # Whole numbers are known to half a step.
    noise = max(spread / math.sqrt(2), 0.289)
    level = float(np.median(values))
    for _ in range(5):
        kept = values[values <= level + 2.5 * noise]
        if kept.size < 16:
            break
        level = float(np.median(kept))
    return level, noise


def _said(frame: Frame, keywords: tuple[str, ...]) -> float | None:
    """First of the keywords that the header gives as a number."""
    for keyword in keywords:
        try:
            value = float(frame.header[keyword])  # type: ignore[arg-type]
        except (KeyError, TypeError, ValueError):
            continue
        if math.isfinite(value):
            return value
    return None
