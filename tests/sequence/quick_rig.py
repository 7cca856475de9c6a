"""A quick simulated rig for nights: frames are tiny, what is measured of them is a hyperbola."""

import math
import threading
from types import SimpleNamespace

import numpy as np

from focusbench.engine import FocusSession, measuring, rig_sampler
from focusbench.errors import TooFewStars
from focusbench.options import AutofocusOptions, SequenceOptions, TargetEvent, TriggerOptions
from focusbench.sequence import Night, Sequence
from focusbench.simulator import Filter, simulated_rig
from focusbench.stars import STAR_FIELDS

BEST, SHIFT = 10_250, 60
QUICK = AutofocusOptions(data_points=5, step_size=80, exposure_s=1)
WITH_OFFSETS = QUICK.replace(
    adjust_focus_per_filter=True,
    filters={"L": {"focus_point": 9_000}, "Ha": {"focus_point": 9_000 + SHIFT}},
)
NO_TRIGGERS = TriggerOptions(before_first_frame=False, on_filter_change=False)


def plan(*rows, autofocus=QUICK, triggers=NO_TRIGGERS, options=None, **target):
    """A sequence of one target; rows are (filter, exposure, count)."""
    events = [TargetEvent(filter=f, exposure_s=s, count=n) for f, s, n in rows]
    sequence = Sequence(autofocus, triggers, options or SequenceOptions())
    return sequence.add_target("M 31", *events, **target)


class QuickRig:
    """The rig, and what a test may change of what is measured."""

    def __init__(self, monkeypatch, **given):
        arguments = {"best_focus": BEST, "start": BEST, "temperature_c_per_h": 0.0, "backlash": 0}
        self.rig = simulated_rig(
            seed=1,
            shape=(16, 16),
            n_stars=0,
            download_s=0.0,
            filters={"L": Filter(), "Ha": Filter(SHIFT)},
            filter_change_s=2.0,
            **{**arguments, **given},
        )
        self.clock = self.rig.clock
        self.start_s = self.clock.now()
        self.session = FocusSession.of(self.rig)
        self.blur = 1.0
        self.stars = 50
        self.n_measured = 0
        self.events = []
        ready = threading.Event()
        ready.set()
        monkeypatch.setattr(rig_sampler, "warm_in_background", lambda: ready)
        monkeypatch.setattr(measuring, "measure", self._measure)

    def _measure(self, frame, *, min_stars, **_):
        self.n_measured += 1
        if self.stars < min_stars:
            raise TooFewStars(self.stars, min_stars)
        off = frame.position - self.rig.true_best_focus()
        ripple = 1 + 0.004 * math.sin(7 * self.n_measured)
        value = 1.9 * self.blur * math.hypot(1, off / 77) * ripple
        return SimpleNamespace(
            value=value,
            error=0.01 * value,
            scatter=0.1,
            n_stars=self.stars,
            others={},
            stars=np.zeros(0, STAR_FIELDS),
        )

    def night(self, sequence, folder=None):
        """A night on it that writes down what happens."""
        night = Night(self.rig, sequence, folder)
        night.subscribe(self.events.append)
        return night

    def run(self, sequence, folder=None):
        """A whole night; returns it."""
        night = self.night(sequence, folder)
        night.start()
        assert night.wait(60)
        assert night.error == ""
        return night

    def told(self, *kinds):
        """The events of these kinds, in order."""
        return [event for event in self.events if isinstance(event, kinds)]

    def at(self, moments, began=None):
        """Do something as soon as the clock has come so far: seconds since now, or `began()`."""
        sleep, began_s = self.clock.sleep, None if began else self.clock.now()
        left = sorted(moments.items())

        def watched(seconds, stop=None):
            nonlocal began_s
            if began_s is None:
                began_s = began()
            if left and began_s is not None and self.clock.now() - began_s >= left[0][0] - 1e-6:
                left.pop(0)[1]()
            return sleep(seconds, stop)

        self.clock.sleep = watched

    def when(self, kind, what, number=1):
        """Do something when an event of that kind is told for the so-manieth time."""

        def watch(event):
            if isinstance(event, kind) and len(self.told(kind)) == number:
                what()

        return watch
