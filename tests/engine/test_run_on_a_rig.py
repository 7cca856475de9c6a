"""What a run does, step by step, on the simulated rig: the rules of SGPro's help page."""

import numpy as np
import pytest

from focusbench.curve import Outcome
from focusbench.engine import FocusSession, PointStarted
from focusbench.errors import OptionsError
from focusbench.frames import Frame, write_frame
from focusbench.options import AutofocusOptions
from focusbench.simulator import simulated_rig

SMALL = {"shape": (240, 320), "n_stars": 90}


@pytest.fixture
def commanded(monkeypatch):
    """Remember every position that a rig's focuser is sent to."""

    def listen(rig):
        positions, start_move = [], rig.focuser.start_move
        monkeypatch.setattr(
            rig.focuser, "start_move", lambda p: (positions.append(p), start_move(p))[1]
        )
        return positions

    return listen


@pytest.mark.parametrize(
    ("centre", "n", "step", "sweep"),
    [
        (1000, 3, 10, [1010, 1000, 990]),
        (5000, 7, 10, [5030, 5020, 5010, 5000, 4990, 4980, 4970]),
        (6830, 9, 25, list(range(6930, 6729, -25))),
    ],
)
def test_sweep_starts_out_and_steps_in(commanded, centre, n, step, sweep):
    rig = simulated_rig(best_focus=centre, start=centre, seed=5, **SMALL)
    positions = commanded(rig)
    options = AutofocusOptions(data_points=n, step_size=step, smart_focus=False, exposure_s=1)
    FocusSession.of(rig).run(options)
    assert positions[:n] == sweep


def test_first_and_last_move_overshoot_where_the_final_move_is_in(commanded):
    rig = simulated_rig(best_focus=10_250, start=10_250, seed=5, **SMALL)
    positions = commanded(rig)
    options = AutofocusOptions(backlash=30, final_approach="direct")
    record = FocusSession.of(rig).run(options)
    assert positions[:3] == [10_520, 10_490, 10_430]
    # From the inner end of the sweep best focus lies outward: past it by the backlash, then in.
    assert positions[-2:] == [record.final_position + 30, record.final_position]


def test_final_move_out_overshoots_every_step_inward(commanded):
    rig = simulated_rig(best_focus=10_250, start=10_250, seed=5, **SMALL)
    positions = commanded(rig)
    FocusSession.of(rig).run(AutofocusOptions(backlash=30, final_move="out"))
    assert positions[:5] == [10_490, 10_400, 10_430, 10_340, 10_370]


def test_without_a_fit_focus_is_the_average_of_the_lowest_points():
    rig = simulated_rig(best_focus=10_250, start=10_250, seed=5, **SMALL)
    # A gate that no parabola passes: SGPro's red lines.
    options = AutofocusOptions(curve="parabola", min_quality=1.0)
    record = FocusSession.of(rig).run(options)
    assert record.outcome == Outcome.LOWEST_POINTS
    sweep = sorted((p for p in record.points if p.role == "sweep"), key=lambda p: p.position)
    threes = [sweep[i : i + 3] for i in range(len(sweep) - 2)]
    lowest = min(threes, key=lambda three: sum(p.metric for p in three))
    weights = [1 / p.metric for p in lowest]
    expected = sum(w * p.position for w, p in zip(weights, lowest, strict=True)) / sum(weights)
    assert record.best_position == pytest.approx(expected)
    assert record.final_position == round(expected) == rig.focuser.position()
    assert record.expected_metric == pytest.approx(sum(p.metric for p in lowest) / 3)
    assert any("No fit" in warning for warning in record.warnings)


def test_validation_frame_notices_backlash_and_undoes_nothing():
    # The drive has 150 steps of play that nobody told the run of, and it takes the direct way.
    rig = simulated_rig(best_focus=10_250, start=10_250, seed=5, backlash=150, **SMALL)
    options = AutofocusOptions(final_approach="direct", data_points=15)
    record = FocusSession.of(rig).run(options)
    assert record.outcome == Outcome.FOCUSED
    assert record.validation.passed is False
    assert record.validation.deviation_percent > 10
    assert "backlash" in record.warnings[-1]
    assert rig.focuser.position() == record.final_position


