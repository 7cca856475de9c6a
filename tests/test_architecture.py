"""The rules of the house, and that the tools that watch over them do fire."""

import ast
import importlib
import inspect
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest
import yaml

import focusbench

ROOT = Path(__file__).parents[1]
HOUSE = ROOT / "src" / "focusbench"
SINGLE_FILES = ("compiled", "errors")
ROOMS = (*SINGLE_FILES, *sorted(door.parent.name for door in HOUSE.glob("*/__init__.py")))
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def door_of(room):
    return HOUSE / f"{room}.py" if room in SINGLE_FILES else HOUSE / room / "__init__.py"


def names_offered(room):
    """The room's `__all__`, read without importing it."""
    for node in ast.parse(door_of(room).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "__all__":
            return set(ast.literal_eval(node.value))
    return set()


@pytest.mark.parametrize("room", ROOMS)
def test_the_door_of_a_room_says_what_it_does_never_does_and_who_may_come_in(room):
    does, _, never, imported_by, *_ = [
        *(ast.get_docstring(ast.parse(door_of(room).read_text(encoding="utf-8"))) or "").split(
            "\n"
        ),
        *[""] * 4,
    ]
    assert does.endswith((".", ":"))
    assert never.startswith("Never: ")
    assert imported_by.startswith("Imported by: ")


@pytest.mark.parametrize("room", ROOMS)
def test_what_a_room_offers_exists_and_is_documented(room):
    is_empty = room not in SINGLE_FILES and len(list((HOUSE / room).glob("*.py"))) == 1
    offered = names_offered(room)
    assert offered or is_empty
    module = importlib.import_module(f"focusbench.{room}")
    for name in offered:
        thing = getattr(module, name)
        if inspect.isclass(thing) or inspect.isroutine(thing):
            # A dataclass without a docstring is given its signature in place of one.
            assert thing.__doc__, f"{room}.{name} has no docstring"
            assert not thing.__doc__.startswith(f"{name}("), f"{room}.{name} has no docstring"


def imports_past_the_door(folder):
    """Imports that take from another room what its door does not offer, as readable lines."""
    found = []
    for file in sorted(folder.rglob("*.py")):
        own_room = file.relative_to(folder).parts[0]
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                module, names = node.module or "", [alias.name for alias in node.names]
                taken = [f"{module}.{name}" for name in names]
            elif isinstance(node, ast.Import):
                taken = [f"{alias.name}." for alias in node.names]
            else:
                continue
            for path in taken:
                house, room, *rest = [*path.split("."), ""]
                if house != "focusbench" or room not in ROOMS or room == own_room:
                    continue
                if len([part for part in rest if part]) > 1 or (
                    rest[0] and rest[0] not in names_offered(room)
                ):
                    found.append(f"{file.relative_to(folder)}:{node.lineno}: {path.rstrip('.')}")
    return found


def test_a_room_is_entered_only_through_its_door():
    assert imports_past_the_door(HOUSE) == []


@pytest.mark.parametrize(
    "line",
    [
        "from focusbench.curve.points import FocusPoint",
        "from focusbench.curve import points",
        "import focusbench.curve.points",
    ],
)
def test_an_import_past_the_door_is_found(tmp_path, line):
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "bad.py").write_text(f"import focusbench.curve\n{line}\n")
    (found,) = imports_past_the_door(tmp_path)
    assert found.startswith(f"{Path('engine') / 'bad.py'}:2: focusbench.curve.points")


def lint_imports(root):
    """Run import-linter on the house under `root`; returns its exit code and what it said."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from importlinter.cli import lint_imports;"
            "sys.exit(lint_imports(no_cache=True))",
        ],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root / "src"), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
    )
    return done.returncode, done.stdout + done.stderr


def test_the_layers_of_the_house_are_kept():
    code, said = lint_imports(ROOT)
    assert code == 0, said


@pytest.mark.parametrize(
    ("file", "line", "broken"),
    [
        ("curve/bad.py", "import focusbench.engine", "only from the rooms below it"),
        ("engine/bad.py", "import focusbench.simulator", "only from the rooms below it"),
        ("cellar/__init__.py", "", "only from the rooms below it"),
        ("tuning/bad.py", "from focusbench import __version__", "Nobody imports the front door"),
        ("simulator/bad.py", "import focusbench.stars", "shares no code with what it judges"),
        ("doctor/bad.py", "import bqplot", "Only widgets and lessons know ipywidgets and bqplot"),
    ],
)
def test_an_import_against_the_layers_is_found(tmp_path, file, line, broken):
    shutil.copytree(HOUSE, tmp_path / "src" / "focusbench")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    bad = tmp_path / "src" / "focusbench" / file
    bad.parent.mkdir(exist_ok=True)
    bad.write_text(line + "\n")
    code, said = lint_imports(tmp_path)
    assert code == 1
    assert re.search(f"{broken} BROKEN", said), said


def wall_clock_lint(*arguments, source=None):
    return subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", "--select", "TID251", *arguments],
        cwd=ROOT,
        input=source,
        capture_output=True,
        encoding="utf-8",
    )


@pytest.mark.parametrize(
    "source",
    [
        "import time\n",
        "from time import sleep\n",
        "import datetime\n\ndatetime.datetime.now()\n",
        "from datetime import UTC, datetime\n\ndatetime.now(UTC)\n",
        "from datetime import date\n\ndate.today()\n",
    ],
)
def test_a_look_at_the_wall_clock_is_found_everywhere_but_in_the_clock(source):
    elsewhere = wall_clock_lint(
        "--stdin-filename", str(HOUSE / "engine" / "new.py"), "-", source=source
    )
    assert elsewhere.returncode == 1
    assert "ask the rig's clock" in elsewhere.stdout
    clock = wall_clock_lint(
        "--stdin-filename", str(HOUSE / "devices" / "clock.py"), "-", source=source
    )
    assert clock.returncode == 0, clock.stdout


def test_nothing_but_the_clock_looks_at_the_wall_clock():
    done = wall_clock_lint("--ignore-noqa", "src")
    assert done.returncode == 0, done.stdout


def test_colours_stand_in_the_theme_alone():
    hex_colour = re.compile(r"#(?:[0-9a-fA-F]{8}|[0-9a-fA-F]{6}|[0-9a-fA-F]{3})\b")
    found = [
        f"{file.name}: {colour}"
        for file in sorted((HOUSE / "widgets").rglob("*"))
        if file.suffix in {".py", ".css", ".html"} and file.stem != "theme"
        for colour in hex_colour.findall(file.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_environment_yml_names_the_packages_of_pyproject():
    conda = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    (from_pypi,) = [entry["pip"] for entry in conda if isinstance(entry, dict)]
    project = PYPROJECT["project"]
    assert from_pypi == [*project["dependencies"], "-e .[test]"]
    assert f"python{project['requires-python']}" in conda


def test_constraints_pin_every_package_of_pyproject_and_name_no_address():
    constraints = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert "://" not in constraints
    pinned = set(re.findall(r"^([\w.-]+)==", constraints, re.MULTILINE))
    extras = PYPROJECT["project"]["optional-dependencies"]
    wanted = [*PYPROJECT["project"]["dependencies"], *extras["test"]]
    assert {re.match(r"[\w.-]+", package)[0] for package in wanted} <= pinned


def test_the_version_is_one_and_types_are_shipped():
    assert focusbench.__version__ == PYPROJECT["project"]["version"]
    assert (files("focusbench") / "py.typed").is_file()
