import dataclasses

import numpy as np
import pytest

from focusbench import curve
from focusbench.errors import PackageError
from focusbench.tuning import learn_rig, rig_posterior
from tests.tuning.model_rigs import PLAIN, make_foreign, make_package


def interval(rig, name, share=0.9):
    return np.quantile(rig.of(name), [(1 - share) / 2, (1 + share) / 2])


def packages_of(rig, n=3, seed=0, **options):
    offs = np.random.default_rng(seed).normal(size=n) * rig.start_sd
    return [
        make_package(rig, seed=100 * seed + i, start_off=offs[i], number=i, **options)
        for i in range(n)
    ]


def test_what_is_learned_holds_the_truth_about_as_often_as_it_says():
    # 10 rigs, 90 % intervals: fewer than 7 inside has a probability of 1.3 % a parameter.
    rng = np.random.default_rng(8)
    names = ("b", "scatter", "kappa", "lag")
    inside = dict.fromkeys(names, 0)
    for seed in range(10):
        truth = PLAIN._replace(
            b=rng.uniform(40, 120),
            kappa=0.05 * rng.normal(),
            gamma=0.52 + 0.03 * rng.normal(),
            scatter=0.03 * np.exp(0.4 * rng.normal()),
            fading=rng.uniform(0, 2),
            lag=rng.exponential(30),
        )
        rig = learn_rig(packages_of(truth, seed=seed, step_size=50, data_points=9))
        for name in names:
            low, high = interval(rig, name)
            inside[name] += low <= getattr(truth, name) <= high
    assert min(inside.values()) >= 7, inside


def test_times_are_learned_as_they_were():
    rig = learn_rig(packages_of(PLAIN, n=2, exposure_s=4.0))
    assert rig.typical("s_per_step") == pytest.approx(0.004, rel=0.1)
    assert rig.typical("overhead_s") == pytest.approx(0.5, rel=0.1)
    assert rig.exposure_s == 4.0


def test_stars_and_their_noise_are_learned():
    rig = learn_rig(packages_of(PLAIN))
    assert rig.typical("star_error") == pytest.approx(0.01, rel=0.15)
    assert rig.typical("star_error_growth") == pytest.approx(0.5, abs=0.15)
    assert rig.typical("n_stars") == pytest.approx(100, rel=0.1)
    assert rig.typical("star_loss") == pytest.approx(0.7, abs=0.15)


def test_a_single_run_is_less_sure_than_six():
    runs = packages_of(PLAIN, n=6)
    one, six = learn_rig(runs[:1]), learn_rig(runs)
    for name in ("b", "scatter", "start_sd"):
        assert np.std(np.log(one.of(name))) > 1.3 * np.std(np.log(six.of(name))), name


def test_compensated_backlash_cannot_be_seen_beyond_what_was_compensated():
    lagging = PLAIN._replace(lag=25.0)
    seen = learn_rig(packages_of(lagging, backlash=0))
    low, high = interval(seen, "lag", 0.98)
    assert 5 < low < 25 < high < 45
    # Overshoot hides it: anything up to 60 steps explains the points as well.
    hidden = learn_rig(packages_of(lagging, backlash=60))
    assert np.std(hidden.of("lag")) > 2 * np.std(seen.of("lag"))


def test_a_foreign_run_says_what_had_to_be_assumed():
    rig = learn_rig([make_foreign()])
    assert len(rig.assumptions) == 5
    assert any("state no errors" in said for said in rig.assumptions)
    assert any("how long a point takes" in said for said in rig.assumptions)
    assert rig.typical("star_error") == 0
    assert rig.typical("b") == pytest.approx(80, rel=0.25)


def test_every_rig_says_how_its_noise_is_taken_to_change_with_the_exposure():
    (said,) = learn_rig(packages_of(PLAIN, n=1)).assumptions
    assert "exposure^-0.5" in said
    assert "stars as exposure^0.4" in said


def test_the_same_runs_teach_the_same():
    runs = packages_of(PLAIN, n=2)
    np.testing.assert_array_equal(learn_rig(runs).draws, learn_rig(runs).draws)


def test_runs_without_a_v_curve_teach_nothing_and_say_what_to_do():
    flat = PLAIN._replace(b=1e6)
    run = make_package(flat, smart_focus=False)
    with pytest.raises(PackageError, match=r"run0.*larger step size"):
        learn_rig([run])
    empty = dataclasses.replace(run, focus_points=())
    with pytest.raises(PackageError):
        learn_rig([empty])
    with pytest.raises(PackageError):
        learn_rig([])


def test_a_run_without_a_v_curve_beside_good_ones_is_passed_over():
    flat = make_package(PLAIN._replace(b=1e6), smart_focus=False, number=9)
    assert learn_rig([*packages_of(PLAIN, n=2), flat]).n_runs == 2


def test_the_draws_are_a_labelled_dataset():
    dataset = learn_rig(packages_of(PLAIN, n=1)).dataset
    assert dataset.b.dims == ("draw",)
    assert dataset.b.attrs["units"] == "steps"


def test_the_priors_of_a_rig_are_those_of_auto():
    theirs = rig_posterior.GAMMA, rig_posterior.GAMMA_SD, rig_posterior.KAPPA_SD
    assert theirs == (curve.GAMMA, curve.GAMMA_SD, curve.KAPPA_SD)
