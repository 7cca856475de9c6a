"""A saved run measured anew by the stars that its frames share."""

import shutil

import numpy as np
import pytest

import focusbench as fb
from focusbench.af_packages import by_common_stars
from focusbench.errors import PackageError


def test_a_package_is_measured_by_its_common_stars_and_stays_as_it_was():
    # Clean runs; others among the samples are there for what their stars hide.
    for path in fb.sample_packages()[:3]:
        package = fb.open_package(path)
        before = [p.metric for p in package.focus_points]
        common = by_common_stars(package)
        assert [p.metric for p in package.focus_points] == before
        assert "common to all frames" in common.definition
        counted = [k for k in package.sweep() if package.focus_points[k].counts]
        ours = np.array([common.focus_points[k].metric for k in counted])
        plain = np.array([package.focus_points[k].metric for k in counted])
        # the simulator's stars differ little, so that both curves nearly agree
        assert np.nanmedian(np.abs(ours / plain - 1)) < 0.03
        assert common.points.metric.sizes["point"] == len(before)


def test_analyze_takes_the_common_stars():
    path = fb.sample_packages()[0]
    plain, common = fb.analyze(path), fb.analyze(path, common_stars=True)
    assert common.outcome == plain.outcome
    assert abs(common.best.best_position - plain.best.best_position) < 10
    assert any("common stars" in note for note in common.package.notes)


def test_a_real_run_of_a_single_star_reads_the_same(shared_data, tmp_path):
    # every fourth frame, to be quick
    for number in range(570, 632, 4):
        shutil.copy(shared_data / "newton-through-focus" / f"focus_test_{number}.fit", tmp_path)
    package = fb.open_package(tmp_path)
    common = by_common_stars(package)
    assert [p.metric for p in common.focus_points] == pytest.approx(
        [p.metric for p in package.focus_points]
    )


def test_a_run_without_a_table_of_stars_says_so(tmp_path):
    path = tmp_path / "run.csv"
    path.write_text("position,hfr\n1,3\n2,2\n3,3\n")
    with pytest.raises(PackageError, match="no table of stars"):
        fb.analyze(path, common_stars=True)
