import threading

import numpy as np
import pytest

from focusbench.curve import Outcome
from focusbench.errors import OptionsError, RunCancelled
from focusbench.options import AutofocusOptions
from focusbench.tuning import crew, example_runs, run_study, running, usual_grid
from focusbench.tuning.study import choice_of
from focusbench.tuning.trials import Settings, simulate
from tests.tuning.model_rigs import make_rig


@pytest.fixture(scope="module")
def study():
    return run_study(make_rig(), step_size=(40, 70), data_points=(5, 9), trials=30)


def test_a_study_is_a_dataset_of_runs(study):
    assert dict(study.dataset.sizes) == {"step_size": 2, "data_points": 2, "trial": 30}
    assert study.dataset.step_size.values.tolist() == [40, 70]
    assert study.dataset.position_error.attrs["units"] == "steps"
    assert set(study.dataset.outcome.values.ravel()) <= {outcome.value for outcome in Outcome}
    for variable in study.dataset.data_vars.values():
        assert variable.attrs["long_name"]
        assert variable.attrs["units"]


def test_its_runs_are_those_of_the_settings_they_are_labelled_with(study):
    data = study.dataset
    assert (data.n_points.sel(data_points=9) >= 9).all()
    assert (data.n_points.sel(data_points=5) < 9).mean() > 0.5
    mean = data.duration_s.mean("trial")
    assert (mean.sel(data_points=9) > mean.sel(data_points=5)).all()


def test_in_zone_is_what_the_penalty_and_the_outcome_say(study):
    data = study.dataset
    expected = (data.hfr_penalty <= 0.05) & (data.outcome == "FOCUSED")
    assert (data.in_zone == expected).all()


def test_the_summary_has_intervals_around_its_figures(study):
    summary = study.summary
    assert summary.error_rms.dims == ("step_size", "data_points")
    for name in ("error_rms", "in_zone_rate", "failure_rate", "duration_s"):
        assert (summary[f"{name}_low"] <= summary[name] + 1e-9).all(), name
        assert (summary[name] <= summary[f"{name}_high"] + 1e-9).all(), name
    rms = np.sqrt((study.dataset.position_error**2).mean("trial"))
    focused = summary.failure_rate == 0
    np.testing.assert_allclose(summary.error_rms.where(focused), rms.where(focused), rtol=0.15)


def test_exposure_and_frames_are_dims_only_where_several_were_asked_for():
    study = run_study(
        make_rig(), step_size=60, data_points=5, exposure_s=(3, 6), frames_per_point=2, trials=3
    )
    sizes = {"step_size": 1, "data_points": 1, "exposure_s": 2, "trial": 3}
    assert dict(study.dataset.sizes) == sizes
    assert study.dataset.frames_per_point.item() == 2
    long = study.summary.duration_s.squeeze()
    assert long.sel(exposure_s=6) > long.sel(exposure_s=3) + 30


def test_where_nothing_is_asked_for_the_steps_lie_around_a_good_one():
    steps, points = usual_grid(make_rig(gamma=0.5))
    # The ends of nine points read 2.5 times the minimum at 80·√(2.5² − 1)/4 = 46 steps.
    assert steps == (28, 37, 46, 60, 78, 101)
    assert points == (5, 7, 9, 11, 13)
    # A coarse focuser has no steps in between.
    assert usual_grid(make_rig(b=3.0, gamma=0.5))[0] == (1, 2, 3, 4)
    tried = run_study(make_rig(gamma=0.5), data_points=5, trials=1)
    assert tuple(tried.dataset.step_size.values) == steps


def test_the_same_seed_gives_the_same_nights_and_another_others():
    def errors(seed):
        study = run_study(make_rig(), step_size=60, data_points=5, trials=8, seed=seed)
        return study.dataset.position_error.values

    np.testing.assert_array_equal(errors(1), errors(1))
    assert (errors(1) != errors(2)).any()


def test_other_processes_simulate_the_same_nights(monkeypatch):
    asked = {"step_size": (40, 60), "data_points": (5, 7), "trials": 6}
    here = run_study(make_rig(), **asked)
    monkeypatch.setattr(crew, "WORTH_A_WORKER", 10)
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    hired = []
    hire = crew.hire
    monkeypatch.setattr(crew, "hire", lambda most: hired.extend(hire(most)) or hired)
    there = run_study(make_rig(), **asked)
    assert len(hired) == 2
    assert here.dataset.equals(there.dataset)


def test_what_a_process_that_died_had_is_done_here(monkeypatch):
    class Dead:
        def simulate(self, *task, **named):
            raise EOFError

        def end(self):
            pass

    monkeypatch.setattr(crew, "hire", lambda most: [Dead()])
    study = run_study(make_rig(), step_size=(40, 60), data_points=5, trials=4)
    assert study.dataset.sizes["step_size"] == 2


