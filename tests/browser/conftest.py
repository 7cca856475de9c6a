"""One JupyterLab, one headless Chromium, one page and one kernel for all browser tests."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.lab import INSTALL, find_chromium, running_chromium, running_lab
from tests.browser.stage import Stage

REPO = Path(__file__).resolve().parents[2]
SCREENSHOTS = REPO / "artifacts" / "screenshots"


@pytest.fixture(scope="session")
def chromium():
    """A running headless Chromium."""
    path = find_chromium()
    if path is None:
        if os.environ.get("FOCUSBENCH_REQUIRE_BROWSER") == "1":
            pytest.fail(INSTALL)
        pytest.skip(INSTALL)
    with running_chromium(path) as browser:
        yield browser


@pytest.fixture(scope="session")
def lab_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that JupyterLab shows: a copy of the notebooks."""
    root = tmp_path_factory.mktemp("lab") / "notebooks"
    shutil.copytree(REPO / "notebooks", root)
    return root


@pytest.fixture(scope="session")
def lab_url(lab_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of one JupyterLab for all browser tests, with no settings of this machine."""
    with running_lab(lab_root, tmp_path_factory.mktemp("lab_home")) as url:
        yield url


@pytest.fixture(scope="session")
def whole_stage(chromium, lab_url: str, lab_root: Path) -> Iterator[Stage]:
    """One page, one notebook and one kernel for all stories."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)

    def picture(page, name: str) -> None:
        page.screenshot(path=SCREENSHOTS / f"{name}.png")

    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    yield Stage(context, lab_url, lab_root, picture)
    context.close()


@pytest.fixture
def stage(whole_stage: Stage) -> Iterator[Stage]:
    """The stage, cleared after each story: no widget may be left, and no error in the console."""
    yield whole_stage
    whole_stage.clear()
