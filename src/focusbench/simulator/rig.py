"""The simulated rig: all parts put together, with a truth that a run can be judged by."""

import dataclasses
import math
import numbers
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from focusbench.devices import RealClock, Rig, VirtualClock
from focusbench.errors import OptionsError
from focusbench.simulator.devices import (
    SimulatedCamera,
    SimulatedFilterWheel,
    SimulatedFocuser,
    SimulatedThermometer,
)
from focusbench.simulator.filters import FILTERS, Filter
from focusbench.simulator.mechanics import Drive, ThermalDrift, Turret
from focusbench.simulator.optics import Optics
from focusbench.simulator.sensor import Sensor, random_sensor
from focusbench.simulator.sky import Sky, random_galaxies, random_sky
from focusbench.simulator.telescope import Seeing, Telescope
from focusbench.simulator.weather import Spell, Weather

START_OFFSET = -30
"""Where the focuser stands at first, seen from best focus, steps: half of the default step
size, which is as far off as best focus can lie between two data points."""


@dataclass(eq=False, repr=False, kw_only=True)
class SimulatedRig(Rig):
    """A rig whose best focus is known.

    Attributes
    ----------
    telescope : Telescope
        Sky, optics, sensor, seeing, drive and drift.
    """

    telescope: Telescope

    @property
    def seed(self) -> int:
        """The seed; the same seed and the same commands give the same pixels."""
        return self.telescope.seed

    @property
    def sky(self) -> Sky:
        """Stars and background."""
        return self.telescope.sky

    @property
    def optics(self) -> Optics:
        """Focal ratio, obstruction, profile of the seeing."""
        return self.telescope.optics

    @property
    def sensor(self) -> Sensor:
        """Shape, pixel size, noise, hot pixels."""
        return self.telescope.sensor

    def true_best_focus(self) -> float:
        """Where best focus is now, as a position approached inward, steps.

        Drift and the filter in the beam included.
        """
        return self.telescope.true_best_focus(self.clock.now())

    def describe(self) -> dict[str, object]:
        """What a package remembers of the rig: also the seed and the truth at this moment."""
        return {
            **super().describe(),
            "seed": self.seed,
            "true_best_focus": round(self.true_best_focus(), 3),
        }


