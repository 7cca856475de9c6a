"""The rig and its lease."""

import json
import threading

import pytest

from focusbench.devices import Rig
from focusbench.errors import RunInProgress
from focusbench.simulator import simulated_rig


@pytest.fixture
def rig():
    made = simulated_rig(seed=1, shape=(32, 48), n_stars=3)
    return Rig("North pier", made.focuser, made.camera, made.clock)


def test_only_one_can_hold_the_lease(rig):
    with rig.lease(), pytest.raises(RunInProgress, match="North pier is busy"), rig.lease():
        pass


def test_lease_is_free_again_after_an_error(rig):
    with pytest.raises(ValueError, match="in mid-run"), rig.lease():
        raise ValueError("in mid-run")
    with rig.lease():
        pass


def test_lease_keeps_out_another_thread(rig):
    refused = []

    def intrude():
        try:
            with rig.lease():
                pass
        except RunInProgress:
            refused.append(True)

    with rig.lease():
        thread = threading.Thread(target=intrude)
        thread.start()
        thread.join()
    assert refused == [True]


def test_two_rigs_do_not_share_a_lease(rig):
    other = Rig("South pier", rig.focuser, rig.camera, rig.clock)
    with rig.lease(), other.lease():
        pass


def test_rig_without_wheel_and_thermometer_tells_neither(rig):
    assert rig.filter() is None
    assert rig.temperature_c() is None


def test_description_can_be_saved_as_json(rig):
    described = json.loads(json.dumps(rig.describe()))
    assert described["name"] == "North pier"
    assert described["focuser_limits"] == [0, 25_000]
    assert described["camera_shape"] == [32, 48]
    assert described["pixel_um"] == 3.76
    assert described["focal_ratio"] is None


def test_who_is_refused_reads_what_the_rig_is_busy_with(rig):
    with rig.lease("frames by hand"), pytest.raises(RunInProgress) as refused, rig.lease():
        pass
    assert str(refused.value) == "North pier is busy with frames by hand."
