"""The telescope as a whole: the picture that a sky makes on the sensor at a given moment."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from focusbench.simulator.filters import OPAQUE, Filter
from focusbench.simulator.mechanics import Drive, ThermalDrift, Turret
from focusbench.simulator.optics import Optics, StarShape
from focusbench.simulator.sensor import Sensor
from focusbench.simulator.sky import Sky
from focusbench.simulator.weather import CLEAR, Weather


def render_frame(
    sky: Sky,
    optics: Optics,
    sensor: Sensor,
    *,
    defocus_um: float,
    fwhm_px: float,
    exposure_s: float,
    binning: int = 1,
    rng: np.random.Generator | None = None,
    transparency: float = 1.0,
) -> NDArray[np.generic]:
    """Render one frame; a pure function, given the state of `rng`.

    Parameters
    ----------
    sky, optics, sensor : Sky, Optics, Sensor
    defocus_um : float, µm
        Distance of the sensor from best focus, either sign.
    fwhm_px : float, pixels at 1×1
        Full width at half maximum of the seeing in this frame.
    exposure_s : float, seconds
    binning : int
    rng : numpy.random.Generator or None
        Source of the noise; None for the expected frame.
    transparency : float
        Share of the light of stars that comes through.

    Returns
    -------
    array, shape (n_y // binning, n_x // binning), ADU
        uint16, with noise and clipped at full scale; or, without `rng`, the same on average as
        float64: neither noise nor rounding nor clipping.
    """
    electrons = sky.background(sensor.shape) * exposure_s
    radius_px = optics.donut_radius_px(defocus_um, sensor.pixel_um)
    if len(sky.x):
        star = StarShape(optics, radius_px=radius_px, fwhm_px=fwhm_px)
        for x, y, rate in zip(sky.x, sky.y, sky.rate_e_per_s, strict=True):
            star.add_to(electrons, x, y, rate * exposure_s * transparency)
    if sky.galaxies is not None:
        wide = math.hypot(fwhm_px, sky.galaxies.fwhm_px)
        galaxy = StarShape(optics, radius_px=radius_px, fwhm_px=wide)
        for x, y, rate in zip(
            sky.galaxies.x, sky.galaxies.y, sky.galaxies.rate_e_per_s, strict=True
        ):
            galaxy.add_to(electrons, x, y, rate * exposure_s * transparency)
    if rng is None:
        return sensor.expected(electrons, exposure_s, binning=binning)
    return sensor.read(electrons, exposure_s, rng, binning=binning)


@dataclass(frozen=True)
class Seeing:
    """Blur of the air, different in every frame.

    Attributes
    ----------
    fwhm_px : float, pixels at 1×1
        Median full width at half maximum.
    variation : float
        Standard deviation of its logarithm: 0.04 is 4 % from frame to frame.
    """

    fwhm_px: float = 3.0
    variation: float = 0.04

    def draw(self, rng: np.random.Generator) -> float:
        """Full width at half maximum of one frame, pixels at 1×1."""
        return self.fwhm_px * math.exp(self.variation * rng.standard_normal())


@dataclass(frozen=True, eq=False)
class Telescope:
    """Everything between the stars and the frame.

    Attributes
    ----------
    sky, optics, sensor, seeing, drive, drift
        The parts.
    best_focus : float, steps
        Best focus at the start of the night, as a position approached inward.
    step_um : float, µm
        How far one step moves the sensor.
    seed : int
        With the number of the exposure it determines seeing and noise of a frame.
    turret : Turret or None
        The filter wheel; None for a telescope without one.
    filters : mapping of str to Filter
        What is in its slots, by name, in their order.
    weather : Weather
    outer_travel : float
        Share of a step that the drawtube goes outside best focus; below 1 it slips there.
    """

    sky: Sky
    optics: Optics
    sensor: Sensor
    seeing: Seeing
    drive: Drive
    drift: ThermalDrift
    best_focus: float
    step_um: float
    seed: int
    weather: Weather = CLEAR
    outer_travel: float = 1.0
    turret: Turret | None = None
    filters: Mapping[str, Filter] = field(default_factory=dict)

    def filter(self, time_s: float) -> Filter:
        """What stands in the beam at that time."""
        if self.turret is None or not self.filters:
            return Filter()
        slot = self.turret.slot(time_s)
        return OPAQUE if slot is None else tuple(self.filters.values())[slot]

    def true_best_focus(self, time_s: float) -> float:
        """Position, approached inward, at which stars are smallest at that time, steps.

        That of the filter in the beam.
        """
        return self.best_focus + self.filter(time_s).focus_offset + self.drift.shift(time_s)

    def defocus_um(self, time_s: float) -> float:
        """Distance of the sensor from best focus at that time, µm; positive outside it."""
        steps = self.drive.drawtube(time_s) - self.true_best_focus(time_s)
        return steps * self.step_um * (self.outer_travel if steps > 0 else 1.0)

    def frame(
        self,
        number: int,
        start_s: float,
        exposure_s: float,
        *,
        binning: int = 1,
        sensor: Sensor | None = None,
    ) -> NDArray[np.generic]:
        """Take exposure `number`, as everything stands in its middle.

        `sensor` replaces the telescope's own: the same one with another gain or read noise.
        """
        rng = np.random.default_rng([self.seed, number])
        middle_s = start_s + exposure_s / 2
        passed = self.filter(middle_s).transmission
        since_s = middle_s - self.drift.start_s
        return render_frame(
            dataclasses.replace(self.sky, background_e_per_s=self.sky.background_e_per_s * passed),
            self.optics,
            sensor or self.sensor,
            defocus_um=self.defocus_um(middle_s),
            fwhm_px=self.seeing.draw(rng) * self.weather.blur(since_s),
            exposure_s=exposure_s,
            binning=binning,
            rng=rng,
            transparency=self.weather.transparency(since_s) * passed,
        )
