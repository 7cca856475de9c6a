"""The list before a run: what it finds, and that the run agrees."""

import shutil
from collections import namedtuple

import numpy as np
import pytest

from focusbench.af_packages import PackageRecorder
from focusbench.curve import FocusPoint, Outcome
from focusbench.engine import Check, FocusSession, RunRecord, expected_duration_s, preflight
from focusbench.engine.preflight import package_bytes
from focusbench.errors import DeviceNotConnected
from focusbench.frames import Frame, write_frame
from focusbench.options import AutofocusOptions
from focusbench.simulator import simulated_rig

SHAPE = (240, 320)
OPTIONS = AutofocusOptions(step_size=60, data_points=9, exposure_s=3)


def rig_at(start: int = 10_250, **more):
    return simulated_rig(seed=1, shape=SHAPE, n_stars=40, start=start, **more)


def look(rig, options=OPTIONS, **more) -> dict[str, Check]:
    return {check.about: check for check in preflight(rig, options, **more)}


def test_a_rig_that_is_ready_passes_every_check(tmp_path):
    found = look(rig_at(), folder=tmp_path)
    assert list(found) == ["Sweep", "Camera", "Filter", "Darks", "Disk", "Time"]
    assert {check.verdict for check in found.values()} == {"ok"}
    assert found["Sweep"].sentence == "10490 → 10010, within the focuser's 0 to 25000."
    assert found["Camera"].sentence == "idle; frames of 320 × 240 pixels."
    assert found["Filter"].sentence == "L, 3 s a frame."
    assert found["Time"].sentence == "about 1 min."


@pytest.mark.parametrize(
    ("start", "cure"),
    [
        (24_900, "Begin at 24760 or further in, or lower the step size to 25."),
        (120, "Begin at 240 or further out, or lower the step size to 30."),
    ],
    ids=["outer limit", "inner limit"],
)
def test_a_sweep_beyond_a_limit_is_told_with_a_cure_that_helps(start, cure):
    rig = rig_at(start)
    sweep = look(rig)["Sweep"]
    assert (sweep.verdict, sweep.cure) == ("bad", cure)
    smaller = OPTIONS.replace(step_size=int(cure.rstrip(".").rpartition(" ")[2]))
    assert look(rig, smaller)["Sweep"].verdict == "ok"
    assert look(rig, smaller.replace(step_size=smaller.step_size + 1))["Sweep"].verdict == "bad"


def test_what_is_bad_in_the_list_fails_the_run():
    rig = rig_at(24_900)
    record = FocusSession.of(rig).run(OPTIONS)
    assert record.outcome is Outcome.FAILED
    assert "position 25140" in record.diagnosis
    assert "25140 is beyond" in look(rig)["Sweep"].sentence


def test_the_sweep_is_where_the_focus_filter_focuses():
    options = OPTIONS.replace(
        focus_filter="Ha",
        adjust_focus_per_filter=True,
        filters={"L": {"focus_point": 100}, "Ha": {"focus_point": 160, "exposure_s": 20}},
    )
    found = look(rig_at(), options)
    assert found["Sweep"].sentence.startswith("10550 → 10070")
    assert found["Filter"].sentence == "Ha, 20 s a frame."
    unknown = look(rig_at(), options.replace(filters={}))["Filter"]
    assert (unknown.verdict, "not both known" in unknown.sentence) == ("warn", True)


def test_a_filter_that_is_not_there_is_named_with_those_that_are():
    found = look(rig_at(), OPTIONS.replace(focus_filter="Hb"))["Filter"]
    assert found.verdict == "bad"
    assert "no filter 'Hb'; it has L, R, G" in found.sentence
    assert "no filter wheel" in look(rig_at(filters=None))["Filter"].sentence


