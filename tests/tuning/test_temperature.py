"""Focus against temperature and filter: truth found, few runs admitted, bad runs let go."""

import math

import numpy as np
import pytest

import focusbench as fb
from focusbench.errors import OptionsError
from focusbench.options import FilterTable

OFFSETS = {"L": 0.0, "R": 40.0, "Ha": -25.0}


def runs(n=30, slope=20.0, span=8.0, filters=("L",), scatter=3.0, seed=1, nights=1, apart=0.0):
    """Runs of several nights, with stated errors of 4 steps."""
    rng = np.random.default_rng(seed)
    t = rng.uniform(4, 4 + span, n)
    night = np.sort(np.arange(n) % nights)
    which = np.array(filters)[rng.permutation(np.arange(n) % len(filters))]
    y = 9000 + slope * (t - 8) + np.array([OFFSETS[name] for name in which])
    y += apart * rng.normal(size=nights)[night] + np.hypot(4, scatter) * rng.normal(size=n)
    return {
        "best_position": y,
        "best_position_error": np.full(n, 4.0),
        "temperature": t,
        "filter": which,
        "started": 1.7e9 + 86_400 * night + 1200 * np.arange(n),
    }


def holds(interval, truth):
    return interval[0] <= truth <= interval[1]


def test_slope_and_filter_offsets_are_found():
    model = fb.fit_temperature(runs(filters=("L", "R", "Ha")), reference="L")
    assert model.verdict == "explains"
    assert model.p_value < 0.01
    assert holds(model.interval_95, 20)
    for name, truth in OFFSETS.items():
        assert holds(model.filter_offsets[name].interval_95, truth)
    assert model.filter_offsets["L"].error == 0
    assert model.scatter < 0.3 * model.scatter_without
    assert "steps per °C" in model.sentence


def test_a_few_runs_cannot_tell():
    model = fb.fit_temperature(runs(n=5, slope=4, span=2, scatter=10, seed=2))
    assert model.verdict == "cannot tell yet"
    assert model.sentence.startswith("Cannot tell yet")


def test_many_runs_can_tell_that_temperature_does_not_matter():
    model = fb.fit_temperature(runs(n=60, slope=0))
    assert model.verdict == "does not matter"


def test_a_bad_run_does_not_turn_the_line():
    table = runs()
    clean = fb.fit_temperature(table)
    table["best_position"] = table["best_position"].copy()
    table["best_position"][np.argmax(table["temperature"])] -= 300
    model = fb.fit_temperature(table)
    assert holds(model.interval_95, 20)
    assert abs(model.steps_per_c - clean.steps_per_c) < 1.5
    assert model.dataset.weight.min() < 0.05


def test_a_run_far_from_the_model_is_to_be_made_again():
    model = fb.fit_temperature(runs())
    expected = model.predict(8.0, error=4.0)
    assert holds(expected.interval_95, 9000)
    check = model.check(9080, 4.0, temperature_c=8.0)
    assert check.off
    assert check.sentence == f"{check.sigma:.0f} σ off your model (out): run again."
    assert not model.check(9003, 4.0, temperature_c=8.0).off


def test_further_from_the_runs_the_prediction_is_less_sure():
    model = fb.fit_temperature(runs())
    assert model.predict(30.0).error > 2 * model.predict(8.0).error


def test_nights_that_differ_do_not_make_the_slope_look_sure():
    table = runs(nights=4, apart=60)
    told = fb.fit_temperature(table)
    assert holds(told.interval_95, 20)
    assert told.session_spread > 20
    assert told.steps_per_c_error < fb.fit_temperature(table, by_session=False).steps_per_c_error


def test_without_temperatures_offsets_are_found_all_the_same():
    table = runs(filters=("L", "R"), slope=0)
    del table["temperature"]
    model = fb.fit_temperature(table, reference="L")
    assert math.isnan(model.steps_per_c)
    assert holds(model.filter_offsets["R"].interval_95, 40)
    assert holds(model.predict(filter="R").interval_95, 9040)


def test_a_filter_used_at_one_temperature_each_leaves_slope_and_offset_apart():
    table = runs(n=8, filters=("L", "R"))
    table["temperature"] = np.where(table["filter"] == "L", 5.0, 9.0)
    assert not fb.fit_temperature(table).has_temperature


def test_too_few_runs_are_refused_with_the_number_needed():
    with pytest.raises(OptionsError, match=r"3 focused runs are too few .* 4 are needed"):
        fb.fit_temperature(runs(n=3))


def test_offsets_become_the_focus_points_of_the_options():
    model = fb.fit_temperature(runs(filters=("L", "R")), reference="L")
    rows = {"L": {"exposure_s": 2, "focus_point": 8000}, "R": {"focus_point": 8000}}
    (doubt,) = model.filter_offsets.doubts(FilterTable(rows))
    assert doubt.startswith("R is set +0 steps against L, the runs say +")
    table = model.filter_table(FilterTable(rows))
    shift = table["R"].focus_point - table["L"].focus_point
    assert abs(shift - model.filter_offsets["R"].offset) <= 1
    assert table["L"].exposure_s == 2
    assert model.filter_offsets.doubts(table) == ()
    options = fb.AutofocusOptions(filters=table, adjust_focus_per_filter=True)
    assert options.focus_shift("L", "R") == shift


def test_many_opened_packages_are_a_table():
    runs = fb.open_packages(fb.sample_packages(), catalogue=False)
    model = fb.fit_temperature(runs)
    n_focused = int((runs.outcome == "FOCUSED").sum())
    assert 10 < n_focused == len(model.table)
    assert model.table.n_left_out == runs.sizes["run"] - n_focused
    assert set(model.dataset.dims) == {"run", "filter_name", "model_temperature"}


def test_intervals_of_few_runs_hold_the_truth():
    # Fewer than 27 of 30 happen in 6 % of such tests where 95 % is true; the seeds are fixed.
    models = [fb.fit_temperature(runs(n=8, seed=i)) for i in range(60)]
    assert sum(holds(model.interval_95, 20) for model in models) >= 54
