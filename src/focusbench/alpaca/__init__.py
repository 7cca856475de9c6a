"""Real devices: the device protocols over ASCOM Alpaca.

Never: decides where to move, and never imports the simulator.
Imported by: api and cli; imports devices and below.
"""

from focusbench.alpaca.camera import AlpacaCamera
from focusbench.alpaca.connect import connect_alpaca
from focusbench.alpaca.filter_wheel import AlpacaFilterWheel
from focusbench.alpaca.focuser import AlpacaFocuser

__all__ = ["AlpacaCamera", "AlpacaFilterWheel", "AlpacaFocuser", "connect_alpaca"]
