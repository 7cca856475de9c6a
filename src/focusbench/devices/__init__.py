"""What a rig's devices must promise: small protocols of non-blocking primitives, and the clock.

Never: decides where to move or when to expose, and never knows a particular driver.
Imported by: engine, alpaca, simulator and the rooms above; imports frames, options, errors.
"""

from focusbench.devices.clock import Clock, RealClock, VirtualClock
from focusbench.devices.protocols import Camera, FilterWheel, Focuser, Thermometer
from focusbench.devices.rig import Rig
from focusbench.devices.waiting import POLL_S, Stop, wait_until

__all__ = [
    "POLL_S",
    "Camera",
    "Clock",
    "FilterWheel",
    "Focuser",
    "RealClock",
    "Rig",
    "Stop",
    "Thermometer",
    "VirtualClock",
    "wait_until",
]
