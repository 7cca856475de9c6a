import numpy as np
import pytest

from focusbench.curve import Outcome
from focusbench.options import AutofocusOptions
from focusbench.tuning.prediction import planned_duration, predict_error
from focusbench.tuning.statistics import summarise
from focusbench.tuning.trials import OUTCOMES, Settings, Trials
from tests.tuning.model_rigs import make_rig

SETTINGS = Settings(50, 9, 3.0, 1)
OPTIONS = AutofocusOptions()


def make_trials(rig, n=400, *, errors=None, failed=None, seed=0):
    rng = np.random.default_rng(seed)
    draw = np.arange(n) % len(rig)
    sigma = predict_error(rig, SETTINGS.of(OPTIONS))
    error = sigma[draw] * rng.normal(size=n) if errors is None else errors(rng, draw)
    outcome = np.full(n, OUTCOMES.index(Outcome.FOCUSED))
    if failed is not None:
        outcome[failed(rng, draw)] = OUTCOMES.index(Outcome.NOT_FOCUSED)
    penalty = 1.04 * (error / 80) ** 2
    duration = planned_duration(rig, SETTINGS.of(OPTIONS))[draw]
    return Trials(SETTINGS, draw, error, penalty, outcome, duration, np.full(n, 9))


def test_a_rig_known_exactly_leaves_only_the_trials_own_uncertainty():
    rig = make_rig()
    error = summarise(rig, OPTIONS, make_trials(rig))["error_rms"]
    sigma = float(predict_error(rig, SETTINGS.of(OPTIONS))[0])
    assert error.low < sigma < error.high
    # 400 runs tell their scatter to 3.5 %.
    assert error.high / error.low == pytest.approx(np.exp(2 * 1.645 * 0.035), rel=0.05)


def test_a_rig_known_less_gives_a_wider_interval():
    spread = {"scatter": 0.03 * np.exp(0.3 * np.random.default_rng(1).normal(size=100))}
    known, unknown = make_rig(100), make_rig(100, spread=spread)
    widths = []
    for rig in (known, unknown):
        error = summarise(rig, OPTIONS, make_trials(rig))["error_rms"]
        widths.append(error.high / error.low)
    assert widths[1] > 1.3 * widths[0]


def test_an_error_that_the_formula_does_not_know_is_learned_from_the_trials():
    # Errors twice as long as predicted, and more where the scatter is larger.
    scatter = 0.03 * np.exp(0.3 * np.random.default_rng(1).normal(size=100))
    rig = make_rig(100, spread={"scatter": scatter})
    sigma = predict_error(rig, SETTINGS.of(OPTIONS))
    true = 2 * sigma * (scatter / 0.03) ** 0.5
    trials = make_trials(rig, errors=lambda rng, draw: true[draw] * rng.normal(size=len(draw)))
    error = summarise(rig, OPTIONS, trials)["error_rms"]
    low, high = np.quantile(true, [0.05, 0.95])
    assert error.value == pytest.approx(np.median(true), rel=0.1)
    assert error.low == pytest.approx(low, rel=0.12)
    assert error.high == pytest.approx(high, rel=0.12)


def test_no_failure_in_400_runs_means_about_one_per_cent_at_most():
    rig = make_rig()
    failure = summarise(rig, OPTIONS, make_trials(rig))["failure_rate"]
    assert (failure.value, failure.low) == (0, 0)
    assert 0.002 < failure.high < 0.012


def test_failures_that_some_draws_have_widen_the_interval():
    scatter = np.where(np.arange(100) < 30, 0.06, 0.02)
    rig = make_rig(100, spread={"scatter": scatter})
    evenly = make_trials(rig, failed=lambda rng, draw: rng.random(len(draw)) < 0.12)
    some = make_trials(
        rig, failed=lambda rng, draw: (scatter[draw] > 0.05) & (rng.random(len(draw)) < 0.4)
    )
    same, other = (summarise(rig, OPTIONS, t)["failure_rate"] for t in (evenly, some))
    assert same.value == pytest.approx(other.value, abs=0.03)
    assert other.high - other.low > 1.5 * (same.high - same.low)
    assert other.high > 0.3


def test_runs_that_failed_do_not_count_in_the_error_but_are_never_in_the_zone():
    rig = make_rig()
    trials = make_trials(rig, failed=lambda rng, draw: np.arange(len(draw)) % 4 == 0)
    figures = summarise(rig, OPTIONS, trials)
    assert figures["failure_rate"].value == 0.25
    assert figures["in_zone_rate"].value == 0.75
    assert figures["in_zone_rate"].low < 0.75 < figures["in_zone_rate"].high


def test_without_any_focus_there_is_no_error_to_state():
    rig = make_rig()
    trials = make_trials(rig, failed=lambda rng, draw: np.full(len(draw), True))
    assert np.isnan(summarise(rig, OPTIONS, trials)["error_rms"].value)


def test_the_duration_is_that_of_the_trials():
    overhead = np.linspace(0.4, 0.8, 100)
    rig = make_rig(100, spread={"overhead_s": overhead})
    duration = summarise(rig, OPTIONS, make_trials(rig))["duration_s"]
    planned = planned_duration(rig, SETTINGS.of(OPTIONS))
    assert duration.value == pytest.approx(planned.mean(), rel=0.01)
    assert [duration.low, duration.high] == pytest.approx(np.quantile(planned, [0.05, 0.95]))
