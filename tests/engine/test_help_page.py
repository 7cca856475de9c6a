"""SGPro's help page, option by option: the table in the engine's docs is complete and true."""

import ast
import dataclasses
import re
from pathlib import Path

import pytest

from focusbench import engine
from focusbench.curve import Outcome, find_best_focus
from focusbench.engine import CurveSampler, autofocus_run, deciding, measuring
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
    measure = measuring.measure

    def watched(frame, **how):
        asked.append(how)
        return measure(frame, **how)

    monkeypatch.setattr(measuring, "measure", watched)
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


FLAT = (3.3, 3.0, 3.1, 3.05, 2.95, 3.0, 3.1, 3.05, 3.2)
"""Flat but for noise, and yet one line falls and one rises."""


@pytest.mark.parametrize("veto", [True, False])
def test_without_the_veto_the_curve_decides_alone(veto):
    values = dict(zip(range(10_240, 9_759, -60), FLAT, strict=True))
    sampler = CurveSampler(values.get, start=10_000)
    options = AutofocusOptions.as_sgpro(veto=veto, smart_focus=False, max_sweeps=1)
    *_, end = autofocus_run(options.replace(validation_frame=False), sampler)
    best = end.record.best
    assert best.fits["two_lines"].ok
    assert (best.outcome == Outcome.FOCUSED) is not veto
    if not veto:
        assert best.best_position == best.fits["two_lines"].best_position


def test_as_sgpro_decides_without_the_veto_live_and_at_the_end(faulty, monkeypatch):
    asked = []

    def watched(points, **how):
        asked.append(how)
        return find_best_focus(points, **how)

    monkeypatch.setattr(deciding, "find_best_focus", watched)
    record = faulty.run(PLAIN.replace(**SGPRO_RUN))
    assert record.best.curve == "two_lines"
    assert len(asked) >= 4  # live glances and the decision ask the same
    assert {(how["curve"], how["veto"]) for how in asked} == {("two_lines", False)}
