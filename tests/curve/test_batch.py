import math

import numpy as np
import pytest

from focusbench.curve import FocusPoint, find_best_focus, fit_autos, fit_hyperbolas
from focusbench.errors import OptionsError

STEP = 60.0


@pytest.fixture(scope="module")
def runs(mixed_run):
    """Runs of 5 to 9 points with errors, as ragged tables filled up with NaN, and one by one."""
    rng = np.random.default_rng(4)
    alone = [mixed_run(rng, n)[0] for n in (9, 5, 7, 9, 8, 6, 9, 9)]
    tables = np.full((3, len(alone), 9), math.nan)
    for run, points in enumerate(alone):
        for i, p in enumerate(points):
            tables[:, run, i] = p.position, p.metric, p.error
    return alone, tables


def test_many_hyperbolas_are_those_of_each_run_alone(runs):
    alone, (x, y, error) = runs
    batch = fit_hyperbolas(x, y, error)
    for run, points in enumerate(alone):
        fit = find_best_focus(points, step_size=STEP).fits["hyperbola"]
        assert batch.best_position[run] == pytest.approx(fit.best_position, abs=1e-9)
        assert batch.best_position_error[run] == pytest.approx(fit.best_position_error)
        assert batch.minimum[run] == pytest.approx(fit.expected_metric)
        assert batch.b[run] == pytest.approx(fit.parameters["b"])


def test_a_hyperbola_has_the_vertex_that_scipy_finds(runs):
    from scipy.optimize import curve_fit

    def curve(x, x0, a, q):
        return np.hypot(a, q * (x - x0))

    _, (x, y, error) = runs
    batch = fit_hyperbolas(x, y, error)
    for run in np.flatnonzero(batch.ok):
        there = np.isfinite(y[run])
        start = [batch.best_position[run] + 5, 1.1 * batch.minimum[run], 0.02]
        found, _ = curve_fit(
            curve, x[run, there], y[run, there], start, error[run, there], xtol=1e-12, ftol=1e-12
        )
        # 10⁻⁴ of a step is far below what any focuser can do.
        assert batch.best_position[run] == pytest.approx(found[0], abs=1e-4)


def test_many_runs_of_auto_are_those_of_each_run_alone(runs):
    alone, (x, y, error) = runs
    batch = fit_autos(x, y, error, step_size=STEP)
    for run, points in enumerate(alone):
        fit = find_best_focus(points, step_size=STEP).fits["auto"]
        assert batch.best_position[run] == pytest.approx(fit.best_position, abs=1e-9)
        assert batch.best_position_error[run] == pytest.approx(fit.best_position_error)
        assert batch.ok[run] == fit.ok


def test_positions_may_be_the_same_for_all_runs():
    x = np.array([1240.0, 1180, 1120, 1060, 1000, 940, 880])
    truth = np.array([1040.0, 1070])
    y = 2 * np.hypot(1, (x - truth[:, None]) / 80)
    for fit in (fit_hyperbolas, lambda x, y: fit_autos(x, y, step_size=60)):
        batch = fit(x, y)
        assert batch.ok.all()
        np.testing.assert_allclose(batch.best_position, truth, atol=0.5)


def test_a_run_that_cannot_be_fitted_is_nan_and_the_others_stay():
    x = np.array([240.0, 180, 120, 60, 0, -60])
    good = 2 * np.hypot(1, (x - 90) / 80)
    empty, flat = np.full(6, math.nan), np.full(6, 2.0)
    two = np.where(np.arange(6) < 2, good, math.nan)
    zero = np.zeros(6)
    for batch in (
        fit_hyperbolas(x, [empty, two, zero, good, flat]),
        fit_autos(x, [empty, two, zero, good, flat], step_size=60),
    ):
        assert np.isnan(batch.best_position[:3]).all()
        assert batch.ok.tolist() == [False, False, False, True, False]
        assert batch.best_position[3] == pytest.approx(90, abs=1)


def test_missing_points_may_stand_anywhere():
    x = np.array([240.0, 180, 120, 60, 0, -60, -120])
    y = 2 * np.hypot(1, (x - 70) / 80)
    holes = np.insert(y, [0, 3], math.nan)
    batch = fit_autos(np.insert(x, [0, 3], math.nan), holes[None], step_size=60)
    points = [FocusPoint(p, m) for p, m in zip(x, y, strict=True)]
    alone = find_best_focus(points, step_size=60).best_position
    assert batch.best_position[0] == pytest.approx(alone, abs=1e-9)


def test_a_run_tells_the_same_among_others_that_begin_with_reversals_of_their_own(mixed_run):
    rng = np.random.default_rng(8)
    points = mixed_run(rng, 9)[0]
    extended = [*points[2:], *points[:2]]
    x, y, error = (
        np.array([[getattr(p, name) for p in run] for run in (points, extended)], dtype=float)
        for name in ("position", "metric", "error")
    )
    batch = fit_autos(x, y, error, step_size=STEP)
    for run, of_run in enumerate((points, extended)):
        alone = find_best_focus(of_run, step_size=STEP).fits["auto"]
        assert batch.best_position[run] == pytest.approx(alone.best_position, abs=1e-9)
        assert batch.best_position_error[run] == pytest.approx(alone.best_position_error)


def test_tables_that_do_not_go_together_are_refused():
    with pytest.raises(OptionsError, match=r"\(2, 5\)"):
        fit_hyperbolas(np.zeros(4), np.ones((2, 5)))
    with pytest.raises(OptionsError, match="step_size"):
        fit_autos(np.zeros(5), np.ones((2, 5)), step_size=0)
