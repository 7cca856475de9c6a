"""A simulated rig: sky, optics, seeing, mechanics, sensor and a virtual clock.

Never: shares code with stars or curve, so that one can judge the other.
Imported by: api and cli; imports devices, frames and below.
"""

from focusbench.simulator.devices import (
    SimulatedCamera,
    SimulatedFilterWheel,
    SimulatedFocuser,
    SimulatedThermometer,
)
from focusbench.simulator.filters import FILTERS, Filter
from focusbench.simulator.mechanics import Drive, ThermalDrift, Turret
from focusbench.simulator.optics import Optics, StarShape
from focusbench.simulator.rig import SimulatedRig, simulated_rig
from focusbench.simulator.sensor import Sensor, random_sensor
from focusbench.simulator.sky import Galaxies, Sky, random_galaxies, random_sky
from focusbench.simulator.telescope import Seeing, Telescope, render_frame
from focusbench.simulator.weather import Spell, Weather

__all__ = [
    "FILTERS",
    "Drive",
    "Filter",
    "Galaxies",
    "Optics",
    "Seeing",
    "Sensor",
    "SimulatedCamera",
    "SimulatedFilterWheel",
    "SimulatedFocuser",
    "SimulatedRig",
    "SimulatedThermometer",
    "Sky",
    "Spell",
    "StarShape",
    "Telescope",
    "ThermalDrift",
    "Turret",
    "Weather",
    "random_galaxies",
    "random_sensor",
    "random_sky",
    "render_frame",
    "simulated_rig",
]
