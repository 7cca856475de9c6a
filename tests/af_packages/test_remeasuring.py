"""Frames of runs measured anew: the same numbers everywhere, and nothing measured twice."""

import json
import shutil
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

from focusbench.af_packages import (
    Settings,
    import_runs,
    measured_anew,
    open_package,
    open_packages,
    remeasure,
    remeasuring,
)
from focusbench.af_packages.finding import REMEASURED
from focusbench.errors import OptionsError, PackageError
from tests.af_packages.foreign import sgpro_pack
from tests.af_packages.test_import import make_csv
from tests.conftest import ROOT

SAMPLES = ROOT / "data" / "sample_packages"


@pytest.fixture
def archive(tmp_path):
    folder = tmp_path / "archive"
    folder.mkdir()
    for name in ("good", "outlier"):
        shutil.copy(SAMPLES / f"{name}.zip", folder)
    return folder


@pytest.fixture(scope="module")
def in_process(tmp_path_factory):
    """What the two give at a minimum of 10 px, measured one after the other."""
    folder = tmp_path_factory.mktemp("alone")
    for name in ("good", "outlier"):
        shutil.copy(SAMPLES / f"{name}.zip", folder)
    return remeasure(folder, min_star_diameter_px=10).load()


def same(runs, others):
    """The same numbers; paths may differ."""
    for name in runs.data_vars:
        np.testing.assert_array_equal(runs[name].values, others[name].values, err_msg=name)


@pytest.mark.parametrize("name", ["good", "outlier", "step_too_small"])
def test_its_own_settings_give_the_run_again(name):
    package = open_package(SAMPLES / f"{name}.zip")
    again = measured_anew(package)
    np.testing.assert_array_equal(
        [p.metric for p in again.focus_points], [p.metric for p in package.focus_points]
    )
    assert [p.rejected for p in again.focus_points] == [p.rejected for p in package.focus_points]
    assert again.decided.best_position == package.decided.best_position
    assert again.record.outcome == package.record.outcome
    assert again.record.validation == package.record.validation


def test_a_run_that_took_galaxies_for_stars_is_saved_by_measuring_it_anew():
    # Measured during the run by a program that tells no galaxy; its index names the truth.
    index = json.loads((SAMPLES / "index.json").read_text())
    (about,) = (p for p in index["packages"] if p["file"] == "galaxy.zip")
    package = open_package(SAMPLES / "galaxy.zip")
    again = measured_anew(package)
    assert package.record.outcome == "NOT_FOCUSED"
    assert again.record.outcome == "FOCUSED"
    off = again.decided.best_position - about["true_best_focus"]
    assert abs(off) < 3 * again.decided.best_position_error


def test_other_settings_are_in_the_numbers_the_options_and_the_notes():
    package = open_package(SAMPLES / "good.zip")
    again = measured_anew(package, Settings("hfr_mean_radius", min_stars=5, crop_percent=20))
    assert (again.metric, again.options.metric) == ("hfr_mean_radius", "hfr_mean_radius")
    assert again.points.attrs["definition"].startswith("Mean distance")
    assert again.options.min_stars == 5
    assert again.focus_points[0].n_stars < package.focus_points[0].n_stars
    assert "Measured anew with metric hfr_mean_radius, 20 % crop" in again.notes[-1]
    assert package.metric == "hfr"


def test_runs_open_side_by_side_as_open_packages_gives_them(archive, in_process):
    stored = open_packages(archive)
    assert set(in_process.variables) == set(stored.variables)
    assert in_process.sizes == stored.sizes
    assert in_process.attrs["settings"] == "10 px minimum"
    assert (in_process.n_stars.sum("point") < stored.n_stars.sum("point")).all()
    assert np.isfinite(in_process.fitted.sel(curve="auto").values[:, :9]).all()
    assert in_process.used.values.sum() > 0


def test_threads_give_the_same_numbers_and_tell_how_far_they_are(archive, in_process):
    told = []
    with ThreadPoolExecutor(2) as pool:
        runs = remeasure(
            archive,
            min_star_diameter_px=10,
            executor=pool,
            progress=lambda n, of: told.append((n, of)),
        )
    same(runs, in_process)
    assert told == [(1, 2), (2, 2)]


def test_processes_give_the_same_numbers(archive, in_process):
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        same(remeasure(archive, min_star_diameter_px=10, executor=pool), in_process)


@pytest.mark.filterwarnings("ignore")  # of dask's own
def test_a_dask_cluster_gives_the_same_numbers(archive, in_process):
    distributed = pytest.importorskip(
        "distributed", reason="dask is not installed: pip install 'focusbench[cluster]'"
    )
    cluster = distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
    )
    with cluster, distributed.Client(cluster) as client:
        runs = remeasure(archive, min_star_diameter_px=10, executor=client.get_executor())
    same(runs, in_process)


def nothing_is_measured(monkeypatch):
    monkeypatch.setattr(
        remeasuring, "_measure_source", lambda *_: pytest.fail("a run was measured again")
    )


def test_what_was_measured_is_remembered_beside_the_archive(archive, in_process, monkeypatch):
    first = remeasure(archive, min_star_diameter_px=10)
    assert len((archive / REMEASURED).read_text().splitlines()) == 2
    nothing_is_measured(monkeypatch)
    again = remeasure(archive, min_star_diameter_px=10)
    same(again, first)
    # Opening the archive sees nothing of it.
    assert open_packages(archive).sizes["run"] == 2


