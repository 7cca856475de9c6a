"""The default simulated rig, a hundred times: does the whole path end at the true focus?"""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

import focusbench as fb


def one_run(seed):
    """Outcome, error in step sizes, and fewest stars of one run with its own seed and offset."""
    start = 10_250 + int(np.random.default_rng(1000 + seed).integers(-120, 121))
    rig = fb.simulated_rig(best_focus=10_250, obstruction=0.3, seed=seed, start=start)
    options = fb.AutofocusOptions()
    record = fb.autofocus(rig, options, save_packages_to=None)
    if record.best_position is None:
        return record.outcome.value, np.nan, 0
    # Drift goes on during the run: compare with the truth at its end, a fraction of a step away.
    error = (record.best_position - rig.true_best_focus()) / options.step_size
    return record.outcome.value, error, min(p.n_stars for p in record.points)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_hundred_runs_end_at_the_true_focus():
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        outcomes, errors, stars = zip(*pool.map(one_run, range(100)), strict=True)
    assert set(outcomes) == {"FOCUSED"}
    assert min(stars) >= 30
    errors = np.abs(errors)
    assert np.sum(errors <= 0.25) >= 95
    assert errors.max() <= 0.5
