"""Many runs open as one Dataset; the catalogue makes it fast and is never believed blindly."""

import json
import warnings

import numpy as np
import pytest

import focusbench as fb
from focusbench.af_packages import import_runs, many, open_package, open_packages, zip_package
from focusbench.af_packages.finding import CATALOGUE
from focusbench.errors import PackageError
from tests.af_packages.foreign import hocus_attempt, hocus_report, sgpro_pack
from tests.af_packages.test_import import make_csv, make_log

SWEEP = (640, 630, 620, 610, 600, 590, 580, 570, 560)


@pytest.fixture
def archive(tmp_path):
    """Reports of five nights: nine points each, the third one shorter."""
    folder = tmp_path / "archive"
    folder.mkdir()
    for night in range(5):
        positions = range(25_013, 24_800, -25)[: 6 if night == 2 else 9]
        report = hocus_report(positions, Temperature=float(night), FinalHFR="NaN")
        report["Timestamp"] = f"2026-03-0{night + 1}T21:30:00+00:00"
        (folder / f"night{night}.json").write_text(json.dumps(report))
    return folder


def test_many_runs_are_one_dataset_with_the_numbers_of_each(archive):
    runs = open_packages(archive)
    assert runs.sizes == {"run": 5, "point": 9, "curve": 4}
    assert runs.metric.dims == runs.position.dims == ("run", "point")
    assert runs.run.values.tolist() == [f"night{i}.json" for i in range(5)]
    assert runs.n_points.values.tolist() == [9, 9, 6, 9, 9]
    assert runs.temperature.isel(point=0).values.tolist() == [0, 1, 2, 3, 4]
    for i, path in enumerate(sorted(archive.glob("*.json"))):
        one, row = open_package(path).points, runs.isel(run=i)
        n = one.sizes["point"]
        for name in ("metric", "metric_scatter", "position", "temperature", "hfr_mean_radius"):
            np.testing.assert_array_equal(row[name].values[:n], one[name].values)
            assert np.isnan(row[name].values[n:]).all()
        for name in ("role", "reason", "rejected", "sweep"):
            assert row[name].values[:n].tolist() == one[name].values.tolist()
        np.testing.assert_array_equal(row.used.values[:, :n], one.used.values)
        np.testing.assert_array_equal(row.fitted.values[:, :n], one.fitted.values)
        np.testing.assert_array_equal(row.curve_position.values, one.best_position.values)
        best = one.attrs.get("best_position", np.nan)
        np.testing.assert_equal(float(row.best_position), best)
        assert str(row.outcome.values) == one.attrs["outcome"]
        assert float(row.found_position) == 24_901
    assert set(runs.role.isel(run=2).values[6:]) == {""}
    assert runs.attrs["skipped"] == ""


def test_every_variable_says_what_it_is_and_none_is_of_dtype_object(archive):
    runs = open_packages(archive)
    for name, variable in runs.variables.items():
        assert {"long_name", "units"} <= variable.attrs.keys(), name
        assert variable.dtype.kind in "fiU", name
    assert "mean distance" in runs.metric.attrs["definition"]


def test_fits_are_read_when_they_are_asked_for(archive, monkeypatch):
    runs = open_packages(archive)
    read = []
    original = many.read_runs
    monkeypatch.setattr(many, "read_runs", lambda p, o: read.append(p.name) or original(p, o))
    again = open_packages(archive)
    assert read == []
    again.fitted.isel(run=1).load()
    assert read == ["night1.json"]
    again.used.isel(run=[1, 3], curve=0, point=slice(2, 4)).load()  # one is known by now
    assert read == ["night1.json", "night3.json"]
    assert again.load().equals(runs.load())


