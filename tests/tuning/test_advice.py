import dataclasses

import numpy as np
import pytest

from focusbench.options import AutofocusOptions
from focusbench.tuning import Choice, Estimate, other_programs
from focusbench.tuning.advice import advise
from focusbench.tuning.trials import Settings, Trials
from tests.tuning.model_rigs import make_rig


def choice(step, points, duration, in_zone, error=3.0, n_points=None, **options):
    settings = Settings(step, points, 3.0, 1)
    taken = np.full(4, points if n_points is None else n_points)
    zeros, whole = np.zeros(4), np.zeros(4, dtype=int)
    estimates = {
        "error_rms": Estimate(error, 0.8 * error, 1.2 * error),
        "in_zone_rate": Estimate(in_zone, in_zone - 0.02, min(1.0, in_zone + 0.01)),
        "failure_rate": Estimate(1 - in_zone, 0.0, 1 - in_zone + 0.02),
        "duration_s": Estimate(duration, duration, duration),
    }
    trials = Trials(settings, whole, zeros, zeros, whole, np.full(4, duration), taken)
    return Choice(trials, estimates, settings.of(AutofocusOptions(**options)))


RULE = choice(70, 9, 45.0, 1.0)


def test_the_cheapest_that_surely_keeps_focus_is_recommended():
    # 96 % are not enough: the interval goes down to 94 %.
    cheap, good, safe = choice(40, 5, 24, 0.96), choice(60, 5, 26, 0.99), choice(60, 7, 33, 1.0)
    advice = advise(make_rig(), [safe, cheap, good], RULE)
    assert advice.recommended is good
    assert advice.runner_up is safe
    assert advice.reached
    assert "58 % of it" in advice.sentence


def test_of_settings_that_cost_the_same_the_smaller_error_wins():
    one, other = choice(60, 5, 26.0, 0.99, error=4.0), choice(80, 5, 26.3, 0.99, error=3.0)
    assert advise(make_rig(), [one, other], RULE).recommended is other


def test_where_nothing_is_good_enough_the_best_is_named_and_said_so():
    poor, less_poor = choice(40, 5, 24, 0.60), choice(40, 9, 40, 0.90)
    advice = advise(make_rig(), [poor, less_poor], RULE)
    assert advice.recommended is less_poor
    assert not advice.reached
    assert "No settings studied reach 95 %" in advice.sentence


@pytest.mark.parametrize(
    ("rig", "limited_by"),
    [
        ({"scatter": 0.05, "star_error": 0.005}, "seeing"),
        ({"scatter": 0.005, "star_error": 0.05}, "noise"),
        ({"drift_per_min": 60.0}, "drift"),
        ({"b": 1.0}, "whole steps"),
    ],
)
def test_it_says_what_limits_the_rig(rig, limited_by):
    step = 1 if "b" in rig else 60
    advice = advise(make_rig(**rig), [choice(step, 5, 26, 0.99)], RULE)
    assert advice.limited_by == limited_by
    assert "%" in advice.limit


def test_runs_that_need_more_points_are_limited_by_their_range():
    advice = advise(make_rig(), [choice(60, 5, 26, 0.99, n_points=7)], RULE)
    assert advice.limited_by == "range"
    assert "2.0 points more" in advice.limit


def test_the_zone_is_where_the_curve_stands_five_per_cent_above_its_minimum():
    advice = advise(make_rig(gamma=0.5), [choice(60, 5, 26, 0.99)], RULE)
    assert advice.zone == pytest.approx(80 * np.sqrt(1.05**2 - 1))


def test_other_programs_are_told_in_their_own_words():
    options = AutofocusOptions(step_size=60, data_points=9, exposure_s=4)
    told = other_programs(options)
    assert told["SGPro"] == {"data points": 9, "step size": 60, "exposure": 4}
    assert told["N.I.N.A., Hocus Focus"]["initial offset steps"] == 4
    assert told["Ekos"] == {"initial step size": 60, "out step multiple": 4, "exposure": 4}


def test_backlash_and_frames_are_told_where_there_are_any():
    told = other_programs(AutofocusOptions(backlash=25, frames_per_point=2))
    assert told["SGPro"]["backlash (direction IN)"] == 25
    assert told["Ekos"]["AF overscan"] == 25
    assert told["N.I.N.A., Hocus Focus"]["exposures per point"] == 2


def test_a_choice_is_a_sentence():
    assert "step size 60, 5 data points: 99 % of runs" in repr(choice(60, 5, 26, 0.99))
    assert dataclasses.is_dataclass(Choice)
