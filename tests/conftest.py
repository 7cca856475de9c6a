import os
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.contracts")

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session", autouse=True)
def own_runs(tmp_path_factory):
    """Keep Cancel from another process among the tests: a run at the telescope goes on."""
    os.environ["FOCUSBENCH_RUNS"] = str(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="session")
def shared_data():
    """Folder of real frames and tables, which lies beside the project and is no part of it."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the real frames and tables are not there: {folder}")
    return folder