def test_a_log_of_many_runs_is_read_once_for_the_fits_of_all(tmp_path, monkeypatch):
    path = make_log(tmp_path)
    path.write_text(path.read_text() * 4)
    runs = open_packages(path)
    read = []
    original = many.read_runs
    monkeypatch.setattr(many, "read_runs", lambda p, o: read.append(p.name) or original(p, o))
    assert np.isfinite(runs.fitted.sel(curve="hyperbola").values).all()
    assert (runs.sizes["run"], len(read)) == (4, 1)


def test_the_second_opening_reads_no_run_and_gives_the_same(archive, monkeypatch):
    first = open_packages(archive).load()
    assert (archive / CATALOGUE).is_file()
    monkeypatch.setattr(many, "_read", lambda *_, **__: pytest.fail("a run was read again"))
    told = []
    again = open_packages(archive, progress=lambda n, of: told.append((n, of)))
    assert told == [(i, 5) for i in range(1, 6)]
    monkeypatch.undo()
    assert again.load().identical(first)


def test_one_more_run_appends_one_line(archive):
    open_packages(archive)
    before = (archive / CATALOGUE).read_bytes()
    (archive / "night5.json").write_text(json.dumps(hocus_report(range(10, 100, 10))))
    assert open_packages(archive).sizes["run"] == 6
    after = (archive / CATALOGUE).read_bytes()
    assert after.startswith(before)
    assert after[len(before) :].count(b"\n") == 1


def test_a_changed_run_is_read_again_and_a_deleted_one_is_gone(archive):
    open_packages(archive)
    (archive / "night0.json").unlink()
    (archive / "night1.json").write_text(json.dumps(hocus_report(range(10, 60, 10))))
    runs = open_packages(archive)
    assert runs.n_points.values.tolist() == [6, 6, 9, 9]


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "no json\n" + text,
        lambda text: text.replace('"metric":', '"nothing":'),
        lambda text: text.replace("[", "{"),
        lambda text: "[" * 100_000 + "\n" + text,
        lambda text: text.replace('"version":1', '"version":99'),
        lambda text: text.replace('"role":["sweep",', '"role":["sweep","sweep",'),
        lambda text: "\0" * 100,
    ],
)
def test_a_damaged_catalogue_costs_only_time(archive, damage):
    first = open_packages(archive).load()
    path = archive / CATALOGUE
    path.write_text(damage(path.read_text()))
    assert open_packages(archive).load().identical(first)


def test_a_catalogue_of_stale_lines_is_written_anew(archive, monkeypatch):
    monkeypatch.setattr("focusbench.af_packages.catalogue._SLACK", 3)
    for i in range(6):
        (archive / "night0.json").write_text(json.dumps(hocus_report(range(10, 60 + 10 * i, 10))))
        open_packages(archive)
    assert len((archive / CATALOGUE).read_text().splitlines()) < 12


def test_a_folder_may_stay_without_a_catalogue(archive):
    open_packages(archive, catalogue=False)
    assert not (archive / CATALOGUE).exists()


def test_a_wrong_file_is_named_and_the_others_are_read(archive):
    (archive / "torn.json").write_text('{"MeasurePoints": [')
    (archive / "empty.json").write_text(json.dumps(hocus_report([])))
    (archive / "readme.txt").write_text("nothing to see")
    with pytest.warns(UserWarning, match="2 files were not read, see attrs"):
        runs = open_packages(archive)
    assert runs.sizes["run"] == 5
    assert [line.count(".json") for line in runs.attrs["skipped"].splitlines()] == [1, 1]


def test_runs_of_unlike_definition_stand_side_by_side_with_a_warning(archive):
    make_csv(archive)
    with pytest.warns(UserWarning, match="measure 2 different things"):
        runs = open_packages(archive)
    assert runs.sizes["run"] == 6
    assert "differs" in runs.metric.attrs["definition"]
    assert runs.metric_name.values.tolist() == ["hfr_mean_radius"] * 5 + ["hfr"]
    # Each under its own name, and nowhere else.
    assert np.isnan(runs.hfr.values[:5]).all()
    assert np.isnan(runs.hfr_mean_radius.values[5]).all()


