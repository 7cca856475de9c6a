"""A shorter exposure, or larger pixels, made from a frame that was taken."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from focusbench.errors import OptionsError
from focusbench.frames import Frame, bayer_pattern, luminance, saturation_level
from focusbench.tuning.sensor_noise import SensorNoise, sensor_noise

_FEW_E = 25.0
"""Below so many electrons a binomial draw is made; above, its normal limit."""


def thin(
    frame: Frame,
    share: float,
    rng: np.random.Generator,
    noise: SensorNoise | None = None,
) -> Frame:
    """Make the frame that a shorter exposure would have given.

    Each electron stays with probability `share`: n of them become a binomial draw, and Poisson
    counts stay Poisson counts. What is known is x = n + r with the read noise r; share·x holds only
    the share of r, so that √(1 − share²) of a new read noise is added. Then the variance of a pixel
    is share·λ + read noise², that of the shorter exposure.

    Not in it: seeing and guiding, which even out less in a shorter exposure. Saturated pixels stay
    saturated, since nobody knows how much light they had.

    Parameters
    ----------
    frame : Frame
    share : float
        Of the exposure, above 0 and up to 1.
    rng : numpy.random.Generator
    noise : SensorNoise, optional
        `sensor_noise(frame)` where not given.

    Returns
    -------
    Frame
        Pixels of the type of the frame's; `exposure_s` shorter, SATURATE in the header.

    Raises
    ------
    OptionsError
        A share that is not within (0, 1].
    """
    if not 0 < share <= 1:
        raise OptionsError(f"A share of the exposure is above 0 and up to 1; got {share!r}.")
    if share == 1:
        return frame
    noise = noise or sensor_noise(frame)
    pixels = frame.pixels
    electrons = pixels.astype(np.float32)
    electrons -= np.float32(noise.bias_adu)
    electrons *= np.float32(noise.gain_e_per_adu)
    thinned = _thinned(electrons, share, noise.read_noise_e, rng)
    adu = np.float32(noise.bias_adu) + thinned / np.float32(noise.gain_e_per_adu)
    full = noise.full_adu
    if pixels.dtype.kind in "iu":
        limits = np.iinfo(str(pixels.dtype.newbyteorder("=")))
        adu = np.clip(np.rint(adu), limits.min, limits.max)
    np.copyto(adu, np.float32(min(full, 3e38)), where=np.greater_equal(pixels, full))
    header = {k: v for k, v in frame.header.items() if k not in ("EXPTIME", "EXPOSURE")}
    if np.isfinite(full):
        header["SATURATE"] = full
    exposure_s = None if frame.exposure_s is None else share * frame.exposure_s
    return replace(
        frame,
        pixels=adu.astype(pixels.dtype.newbyteorder("=")),
        exposure_s=exposure_s,
        header=header,
    )


def bin_frame(frame: Frame, factor: int) -> Frame:
    """Make the frame that larger pixels would have given: means over squares of pixels.

    Like a CMOS camera's binning, after the read-out: the read noise of each pixel is in it. A CCD
    that bins on the chip reads a square once, and has less. Means rather than sums, so that nothing
    is clipped; stars measure the same. A square with a saturated pixel is saturated; rows and
    columns left over are dropped.

    Parameters
    ----------
    frame : Frame
    factor : int
        Pixels of a square's side, from 1 on.

    Returns
    -------
    Frame
        Pixels float32; `binning` is `factor` times what it was.
    """
    if factor < 1:
        raise OptionsError(f"Binning is by a whole number from 1 on; got {factor!r}.", "binning")
    if factor == 1:
        return frame
    if bayer_pattern(frame):
        frame = luminance(frame)
    full = saturation_level(frame)
    pixels = _block_means(frame.pixels, factor)
    header = dict(frame.header)
    for keyword in ("XPIXSZ", "YPIXSZ"):
        size = header.get(keyword)
        if isinstance(size, int | float):
            header[keyword] = size * factor
    if np.isfinite(full):
        is_full = np.greater_equal(frame.pixels, full)
        if is_full.any():
            pixels[_block_means(is_full, factor) > 0] = full
        header["SATURATE"] = float(np.float32(full))
    return replace(frame, pixels=pixels, binning=frame.binning * factor, header=header)


def _thinned(
    electrons: NDArray[np.float32], share: float, read_noise_e: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Draw what is left of the electrons, with the read noise that the share of them lacks."""
    read_variance = (1 - share**2) * read_noise_e**2
    spread = np.maximum(electrons, 0)
    spread *= np.float32(share * (1 - share))
    spread += np.float32(read_variance)
    drawn: NDArray[np.float32] = np.sqrt(spread, out=spread)
    drawn *= rng.standard_normal(electrons.shape, dtype=np.float32)
    few = electrons < _FEW_E
    if few.any():
        n = np.maximum(np.rint(electrons[few]), 0).astype(np.int64)
        read = np.sqrt(read_variance) * rng.standard_normal(len(n))
        drawn[few] = rng.binomial(n, share) - share * n + read
    drawn += np.float32(share) * electrons
    return drawn


def _block_means(pixels: NDArray[np.generic], factor: int) -> NDArray[np.float32]:
    """Means over squares, summed place by place: several times as fast as over a reshaped array."""
    n_y, n_x = pixels.shape[0] // factor, pixels.shape[1] // factor
    total = np.zeros((n_y, n_x), np.float32)
    for j in range(factor):
        for i in range(factor):
            total += pixels[j : n_y * factor : factor, i : n_x * factor : factor].astype(np.float32)
    total /= np.float32(factor**2)
    return total
