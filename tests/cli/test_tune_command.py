import json

import pytest

from focusbench.api import sample_packages
from focusbench.cli import main

GOOD = str(sample_packages()[0])
ASKED = ["--step-size", "60", "90", "--data-points", "5", "9", "--trials", "60"]


def test_tune_prints_one_object_with_the_settings_and_what_they_cost(capsys):
    code = main(["tune", GOOD, *ASKED, "--json"])
    (line,) = capsys.readouterr().out.splitlines()
    said = json.loads(line)
    assert code == (0 if said["reached"] else 1)
    assert said["step_size"] in (60, 90)
    assert said["data_points"] in (5, 9)
    assert 0 < said["position_error"] < 20
    assert 0 <= said["failure_rate"] <= 1
    assert 15 < said["duration_s"] < 60
    low, high = said["intervals"]["error_rms"]
    assert low < said["position_error"] < high


def test_tune_tells_people_what_to_type_into_their_program(capsys):
    main(["tune", GOOD, *ASKED])
    out = capsys.readouterr().out
    assert out.startswith("Learned from 1 run, ")
    for words in ("SGPro: data points", "N.I.N.A.", "out step multiple", "The zone is"):
        assert words in out


def test_runs_without_a_v_curve_fail_with_the_cure(capsys):
    flat = next(path for path in sample_packages() if path.stem == "flat")
    assert main(["tune", str(flat), *ASKED]) == 1
    assert "larger step size" in capsys.readouterr().err


def test_settings_out_of_bounds_are_bad_usage(capsys):
    assert main(["tune", GOOD, "--data-points", "1"]) == 2
    assert "data_points" in capsys.readouterr().err


def test_help_has_an_example(capsys):
    with pytest.raises(SystemExit):
        main(["tune", "--help"])
    assert "Example: focusbench tune" in capsys.readouterr().out
