"""Nights that never were: weather, optics and drift drawn by formula, true focus known.

A night is lived through by the sequence's own loop (`focusbench.sequence.night_run`) with the
engine's own focus runs, so triggers decide as they do at the telescope.
"""

import dataclasses
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from focusbench.errors import OptionsError
from focusbench.options import AutofocusOptions, SequenceOptions, TargetEvent, TriggerOptions
from focusbench.sequence import (
    NightProgress,
    PointSky,
    PointStation,
    Sequence,
    Wishes,
    fold,
    night_run,
)

FloatArray = NDArray[np.float64]

HOUR_S = 3600.0
GRID_S = 60.0
"""Seeing is drawn once a minute; between, it goes straight."""
LATITUDE_DEG, DECLINATION_DEG = 48.0, 41.0
"""A northern site and M 31: 83° high at its culmination, 34° five hours later."""
DOWNLOAD_S = 2.0
TARGET = "M 31"


@dataclass(frozen=True)
class Cloud:
    """A time when less light comes through.

    Attributes
    ----------
    start_h, hours : float, hours
    transparency : float
        Share of the light of stars that comes through.
    """

    start_h: float
    hours: float
    transparency: float = 0.0


@dataclass(frozen=True)
class SimulatedNight:
    """A night of points whose true focus is known.

    Attributes
    ----------
    hours : float, hours
        When it ends, whatever is left to do: time spent on focusing costs frames.
    start_c, fall_c : float, °C
        Temperature at first, and by how much it falls in all.
    lag_h : float, hours
        It falls as 1 − exp(−t / lag): fast at first where this is short.
    steps_per_c : float, steps/°C
        How far best focus goes in for each degree colder.
    follows_h : float, hours
        How far best focus is behind the thermometer: a tube cools later than its sensor.
    drift_per_h : float, steps
        How far out it goes in an hour for other reasons.
    jumps : tuple of (float, float), hours and steps
        When it jumps, and by how much: a mirror that settles at a meridian flip.
    best_focus : float, steps
        Through the first filter, at first.
    start_off : int, steps
        How far out of it the focuser stands at first.
    zone : float, steps
        Half width of the zone in which HFR is within 5 % of its minimum.
    filters : tuple of (str, float)
        In the order of use, and how many steps further out each focuses. None: one without a
        wheel.
    exposure_s : float, seconds
    seeing_rms : float
        Of the logarithm of the seeing: 0.1 is 10 %.
    seeing_h : float, hours
        How long seeing remembers itself (an Ornstein–Uhlenbeck process).
    clouds : tuple of Cloud
    culminates_h : float, hours
        When the target is at its highest; then it sinks.
    minimum_px : float, pixels
        HFR in focus at the zenith.
    scatter : float
        Of a frame's HFR beyond all that, as a share.
    n_stars : float
        In focus at the zenith.
    seed : int
        Of seeing and scatter.

    Examples
    --------
    >>> from focusbench.options import TriggerOptions
    >>> night = SimulatedNight.reference(seed=1)
    >>> lived = night.live(TriggerOptions(every_c=1))
    >>> len(lived.progress.runs) > 5, lived.off_focus.shape == (len(lived.progress.frames),)
    (True, True)
    """

    hours: float = 8.0
    start_c: float = 12.0
    fall_c: float = 8.0
    lag_h: float = 4.0
    steps_per_c: float = 20.0
    follows_h: float = 0.0
    drift_per_h: float = 0.0
    jumps: tuple[tuple[float, float], ...] = ()
    best_focus: float = 10_250.0
    start_off: int = -15
    zone: float = 22.0
    filters: tuple[tuple[str, float], ...] = (("L", 0.0), ("R", 8.0), ("B", 16.0))
    exposure_s: float = 180.0
    seeing_rms: float = 0.10
    seeing_h: float = 1.0
    clouds: tuple[Cloud, ...] = ()
    culminates_h: float = 3.0
    minimum_px: float = 1.9
    scatter: float = 0.02
    n_stars: float = 120.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("hours", "lag_h", "zone", "exposure_s", "seeing_h", "minimum_px", "n_stars"):
            if not getattr(self, name) > 0:
                value = getattr(self, name)
                raise OptionsError(f"{name} of a night must be more than 0; got {value}.", name)

    @classmethod
    def reference(cls, seed: int = 0) -> Self:
        """The night that triggers are held to, each seed with other weather.

        8 h, 8 °C fall, 20 steps/°C, zone ± 22 steps, three filters; seeing changes by 10 % with a
        memory of an hour, and two clouds of 10 to 30 minutes hide every star.
        """
        rng = np.random.default_rng([seed, 9])
        starts = rng.uniform([0.5, 4.0], [3.5, 7.0])
        lengths = rng.uniform(10, 30, size=2) / 60
        return cls(
            lag_h=rng.uniform(3.0, 8.0),
            culminates_h=rng.uniform(1.0, 5.0),
            start_off=round(rng.normal(0, 30)),
            clouds=tuple(Cloud(float(a), float(b)) for a, b in zip(starts, lengths, strict=True)),
            seed=seed,
        )

    def replace(self, **changes: object) -> Self:
        """Make the same night with some things changed."""
        return dataclasses.replace(self, **changes)  # type: ignore[arg-type]

    # ------------------------------------------------------------------ how everything goes

    def temperature_c(self, since_s: float) -> float:
        """Temperature, °C."""
        share = -math.expm1(-since_s / HOUR_S / self.lag_h) / -math.expm1(-self.hours / self.lag_h)
        return self.start_c - self.fall_c * share

    def true_focus(self, since_s: float, filter: str | None = None) -> float:
        """Best focus: the truth, steps."""
        hours = since_s / HOUR_S
        jumped = sum(steps for at_h, steps in self.jumps if hours >= at_h)
        tube_c = self.temperature_c(max(0.0, since_s - HOUR_S * self.follows_h))
        by_temperature = self.steps_per_c * (tube_c - self.start_c)
        offset = dict(self.filters).get(filter or "", 0.0)
        return self.best_focus + by_temperature + self.drift_per_h * hours + jumped + offset

    def airmass(self, since_s: float) -> float:
        """1 / sin(altitude): right to a hundredth above 20°."""
        latitude, dec = math.radians(LATITUDE_DEG), math.radians(DECLINATION_DEG)
        hour_angle = math.radians(15 * (since_s / HOUR_S - self.culminates_h))
        sine = math.sin(latitude) * math.sin(dec)
        sine += math.cos(latitude) * math.cos(dec) * math.cos(hour_angle)
        return 1 / max(sine, 0.1)

    def transparency(self, since_s: float) -> float:
        """Share of the light that comes through."""
        hours = since_s / HOUR_S
        through = 1.0
        for cloud in self.clouds:
            if cloud.start_h <= hours < cloud.start_h + cloud.hours:
                through *= cloud.transparency
        return through

    def blur(self, since_s: float) -> float:
        """Factor of the seeing."""
        return math.exp(float(np.interp(since_s / GRID_S, self._minutes, self._log_seeing)))

    @cached_property
    def _minutes(self) -> FloatArray:
        return np.arange(math.ceil(60 * self.hours) + 60, dtype=float)

    @cached_property
    def _log_seeing(self) -> FloatArray:
        drawn = np.random.default_rng([self.seed, 3]).standard_normal(self._minutes.size)
        keeps = math.exp(-GRID_S / HOUR_S / self.seeing_h)
        gains = self.seeing_rms * math.sqrt(1 - keeps**2)
        value, course = self.seeing_rms * drawn[0], []
        for kick in drawn:
            course.append(value)
            value = keeps * value + gains * kick
        return np.array(course)

    @property
    def sky(self) -> PointSky:
        """All that as the sequence's station of points takes it."""
        return PointSky(
            best_focus=self.true_focus,
            temperature_c=self.temperature_c,
            filter_offset=lambda name: dict(self.filters).get(name or "", 0.0),
            filters=tuple(name for name, _ in self.filters),
            minimum_px=self.minimum_px,
            b=self.zone / math.sqrt(1.05**2 - 1),
            blur=self.blur,
            transparency=self.transparency,
            airmass=self.airmass,
            west=lambda since_s: since_s > HOUR_S * self.culminates_h,
            scatter=self.scatter,
            n_stars=self.n_stars,
        )

    # ------------------------------------------------------------------ living through it

    @property
    def frame_s(self) -> float:
        """What a frame takes, download and all, seconds."""
        return self.exposure_s + DOWNLOAD_S

    @property
    def most_frames(self) -> int:
        """How many frames the night would hold if nobody ever focused."""
        return int(self.hours * HOUR_S // self.frame_s)

    def sequence(
        self,
        triggers: TriggerOptions,
        autofocus: AutofocusOptions | None = None,
        options: SequenceOptions | None = None,
    ) -> Sequence:
        """What is taken: as many frames as the night holds, in equal parts through each filter."""
        names: tuple[str | None, ...] = tuple(name for name, _ in self.filters) or (None,)
        whole, more = divmod(self.most_frames, len(names))
        rows = [
            TargetEvent(filter=name, exposure_s=self.exposure_s, count=whole + (i < more))
            for i, name in enumerate(names)
            if whole + (i < more)
        ]
        usual = autofocus or self.usual_options
        return Sequence(usual, triggers, options or SequenceOptions()).add_target(TARGET, *rows)

    @property
    def usual_options(self) -> AutofocusOptions:
        """Nine points of 5 s whose ends stand 3.5 times as high as focus."""
        b = self.zone / math.sqrt(1.05**2 - 1)
        return AutofocusOptions(
            step_size=max(1, round(math.sqrt(3.5**2 - 1) * b / 4)), data_points=9, exposure_s=5
        )

    def live(
        self,
        triggers: TriggerOptions,
        autofocus: AutofocusOptions | None = None,
        options: SequenceOptions | None = None,
    ) -> "LivedNight":
        """Live through it with a set of triggers; some hundredths of a second.

        Parameters
        ----------
        triggers : TriggerOptions
        autofocus : AutofocusOptions, optional
            Of the focus runs; `usual_options` where not given.
        options : SequenceOptions, optional
            Temperature compensation between runs; none where not given.
        """
        station = PointStation(
            self.sky,
            position=round(self.best_focus) + self.start_off,
            seed=self.seed,
            download_s=DOWNLOAD_S,
        )
        start_s, wishes, progress = station.now(), Wishes(), NightProgress()
        for event in night_run(self.sequence(triggers, autofocus, options), station, wishes):
            progress = fold(progress, event)
            if event.time_s + self.exposure_s / 2 >= start_s + self.hours * HOUR_S:
                wishes.end()
        return LivedNight(self, progress, np.array(station.off_focus[: len(progress.frames)]))


@dataclass(frozen=True, eq=False)
class LivedNight:
    """What became of a simulated night.

    Attributes
    ----------
    night : SimulatedNight
    progress : NightProgress
        Frames and focus runs, as after a night at the telescope.
    off_focus : ndarray, (n_frames,), steps
        How far from true focus each frame was taken, in the middle of its exposure.
    """

    night: SimulatedNight
    progress: NightProgress
    off_focus: FloatArray
