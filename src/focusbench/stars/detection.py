"""Where the stars are, and how wide they are, from the frame seen at several scales.

At full resolution a donut is a ring of fragments. Seen at the scale of the whole donut it is one
peak, and that peak stands higher above the noise than any of its fragments at their own scale
(the matched filter of a wider object gathers more light). So peaks are sought at all scales, and
the most significant one owns everything inside its footprint.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_THRESHOLD = 6.0
_MOST_PEAKS_PER_SCALE = 1500
_COARSEST_BIN = 32
# A donut with a large hole stands nearly as high at the scale of its ring; lean to the whole.
_COARSER_IS_BETTER = 1.12


@dataclass(frozen=True, eq=False)
class Peaks:
    """Peaks of all scales, most significant first.

    Attributes
    ----------
    x, y : float arrays, shape (n_peaks,), pixels of the full frame
    scale : float array, shape (n_peaks,), pixels
        Standard deviation of the smoothing under which the peak was seen.
    significance : float array, shape (n_peaks,)
        Height over the noise at that scale.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    scale: NDArray[np.float64]
    significance: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: NDArray[np.generic] | slice) -> "Peaks":
        return Peaks(self.x[index], self.y[index], self.scale[index], self.significance[index])


def binned(image: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """Mean over squares of `factor` pixels; zeros are added where they do not fit."""
    if factor == 1:
        return image
    pad_y, pad_x = (-image.shape[0]) % factor, (-image.shape[1]) % factor
    if pad_y or pad_x:
        image = np.pad(image, ((0, pad_y), (0, pad_x)))
    total = image[0::factor].copy()
    for k in range(1, factor):
        total += image[k::factor]
    result = total[:, 0::factor].copy()
    for k in range(1, factor):
        result += total[:, k::factor]
    result /= np.float32(factor * factor)
    return result


def find_peaks(image: NDArray[np.float32], noise: float) -> Peaks:
    """Local maxima of the frame at scales of about 1, 2, 4, … 32 pixels.

    Parameters
    ----------
    image : float32 array, shape (n_y, n_x), ADU above the sky
    noise : float, ADU
        Of one pixel.
    """
    from scipy.ndimage import gaussian_filter

    found: list[tuple[NDArray[np.float64], ...]] = []
    bin_px, level = 1, image
    while True:
        smooth = gaussian_filter(level, 1.0, mode="constant", truncate=3.0)
        # White noise under a bin of b pixels and a Gaussian of one bin falls by 2√π b.
        level_noise = noise / (2.0 * np.sqrt(np.pi) * bin_px)
        # Where noise hangs together (a colour mosaic, an uneven sky) this scale shows more, best
        # seen in the darkest quarter, which is sky even where donuts fill most of the frame. It
        # raises the bar for a peak, but not without limit: close donuts look like it.
        step = max(1, round((smooth.size / 50_000) ** 0.5))
        low, high = np.percentile(smooth[::step, ::step], [5.0, 25.0])
        seen = float(high - low) / 0.970  # those quantiles of a Gaussian differ by 0.970 σ
        bar = _THRESHOLD * min(max(level_noise, seen), 3.0 * level_noise)
        y, x = _local_maxima(smooth, bar)
        significance = smooth[y, x].astype(float) / level_noise
        best = np.argsort(-significance, kind="stable")[:_MOST_PEAKS_PER_SCALE]
        half = (bin_px - 1) / 2
        scale = bin_px * (1.0 + 1.0 / 12.0) ** 0.5
        found.append(
            (
                bin_px * x[best].astype(float) + half,
                bin_px * y[best].astype(float) + half,
                np.full(len(best), scale, float),
                significance[best],
            )
        )
        if bin_px == _COARSEST_BIN or min(image.shape) < 6 * 2 * bin_px:
            break
        bin_px, level = 2 * bin_px, binned(level, 2)
    peaks = Peaks(*(np.concatenate(column) for column in zip(*found, strict=True)))
    worth = peaks.significance * _COARSER_IS_BETTER ** np.log2(peaks.scale)
    return peaks[np.argsort(-worth, kind="stable")]


def _local_maxima(
    image: NDArray[np.float32], threshold: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of the pixels above the threshold that no neighbour tops."""
    padded = np.pad(image, 1, constant_values=-np.inf)
    width = padded.shape[1]
    flat = padded.reshape(-1)
    index = np.flatnonzero(flat > threshold)
    for offset in (-width - 1, -width, -width + 1, -1):
        index = index[flat[index] >= flat[index + offset]]
    # Of two equal neighbours the later one is the peak, so that a plateau is found once.
    for offset in (1, width - 1, width, width + 1):
        index = index[flat[index] > flat[index + offset]]
    row, column = np.divmod(index, width)
    return row - 1, column - 1


def strongest(peaks: Peaks, radius: NDArray[np.float64] | float, n_most: int) -> NDArray[np.intp]:
    """Indices of the peaks that lie in no stronger peak's footprint, strongest first.

    Parameters
    ----------
    peaks : Peaks
    radius : float, or float array of shape (n_peaks,), pixels
        Of each peak's footprint.
    n_most : int
        Stop after so many.
    """
    radii = np.broadcast_to(np.asarray(radius, float), (len(peaks),))
    free = np.ones(len(peaks), bool)
    taken: list[int] = []
    for k in range(len(peaks)):
        if not free[k]:
            continue
        taken.append(k)
        if len(taken) == n_most:
            break
        free &= (peaks.x - peaks.x[k]) ** 2 + (peaks.y - peaks.y[k]) ** 2 > radii[k] ** 2
    return np.array(taken, dtype=np.intp)
