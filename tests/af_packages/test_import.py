"""Runs of other programs become AF packages, which open to the same numbers."""

import json
import zipfile

import numpy as np
import pytest

from focusbench.af_packages import import_runs, open_package, zip_package
from focusbench.errors import OptionsError, PackageDamaged, PackageError
from tests.af_packages.foreign import (
    FSQ106,
    SgproLog,
    ekos_samples,
    hocus_attempt,
    hocus_report,
    sgpro_pack,
)
from tests.af_packages.test_round_trip import same

SWEEP = (640, 630, 620, 610, 600, 590, 580, 570, 560)
STEPS = tuple(range(25_013, 24_800, -25))


def a_log():
    log = SgproLog().start()
    for position, hfr, stars in FSQ106:
        log.sample(position, hfr, stars)
    return log.finish(24_901, 2.64, validation=2.7)


def make_report(folder):
    path = folder / "report.json"
    path.write_text(json.dumps(hocus_report(STEPS)))
    return path


def make_log(folder):
    path = folder / "sg_logfile_1.txt"
    path.write_text(a_log().text())
    return path


def make_viewer(folder):
    path = folder / "export.txt"
    rows = "".join(f"{p}\t{h}\t{s}\n" for p, h, s in FSQ106)
    path.write_text(f"1\tx\t4.2\tL\t11/10/2017\t11:48:33 PM\t\n{rows}\n")
    return path


def make_ekos(folder):
    path = folder / "ekos.analyze"
    path.write_text(
        "AnalyzeStartTime,2024-09-06 20:00:00.000,UTC\n"
        f"AutofocusComplete,60.5,4.2,1,,Ha,{ekos_samples(STEPS, outliers=STEPS[:1])},1\n"
    )
    return path


def make_csv(folder):
    path = folder / "run.csv"
    path.write_text("position,hfr,fwhm,error\n10,2,3,0.1\n20,1.5,,\n30,2,3,0.1\n")
    return path


def make_attempt(folder):
    return hocus_attempt(folder / "AutoFocus_20260301_213000", STEPS, final=24_901).parent


def make_pack(folder):
    return sgpro_pack(folder / "pack", (*SWEEP, 601))


def make_zip(folder):
    with zipfile.ZipFile(folder / "pack.zip", "w") as archive:
        for path in sorted(make_pack(folder).iterdir()):
            archive.write(path, path.name)
    return folder / "pack.zip"


FORMATS = (
    make_report, make_log, make_viewer, make_ekos, make_csv, make_attempt, make_pack, make_zip,
)  # fmt: skip


@pytest.mark.parametrize("make", FORMATS, ids=[make.__name__[5:] for make in FORMATS])
def test_an_imported_run_is_the_run(tmp_path, make):
    foreign = open_package(make(tmp_path))
    (run,) = import_runs(foreign.source, tmp_path / "out").runs
    package = open_package(run.package)
    for name in (
        "format", "metric", "definition", "time_ordered", "step_size", "filter", "started_s",
        "notes", "unknown", "settings", "found", "rig",
    ):  # fmt: skip
        assert getattr(package, name) == getattr(foreign, name), name
    assert repr(package.focus_points) == repr(foreign.focus_points)  # NaN is NaN
    assert same(package.best(), foreign.best())
    assert same(package.decided, foreign.best())
    np.testing.assert_equal(package.stars.tolist(), foreign.stars.tolist())
    assert [f.pixels.tolist() for f in package.frames] == [
        f.pixels.tolist() for f in foreign.frames
    ]
    assert package.path == run.package
    assert foreign.path is None
    assert package.origin.file == foreign.source.name
    assert len(package.origin.sha256) == 64
    assert run.n_points == sum(p.role != "validation" for p in foreign.focus_points)
    # The Dataset differs only in where it came from.
    one, other = package.points, foreign.points
    assert one.drop_attrs(deep=False).identical(other.drop_attrs(deep=False))


def test_a_zip_of_an_imported_run_opens_as_well(tmp_path):
    (run,) = import_runs(make_pack(tmp_path), tmp_path / "out").runs
    zipped = open_package(zip_package(run.package, tmp_path / "run.zip"))
    assert zipped.focus_points == open_package(run.package).focus_points
    assert zipped.frames[0].pixels.shape == (96, 128)
    assert zipped.origin.file == "pack"


def test_nothing_of_the_folders_of_the_computer_is_kept(tmp_path):
    (run,) = import_runs(make_pack(tmp_path), tmp_path / "out").runs
    assert str(tmp_path) not in (run.package / "manifest.json").read_text()


def test_what_a_foreign_file_does_not_tell_is_null(tmp_path):
    (run,) = import_runs(make_csv(tmp_path), tmp_path / "out").runs
    document = json.loads((run.package / "manifest.json").read_text())
    assert document["schema"] == "focusbench/af-package"
    for name in ("options", "rig", "start_position", "final_position", "duration_s", "validation"):
        assert document[name] is None
    assert document["metric"]["name"] == "hfr"
    assert document["imported"]["format"] == "CSV"
    assert "the exposure time" in document["imported"]["unknown"]


