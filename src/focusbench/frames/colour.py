"""Colour frames made fit to be measured: one plane, every pixel where it was.

A one-shot-colour sensor sees through a mosaic of filters. Interpolating its colours, the usual
way to a picture, blurs each star by about a pixel: in focus that is a good part of its radius.
Measuring the bare mosaic is no better: the chequerboard of the sky is noise of a size far above
the real one, and a star's light counts by which filters it fell on. So each pixel stays in its
place and only its scale and its sky are changed: sites of every colour get the same response to
starlight and the same sky. A star then looks as a mono camera would have seen it.

The response comes from the stars themselves, not from the sky: light pollution and starlight
differ in colour. A star of unusual colour keeps some chequerboard, which cancels over its disk.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from focusbench.frames.fits_blocks import Header
from focusbench.frames.frame import Frame
from focusbench.frames.mosaic import evened
from focusbench.frames.saturation import saturation_level

_PATTERN_WORDS = ("BAYERPAT", "COLORTYP")
_COLOURS = frozenset("RGBCMYEW")
_PLANE_WEIGHTS = (0.25, 0.5, 0.25)  # as often as a mosaic has red, green and blue


def bayer_pattern(frame: Frame) -> str | None:
    """Colours of a mosaic, from the header (BAYERPAT, COLORTYP).

    An XISF file's ColorFilterArray and a camera raw file's pattern are read into BAYERPAT.

    Returns
    -------
    str or None
        Letters row by row: 4 such as "RGGB", or 36 of an X-Trans sensor; None where the header
        names no pattern.
    """
    for word in _PATTERN_WORDS:
        letters = str(frame.header.get(word, "")).strip().upper()
        if len(letters) in (4, 36) and len(set(letters)) > 1 and _COLOURS.issuperset(letters):
            return letters
    return None


def luminance(frame: Frame) -> Frame:
    """A frame's brightness without its colour, stars as sharp as they fell on the sensor.

    A mosaic: each pixel p becomes k·p + o(x, y), nothing interpolated. k makes the sites of each
    colour respond alike to starlight: the median over the stars' tiles of the share of their
    light that fell on these sites. o is a surface of second order that brings the sky seen
    through each colour to the mean of all. A 2 × 2 pattern is taken by place, so that it does not
    matter from which corner it is counted, and the two greens may differ; an X-Trans pattern is
    taken by colour, so take the luminance before cropping. Where no star is bright enough only
    the sky is evened out.

    Saturated pixels of every colour get one common value, the highest; SATURATE names it.

    Three planes: their mean, green counted twice.

    Parameters
    ----------
    frame : Frame
        Pixels of shape (n_y, n_x), or with three planes first or last.

    Returns
    -------
    Frame
        Pixels float32, without a pattern in its header; the frame itself where it has no colour.
    """
    if frame.pixels.ndim == 3:
        pixels, header = plane_mean(frame.pixels), without_pattern(frame.header)
        return replace(frame, pixels=pixels, header=header)
    pattern = bayer_pattern(frame)
    if pattern is None:
        return frame
    side = 2 if len(pattern) == 4 else 6
    letters = np.array(list(pattern)).reshape(side, side)
    if min(frame.pixels.shape) < 2 * side:
        return frame
    full = saturation_level(frame)
    pixels, top = evened(frame.pixels, letters, full)
    header = without_pattern(frame.header)
    if np.isfinite(full):
        header["SATURATE"] = top
    return replace(frame, pixels=pixels, header=header)


def plane_mean(pixels: NDArray[np.generic]) -> NDArray[np.generic]:
    """One plane of a colour image: red and blue once, green twice; alpha is left out.

    Parameters
    ----------
    pixels : array, shape (n, n_y, n_x) or (n_y, n_x, 3 or 4)

    Returns
    -------
    array, shape (n_y, n_x)
        float32, or a single plane as it is. More than four planes are averaged alike.
    """
    # Colour lies in the first axis (planes) or, rarely, in the last (pixel by pixel).
    if pixels.shape[2] in (3, 4) and pixels.shape[0] not in (3, 4):
        pixels = np.moveaxis(pixels, 2, 0)
    if len(pixels) == 1:
        plane: NDArray[np.generic] = pixels[0]
        return plane
    weights = _PLANE_WEIGHTS if len(pixels) in (3, 4) else (1 / len(pixels),) * len(pixels)
    mean = np.zeros(pixels.shape[1:], np.float32)
    for plane, weight in zip(pixels, weights, strict=False):
        mean += plane.astype(np.float32) * np.float32(weight)
    return mean


def without_pattern(header: Mapping[str, object]) -> Header:
    """A copy of a header that names no mosaic."""
    return {key: value for key, value in header.items() if key not in _PATTERN_WORDS}
