"""Hocus Focus: its reports, and the attempts it saves with frames."""

import json
import math
import zipfile

import numpy as np
import pytest

from focusbench.af_packages import open_package
from focusbench.curve import Rejected
from focusbench.errors import PackageDamaged, PackageError
from tests.af_packages.foreign import (
    BEST,
    hocus_attempt,
    hocus_report,
    hocus_result,
    v,
)

SWEEP = tuple(range(25_013, 24_800, -25))


def test_a_report_tells_what_was_asked_and_its_measured_final_frame(tmp_path):
    path = tmp_path / "2026-03-01--21-30-00--76fc6e25-45b6-41fd-883c-64e23ecd12e8.json"
    path.write_text(json.dumps(hocus_report(SWEEP)))
    package = open_package(path)
    assert package.format == "Hocus Focus"
    *points, last = package.focus_points
    assert [p.position for p in points] == sorted(SWEEP)
    assert (last.role, last.position, last.metric) == ("validation", 24_901, 2.65)
    assert package.step_size == 25
    assert package.settings["exposure_s"] == 8.0
    assert package.settings["backlash_out"] == 60
    assert package.settings["backlash_model"] == "OVERSHOOT"
    assert package.found == {"its result": 24_901, "hyperbola": 24_901}
    assert package.rig == "76fc6e25-45b6-41fd-883c-64e23ecd12e8"
    assert package.best("hyperbola").best_position == pytest.approx(BEST, abs=0.5)


def test_an_attempt_stands_in_the_order_taken_with_its_stars(tmp_path):
    hocus_attempt(tmp_path / "AutoFocus_20260301_213000", SWEEP, final=24_901)
    package = open_package(tmp_path / "AutoFocus_20260301_213000")
    assert (package.format, package.time_ordered) == ("Hocus Focus", True)
    *points, last = package.focus_points
    assert [p.position for p in points] == list(SWEEP)
    assert [p.metric for p in points] == [v(p) for p in SWEEP]
    assert {(p.n_stars, p.scatter, p.temperature_c) for p in points} == {(40, 0.2, 4.25)}
    # The standard error of a median of 40 stars.
    assert points[0].error == pytest.approx(1.2533 * 0.2 / math.sqrt(40))
    assert (last.role, last.position) == ("validation", 24_901)
    stars = package.stars
    assert len(stars) == 9 * 40
    assert np.median(stars["hfr_mean_radius"][stars["point"] == 2]) == pytest.approx(
        v(SWEEP[2]), abs=0.15
    )
    assert package.notes[0] == "Points are taken from its star detection."
    assert (package.filter, package.step_size) == ("Lum", 25)
    # From the report: 21:30 with its zone, less four minutes.
    assert package.started_s == pytest.approx(1_772_396_760.123, abs=0.01)


def test_places_of_stars_are_read_in_both_ways_of_writing_them(tmp_path):
    attempt = hocus_attempt(tmp_path / "run", SWEEP, report=False)
    result = hocus_result(SWEEP[0], n_stars=2)
    result["StarList"][1]["Position"] = "10.5, 20.25"
    name = attempt / "00_Frame00_Region00_star_detection_result.json"
    name.write_text(json.dumps(result))
    first = open_package(attempt).stars[:2]
    assert first[["x", "y"]].tolist() == [(0.0, 0.0), (10.5, 20.25)]


def test_the_attempt_itself_and_a_zip_of_it_open_alike(tmp_path):
    attempt = hocus_attempt(tmp_path / "AutoFocus_20260301_213000", SWEEP)
    with zipfile.ZipFile(tmp_path / "run.zip", "w") as archive:
        for path in sorted(attempt.iterdir()):
            archive.write(path, f"AutoFocus_20260301_213000/attempt01/{path.name}")
    folder, zipped = open_package(attempt), open_package(tmp_path / "run.zip")
    assert folder.focus_points == zipped.focus_points
    assert len(folder.focus_points) == 10  # with the final frame of the report


def test_without_results_the_report_tells_the_values_and_the_names_the_order(tmp_path):
    attempt = hocus_attempt(tmp_path / "run", SWEEP, results=False)
    package = open_package(attempt)
    assert [p.position for p in package.focus_points if p.role == "sweep"] == list(SWEEP)
    assert package.time_ordered
    assert package.notes[0] == "Points are taken from its report."


