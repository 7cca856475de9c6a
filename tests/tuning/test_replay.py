"""Saved runs, replayed: what they answer, and that what they cannot answer is said."""

import dataclasses
import hashlib

import numpy as np
import pytest

import focusbench as fb
from focusbench.errors import NotInPackage, OptionsError
from focusbench.frames import Frame, write_frame
from focusbench.tuning import ReplayPoints, ReplaySampler


def sample(name):
    return next(path for path in fb.sample_packages() if path.stem == name)


@pytest.fixture(scope="module")
def good():
    return ReplayPoints(fb.open_package(sample("good")))


@pytest.fixture(scope="module")
def small_rig_runs(tmp_path_factory):
    """One run on a small simulated rig, saved with frames, and the same with numbers alone."""
    folder = tmp_path_factory.mktemp("runs")
    found = {}
    for keep in ("frames", "numbers"):
        rig = fb.simulated_rig(best_focus=10_250, seed=3, shape=(300, 400), n_stars=60)
        options = fb.AutofocusOptions(frames_per_point=2, data_points=7)
        record = fb.autofocus(rig, options, save_packages_to=folder / keep, keep=keep)
        found[keep] = ReplayPoints(fb.open_package(record.package_path))
    return found


@pytest.mark.parametrize("path", fb.sample_packages(), ids=lambda path: path.stem)
def test_with_its_own_options_a_run_goes_as_it_went(path):
    package = fb.open_package(path)
    went, again = package.record, fb.replay(package)
    assert again.outcome == went.outcome
    assert again.best_position == went.best_position
    assert again.validation == went.validation
    assert again.warnings == went.warnings
    assert again.final_position == went.final_position
    assert [p.position for p in again.points] == [p.position for p in went.points]
    # A wait is noticed up to 0.1 s late, and where nothing moves is waited for, never.
    assert again.duration_s == pytest.approx(went.duration_s, rel=0.02)
    assert again.rig["replay_of"] == str(path)


def test_a_package_stays_as_it_is(good):
    path = good.package.source
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    points = good.package.focus_points
    fb.replay(good, metric="hfr_mean_radius", curve="two_lines")
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before
    assert good.package.focus_points is points


def test_fewer_points_of_a_larger_step_take_the_frames_that_are_there(good):
    record = fb.replay(good, step_size=120, data_points=5, validation_frame=False)
    taken = {round(p.position): p.metric for p in good.package.focus_points}
    assert [p.position for p in record.points] == [10_480, 10_360, 10_240, 10_120, 10_000]
    assert [p.metric for p in record.points] == [taken[p.position] for p in record.points]
    assert record.focused
    assert record.duration_s < good.package.record.duration_s


def test_a_shifted_start_is_a_shifted_sweep(good):
    record = fb.replay(good, data_points=7, start=10_300, smart_focus=False)
    assert record.start_position == 10_300
    assert record.points[0].position == 10_480


def test_a_position_that_was_not_sampled_ends_the_replay_with_the_positions_there_are(good):
    record = fb.replay(good, step_size=70)
    assert record.outcome == "FAILED"
    assert "no frame at 10520" in record.diagnosis
    assert "10480, 10420" in record.diagnosis
    assert record.best_position is None


def test_smart_focus_goes_on_as_far_as_the_frames_reach(good):
    """Five points outside focus: inward there are frames, further out there are none."""
    outside = {"data_points": 5, "start": 10_360, "validation_frame": False}
    plain = fb.replay(good, smart_focus=False, **outside)
    inward = fb.replay(good, **outside)
    assert len(plain.points) == 5
    assert [p.position for p in inward.points[:5]] == [p.position for p in plain.points]
    assert {p.role for p in inward.points[5:]} == {"extension"}
    assert inward.focused
    # A run that ended at its first sweep, on one side of focus.
    further = fb.replay(fb.open_package(sample("edge")), smart_focus=True)
    assert further.outcome == "FAILED"
    assert "no frame at" in further.diagnosis


