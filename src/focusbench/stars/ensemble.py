"""From the stars' sizes to the frame's value, its scatter and its error."""

import numpy as np
from numpy.typing import NDArray

FAINTEST_SNR = 12.0
"""Signal to noise of the faintest stars that are used."""

MOST_STARS = 350
"""Stars that are used at most: more make the value no surer, its error is then a thousandth or
two."""

_EQUAL_SNR = 50.0
"""Signal to noise at which a star's own noise is as large as what stars of one frame differ by.

The noise of a half-flux radius is 1 (donuts) to 2.3 (in focus) over the signal to noise; tilt, coma
and colour make the stars of real frames differ by some per cent.
"""


def median(values: NDArray[np.float64]) -> float:
    """Median as of numpy, in a fifth of the time for some hundred values; NaN counts as high."""
    n = values.size
    ordered = np.sort(values, axis=None)
    return 0.5 * float(ordered[(n - 1) // 2] + ordered[n // 2])


def weights_of(snr: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights of stars in a median: inversely to their expected scatter."""
    weights: NDArray[np.float64] = 1.0 / np.hypot(1.0, _EQUAL_SNR / np.maximum(snr, 1e-3))
    return weights


def ensemble(
    values: NDArray[np.float64], weights: NDArray[np.float64] | None = None
) -> tuple[float, float | None, float | None]:
    """Weighted median of some values, their scatter, and the standard error of that median.

    The error is half of what lies between the quantiles 1/2 ± √Σw² / (2 Σw), the standard deviation
    of the share of weight below the true median (Woodruff, J. Am. Stat. Assoc. 47, 635, 1952). It
    needs no assumption on how the values are distributed. Those of a frame, precise bright stars
    and noisy faint ones, crowd in the middle: 1.2533 × scatter / √n, which is right for a normal
    distribution, is up to 1.6 times too long for them.

    Parameters
    ----------
    values : array, shape (n,), n ≥ 1
    weights : array, shape (n,), optional
        All alike where left out: then the value is the plain median.

    Returns
    -------
    value : float
    scatter : float or None
        1.4826 × the median absolute deviation of single values; None with one.
    error : float or None
        Of `value`; None with one.
    """
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    w = np.ones(len(values)) if weights is None else weights[order]
    total = float(w.sum())
    # Each value stands for the middle of its weight.
    below = (np.cumsum(w) - 0.5 * w) / total
    if len(values) == 1:
        return float(ordered[0]), None, None
    reach = 0.5 * float(np.sqrt((w * w).sum())) / total
    low, value, high = np.interp([0.5 - reach, 0.5, 0.5 + reach], below, ordered).tolist()
    if weights is None:
        value = median(values)  # to the last digit
    scatter = 1.4826 * median(np.abs(values - value))
    return value, scatter, 0.5 * (high - low)