def test_without_results_and_report_the_frames_are_measured_here(tmp_path):
    attempt = hocus_attempt(tmp_path / "run", SWEEP, results=False, report=False, frames=True)
    package = open_package(attempt)
    assert package.metric == "hfr"
    assert package.notes[0] == "Points are taken from measuring its frames."
    assert len(package.frames) == 9
    assert {p.n_stars for p in package.focus_points} == {6}
    bare = hocus_attempt(tmp_path / "bare", SWEEP, results=False, report=False)
    with pytest.raises(PackageError, match="save them as FITS or XISF"):
        open_package(bare)


def test_of_images_at_one_position_the_last_counts(tmp_path):
    # Old versions put the first frame, taken at the start, into the attempt.
    attempt = hocus_attempt(tmp_path / "run", (SWEEP[4], *SWEEP), report=False)
    first = attempt / "00_Frame00_Region00_star_detection_result.json"
    first.write_text(json.dumps(hocus_result(SWEEP[4], hfr=9.9)))
    package = open_package(attempt)
    assert [p.position for p in package.focus_points] == list(SWEEP)
    assert 9.9 not in {p.metric for p in package.focus_points}
    assert "1 images at a position taken again are left out." in package.notes


def test_frames_of_one_point_are_averaged(tmp_path):
    attempt = hocus_attempt(tmp_path / "run", SWEEP, report=False)
    for i, position in enumerate(SWEEP):
        result = hocus_result(position, hfr=v(position) + 0.2)
        name = f"{i:02d}_Frame01_Region00_star_detection_result.json"
        (attempt / name).write_text(json.dumps(result))
    point = open_package(attempt).focus_points[0]
    assert point.metric == pytest.approx(v(SWEEP[0]) + 0.1)
    assert point.error == pytest.approx(1.2533 * 0.2 / math.sqrt(40) / math.sqrt(2))


def test_the_region_of_the_whole_frame_is_read(tmp_path):
    attempt = hocus_attempt(tmp_path / "run", SWEEP, report=False)
    for i, position in enumerate(SWEEP):
        name = f"{i:02d}_Frame00_Region01_star_detection_result.json"
        (attempt / name).write_text(json.dumps(hocus_result(position, hfr=1.0)))
    assert [p.metric for p in open_package(attempt).focus_points] == [v(p) for p in SWEEP]


def test_several_attempts_are_several_runs_and_metadata_says_how_they_ended(tmp_path):
    run = tmp_path / "AutoFocus_20260301_213000"
    hocus_attempt(run, SWEEP, report=False)
    (run / "attempt01").rename(run / "attempt02")
    hocus_attempt(run, SWEEP[:3], report=False)
    about = {
        "schemaVersion": 1,
        "createdAtUtc": "2026-03-01T20:34:00Z",
        "autoFocus": {"framesPerPoint": 1, "hyperbolicFitModel": "Hybrid"},
        "succeeded": False,
        "failureReason": "R² too low",
    }
    (run / "metadata.json").write_text(json.dumps(about))
    with pytest.raises(PackageError, match="holds 2 runs"):
        open_package(run)
    first, second = open_package(run, run=0), open_package(run, run=1)
    assert (len(first.focus_points), len(second.focus_points)) == (3, 9)
    assert "Hocus Focus calls the run failed: R² too low." in second.notes
    assert second.settings["hyperbolicFitModel"] == "Hybrid"
    assert second.started_s == 1_772_397_240


def test_an_image_without_stars_is_a_red_cross(tmp_path):
    attempt = hocus_attempt(tmp_path / "run", SWEEP, report=False)
    name = attempt / "00_Frame00_Region00_star_detection_result.json"
    name.write_text(json.dumps(hocus_result(SWEEP[0], n_stars=0)))
    point = open_package(attempt).focus_points[0]
    assert (point.rejected, point.reason) == (Rejected.FEW_STARS, "no stars")


@pytest.mark.parametrize("text", ["{", "[1]", "[" * 100_000], ids=["torn", "list", "deep"])
def test_a_damaged_result_is_named(tmp_path, text):
    attempt = hocus_attempt(tmp_path / "run", SWEEP)
    (attempt / "03_Frame00_Region00_star_detection_result.json").write_text(text)
    with pytest.raises(PackageDamaged, match="03_Frame00_Region00_star_detection_result"):
        open_package(attempt)
