"""Stamps: the pixels around the stars, and nothing that tells the person or the place."""

import dataclasses
import json
import math

import numpy as np
import pytest

from focusbench import engine
from focusbench.af_packages import PackageRecorder, import_runs, open_package, zip_package
from focusbench.af_packages.private import private, without_folders
from focusbench.af_packages.stamps import cut_out
from focusbench.curve import FocusPoint
from focusbench.frames import Frame
from focusbench.options import AutofocusOptions
from focusbench.stars import measure
from tests.af_packages.conftest import STARTED_S
from tests.af_packages.test_import import make_pack

SITE = {"SITELAT": "+47 22 01", "SITELONG": "+08 32 25", "OBSERVER": "Anna", "GAIN": 100}


def field(defocus, seed=1, shape=(900, 1200), n=25):
    """A field of Gaussian stars and discs, noise and a gradient of the sky."""
    rng = np.random.default_rng(seed)
    height, width = shape
    pixels = 800 + 0.05 * np.arange(width)[None, :] + rng.normal(0, 8, shape)
    sigma = math.hypot(1.7, defocus)
    reach = int(5 * sigma + 4)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    for _ in range(n):
        cx, cy = (
            rng.uniform(reach + 2, width - reach - 2),
            rng.uniform(reach + 2, height - reach - 2),
        )
        flux = 10 ** rng.uniform(4.6, 5.5) * max(1.0, sigma / 3)
        ix, iy = int(cx), int(cy)
        star = np.exp(-((x - (cx - ix)) ** 2 + (y - (cy - iy)) ** 2) / 2 / sigma**2)
        pixels[iy - reach : iy + reach + 1, ix - reach : ix + reach + 1] += (
            flux / (2 * np.pi * sigma**2) * star
        )
    header = SITE | {"BAYERPAT": ""}
    return Frame(np.clip(pixels, 0, 65_535).astype(np.uint16), exposure_s=3.0, header=header)


@pytest.mark.parametrize(("defocus", "n"), [(0, 25), (3, 14), (8, 5)])
def test_stamps_measure_like_the_frame_they_were_cut_from(defocus, n):
    frame = field(defocus, n=n)
    whole = measure(frame)
    stamps = cut_out(frame, whole.stars)
    assert stamps.pixels.size < 0.6 * frame.pixels.size
    again = measure(stamps)
    assert again.value == pytest.approx(whole.value, rel=0.01)
    assert again.n_stars == pytest.approx(whole.n_stars, abs=max(2, 0.05 * whole.n_stars))


def test_every_stamp_is_the_frame_pixel_for_pixel_and_tells_its_place():
    frame = field(0)
    stamps = cut_out(frame, measure(frame).stars)
    header = stamps.header
    assert (header["FULLX"], header["FULLY"]) == (1200, 900)
    seen = np.zeros(stamps.pixels.shape, int)
    for number in range(1, header["STAMPS"] + 1):
        x, y, width, height, to_x, to_y = map(int, header[f"ST{number:04d}"].split())
        there = (slice(to_y, to_y + height), slice(to_x, to_x + width))
        np.testing.assert_array_equal(
            stamps.pixels[there], frame.pixels[y : y + height, x : x + width]
        )
        # A colour mosaic keeps its pattern.
        assert x % 2 == y % 2 == to_x % 2 == to_y % 2 == 0
        seen[there] += 1
    assert seen.max() == 1


def test_a_crowded_frame_is_kept_whole_and_one_without_stars_keeps_its_middle():
    frame = field(0, n=400)
    whole = cut_out(frame, measure(frame).stars)
    np.testing.assert_array_equal(whole.pixels, frame.pixels)
    assert cut_out(field(0), None).pixels.shape == (258, 258)
    assert "SITELAT" not in whole.header


def test_the_header_of_stamps_tells_no_site():
    stamps = cut_out(field(0), None)
    assert stamps.header["GAIN"] == 100
    assert not {"SITELAT", "SITELONG", "OBSERVER"} & stamps.header.keys()


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Cannot read /home/anna/darks/3_d.fit: torn.", "Cannot read ~: torn."),
        ("C:\\Users\\Anna B\\darks", "~\\darks"),
        ("D:\\Astro\\Anna\\dark.fit is old", "dark.fit is old"),
        ("/Volumes/Anna/a b/c.fits", "c.fits"),
        ("10 % above, 3/4 of 5 stars, 12:30", "10 % above, 3/4 of 5 stars, 12:30"),
        ("https://example.org/a/b", "https://example.org/a/b"),
    ],
)
def test_folders_of_the_computer_are_left_out_of_any_text(text, left):
    found = without_folders(text)
    assert "anna" not in found.lower()
    if "home" not in text:
        assert found == left


def test_sites_and_observers_are_left_out_of_any_document():
    rig = {"site_latitude": 47.1, "name": "a rig", "observer": "Anna", "GPS_LONG": 8}
    kept = {"epsilon": 1, "flat": 2, "altitude_deg": 30, "elongation": 1.1, "geometry": []}
    assert private({"rig": rig, "lat": 1, **kept}) == {"rig": {"name": "a rig"}, **kept}