def test_two_rigs_in_one_folder_are_told_apart(archive):
    for i, profile in enumerate(
        ("76fc6e25-45b6-41fd-883c-64e23ecd12e8", "0" * 8 + "-0000" * 3 + "-" + "0" * 12)
    ):
        name = f"2026-03-01--21-30-0{i}--{profile}.json"
        (archive / f"night{i}.json").rename(archive / name)
    with pytest.warns(UserWarning, match="from 2 rigs, see the coordinate rig"):
        runs = open_packages(archive)
    assert (runs.rig != "").sum() == 2


def test_paths_of_every_kind_open_together(tmp_path, recorded):
    sources = [
        recorded,
        zip_package(recorded, tmp_path / "run.zip"),
        sgpro_pack(tmp_path / "pack", SWEEP),
        hocus_attempt(tmp_path / "run", range(25_013, 24_800, -25)),
        make_log(tmp_path),
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        runs = open_packages(sources)
    assert runs.format.values.tolist() == [
        "focusbench", "focusbench", "SGPro", "Hocus Focus", "SGPro",
    ]  # fmt: skip
    own = open_package(recorded).points
    np.testing.assert_array_equal(runs.used.values[0][:, :11], own.used.values)
    assert runs.source.values.tolist() == [str(path) for path in sources]
    assert not list(tmp_path.rglob(CATALOGUE))


def test_an_archive_of_our_own_packages_opens(tmp_path, run):
    from focusbench.af_packages import PackageRecorder

    recorder = PackageRecorder(tmp_path / "runs", keep="numbers")
    for _ in range(3):
        for event in run.events:
            recorder.record(event)
    runs = open_packages(tmp_path / "runs")
    assert runs.sizes["run"] == 3
    assert len(set(runs.run.values.tolist())) == 3
    assert set(runs.best_position.values.tolist()) == {10_247.2}
    assert open_packages(tmp_path / "runs").best_position.equals(runs.best_position)


def test_a_folder_of_runs_in_folders_is_looked_through(tmp_path):
    make_log(tmp_path / "a" if (tmp_path / "a").mkdir() is None else tmp_path)
    sgpro_pack(tmp_path / "b" / "c", SWEEP)
    with pytest.warns(UserWarning, match="different things"):
        runs = open_packages(tmp_path)
    assert runs.run.values.tolist() == ["sg_logfile_1.txt", "c"]


def test_runs_of_the_same_name_get_their_paths(tmp_path):
    for name in "ab":
        (tmp_path / name).mkdir()
        make_csv(tmp_path / name)
    runs = open_packages([tmp_path / "a" / "run.csv", tmp_path / "b" / "run.csv"])
    assert len(set(runs.run.values.tolist())) == 2


def test_an_executor_may_do_the_reading(archive):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(2) as pool:
        runs = open_packages(archive, executor=pool, catalogue=False)
    assert runs.run.values.tolist() == [f"night{i}.json" for i in range(5)]


def test_a_folder_without_runs_says_so(tmp_path):
    with pytest.raises(PackageError, match="There is no run in"):
        open_packages(tmp_path)
    (tmp_path / "torn.json").write_text("{")
    with pytest.raises(PackageError, match="damaged JSON"):
        open_packages(tmp_path)


def test_the_samples_open_through_the_front_door():
    runs = fb.open_packages(fb.sample_packages())
    assert set(runs.outcome.values.tolist()) <= {
        "FOCUSED",
        "LOWEST_POINTS",
        "NOT_FOCUSED",
        "LOST",
    }
    assert runs.sizes["run"] == len(fb.sample_packages())


def test_imported_runs_open_from_their_archive(archive, tmp_path):
    import_runs(archive, tmp_path / "out")
    one, other = open_packages(archive), open_packages(tmp_path / "out")
    np.testing.assert_array_equal(one.metric.values, other.metric.values)
    np.testing.assert_array_equal(one.fitted.values, other.fitted.values)
