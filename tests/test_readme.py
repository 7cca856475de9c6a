"""What the README says works as written."""

import re
from pathlib import Path

import focusbench as fb

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_python_of_the_readme_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL):
        exec(compile(block, "README.md", "exec"), names)
    assert names["record"].outcome == "FOCUSED"
    assert names["record"].package_path.parent == Path("runs")
    assert names["package"].points.hfr.dims == ("point",)
    assert names["runs"].hfr.dims == ("run", "point")


def test_commands_of_the_readme_exist():
    from focusbench.cli.main import _parser

    help_text = _parser().format_help()
    for command in re.findall(r"`focusbench (\w+)", README):
        assert re.search(rf"^ +{command}( |$)", help_text, re.MULTILINE), command


def test_make_targets_of_the_readme_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"`make (\w+)`", README):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_files_that_the_readme_links_exist():
    for link in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / link).exists(), link


def test_changelog_names_this_version():
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "Unreleased" in changelog or fb.__version__ in changelog
