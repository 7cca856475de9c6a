"""Which places lie close together, against every distance worked out."""

import numpy as np
import pytest

from focusbench.stars.neighbours import pairs


@pytest.mark.parametrize("radius", [0.0, 3.0, 40.0, 1000.0])
def test_pairs_are_those_of_all_distances(radius):
    places = np.random.default_rng(1).uniform(0, 100, (200, 2))
    places[5] = places[90]
    apart = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1))
    expected = {(i, j) for i, j in np.argwhere(apart <= radius) if i < j}
    assert {tuple(pair) for pair in pairs(places, radius)} == expected


def test_no_places_make_no_pairs():
    assert len(pairs(np.zeros((0, 2)), 5.0)) == 0