def test_importing_again_makes_no_second_package(tmp_path):
    source = make_log(tmp_path)
    source.write_text(source.read_text() + a_log().text())
    first = import_runs(source, tmp_path / "out")
    again = import_runs(source, tmp_path / "out")
    assert [run.run for run in first.runs] == [0, 1]
    assert first == again
    # Two runs that began at the same second have names of their own.
    assert len({run.package for run in first.runs}) == len(list((tmp_path / "out").iterdir())) == 2


def test_a_wrong_file_gives_a_sentence_and_the_rest_of_the_folder_is_read(tmp_path):
    folder = tmp_path / "mixed"
    (folder / "deeper").mkdir(parents=True)
    make_log(folder), make_csv(folder), make_report(folder), make_ekos(folder / "deeper")
    (folder / "torn.json").write_text('{"MeasurePoints": [')
    (folder / "other.csv").write_text("name,value\na,1\n")
    (folder / "bomb.zip").write_bytes(b"PK\x03\x04 no more")
    (folder / "notes.txt").write_text("It was a clear night.")
    (folder / "photo.jpg").write_bytes(b"\xff\xd8")
    told = []
    done = import_runs(folder, tmp_path / "out", progress=lambda n, of: told.append((n, of)))
    assert sorted(run.source.name for run in done.runs) == [
        "ekos.analyze", "report.json", "run.csv", "sg_logfile_1.txt",
    ]  # fmt: skip
    assert len(done.skipped) == 3
    for name in ("torn.json", "other.csv", "bomb.zip"):
        (sentence,) = (s for s in done.skipped if name in s)
        assert "\n" not in sentence
        assert sentence.endswith(".")
        assert len(sentence) < 160 + len(str(folder))
    assert told[-1] == (8, 8)


def test_numbers_alone_leave_the_frames_where_they_are(tmp_path):
    (run,) = import_runs(make_pack(tmp_path), tmp_path / "out", keep="numbers").runs
    package = open_package(run.package)
    assert len(package.frames) == 0
    assert len(package.stars) == 60
    assert not (run.package / "frames").exists()
    with pytest.raises(OptionsError, match="keep is one of frames, stamps, numbers"):
        import_runs(make_csv(tmp_path), tmp_path / "out", keep="all")


def test_a_single_file_that_is_no_run_is_an_error(tmp_path, recorded):
    with pytest.raises(PackageError, match="There is no"):
        import_runs(tmp_path / "nothing.json", tmp_path / "out")
    with pytest.raises(PackageError, match="is an AF package already"):
        import_runs(recorded, tmp_path / "out")
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(PackageError, match="empty"):
        import_runs(empty, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("imported",), {}),
        (("imported", "format"), "Nobody"),
        (("imported", "time_ordered"), "yes"),
        (("points",), []),
        (("points", 0, "metric"), "much"),
        (("started_s",), "now"),
        (("metric",), None),
        (("fits", "curve"), 5),
    ],
)
def test_a_damaged_imported_package_says_so(tmp_path, path, value):
    (run,) = import_runs(make_csv(tmp_path), tmp_path / "out").runs
    document = json.loads((run.package / "manifest.json").read_text())
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    (run.package / "manifest.json").write_text(json.dumps(document))
    with pytest.raises(PackageDamaged, match="import the run again"):
        open_package(run.package)


def test_the_real_reports_and_the_real_newtonian_come_through(shared, tmp_path):
    done = import_runs(shared / "nina-reports", tmp_path / "nina")
    assert len(done.runs) == 3
    for run in done.runs:
        assert open_package(run.package).focus_points == open_package(run.source).focus_points
    assert len(import_runs(shared / "nina-style-pathologies", tmp_path / "ill").runs) == 14


def test_an_archive_inside_the_folder_is_passed_over(tmp_path):
    make_csv(tmp_path)
    first = import_runs(tmp_path, tmp_path / "af_packages")
    again = import_runs(tmp_path, tmp_path / "af_packages")
    assert (first, again.skipped) == (again, ())


def test_zero_bytes_of_a_power_cut_are_passed_over(tmp_path):
    path = make_log(tmp_path)
    whole = open_package(path).focus_points
    content = path.read_bytes()
    path.write_bytes(b"\0" * 512 + content[:900] + b"\0" * 4096 + content[900:])
    assert open_package(path).focus_points == whole


def test_frames_of_other_kinds_are_shared_as_fits_stamps(tmp_path):
    import gzip

    folder = make_pack(tmp_path)
    for path in sorted(folder.iterdir()):
        path.with_suffix(".fit.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    (run,) = import_runs(folder, tmp_path / "out").runs
    whole = open_package(zip_package(run.package, tmp_path / "whole.zip"))
    assert whole.frames.names == open_package(run.package).frames.names
    stamps = open_package(zip_package(run.package, tmp_path / "stamps.zip", keep="stamps"))
    assert all(name.endswith(".fits") for name in stamps.frames.names)
    assert stamps.frames[0].pixels.dtype == whole.frames[0].pixels.dtype
    assert stamps.frames[0].position == 640
