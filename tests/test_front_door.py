import subprocess
import sys

import pytest

import focusbench as fb


def test_every_public_name_is_there_and_documented():
    for name in fb.__all__:
        assert getattr(fb, name).__doc__, name


def test_names_can_be_listed_before_they_are_used():
    code = "import focusbench as fb; assert set(fb.__all__) <= set(dir(fb))"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_unknown_name_is_told_with_the_names_there_are():
    with pytest.raises(AttributeError, match=r"no 'autofokus'.*autofocus"):
        fb.autofokus  # noqa: B018


def test_front_door_loads_nothing_heavy():
    heavy = "bqplot ipywidgets photutils numba scipy astropy xarray numpy"
    code = (
        "import sys, focusbench;"
        f"loaded = [m for m in '{heavy}'.split() if m in sys.modules];"
        "sys.exit(', '.join(loaded) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, f"import focusbench loads {done.stderr}"
