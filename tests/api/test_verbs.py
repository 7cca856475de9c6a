import pytest

import focusbench as fb
from focusbench.errors import OptionsError


def test_a_package_that_is_open_can_be_analysed():
    path = fb.sample_packages()[0]
    package = fb.open_package(path)
    assert fb.analyze(package).best == fb.analyze(path).best
    assert fb.analyze(package).source == str(path)


def test_arguments_in_the_wrong_order_are_told():
    with pytest.raises(TypeError, match=r"autofocus\(rig, options\).*AutofocusOptions"):
        fb.autofocus(fb.AutofocusOptions(), fb.simulated_rig(seed=1))


def test_what_is_shown_of_a_result_is_one_line():
    package = fb.open_package(fb.sample_packages()[0])
    shown = [repr(package), repr(package.record), repr(fb.analyze(package))]
    shown.append(repr(fb.simulated_rig(seed=1)))
    assert all(len(text) < 200 and "\n" not in text for text in shown)


def test_samples_say_what_they_teach_and_where_focus_is():
    import json

    paths = fb.sample_packages()
    index = json.loads((paths[0].parent / "index.json").read_text())
    for path, entry in zip(paths, index["packages"], strict=True):
        analysis = fb.analyze(path)
        assert len(entry["teaches"]) > 20
        # Points alone do not tell how far a run was allowed to go.
        assert analysis.outcome == entry["outcome"].replace("LOST", "NOT_FOCUSED")
        if analysis.outcome == "FOCUSED":
            error = analysis.best.best_position - entry["true_best_focus"]
            assert abs(error) <= 3 * analysis.best.best_position_error


@pytest.mark.parametrize(("keep", "n_frames"), [("frames", 6), ("stamps", 6), ("numbers", 0)])
def test_a_run_saves_what_it_is_asked_to_keep(tmp_path, keep, n_frames):
    rig = fb.simulated_rig(seed=1, shape=(480, 640), n_stars=12)
    options = fb.AutofocusOptions(data_points=5, step_size=100, smart_focus=False)
    record = fb.autofocus(rig, options, save_packages_to=tmp_path, keep=keep)
    package = fb.open_package(record.package_path)
    assert package.focus_points == record.points
    assert len(package.frames) == n_frames
    whole = [frame.pixels.shape == (480, 640) for frame in package.frames]
    assert all(whole) is (keep != "stamps")


def test_what_a_run_cannot_keep_is_said_before_anything_moves(tmp_path):
    rig = fb.simulated_rig(seed=1)
    told = []
    with pytest.raises(OptionsError, match="frames, stamps, numbers"):
        fb.autofocus(rig, save_packages_to=tmp_path, keep="pixels", watcher=told.append)
    assert told == list(tmp_path.iterdir()) == []