@pytest.fixture
def events():
    """A run on a frame whose options and header would tell who took it and where."""
    options = AutofocusOptions(step_size=60, data_points=3, dark_folder="/home/anna/darks")
    rig = {"name": "rig", "site_latitude": 47.1, "filter": "L"}
    points, measured = [], []
    for i, defocus in enumerate((4, 0, 4)):
        frame = field(defocus, seed=3, n=15)
        found = measure(frame)
        point = FocusPoint(1000 - 60 * i, found.value, error=found.error, n_stars=found.n_stars)
        points.append(point)
        measured.append(engine.PointMeasured(point, (frame,), (found.stars,)))
    record = engine.RunRecord(
        outcome="NOT_FOCUSED",
        diagnosis="Cannot read C:\\Users\\Anna\\darks\\3.fit.",
        options=options,
        start_position=940,
        return_position=940,
        final_position=940,
        points=tuple(points),
        rig=rig,
    )
    return [
        engine.RunStarted(options, 940, 940, 940, STARTED_S, rig),
        engine.Warned("/home/anna/darks holds no dark"),
        *measured,
        engine.RunFinished(record),
    ]


def everything(folder):
    return b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file()).lower()


def recorded_as(keep, events, folder):
    recorder = PackageRecorder(folder, keep=keep)
    for event in events:
        recorder.record(event)
    return recorder.path


def test_a_run_saved_as_stamps_measures_the_same_and_tells_nobody_who_took_it(events, tmp_path):
    path = recorded_as("stamps", events, tmp_path / "runs")
    text = everything(path)
    for secret in (b"anna", b"sitelat", b"47 22", b"latitude"):
        assert secret not in text
    package = open_package(path)
    assert package.record.options.dark_folder == "~/darks"
    assert len(package.frames) == 3
    for frame, point in zip(package.frames, package.focus_points, strict=True):
        assert measure(frame).value == pytest.approx(point.metric, rel=0.01)
        assert frame.pixels.size < 0.6 * 900 * 1200


def test_a_package_is_shared_as_stamps_or_numbers(events, tmp_path):
    path = recorded_as("frames", events, tmp_path / "runs")
    assert b"anna" in everything(path)
    whole = zip_package(path, tmp_path / "whole.zip")
    stamps = zip_package(path, tmp_path / "stamps.zip", keep="stamps")
    numbers = zip_package(path, tmp_path / "numbers.zip", keep="numbers")
    sizes = [p.stat().st_size for p in (whole, stamps, numbers)]
    assert sizes[0] > 2 * sizes[1] > 4 * sizes[2]
    package = open_package(stamps)
    for frame, point in zip(package.frames, package.focus_points, strict=True):
        assert measure(frame).value == pytest.approx(point.metric, rel=0.01)
    np.testing.assert_array_equal(package.stars, open_package(path).stars)
    assert len(package.events) == len(events)
    assert open_package(numbers).focus_points == package.focus_points
    assert len(open_package(numbers).frames) == 0
    import zipfile

    for target in (stamps,):
        with zipfile.ZipFile(target) as archive:
            text = b"".join(archive.read(name) for name in archive.namelist()).lower()
        assert b"anna" not in text
        assert json.loads(zipfile.ZipFile(target).read("manifest.json"))["outcome"] == "NOT_FOCUSED"


def test_every_frame_of_a_point_is_cut_by_its_own_stars_while_the_run_goes_on_and_later(
    events, tmp_path
):
    # The second frame shows another field, the third no stars at all.
    frames = (field(0, seed=3, n=15), field(0, seed=4, n=12), field(0, n=0))
    tables = (measure(frames[0]).stars, measure(frames[1]).stars, None)
    point = FocusPoint(1000, 2.0, error=0.02, n_stars=13)
    of_several = engine.PointMeasured(point, frames, tables)
    record = dataclasses.replace(events[-1].record, points=(point,))
    run = [events[0], of_several, engine.RunFinished(record)]
    live = open_package(recorded_as("stamps", run, tmp_path / "live"))
    whole = recorded_as("frames", run, tmp_path / "runs")
    later = open_package(zip_package(whole, tmp_path / "stamps.zip", keep="stamps"))
    assert len(live.frames) == len(later.frames) == 3
    for now, then, frame, stars in zip(live.frames, later.frames, frames, tables, strict=True):
        np.testing.assert_array_equal(now.pixels, cut_out(frame, stars).pixels)
        np.testing.assert_array_equal(then.pixels, now.pixels)


def test_frames_of_another_program_are_imported_as_stamps(tmp_path):
    source = make_pack(tmp_path)
    (run,) = import_runs(source, tmp_path / "out", keep="stamps").runs
    package = open_package(run.package)
    assert package.focus_points == open_package(source).focus_points
    assert len(package.frames) == 10
