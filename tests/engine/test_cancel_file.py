"""Cancel from another process, file by file."""

import pytest

from focusbench.engine import request_cancel
from focusbench.engine.cancel_file import StopSignal


@pytest.fixture(autouse=True)
def runs(tmp_path, monkeypatch):
    monkeypatch.setenv("FOCUSBENCH_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


def test_a_run_that_is_busy_finds_the_request_later():
    stop = StopSignal()
    assert request_cancel(wait_s=0) == 0
    assert stop.is_set()
    stop.close()


def test_files_of_a_killed_kernel_are_removed_by_the_second_request(runs):
    StopSignal()
    request_cancel(wait_s=0)
    assert len(list(runs.iterdir())) == 2
    request_cancel(wait_s=0)
    assert list(runs.iterdir()) == []


def test_a_run_that_ends_leaves_no_file(runs):
    stop = StopSignal()
    assert [path.suffix for path in runs.iterdir()] == [".run"]
    stop.close()
    assert list(runs.iterdir()) == []


def test_without_a_folder_to_write_in_cancel_works_within_the_process(runs):
    runs.write_text("a file where the folder should be")
    stop = StopSignal()
    assert not stop.is_set()
    stop.set()
    assert stop.wait(1)
    stop.close()
