from pathlib import Path

import numpy as np
import pytest

from focusbench.frames import read_frame
from focusbench.stars import measure

DATA = Path(__file__).parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"the real frames are not here: {DATA}")


def test_a_newtonian_through_focus_is_one_star_and_a_clean_v():
    values = {}
    for path in sorted((DATA / "newton-through-focus").glob("focus_test_*.fit")):
        measured = measure(read_frame(path), min_stars=1)
        assert measured.n_stars == 1, path.name
        values[int(path.stem[-3:])] = measured.value
    assert len(values) == 62
    # Half-flux radii in a fixed circle of 28 px, computed with numpy.
    for position, hfr in {
        570: 14.9,
        582: 10.6,
        593: 5.15,
        600: 2.29,
        603: 1.72,
        631: 13.75,
    }.items():
        assert abs(values[position] - hfr) < max(0.3, 0.1 * hfr), position
    positions = np.array(sorted(values))
    hfr = np.array([values[position] for position in positions])
    assert 602 <= positions[hfr.argmin()] <= 605
    # Clean to both ends: what seeing does from frame to frame is less than a step of the V.
    smooth = np.convolve(hfr, np.ones(3) / 3, mode="valid")
    centre = positions[1:-1]
    assert (np.diff(smooth[centre <= 602]) < 0).all()
    assert (np.diff(smooth[centre >= 605]) > 0).all()


def test_cosmic_rays_and_an_overscan_edge_do_not_count():
    measured = measure(read_frame(DATA / "star-fields" / "ccdproc-a8280271.fits.gz"))
    assert measured.value == pytest.approx(4.7, abs=0.3)
    used = measured.stars[measured.stars["used"]]
    assert len(used) == 2
    for x, y in ((450.9, 433.3), (169.2, 38.3)):
        assert np.hypot(used["x"] - x, used["y"] - y).min() < 0.5


def test_objects_agree_with_seps_catalogue():
    measured = measure(read_frame(DATA / "star-fields" / "sep-image.fits.gz"))
    catalogue = np.genfromtxt(
        DATA / "star-fields" / "sep-image.fits.csv", delimiter=",", names=True, dtype=float
    )
    used = measured.stars[measured.stars["used"]]
    compared = 0
    for row in catalogue[catalogue["a"] < 1.3 * catalogue["b"]]:
        distance = np.hypot(used["x"] - row["x"], used["y"] - row["y"])
        star = used[distance.argmin()]
        # Where the two differ in the light, a neighbour or a galaxy's rim is in only one of
        # the apertures, and the radius is not that of the same thing.
        if distance.min() < 1.5 and abs(star["flux"] / row["flux"] - 1) < 0.1:
            assert distance.min() < 0.3
            assert star["hfr"] == pytest.approx(row["hfr"], rel=0.1)
            compared += 1
    assert compared >= 8
