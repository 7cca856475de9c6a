"""A whole run over Alpaca on a rig whose focus drifts."""

import pytest

from focusbench.alpaca import AlpacaServer, connect_alpaca
from focusbench.curve import Outcome
from focusbench.engine import FocusSession
from focusbench.options import AutofocusOptions
from focusbench.simulator import simulated_rig

OPTIONS = AutofocusOptions(step_size=60, data_points=7, exposure_s=3, backlash=30)


@pytest.mark.parametrize("seed", [1, 2])
def test_with_focus_drifting_a_run_ends_within_a_quarter_of_a_step_of_the_truth(seed):
    # 60 steps an hour: about one during the run.
    rig = simulated_rig(seed=seed, live=True, speed=20, temperature_c_per_h=-3.0, start=10_230)
    with AlpacaServer(rig, port=0, discovery=False) as server:
        record = FocusSession.of(connect_alpaca(server.address)).run(OPTIONS)
        truth = rig.true_best_focus()
    assert record.outcome is Outcome.FOCUSED
    assert record.best_position == pytest.approx(truth, abs=OPTIONS.step_size / 4)
    assert record.final_position == rig.focuser.position()
