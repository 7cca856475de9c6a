"""Which places lie close together, against every distance worked out."""

import numpy as np
import pytest

from focusbench.stars.neighbours import far_from, pairs


@pytest.mark.parametrize("radius", [0.0, 3.0, 40.0, 1000.0])
def test_pairs_are_those_of_all_distances(radius):
    places = np.random.default_rng(1).uniform(0, 100, (200, 2))
    places[5] = places[90]
    apart = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1))
    expected = {(i, j) for i, j in np.argwhere(apart <= radius) if i < j}
    assert {tuple(pair) for pair in pairs(places, radius)} == expected


def test_crossings_far_from_every_place():
    rng = np.random.default_rng(2)
    x, y = rng.uniform(0, 100, (2, 30))
    columns, rows = np.arange(0, 100, 3.0), np.arange(5, 80, 4.0)
    far = far_from(x, y, columns, rows, 9.0)
    for j, row in enumerate(rows):
        for i, column in enumerate(columns):
            assert far[j, i] == (np.hypot(x - column, y - row).min() > 9.0)


def test_where_there_is_no_place_everything_is_far():
    nothing = np.zeros(0)
    assert far_from(nothing, nothing, np.arange(4.0), np.arange(3.0), 9.0).shape == (3, 4)
    assert len(pairs(np.zeros((0, 2)), 5.0)) == 0