def simulated_rig(
    *,
    best_focus: float = 10_250,
    seed: int | None = None,
    start: int | None = None,
    focal_ratio: float = 7.0,
    obstruction: float = 0.3,
    seeing_px: float = 3.0,
    seeing_variation: float = 0.04,
    n_stars: int = 180,
    sky_e_per_s: float = 20.0,
    shape: tuple[int, int] = (768, 1024),
    pixel_um: float = 3.76,
    hot_share: float = 3e-5,
    step_um: float = 1.75,
    limits: tuple[int, int] = (0, 25_000),
    backlash: int = 20,
    focuser_speed: float = 250.0,
    download_s: float = 0.5,
    temperature_c: float = 10.0,
    temperature_c_per_h: float = -1.0,
    focus_steps_per_c: float = 20.0,
    filters: Mapping[str, Filter] | None = FILTERS,
    filter_change_s: float = 2.0,
    outer_travel: float = 1.0,
    n_galaxies: int = 0,
    galaxy_px: float = 8.0,
    clouds: Sequence[tuple[float, float, float]] = (),
    gusts: Sequence[tuple[float, float, float]] = (),
    live: bool = False,
    speed: float = 1.0,
) -> SimulatedRig:
    """Make a rig that needs no hardware and, unless `live`, no waiting.

    With the defaults the half-flux radius of a star is 1.9 pixels in focus and 3.3 times that
    240 steps away, and lies within 5 % of its minimum over about ± 25 steps.

    Parameters
    ----------
    best_focus : float, steps
        Best focus at the start of the night, as a position approached inward.
    seed : int, optional
        Determines stars, hot pixels, seeing and noise. Left out, a fresh one is drawn; it is
        found in `SimulatedRig.seed`.
    start : int, optional, steps
        Where the focuser stands at first, approached inward; best focus − 30 where left out.
    focal_ratio : float
    obstruction : float
        Diameter of the central obstruction over that of the aperture.
    seeing_px : float, pixels at 1×1
        Median full width at half maximum of the seeing.
    seeing_variation : float
        How much it varies from frame to frame: 0.04 is 4 % (standard deviation).
    n_stars : int
        Stars on the sensor. Of the default 180 about 120 are easily measured in an exposure of
        3 s in focus, and about 50 at 240 steps from it.
    sky_e_per_s : float, electrons per second and pixel
        Light of the sky.
    shape : (int, int)
        Rows and columns of the sensor.
    pixel_um : float, µm
    hot_share : float
        Share of the pixels that make electrons of their own: a warm or old sensor has more.
    step_um : float, µm
        How far one step moves the sensor.
    limits : (int, int), steps
        Smallest and largest position of the focuser.
    backlash : int, steps
        Play of the drive: approached outward, it lags this far behind.
    focuser_speed : float, steps per second
    download_s : float, seconds
    temperature_c : float, °C
        At the start of the night.
    temperature_c_per_h : float, °C per hour
        How the air changes.
    focus_steps_per_c : float, steps per °C
        How best focus follows; positive is further out when warmer.
    filters : mapping of str to Filter, or None
        What is in the wheel, by slot; the first is in the beam. None for a rig without a wheel.
    filter_change_s : float, seconds
        How long the wheel takes from one filter to any other.
    outer_travel : float
        Share of a step that the drawtube goes outside best focus; below 1 it slips there, and
        one wing of the V-curve is less steep than the other.
    n_galaxies : int
        Galaxies among the stars.
    galaxy_px : float, pixels at 1×1
        Full width at half maximum of a galaxy.
    clouds, gusts : sequence of (begin, end, factor), seconds
        From `begin` to `end` after the start of the night the light of the stars, or the blur of
        the air, is multiplied by `factor`: ``clouds=[(30, 50, 0.1)]`` takes nine tenths.
    live : bool
        Let time pass as it does at the telescope.
    speed : float
        With `live`: seconds of the rig in one second.

    Returns
    -------
    SimulatedRig

    Raises
    ------
    OptionsError
        An argument out of bounds; names it, its bound and what was given.

    Examples
    --------
    >>> import focusbench as fb
    >>> rig = fb.simulated_rig(best_focus=10_250, seed=1)
    >>> rig.focuser.position(), rig.true_best_focus()
    (10220, 10250.0)
    """
    low, high = _pair("limits", limits, -10_000_000, 10_000_000)
    if low >= high:
        raise OptionsError(f"limits: the smaller comes first; got {limits!r}.", "limits")
    rows, columns = _pair("shape", shape, 16, 20_000)
    _number("best_focus", best_focus, low, high)
    _number("focal_ratio", focal_ratio, 1, 100)
    _number("obstruction", obstruction, 0, 0.9)
    _number("seeing_px", seeing_px, 1, 50)
    _number("seeing_variation", seeing_variation, 0, 0.5)
    _whole("n_stars", n_stars, 0, 100_000)
    _number("sky_e_per_s", sky_e_per_s, 0, 10_000)
    _number("pixel_um", pixel_um, 0.5, 50)
    _number("hot_share", hot_share, 0, 0.1)
    _number("step_um", step_um, 0.001, 1000)
    _whole("backlash", backlash, 0, 100_000)
    _number("focuser_speed", focuser_speed, 1, 1_000_000)
    _number("download_s", download_s, 0, 600)
    _number("temperature_c", temperature_c, -100, 100)
    _number("temperature_c_per_h", temperature_c_per_h, -100, 100)
    _number("focus_steps_per_c", focus_steps_per_c, -10_000, 10_000)
    _number("filter_change_s", filter_change_s, 0, 600)
    _number("outer_travel", outer_travel, 0.1, 1)
    _whole("n_galaxies", n_galaxies, 0, 10_000)
    _number("galaxy_px", galaxy_px, 1, 100)
    weather = Weather(_spells("clouds", clouds, 1), _spells("gusts", gusts, 100))
    _number("speed", speed, 0.01, 10_000)
    for name, each in (filters or {}).items():
        _number(f"focus_offset of {name}", each.focus_offset, -10_000, 10_000)
        _number(f"transmission of {name}", each.transmission, 0, 1)
    if speed != 1 and not live:
        raise OptionsError(f"speed={speed:g} needs live=True: else no time passes.", "speed")
    if seed is None:
        seed = int(np.random.default_rng().integers(2**31))
    _whole("seed", seed, 0, 2**63)
    if start is None:
        start = min(max(round(best_focus) + START_OFFSET, low), high)
    _whole("start", start, low, high)
    seed, start = int(seed), int(start)

    clock = RealClock(speed) if live else VirtualClock()
    rng = np.random.default_rng(seed)
    drive = Drive(clock, start, backlash=backlash, speed=focuser_speed)
    turret = Turret(clock, turn_s=filter_change_s) if filters else None
    drift = ThermalDrift(clock.now(), temperature_c, temperature_c_per_h, focus_steps_per_c)
    sky = random_sky(rng, (rows, columns), n_stars, background_e_per_s=sky_e_per_s)
    if n_galaxies:
        # Of their own seed: the stars stay where they are.
        own = np.random.default_rng([seed, n_galaxies])
        galaxies = random_galaxies(own, (rows, columns), n_galaxies, galaxy_px)
        sky = dataclasses.replace(sky, galaxies=galaxies)
    telescope = Telescope(
        sky=sky,
        optics=Optics(focal_ratio, obstruction),
        sensor=random_sensor(rng, (rows, columns), pixel_um, hot_share=hot_share),
        seeing=Seeing(seeing_px, seeing_variation),
        drive=drive,
        drift=drift,
        best_focus=best_focus,
        step_um=step_um,
        seed=seed,
        turret=turret,
        filters=dict(filters or {}),
        weather=weather,
        outer_travel=outer_travel,
    )
    return SimulatedRig(
        name="Simulated rig" if speed == 1 else f"Simulated rig, {speed:g}× speed",
        focuser=SimulatedFocuser(drive, clock, (low, high), drift),
        camera=SimulatedCamera(telescope, clock, download_s=download_s),
        clock=clock,
        filter_wheel=SimulatedFilterWheel(turret, clock, tuple(filters))
        if turret and filters
        else None,
        thermometer=SimulatedThermometer(drift, clock),
        focal_ratio=focal_ratio,
        obstruction=obstruction,
        telescope=telescope,
    )


