"""Smart focus from far away; `benchmarks/smart_focus.py` is the study that this stands for."""

import math

import numpy as np
import pytest

from focusbench.curve import FocusPoint, Outcome, Rejected
from focusbench.engine import CurveSampler, PointMeasured, Sample, SweepStarted, autofocus_run
from focusbench.options import AutofocusOptions

START = 10_000


class Night(CurveSampler):
    """A V-curve whose wings lose their stars: fewer than five beyond 30 steps of its width."""

    def __init__(self, focus, *, donut, seed):
        def radius(position):
            # A donut's radius grows straight, with a sharper corner than a star's without one.
            power = 2.5 if donut else 2.0
            return 1.9 * (1 + (abs(position - focus) / 77) ** power) ** (1 / power)

        self.focus, self._radius = focus, radius
        super().__init__(radius, start=START, relative_error=0.02, seed=seed)

    def sample(self, position, stop, then=None):
        sample = super().sample(position, stop, then)
        n_stars = round(120 * (self._radius(position) / 1.9) ** -0.8)
        if n_stars < 5:
            few = FocusPoint(position, math.nan, rejected=Rejected.FEW_STARS, reason="few stars")
            return Sample(few)
        return sample


@pytest.mark.parametrize("donut", [False, True])
@pytest.mark.parametrize("sweeps_off", [-3.5, -2, -1.3, -1, -0.6, 0.3, 0.8, 1, 1.6, 2.5, 4])
def test_smart_focus_focuses_from_a_sweep_away_and_comes_home_from_further(sweeps_off, donut):
    options = AutofocusOptions()
    off = round(sweeps_off * options.data_points * options.step_size)
    sampler = Night(START + off, donut=donut, seed=3)
    *_, finished = autofocus_run(options, sampler)
    record = finished.record
    if record.outcome == Outcome.FOCUSED:
        assert record.best_position == pytest.approx(sampler.focus, abs=options.step_size)
    else:
        assert abs(sweeps_off) > 1
        assert record.outcome in (Outcome.LOST, Outcome.NOT_FOCUSED)
        assert sampler.position() == record.final_position == START
        assert record.diagnosis
    assert max(abs(p - START) for p in sampler.visited) <= options.travel_limit


@pytest.mark.parametrize(("n", "least"), [(3, 5), (4, 5), (5, 5), (6, 6)])
def test_few_points_are_extended_to_five(n, least):
    options = AutofocusOptions(data_points=n, step_size=100)
    events = list(autofocus_run(options, Night(START, donut=False, seed=1)))
    taken = sum(isinstance(e, PointMeasured) and e.point.sweep == 0 for e in events)
    assert taken >= least
    assert events[-1].record.outcome == Outcome.FOCUSED


@pytest.mark.parametrize("max_sweeps", [1, 2, 3])
def test_no_more_sweeps_are_made_than_allowed(max_sweeps):
    noise = np.random.default_rng(8)
    sampler = CurveSampler(lambda _: 3 * math.exp(0.3 * noise.standard_normal()), start=START)
    events = list(autofocus_run(AutofocusOptions(max_sweeps=max_sweeps), sampler))
    assert sum(isinstance(e, SweepStarted) for e in events) <= max_sweeps
    assert events[-1].record.outcome not in (Outcome.FOCUSED,)
    assert sampler.position() == START
