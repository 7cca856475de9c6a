"""SGPro's help page, option by option: the table in the engine's docs is complete and true."""

import ast
import dataclasses
import re
from pathlib import Path

import pytest

from focusbench import engine
from focusbench.curve import find_best_focus
from focusbench.engine import deciding, rig_sampler
from focusbench.options import SGPRO_RUN, AutofocusOptions
from tests.engine.faulty_rig import FaultyRig

TESTS = Path(__file__).parents[1]
FIELDS = [field.name for field in dataclasses.fields(AutofocusOptions)]
PLAIN = AutofocusOptions(data_points=5, step_size=80, exposure_s=0.3)


@pytest.fixture
def faulty(monkeypatch):
    return FaultyRig(monkeypatch)


def test_every_option_stands_in_the_table_and_nothing_else_does():
    listed = set(re.findall(r"`(\w+)`", engine.__doc__))
    assert listed == set(FIELDS)


def test_every_entry_of_the_table_has_options_and_tests():
    entries = re.split(r"\n(?=\S)", engine.__doc__.split("every test exists.", 1)[1].strip())
    assert len(entries) > 15
    for entry in entries:
        assert "`" in entry, entry
        assert "::test_" in entry, entry


@pytest.mark.parametrize("named", sorted(set(re.findall(r"\S+::\w+", engine.__doc__))))
def test_every_test_of_the_table_exists(named):
    file, name = named.split("::")
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_what_the_preset_sets_are_options():
    assert set(SGPRO_RUN) <= set(FIELDS)


# ------------------------------------------------------------------------- what is measured


def test_what_is_measured_is_what_the_options_say(faulty, monkeypatch):
    asked = []
    measure = rig_sampler.measure

    def watched(frame, **how):
        asked.append(how)
        return measure(frame, **how)

    monkeypatch.setattr(rig_sampler, "measure", watched)
    how = {"metric": "fwhm", "min_star_diameter_px": 8.0, "crop_percent": 15.0, "min_stars": 12}
    faulty.run(PLAIN.replace(**how))
    assert asked == [how] * 6


def test_frames_are_binned_as_asked_for(faulty):
    taken = []
    faulty.session.subscribe(lambda event: taken.extend(getattr(event, "frames", ())))
    faulty.run(PLAIN.replace(binning=2))
    assert {(frame.binning, frame.pixels.shape) for frame in taken} == {(2, (8, 8))}


# ------------------------------------------------------------------------- what decides


def test_the_zone_is_wider_for_a_larger_tolerance(faulty):
    # ± b·√(1.05² − 1) and ± b·√(1.10² − 1).
    five = faulty.run(PLAIN).best.zone
    ten = faulty.run(PLAIN.replace(zone_tolerance=0.10)).best.zone
    assert ten / five == pytest.approx((0.21 / 0.1025) ** 0.5, rel=0.03)


@pytest.mark.parametrize("veto", [True, False])
def test_without_the_veto_the_curve_decides_alone(faulty, monkeypatch, veto):
    asked = []

    def watched(points, **how):
        asked.append(dict(how))
        how.pop("veto")
        return find_best_focus(points, **how)

    monkeypatch.setattr(deciding, "find_best_focus", watched)
    monkeypatch.setattr(deciding, "_KNOWS_VETO", True)
    record = faulty.run(PLAIN.replace(curve="two_lines", veto=veto))
    assert record.best.curve == "two_lines"
    assert len(asked) >= 4  # live glances and the decision ask the same
    assert {(how["curve"], how["veto"]) for how in asked} == {("two_lines", veto)}
