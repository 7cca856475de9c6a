"""A run is saved as it goes, and what cannot be saved says so."""

import errno
import json
import os

import numpy as np
import pytest
from astropy.table import Table

from focusbench.af_packages import PackageRecorder, open_package
from focusbench.engine import PointMeasured, RunDismissed, RunFinished
from focusbench.errors import FrameError, OptionsError, PackageError


def test_a_package_holds_manifest_events_stars_and_one_frame_a_point(recorded):
    assert recorded.name == "2026-11-23T20-15-03Z_H-alpha-7nm-3"
    assert sorted(p.name for p in recorded.iterdir()) == [
        "events.jsonl",
        "frames",
        "manifest.json",
        "stars.ecsv",
    ]
    names = sorted(p.name for p in (recorded / "frames").iterdir())
    assert len(names) == 11
    assert names[0] == "s0_p00_f0_10220.fits"
    assert names[5:7] == ["s1_p00_f0_10360.fits", "s1_p01_f0_10300.fits"]
    assert names[-1] == "validation_f0_10247.fits"


def test_every_event_is_one_line_of_strict_json(run, recorded):
    lines = (recorded / "events.jsonl").read_text(encoding="utf-8").splitlines()
    refuse = pytest.fail
    events = [json.loads(line, parse_constant=refuse) for line in lines]
    assert [e["event"] for e in events] == [type(e).__name__ for e in run.events]
    json.loads((recorded / "manifest.json").read_text("utf-8"), parse_constant=refuse)


def test_each_event_is_on_disk_before_the_next_one_comes(run, tmp_path):
    recorder = PackageRecorder(tmp_path)
    for count, event in enumerate(run.events, start=1):
        recorder.record(event)
        assert len((recorder.path / "events.jsonl").read_bytes().splitlines()) == count


def test_the_manifest_comes_last_and_hashes_what_is_there(run, tmp_path):
    recorder = PackageRecorder(tmp_path)
    for event in run.events[:-1]:
        recorder.record(event)
        assert not (recorder.path / "manifest.json").exists()
    recorder.record(run.events[-1])
    manifest = json.loads((recorder.path / "manifest.json").read_text("utf-8"))
    assert manifest["schema"] == "focusbench/af-package"
    assert manifest["schema_version"] == 1
    assert manifest["outcome"] == "FOCUSED"
    assert manifest["metric"]["name"] == "hfr"
    assert manifest["metric"]["definition"]
    assert manifest["ambient"] == {"temperature_c": [4.5, 4.5]}
    assert manifest["points"][0]["frames"] == ["frames/s0_p00_f0_10220.fits"]
    assert len(manifest["files"]) == 12
    assert all(len(digest) == 64 for digest in manifest["files"].values())
    assert isinstance(manifest["findings"], list)
    assert not list(recorder.path.glob("*.part"))


def test_two_runs_in_the_same_second_get_two_folders(run, tmp_path):
    recorder = PackageRecorder(tmp_path)
    paths = []
    for _ in range(2):
        for event in run.events:
            recorder.record(event)
        paths.append(recorder.path)
    assert paths[1].name == paths[0].name + "_2"
    assert len(open_package(paths[0]).focus_points) == len(open_package(paths[1]).focus_points)


def test_dismissing_a_run_only_appends_a_line(run, recorded, tmp_path):
    recorder = PackageRecorder(tmp_path / "again")
    for event in run.events:
        recorder.record(event)
    before = (recorder.path / "manifest.json").read_bytes()
    recorder.record(RunDismissed(10_100))
    assert (recorder.path / "manifest.json").read_bytes() == before
    assert open_package(recorder.path).events[-1] == RunDismissed(10_100)


def test_numbers_alone_keep_no_frames(run, tmp_path):
    recorder = PackageRecorder(tmp_path, keep="numbers")
    for event in run.events:
        recorder.record(event)
    assert not (recorder.path / "frames").exists()
    package = open_package(recorder.path)
    assert len(package.frames) == 0
    assert len(package.focus_points) == 11


def test_keep_of_another_kind_is_refused(tmp_path):
    with pytest.raises(OptionsError, match="frames, stamps, numbers; got 'all'"):
        PackageRecorder(tmp_path, keep="all")


def test_astropy_reads_the_table_of_stars(run, recorded):
    table = Table.read(recorded / "stars.ecsv", format="ascii.ecsv")
    assert len(table) == 2 * (0 + 1 + 2 + 3 + 4) + 2
    assert str(table["hfr"].unit) == "pix"
    assert table["used"].dtype == bool
    assert set(table["point"]) == {-1, 1, 2, 3, 4}
    assert table["reason"][-1] == 'too round, "as seen"'


def test_stars_of_a_package_are_what_was_measured(run, recorded):
    stars = open_package(recorded).stars
    measured = [e.stars for e in run.events if isinstance(e, PointMeasured)]
    of_point = stars[(stars["sweep"] == 1) & (stars["point"] == 4)]
    (last,) = measured[-1]
    for name in last.dtype.names:
        np.testing.assert_array_equal(of_point[name], last[name])


def test_a_folder_that_cannot_be_made_is_one_clear_error(run, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    recorder = PackageRecorder(tmp_path / "file" / "runs")
    with pytest.raises(PackageError, match=r"Cannot save the run in .*runs: Not a directory"):
        recorder.record(run.events[0])
    assert recorder.path is None


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root writes anywhere")
def test_a_read_only_folder_is_one_clear_error(run, tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(PackageError, match="Permission denied"):
            PackageRecorder(tmp_path).record(run.events[0])
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize("wrapped", [False, True], ids=["disk error", "as a frame error"])
def test_a_full_disk_costs_the_rest_of_the_package_and_says_so(run, tmp_path, monkeypatch, wrapped):
    recorder = PackageRecorder(tmp_path)
    for event in run.events[:5]:
        recorder.record(event)

    def full(frame, path):
        full_disk = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if wrapped:
            raise FrameError(f"{path} cannot be written.") from full_disk
        raise full_disk

    monkeypatch.setattr("focusbench.af_packages.recorder.write_frame", full)
    measured = next(e for e in run.events[5:] if isinstance(e, PointMeasured))
    with pytest.raises(PackageError, match="No space left on device"):
        recorder.record(measured)
    monkeypatch.undo()
    # The disk has room again, but a package with a hole would lie about the run.
    with pytest.raises(PackageError, match="No space left on device"):
        recorder.record(run.events[-1])
    assert len(open_package(recorder.path).focus_points) == 1


def test_a_driver_that_describes_itself_oddly_does_not_spoil_the_package(run, tmp_path):
    import dataclasses

    odd = {"pixel_um": np.float32(3.75), "gain": float("nan"), "driver": object(), "filter": None}
    recorder = PackageRecorder(tmp_path)
    for event in run.events:
        if event is run.events[0]:
            plain = event.options.replace(focus_filter=None)
            event = dataclasses.replace(event, rig=odd, options=plain)
        if isinstance(event, RunFinished):
            event = RunFinished(dataclasses.replace(event.record, rig=odd))
        recorder.record(event)
    assert recorder.path.name == "2026-11-23T20-15-03Z"
    assert open_package(recorder.path).record.rig["pixel_um"] == 3.75