def test_a_validation_frame_that_was_not_taken_is_missing_and_not_made_up(good):
    record = fb.replay(good, step_size=120, data_points=5)
    assert record.validation.metric is None
    assert any("has no frame at" in warning for warning in record.warnings)


def test_frames_are_measured_anew_as_the_options_ask(good):
    """As measuring them by hand."""
    frames = [good.package.frames[i] for i in range(9)]
    asked = {"metric": "hfr_mean_radius", "crop_percent": 5.0, "min_star_diameter_px": 4.0}
    record = fb.replay(good, **asked)
    for frame, point in zip(frames, record.points, strict=False):
        by_hand = fb.measure_frame(frame, min_stars=5, **asked)
        assert (point.metric, point.error) == (by_hand.value, by_hand.error)
        assert point.n_stars == by_hand.n_stars


def test_binned_frames_measure_in_their_own_pixels(good):
    plain, binned = fb.replay(good), fb.replay(good, binning=2)
    assert binned.focused
    # At the ends stars are wide enough for pixels of 2×2.
    assert binned.points[0].metric == pytest.approx(plain.points[0].metric / 2, rel=0.05)


def test_a_dark_is_subtracted(good, tmp_path):
    shape = good.package.frames[0].pixels.shape
    write_frame(Frame(np.full(shape, 400, np.uint16), exposure_s=3.0), tmp_path / "3_dark.fits")
    dark = fb.replay(good, dark_folder=str(tmp_path))
    assert dark.focused
    assert dark.best_position == pytest.approx(fb.replay(good).best_position, abs=3)
    with pytest.raises(OptionsError, match="no folder"):
        fb.replay(good, dark_folder=str(tmp_path / "none"))


def test_a_shorter_exposure_is_less_sure_and_states_what_it_assumes(good):
    full = fb.replay(good)
    short = [fb.replay(good, exposure_s=0.3, seed=seed) for seed in range(3)]
    ends = slice(0, 2)
    for record in short:
        assert sum(p.n_stars for p in record.points[ends]) < sum(
            p.n_stars for p in full.points[ends]
        )
        assert any("read noise" in warning for warning in record.warnings)
        assert record.duration_s < full.duration_s - 8 * 2.7
    assert len({record.points[4].metric for record in short}) == 3  # draws of their own
    again = fb.replay(ReplayPoints(good.package), exposure_s=0.3, seed=2)
    assert again.points[4].metric == short[2].points[4].metric


def test_fewer_stars_are_less_sure(good):
    errors = [
        np.mean([p.error for p in fb.replay(good, star_share=share, min_stars=2).points[2:7]])
        for share in (1.0, 0.4)
    ]
    # 1 / √0.4 is 1.6; single errors of a few stars are rough.
    assert errors[1] > 1.15 * errors[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"exposure_s": 5.0}, "exposed 3 s"),
        ({"frames_per_point": 3}, "frame"),
        ({"gain": 100}, "another gain"),
        ({"fast_download": True}, "another read-out mode"),
        ({"focus_filter": "OIII"}, "not OIII"),
    ],
)
def test_what_no_frame_can_tell_is_refused_in_words(good, change, words):
    with pytest.raises(NotInPackage, match=words):
        fb.replay(good, **change)


def test_an_unknown_option_is_refused_by_name(good):
    with pytest.raises(OptionsError, match="star_share is above 0"):
        fb.replay(good, star_share=0.0)
    with pytest.raises(OptionsError, match="step_sise"):
        fb.replay(good, step_sise=3)


def test_backlash_stays_as_it_was_and_that_is_said(good):
    record = fb.replay(good, backlash=50)
    assert record.best_position == fb.replay(good).best_position
    assert any(warning.startswith("Backlash is as it was") for warning in record.warnings)


def test_fewer_of_the_frames_at_a_point_are_averaged(small_rig_runs):
    points = small_rig_runs["frames"]
    one = fb.replay(points, frames_per_point=1)
    by_hand = fb.measure_frame(points.package.frames_of(0)[0], min_stars=5)
    assert one.points[0].metric == by_hand.value
    assert one.duration_s < fb.replay(points).duration_s


