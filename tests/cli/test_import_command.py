"""`focusbench import`: runs of other programs become packages, one line each."""

import json

from tests.af_packages.foreign import hocus_report
from tests.af_packages.test_import import a_log
from tests.cli.test_cli import run_cli


def reports(folder, n=2):
    folder.mkdir()
    for i in range(n):
        report = hocus_report(range(24_813, 25_014, 25), Temperature=i)
        (folder / f"{i}.json").write_text(json.dumps(report))
    return folder


def test_import_prints_one_json_object_a_run(capsys, tmp_path):
    source = reports(tmp_path / "nina")
    code, out, err = run_cli(capsys, "import", source, "-o", tmp_path / "out", "--json")
    assert (code, err) == (0, "")
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["source"] for line in lines] == [str(source / "0.json"), str(source / "1.json")]
    assert [line["n_points"] for line in lines] == [9, 9]
    assert all(line.keys() == {"source", "package", "n_points"} for line in lines)
    code, out, err = run_cli(capsys, "analyze", lines[0]["package"], "--json")
    analysis = json.loads(out)
    assert (code, err) == (0, "")
    assert analysis["package"] == analysis["source"] == lines[0]["package"]
    assert analysis["n_points"] == 9


def test_import_tells_people_what_became_of_each_file(capsys, tmp_path):
    source = reports(tmp_path / "nina")
    (source / "torn.json").write_text("{")
    code, out, err = run_cli(capsys, "import", source, "-o", tmp_path / "out", "--keep", "numbers")
    assert code == 1
    assert len(out.splitlines()) == 2
    assert "9 points, " in out
    assert err.startswith("focusbench: ")
    assert "torn.json" in err


def test_import_of_nothing_fails_with_the_reason(capsys, tmp_path):
    code, out, err = run_cli(capsys, "import", tmp_path / "nothing", "--json")
    assert (code, out) == (1, "")
    assert "There is no" in err
    code, _, err = run_cli(capsys, "import", tmp_path, "--keep", "everything")
    assert code == 2


def test_every_run_of_a_log_is_analysed(capsys, tmp_path):
    log = a_log().text() + a_log().text()
    (tmp_path / "sg_logfile_1.txt").write_text(log)
    code, out, err = run_cli(capsys, "analyze", tmp_path / "sg_logfile_1.txt", "--json")
    assert (code, err) == (0, "")
    assert [json.loads(line)["run"] for line in out.splitlines()] == [0, 1]
    code, out, _ = run_cli(capsys, "analyze", tmp_path / "sg_logfile_1.txt")
    assert "sg_logfile_1.txt, run 1: FOCUSED. Best focus 24" in out


def test_import_has_a_help_with_an_example(capsys):
    code, out, _ = run_cli(capsys, "import", "--help")
    assert code == 0
    assert "focusbench import AutoFocus -o af_packages" in out
