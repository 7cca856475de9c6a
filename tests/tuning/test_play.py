"""Where the drawtube stood: the path that a record tells of, against the simulator's own drive."""

import numpy as np
import pytest

from benchmarks.play_rig import FOCUS, FormulaSampler, PlayRig
from focusbench.curve import FocusPoint
from focusbench.engine import BothWays, uncompensated
from focusbench.options import AutofocusOptions
from focusbench.tuning.play import Path


def rig_with(play):
    return PlayRig(play, width=1.7, gamma=0.5, wings=0, stars=100, scatter=0.01)


@pytest.fixture
def stood(monkeypatch):
    """Where the drive really stood at each point."""
    places, sample = [], FormulaSampler.sample

    def listen(self, *args, **kwargs):
        taken = sample(self, *args, **kwargs)
        places.append(self._drive.drawtube(self._rig.clock.now()))
        return taken

    monkeypatch.setattr(FormulaSampler, "sample", listen)
    return places


@pytest.mark.parametrize("play", [0, 25, 130, 300])
@pytest.mark.parametrize(
    "options",
    [
        AutofocusOptions(),
        AutofocusOptions(final_approach="direct"),
        AutofocusOptions(backlash=40),
        AutofocusOptions(backlash=40, final_approach="direct"),
        AutofocusOptions(backlash=40, final_move="out"),
        AutofocusOptions(data_points=5, step_size=40),
    ],
    ids=["plain", "direct", "compensated", "compensated direct", "final move out", "smart focus"],
)
def test_the_path_of_a_run_is_the_one_the_drive_took(stood, play, options):
    record = rig_with(play).run(options, np.random.default_rng(3))
    told = Path.of_record(record).drawtube(np.array([float(play)]))[0]
    assert told.tolist() == stood


@pytest.mark.parametrize("play", [0, 25, 130])
def test_the_path_of_sweeps_both_ways_is_the_one_the_drive_took(stood, play):
    record = rig_with(play).run(
        uncompensated(AutofocusOptions()), np.random.default_rng(3), BothWays
    )
    told = Path.of_record(record).drawtube(np.array([float(play)]))[0]
    assert told.tolist() == stood


def test_a_drive_that_takes_up_too_much_stands_further_out_after_a_move_outward():
    path = Path((0.0, 100.0, 50.0), (1, 2))
    assert path.drawtube(np.array([-30.0])).tolist() == [[130.0, 50.0]]


def test_a_foreign_run_that_sampled_outward_lags_outward():
    points = [FocusPoint(FOCUS + d, 2.0) for d in (0, 60, 120)]
    stood = Path.of_points(points).drawtube(np.array([80.0]))[0]
    assert stood.tolist() == [FOCUS, FOCUS, FOCUS + 40]
