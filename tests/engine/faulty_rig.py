"""A quick simulated rig whose devices can be made to fail, and which knows how it was found.

Frames are tiny and empty; what would be measured of them is a hyperbola around the focus of the
filter in the beam, so that a whole run takes some milliseconds.
"""

import math
import threading
from types import SimpleNamespace

import numpy as np

from focusbench.curve import Outcome
from focusbench.engine import FocusSession, RunFinished, measuring, rig_sampler
from focusbench.options import AutofocusOptions
from focusbench.simulator import Filter, simulated_rig
from focusbench.stars import STAR_FIELDS

HOME, BEST, SHIFT = 10_230, 10_250, 60

OPTIONS = AutofocusOptions(
    data_points=5,
    step_size=80,
    exposure_s=0.3,
    settle_s=0.2,
    backlash=30,
    gain=100,
    fast_download=True,
    focus_filter="Ha",
    adjust_focus_per_filter=True,
    filters={
        "L": {"focus_point": 9_000},
        "Ha": {"focus_point": 9_000 + SHIFT, "exposure_s": 0.4},
    },
)
"""A run that changes everything it can."""


class Device:
    """A device that does as it is told until a given call.

    `at[method]` is called with the number of the call, from 1, and the real method's arguments,
    before the real method; where it returns a function, that is called instead.
    """

    def __init__(self, real):
        self.real = real
        self.at = {}
        self.calls = {}

    def __getattr__(self, name):
        value = getattr(self.real, name)
        if not callable(value):
            return value

        def call(*args, **kwargs):
            self.calls[name] = self.calls.get(name, 0) + 1
            meddle = self.at.get(name)
            instead = meddle(self.calls[name], *args) if meddle else None
            return (instead or value)(*args, **kwargs)

        return call


class FaultyRig:
    """The rig, its session, and everything that was said of it."""

    def __init__(self, monkeypatch, start=HOME):
        self.rig = simulated_rig(
            best_focus=BEST,
            start=start,
            seed=1,
            shape=(16, 16),
            n_stars=0,
            download_s=0.2,
            filters={"L": Filter(), "Ha": Filter(SHIFT)},
            filter_change_s=0.3,
        )
        rig = self.rig
        rig.focuser.set_temperature_compensation(True)
        rig.camera.set_gain(50)
        self.focuser = rig.focuser = Device(rig.focuser)
        self.camera = rig.camera = Device(rig.camera)
        self.wheel = rig.filter_wheel = Device(rig.filter_wheel)
        self.thermometer = rig.thermometer = Device(rig.thermometer)
        self.n_measured = 0
        self.at_measurement = {}
        self.events = []
        self.session = FocusSession.of(rig)
        self.session.subscribe(self.events.append)
        ready = threading.Event()
        ready.set()
        monkeypatch.setattr(rig_sampler, "warm_in_background", lambda: ready)
        monkeypatch.setattr(measuring, "measure", self._measure)

    def run(self, options=OPTIONS, **more):
        return self.session.run(options, **more)

    def _measure(self, frame, **_):
        self.n_measured += 1
        meddle = self.at_measurement.get(self.n_measured) or self.at_measurement.get("every")
        if meddle:
            meddle()
        focus = BEST + (SHIFT if frame.filter == "Ha" else 0)
        ripple = 1 + 0.004 * math.sin(7 * self.n_measured)
        value = 1.9 * math.hypot(1, (frame.position - focus) / 77) * ripple
        return SimpleNamespace(
            value=value, error=0.01 * value, scatter=0.1, n_stars=50, others={}, stars=NO_STARS
        )

    def assert_as_found(self):
        """All that a run may have changed, but the focuser's position, is as it was."""
        assert self.wheel.real.filter() == "L"
        assert self.camera.real.gain() == 50
        assert self.camera.real.readout_mode() == "Normal"
        assert self.focuser.real.temperature_compensation() is True
        assert not self.focuser.real.is_moving()
        assert not self.exposing

    @property
    def exposing(self):
        exposure = self.camera.real._exposure
        return exposure is not None and not self.camera.real.image_ready()

    def assert_one_end(self, record):
        """Exactly one RunFinished, the last event of the run, with the record returned."""
        ends = [i for i, event in enumerate(self.events) if isinstance(event, RunFinished)]
        assert len(ends) == 1
        assert self.events[ends[0]].record == record
        assert record.diagnosis
        left = record.outcome not in (Outcome.FOCUSED, Outcome.LOWEST_POINTS)
        assert left or record.best_position is not None


NO_STARS = np.zeros(0, STAR_FIELDS)