def test_a_busy_camera_and_one_that_cannot_bin_so_are_told():
    rig = rig_at()
    rig.camera.start_exposure(60)
    assert "busy" in look(rig)["Camera"].sentence
    rig.camera.abort()
    rig.camera.__class__ = type("Small", (type(rig.camera),), {"max_binning": 1})
    assert look(rig, OPTIONS.replace(binning=2))["Camera"].cure == "Choose 1×1."


def test_a_device_that_does_not_answer_is_told_and_not_raised(monkeypatch):
    rig = rig_at()

    def gone():
        raise DeviceNotConnected("focuser", "The focuser is gone.")

    monkeypatch.setattr(rig.focuser, "position", gone)
    found = look(rig)
    assert (found["Sweep"].verdict, found["Sweep"].sentence) == ("bad", "The focuser is gone.")
    assert found["Camera"].verdict == "ok"


def test_darks_are_found_for_the_exposure_of_the_filter(tmp_path):
    options = OPTIONS.replace(dark_folder=str(tmp_path))
    assert look(rig_at(), options)["Darks"].verdict == "bad"
    write_frame(Frame(np.zeros(SHAPE, np.uint16)), tmp_path / "15_dark.fits")
    assert "it has darks of 15 s" in look(rig_at(), options)["Darks"].sentence
    of_filter = options.replace(filters={"L": {"exposure_s": 14}})
    assert look(rig_at(), of_filter)["Darks"].sentence == "15_dark.fits for 14 s."
    gone = look(rig_at(), OPTIONS.replace(dark_folder=str(tmp_path / "none")))["Darks"]
    assert "There is no folder of darks" in gone.sentence


@pytest.mark.parametrize(
    ("free", "verdict", "words"),
    [(10**6, "warn", "not be saved"), (4 * 10**6, "warn", "Smart focus"), (10**9, "ok", "")],
)
def test_space_is_compared_with_the_size_of_the_package(
    monkeypatch, tmp_path, free, verdict, words
):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(0, 0, free))
    disk = look(rig_at(), folder=tmp_path / "not" / "yet" / "made")["Disk"]
    # Ten frames of 320 × 240 pixels at two bytes, and the tables beside them.
    assert "the package takes 2.0 MB" in disk.sentence
    assert disk.verdict == verdict
    assert words in disk.cure


def test_the_size_said_is_that_of_the_package(tmp_path):
    options = OPTIONS.replace(data_points=5, exposure_s=1)
    rig = rig_at()
    record = FocusSession.of(rig).run(options, recorder=PackageRecorder(tmp_path))
    saved = sum(f.stat().st_size for f in record.package_path.rglob("*") if f.is_file())
    assert 1.0 <= package_bytes(rig, options) / saved <= 1.4, saved


def test_without_a_folder_nothing_is_saved_and_nothing_asked():
    assert look(rig_at())["Disk"].sentence == "nothing is saved."


def test_a_folder_that_is_a_file_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    disk = look(rig_at(), folder=tmp_path / "file")["Disk"]
    assert (disk.verdict, "cannot be written to" in disk.sentence) == ("warn", True)


def test_expected_time_is_learned_from_the_last_run():
    assert expected_duration_s(OPTIONS) == pytest.approx(10 * (3 + 3))
    points = tuple(FocusPoint(p, 3.0) for p in OPTIONS.sweep_positions(10_250)[:8])
    last = RunRecord(
        Outcome.FOCUSED, "", OPTIONS, 10_250, 10_250, 10_250, points=points, duration_s=8 * 11.0
    )
    # 11 s a point at 3 s of exposure: 8 s of everything else, whatever is exposed next.
    assert expected_duration_s(OPTIONS.replace(exposure_s=5), last) == pytest.approx(10 * 13)
    assert preflight(rig_at(), OPTIONS, last=last)[-1].sentence.endswith("of the last run.")
    per_filter = OPTIONS.replace(filters={"Ha": {"exposure_s": 30}}, focus_filter="Ha")
    assert expected_duration_s(per_filter) == pytest.approx(10 * 33)
