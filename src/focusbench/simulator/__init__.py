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
from focusbench.simulator.sky import Sky, random_sky
from focusbench.simulator.telescope import Seeing, Telescope, render_frame

__all__ = [
    "FILTERS",
    "Drive",
    "Filter",
    "Optics",
    "Seeing",
    "Sensor",
    "SimulatedCamera",
    "SimulatedFilterWheel",
    "SimulatedFocuser",
    "SimulatedRig",
    "SimulatedThermometer",
    "Sky",
    "StarShape",
    "Telescope",
    "ThermalDrift",
    "Turret",
    "random_sensor",
    "random_sky",
    "render_frame",
    "simulated_rig",
]
