"""One run as xarray: the schema that notebooks and studies rely on."""

import numpy as np
import pytest
import xarray as xr

from focusbench.af_packages import open_package
from focusbench.curve import Rejected


@pytest.fixture
def points(recorded):
    return open_package(recorded).points


def test_dimensions_and_coordinates_are_those_of_the_schema(points):
    assert points.sizes == {"point": 11, "curve": 4}
    assert set(points.coords) == {"position", "time", "temperature", "sweep", "role", "curve"}
    assert list(points.curve.values) == ["auto", "two_lines", "parabola", "hyperbola"]
    assert {
        "metric",
        "metric_error",
        "metric_scatter",
        "hfr",
        "hfr_mean_radius",
        "n_stars",
        "rejected",
        "reason",
        "used",
        "fitted",
        "best_position",
        "best_position_error",
    } == set(points.data_vars)
    assert points.used.dims == points.fitted.dims == ("curve", "point")
    assert points.best_position.dims == points.best_position_error.dims == ("curve",)


def test_every_variable_has_a_long_name_and_units(points):
    for name, variable in points.variables.items():
        assert variable.attrs["long_name"], name
        assert variable.attrs["units"], name
        assert variable.dtype.kind in "fiU", name


def test_numbers_stay_numbers_when_runs_of_unlike_length_stand_side_by_side(points):
    short = points.isel(point=slice(4))
    labelled = [run.assign_coords(point=range(run.sizes["point"])) for run in (points, short)]
    runs = xr.concat(labelled, "run", join="outer")
    texts = {"role", "reason", "curve"}
    assert {v.dtype.kind for name, v in runs.variables.items() if name not in texts} <= {"f", "i"}
    assert points.rejected.dtype == points.used.dtype == np.int8


def test_the_deciding_metric_stands_under_its_own_name_and_says_what_it_is(points):
    np.testing.assert_array_equal(points.hfr, points.metric)
    assert "half" in points.hfr.definition.lower()
    assert points.metric.definition == points.hfr.definition
    assert points.hfr_mean_radius.definition != points.hfr.definition
    np.testing.assert_allclose(points.hfr_mean_radius[1], 1.06 * points.hfr[1])


def test_the_readme_line_draws_the_v_curve(points):
    pytest.importorskip("matplotlib").use("Agg")
    (line,) = points.hfr.plot.line("o", x="position")
    np.testing.assert_array_equal(line.get_xdata(), points.position)


def test_what_is_unknown_is_nan_and_says_why(points):
    assert np.isnan(points.metric[0])
    assert np.isnan(points.metric_error[0])
    assert points.n_stars[0] == 3
    assert points.rejected[0] == Rejected.FEW_STARS
    assert str(points.reason[0].item()) == "3 stars, 5 needed"
    assert points.rejected.flag_meanings.split() == ["few_stars", "outlier", "lag", "quality"]
    assert list(points.rejected.flag_masks) == [1, 2, 4, 8]


def test_the_validation_frame_is_a_point_that_no_curve_used(points):
    assert list(points.role.values[[0, 4, -1]]) == ["sweep", "extension", "validation"]
    assert points.used.isel(point=-1).sum() == 0
    # The record's curve was fitted to four points of the second sweep.
    assert points.used.sel(curve="auto").values.tolist() == [0] * 5 + [1, 1, 1, 1, 0] + [0]


def test_best_focus_stands_on_curve_where_the_curve_found_one(points):
    assert points.best_position.sel(curve="auto") == 10_247.2
    assert points.best_position_error.sel(curve="auto") == 1.9
    assert np.isnan(points.best_position.sel(curve="two_lines"))
    assert np.isnan(points.best_position.sel(curve="parabola"))


def test_attributes_are_texts_and_numbers(points, recorded):
    assert points.attrs["outcome"] == "FOCUSED"
    assert points.attrs["best_position"] == 10_247.2
    assert points.attrs["diagnosis"].startswith("Best focus 10247")
    assert points.attrs["source"] == str(recorded)
    assert points.attrs["metric"] == "hfr"
    assert points.attrs["time_ordered"] == 1
    assert all(isinstance(value, str | int | float) for value in points.attrs.values())


def test_time_decodes_to_dates(points):
    decoded = xr.decode_cf(points)
    assert str(decoded.time[0].values)[:19] == "2026-11-23T20:15:03"


def test_a_foreign_run_has_the_same_shape_and_its_curves_drawn(tmp_path):
    path = tmp_path / "run.csv"
    rows = "".join(f"{100 + 10 * i},{2 + abs(i - 4)}\n" for i in range(9))
    path.write_text("position,fwhm\n" + rows)
    points = open_package(path).points
    assert points.sizes == {"point": 9, "curve": 4}
    np.testing.assert_array_equal(points.fwhm, points.metric)
    assert points.attrs["outcome"] == open_package(path).best().outcome
    assert np.isnan(points.time).all()
    assert np.isfinite(points.fitted.sel(curve="hyperbola")).all()
    # A perfect V of slope 0.1 around 140.
    assert points.best_position.sel(curve="two_lines") == pytest.approx(140, abs=0.5)


def test_a_run_without_points_is_a_dataset_without_points(run, recorded):
    first = (recorded / "events.jsonl").read_bytes().splitlines(keepends=True)[0]
    (recorded / "manifest.json").unlink()
    (recorded / "events.jsonl").write_bytes(first)
    points = open_package(recorded).points
    assert points.sizes == {"point": 0, "curve": 4}
    assert points.attrs["outcome"] == "FAILED"
