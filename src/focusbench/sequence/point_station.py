"""A night without pixels: frames and focus runs are points of a formula, on a virtual clock.

Focus runs are real ones: the engine's own generator samples the formula, and its curves decide. So
hundreds of nights can be lived through with the very same decisions as at the telescope.
"""

import math

import numpy as np

from focusbench.devices import Stop, VirtualClock
from focusbench.engine import RunFinished, RunRecord, autofocus_run
from focusbench.errors import FocusbenchError, OptionsError, RunCancelled
from focusbench.options import AutofocusOptions
from focusbench.sequence.events import FocusRun
from focusbench.sequence.plan import Row, Sequence, Target
from focusbench.sequence.point_sampler import PointSampler
from focusbench.sequence.point_sky import PointSky
from focusbench.sequence.run_facts import facts_of, failed_run, reasons_of
from focusbench.sequence.sky_place import SkyPlace
from focusbench.triggers import LightFrame, Trigger

AIRMASS_EXPONENT = 0.6
"""Seeing grows as airmass^0.6 (Fried 1966)."""
STAR_LOSS = 0.7
"""Star counts fall as stars grow: as metric^−0.7."""


class PointStation:
    """A night's frames and focus runs by formula; no pixels, and no time passes really.

    Parameters
    ----------
    sky : PointSky
    position : int, steps
        Where the focuser stands at first.
    seed : int
        Of the scatter.
    clock : VirtualClock, optional
    download_s : float, seconds
    focuser_speed : float, steps per second
    filter_change_s : float, seconds

    Attributes
    ----------
    off_focus : list of float, steps
        How far from true best focus each light frame was taken, in the middle of its exposure.
    records : list of RunRecord
        All focus runs, whole.

    Examples
    --------
    >>> from focusbench.options import TargetEvent
    >>> from focusbench.sequence import fold, night_run, NightProgress
    >>> plan = Sequence().add_target("M 31", TargetEvent(exposure_s=300, count=3))
    >>> station = PointStation(PointSky(best_focus=lambda since_s: 10_250), position=10_230)
    >>> for event in night_run(plan, station):
    ...     pass
    >>> [abs(off) < 5 for off in station.off_focus]
    [True, True, True]
    """

    def __init__(
        self,
        sky: PointSky,
        *,
        position: int,
        seed: int = 0,
        clock: VirtualClock | None = None,
        download_s: float = 2.0,
        focuser_speed: float = 250.0,
        filter_change_s: float = 2.0,
    ) -> None:
        self.sky = sky
        self.clock = clock or VirtualClock()
        self.off_focus: list[float] = []
        self.records: list[RunRecord] = []
        self.download_s = download_s
        self._start_s = self.clock.now()
        self._position = position
        self._filter = sky.filters[0] if sky.filters else None
        self._rng = np.random.default_rng(seed)
        self._speed = focuser_speed
        self._turn_s = filter_change_s
        self._airmass: float | None = None

    # ------------------------------------------------------------------ time and place

    def now(self) -> float:
        """Unix time of the simulated night, seconds."""
        return self.clock.now()

    def since_s(self) -> float:
        """Seconds since the start of the night."""
        return self.clock.now() - self._start_s

    def sleep(self, seconds: float, stop: Stop | None) -> None:
        """Move time on."""
        if self.clock.sleep(seconds, stop):
            raise RunCancelled("Stopped.")

    def check(self, sequence: Sequence) -> None:
        """See that there are frames to take and filters to take them with."""
        if not sequence.rows:
            raise OptionsError("The sequence has no frames: add a target with an event.")
        wanted = [row.frames.filter for row in sequence.rows]
        for name in (*wanted, sequence.autofocus.focus_filter):
            if name is not None and name not in self.sky.filters:
                there = ", ".join(self.sky.filters) or "no wheel"
                raise OptionsError(f"There is no filter {name!r}; there is {there}.")

    def take(self, stop: Stop) -> None:
        """Nobody else is there."""

    def release(self) -> None:
        """Nobody else is there."""

    def run_by_hand(self) -> FocusRun | None:
        """Nobody else is there."""
        return None

    def temperature_c(self) -> float | None:
        """What the thermometer reads now, to a hundredth of a degree."""
        course = self.sky.temperature_c
        return None if course is None else round(course(self.since_s()), 2)

    def sky_place(self, sequence: Sequence, target: Target) -> SkyPlace:
        """Airmass and side of the meridian now, by the sky's own course where it has one."""
        sky, since_s = self.sky, self.since_s()
        place = sequence.sky_place(target, self.now())
        if sky.airmass is not None:
            place = SkyPlace(sky.airmass(since_s), sky.west(since_s) if sky.west else None)
        self._airmass = place.airmass
        return place

    # ------------------------------------------------------------------ wheel and focuser

    def filter(self) -> str | None:
        """Name of the filter in the beam."""
        return self._filter

    def turn_to(self, filter: str, stop: Stop | None) -> None:
        """Bring a filter into the beam."""
        self.sleep(self._turn_s, stop)
        self._filter = filter

    def position(self) -> int:
        """Position of the focuser now, steps."""
        return self._position

    def follows_temperature(self) -> bool:
        """It does not."""
        return False

    def move_to(self, position: int, options: AutofocusOptions | None, stop: Stop | None) -> None:
        """Send the focuser there; it has no backlash."""
        self.sleep(abs(position - self._position) / self._speed, stop)
        self._position = position

    # ------------------------------------------------------------------ frames

    def off_now(self) -> float:
        """Steps from true best focus now, outside positive."""
        truth = self.sky.best_focus(self.since_s()) + self.sky.filter_offset(self._filter)
        return self._position - truth

    def measured(self, min_stars: int) -> tuple[float | None, int, float]:
        """HFR of a frame taken now, stars in it, and HFR without scatter; pixels at 1×1.

        None where there are too few stars.
        """
        sky, since_s = self.sky, self.since_s()
        spread = math.hypot(1.0, self.off_now() / sky.b)
        worse = sky.blur(since_s) * (self._airmass or 1.0) ** AIRMASS_EXPONENT
        true = sky.minimum_px * worse * spread
        stars = sky.n_stars * sky.transparency(since_s) * (sky.minimum_px / true) ** STAR_LOSS
        n_stars = int(self._rng.poisson(max(0.0, stars)))
        if n_stars < max(1, min_stars):
            return None, n_stars, true
        return true * math.exp(sky.scatter * self._rng.standard_normal()), n_stars, true

    def expose(self, sequence: Sequence, row: Row, number: int, stop: Stop) -> LightFrame:
        """Take a frame, as everything stands in the middle of its exposure."""
        half_s = row.frames.exposure_s / 2
        self.sleep(half_s, stop)
        place = self.sky_place(sequence, row.target)
        options = sequence.autofocus_for(row.target)
        hfr, n_stars, _ = self.measured(options.min_stars)
        self.off_focus.append(self.off_now())
        frame = LightFrame(
            kind=row.kind_with(self._filter),
            time_s=self.now(),
            number=number,
            hfr=hfr,
            hfr_error=None if hfr is None else self.sky.star_error * hfr,
            n_stars=n_stars,
            temperature_c=self.temperature_c(),
            position=self._position,
            airmass=place.airmass,
            west=place.west,
        )
        self.sleep(half_s + self.download_s, stop)
        return frame

    def keep(self, frame: LightFrame) -> None:
        """Nothing is saved."""

    # ------------------------------------------------------------------ focus

    def focus(
        self,
        options: AutofocusOptions,
        triggers: tuple[Trigger, ...],
        words: str,
        stop: Stop,
    ) -> tuple[FocusRun, ...]:
        """Run auto focus on the formula, and let the close delay pass."""
        filter, began_s = self._filter, self.now()
        sampler = PointSampler(self, options)
        record: RunRecord | None = None
        try:
            reasons = reasons_of(triggers, words)
            for event in autofocus_run(options, sampler, stop=stop, reasons=reasons):
                if isinstance(event, RunFinished):
                    record = event.record
        except FocusbenchError as error:
            return (failed_run(error, began_s, self.now(), triggers, words, filter),)
        assert record is not None
        self.records.append(record)
        self.sleep(options.close_delay_s, stop)
        return (facts_of(record, triggers, words, filter),)
