import math
import threading

import numpy as np
import pytest

from focusbench.curve import Rejected
from focusbench.engine import Sampler
from focusbench.errors import RunCancelled
from focusbench.options import AutofocusOptions
from focusbench.tuning.model_sampler import ModelSampler
from tests.tuning.model_rigs import PLAIN


def make(rig=PLAIN, start=10_000, seed=0, **options):
    return ModelSampler(
        rig,
        AutofocusOptions(**options),
        best_focus=10_000.0,
        start=start,
        exposure_s=3.0,
        rng=np.random.default_rng(seed),
    )


def test_it_is_a_sampler():
    assert isinstance(make(), Sampler)


def test_the_drawtube_lags_where_it_is_approached_outward():
    sampler = make(PLAIN._replace(lag=20.0))
    sampler.move_to(10_100, None)
    assert (sampler.position(), sampler.distance) == (10_100, 80)
    sampler.move_to(10_090, None)
    assert sampler.distance == 80
    sampler.move_to(10_070, None)
    assert sampler.distance == 70


def test_overshoot_takes_up_the_play():
    sampler = make(PLAIN._replace(lag=20.0), backlash=20)
    sampler.move_to(10_100, None)
    assert sampler.distance == 100


def test_the_way_through_another_position_takes_up_the_play():
    sampler = make(PLAIN._replace(lag=20.0))
    sampler.begin((9_000, 11_000))
    sampler.move_to(10_050, None, via=10_200)
    assert sampler.distance == 50


def test_overshoot_stays_within_the_largest_travel():
    sampler = make(PLAIN._replace(lag=200.0), backlash=500)
    sampler.begin((9_000, 10_150))
    sampler.move_to(10_100, None)
    # Out to 10150, where the drawtube stood still at 10000: nothing of the play is left inside.
    assert sampler.distance == 0


def test_time_is_that_of_moves_exposures_and_overheads():
    sampler = make(exposure_s=3.0, frames_per_point=2, settle_s=1.0)
    sample = sampler.sample(10_100, None)
    assert sampler.now() == pytest.approx(100 * 0.004 + 1.0 + 2 * (3.0 + 0.5))
    assert sample.point.time_s == pytest.approx(100 * 0.004 + 1.0 + 3.25)


def test_best_focus_drifts():
    sampler = make(PLAIN._replace(drift_per_min=6.0))
    sampler.sample(10_000, None)
    assert sampler.distance == pytest.approx(-6.0 * sampler.now() / 60)


def scatter(position=10_000, **options):
    rig = options.pop("rig", PLAIN)
    sampler = make(rig, **options)
    values = [sampler.sample(position, None).point.metric for _ in range(2000)]
    return float(np.std(np.log(values)))


def test_points_scatter_as_the_rig_says():
    # 2,000 points know their scatter to 1.6 %; 6 % is four times that.
    assert scatter() == pytest.approx(math.hypot(0.03, 0.01), rel=0.06)
    growth = (1 + 2.0**2) ** 0.52
    expected = math.hypot(0.03 / growth, 0.01 * growth**0.5)
    assert scatter(10_160) == pytest.approx(expected, rel=0.06)


def test_frames_averaged_scatter_less_and_longer_exposures_have_less_star_noise():
    assert scatter(frames_per_point=4) == pytest.approx(math.hypot(0.03, 0.01) / 2, rel=0.06)
    starry = PLAIN._replace(scatter=1e-6, star_error=0.04)
    assert scatter(rig=starry, exposure_s=12) == pytest.approx(0.02, rel=0.06)


def test_too_few_stars_are_a_red_x():
    point = make(PLAIN._replace(n_stars=6.0)).sample(10_240, None).point
    assert point.rejected == Rejected.FEW_STARS
    assert "5 needed" in point.reason
    assert math.isnan(point.metric)


def test_a_rig_whose_frames_state_no_errors_states_none():
    assert make(PLAIN._replace(star_error=0.0)).sample(10_000, None).point.error is None


def test_a_stop_that_is_set_ends_the_move():
    stop = threading.Event()
    stop.set()
    with pytest.raises(RunCancelled):
        make().move_to(10_100, stop)
