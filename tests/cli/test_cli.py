"""The command line as a person uses it: words in, words and an exit code out."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from focusbench.cli import main


def run_cli(capsys, *words):
    """Exit code, standard output and standard error of one command."""
    try:
        code = main([str(word) for word in words])
    except SystemExit as stop:
        code = stop.code
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """One saved run."""
    folder = tmp_path_factory.mktemp("runs")
    command = [sys.executable, "-m", "focusbench", "run", "--simulate", "--seed", "3", "--json"]
    done = subprocess.run(
        [*command, "--save-to", str(folder)], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_run_prints_one_json_object_with_the_promised_keys(package):
    assert set(package) == {
        "outcome",
        "best_position",
        "best_position_error",
        "final_position",
        "expected_metric",
        "validation_metric",
        "n_points",
        "package",
        "start_position",
        "warnings",
    }
    assert package["outcome"] == "FOCUSED"
    assert package["best_position"] == pytest.approx(10_250, abs=30)
    assert package["n_points"] >= 9


def test_run_focuses_with_the_filter_asked_for(capsys, tmp_path):
    words = ["run", "--simulate", "--seed", 3, "--json", "--save-to", tmp_path]
    code, out, err = run_cli(capsys, *words, "--filter", "R", "--exposure", 8)
    assert (code, err) == (0, "")
    run = json.loads(out)
    assert run["package"].endswith("_R")
    assert run["best_position"] == pytest.approx(10_258, abs=30)
    assert ["left where R focuses" in warning for warning in run["warnings"]] == [True]


def test_run_with_a_filter_that_is_not_there_is_bad_usage(capsys, caplog, tmp_path):
    code, out, err = run_cli(
        capsys, "run", "--simulate", "--json", "--save-to", tmp_path, "--filter", "Hβ"
    )
    assert (code, out) == (2, "")
    assert "no filter 'Hβ'; it has L, R, G, B, Ha, OIII, SII" in err
    # People get the sentence; a log would print the way to it as well.
    assert caplog.records == []


def test_run_as_sgpro_lets_two_lines_decide(capsys, tmp_path):
    words = ["run", "--simulate", "--seed", 3, "--json", "--save-to", tmp_path, "--as-sgpro"]
    code, out, _ = run_cli(capsys, *words)
    assert code == 0
    manifest = json.loads(Path(json.loads(out)["package"], "manifest.json").read_text("utf-8"))
    assert manifest["options"]["curve"] == "two_lines"
    assert manifest["options"]["final_approach"] == "direct"


def test_run_keeps_of_its_frames_what_it_is_told(capsys, tmp_path):
    words = ["run", "--simulate", "--seed", 3, "--json", "--save-to", tmp_path, "--keep", "numbers"]
    _, out, _ = run_cli(capsys, *words)
    package = Path(json.loads(out)["package"])
    assert (package / "manifest.json").exists()
    assert not (package / "frames").exists()


def test_what_the_rig_taught_is_kept_beside_its_profile_unless_a_run_is_to_be_repeated(
    capsys, tmp_path
):
    profile = tmp_path / "newton.json"
    profile.write_text('{"step_size": 50}', encoding="utf-8")
    words = ["run", "--simulate", "--json", "--save-to", tmp_path, "--profile", profile]
    run_cli(capsys, *words, "--seed", 3)
    assert not (tmp_path / "newton.rig.json").exists()
    run_cli(capsys, *words)
    assert (tmp_path / "newton.rig.json").exists()


def test_run_tells_people_every_point_and_the_result(capsys, tmp_path):
    code, out, err = run_cli(
        capsys, "run", "--simulate", "--seed", 3, "--save-to", tmp_path, "--no-smart-focus"
    )
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert sum("px" in line and "stars" in line for line in lines) == 10
    assert "± 0.00 " not in out, "an error is shown by digits that hold it"
    assert lines[-2].startswith("FOCUSED: Best focus 102")
    assert lines[-1].startswith("Saved in ")


def test_analyze_prints_the_promised_keys(capsys, package):
    code, out, _ = run_cli(capsys, "analyze", package["package"], "--json")
    values = json.loads(out)
    assert code == 0
    assert set(values) == {
        "package",
        "source",
        "outcome",
        "best_position",
        "best_position_error",
        "curve",
        "r_squared",
        "n_points",
        "n_used",
        "diagnosis",
        "findings",
    }
    assert values["source"] == values["package"] == package["package"]
    assert values["best_position"] == pytest.approx(package["best_position"], abs=1e-6)


def test_analyze_of_several_prints_all_and_fails_if_one_is_not_focused(capsys, package, tmp_path):
    falling = tmp_path / "falling.csv"
    falling.write_text("position,hfr\n" + "\n".join(f"{p},{p / 100}" for p in range(500, 950, 50)))
    code, out, _ = run_cli(capsys, "analyze", falling, package["package"], "--json")
    outcomes = [json.loads(line)["outcome"] for line in out.splitlines()]
    assert outcomes == ["NOT_FOCUSED", "FOCUSED"]
    assert code == 1


def test_measure_prints_the_promised_keys(capsys, package):
    from pathlib import Path

    frame = sorted((Path(package["package"]) / "frames").glob("s0_p04*"))[0]
    code, out, _ = run_cli(capsys, "measure", frame, "--json")
    values = json.loads(out)
    assert code == 0
    assert set(values) == {
        "file",
        "metric",
        "value",
        "error",
        "scatter",
        "n_stars",
        "position",
        "confidence",
    }
    assert 1.5 < values["value"] < 2.6
    assert values["n_stars"] >= 30


BAD = {
    "two data points": (["run", "--simulate", "--data-points", "2"], 2, "data_points.*3 to 99"),
    "no step": (["run", "--simulate", "--step-size", "0"], 2, "step_size.*1 or more"),
    "half a step": (["run", "--simulate", "--step-size", "1.5"], 2, "whole number"),
    "unknown curve": (["run", "--simulate", "--curve", "gauss"], 2, "one of auto, two_lines"),
    "unknown option": (["run", "--simulate", "--stepsize", "3"], 2, "unrecognized arguments"),
    "no rig": (["run"], 2, "--simulate --alpaca"),
    "unknown command": (["focus"], 2, "invalid choice"),
    "no such profile": (["run", "--simulate", "--profile", "nowhere.json"], 2, "nowhere.json"),
    "unknown metric": (["measure", "{fits}", "--metric", "sharpness"], 2, "sharpness.*hfr"),
    "no such package": (["analyze", "nowhere"], 1, "nowhere"),
    "a file that is no package": (["analyze", "{text}"], 1, "notes.txt"),
    "corrupt frame": (["measure", "{corrupt}"], 1, "corrupt.fits"),
    "folder without positions": (["analyze", "{folder}"], 1, "position"),
    "unknown curve to analyze": (["analyze", "{csv}", "--curve", "gauss"], 2, "auto.*gauss"),
    "no such metric in the run": (["analyze", "{csv}", "--metric", "fwhm"], 2, "fwhm.*hfr"),
    "no such server": (["run", "--alpaca", "127.0.0.1:1"], 1, "127.0.0.1:1"),
    "no such folder for lab": (["lab", "nowhere"], 2, "no folder nowhere"),
    "nonsense address": (["run", "--alpaca", "nonsense"], 2, "nonsense"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_gets_one_sentence_that_names_it(capsys, tmp_path, monkeypatch, name):
    import re

    import numpy as np
    from astropy.io import fits

    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("Focus was fine last night.")
    (tmp_path / "run.csv").write_text("position,hfr\n1,3\n2,2\n3,1\n4,2\n5,3\n")
    frames = tmp_path / "frames"
    frames.mkdir()
    pixels = np.random.default_rng(1).normal(1000, 10, (60, 60)).astype("f4")
    fits.writeto(frames / "light.fits", pixels)
    fits.writeto(frames / "another.fits", pixels)
    corrupt = (frames / "light.fits").read_bytes()[:3000]
    (tmp_path / "corrupt.fits").write_bytes(b"SIMPLE  =" + corrupt[40:])
    places = {
        "text": tmp_path / "notes.txt",
        "corrupt": tmp_path / "corrupt.fits",
        "folder": frames,
        "csv": tmp_path / "run.csv",
        "fits": frames / "light.fits",
    }
    words, code, says = BAD[name]
    got, out, err = run_cli(capsys, *(word.format(**places) for word in words))
    assert got == code
    assert out == ""
    assert re.search(says, err, re.DOTALL), err
    assert "Traceback" not in err
    sentences = [line for line in err.splitlines() if not line.startswith(("usage:", " "))]
    assert len(sentences) == 1, err


def test_measure_goes_on_after_a_frame_that_cannot_be_measured(capsys, package, tmp_path):
    from pathlib import Path

    bad = tmp_path / "broken.fits"
    bad.write_bytes(b"not a frame")
    frame = sorted((Path(package["package"]) / "frames").glob("s0_p04*"))[0]
    code, out, err = run_cli(capsys, "measure", bad, frame)
    assert code == 1
    assert "broken.fits" in err
    assert frame.name in out


@pytest.mark.parametrize(
    "command", ["lab", "run", "cancel", "measure", "analyze", "simulator", "samples"]
)
def test_every_command_has_help_with_an_example(capsys, command):
    code, out, _ = run_cli(capsys, command, "--help")
    assert code == 0
    assert f"Example: focusbench {command}" in " ".join(out.split())


def test_cancel_without_a_run_says_so(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("FOCUSBENCH_RUNS", str(tmp_path))
    code, out, _ = run_cli(capsys, "cancel", "--json")
    assert (code, json.loads(out)) == (1, {"cancelled": 0})


def test_read_only_folder_costs_the_package_not_the_focus(capsys, tmp_path):
    not_a_folder = tmp_path / "file"
    not_a_folder.write_text("")
    code, out, _ = run_cli(
        capsys, "run", "--simulate", "--seed", 3, "--json", "--save-to", not_a_folder / "runs"
    )
    values = json.loads(out)
    assert code == 0
    assert values["outcome"] == "FOCUSED"
    assert values["package"] is None
    assert "Not saved" in values["warnings"][0]
