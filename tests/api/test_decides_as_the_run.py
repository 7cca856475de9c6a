"""A saved run that is opened again is decided as the run was, by its own curve and rules."""

import pytest

import focusbench as fb
from focusbench.af_packages import PackageRecorder
from focusbench.curve import Outcome
from focusbench.engine import CurveSampler, PointMeasured, RunStarted, autofocus_run

NOISE = {
    10_240 - 60 * i: metric
    for i, metric in enumerate((3.3, 3.0, 3.1, 3.05, 2.95, 3.0, 3.1, 3.05, 3.2))
}
"""Flat but for noise, and yet one line falls and one rises."""

AS_SGPRO = fb.AutofocusOptions.as_sgpro(smart_focus=False, max_sweeps=1, validation_frame=False)


def saved(options, folder, kinds=object):
    """Record of a run on these points, and its package; of some kinds of events only."""
    recorder = PackageRecorder(folder)
    for event in autofocus_run(options, CurveSampler(NOISE.get, start=10_000)):
        if isinstance(event, kinds):
            recorder.record(event)
    return event.record, recorder.path


@pytest.mark.parametrize(
    ("options", "focused"),
    [
        (AS_SGPRO, True),
        (AS_SGPRO.replace(veto=True), False),
        (AS_SGPRO.replace(curve="auto"), False),
    ],
    ids=["as SGPro", "with the veto", "auto"],
)
def test_a_saved_run_is_decided_as_it_was(tmp_path, options, focused):
    record, path = saved(options, tmp_path)
    assert (record.outcome == Outcome.FOCUSED) is focused
    analysis = fb.analyze(path)
    assert analysis.outcome == record.outcome
    assert analysis.best == fb.open_package(path).best() == record.best


def test_a_run_killed_before_its_decision_is_decided_as_it_would_have_been(tmp_path):
    record, path = saved(AS_SGPRO, tmp_path, kinds=RunStarted | PointMeasured)
    assert fb.open_package(path).decided == record.best
    assert fb.analyze(path, curve="auto").outcome == Outcome.NOT_FOCUSED
