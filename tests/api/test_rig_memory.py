"""What a rig's runs tell of its asymmetry, from run to run."""

import dataclasses
import json

import pytest

import focusbench as fb
from focusbench.af_packages import open_package
from focusbench.curve import CurveFit, Outcome, RigShape
from focusbench.engine import RunFinished
from focusbench.errors import OptionsError

SMALL = {"best_focus": 10_250, "shape": (240, 320), "n_stars": 60}


@pytest.fixture
def rig():
    return fb.simulated_rig(seed=5, **SMALL)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "newton.rig.json"


def test_each_focused_run_is_learned_from_and_the_next_one_uses_it(rig, path, tmp_path):
    first = fb.autofocus(rig, save_packages_to=tmp_path, memory=path)
    second = fb.autofocus(rig, save_packages_to=tmp_path, memory=path)
    assert first.rig_shape == RigShape()
    assert second.rig_shape == RigShape().after(first.fits["auto"]) != RigShape()
    (entry,) = json.loads(path.read_text())["shapes"]
    assert RigShape.from_dict(entry) == second.rig_shape.after(second.fits["auto"])
    assert (entry["filter"], entry["metric"]) == ("L", "hfr")
    # The package says which was used.
    assert open_package(second.package_path).record.rig_shape == second.rig_shape


def test_a_run_without_memory_uses_none_and_says_so(rig):
    assert fb.autofocus(rig, save_packages_to=None).rig_shape is None


def test_another_metric_filter_or_rig_begins_anew(rig, path):
    record = fb.autofocus(rig, save_packages_to=None, memory=path)
    memory, options = fb.RigMemory(path), fb.AutofocusOptions()
    assert memory.shape_of(rig, options) == RigShape().after(record.fits["auto"])
    assert memory.shape_of(rig, options.replace(metric="fwhm")) == RigShape()
    assert memory.shape_of(rig, options.replace(focus_filter="R")) == RigShape()
    assert memory.shape_of(fb.simulated_rig(seed=6, **SMALL), options) == RigShape()


@pytest.mark.parametrize("outcome", [o for o in Outcome if o != Outcome.FOCUSED])
def test_nothing_is_learned_from_a_run_that_did_not_focus(rig, path, outcome):
    record = fb.autofocus(rig, save_packages_to=None)
    fb.RigMemory(path)(RunFinished(dataclasses.replace(record, outcome=outcome)))
    assert not path.exists()


def test_what_is_known_reaches_the_curve(rig, monkeypatch, path):
    from focusbench.engine import deciding

    seen = []
    find_best_focus = deciding.find_best_focus

    def watched(points, **more):
        seen.append(more["rig"])
        return find_best_focus(points, **more)

    monkeypatch.setattr(deciding, "find_best_focus", watched)
    first = fb.autofocus(rig, save_packages_to=None, memory=path)
    n = len(seen)
    fb.autofocus(rig, save_packages_to=None, memory=path)
    # Live glances and the decision alike.
    assert set(seen[:n]) == {RigShape()}
    assert set(seen[n:]) == {RigShape().after(first.fits["auto"])}


@pytest.mark.parametrize("text", ["{", "[]", '{"schema": "something else"}', '{"shapes": 3}'])
def test_a_file_that_is_no_memory_is_named(path, text):
    path.write_text(text)
    with pytest.raises(OptionsError, match=r"newton\.rig\.json is no memory of a rig"):
        fb.RigMemory(path)


def test_memory_lies_beside_its_profile(tmp_path):
    assert fb.RigMemory.beside(tmp_path / "newton.json").path == tmp_path / "newton.rig.json"


def test_a_curve_that_tells_no_asymmetry_is_no_estimate():
    assert RigShape().after(CurveFit("auto", True)) == RigShape()


def test_hooks_and_warnings_of_one_run_are_its_own(rig):
    order, said = [], []
    options = fb.AutofocusOptions(focus_filter="R", exposure_s=8)
    record = fb.autofocus(
        rig,
        options,
        save_packages_to=None,
        before_run=lambda: order.append("before"),
        after_run=lambda: order.append("after"),
        on_warning=said.append,
    )
    assert order == ["before", "after"]
    assert said == list(record.warnings) != []
    fb.autofocus(rig, save_packages_to=None)
    assert order == ["before", "after"]
