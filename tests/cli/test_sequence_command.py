"""`focusbench sequence`: a night from a file."""

import json

import pytest

import focusbench as fb
from focusbench.sequence import read_night
from tests.cli.test_cli import run_cli


@pytest.fixture
def plan(tmp_path):
    triggers = fb.TriggerOptions(before_first_frame=False)
    sequence = fb.Sequence(triggers=triggers).add_target(
        "M 31", fb.TargetEvent(filter="L", exposure_s=5, count=2)
    )
    fb.save_sequence(sequence, tmp_path / "night.json")
    return tmp_path / "night.json"


def test_a_night_is_taken_and_kept(capsys, plan, tmp_path):
    folder = tmp_path / "night"
    words = ["sequence", plan, "--simulate", "--seed", 1, "--folder", folder]
    code, out, err = run_cli(capsys, *words, "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == {
        "complete": True,
        "why": "all frames are taken",
        "n_frames": 2,
        "n_runs": 0,
        "n_focused": 0,
        "n_lost": 0,
        "folder": str(folder),
        "warnings": [],
    }
    assert len(read_night(folder).frames) == len(list((folder / "lights").iterdir())) == 2


def test_a_person_reads_every_frame(capsys, plan, tmp_path):
    words = ["sequence", plan, "--simulate", "--seed", 1, "--folder", tmp_path / "night"]
    code, out, _ = run_cli(capsys, *words)
    assert code == 0
    assert out.splitlines()[0].startswith("   1  M 31 L 5 s   ")
    assert out.splitlines()[-2] == "2 frames, 0 focus runs: all frames are taken."


def test_a_sequence_that_the_rig_cannot_do_is_bad_usage(capsys, plan, tmp_path):
    plan.write_text(plan.read_text().replace('"L"', '"Lum"'))
    code, out, err = run_cli(capsys, "sequence", plan, "--simulate", "--folder", tmp_path / "n")
    assert (code, out) == (2, "")
    assert "no filter 'Lum'; it has L, R, G, B" in err
