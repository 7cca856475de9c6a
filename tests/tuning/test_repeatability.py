"""Run-to-run noise against stated errors, apart from drift and bad runs."""

import numpy as np
import pytest

import focusbench as fb
from focusbench.errors import OptionsError


def runs(n=30, ratio=1.0, drift=0.0, nights=3, seed=1):
    rng = np.random.default_rng(seed)
    night = np.sort(np.arange(n) % nights)
    hours = 24.0 * night + 0.5 * np.arange(n)
    y = 9000 + 15 * rng.normal(size=nights)[night] + drift * (hours - 24 * night)
    return {
        "best_position": y + 4 * ratio * rng.normal(size=n),
        "best_position_error": np.full(n, 4.0),
        "started": 1.7e9 + 3600 * hours,
    }


def test_honest_errors_are_believable():
    found = fb.repeatability(runs())
    assert found.error_bars == "believable"
    assert found.interval_95[0] < 1 < found.interval_95[1]
    assert "The stated errors are believable" in found.sentence


@pytest.mark.parametrize(("ratio", "verdict"), [(2.5, "too short"), (0.4, "too long")])
def test_errors_that_are_not_honest_are_told(ratio, verdict):
    found = fb.repeatability(runs(n=40, ratio=ratio))
    assert found.error_bars == verdict
    assert found.interval_95[0] < ratio < found.interval_95[1]
    assert found.noise == pytest.approx(4 * found.ratio)


def test_drift_is_not_taken_for_noise():
    found = fb.repeatability(runs(n=40, drift=15.0))
    assert found.error_bars == "believable"
    assert found.drift_per_hour > 5


def test_a_bad_run_is_left_out_and_said():
    table = runs()
    table["best_position"][7] += 200
    found = fb.repeatability(table)
    assert found.n_far_off == 1
    assert found.error_bars == "believable"
    assert found.sentence.endswith("1 run lies far off and is left out.")


def test_few_runs_cannot_tell():
    found = fb.repeatability(runs(n=5, nights=1))
    assert found.error_bars == "cannot tell yet"


def test_runs_without_a_companion_in_their_night_are_too_few():
    with pytest.raises(OptionsError, match="two or more in a session"):
        fb.repeatability(runs(n=6, nights=6))


def test_the_density_is_a_dataset():
    density = fb.repeatability(runs()).dataset.density
    assert density.dims == ("ratio",)
    assert 0.8 < float(density.idxmax("ratio")) < 1.3