def test_numbers_alone_answer_what_numbers_can(small_rig_runs):
    """Without frames the table of stars gives what the frames would."""
    frames, numbers = small_rig_runs["frames"], small_rig_runs["numbers"]
    for change in (
        {"step_size": 120, "data_points": 3},
        {"curve": "hyperbola"},
        {"min_stars": 8},
        {"metric": "hfr_mean_radius"},
    ):
        with_frames, without = fb.replay(frames, **change), fb.replay(numbers, **change)
        assert [p.metric for p in without.points if not p.rejected] == pytest.approx(
            [p.metric for p in with_frames.points if not p.rejected]
        )
    one = [fb.replay(points, frames_per_point=1).points[0] for points in (frames, numbers)]
    assert one[0].metric == pytest.approx(one[1].metric)
    fewer = fb.replay(numbers, star_share=0.5)
    assert fewer.points[3].n_stars < fb.replay(numbers).points[3].n_stars


@pytest.mark.parametrize(
    "change",
    [{"crop_percent": 10.0}, {"binning": 2}, {"exposure_s": 1.0}, {"min_star_diameter_px": 1.0}],
)
def test_numbers_alone_do_not_answer_what_needs_pixels(small_rig_runs, change):
    with pytest.raises(NotInPackage, match=f"keeps no frames, so {next(iter(change))}"):
        fb.replay(small_rig_runs["numbers"], **change)


def test_a_foreign_run_is_replayed_without_options_or_times(tmp_path):
    table = tmp_path / "run.csv"
    rows = [f"{p},{2 * np.hypot(1, (p - 503) / 40):.4f},0.02" for p in range(380, 641, 20)]
    table.write_text("position,hfr,error\n" + "\n".join(rows) + "\n")
    package = fb.open_package(table)
    record = fb.replay(package, step_size=40, data_points=7, start=500, smart_focus=False)
    assert record.best_position == pytest.approx(503, abs=1)
    assert any("has no times" in warning for warning in record.warnings)
    assert any("order of its points" in warning for warning in record.warnings)
    with pytest.raises(NotInPackage, match="does not tell its exposure"):
        fb.replay(package, exposure_s=1.0)


def test_a_position_asked_for_twice_is_served_again_and_said(good):
    sampler = ReplaySampler(good, good.options)
    first = sampler.sample(10_480, None)
    assert sampler.sample(10_480, None).point == first.point
    assert "no second frame at 10480" in sampler.notices()[0]


def test_a_frame_that_was_fitted_does_not_validate(good):
    sampler = ReplaySampler(good, good.options)
    sampler.sample(10_240, None)
    sampler.move_to(10_240, None, via=10_480)
    point = sampler.sample(10_240, None).point
    assert point.rejected
    assert "no second frame at 10240" in point.reason


def test_a_replay_can_be_watched_and_cancelled(good):
    import threading

    seen, stop = [], threading.Event()

    def watcher(event):
        seen.append(event)
        if len(seen) == 6:
            stop.set()

    record = fb.replay(good, watcher=watcher, stop=stop)
    assert record.outcome == "CANCELLED"
    assert dataclasses.replace(seen[-1].record) == record


def test_stamps_are_measured_anew_but_not_cropped(tmp_path):
    rig = fb.simulated_rig(best_focus=10_250, seed=3, shape=(500, 700), n_stars=25)
    options = fb.AutofocusOptions(data_points=5, min_stars=3)
    record = fb.autofocus(rig, options, save_packages_to=tmp_path, keep="stamps")
    points = ReplayPoints(fb.open_package(record.package_path))
    again = fb.replay(points, metric="hfr_mean_radius")
    by_hand = [p.others["hfr_mean_radius"] for p in points.package.focus_points[:5]]
    assert [p.metric for p in again.points[:5]] == pytest.approx(by_hand, rel=0.01)
    assert "cannot be cropped" in fb.replay(points, crop_percent=10.0).diagnosis