class Interrupted(Exception):
    pass


class OneAndNoMore:
    """An executor that is taken away after one run."""

    def __init__(self):
        self.n = 0

    def submit(self, work, *arguments):
        future = Future()
        self.n += 1
        if self.n == 1:
            future.set_result(work(*arguments))
        else:
            future.set_exception(Interrupted())
        return future


def test_an_interrupted_session_goes_on_where_it_ended(archive, in_process, monkeypatch):
    with pytest.raises(Interrupted):
        remeasure(archive, min_star_diameter_px=10, executor=OneAndNoMore())
    lines = (archive / REMEASURED).read_text().splitlines()
    # A line that was being written when the power went.
    (archive / REMEASURED).write_text("\n".join([*lines, '{"version":2,"sour']) + "\n")
    measured = []
    original = remeasuring._measure_source
    monkeypatch.setattr(
        remeasuring, "_measure_source", lambda p, s: measured.append(p.name) or original(p, s)
    )
    same(remeasure(archive, min_star_diameter_px=10), in_process)
    assert len(measured) == 2 - len(lines)


def test_other_settings_and_changed_runs_are_measured_again(tmp_path, monkeypatch):
    folder = tmp_path / "night"
    pack = sgpro_pack(folder / "pack", (640, 630, 620, 610, 600, 590))
    measured = []
    original = remeasuring._measure_source
    monkeypatch.setattr(
        remeasuring, "_measure_source", lambda p, s: measured.append(s) or original(p, s)
    )
    for settings in ({}, {"crop_percent": 10}, {}, {"crop_percent": 10}):
        remeasure(folder, **settings)
    assert len(measured) == 2
    (pack / "AF_05.fit").unlink()
    assert remeasure(folder).n_points.values.tolist() == [5]
    assert len(measured) == 3


def test_the_results_may_lie_elsewhere(archive, tmp_path, monkeypatch):
    results = tmp_path / "results.jsonl"
    first = remeasure(archive / "good.zip", min_star_diameter_px=10, results=results)
    assert not (archive / REMEASURED).exists()
    nothing_is_measured(monkeypatch)
    same(remeasure(archive / "good.zip", min_star_diameter_px=10, results=results), first)


def test_a_damaged_memory_costs_only_time(tmp_path):
    folder = tmp_path / "night"
    sgpro_pack(folder / "pack", (640, 630, 620, 610, 600))
    first = remeasure(folder).load()
    path = folder / REMEASURED
    path.write_text(path.read_text().replace('"fitted":[[', '"fitted":[[1,'))
    same(remeasure(folder), first)


def test_foreign_frames_are_measured_and_runs_without_frames_are_named(tmp_path):
    folder = tmp_path / "night"
    sgpro_pack(folder / "pack", (640, 630, 620, 610, 600))
    make_csv(folder)
    with pytest.warns(UserWarning, match="1 file was not read"):
        runs = remeasure(folder, metric="hfr_mean_radius")
    assert runs.run.values.tolist() == ["pack"]
    assert runs.metric_name.values.tolist() == ["hfr_mean_radius"]
    assert "has no frames to measure" in runs.attrs["skipped"]
    with pytest.raises(PackageError, match="has no frames to measure"):
        remeasure(folder / "run.csv")


def test_an_imported_run_is_measured_like_its_frames(tmp_path):
    pack = sgpro_pack(tmp_path / "pack", (640, 630, 620, 610, 600))
    (run,) = import_runs(pack, tmp_path / "out").runs
    one = remeasure(pack, crop_percent=10, results=tmp_path / "a.jsonl")
    other = remeasure(run.package, crop_percent=10, results=tmp_path / "b.jsonl")
    np.testing.assert_array_equal(one.metric.values, other.metric.values)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"min_star_diameter_px": -1}, "min_star_diameter_px"),
        ({"metric": "sharpness"}, "metric"),
        ({"crop_percent": 120}, "crop_percent"),
        ({"min_stars": 0}, "min_stars"),
    ],
)
def test_a_setting_that_no_run_may_have_is_refused_before_anything_is_measured(
    archive, settings, named
):
    with pytest.raises(OptionsError) as refused:
        remeasure(archive, **settings)
    assert refused.value.field == named


def test_a_log_tells_where_the_frames_of_many_packs_were_taken(tmp_path):
    from datetime import UTC, datetime, timedelta

    sweep = (640, 630, 620, 610, 600)
    folder = tmp_path / "night"
    sgpro_pack(folder / "pack", sweep, header_position=None)
    lines = [
        f"[{datetime.fromtimestamp(1.7e9 + 20 * i - 8, UTC) + timedelta(hours=1):%Y-%m-%d %H:%M:%S}"
        f"] [DEBUG] [AF] Focuser moving to {position}\n"
        for i, position in enumerate(sweep)
    ]
    log = tmp_path / "log.txt"
    log.write_text("".join(lines))
    first = open_packages(folder, log=log)
    assert first.position.values.tolist() == [list(sweep)]
    # The catalogue tells a log's positions from others.
    log.write_text("".join(lines).replace("to 6", "to 7"))
    assert open_packages(folder, log=log).position.values[0, 0] == 740
