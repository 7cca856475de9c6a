"""A night that is killed goes on where it was: no finished frame is lost or counted twice."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from focusbench.frames import read_frame
from focusbench.sequence import JOURNAL, Night, read_night
from tests.sequence.kill_nights import SEQUENCE
from tests.sequence.quick_rig import QuickRig

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL and fork are POSIX")
def test_killed_at_20_random_moments_no_frame_is_lost_or_doubled(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tests.sequence.kill_nights", str(tmp_path), "20", "7"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr
    killed, _ = map(int, done.stdout.split())
    assert killed == 20
    progress = read_night(tmp_path)
    assert progress.complete
    assert progress.done == (50, 50)
    # Every frame once, in the order of the plan, and its file with the same pixels inside.
    assert [frame.number for frame in progress.frames] == list(range(1, 101))
    assert [frame.kind.filter for frame in progress.frames] == ["L"] * 50 + ["Ha"] * 50
    saved = sorted(path.name for path in (tmp_path / "lights").iterdir())
    assert saved == sorted(Path(frame.file).name for frame in progress.frames)
    for frame in progress.frames[::10]:
        assert read_frame(tmp_path / frame.file).filter == frame.kind.filter
    assert sum(run.focused for run in progress.runs) >= 100 // 6 - 1
    with (tmp_path / JOURNAL).open() as lines:
        told = [json.loads(line)["event"] for line in lines]
    assert told.count("NightStarted") == 1
    assert told.count("NightContinued") == 20
    assert told.count("NightEnded") == 1


def broken_off(tmp_path, monkeypatch, after):
    """A night of three frames whose kernel died right after something was told."""
    quick = QuickRig(monkeypatch)
    row = SEQUENCE.targets[0].events[0].replace(count=3)
    sequence = SEQUENCE.change_target("M 31", events=(row,))
    night = quick.night(sequence, tmp_path)

    class Died(BaseException):
        pass

    keep = night._station.keep

    def die(frame):
        if frame.number == 2:
            if after == "rename":
                keep(frame)
            night.stop()
            raise Died
        keep(frame)

    night._station.keep = die
    with pytest.MonkeyPatch.context() as quiet:
        quiet.setattr("threading.excepthook", lambda _: None)
        night.start()
        assert night.wait(60)
    return quick


def go_on(tmp_path, monkeypatch):
    night = Night(QuickRig(monkeypatch).rig, folder=tmp_path)
    night.start()
    assert night.wait(60)
    return night


@pytest.mark.parametrize("after", ["journal", "rename"])
def test_a_frame_that_the_journal_names_is_finished_whenever_it_was_broken_off(
    tmp_path, monkeypatch, after
):
    broken_off(tmp_path, monkeypatch, after)
    names = {path.name for path in (tmp_path / "lights").iterdir()}
    assert any(name.endswith(".part") for name in names) == (after == "journal")
    night = go_on(tmp_path, monkeypatch)
    assert [frame.number for frame in night.progress.frames] == [1, 2, 3]
    assert {p.name for p in (tmp_path / "lights").iterdir()} == {
        f"M-31_L_1s_000{number}.fits" for number in (1, 2, 3)
    }


def test_a_frame_that_the_journal_does_not_name_is_taken_again(tmp_path, monkeypatch):
    broken_off(tmp_path, monkeypatch, "rename")
    journal = tmp_path / JOURNAL
    lines = journal.read_bytes().splitlines(keepends=True)
    taken = [i for i, line in enumerate(lines) if b'"FrameTaken"' in line]
    # Cut off in the middle of the line of the second frame, whose file is not finished.
    journal.write_bytes(b"".join(lines[: taken[1]]) + lines[taken[1]][:40])
    second = tmp_path / "lights" / "M-31_L_1s_0002.fits"
    second.rename(second.with_name(second.name + ".part"))
    night = go_on(tmp_path, monkeypatch)
    assert [frame.number for frame in night.progress.frames] == [1, 2, 3]
    assert read_night(tmp_path) == night.progress
    assert len(list((tmp_path / "lights").iterdir())) == 3


def test_killed_in_a_run_the_focuser_goes_back_to_the_last_good_position(tmp_path, monkeypatch):
    quick = QuickRig(monkeypatch)
    row = SEQUENCE.targets[0].events[0].replace(count=2)
    triggers = SEQUENCE.triggers.replace(every_frames=1)
    sequence = SEQUENCE.change_target("M 31", events=(row,))
    sequence = type(sequence)(sequence.autofocus, triggers, targets=sequence.targets)
    quick.run(sequence, tmp_path)
    journal = tmp_path / JOURNAL
    lines = journal.read_bytes().splitlines(keepends=True)
    begun = next(i for i, line in enumerate(lines) if b'"FocusStarted"' in line)
    journal.write_bytes(b"".join(lines[: begun + 1]))
    again = QuickRig(monkeypatch, start=10_400)
    night = again.night(None, tmp_path)
    night.start()
    assert night.wait(60)
    assert night.progress.complete
    # Sent home first, then the run that was due is made from there.
    (run,) = night.progress.runs
    assert run.start_position == 10_250
    assert night.progress.frames[-1].position == run.final_position
