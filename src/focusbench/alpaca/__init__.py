"""Real devices: the device protocols over ASCOM Alpaca.

Never: decides where to move, and never imports the simulator.
Imported by: api and cli; imports devices and below.
"""