def _number(name: str, value: object, low: float, high: float) -> None:
    """Check one argument."""
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or not low <= value <= high:  # type: ignore[arg-type,operator]
        raise OptionsError(f"{name} is a number from {low:g} to {high:g}; got {value!r}.", name)


def _whole(name: str, value: object, low: int, high: int) -> None:
    """Check one argument that counts something."""
    is_whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not is_whole or not low <= value <= high:  # type: ignore[operator]
        raise OptionsError(f"{name} is a whole number from {low} to {high}; got {value!r}.", name)


def _pair(name: str, value: object, low: int, high: int) -> tuple[int, int]:
    """Check an argument of two whole numbers."""
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise OptionsError(f"{name} is a pair of whole numbers; got {value!r}.", name)
    for number in value:
        _whole(name, number, low, high)
    return int(value[0]), int(value[1])


def _spells(name: str, spells: object, most: float) -> tuple[Spell, ...]:
    """Check spells of weather; a factor goes from 0 to `most`."""
    if not isinstance(spells, Sequence) or isinstance(spells, str):
        raise OptionsError(f"{name} is a list of (begin, end, factor); got {spells!r}.", name)
    found = []
    for spell in spells:
        if not isinstance(spell, Sequence) or len(spell) != 3:
            raise OptionsError(f"{name} has (begin, end, factor); got {spell!r}.", name)
        for seconds in spell[:2]:
            _number(name, seconds, 0, 1e9)
        _number(name, spell[2], 0, most)
        found.append(Spell(*(float(number) for number in spell)))
    return tuple(found)
