"""Any rig, offered to other programs as Alpaca devices.

Never: knows what kind of rig it offers; the simulator is joined to it by the command line.
Imported by: the door of alpaca.
"""

from focusbench.alpaca.server.server import ALPACA_PORT, AlpacaServer

__all__ = ["ALPACA_PORT", "AlpacaServer"]