def test_progress_is_told_up_to_the_end():
    told = []
    run_study(
        make_rig(),
        step_size=60,
        data_points=(5, 7),
        trials=4,
        progress=lambda done, total: told.append((done, total)),
    )
    # The rule of thumb is simulated beside what was asked for; then those that need more.
    assert told[:3] == [(4, 12), (8, 12), (12, 12)]
    done, total = zip(*told, strict=True)
    assert list(done) == sorted(done)
    assert done[-1] == total[-1]


def test_settings_are_told_as_they_are_finished_and_again_when_they_got_more_runs():
    told = []
    study = run_study(
        make_rig(), step_size=(40, 60), data_points=(5, 9), trials=5, finished=told.append
    )
    first, last = (
        {(choice.step_size, choice.data_points): choice for choice in way}
        for way in (told[::-1], told)
    )
    assert set(first) == {(40, 5), (40, 9), (60, 5), (60, 9)}
    assert {len(choice.trials) for choice in first.values()} == {5}
    for choice in study.choices:
        same = last[choice.step_size, choice.data_points]
        assert same.estimates == choice.estimates
        np.testing.assert_array_equal(same.trials.position_error, choice.trials.position_error)


def test_settings_on_which_the_advice_hangs_get_more_runs():
    # Far too small a step, one that may do, and one that costs more than that.
    study = run_study(make_rig(), step_size=(3, 60), data_points=(5, 13), trials=40)
    runs = {(c.step_size, c.data_points): len(c.trials) for c in study.choices}
    assert runs[3, 5] == 40
    assert runs[60, 5] == 160
    assert study.recommended.data_points == 5
    assert dict(study.dataset.sizes)["trial"] == 40
    assert study.summary.n_trials.sel(step_size=60, data_points=5) == 160
    assert not running.unsettled(study.choices, 4 * 40)


def test_further_runs_are_those_that_more_would_have_been():
    rig, options, settings = make_rig(), AutofocusOptions(), Settings(60, 5, 3.0, 1)
    whole = simulate(rig, options, settings, 9)
    parts = simulate(rig, options, settings, 4) + simulate(rig, options, settings, 5, first=4)
    for name in ("draw", "position_error", "outcome", "duration_s", "n_points"):
        np.testing.assert_array_equal(getattr(parts, name), getattr(whole, name))


def test_a_choice_has_the_figures_of_its_trials_and_the_whole_options():
    options = AutofocusOptions(min_stars=7)
    trials = simulate(make_rig(), options, Settings(60, 7, 3.0, 2), 12)
    choice = choice_of(make_rig(), options, trials)
    assert (choice.step_size, choice.data_points) == (60, 7)
    assert choice.options == options.replace(step_size=60, data_points=7, frames_per_point=2)
    assert choice.duration_s == pytest.approx(trials.duration_s.mean())
    assert choice.failure_rate == 1 - trials.focused.mean()
    assert choice.position_error > 0


def test_examples_are_the_first_runs_of_the_study_as_records(study):
    choice = study.choices[-1]
    examples = example_runs(study.rig, choice.options, 3)
    for trial, (record, best_focus) in enumerate(examples):
        assert record.options == choice.options
        off = record.final_position - best_focus
        # The record's end and the trial's: the drawtube stands where the motor does.
        assert off == pytest.approx(choice.trials.position_error[trial], abs=1e-6)
        assert record.duration_s == pytest.approx(choice.trials.duration_s[trial])


def test_cancel_ends_it_in_mid_study():
    cancel = threading.Event()
    with pytest.raises(RunCancelled):
        run_study(
            make_rig(),
            step_size=60,
            data_points=(5, 7, 9),
            trials=5,
            progress=lambda done, total: cancel.set(),
            cancel=cancel,
        )


def test_backlash_that_was_found_is_compensated_in_the_nights_studied():
    spread = {"lag": np.linspace(20, 30, 40)}
    options = running.studied_options(make_rig(spread=spread))
    assert options.backlash == 30
    known = make_rig(options=AutofocusOptions(backlash=50), spread=spread)
    assert running.studied_options(known).backlash == 50
    assert running.studied_options(make_rig()).backlash == 0


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"step_size": 0}, "step_size"),
        ({"data_points": (5, 2)}, "data_points"),
        ({"exposure_s": -1.0}, "exposure_s"),
        ({"trials": 0}, "trials"),
        ({"step_size": ()}, "step_size"),
        ({"data_points": 7.5}, "data_points"),
    ],
)
def test_settings_out_of_bounds_are_refused_by_name(asked, named):
    with pytest.raises(OptionsError, match=named):
        run_study(make_rig(), **{"step_size": 60, "data_points": 5, "trials": 2, **asked})
