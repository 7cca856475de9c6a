"""What was recorded is what opens: from the folder, the zip, and the remains of a killed run."""

import dataclasses
import hashlib
import itertools
import json
import math
import shutil

import numpy as np
import pytest

from focusbench.af_packages import open_package, zip_package
from focusbench.af_packages.codec import event_from_json, event_to_json
from focusbench.curve import Outcome, Rejected
from focusbench.engine import PointMeasured, RunStarted, Validated
from focusbench.errors import PackageDamaged, PackageError, PackageVersionError


def same(a, b):
    """Whether two values are equal, NaN being equal to NaN."""
    if dataclasses.is_dataclass(a):
        # Path and pixels are not part of what is compared.
        left, right = dataclasses.asdict(a), dataclasses.asdict(b)
        left.pop("package_path", None), right.pop("package_path", None)
        return type(a) is type(b) and same(left, right)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, tuple | list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, float) and isinstance(b, float) and math.isnan(a):
        return math.isnan(b)
    return a == b


def stripped(event):
    if isinstance(event, PointMeasured | Validated):
        return dataclasses.replace(event, frames=(), stars=())
    return event


def tree_hash(folder):
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in folder.rglob("*")
        if p.is_file()
    }


def test_every_event_survives_json(run):
    for event in run.events:
        back, _ = event_from_json(event_to_json(event))
        assert same(back, stripped(event)), event


def test_the_record_is_the_same_after_opening(run, recorded):
    package = open_package(recorded)
    assert package.format == "focusbench"
    assert same(package.record, run.record)
    assert same(package.focus_points, run.points)
    assert package.record.package_path == recorded
    assert package.path == package.source == recorded
    assert (package.metric, package.step_size, package.time_ordered) == ("hfr", 60, True)
    assert package.filter == "H-alpha 7nm / 3"
    assert package.notes == ()
    assert len(package.events) == len(run.events)


def test_frames_come_back_as_they_were_taken(run, recorded):
    frames = open_package(recorded).frames
    taken = [f for e in run.events if isinstance(e, PointMeasured | Validated) for f in e.frames]
    assert len(frames) == len(taken) == 11
    for saved, frame in zip(frames, taken, strict=True):
        np.testing.assert_array_equal(saved.pixels, frame.pixels)
        assert saved.position == frame.position
    assert frames[-1].source == "frames/validation_f0_10247.fits"
    assert len(frames[2:5]) == 3


def test_a_zip_opens_to_the_same_numbers_and_pixels(recorded, tmp_path):
    target = zip_package(recorded, tmp_path / "package.zip")
    folder, zipped = open_package(recorded), open_package(target)
    assert zipped.path == target
    assert same(zipped.record, folder.record)
    assert same(zipped.events, folder.events)
    assert zipped.stars.tobytes() == folder.stars.tobytes()
    for a, b in zip(zipped.frames, folder.frames, strict=True):
        np.testing.assert_array_equal(a.pixels, b.pixels)
        assert a.pixels.dtype.kind == b.pixels.dtype.kind
    assert zipped.best().best_position == folder.best().best_position


def test_the_manifest_of_a_zip_has_the_hashes_of_its_members(recorded, tmp_path):
    import zipfile

    with zipfile.ZipFile(zip_package(recorded, tmp_path / "package.zip")) as archive:
        files = json.loads(archive.read("manifest.json"))["files"]
        assert len(files) == 12
        for name, digest in files.items():
            assert hashlib.sha256(archive.read(name)).hexdigest() == digest


def test_a_zip_of_the_folder_itself_opens_too(recorded, tmp_path):
    made = shutil.make_archive(tmp_path / "explorer", "zip", recorded.parent, recorded.name)
    assert len(open_package(made).frames) == 11


def test_zipping_an_unfinished_run_is_refused(recorded, tmp_path):
    (recorded / "manifest.json").unlink()
    with pytest.raises(PackageError, match=r"no finished AF package: it has no manifest\.json"):
        zip_package(recorded, tmp_path / "package.zip")
    assert not list(tmp_path.glob("package*"))


