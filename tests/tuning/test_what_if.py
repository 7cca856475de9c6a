"""Tables of replays, and whether their scatter is what was predicted."""

import numpy as np
import pytest

import focusbench as fb
from focusbench.errors import NotInPackage, OptionsError
from focusbench.tuning import (
    ReplayPoints,
    every_sweep,
    pooled_ratio,
    replay_scatter,
)


@pytest.fixture(scope="module")
def good():
    path = next(path for path in fb.sample_packages() if path.stem == "good")
    return ReplayPoints(fb.open_package(path))


def test_each_variation_is_a_row_that_says_what_came_of_it(good):
    table = fb.what_if(
        good,
        [
            {},
            {"step_size": 120, "data_points": 5},
            {"step_size": 70},
            {"exposure_s": 30.0},
            {"curve": "two_lines", "seed": 3},
        ],
    )
    assert table.answered.values.tolist() == [True, True, False, False, True]
    assert table.step_size.values.tolist() == [60, 120, 70, 60, 60]
    assert table.curve.values.tolist() == ["auto"] * 4 + ["two_lines"]
    # Where focus was found when the sample was taken: of ± 3 steps, `auto` has moved by 0.002.
    best = good.package.record.best_position
    assert table.best_position.values[0] == pytest.approx(best, abs=0.03)
    assert table.off_reference.values[0] == pytest.approx(0, abs=0.03)
    assert table.n_points.values[:2].tolist() == [9, 5]
    assert "no frame at" in str(table.why.values[2])
    assert "exposed 3 s" in str(table.why.values[3])
    assert np.isnan(table.best_position.values[2:4]).all()
    assert table.duration_s.values[1] < table.duration_s.values[0]


def test_a_variation_that_is_no_option_is_refused(good):
    with pytest.raises(OptionsError, match="stepsize"):
        fb.what_if(good, [{"stepsize": 3}])


def test_every_sweep_that_the_positions_allow_is_found(good):
    """9 positions: n points of a step k times the run's own fit in 9 − (n − 1)·k places."""
    found = [(s["step_size"] // 60, s["data_points"]) for s in every_sweep(good)]
    expected = {
        (k, n): 9 - (n - 1) * k for k in range(1, 9) for n in range(3, 10) if (n - 1) * k < 9
    }
    assert {cell: found.count(cell) for cell in expected} == expected
    assert len(found) == sum(expected.values())


def test_all_sweeps_that_are_found_are_answered(good):
    table = fb.what_if(good, every_sweep(good, data_points=(5, 7)))
    assert table.answered.all()
    assert (table.n_points == table.data_points).all()


def test_fractions_of_the_step_are_found_where_positions_lie_between(tmp_path):
    table = tmp_path / "run.csv"
    positions = [0, 10, 20, 25, 30, 35, 40, 50]
    table.write_text("position,hfr\n" + "".join(f"{p},{2 + abs(p - 30) / 9}\n" for p in positions))
    sweeps = every_sweep(fb.open_package(table), data_points=(5,))
    assert (5, 30) in {(s["step_size"], s["start"]) for s in sweeps}
    assert {s["step_size"] for s in sweeps} == {5, 10}


def test_sweeps_of_the_newtonian_scatter_as_predicted_within_a_factor_of_one_and_a_half(
    shared_data,
):
    table = replay_scatter(fb.open_package(shared_data / "newton-through-focus"))
    assert int(table.n_focused.sum()) > 150
    assert (table.n_focused == table.n_sweeps).all()
    assert 1 / 1.5 < pooled_ratio(table, "stated") < 1.5
    assert 1 / 1.5 < pooled_ratio(table, "formula") < 1.5
    assert (table.scatter < 0.6).all()  # steps; the best of all points is right to one


def test_a_run_sampled_thinly_has_no_sweeps_to_compare(good):
    with pytest.raises(NotInPackage, match="too thinly"):
        replay_scatter(good, data_points=(9,))
