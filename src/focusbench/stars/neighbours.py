"""Which places lie close together.

Not scipy.spatial: a thousand places need no tree, and importing it takes longer than measuring
the first frame.
"""

import numpy as np
from numpy.typing import NDArray


def pairs(places: NDArray[np.float64], radius: float) -> NDArray[np.intp]:
    """Indices of any two places at most `radius` apart, the lower one first.

    Parameters
    ----------
    places : array, shape (n, 2)
    radius : float

    Returns
    -------
    array, shape (n_pairs, 2)
    """
    order = np.argsort(places[:, 0], kind="stable")
    x, y = places[order].T
    # Of places sorted by x, those that follow one within the radius stand in a row.
    n_after = np.searchsorted(x, x + radius, side="right") - np.arange(len(x)) - 1
    n_after = np.maximum(n_after, 0)
    first = np.repeat(np.arange(len(x)), n_after)
    second = first + 1 + np.arange(len(first)) - np.repeat(np.cumsum(n_after) - n_after, n_after)
    close = (x[first] - x[second]) ** 2 + (y[first] - y[second]) ** 2 <= radius**2
    found: NDArray[np.intp] = np.sort(np.c_[order[first], order[second]][close], axis=1)
    return found
