"""Sweeps both ways, driven by the session: what holds for any run holds for them."""

import pytest

import focusbench as fb
from focusbench.af_packages import PackageRecorder
from focusbench.curve import Outcome
from focusbench.engine import BothWays, PointMeasured, SweepStarted, uncompensated
from focusbench.errors import DeviceRefused, MeasurementError, OptionsError, RunCancelled
from tests.engine.faulty_rig import BEST, HOME, OPTIONS, SHIFT, FaultyRig

SWEEPS = uncompensated(OPTIONS)
PLAIN = uncompensated(OPTIONS.replace(focus_filter=None))


@pytest.fixture
def faulty(monkeypatch):
    return FaultyRig(monkeypatch)


def sweep(faulty, options=SWEEPS, **more):
    return faulty.run(options, sampling=BothWays, **more)


def test_it_goes_outward_then_inward_over_the_same_positions_without_compensation(faulty):
    record = sweep(faulty)
    outward, inward = (e.positions for e in faulty.events if isinstance(e, SweepStarted))
    assert outward == inward[::-1]
    assert inward[0] > inward[-1]
    sent = [p.position for p in record.points if p.role == "sweep"]
    assert sent == [*outward, *inward]
    assert record.options.backlash == 0


def test_it_ends_at_best_focus_and_the_rig_as_found(faulty):
    record = sweep(faulty)
    assert record.outcome is Outcome.FOCUSED
    assert abs(record.best_position - (BEST + SHIFT)) < 5
    assert record.final_position == round(record.best_position - SHIFT)
    faulty.assert_as_found()
    faulty.assert_one_end(record)


@pytest.mark.parametrize("after", [1, 4, 7, 10])
def test_cancel_goes_home_whenever_it_comes(faulty, after):
    def cancel(event):
        if isinstance(event, PointMeasured) and faulty.n_measured == after:
            faulty.session.cancel()

    faulty.session.subscribe(cancel)
    record = sweep(faulty)
    assert record.outcome is Outcome.CANCELLED
    assert faulty.focuser.real.position() == HOME
    faulty.assert_as_found()
    faulty.assert_one_end(record)


@pytest.mark.parametrize("after", [1, 4, 9])
def test_a_failure_goes_home_and_keeps_the_points(faulty, after):
    def refuse():
        raise DeviceRefused("camera", "It will not.")

    faulty.at_measurement[after] = refuse
    record = sweep(faulty)
    assert record.outcome is Outcome.FAILED
    assert len(record.points) == after - 1
    assert faulty.focuser.real.position() == HOME
    faulty.assert_as_found()


def test_the_verb_says_why_there_is_no_answer(faulty):
    def refuse():
        raise DeviceRefused("camera", "It will not.")

    faulty.at_measurement[3] = refuse
    with pytest.raises(MeasurementError, match="It will not"):
        fb.measure_backlash(faulty.rig, PLAIN, save_packages_to=None)
    faulty.at_measurement = {faulty.n_measured + 3: faulty.session.cancel}
    with pytest.raises(RunCancelled, match="Cancelled"):
        fb.measure_backlash(faulty.rig, PLAIN, save_packages_to=None)


def test_its_package_tells_the_same(faulty, tmp_path):
    record = sweep(faulty, PLAIN, recorder=PackageRecorder(tmp_path, "numbers"))
    package = fb.open_package(record.package_path)
    assert package.best().best_position == pytest.approx(record.best_position)
    direct, saved = fb.find_backlash([record]), fb.find_backlash([record.package_path])
    assert saved.interval_95 == pytest.approx(direct.interval_95)
    assert set(saved.from_evidence) == {"sweeps both ways"}


def test_fewer_than_five_data_points_are_refused():
    with pytest.raises(OptionsError, match="5 or more a way; got 4"):
        uncompensated(OPTIONS.replace(data_points=4))
