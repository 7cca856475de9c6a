"""Journals that are cut off, damaged, of a newer version, or on a disk that is full."""

import pytest

from focusbench.curve import Outcome
from focusbench.errors import PackageDamaged, PackageError
from focusbench.sequence import (
    JOURNAL,
    FocusEnded,
    FocusRun,
    FocusStarted,
    FrameTaken,
    Journal,
    Night,
    NightContinued,
    NightEnded,
    NightProgress,
    NightStarted,
    fold,
    read_events,
    read_night,
)
from focusbench.triggers import Trigger, decide
from tests.sequence.quick_rig import NO_TRIGGERS, QuickRig, plan


@pytest.fixture
def quick(monkeypatch):
    return QuickRig(monkeypatch)


@pytest.fixture
def night(quick, tmp_path):
    """The lines of a whole night with two runs, and what became of it."""
    triggers = NO_TRIGGERS.replace(before_first_frame=True, on_filter_change=True)
    return quick.run(plan(("L", 1, 2), ("Ha", 1, 1), triggers=triggers), tmp_path)


def lines_of(folder):
    return (folder / JOURNAL).read_bytes().splitlines(keepends=True)


def test_events_come_back_as_they_were_told(night, quick, tmp_path):
    told, whole = read_events(tmp_path / JOURNAL)
    assert list(told) == quick.events
    assert whole == (tmp_path / JOURNAL).stat().st_size


def test_cut_off_anywhere_it_opens_with_what_was_whole(night, tmp_path):
    content = (tmp_path / JOURNAL).read_bytes()
    ends = [i + 1 for i, byte in enumerate(content) if byte == ord("\n")]
    (tmp_path / "cut").mkdir()
    journal = tmp_path / "cut" / JOURNAL
    for end in range(ends[0], len(content), 97):
        journal.write_bytes(content[:end])
        n_whole = sum(e <= end for e in ends)
        progress = NightProgress()
        for event in read_events(tmp_path / JOURNAL)[0][:n_whole]:
            progress = fold(progress, event)
        assert read_night(journal.parent) == progress
        with Journal(journal.parent) as opened:
            assert opened.progress == progress
        assert journal.stat().st_size == ends[n_whole - 1]


def test_a_journal_without_a_whole_line_is_a_night_that_has_not_begun(quick, tmp_path):
    (tmp_path / JOURNAL).write_bytes(b'{"event": "NightSta')
    night = quick.run(plan(("L", 1, 1)), tmp_path)
    assert night.progress.complete
    assert read_night(tmp_path).complete


@pytest.mark.parametrize(
    "line",
    [
        b"nonsense\n",
        b"[1]\n",
        b'{"time_s": 1}\n',
        b'{"event": "FrameTaken", "time_s": 1}\n',
        b'{"event": "Paused", "time_s": "late", "why": ""}\n',
        b'{"event": "FocusEnded", "time_s": 1, "run": {"outcome": "SHARP"}}\n',
        b"\xff\xfe\n",
    ],
)
def test_a_damaged_line_is_named(night, tmp_path, line):
    lines = lines_of(tmp_path)
    (tmp_path / JOURNAL).write_bytes(b"".join([*lines[:3], line, *lines[3:]]))
    with pytest.raises(PackageDamaged, match="line 4 is no event of a night"):
        Night(QuickRig(pytest.MonkeyPatch()).rig, folder=tmp_path)


def test_what_a_newer_version_adds_is_left_out(night, tmp_path):
    lines = lines_of(tmp_path)
    added = b'{"event": "MoonRose", "time_s": 1, "phase": 0.5}\n'
    changed = lines[-1].replace(b'"complete"', b'"moon": 1, "complete"')
    (tmp_path / JOURNAL).write_bytes(b"".join([*lines[:-1], added, changed]))
    assert read_night(tmp_path) == night.progress


def test_where_there_is_no_night_that_is_said(tmp_path):
    with pytest.raises(PackageError, match=r"There is no night in .*night\.jsonl"):
        read_night(tmp_path)
    (tmp_path / JOURNAL).touch()
    with pytest.raises(PackageError, match=r"night\.jsonl is empty"):
        read_night(tmp_path)


def test_a_journal_that_cannot_be_written_breaks_the_night_off_and_it_goes_on_later(
    quick, tmp_path, monkeypatch
):
    night = quick.night(plan(("L", 1, 3)), tmp_path)
    write = Journal.write

    def full(journal, event):
        if isinstance(event, FrameTaken) and event.frame.number == 2:
            raise PackageError("The night's journal cannot be written: no space left on device.")
        write(journal, event)

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "write", full)
        night.start()
        assert night.wait(60)
    assert "no space left" in night.error
    assert not night.progress.complete
    assert quick.rig.camera.is_idle()
    night.start()
    assert night.wait(60)
    assert [frame.number for frame in night.progress.frames] == [1, 2, 3]
    assert len(list((tmp_path / "lights").iterdir())) == 3


def test_a_folder_that_is_a_file_is_said(quick, tmp_path):
    (tmp_path / "night").write_text("")
    with pytest.raises(PackageError, match="The night cannot be kept in"):
        quick.night(plan(("L", 1, 1)), tmp_path / "night")


@pytest.mark.parametrize(("outcome", "due"), [(Outcome.CANCELLED, True), (Outcome.FAILED, False)])
def test_a_run_cancelled_to_stop_the_night_is_due_when_it_goes_on(outcome, due):
    sequence = plan(("L", 1, 2), triggers=NO_TRIGGERS.replace(before_first_frame=True))
    progress = NightProgress()
    for event in (
        NightStarted(0.0, sequence, 10_250, "L", 10.0),
        FocusStarted(1.0, (Trigger.FIRST_FRAME,), "first frame"),
        FocusEnded(9.0, FocusRun(outcome, "It ended.", 1.0, 9.0)),
        NightEnded(10.0, False, "stopped"),
        NightContinued(60.0),
    ):
        progress = fold(progress, event)
    assert bool(decide(progress.state, sequence.triggers).due) == due
