"""The sample packages: each shows its trouble, and together they are small."""

import json
from typing import get_args

import pytest

import focusbench as fb
from focusbench.api.sample_scenarios import SCENARIOS
from focusbench.api.samples import sample_packages
from focusbench.doctor import Code

PATHS = sample_packages()
INDEX = json.loads((PATHS[0].parent / "index.json").read_text(encoding="utf-8"))["packages"]


def test_every_word_of_the_doctor_has_a_sample():
    assert {entry["finding"] for entry in INDEX} == set(get_args(Code))


def test_the_index_is_that_of_the_scenarios():
    assert [entry["file"] for entry in INDEX] == [f"{s.name}.zip" for s in SCENARIOS]
    # JSON knows no tuples.
    rigs = json.loads(json.dumps([s.rig for s in SCENARIOS]))
    assert [entry["rig"] for entry in INDEX] == rigs


def test_all_samples_together_are_small():
    assert sum(path.stat().st_size for path in PATHS) < 12e6


@pytest.mark.parametrize("entry", INDEX, ids=lambda entry: entry["file"])
def test_a_sample_shows_its_trouble_and_its_focus(entry):
    analysis = fb.analyze(PATHS[0].parent / entry["file"])
    assert analysis.findings[0].code == entry["finding"]
    assert [finding.code for finding in analysis.findings] == entry["findings"]
    assert analysis.package.record.outcome == entry["outcome"]
    # Points alone do not tell how far a run was allowed to go.
    assert analysis.outcome == entry["outcome"].replace("LOST", "NOT_FOCUSED")
    if analysis.best.best_position is not None:
        # 60 steps is the step size of most of them; where an error is stated, it is true.
        off = abs(analysis.best.best_position - entry["true_best_focus"])
        error = analysis.best.best_position_error
        assert off < (60 if error is None else 3 * error)


def test_common_stars_see_the_curve_below_the_galaxies():
    path = next(path for path in PATHS if path.stem == "galaxy")
    analysis = fb.analyze(path, common_stars=True)
    assert analysis.outcome == "FOCUSED"
    assert analysis.findings[0].code == "good"


def test_a_sample_is_rendered_again_the_same(tmp_path, monkeypatch):
    from focusbench.api import samples

    scenario = next(s for s in SCENARIOS if s.name == "galaxy")
    monkeypatch.setattr(samples, "SCENARIOS", (scenario,))
    (path,) = samples.write_sample_packages(tmp_path)
    entry = json.loads((tmp_path / "index.json").read_text(encoding="utf-8"))["packages"][0]
    kept = next(e for e in INDEX if e["file"] == path.name)
    assert entry["findings"] == kept["findings"]
    new, old = fb.open_package(path), fb.open_package(PATHS[0].parent / kept["file"])
    assert (new.frames[4].pixels == old.frames[4].pixels).all()
    assert [p.metric for p in new.focus_points] == pytest.approx(
        [p.metric for p in old.focus_points], rel=1e-6
    )