def test_the_same_drive_does_no_harm_when_approached_as_sampled():
    rig = simulated_rig(best_focus=10_250, start=10_250, seed=5, backlash=150, **SMALL)
    record = FocusSession.of(rig).run(AutofocusOptions(data_points=15))
    assert record.outcome == Outcome.FOCUSED
    assert record.validation.passed
    assert record.best_position == pytest.approx(10_250, abs=15)


def test_cancel_and_run_again_return_as_the_help_page_says():
    # 2000 → 1900, again → 1890 or so, cancel → 1900; and from the first run → 2000.
    rig = simulated_rig(best_focus=1900, start=2000, seed=5, **SMALL)
    session = FocusSession.of(rig)
    first = session.run(AutofocusOptions())
    assert first.final_position == pytest.approx(1900, abs=15)
    session.run(AutofocusOptions(), again=True)
    session.cancel()
    assert session.wait(30)
    assert rig.focuser.position() == first.final_position

    rig = simulated_rig(best_focus=1900, start=2000, seed=5, **SMALL)
    session = FocusSession.of(rig)
    session.run(AutofocusOptions())
    session.cancel()
    assert session.wait(30)
    assert rig.focuser.position() == 2000


def write_dark(path, level, shape=(240, 320)):
    pixels = np.full(shape, level, np.uint16)
    write_frame(Frame(pixels, exposure_s=3.0), path)


def test_the_nearest_dark_is_subtracted_and_remembered(tmp_path):
    write_dark(tmp_path / "2_dark.fits", 100)
    write_dark(tmp_path / "3.5_dark.fits", 100)
    rig = simulated_rig(best_focus=10_250, start=10_250, seed=5, **SMALL)
    options = AutofocusOptions(dark_folder=str(tmp_path))
    record = FocusSession.of(rig).run(options)
    assert record.outcome == Outcome.FOCUSED
    assert record.rig["dark"] == "3.5_dark.fits"


def test_a_run_whose_darks_do_not_fit_does_not_begin(tmp_path, commanded):
    write_dark(tmp_path / "15_dark.fits", 100)
    rig = simulated_rig(best_focus=10_250, start=10_250, seed=5, **SMALL)
    positions = commanded(rig)
    session = FocusSession.of(rig)
    with pytest.raises(OptionsError, match=r"fits a frame of 3 s.*darks of 15 s"):
        session.run(AutofocusOptions(dark_folder=str(tmp_path)))
    assert positions == []
    assert not session.running
    # The session is free again.
    assert session.run(AutofocusOptions()).outcome == Outcome.FOCUSED


def test_a_flat_dark_changes_nothing_but_the_sky(tmp_path):
    rig = simulated_rig(best_focus=10_250, start=10_250, seed=5, **SMALL)
    plain = FocusSession.of(rig).run(AutofocusOptions())
    write_dark(tmp_path / "3_dark.fits", 50)
    rig = simulated_rig(best_focus=10_250, start=10_250, seed=5, **SMALL)
    dark = FocusSession.of(rig).run(AutofocusOptions(dark_folder=str(tmp_path)))
    assert dark.best_position == pytest.approx(plain.best_position, abs=5)


def test_the_next_move_begins_before_the_frame_is_measured(monkeypatch):
    """The rig never waits for the analysis: the move overlaps it."""
    rig = simulated_rig(best_focus=10_250, start=10_250, seed=5, **SMALL)
    moving_while_measured = []
    session = FocusSession.of(rig)

    from focusbench.engine import measuring

    measure = measuring.measure

    def watched(*args, **kwargs):
        moving_while_measured.append(rig.focuser.is_moving())
        return measure(*args, **kwargs)

    monkeypatch.setattr(measuring, "measure", watched)
    session.run(AutofocusOptions())
    assert moving_while_measured[:8] == [True] * 8


def test_a_run_takes_no_longer_than_its_moves_exposures_and_downloads():
    rig = simulated_rig(best_focus=10_250, start=10_250, seed=5, **SMALL)
    log = []
    session = FocusSession.of(rig)
    session.subscribe(log.append)
    record = session.run(AutofocusOptions())
    n = sum(isinstance(event, PointStarted) for event in log)
    travel = 240 + 480 + 480 + abs(10_490 - record.final_position)
    # 3 s exposure, 0.5 s download, 250 steps a second; each wait may be noticed 0.1 s late, and
    # every frame has two waits (move, image).
    assert record.duration_s <= n * (3.5 + 0.2) + travel / 250 + 0.5
