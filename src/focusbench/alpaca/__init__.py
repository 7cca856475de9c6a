"""Real devices: the device protocols over ASCOM Alpaca, and any rig offered over it.

Never: decides where to move, and never imports the simulator.
Imported by: api and cli; imports devices and below.
"""

from focusbench.alpaca.camera import AlpacaCamera
from focusbench.alpaca.conditions import AlpacaConditions
from focusbench.alpaca.connect import connect_alpaca, disconnect
from focusbench.alpaca.filter_wheel import AlpacaFilterWheel
from focusbench.alpaca.finding import FoundDevice, find_servers, list_devices
from focusbench.alpaca.focuser import AlpacaFocuser
from focusbench.alpaca.server import ALPACA_PORT, AlpacaServer

__all__ = [
    "ALPACA_PORT",
    "AlpacaCamera",
    "AlpacaConditions",
    "AlpacaFilterWheel",
    "AlpacaFocuser",
    "AlpacaServer",
    "FoundDevice",
    "connect_alpaca",
    "disconnect",
    "find_servers",
    "list_devices",
]