def test_opening_fitting_and_drawing_change_nothing(recorded):
    before = tree_hash(recorded)
    package = open_package(recorded)
    _ = package.points, package.stars, package.events, list(package.frames)
    package.best("parabola")
    package.best(metric="hfr_mean_radius")
    assert tree_hash(recorded) == before


def test_a_run_killed_at_any_moment_opens_with_the_points_taken_so_far(run, recorded, tmp_path):
    """The file is cut at every line's end and in the middle of every line."""
    content = (recorded / "events.jsonl").read_bytes()
    ends = [0] + [i + 1 for i, byte in enumerate(content) if byte == ord("\n")]
    cuts = [(end, n) for n, end in enumerate(ends)]
    cuts += [((a + b) // 2, n) for n, (a, b) in enumerate(itertools.pairwise(ends))]
    cuts += [(b - 1, n) for n, b in enumerate(ends[1:])]
    killed = tmp_path / "killed"
    shutil.copytree(recorded, killed)
    (killed / "manifest.json").unlink()
    for cut, complete in cuts:
        (killed / "events.jsonl").write_bytes(content[:cut])
        if complete == 0:
            with pytest.raises(PackageError, match="killed before its first point"):
                open_package(killed)
            continue
        package = open_package(killed)
        taken = [e for e in run.events[:complete] if isinstance(e, PointMeasured | Validated)]
        assert len(package.focus_points) == len(package.frames) == len(taken)
        if complete < len(run.events):
            assert same(package.focus_points, tuple(e.point for e in taken))
            assert package.record.outcome == Outcome.FAILED
            assert "interrupted" in package.notes[0]
        else:
            assert same(package.record, run.record)


def test_a_killed_run_can_be_fitted_and_shown(run, recorded):
    lines = (recorded / "events.jsonl").read_bytes().splitlines(keepends=True)
    events = [json.loads(line)["event"] for line in lines]
    first_fit = events.index("CurvesFitted")
    (recorded / "manifest.json").unlink()
    (recorded / "events.jsonl").write_bytes(b"".join(lines[:first_fit]))
    package = open_package(recorded)
    assert package.points.sizes["point"] == 5
    assert package.best("parabola").fits["parabola"].used == (False, True, True, True, True)


def test_a_torn_table_of_stars_loses_only_its_last_line(recorded):
    table = recorded / "stars.ecsv"
    complete = len(open_package(recorded).stars)
    table.write_bytes(table.read_bytes()[:-7])
    assert len(open_package(recorded).stars) == complete - 1


def test_best_is_fitted_to_the_last_sweep_as_it_was_measured(run, recorded):
    package = open_package(recorded)
    assert package.sweep() == (5, 6, 7, 8, 9)
    assert package.focus_points[9].rejected == Rejected.OUTLIER
    # The red X that an earlier fit made does not bind the next one.
    assert package.best("hyperbola").best_position == pytest.approx(10_247, abs=3)


def test_the_points_of_another_metric_can_be_fitted(recorded):
    package = open_package(recorded)
    best = package.best("hyperbola", metric="hfr_mean_radius")
    # 1.06 times the same curve has its minimum at the same place.
    assert best.best_position == pytest.approx(10_247, abs=3)
    with pytest.raises(ValueError, match="no metric 'fwhm'; it has hfr, hfr_mean_radius"):
        package.best(metric="fwhm")


def test_words_of_a_newer_minor_version_are_passed_over(run, recorded):
    manifest = json.loads((recorded / "manifest.json").read_text("utf-8"))
    manifest["moon"] = {"phase": 0.5}
    manifest["points"][0]["colour"] = "red"
    manifest["options"]["moon_avoidance"] = 3
    (recorded / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    with (recorded / "events.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"event": "MoonRose", "altitude": 3}\n')
    package = open_package(recorded)
    assert same(package.record, run.record)
    assert len(package.events) == len(run.events)


def test_a_package_of_a_newer_version_says_what_to_do(recorded):
    manifest = json.loads((recorded / "manifest.json").read_text("utf-8"))
    manifest.update(schema_version=2, software={"focusbench": "9.1"})
    (recorded / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    with pytest.raises(PackageVersionError, match=r"newer focusbench \(9\.1.*update focusbench"):
        open_package(recorded)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "\udc80",
        "[" * 100_000,
        '{"schema": "focusbench/af-package", "schema_version": "one"}',
        '{"schema": "focusbench/af-package", "schema_version": 1}',
        '{"schema": "focusbench/af-package", "schema_version": 1, "outcome": "HAPPY"}',
        '{"schema": "focusbench/af-package", "schema_version": 1, "points": 7}',
    ],
    ids=["empty", "torn", "list", "no text", "deep", "version", "bare", "outcome", "points"],
)
def test_a_damaged_manifest_names_the_file_and_the_way_out(recorded, text):
    (recorded / "manifest.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(PackageDamaged, match=r"manifest\.json is damaged .*; rename it"):
        open_package(recorded)
    # The way out works.
    (recorded / "manifest.json").rename(recorded / "manifest.old")
    assert len(open_package(recorded).focus_points) == 11


def with_one_wrong_value(value, depth=2):
    """Yield a JSON value with one thing in it, or all of it, replaced by nonsense."""
    yield from (None, "x", -1.5, [[1]])
    if isinstance(value, dict) and depth:
        for name, item in value.items():
            yield from ({**value, name: w} for w in with_one_wrong_value(item, depth - 1))
    if isinstance(value, list) and value and depth:
        yield from ([w, *value[1:]] for w in with_one_wrong_value(value[0], depth - 1))


def test_a_manifest_with_any_one_wrong_value_opens_or_is_refused(recorded):
    """Nothing but a PackageError may come out, and it names the package."""
    manifest = json.loads((recorded / "manifest.json").read_text("utf-8"))
    refused = 0
    for wrong in with_one_wrong_value(manifest):
        (recorded / "manifest.json").write_text(json.dumps(wrong), "utf-8")
        try:
            open_package(recorded)
        except PackageError as error:
            refused += 1
            assert str(recorded) in str(error)  # noqa: PT017
    assert refused > 100


def test_a_damaged_line_of_events_is_named(recorded):
    lines = (recorded / "events.jsonl").read_bytes().splitlines(keepends=True)
    lines[3] = b'{"event": "PointMeasured", "point": 5}\n'
    (recorded / "events.jsonl").write_bytes(b"".join(lines))
    assert len(open_package(recorded).focus_points) == 11  # the manifest is enough
    (recorded / "manifest.json").unlink()
    with pytest.raises(PackageDamaged, match=r"events\.jsonl is damaged in line 4"):
        open_package(recorded)


def test_a_manifest_that_points_outside_the_package_is_refused(recorded):
    manifest = json.loads((recorded / "manifest.json").read_text("utf-8"))
    manifest["points"][0]["frames"] = ["../../../etc/passwd"]
    (recorded / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    with pytest.raises(PackageError, match="points outside the package"):
        open_package(recorded)


def test_the_first_event_tells_what_the_run_was_asked_to_do(run, recorded):
    started = open_package(recorded).events[0]
    assert isinstance(started, RunStarted)
    assert started.options == run.record.options


def test_a_killed_run_still_knows_its_filter_offset_and_what_it_knew_of_the_rig(run, recorded):
    (recorded / "manifest.json").unlink()
    lines = (recorded / "events.jsonl").read_text("utf-8").splitlines(keepends=True)
    (recorded / "events.jsonl").write_text("".join(lines[:-3]), "utf-8")
    record = open_package(recorded).record
    assert (record.filter, record.focus_shift) == ("H-alpha 7nm / 3", 60)
    assert record.rig_shape == run.record.rig_shape
