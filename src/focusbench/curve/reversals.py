"""Which points stand how soon after a reversal of the drive, and may lag behind; compiled."""

import numba as nb

from focusbench.curve.kernel import kernel
from focusbench.curve.priors import LAG, MIN_POINTS

_LINE = nb.types.Array(nb.f8, 1, "C")
_RANKS = nb.types.Array(nb.i8, 1, "C")


@kernel(nb.void(_LINE, _RANKS))
def rank_points(x, rank):
    """Write how many points each stands after the last reversal, 0 for the first.

    A reversal is a move against the direction in which the sweep samples; the sweep itself
    begins with one.
    """
    outward = 0
    for i in range(1, x.size):
        outward += int(x[i] > x[i - 1]) - int(x[i] < x[i - 1])
    inward = outward <= 0
    rank[0] = 0
    for i in range(1, x.size):
        against = x[i] > x[i - 1] if inward else x[i] < x[i - 1]
        rank[i] = 0 if against else rank[i - 1] + 1


@kernel(nb.i8(_RANKS))
def count_lagging(rank):
    """Largest k worth asking about: if the first k after every reversal lag, enough are left."""
    most = 0
    for k in range(LAG.size):
        left = 0
        for i in range(rank.size):
            left += rank[i] >= k
        if left >= MIN_POINTS:
            most = k
    return most
